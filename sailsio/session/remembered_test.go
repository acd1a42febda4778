package session_test

import (
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/go-sails/sails/sailsio/session"
)

// SEC-77, SE-5: a socket remembers whose signature it has checked, and nothing more:
// another Cookie header, another secret or another stored text is looked at anew.
func TestSocket_RemembersOnlyTheSame(t *testing.T) {
	m, store := newManager(t, session.Config{})
	cookieOf := func(sid, secret string) string { return "sails.sid=" + session.CookieValue(sid, secret) }
	who := handler(func(s *session.Session, r *http.Request) {
		if r.URL.Path == "/set" {
			set(t, "by", "request")(s)
		}
	})
	show := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		who.ServeHTTP(w, r)
		s, ok := session.FromContext(r.Context())
		if !ok {
			t.Error("no session")
			return
		}
		fmt.Fprintf(w, "%s %s", s.ID(), session.Value[string](s, "by"))
	})
	put := func(sid, by string) {
		t.Helper()
		if err := store.Set(t.Context(), sid, []byte(`{"cookie":{},"by":"`+by+`"}`), 0); err != nil {
			t.Fatal(err)
		}
	}
	put("one", "store")
	put("two", "store")
	s := connect(m, show, "/socket.io/", http.Header{"Cookie": {cookieOf("one", secret)}})
	expect := func(want string) {
		t.Helper()
		if got := s.get(t, "/x"); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	expect("one store")
	expect("one store")
	put("one", "another process")
	expect("one another process")
	s.get(t, "/set") // what the request has changes, what is remembered does not
	expect("one request")
	put("one", "another process")
	expect("one another process")

	// A middleware before the session's may put another Cookie header in.
	header := ""
	s.h = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Header.Set("Cookie", header)
		m.Handler(show).ServeHTTP(w, r)
	})
	header = cookieOf("two", secret)
	expect("two store")
	header = cookieOf("two", "of somebody else, 32 bytes long!")
	if got := s.get(t, "/x"); got == "two store" || got == "one store" {
		t.Errorf("a forged cookie was believed: %q", got)
	}

	// Another Manager has other secrets.
	other, _ := newManager(t, session.Config{Secrets: []string{"of somebody else, 32 bytes long!"}, Store: store})
	s = connect(m, show, "/socket.io/", http.Header{"Cookie": {cookieOf("one", secret)}})
	expect("one another process")
	s.h = other.Handler(show)
	if got := s.get(t, "/x"); got == "one another process" {
		t.Error("another Manager believed a cookie it cannot verify")
	}
}

// SE-23: touching moves the end of a session in both directions, and who ends first
// still goes first when the store is full.
func TestMemoryStore_TouchOrder(t *testing.T) {
	store, err := session.NewMemoryStore(session.MemoryConfig{MaxSessions: 3})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	ctx := t.Context()
	for i, sid := range []string{"a", "b", "c"} {
		if err := store.Set(ctx, sid, []byte("{}"), time.Duration(i+1)*time.Hour); err != nil {
			t.Fatal(err)
		}
	}
	for sid, ttl := range map[string]time.Duration{"a": 9 * time.Hour, "c": time.Minute} {
		if err := store.Touch(ctx, sid, ttl); err != nil {
			t.Fatal(err)
		}
	}
	for _, gone := range []string{"c", "b"} { // a ends last now
		if err := store.Set(ctx, "new "+gone, []byte("{}"), 24*time.Hour); err != nil {
			t.Fatal(err)
		}
		if _, err := store.Get(ctx, gone); !errors.Is(err, session.ErrNotFound) {
			t.Errorf("%s should have made room: %v", gone, err)
		}
	}
	if _, err := store.Get(ctx, "a"); err != nil {
		t.Errorf("a: %v", err)
	}
}
