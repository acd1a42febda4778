package main

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/go-sails/sails/sailsio/action"
)

type object = map[string]any

// jsonError is an error that says how it looks as JSON.
type jsonError string

func (e jsonError) Error() string                { return "x" }
func (e jsonError) MarshalJSON() ([]byte, error) { return []byte(e), nil }

// kinds are the ways to answer, by the last part of /res/:kind.
var kinds = map[string]http.HandlerFunc{
	"string":       func(w http.ResponseWriter, r *http.Request) { action.Send(w, r, "hello") },
	"empty-string": func(w http.ResponseWriter, r *http.Request) { action.Send(w, r, "") },
	"html": func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		action.Send(w, r, "<b>hi</b>")
	},
	"nothing":     func(w http.ResponseWriter, r *http.Request) { action.End(w, r) },
	"null":        func(w http.ResponseWriter, r *http.Request) { action.Send(w, r, nil) },
	"json-null":   func(w http.ResponseWriter, r *http.Request) { action.JSON(w, r, nil) },
	"true":        func(w http.ResponseWriter, r *http.Request) { action.JSON(w, r, true) },
	"false":       func(w http.ResponseWriter, r *http.Request) { action.JSON(w, r, false) },
	"zero":        func(w http.ResponseWriter, r *http.Request) { action.JSON(w, r, 0) },
	"number":      func(w http.ResponseWriter, r *http.Request) { action.JSON(w, r, 42.5) },
	"json-string": func(w http.ResponseWriter, r *http.Request) { action.JSON(w, r, "quoted") },
	"array": func(w http.ResponseWriter, r *http.Request) {
		action.Send(w, r, []any{1, "two", nil, object{"three": 3}})
	},
	"object": func(w http.ResponseWriter, r *http.Request) {
		action.Send(w, r, object{"a": 1, "nested": object{"b": []bool{true, false}}, "empty": object{}})
	},
	"holes": func(w http.ResponseWriter, r *http.Request) {
		action.JSON(w, r, object{
			"nan": nil, "inf": nil, "arr": []any{nil, nil}, "neg": 0,
			"date": time.Date(2001, 2, 3, 4, 5, 6, 0, time.UTC).Format("2006-01-02T15:04:05.000Z07:00"),
		})
	},
	"unicode": func(w http.ResponseWriter, r *http.Request) {
		action.Send(w, r, object{"s": "zażółć 日本語 👩‍🚀 \x00 \u2028 \"\\"})
	},
	"buffer": func(w http.ResponseWriter, r *http.Request) { action.Send(w, r, []byte{0, 1, 2, 250, 255}) },
	"nested-buffer": func(w http.ResponseWriter, r *http.Request) {
		if !action.IsSocket(r) {
			action.JSON(w, r, object{"bin": "http", "n": 1})
			return
		}
		action.Send(w, r, object{"bin": []byte("abc"), "n": 1})
	},
	"big": func(w http.ResponseWriter, r *http.Request) {
		action.Send(w, r, object{"text": strings.Repeat("x", 200000), "n": 200000})
	},

	"ok":             func(w http.ResponseWriter, r *http.Request) { action.OK(w, r) },
	"ok-data":        func(w http.ResponseWriter, r *http.Request) { action.OK(w, r, object{"fine": true}) },
	"ok-string":      func(w http.ResponseWriter, r *http.Request) { action.OK(w, r, "fine") },
	"created":        func(w http.ResponseWriter, r *http.Request) { created(w, r, object{"id": 7}) },
	"created-empty":  func(w http.ResponseWriter, r *http.Request) { created(w, r, nil) },
	"bad":            func(w http.ResponseWriter, r *http.Request) { action.BadRequest(w, r) },
	"bad-data":       func(w http.ResponseWriter, r *http.Request) { action.BadRequest(w, r, object{"problem": "too short"}) },
	"bad-string":     func(w http.ResponseWriter, r *http.Request) { action.BadRequest(w, r, "too short") },
	"bad-tojson":     func(w http.ResponseWriter, r *http.Request) { action.BadRequest(w, r, jsonError(`{"custom":"json"}`)) },
	"forbidden":      func(w http.ResponseWriter, r *http.Request) { action.Forbidden(w, r) },
	"forbidden-data": func(w http.ResponseWriter, r *http.Request) { action.Forbidden(w, r, object{"ignored": true}) },
	"notfound":       func(w http.ResponseWriter, r *http.Request) { action.NotFound(w, r) },
	"notfound-data":  func(w http.ResponseWriter, r *http.Request) { action.NotFound(w, r, "ignored") },
	"error":          func(w http.ResponseWriter, r *http.Request) { action.ServerError(w, r) },
	"error-string":   func(w http.ResponseWriter, r *http.Request) { action.ServerError(w, r, "boom string") },
	"error-object":   func(w http.ResponseWriter, r *http.Request) { action.ServerError(w, r, object{"boom": "object"}) },
	"error-error":    func(w http.ResponseWriter, r *http.Request) { action.ServerError(w, r, errors.New("boom error")) },
	"error-tojson":   func(w http.ResponseWriter, r *http.Request) { action.ServerError(w, r, jsonError(`{"boom":"json"}`)) },
	// What throws in JavaScript returns an error in Go, and ends here.
	"throw": func(w http.ResponseWriter, r *http.Request) {
		action.ServerError(w, r, errors.New("thrown synchronously"))
	},

	"double": func(w http.ResponseWriter, r *http.Request) {
		action.Send(w, r, object{"first": true})
		action.Send(w, r, object{"second": true})
	},
	"slow":  slow,
	"never": func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
	"stream": func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["Content-Type"] = nil // Go would guess it
		w.WriteHeader(http.StatusOK)
		_, _ = io.WriteString(w, "chunk one;")
		_, _ = io.WriteString(w, "chunk two;")
	},
	"end":      func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusAccepted) },
	"redirect": func(w http.ResponseWriter, r *http.Request) { action.Redirect(w, r, "/echo?from=redirect") },
	"redirect-301": func(w http.ResponseWriter, r *http.Request) {
		action.Redirect(action.Status(w, http.StatusMovedPermanently), r, "/moved")
	},
	"redirect-abs": func(w http.ResponseWriter, r *http.Request) {
		action.Redirect(w, r, "http://elsewhere.example/path?q=1")
	},
	"headers": func(w http.ResponseWriter, r *http.Request) {
		action.SetHeader(w, "X-One", "first")
		action.SetHeader(w, "x-two", "2")
		action.SetHeader(w, "Content-Language", "pl")
		action.SetHeader(w, "Cache-Control", "no-store")
		action.JSON(w, r, object{"got": w.Header().Get("X-One")})
	},
	"set-cookie": func(w http.ResponseWriter, r *http.Request) {
		action.SetHeader(w, "Set-Cookie", "flavour=oat; Path=/")
		action.SetHeader(w, "X-After", "cookie")
		action.JSON(w, r, object{"cookie": "set"})
	},
	"status-201":    func(w http.ResponseWriter, r *http.Request) { action.JSON(action.Status(w, 201), r, object{"s": 201}) },
	"status-204":    func(w http.ResponseWriter, r *http.Request) { action.End(action.Status(w, 204), r) },
	"status-string": func(w http.ResponseWriter, r *http.Request) { action.Send(action.Status(w, 299), r, "custom code") },
	"teapot":        teapot,
}

func respond(w http.ResponseWriter, r *http.Request) {
	kind := action.Param(r, "kind")
	if answer, ok := kinds[kind.String()]; ok {
		answer(w, r)
		return
	}
	action.JSON(action.Status(w, http.StatusNotFound), r, object{"unknownKind": orNull(kind)})
}

func slow(w http.ResponseWriter, r *http.Request) {
	ms, ok := action.Param(r, "ms").Int()
	if !ok || ms == 0 {
		ms = 300
	}
	select {
	case <-time.After(time.Duration(min(ms, 2000)) * time.Millisecond):
	case <-r.Context().Done():
		return
	}
	var tag any
	if t := action.Param(r, "tag"); t.String() != "" {
		tag = t
	}
	action.Send(w, r, object{"slow": true, "tag": tag})
}

func respondStatus(w http.ResponseWriter, r *http.Request) {
	code, _ := action.Param(r, "code").Int()
	action.JSON(action.Status(w, int(code)), r, object{"code": code})
}

func respondSendStatus(w http.ResponseWriter, r *http.Request) {
	code, _ := action.Param(r, "code").Int()
	action.SendStatus(w, r, int(code))
}

func respondAsyncThrow(w http.ResponseWriter, r *http.Request) {
	if action.Param(r, "json").String() != "" {
		action.ServerError(w, r, jsonError(`{"thrown":"as json"}`))
		return
	}
	action.ServerError(w, r, errors.New("thrown asynchronously"))
}

// created is the application's own response of that name.
func created(w http.ResponseWriter, r *http.Request, data any) {
	if data == nil {
		action.SendStatus(w, r, http.StatusCreated)
		return
	}
	action.JSON(action.Status(w, http.StatusCreated), r, data)
}

func teapot(w http.ResponseWriter, r *http.Request) {
	action.SetHeader(w, "X-Teapot", "short-and-stout")
	action.JSON(action.Status(w, http.StatusTeapot), r, object{"teapot": true, "url": action.URL(r)})
}
