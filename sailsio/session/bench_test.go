package session_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/go-sails/sails/sailsio/session"
)

// BenchmarkHandler is what a session costs a request: none at all, one that is
// only read, one that is written; over HTTP and on a socket's own session.
func BenchmarkHandler(b *testing.B) {
	read := handler(func(s *session.Session, _ *http.Request) { session.Value[int](s, "n") })
	write := handler(func(s *session.Session, _ *http.Request) {
		if err := s.Set("n", session.Value[int](s, "n")+1); err != nil {
			b.Error(err)
		}
	})
	for name, h := range map[string]http.Handler{"read": read, "write": write} {
		b.Run("http/"+name, func(b *testing.B) {
			m, _ := newManager(b, session.Config{})
			c := &client{h: m.Handler(write)}
			c.do(b, "GET", "/")
			h := m.Handler(h)
			r := httptest.NewRequest("GET", "/", nil)
			r.Header.Set("Cookie", c.cookie)
			w := httptest.NewRecorder()
			b.ReportAllocs()
			for b.Loop() {
				h.ServeHTTP(w, r)
			}
		})
		b.Run("socket/"+name, func(b *testing.B) {
			m, _ := newManager(b, session.Config{})
			h := m.Handler(h)
			r := httptest.NewRequest("GET", "/", nil)
			r = r.WithContext(session.WithSocket(r.Context(), m.NewSocketCookies(r)))
			w := httptest.NewRecorder()
			b.ReportAllocs()
			for b.Loop() {
				h.ServeHTTP(w, r)
			}
		})
	}
}
