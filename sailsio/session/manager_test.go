package session_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-sails/sails/sailsio/session"
)

const secret = "conformance-secret-conformance-secret"

func newManager(t testing.TB, cfg session.Config) (*session.Manager, session.Store) {
	t.Helper()
	if cfg.Secrets == nil {
		cfg.Secrets = []string{secret}
	}
	if cfg.Store == nil {
		store, err := session.NewMemoryStore(session.MemoryConfig{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { store.Close() })
		cfg.Store = store
	}
	m, err := session.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return m, cfg.Store
}

// client keeps cookies like a browser that only knows this server.
type client struct {
	h      http.Handler
	cookie string
}

func (c *client) do(t testing.TB, method, target string, change ...func(*http.Request)) *http.Response {
	t.Helper()
	r := httptest.NewRequest(method, target, nil)
	if c.cookie != "" {
		r.Header.Set("Cookie", c.cookie)
	}
	for _, f := range change {
		f(r)
	}
	w := httptest.NewRecorder()
	c.h.ServeHTTP(w, r)
	res := w.Result()
	if set := res.Header.Values("Set-Cookie"); len(set) > 0 {
		c.cookie, _, _ = strings.Cut(set[0], ";")
	}
	return res
}

func text(t testing.TB, res *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// mustSession is for handlers: a missing session fails the request.
func mustSession(r *http.Request) *session.Session {
	s, ok := session.FromContext(r.Context())
	if !ok {
		panic("no session")
	}
	return s
}

// count is the conformance application's /session/count.
var count = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	s := mustSession(r)
	n := session.Value[int](s, "n") + 1
	if err := s.Set("n", n); err != nil {
		http.Error(w, err.Error(), 500)
		return
	}
	fmt.Fprint(w, n)
})

func nothing(http.ResponseWriter, *http.Request) {}

func sidOf(t testing.TB, cookie string) string {
	t.Helper()
	sid := session.SignedID(http.Header{"Cookie": {cookie}}, "sails.sid", secret)
	if sid == "" {
		t.Fatalf("no session in %q", cookie)
	}
	return sid
}

func stored(t testing.TB, store session.Store, sid string) string {
	t.Helper()
	data, err := store.Get(t.Context(), sid)
	if errors.Is(err, session.ErrNotFound) {
		return ""
	}
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// SE-1, SE-2, SE-4, SE-20, scenario v24: the first answer sets the cookie, later
// ones do not, and the values last.
func TestHandler_SessionOverHTTP(t *testing.T) {
	m, store := newManager(t, session.Config{})
	c := &client{h: m.Handler(count)}
	res := c.do(t, "GET", "/session/count")
	set := res.Header.Values("Set-Cookie")
	if len(set) != 1 || !strings.HasPrefix(set[0], "sails.sid=s%3A") || !strings.HasSuffix(set[0], "; Path=/; HttpOnly") || text(t, res) != "1" {
		t.Fatalf("first answer sets %q", set)
	}
	if sid := sidOf(t, c.cookie); len(sid) != 32 {
		t.Errorf("id has %d characters", len(sid))
	}
	res = c.do(t, "GET", "/session/count")
	if got := text(t, res); got != "2" || res.Header["Set-Cookie"] != nil {
		t.Errorf("second answer %q sets %q", got, res.Header["Set-Cookie"])
	}
	if got, want := stored(t, store, sidOf(t, c.cookie)), `{"cookie":{"originalMaxAge":null,"expires":null,"httpOnly":true,"path":"/"},"n":2}`; got != want {
		t.Errorf("stored %s\nwant   %s", got, want)
	}
	if m.Busy() != 0 {
		t.Errorf("%d ids still in use", m.Busy())
	}
}

// v25: a visitor gets a cookie whatever the answer, and a session that another
// request finds; with OnlyModified neither before something is stored.
func TestHandler_Uninitialized(t *testing.T) {
	m, store := newManager(t, session.Config{})
	c := &client{h: m.Handler(http.HandlerFunc(http.NotFound))}
	if res := c.do(t, "POST", "/__getcookie"); res.StatusCode != 404 || len(res.Header["Set-Cookie"]) != 1 {
		t.Errorf("status %d, cookies %q", res.StatusCode, res.Header["Set-Cookie"])
	}
	if stored(t, store, sidOf(t, c.cookie)) == "" {
		t.Error("nothing stored")
	}

	m, store = newManager(t, session.Config{OnlyModified: true})
	c = &client{h: m.Handler(http.HandlerFunc(nothing))}
	if res := c.do(t, "GET", "/"); res.Header["Set-Cookie"] != nil || store.(*session.MemoryStore).Len() != 0 {
		t.Errorf("unmodified session: cookies %q, %d stored", res.Header["Set-Cookie"], store.(*session.MemoryStore).Len())
	}
	c.h = m.Handler(count)
	if res := c.do(t, "GET", "/"); len(res.Header["Set-Cookie"]) != 1 || stored(t, store, sidOf(t, c.cookie)) == "" {
		t.Errorf("modified session: cookies %q", res.Header["Set-Cookie"])
	}
}

// SEC-77: an unknown or forged id is answered with a new one, never adopted.
func TestHandler_UnknownSession(t *testing.T) {
	m, _ := newManager(t, session.Config{})
	h := m.Handler(count)
	for _, cookie := range []string{
		"sails.sid=" + session.CookieValue("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", secret), // signed, but not stored
		"sails.sid=" + session.CookieValue("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "guess"),
		"sails.sid=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
	} {
		c := &client{h: h, cookie: cookie}
		if got := text(t, c.do(t, "GET", "/")); got != "1" {
			t.Errorf("%s: count %s", cookie, got)
		}
		if sidOf(t, c.cookie) == "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" {
			t.Errorf("%s: id adopted", cookie)
		}
	}
}

// SE-3 and Config.Secrets: the first secret signs, all verify.
func TestHandler_SecretRotation(t *testing.T) {
	before, store := newManager(t, session.Config{Secrets: []string{"old"}})
	c := &client{h: before.Handler(count)}
	c.do(t, "GET", "/")
	after, _ := newManager(t, session.Config{Secrets: []string{"new", "old"}, Store: store})
	c.h = after.Handler(count)
	if got := text(t, c.do(t, "GET", "/")); got != "2" {
		t.Errorf("count %s with the old secret second", got)
	}
	fresh := &client{h: c.h}
	fresh.do(t, "GET", "/")
	if session.SignedID(http.Header{"Cookie": {fresh.cookie}}, "sails.sid", "new") == "" {
		t.Error("new cookies are not signed with the first secret")
	}
}

// SE-4 and express-session's rules for a cookie with a life time: it is sent
// again when the session changed, or always when rolling.
func TestHandler_MaxAge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, store := newManager(t, session.Config{Cookie: session.CookieConfig{MaxAge: time.Hour}})
		c := &client{h: m.Handler(count)}
		res := c.do(t, "GET", "/")
		if set := res.Header.Get("Set-Cookie"); !strings.HasSuffix(set, "; Path=/; Expires=Sat, 01 Jan 2000 01:00:00 GMT; HttpOnly") {
			t.Errorf("sets %q", set)
		}
		if got, want := stored(t, store, sidOf(t, c.cookie)), `{"cookie":{"originalMaxAge":3600000,"expires":"2000-01-01T01:00:00.000Z","httpOnly":true,"path":"/"},"n":1}`; got != want {
			t.Errorf("stored %s", got)
		}
		time.Sleep(50 * time.Minute)
		if res = c.do(t, "GET", "/"); !strings.Contains(res.Header.Get("Set-Cookie"), "Expires=Sat, 01 Jan 2000 01:50:00 GMT") {
			t.Errorf("changed: sets %q", res.Header.Get("Set-Cookie"))
		}
		c.h = m.Handler(http.HandlerFunc(nothing))
		time.Sleep(50 * time.Minute)
		if res = c.do(t, "GET", "/"); res.Header["Set-Cookie"] != nil {
			t.Errorf("unchanged: sets %q", res.Header["Set-Cookie"])
		}
		time.Sleep(50 * time.Minute) // 1h40 after the last change: the request in between renewed it
		c.h = m.Handler(count)
		if got := text(t, c.do(t, "GET", "/")); got != "3" {
			t.Errorf("count %s: not renewed by use", got)
		}
		time.Sleep(time.Hour)
		if got := text(t, c.do(t, "GET", "/")); got != "1" {
			t.Errorf("count %s: not over after its life time", got)
		}

		m, _ = newManager(t, session.Config{Rolling: true, Cookie: session.CookieConfig{MaxAge: time.Hour}})
		c = &client{h: m.Handler(http.HandlerFunc(nothing))}
		c.do(t, "GET", "/")
		if res = c.do(t, "GET", "/"); len(res.Header["Set-Cookie"]) != 1 {
			t.Errorf("rolling: sets %q", res.Header["Set-Cookie"])
		}
	})
}

func TestSession_SetMaxAge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, store := newManager(t, session.Config{})
		c := &client{h: m.Handler(count)}
		c.do(t, "GET", "/")
		c.h = m.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { mustSession(r).SetMaxAge(48 * time.Hour) }))
		if set := c.do(t, "GET", "/").Header.Get("Set-Cookie"); !strings.Contains(set, "Expires=Mon, 03 Jan 2000") {
			t.Errorf("sets %q", set)
		}
		time.Sleep(47 * time.Hour)
		if got := stored(t, store, sidOf(t, c.cookie)); !strings.Contains(got, `"originalMaxAge":172800000,`) || !strings.Contains(got, `"n":1`) {
			t.Errorf("stored %s", got)
		}
		c.h = m.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { mustSession(r).SetMaxAge(-time.Second) }))
		c.do(t, "GET", "/")
		if got := stored(t, store, sidOf(t, c.cookie)); got != "" {
			t.Errorf("a life time that is over leaves %s", got)
		}
	})
}

// SEC-77: Secure cookies go over TLS only, and over a trusted proxy's word for
// it.
func TestHandler_Secure(t *testing.T) {
	cfg := session.Config{Name: "__Host-sails.sid", Cookie: session.CookieConfig{Secure: true, SameSite: http.SameSiteNoneMode, Partitioned: true, Priority: "high"}}
	m, store := newManager(t, cfg)
	cfg.TrustProxy = true
	trusting, _ := newManager(t, cfg)
	forwarded := func(r *http.Request) { r.Header.Set("X-Forwarded-Proto", "HTTPS, http") }
	c := &client{h: m.Handler(http.HandlerFunc(nothing))}
	if res := c.do(t, "GET", "http://x/", forwarded); res.Header["Set-Cookie"] != nil || store.(*session.MemoryStore).Len() != 0 {
		t.Errorf("plain request gets %q", res.Header["Set-Cookie"])
	}
	want := "; Path=/; HttpOnly; Secure; Partitioned; Priority=High; SameSite=None"
	if set := c.do(t, "GET", "https://x/").Header.Get("Set-Cookie"); !strings.HasPrefix(set, "__Host-sails.sid=s%3A") || !strings.HasSuffix(set, want) {
		t.Errorf("over TLS: sets %q", set)
	}
	c = &client{h: trusting.Handler(http.HandlerFunc(nothing))}
	if res := c.do(t, "GET", "http://x/"); res.Header["Set-Cookie"] != nil {
		t.Errorf("plain request behind a proxy gets %q", res.Header["Set-Cookie"])
	}
	if set := c.do(t, "GET", "http://x/", forwarded).Header.Get("Set-Cookie"); !strings.HasSuffix(set, want) {
		t.Errorf("forwarded: sets %q", set)
	}
}

// SE-13, VR-10: what looks like a file has no session, and a cookie's path
// limits it.
func TestHandler_Skips(t *testing.T) {
	for path, asset := range map[string]bool{
		"/js/app.js": true, "/user/a.b": true, "/a.b/c": false, "/user/.hidden": false, "/user/a.": false, "/": false, "/x": false, "/x?y=/a.b": false, "/.a.b": true,
	} {
		if got := session.LooksLikeAsset(httptest.NewRequest("GET", path, nil)); got != asset {
			t.Errorf("LooksLikeAsset(%s) = %v", path, got)
		}
	}
	m, _ := newManager(t, session.Config{Cookie: session.CookieConfig{Path: "/app"}})
	h := m.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, has := session.FromContext(r.Context())
		fmt.Fprint(w, has)
	}))
	for path, want := range map[string]string{"/app/x": "true", "/other": "false", "/app/x.css": "false"} {
		if got := text(t, (&client{h: h}).do(t, "GET", path)); got != want {
			t.Errorf("%s: session %s", path, got)
		}
	}
}

// A Manager around another one, or twice around, gives one session.
func TestHandler_Nested(t *testing.T) {
	m, _ := newManager(t, session.Config{})
	c := &client{h: m.Handler(m.Handler(count))}
	if res := c.do(t, "GET", "/"); len(res.Header["Set-Cookie"]) != 1 {
		t.Errorf("sets %q", res.Header["Set-Cookie"])
	}
}

func TestSession_Values(t *testing.T) {
	m, store := newManager(t, session.Config{MaxBytes: 1000})
	c := &client{h: m.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		s := mustSession(r)
		if !s.IsNew() || len(s.ID()) != 32 {
			t.Error("not a new session")
		}
		for _, bad := range []error{s.Set("cookie", 1), s.Set("f", func() {}), s.Set("big", strings.Repeat("x", 1000))} {
			if bad == nil {
				t.Error("Set accepted what it must refuse")
			}
		}
		if !errors.Is(s.Set("cookie", 1), session.ErrReservedKey) || !errors.Is(s.Set("big", strings.Repeat("x", 1000)), session.ErrTooLarge) {
			t.Error("wrong errors")
		}
		for i, key := range []string{"b", "__proto__", "constructor", "a"} { // SEC-79: plain names
			if err := s.Set(key, map[string]int{"i": i}); err != nil {
				t.Error(err)
			}
		}
		if err := s.Set("html", "<&>"); err != nil {
			t.Error(err)
		}
		if keys := s.Keys(); !slices.Equal(keys, []string{"b", "__proto__", "constructor", "a", "html"}) {
			t.Errorf("keys %q", keys)
		}
		var v map[string]int
		if found, err := s.Get("a", &v); !found || err != nil || v["i"] != 3 {
			t.Errorf("a: %v %v %v", v, found, err)
		}
		v["i"] = 99 // what was read is a copy
		if session.Value[map[string]int](s, "a")["i"] != 3 {
			t.Error("values are shared")
		}
		if found, err := s.Get("a", new(string)); !found || err == nil || session.Value[string](s, "a") != "" {
			t.Error("wrong type went unnoticed")
		}
		if found, err := s.Get("none", &v); found || err != nil || session.Value[int](s, "none") != 0 {
			t.Error("found what is not there")
		}
		values := s.Values()
		values["b"][0] = 'X'
		s.Delete("b", "none")
		if !json.Valid(s.Values()["a"]) || len(s.Values()) != 4 {
			t.Errorf("values %s", s.Values())
		}
	}))}
	c.do(t, "GET", "/")
	if got, want := stored(t, store, sidOf(t, c.cookie)), `{"cookie":{"originalMaxAge":null,"expires":null,"httpOnly":true,"path":"/"},"__proto__":{"i":1},"constructor":{"i":2},"a":{"i":3},"html":"<&>"}`; got != want {
		t.Errorf("stored %s", got)
	}
	c.h = m.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { mustSession(r).Clear() }))
	c.do(t, "GET", "/")
	if got := stored(t, store, sidOf(t, c.cookie)); strings.Contains(got, "html") {
		t.Errorf("cleared: %s", got)
	}
}

// The session is stored before the client has its answer, also when the handler
// streams; what changes after the first byte is stored at the end.
func TestHandler_SavesBeforeTheAnswer(t *testing.T) {
	m, store := newManager(t, session.Config{})
	h := m.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s := mustSession(r)
		w.WriteHeader(http.StatusEarlyHints) // not the answer yet
		if err := s.Set("a", 1); err != nil {
			t.Error(err)
		}
		w.(http.Flusher).Flush()
		if got := stored(t, store, s.ID()); !strings.Contains(got, `"a":1`) {
			t.Errorf("headers are out, stored %s", got)
		}
		if err := s.Set("b", 2); err != nil {
			t.Error(err)
		}
		if err := s.Regenerate(r.Context()); !errors.Is(err, session.ErrCommitted) {
			t.Errorf("Regenerate after the headers: %v", err)
		}
		if _, err := io.Copy(w, io.MultiReader(strings.NewReader("body"))); err != nil {
			t.Error(err)
		}
		if err := http.NewResponseController(w).Flush(); err != nil {
			t.Error(err)
		}
	}))
	server := httptest.NewServer(h)
	defer server.Close()
	res, err := server.Client().Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if got := text(t, res); got != "body" {
		t.Errorf("body %q", got)
	}
	cookie, _, _ := strings.Cut(res.Header.Get("Set-Cookie"), ";")
	if got := stored(t, store, sidOf(t, cookie)); !strings.Contains(got, `"a":1,"b":2`) {
		t.Errorf("stored %s", got)
	}
}

func TestHandler_Hijack(t *testing.T) {
	m, store := newManager(t, session.Config{})
	server := httptest.NewServer(m.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := mustSession(r).Set("a", 1); err != nil {
			t.Error(err)
		}
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		fmt.Fprint(conn, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi")
		conn.Close()
	})))
	defer server.Close()
	res, err := server.Client().Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if got := text(t, res); got != "hi" || store.(*session.MemoryStore).Len() != 1 {
		t.Errorf("body %q, %d stored", got, store.(*session.MemoryStore).Len())
	}
}

// A handler that panics keeps what it stored, as an action that throws does.
func TestHandler_Panic(t *testing.T) {
	m, store := newManager(t, session.Config{})
	c := &client{h: m.Handler(count)}
	c.do(t, "GET", "/")
	h := m.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if err := mustSession(r).Set("n", 7); err != nil {
			t.Error(err)
		}
		panic("boom")
	}))
	c.h = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			if recover() != "boom" {
				t.Error("panic swallowed")
			}
		}()
		h.ServeHTTP(w, r)
	})
	c.do(t, "GET", "/")
	if got := stored(t, store, sidOf(t, c.cookie)); !strings.Contains(got, `"n":7`) || m.Busy() != 0 {
		t.Errorf("stored %s, %d busy", got, m.Busy())
	}
}

// failingStore fails or hangs on demand.
type failingStore struct {
	session.Store
	mu   sync.Mutex
	fail map[string]error
	hang map[string]bool
}

func (f *failingStore) op(ctx context.Context, name string) error {
	f.mu.Lock()
	err, hang := f.fail[name], f.hang[name]
	f.mu.Unlock()
	if hang {
		<-ctx.Done()
		return context.Cause(ctx)
	}
	return err
}

func (f *failingStore) Get(ctx context.Context, sid string) ([]byte, error) {
	if err := f.op(ctx, "get"); err != nil {
		return nil, err
	}
	return f.Store.Get(ctx, sid)
}

func (f *failingStore) Set(ctx context.Context, sid string, data []byte, ttl time.Duration) error {
	if err := f.op(ctx, "set"); err != nil {
		return err
	}
	return f.Store.Set(ctx, sid, data, ttl)
}

func (f *failingStore) Touch(ctx context.Context, sid string, ttl time.Duration) error {
	if err := f.op(ctx, "touch"); err != nil {
		return err
	}
	return f.Store.Touch(ctx, sid, ttl)
}

func (f *failingStore) Destroy(ctx context.Context, sid string) error {
	if err := f.op(ctx, "destroy"); err != nil {
		return err
	}
	return f.Store.Destroy(ctx, sid)
}

func newFailingStore(t testing.TB) *failingStore {
	store, err := session.NewMemoryStore(session.MemoryConfig{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	return &failingStore{Store: store, fail: map[string]error{}, hang: map[string]bool{}}
}

// SEC-76: a failing store is a 500 without details, and the handler does not
// run on a session that could not be read.
func TestHandler_StoreFails(t *testing.T) {
	store := newFailingStore(t)
	var log strings.Builder
	m, _ := newManager(t, session.Config{Store: store, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	c := &client{h: m.Handler(count)}
	c.do(t, "GET", "/")
	broken := errors.New("connection to 10.0.0.1 lost")
	for _, op := range []string{"get", "set"} {
		store.fail = map[string]error{op: broken}
		res := c.do(t, "GET", "/")
		if got := text(t, res); res.StatusCode != 500 || got != "Internal Server Error" {
			t.Errorf("%s fails: %d %q", op, res.StatusCode, got)
		}
		if !strings.Contains(log.String(), "10.0.0.1") || m.Busy() != 0 {
			t.Errorf("%s fails: log %q, %d busy", op, log.String(), m.Busy())
		}
	}
	store.fail = map[string]error{"touch": broken}
	c.h = m.Handler(http.HandlerFunc(nothing))
	if res := c.do(t, "GET", "/"); res.StatusCode != 200 || !strings.Contains(log.String(), "not renewed") {
		t.Errorf("touch fails: %d", res.StatusCode) // nothing is lost
	}
	store.fail = map[string]error{"destroy": broken}
	c.h = m.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		s := mustSession(r)
		if err := s.Destroy(r.Context()); !errors.Is(err, broken) {
			t.Errorf("Destroy: %v", err)
		}
		if err := s.Regenerate(r.Context()); !errors.Is(err, broken) {
			t.Errorf("Regenerate: %v", err)
		}
	}))
	c.do(t, "GET", "/")
	store.fail = nil
	c.h = m.Handler(count)
	if got := text(t, c.do(t, "GET", "/")); got != "2" {
		t.Errorf("count %s after the store came back", got)
	}
}

// SEC-76: the wait for the store is bounded.
func TestHandler_StoreHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newFailingStore(t)
		m, _ := newManager(t, session.Config{Store: store})
		c := &client{h: m.Handler(count)}
		c.do(t, "GET", "/")
		for _, op := range []string{"get", "set"} {
			store.mu.Lock()
			store.hang = map[string]bool{op: true}
			store.mu.Unlock()
			start := time.Now()
			if res := c.do(t, "GET", "/"); res.StatusCode != 500 || time.Since(start) != session.DefaultStoreTimeout {
				t.Errorf("%s hangs: %d after %v", op, res.StatusCode, time.Since(start))
			}
		}
	})
}

// A client that goes away must not keep a logout from being stored.
func TestHandler_ClientGone(t *testing.T) {
	m, store := newManager(t, session.Config{})
	c := &client{h: m.Handler(count)}
	c.do(t, "GET", "/")
	c.h = m.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		mustSession(r).Delete("n")
	}))
	c.do(t, "GET", "/", func(r *http.Request) {
		ctx, cancel := context.WithCancel(r.Context())
		*r = *r.WithContext(ctx)
		cancel()
	})
	if got := stored(t, store, sidOf(t, c.cookie)); strings.Contains(got, `"n"`) {
		t.Errorf("stored %s", got)
	}
}

// A stored text nobody can read costs its session, not the client's access.
func TestHandler_UnreadableSession(t *testing.T) {
	m, store := newManager(t, session.Config{})
	sid := strings.Repeat("A", 32)
	if err := store.Set(t.Context(), sid, []byte("{broken"), 0); err != nil {
		t.Fatal(err)
	}
	c := &client{h: m.Handler(count), cookie: "sails.sid=" + session.CookieValue(sid, secret)}
	if res := c.do(t, "GET", "/"); res.StatusCode != 200 || sidOf(t, c.cookie) == sid {
		t.Errorf("status %d, cookie %q", res.StatusCode, c.cookie)
	}
}

// SEC-76: the cap counts what would be stored, also after merging.
func TestHandler_TooLarge(t *testing.T) {
	m, store := newManager(t, session.Config{MaxBytes: 200})
	c := &client{h: m.Handler(count)}
	c.do(t, "GET", "/")
	set := func(key string) http.Handler {
		return m.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if key == "a" {
				inner := *c
				inner.h = m.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
					if err := mustSession(r).Set("b", strings.Repeat("b", 80)); err != nil {
						t.Error(err)
					}
				}))
				inner.do(t, "GET", "/")
			}
			if err := mustSession(r).Set(key, strings.Repeat(key, 80)); err != nil {
				t.Error(err)
			}
		}))
	}
	c.h = set("a")
	if res := c.do(t, "GET", "/"); res.StatusCode != 500 {
		t.Errorf("merged session over the cap: %d", res.StatusCode)
	}
	if got := stored(t, store, sidOf(t, c.cookie)); len(got) > 200 {
		t.Errorf("%d bytes stored", len(got))
	}
}

// SEC-77, SE-7: production does not start with a weak secret.
func TestNew_Secrets(t *testing.T) {
	for _, c := range []struct {
		name    string
		secrets []string
		ok      bool
	}{
		{"none", nil, false},
		{"Sails' development secret", []string{"extremely-secure-keyboard-cat"}, false},
		{"the same, longer", []string{"extremely-secure-keyboard-cat-extremely-secure"}, false},
		{"31 bytes", []string{"0123456789abcdefghijklmnopqrstu"}, false},
		{"one letter", []string{strings.Repeat("a", 64)}, false},
		{"weak second", []string{secret, "old"}, false},
		{"good", []string{secret}, true},
		{"good pair", []string{secret, "another-secret-another-secret-xyz"}, true},
	} {
		store := newFailingStore(t)
		if _, err := session.New(session.Config{Production: true, Secrets: c.secrets, Store: store}); (err == nil) != c.ok {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	if _, err := session.New(session.Config{Secrets: []string{""}}); err == nil {
		t.Error("empty secret accepted")
	}
	m, err := session.New(session.Config{})
	if err != nil || m.Name() != "sails.sid" {
		t.Errorf("development defaults: %v", err)
	}
}

func TestNew_CookieSettings(t *testing.T) {
	for name, cfg := range map[string]session.Config{
		"name":               {Name: "a b"},
		"path":               {Cookie: session.CookieConfig{Path: "x"}},
		"path injection":     {Cookie: session.CookieConfig{Path: "/; Secure"}},
		"domain":             {Cookie: session.CookieConfig{Domain: "a;b"}},
		"negative age":       {Cookie: session.CookieConfig{MaxAge: -1}},
		"priority":           {Cookie: session.CookieConfig{Priority: "urgent"}},
		"same site":          {Cookie: session.CookieConfig{SameSite: 99}},
		"none, not secure":   {Cookie: session.CookieConfig{SameSite: http.SameSiteNoneMode}},
		"partitioned":        {Cookie: session.CookieConfig{Partitioned: true}},
		"__Host- insecure":   {Name: "__Host-s"},
		"__Host- domain":     {Name: "__host-s", Cookie: session.CookieConfig{Secure: true, Domain: "x.y"}},
		"__Host- path":       {Name: "__Host-s", Cookie: session.CookieConfig{Secure: true, Path: "/x"}},
		"__Secure- insecure": {Name: "__Secure-s"},
	} {
		cfg.Secrets = []string{secret}
		cfg.Store = newFailingStore(t)
		if _, err := session.New(cfg); err == nil {
			t.Errorf("%s accepted", name)
		}
	}
	m, _ := newManager(t, session.Config{Cookie: session.CookieConfig{Domain: "example.com", ScriptAccess: true, SameSite: http.SameSiteLaxMode}})
	if set := (&client{h: m.Handler(count)}).do(t, "GET", "/").Header.Get("Set-Cookie"); !strings.HasSuffix(set, "; Domain=example.com; Path=/; SameSite=Lax") {
		t.Errorf("sets %q", set)
	}
}
