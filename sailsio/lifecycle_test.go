package sailsio_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/go-sails/sails/sailsio"
	"github.com/go-sails/sails/sailsio/action"
	"github.com/go-sails/sails/sailsio/sailstest"
	"github.com/go-sails/sails/sailsio/session"
	"github.com/go-sails/sails/socketio"
	"github.com/go-sails/sails/virtualrequest"
)

// sessions returns a manager and a handler that counts in the session.
func sessions(t *testing.T) (*session.Manager, *http.ServeMux) {
	t.Helper()
	m, err := session.New(session.Config{Secrets: []string{"conformance-secret-conformance-secret"}})
	if err != nil {
		t.Fatal(err)
	}
	mux := routes()
	mux.HandleFunc("/count", func(w http.ResponseWriter, r *http.Request) {
		s, ok := session.FromContext(r.Context())
		if !ok {
			action.JSON(w, r, map[string]any{"n": nil})
			return
		}
		n := session.Value[int](s, "n") + 1
		check(t, s.Set("n", n))
		action.JSON(w, r, map[string]any{"n": n})
	})
	mux.HandleFunc("/peek", func(w http.ResponseWriter, r *http.Request) {
		s, _ := session.FromContext(r.Context())
		action.JSON(w, r, map[string]any{"n": session.Value[int](s, "n")})
	})
	mux.HandleFunc("/cookie", func(w http.ResponseWriter, r *http.Request) {
		action.JSON(w, r, map[string]any{"cookie": r.Header.Get("Cookie")})
	})
	return m, mux
}

func TestSession_OfASocket(t *testing.T) { // CN-31, SE-10, SE-16, v24
	m, mux := sessions(t)
	w := newWorld(t, sailsio.Config{Handler: mux, Sessions: m})
	a, b := w.connect(), w.connect()
	is(t, a.do("GET", "/count", nil), `{"body":{"n":1},"headers":{},"statusCode":200}`)
	is(t, a.do("GET", "/count", nil), `{"body":{"n":2},"headers":{},"statusCode":200}`)
	is(t, b.do("GET", "/count", nil), `{"body":{"n":1},"headers":{},"statusCode":200}`)
	var body struct{ Cookie string }
	if err := a.do("GET", "/cookie", nil).Decode(&body); err != nil || !strings.HasPrefix(body.Cookie, "sails.sid=s%3A") {
		t.Errorf("cookie %q, %v", body.Cookie, err)
	}

	// Shared with HTTP by the cookie of the handshake.
	r, text := fetch(t, w, "GET", "/count", nil)
	cookie := strings.Split(r.Header.Get("Set-Cookie"), ";")[0]
	if text == "" || cookie == "" {
		t.Fatalf("HTTP: %q, cookie %q", text, cookie)
	}
	c := w.connect(sailstest.Options{Header: http.Header{"Cookie": {cookie}}})
	is(t, c.do("GET", "/count", nil), `{"body":{"n":2},"headers":{},"statusCode":200}`)
	if _, text = fetch(t, w, "GET", "/count", http.Header{"Cookie": {cookie}}); !sameJSON(text, `{"n":3}`) {
		t.Errorf("HTTP after the socket: %s", text)
	}
	// SU-5: a cookie that names no session leaves the socket with one of its own.
	d := w.connect(sailstest.Options{Header: http.Header{"Cookie": {"sails.sid=s%3Aforged.signature; other=1"}}})
	is(t, d.do("GET", "/count", nil), `{"body":{"n":1},"headers":{},"statusCode":200}`)
	is(t, d.do("GET", "/count", nil), `{"body":{"n":2},"headers":{},"statusCode":200}`)
	// CN-13, SU-35: the query of the handshake chooses no session.
	f := w.connect(sailstest.Options{Query: url.Values{"cookie": {cookie}}})
	is(t, f.do("GET", "/count", nil), `{"body":{"n":1},"headers":{},"statusCode":200}`)
	// CN-30, VR-35
	e := w.connect(sailstest.Options{Header: http.Header{"Nosession": {"true"}}})
	is(t, e.do("GET", "/count", nil), `{"body":{"n":null},"headers":{},"statusCode":200}`)
}

func TestSetCookieNeverLeaves(t *testing.T) { // RS-4, SE-10, SEC-75
	mux := routes()
	mux.HandleFunc("/set", func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "plain", Value: "chocolate", Path: "/"})
		action.OK(w, r)
	})
	mux.HandleFunc("/cookie", func(w http.ResponseWriter, r *http.Request) { action.Send(w, r, r.Header.Get("Cookie")) })
	w := newWorld(t, sailsio.Config{Handler: mux})
	c := w.connect()
	is(t, c.do("GET", "/set", nil), `{"body":"OK","headers":{},"statusCode":200}`)
	is(t, c.do("GET", "/cookie", nil), `{"body":"plain=chocolate","headers":{},"statusCode":200}`)
}

func TestGetCookie(t *testing.T) { // CN-50..55, v25
	m, mux := sessions(t)
	w := newWorld(t, sailsio.Config{Handler: mux, Sessions: m})
	r, text := fetch(t, w, "GET", "/__getcookie", nil)
	if r.StatusCode != 200 || text != "_sailsIoJSConnect();" || r.Header.Get("Content-Type") != "application/javascript; charset=utf-8" {
		t.Errorf("GET: %d %q %v", r.StatusCode, text, r.Header)
	}
	cookie := r.Header.Get("Set-Cookie")
	if !strings.HasPrefix(cookie, "sails.sid=s%3A") || !strings.HasSuffix(cookie, "; Path=/; HttpOnly") {
		t.Errorf("cookie %q", cookie)
	}
	if h := r.Header.Get("Access-Control-Allow-Origin"); h != "" {
		t.Errorf("CORS header %q", h)
	}
	a := w.connect(sailstest.Options{Header: http.Header{"Cookie": {strings.Split(cookie, ";")[0]}}})
	is(t, a.do("GET", "/__getcookie", nil),
		`{"body":"_sailsIoJSConnect();","headers":{"Content-Type":"application/javascript","content-type":"application/javascript"},"statusCode":200}`)
	// RS-30: a virtual HEAD has a body; VR-8: letter case and a trailing slash do not matter.
	for method, path := range map[string]string{"HEAD": "/__getcookie", "GET": "/__GetCookie/"} {
		is(t, a.do(method, path, nil),
			`{"body":"_sailsIoJSConnect();","headers":{"Content-Type":"application/javascript","content-type":"application/javascript"},"statusCode":200}`)
	}
	etag := r.Header.Get("Etag") // CN-52
	if etag != `W/"14-8OpwRwGZqmi5Pupmwxqgc/0T4oM"` {
		t.Errorf("ETag %s", etag)
	}
	if r, text = fetch(t, w, "GET", "/__getcookie", http.Header{"If-None-Match": {etag}}); r.StatusCode != 304 || text != "" || r.Header.Get("Set-Cookie") == "" {
		t.Errorf("known: %d %q, cookie %q", r.StatusCode, text, r.Header.Get("Set-Cookie"))
	}
	if r, text = fetch(t, w, "HEAD", "/__getcookie", nil); r.StatusCode != 200 || r.ContentLength != 20 || text != "" {
		t.Errorf("HEAD: %d %d %q", r.StatusCode, r.ContentLength, text)
	}
	if r, _ = fetch(t, w, "POST", "/__getcookie", nil); r.StatusCode != 404 {
		t.Errorf("POST: %d", r.StatusCode)
	}
	if r, _ = fetch(t, w, "OPTIONS", "/__getcookie", nil); r.StatusCode != 200 || r.Header.Get("Allow") != "GET,HEAD,PUT,POST,DELETE,PATCH" {
		t.Errorf("OPTIONS: %d %v", r.StatusCode, r.Header)
	}
	decorated := newWorld(t, sailsio.Config{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Access-Control-Allow-Origin", "*") // CN-53
		mux.ServeHTTP(w, r)
	})})
	if r, text = fetch(t, decorated, "GET", "/__getcookie", nil); r.Header.Get("Access-Control-Allow-Origin") != "*" ||
		r.Header.Get("X-Content-Type-Options") != "" || text != "_sailsIoJSConnect();" {
		t.Errorf("decorated: %q %v", text, r.Header)
	}
	off := newWorld(t, sailsio.Config{Handler: mux, NoThirdPartyCookie: true})
	if r, _ = fetch(t, off, "GET", "/__getcookie", nil); r.StatusCode != 404 {
		t.Errorf("switched off: %d", r.StatusCode)
	}
}

func TestGetCookie_TheApplicationsOwn(t *testing.T) { // CN-50
	for name, own := range map[string]http.HandlerFunc{
		"status": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Own", "yes")
			w.WriteHeader(http.StatusAccepted)
			w.WriteHeader(http.StatusNotFound) // too late
			_, _ = w.Write([]byte("own"))
		},
		"body": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusEarlyHints)
			w.Header().Set("X-Own", "yes")
			_, _ = w.Write([]byte("ow"))
			_, _ = w.Write([]byte("n"))
		},
	} {
		mux := routes()
		mux.HandleFunc("/__getcookie", own)
		w := newWorld(t, sailsio.Config{Handler: mux})
		if r, text := fetch(t, w, "GET", "/__getcookie", nil); text != "own" || r.Header.Get("X-Own") != "yes" {
			t.Errorf("%s: %d %q %v", name, r.StatusCode, text, r.Header)
		}
	}
	mux := routes()
	mux.HandleFunc("/__getcookie", func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X-Own", "yes") })
	w := newWorld(t, sailsio.Config{Handler: mux})
	if r, text := fetch(t, w, "GET", "/__getcookie", nil); r.StatusCode != 200 || text != "" || r.Header.Get("X-Own") != "yes" {
		t.Errorf("nothing written: %d %q %v", r.StatusCode, text, r.Header)
	}
}

func TestAfterDisconnect(t *testing.T) { // CN-41, CN-42, v26
	m, mux := sessions(t)
	type call struct {
		n, rooms  int
		connected bool
		session   bool
	}
	calls := make(chan call, 1)
	var fail atomic.Bool
	var app *sailsio.App
	w := newWorld(t, sailsio.Config{Handler: mux, Sessions: m, AfterDisconnect: func(ctx context.Context, s *socketio.Socket) error {
		c := call{rooms: len(s.Rooms()), connected: s.Connected()}
		if in, ok := sailsio.SocketFromContext(ctx); !ok || in != s {
			t.Error("the context has not the socket")
		}
		check(t, ctx.Err())
		if sess, ok := session.FromContext(ctx); ok {
			c.session = true
			c.n = session.Value[int](sess, "n")
			check(t, sess.Set("n", 100))
		}
		check(t, app.Sockets().Blast(ctx, "left", s.ID()))
		defer func() { calls <- c }()
		if fail.Load() {
			return errors.New("refused")
		}
		return nil
	}})
	app = w.app
	_, _ = fetch(t, w, "GET", "/count", nil)
	r, _ := fetch(t, w, "GET", "/count", nil)
	jar := http.Header{"Cookie": {strings.Split(r.Header.Get("Set-Cookie"), ";")[0]}}
	other := w.connect()
	a := w.connect(sailstest.Options{Header: jar})
	check(t, app.Sockets().Join(w.ctx, a.ID(), "room"))
	is(t, a.do("GET", "/count", nil), `{"body":{"n":2},"headers":{},"statusCode":200}`)
	a.Close()
	if got := <-calls; got != (call{n: 2, session: true}) {
		t.Errorf("called with %+v", got)
	}
	if e, err := other.ExpectEvent(w.ctx, "left"); err != nil || e.String() != `["left","`+a.ID()+`"]` {
		t.Errorf("%v %v", e, err)
	}
	// Written back, unless it fails.
	for w.ctx.Err() == nil {
		if _, text := fetch(t, w, "GET", "/peek", jar); sameJSON(text, `{"n":100}`) {
			break
		}
	}
	fail.Store(true)
	b := w.connect(sailstest.Options{Header: jar})
	is(t, b.do("GET", "/count", nil), `{"body":{"n":101},"headers":{},"statusCode":200}`)
	b.Close()
	<-calls
	if _, text := fetch(t, w, "GET", "/count", jar); !sameJSON(text, `{"n":102}`) {
		t.Errorf("after a failure: %s", text)
	}
	// A client that has sent no request.
	silent, err := w.server.Connect(w.ctx, sailstest.Options{Header: jar})
	if err != nil {
		t.Fatal(err)
	}
	silent.Close()
	if got := <-calls; got != (call{n: 102, session: true}) {
		t.Errorf("called with %+v", got)
	}
	// CN-30
	c := w.connect(sailstest.Options{Header: http.Header{"Nosession": {"1"}}})
	c.Close()
	if got := <-calls; got.session {
		t.Errorf("called with %+v", got)
	}
	other.Close()
	<-calls
}

func TestOnConnect(t *testing.T) { // CN-40
	m, mux := sessions(t)
	ids := make(chan string, 10)
	cfg := sailsio.Config{Handler: mux, Sessions: m, OnConnect: func(ctx context.Context, s *socketio.Socket) {
		if in, ok := sailsio.SocketFromContext(ctx); !ok || in != s || !s.Connected() {
			t.Error("the context has not the socket")
		}
		if sess, ok := session.FromContext(ctx); ok {
			check(t, sess.Set("n", 40))
		}
		check(t, s.Emit("welcome"))
		ids <- s.ID()
	}}
	w := newWorld(t, cfg)
	a := w.connect()
	if id := <-ids; id != a.ID() {
		t.Errorf("called for %q", id)
	}
	is(t, a.do("GET", "/count", nil), `{"body":{"n":41},"headers":{},"statusCode":200}`)
	a.got(`["welcome"]`)
	b := w.connect(sailstest.Options{Header: http.Header{"Nosession": {"1"}}})
	b.sees(`["welcome"]`)
	down, err := session.New(session.Config{Secrets: []string{"secret"}, Store: failing{}})
	if err != nil {
		t.Fatal(err)
	}
	cfg.Sessions = down
	w = newWorld(t, cfg)
	c, err := w.server.Connect(w.ctx, sailstest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.ExpectEvent(w.ctx, "welcome"); err != nil {
		t.Error(err)
	}
}

// failing is a session store that cannot be reached.
type failing struct{ session.Store }

func (failing) Get(context.Context, string) ([]byte, error) { return nil, errors.New("store is down") }

func TestAfterDisconnect_WithoutStore(t *testing.T) { // SU-31
	m, err := session.New(session.Config{Secrets: []string{"secret"}, Store: failing{}})
	if err != nil {
		t.Fatal(err)
	}
	called := make(chan bool, 1)
	w := newWorld(t, sailsio.Config{Handler: routes(), Sessions: m, AfterDisconnect: func(ctx context.Context, _ *socketio.Socket) error {
		_, ok := session.FromContext(ctx)
		called <- ok
		return nil
	}})
	w.connect().Close()
	if <-called {
		t.Error("a session was made up")
	}
	none := newWorld(t, sailsio.Config{Handler: routes(), AfterDisconnect: func(context.Context, *socketio.Socket) error {
		called <- false
		return nil
	}})
	none.connect().Close()
	<-called
}

func TestDisconnectLeavesRooms(t *testing.T) { // v26: a new connection begins with none
	w := newWorld(t, sailsio.Config{Handler: routes()})
	s := w.app.Sockets()
	a, b := w.connect(), w.connect()
	check(t, s.Join(w.ctx, a.ID(), "r"))
	a.Close()
	for w.ctx.Err() == nil && slices.Contains(s.Rooms(), "r") {
		b.sees()
	}
	check(t, w.ctx.Err())
}

func TestShutdown(t *testing.T) { // VR-12, security 4.1
	running, release := make(chan struct{}), make(chan struct{})
	ran := make(chan string, 10)
	mux := routes()
	mux.HandleFunc("/slow", func(w http.ResponseWriter, r *http.Request) {
		close(running)
		<-release
		action.Send(w, r, "finished")
	})
	mux.HandleFunc("/late", func(http.ResponseWriter, *http.Request) { ran <- "late" })
	w := newWorld(t, sailsio.Config{Handler: mux})
	c := w.connect()
	answer := make(chan string, 1)
	go func() {
		r, err := c.Get(w.ctx, "/slow", nil)
		if err != nil {
			answer <- err.Error()
			return
		}
		answer <- string(r.Body)
	}()
	<-running
	down := make(chan error, 1)
	go func() { down <- w.app.Shutdown(w.ctx) }()
	refused := func() bool {
		r, _ := fetch(t, w, "GET", "/socket.io/?EIO=4&transport=websocket", nil)
		return r.StatusCode == http.StatusServiceUnavailable && r.Header.Get("Retry-After") != ""
	}
	for w.ctx.Err() == nil && !refused() {
	}
	check(t, c.Send("get", map[string]any{"url": "/late"})) // dropped
	close(release)
	if got := <-answer; got != `"finished"` {
		t.Errorf("the request in flight: %s", got)
	}
	check(t, <-down)
	<-c.Done()
	select {
	case got := <-ran:
		t.Errorf("%s ran during shutdown", got)
	default:
	}
}

func TestTrustedProxies(t *testing.T) { // VR-20, VR-21, SEC-68
	mux := routes()
	mux.HandleFunc("/ip", func(w http.ResponseWriter, r *http.Request) {
		action.JSON(w, r, map[string]any{"ip": action.IP(r), "ips": append([]string{}, action.IPs(r)...)})
	})
	forwarded := sailstest.Options{Header: http.Header{"X-Forwarded-For": {"1.1.1.1, 2.2.2.2"}}}
	w := newWorld(t, sailsio.Config{Handler: mux})
	is(t, w.connect(forwarded).do("GET", "/ip", nil), `{"body":{"ip":"127.0.0.1","ips":[]},"headers":{},"statusCode":200}`)
	all, err := virtualrequest.ParseProxies("all")
	if err != nil {
		t.Fatal(err)
	}
	w = newWorld(t, sailsio.Config{Handler: mux, TrustProxies: all})
	is(t, w.connect(forwarded).do("GET", "/ip", nil), `{"body":{"ip":"1.1.1.1","ips":["1.1.1.1","2.2.2.2"]},"headers":{},"statusCode":200}`)
}
