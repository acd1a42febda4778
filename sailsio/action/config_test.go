package action_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/go-sails/sails/sailsio/action"
)

// RS-13: with ParseBodies a broken body never reaches the handler and is refused
// in the words of Sails, in production without any.
func TestConfig_ParseBodies(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		body       string
		production bool
		status     int
		answer     string
	}{
		{`{"a":1}`, false, 200, "1"},
		{`{"a":`, false, 400, "Unable to parse HTTP body- error occurred :: action: body cannot be parsed"},
		{`"text"`, false, 400, "Unable to parse HTTP body- error occurred :: action: body cannot be parsed"},
		{`{"a":`, true, 400, ""},
	} {
		config := &action.Config{ParseBodies: true, Production: tc.production}
		h := config.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			action.Send(w, r, action.Param(r, "a").String())
		}))
		r := httptest.NewRequest("POST", "/", strings.NewReader(tc.body))
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		got := w.Body.String()
		if w.Code != tc.status || !strings.HasPrefix(got, tc.answer) || tc.answer == "" && got != "" {
			t.Errorf("%s: %d %q", tc.body, w.Code, got)
		}
	}
}

// VR-5: the path is shown as it was sent, with Node's escapes; SEC-64: unless it
// had to be cleaned.
func TestPath_AsSent(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]string{
		"/echo/p/ż":          "/echo/p/ż",
		"/echo/p/%C5%BC":     "/echo/p/%C5%BC",
		"/echo/p/ż%20%2F?q":  "/echo/p/ż%20%2F",
		"/a b/{c}'d'?x=1":    "/a%20b/%7Bc%7D%27d%27",
		"/a/../b":            "/b",
		" /plain#fragment":   "/plain",
		"http://h.example/ż": "/%C5%BC",
	} {
		virtually(t, "get", `{"url":"`+url+`"}`, func(r *http.Request) {
			if got := action.Path(r); got != want {
				t.Errorf("%s: %s, want %s", url, got, want)
			}
		})
	}
}
