package main

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/go-sails/sails/sailsio/action"
)

// orText returns the value, or a text when it is undefined.
func orText(v action.Value, text string) any {
	if v.Defined() {
		return v
	}
	return text
}

// scriptText is the text that JavaScript makes of a value without members.
func scriptText(v action.Value) string {
	if !v.Defined() {
		return "undefined"
	}
	var list []any
	if raw := v.JSON(); raw[0] == '[' && v.Decode(&list) == nil {
		parts := make([]string, len(list))
		for i, element := range list {
			if element != nil {
				parts[i] = fmt.Sprint(element)
			}
		}
		return strings.Join(parts, ",")
	} else if raw[0] == 'n' {
		return "null"
	}
	return v.String()
}

// orNull returns the value, null when it is undefined.
func orNull(v action.Value) any {
	if v.Defined() {
		return v
	}
	return nil
}

func echo(w http.ResponseWriter, r *http.Request) {
	var transport any
	if action.IsSocket(r) {
		transport = "socket.io"
	}
	out := map[string]any{
		"method": r.Method, "url": action.URL(r), "originalUrl": action.URL(r), "path": action.Path(r),
		"query": action.Query(r), "body": orText(action.Body(r), "undefined"), "all": action.AllParams(r),
		"isSocket": action.IsSocket(r), "protocol": action.Protocol(r), "transport": transport,
		"wantsJSON": true, "ip": action.IP(r), "port": action.Port(r),
	}
	// Of a page's request Sails makes undefined, or what it accepts.
	accept := r.Header.Get("Accept")
	switch {
	case !action.WantsJSON(r):
		delete(out, "wantsJSON")
	case !action.IsSocket(r) && strings.Contains(accept, "html") && r.Header.Get("X-Requested-With") != "XMLHttpRequest":
		out["wantsJSON"] = accept
	}
	action.JSON(w, r, out)
}

func echoHeaders(w http.ResponseWriter, r *http.Request) {
	get := func(names ...string) any {
		for _, name := range names {
			if v := r.Header.Get(name); v != "" {
				return v
			}
		}
		return nil
	}
	action.JSON(w, r, map[string]any{
		"headers": action.Headers(r),
		"viaGet":  map[string]any{"custom": get("X-Custom"), "referrer": get("Referrer", "Referer")},
	})
}

func echoParams(w http.ResponseWriter, r *http.Request) {
	params := map[string]string{}
	for _, p := range action.PathParams(r) {
		params[p.Name] = p.Value
	}
	out := map[string]any{
		"path": action.Path(r), "params": params, "first": orNull(action.Param(r, "first")),
		"fallback": orText(action.Param(r, "no-such-param"), "fallback"), "all": action.AllParams(r), "query": action.Query(r),
	}
	if body := action.Body(r); body.Defined() {
		out["body"] = body
	}
	action.JSON(w, r, out)
}
