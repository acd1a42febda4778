package main

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"

	"github.com/go-sails/sails/sailsio/action"
	"github.com/go-sails/sails/sailsio/session"
)

// withSession calls fn with the request's session. Without one it fails as the
// action in JavaScript does: with an exception, whose text is given.
func withSession(w http.ResponseWriter, r *http.Request, exception string, fn func(*session.Session) error) bool {
	s, ok := session.FromContext(r.Context())
	if !ok && os.Getenv("NODE_ENV") == "production" {
		action.ServerError(w, r)
		return false
	}
	if !ok {
		action.Send(action.Status(w, http.StatusInternalServerError), r, "TypeError: "+exception)
		return false
	}
	if err := fn(s); err != nil {
		action.ServerError(w, r, err)
		return false
	}
	return true
}

func sessionCount(w http.ResponseWriter, r *http.Request) {
	var n any
	if withSession(w, r, "Cannot read properties of undefined (reading 'n')", func(s *session.Session) error {
		n = plusOne(session.Value[any](s, "n"))
		return s.Set("n", n)
	}) {
		action.JSON(w, r, object{"n": n})
	}
}

// plusOne is (v || 0) + 1 in JavaScript, for values of a session.
func plusOne(v any) any {
	switch v := v.(type) {
	case nil:
	case float64:
		return v + 1
	case bool:
		if v {
			return 2
		}
	case string:
		if v != "" {
			return v + "1"
		}
	default:
		if _, ok := v.(map[string]any); ok {
			return "[object Object]1"
		}
		var parts []string
		for _, element := range v.([]any) {
			if element == nil {
				element = ""
			}
			parts = append(parts, fmt.Sprint(element))
		}
		return strings.Join(parts, ",") + "1"
	}
	return 1
}

func sessionGet(w http.ResponseWriter, r *http.Request) {
	s, ok := session.FromContext(r.Context())
	if !ok {
		action.JSON(w, r, object{"session": nil})
		return
	}
	values := s.Values()
	delete(values, "csrfSecret")
	action.JSON(w, r, object{"session": values})
}

func sessionSet(w http.ResponseWriter, r *http.Request) {
	key, value := scriptText(action.Param(r, "key")), action.Param(r, "value")
	if withSession(w, r, "Cannot set properties of undefined (setting '"+key+"')", func(s *session.Session) error {
		if !value.Defined() {
			s.Delete(key)
			return nil
		}
		return s.Set(key, value)
	}) {
		action.JSON(w, r, object{"stored": true})
	}
}

func sessionLogin(w http.ResponseWriter, r *http.Request) {
	id, err := strconv.ParseFloat(strings.TrimSpace(scriptText(action.Param(r, "userId"))), 64)
	if action.Param(r, "userId").String() == "true" || err != nil || id == 0 {
		id = 1
	}
	if withSession(w, r, "Cannot set properties of undefined (setting 'userId')", func(s *session.Session) error { return s.Set("userId", id) }) {
		action.JSON(w, r, object{"userId": id})
	}
}

func sessionLogout(w http.ResponseWriter, r *http.Request) {
	if withSession(w, r, "Cannot convert undefined or null to object", func(s *session.Session) error { s.Delete("userId"); return nil }) {
		action.OK(w, r)
	}
}

func sessionID(w http.ResponseWriter, r *http.Request) {
	s, ok := session.FromContext(r.Context())
	length := 0
	if ok {
		length = len(s.ID())
	}
	action.JSON(w, r, object{"hasSession": ok, "sameLength": length})
}

func (a *application) cookieSet(w http.ResponseWriter, r *http.Request) {
	if action.IsSocket(r) {
		action.BadRequest(w, r, "http only")
		return
	}
	http.SetCookie(w, &http.Cookie{Name: "plain", Value: "chocolate", Path: "/"})
	http.SetCookie(w, &http.Cookie{Name: "signed", Value: url.QueryEscape("s:" + session.Sign("almond", a.secret)), Path: "/"})
	action.JSON(w, r, object{"set": []string{"plain", "signed"}})
}

func (a *application) cookieGet(w http.ResponseWriter, r *http.Request) {
	out := object{"plain": nil, "signed": nil}
	if c, err := r.Cookie("plain"); err == nil {
		out["plain"] = c.Value
		if text, err := url.PathUnescape(c.Value); err == nil {
			out["plain"] = text
		}
	}
	if c, err := r.Cookie("signed"); err == nil {
		if text, err := url.QueryUnescape(c.Value); err == nil && len(text) > 2 && text[:2] == "s:" {
			if value, ok := session.Unsign(text[2:], a.secret); ok {
				out["signed"] = value
			}
		}
	}
	action.JSON(w, r, out)
}
