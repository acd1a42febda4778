package session_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/go-sails/sails/sailsio/session"
)

func Example() {
	sessions, err := session.New(session.Config{
		Secrets: []string{"conformance-secret-conformance-secret"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	visits := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s, ok := session.FromContext(r.Context())
		if !ok {
			http.Error(w, "no session", http.StatusForbidden)
			return
		}
		n := session.Value[int](s, "visits") + 1
		if err := s.Set("visits", n); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		fmt.Fprintf(w, "visit %d", n)
	})
	handler := sessions.Handler(visits)

	cookie := ""
	for range 2 {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Cookie", cookie)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		fmt.Println(w.Body)
		if set := w.Header().Get("Set-Cookie"); set != "" {
			cookie, _, _ = strings.Cut(set, ";")
		}
	}
	// Output:
	// visit 1
	// visit 2
}

func ExampleSession_Regenerate() {
	login := func(w http.ResponseWriter, r *http.Request) {
		s, ok := session.FromContext(r.Context())
		if !ok {
			http.Error(w, "no session", http.StatusForbidden)
			return
		}
		// A new id, so that one planted before the login is worth nothing.
		if err := s.Regenerate(r.Context()); err != nil {
			http.Error(w, "try again", http.StatusInternalServerError)
			return
		}
		if err := s.Set("userId", 5); err != nil {
			http.Error(w, "try again", http.StatusInternalServerError)
			return
		}
		fmt.Fprintln(w, "welcome")
	}
	sessions, err := session.New(session.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	w := httptest.NewRecorder()
	sessions.Handler(http.HandlerFunc(login)).ServeHTTP(w, httptest.NewRequest("POST", "/login", nil))
	fmt.Print(w.Body)
	// Output: welcome
}
