package session_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/go-sails/sails/sailsio/session"
	"github.com/go-sails/sails/virtualrequest"
)

// socket makes virtual requests as a server does: with the handshake's identity
// and its cookie memory.
type socket struct {
	m       *session.Manager
	h       http.Handler
	origin  *virtualrequest.Origin
	cookies *session.SocketCookies
}

func connect(m *session.Manager, h http.Handler, target string, header http.Header) *socket {
	handshake := httptest.NewRequest("GET", target, nil)
	for name, values := range header {
		handshake.Header[name] = values
	}
	s := &socket{m: m, h: h, origin: virtualrequest.NewOrigin(handshake), cookies: m.NewSocketCookies(handshake)}
	if m != nil {
		s.h = m.Handler(h)
	}
	return s
}

func (s *socket) do(t testing.TB, event, message string) *virtualrequest.Response {
	t.Helper()
	r, err := virtualrequest.Parse(event, []byte(message))
	if err != nil {
		t.Fatal(err)
	}
	s.origin.SetCookie(s.cookies.Header())
	d := &virtualrequest.Dispatcher{Handler: s.h}
	res := d.Serve(session.WithSocket(t.Context(), s.cookies), s.origin, r)
	s.cookies.Capture(res.SetCookie)
	for name := range res.Header {
		if strings.EqualFold(name, "set-cookie") {
			t.Errorf("SEC-75: answer has %q", name)
		}
	}
	return res
}

func (s *socket) get(t testing.TB, url string) string {
	t.Helper()
	res := s.do(t, "get", fmt.Sprintf(`{"url":%q,"headers":{},"data":{}}`, url))
	if res.StatusCode != 200 {
		return fmt.Sprint(res.StatusCode, " ", res.Body)
	}
	return fmt.Sprint(res.Body)
}

// CN-31, SE-21, SEC-76, scenario v24: a socket without cookies has a session of
// its own, in the short form, stored when it is first used and not before.
func TestSocket_WithoutCookie(t *testing.T) {
	m, store := newManager(t, session.Config{Cookie: session.CookieConfig{MaxAge: 3600e9}}) // CN-33: not for this session
	a := connect(m, count, "/socket.io/", nil)
	b := connect(m, http.HandlerFunc(nothing), "/socket.io/", nil)
	for range 3 {
		b.get(t, "/echo")
	}
	if n := store.(*session.MemoryStore).Len(); n != 0 {
		t.Errorf("SEC-76: %d sessions stored before use", n)
	}
	if one, two := a.get(t, "/session/count"), a.get(t, "/session/count"); one != "1" || two != "2" {
		t.Errorf("counts %s, %s", one, two)
	}
	header := a.cookies.Header()
	if !strings.HasPrefix(header, "sails.sid=s%3A") {
		t.Errorf("cookie header %q", header)
	}
	if got, want := stored(t, store, sidOf(t, header)), `{"cookie":{"httpOnly":true,"path":"/"},"n":2}`; got != want {
		t.Errorf("stored %s\nwant   %s", got, want)
	}
	if got := b.cookies.Header(); got == header || got == "" {
		t.Errorf("other socket's cookie %q", got)
	}
}

// CN-32, SE-16, scenario v24: HTTP and sockets share the cookie's session, and
// each request sees what others have stored since.
func TestSocket_SharesWithHTTP(t *testing.T) {
	m, _ := newManager(t, session.Config{})
	c := &client{h: m.Handler(count)}
	c.do(t, "GET", "/")
	s := connect(m, count, "/socket.io/", http.Header{"Cookie": {"other=1", c.cookie}})
	if got := s.get(t, "/x"); got != "2" {
		t.Errorf("socket counts %s", got)
	}
	if got := text(t, c.do(t, "GET", "/")); got != "3" {
		t.Errorf("HTTP counts %s", got)
	}
	if got := s.get(t, "/x"); got != "4" {
		t.Errorf("socket counts %s", got)
	}
	if got := s.cookies.Header(); got != "other=1; "+c.cookie {
		t.Errorf("cookie header %q", got)
	}
}

// SE-11 and the fix SU-5: a cookie that yields no session is no reason to begin
// a new one with every request.
func TestSocket_StaleCookie(t *testing.T) {
	for name, cookie := range map[string]string{
		"other cookies only": "a=b",
		"bad signature":      "sails.sid=" + session.CookieValue("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "guess"),
		"unknown session":    "sails.sid=" + session.CookieValue("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", secret),
	} {
		m, store := newManager(t, session.Config{})
		s := connect(m, count, "/socket.io/", http.Header{"Cookie": {cookie}})
		if one, two := s.get(t, "/x"), s.get(t, "/x"); one != "1" || two != "2" {
			t.Errorf("%s: counts %s, %s", name, one, two)
		}
		if n := store.(*session.MemoryStore).Len(); n != 1 {
			t.Errorf("%s: %d sessions stored", name, n)
		}
		if got := s.cookies.Header(); got != cookie {
			t.Errorf("%s: handlers see cookie %q", name, got)
		}
		if got := connect(m, count, "/", http.Header{"Cookie": {cookie}}).get(t, "/x"); got != "1" {
			t.Errorf("%s: the next socket counts %s", name, got)
		}
	}
}

// SU-5: requests that start at the same time share the session that begins.
func TestSocket_ConcurrentFirstRequests(t *testing.T) {
	for _, header := range []http.Header{nil, {"Cookie": {"a=b"}}} {
		m, store := newManager(t, session.Config{})
		s := connect(m, handler(func(s *session.Session, r *http.Request) { set(t, r.URL.Path[1:], 1)(s) }), "/", header)
		var wg sync.WaitGroup
		s.origin.SetCookie(s.cookies.Header())
		for i := range 20 {
			wg.Go(func() {
				r, err := virtualrequest.Parse("get", fmt.Appendf(nil, `{"url":"/k%d"}`, i))
				if err != nil {
					t.Error(err)
					return
				}
				d := &virtualrequest.Dispatcher{Handler: s.h}
				d.Serve(session.WithSocket(t.Context(), s.cookies), s.origin, r)
			})
		}
		wg.Wait()
		if n := store.(*session.MemoryStore).Len(); n != 1 {
			t.Errorf("%d sessions stored", n)
		}
		keys := ""
		s.h = m.Handler(handler(func(s *session.Session, _ *http.Request) { keys = strings.Join(s.Keys(), " ") }))
		s.get(t, "/x")
		if len(strings.Fields(keys)) != 20 {
			t.Errorf("keys %s", keys)
		}
	}
}

// CN-30, VR-30, VR-35, SE-12: what "nosession" does where.
func TestSocket_NoSession(t *testing.T) {
	has := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, ok := session.FromContext(r.Context())
		fmt.Fprint(w, ok)
	})
	m, _ := newManager(t, session.Config{})
	inLifecycle := func(s *socket) (has bool) {
		if err := m.Run(t.Context(), s.cookies, func(ctx context.Context) error {
			_, has = session.FromContext(ctx)
			return nil
		}); err != nil {
			t.Error(err)
		}
		return has
	}

	header := connect(m, has, "/", http.Header{"Nosession": {"true"}})
	if got := header.get(t, "/x"); got != "false" || inLifecycle(header) || !header.cookies.NoSession() || header.cookies.Header() != "" {
		t.Errorf("handshake header: session %s", got)
	}

	query := connect(m, count, "/?nosession=1", nil)
	if inLifecycle(query) || query.cookies.NoSession() || query.cookies.Header() != "" {
		t.Error("handshake query: lifecycle callbacks have a session")
	}
	if one, two := query.get(t, "/x"), query.get(t, "/x"); one != "1" || two != "2" || query.cookies.Header() == "" {
		t.Errorf("handshake query: counts %s, %s (SE-12)", one, two)
	}

	plain := connect(m, has, "/", nil)
	if got := plain.get(t, "/x"); got != "true" || !inLifecycle(plain) {
		t.Errorf("plain: session %s", got)
	}
	if res := plain.do(t, "get", `{"url":"/x","headers":{"nosession":true}}`); res.Body != "false" {
		t.Errorf("message header: session %v", res.Body)
	}
	if got := plain.get(t, "/img/a.png"); got != "false" { // SE-13
		t.Errorf("asset: session %s", got)
	}
}

// SE-10 without sessions: the first cookie an answer sets is the socket's.
func TestSocket_Capture(t *testing.T) {
	setCookies := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Add("Set-Cookie", "flavour=oat; Path=/")
		w.Header().Add("Set-Cookie", "second=1")
		fmt.Fprint(w, r.Header.Get("Cookie"))
	})
	m, _ := newManager(t, session.Config{})
	for name, s := range map[string]*socket{
		"nosession":       connect(m, setCookies, "/", http.Header{"Nosession": {"1"}}),
		"without manager": connect(nil, setCookies, "/", nil),
	} {
		if first, second := s.get(t, "/x"), s.get(t, "/x"); first != "<nil>" || second != "flavour=oat; Path=/" {
			t.Errorf("%s: cookies %q, then %q", name, first, second)
		}
	}
	given := connect(nil, setCookies, "/", http.Header{"Cookie": {"a=b"}})
	given.get(t, "/x")
	if got := given.get(t, "/x"); got != "a=b" {
		t.Errorf("a handshake cookie is replaced by %q", got)
	}
	own := connect(m, setCookies, "/", nil)
	own.get(t, "/x")
	if got := own.get(t, "/x"); !strings.HasPrefix(got, "sails.sid=") {
		t.Errorf("the own session's cookie is replaced by %q", got)
	}
}

// Logout and login over a socket: it goes on with the new session.
func TestSocket_DestroyAndRegenerate(t *testing.T) {
	for name, header := range map[string]http.Header{"own session": nil, "stale cookie": {"Cookie": {"a=b"}}} {
		m, store := newManager(t, session.Config{})
		s := connect(m, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			sess := mustSession(r)
			var err error
			switch r.URL.Path {
			case "/logout":
				err = sess.Destroy(r.Context())
			case "/login":
				if err = sess.Regenerate(r.Context()); err == nil {
					err = sess.Set("n", 100)
				}
			}
			if err != nil {
				t.Error(err)
			}
			if r.URL.Path == "/count" {
				count(w, r)
			}
		}), "/", header)
		s.get(t, "/count")
		s.get(t, "/logout")
		if n := store.(*session.MemoryStore).Len(); n != 0 {
			t.Errorf("%s: %d sessions after logout", name, n)
		}
		if got := s.get(t, "/count"); got != "1" {
			t.Errorf("%s: count %s after logout", name, got)
		}
		s.get(t, "/login")
		if got := s.get(t, "/count"); got != "101" {
			t.Errorf("%s: count %s after login", name, got)
		}
	}
}

// RS-10, SEC-76: a session that cannot be stored makes the answer a 500, even
// one that was given as a value.
func TestSocket_StoreFails(t *testing.T) {
	store := newFailingStore(t)
	m, _ := newManager(t, session.Config{Store: store})
	byValue := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s := mustSession(r)
		if err := s.Set("n", 1); err != nil {
			t.Error(err)
		}
		virtualrequest.SetBody(w, map[string]int{"n": 1})
		if r.URL.Path == "/flush" {
			if err := http.NewResponseController(w).Flush(); err != nil {
				t.Error(err)
			}
		}
	})
	s := connect(m, byValue, "/", nil)
	store.fail["set"] = errors.New("connection to 10.0.0.1 lost")
	for _, path := range []string{"/x", "/flush"} {
		if got := s.get(t, path); got != "500 Internal Server Error" {
			t.Errorf("%s: %s", path, got)
		}
	}
	s.h = m.Handler(count)
	if got := s.get(t, "/x"); got != "500 Internal Server Error" {
		t.Errorf("written body: %s", got)
	}
	store.fail = map[string]error{"get": errors.New("connection to 10.0.0.1 lost")}
	if got := s.get(t, "/x"); got != "500 Internal Server Error" {
		t.Errorf("load fails: %s", got)
	}
	if err := m.Run(t.Context(), s.cookies, func(context.Context) error { return nil }); err == nil {
		t.Error("Run: no error")
	}
}

// CN-40 to CN-42: lifecycle callbacks see the socket's session and what they
// change is stored, unless they fail.
func TestManager_Run(t *testing.T) {
	m, store := newManager(t, session.Config{})
	s := connect(m, count, "/", nil)
	s.get(t, "/x")
	change := func(n int, result error) error {
		return m.Run(t.Context(), s.cookies, func(ctx context.Context) error {
			sess, ok := session.FromContext(ctx)
			if !ok {
				t.Fatal("no session")
			}
			if err := sess.Set("n", n); err != nil {
				t.Error(err)
			}
			return result
		})
	}
	if err := change(10, nil); err != nil {
		t.Error(err)
	}
	refused := errors.New("refused")
	if err := change(20, refused); !errors.Is(err, refused) {
		t.Error(err)
	}
	if got := s.get(t, "/x"); got != "11" {
		t.Errorf("count %s", got)
	}
	if err := m.Destroy(t.Context(), sidOf(t, s.cookies.Header())); err != nil {
		t.Error(err)
	}
	if n := store.(*session.MemoryStore).Len(); n != 0 {
		t.Errorf("%d stored", n)
	}
	if err := m.Run(t.Context(), nil, func(ctx context.Context) error {
		if _, has := session.FromContext(ctx); has {
			t.Error("session without a socket")
		}
		return nil
	}); err != nil {
		t.Error(err)
	}
}

// SEC-80: 100 sockets at once, each with its own counter.
func TestSocket_NoCrossTalk(t *testing.T) {
	m, _ := newManager(t, session.Config{})
	var wg sync.WaitGroup
	for range 100 {
		wg.Go(func() {
			s := connect(m, count, "/", nil)
			for want := 1; want <= 50; want++ {
				if got := s.get(t, "/x"); got != fmt.Sprint(want) {
					t.Errorf("count %s, want %d", got, want)
					return
				}
			}
		})
	}
	wg.Wait()
}

// A dispatcher that knows no SocketCookies still has sessions: the session
// cookie comes with the answer, for Origin.Remember (SE-10), and stays on the
// server (SEC-75).
func TestSocket_WithoutMemory(t *testing.T) {
	m, _ := newManager(t, session.Config{})
	d := &virtualrequest.Dispatcher{Handler: m.Handler(count)}
	origin := virtualrequest.NewOrigin(httptest.NewRequest("GET", "/socket.io/", nil))
	for want := 1; want <= 2; want++ {
		r, err := virtualrequest.Parse("get", []byte(`{"url":"/count"}`))
		if err != nil {
			t.Fatal(err)
		}
		res := d.Serve(t.Context(), origin, r)
		if fmt.Sprint(res.Body) != fmt.Sprint(want) || len(res.Header) != 0 {
			t.Errorf("count %v, headers %v, want %d", res.Body, res.Header, want)
		}
		origin.Remember(res.SetCookie)
	}
}
