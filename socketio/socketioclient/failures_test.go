package socketioclient_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-sails/sails/engineio"
	"github.com/go-sails/sails/engineio/engineiotest"
	"github.com/go-sails/sails/socketio"
	"github.com/go-sails/sails/socketio/socketioclient"
)

func TestNew_Errors(t *testing.T) {
	for _, address := range []string{"", "x", "ftp://x", "http://", "http://x/chat", "http://x#chat", "%", "http://x?%zz"} {
		if _, err := socketioclient.New(address, socketioclient.Options{}); err == nil {
			t.Errorf("%q: no error", address)
		}
	}
	for field, o := range map[string]socketioclient.Options{
		"Transports":        {Transports: []socketioclient.Transport{"pigeon"}},
		"Revision":          {Revision: 5},
		"Timeout":           {Timeout: -1},
		"ReconnectDelay":    {ReconnectDelay: -1},
		"ReconnectDelayMax": {ReconnectDelayMax: -1},
		"ReconnectJitter":   {ReconnectJitter: 1.5},
		"ReconnectAttempts": {ReconnectAttempts: -1},
		"MaxMessage":        {MaxMessage: -1},
		"MaxAttachments":    {MaxAttachments: -1},
		"MaxBuffered":       {MaxBuffered: -1},
		"MaxQueued":         {MaxQueued: -1},
		"MaxQueuedBytes":    {MaxQueuedBytes: -1},
		"path":              {Path: "socket.io"},
	} {
		if _, err := socketioclient.New("http://x", o); err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("%s: %v", field, err)
		}
	}
}

// The JavaScript client's times: 1s doubling to 5s, half of it at random.
func TestBackoff(t *testing.T) {
	if got, want := socketioclient.Waits(time.Second, 5*time.Second, -1, 5), []time.Duration{1e9, 2e9, 4e9, 5e9, 5e9}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	spread := map[time.Duration]bool{}
	for range 100 {
		for i, w := range socketioclient.Waits(time.Second, 5*time.Second, 0.5, 80) {
			middle := min(time.Second<<min(i, 10), 8*time.Second)
			if w < middle/2 || w > 5*time.Second {
				t.Fatalf("wait %d is %v", i, w)
			}
			spread[w] = true
		}
	}
	if len(spread) < 100 {
		t.Error("waits are not spread")
	}
}

// While the server cannot be reached attempts go on, as long as they are wanted.
func TestSocket_ConnectRetries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		io, err := socketio.NewServer(socketio.Config{})
		check(t, err)
		n := &network{server: engineiotest.NewServer(io), blocked: true}
		c, err := socketioclient.New(n.server.URL, socketioclient.Options{Dial: n.dial, ReconnectJitter: -1})
		check(t, err)
		s := c.Of("/", nil)
		seen := watch(s)
		ctx, cancel := context.WithTimeout(t.Context(), 7500*time.Millisecond) // at 0, 1, 3 and 7 s
		defer cancel()
		if err := s.Connect(ctx); !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, errBlocked) {
			t.Errorf("%v", err)
		}
		if got := n.attempts(); got != 4 {
			t.Errorf("%d attempts", got)
		}
		<-time.After(time.Hour)
		if got := n.attempts(); got != 4 {
			t.Errorf("%d attempts, some after Connect gave up", got)
		}
		for range 4 {
			expect(t, seen, "error: *fmt.wrapError")
		}

		begin := time.Now()
		time.AfterFunc(2*time.Second, func() { n.block(false) })
		check(t, s.Connect(t.Context()))
		if waited := time.Since(begin); waited != 3*time.Second {
			t.Errorf("connected after %v", waited)
		}
		<-time.After(10 * time.Minute) // heartbeats
		if !s.Connected() {
			t.Error("not connected any more")
		}
		c.Close()
		<-c.Done()
		n.server.Close()
		_ = io.Shutdown(t.Context())
		<-time.After(10 * time.Minute) // idle workers of the server go home
	})
}

func TestOptions_ReconnectAttempts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &network{blocked: true}
		for _, o := range []socketioclient.Options{{ReconnectAttempts: 3}, {DisableReconnect: true}} {
			n.dials = 0
			o.Dial = n.dial
			c, err := socketioclient.New("http://x", o)
			check(t, err)
			if err := c.Of("/", nil).Connect(t.Context()); !errors.Is(err, errBlocked) {
				t.Errorf("%v", err)
			}
			if got := n.attempts(); got != o.ReconnectAttempts+1 {
				t.Errorf("%d attempts", got)
			}
			c.Close()
			<-c.Done()
		}
	})
}

// With DisableReconnect the end of the connection is the end.
func TestOptions_DisableReconnect(t *testing.T) {
	_, n := newServer(t, socketio.Config{})
	c := newClient(t, n, socketioclient.Options{DisableReconnect: true, Transports: []socketioclient.Transport{socketioclient.WebSocket}})
	s := c.Of("/", nil)
	seen := watch(s)
	connect(t, s)
	expect(t, seen, "connect", "welcome {}")
	c.Reconnect()
	expect(t, seen, "disconnect: forced close")
	connect(t, s)
	expect(t, seen, "connect", "welcome {}")
}

// A second Connect waits along, and its end is its own.
func TestSocket_ConnectTwice(t *testing.T) {
	f, n := newFake(t)
	c := newClient(t, n, socketioclient.Options{Transports: []socketioclient.Transport{socketioclient.WebSocket}})
	s := c.Of("/", nil)
	results := make(chan error, 1)
	go func() { results <- s.Connect(context.Background()) }()
	session := wait(t, "session", f.sessions)
	expect(t, f.got, "0")
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if err := s.Connect(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v", err)
	}
	check(t, session.Send(engineio.Text(`0{"sid":"x"}`)))
	check(t, wait(t, "Connect", results))
	check(t, s.Connect(ctx)) // connected already
}

// Disconnect and Connect while a CONNECT is on its way: the server is not asked
// again, which would end the connection (spec 2.3).
func TestSocket_ConnectAgainAtOnce(t *testing.T) {
	f, n := newFake(t)
	c := newClient(t, n, socketioclient.Options{Transports: []socketioclient.Transport{socketioclient.WebSocket}})
	other, s := c.Of("/", nil), c.Of("/s", nil)
	go func() { _ = other.Connect(t.Context()) }()
	session := wait(t, "session", f.sessions)
	expect(t, f.got, "0")
	check(t, session.Send(engineio.Text(`0{"sid":"x"}`)))
	connect(t, other)
	go func() { _ = s.Connect(t.Context()) }()
	expect(t, f.got, "0/s,")
	s.Disconnect()
	results := make(chan error, 1)
	go func() { results <- s.Connect(context.Background()) }()
	synced := make(chan error, 1)
	go func() { // one round trip
		_, err := other.EmitAck(context.Background(), "sync")
		synced <- err
	}()
	expect(t, f.got, `20["sync"]`)
	check(t, session.Send(engineio.Text("30[]"), engineio.Text(`0/s,{"sid":"y"}`)))
	check(t, wait(t, "sync", synced))
	if err := wait(t, "Connect", results); err != nil && s.Connected() {
		t.Error(err)
	}
	s.Disconnect()
	expect(t, f.got, "1/s,")
	// An answer that nobody waits for any more is answered with DISCONNECT.
	check(t, session.Send(engineio.Text(`0/gone,{"sid":"z"}`)))
	expect(t, f.got, "1/gone,")
}

// SEC-45 to SEC-49 in the direction of the client: packets that make no sense end
// the connection.
func TestClient_ParseError(t *testing.T) {
	const hello = `0{"sid":"x"}`
	for name, packets := range map[string][]*engineio.Message{
		"type":               {engineio.Text("9")},
		"empty":              {engineio.Text("")},
		"JSON":               {engineio.Text("2[")},
		"no array":           {engineio.Text(`2{"a":1}`)},
		"no event":           {engineio.Text("2[]")},
		"event name":         {engineio.Text("2[{}]")},
		"reserved event":     {engineio.Text(`2["connect"]`)},
		"ack":                {engineio.Text("30{}")},
		"disconnect":         {engineio.Text("1[]")},
		"connect":            {engineio.Text("0[]")},
		"connect JSON":       {engineio.Text(`0{"sid":1}`)},
		"refusal":            {engineio.Text("4{")},
		"binary":             {engineio.Binary([]byte{1})},
		"attachment missing": {engineio.Text(`51-["a",{"_placeholder":true,"num":0}]`), engineio.Text(`2["b"]`)},
		"attachment number":  {engineio.Text(`51-["a",{"_placeholder":true,"num":1}]`), engineio.Binary([]byte{1})},
		"attachment count":   {engineio.Text(`511-["a"]`)},
		"attachment size":    {engineio.Text(`51-["a",{"_placeholder":true,"num":0}]`), engineio.Binary(make([]byte, 990))},
		"deep":               {engineio.Text(`2["a",` + strings.Repeat("[", 490) + strings.Repeat("]", 490) + "]"), engineio.Text(`2["a",` + strings.Repeat("[", 495)), nil},
	} {
		t.Run(name, func(t *testing.T) {
			f, n := newFake(t, hello)
			c := newClient(t, n, socketioclient.Options{MaxMessage: 1000, Transports: []socketioclient.Transport{socketioclient.WebSocket}})
			s := c.Of("/", nil)
			reasons := make(chan socketioclient.DisconnectReason, 1)
			s.OnDisconnect(func(_ context.Context, reason socketioclient.DisconnectReason) { reasons <- reason })
			connect(t, s)
			packets = slices.DeleteFunc(packets, func(m *engineio.Message) bool { return m == nil })
			check(t, wait(t, "session", f.sessions).Send(packets...))
			if reason := wait(t, "disconnect", reasons); reason != socketioclient.ParseError {
				t.Errorf("reason %q", reason)
			}
		})
	}
}

// What is odd but harmless is passed over (spec 2.1, 2.4).
func TestClient_HarmlessPackets(t *testing.T) {
	f, n := newFake(t, `0{"sid":"x"}`)
	c := newClient(t, n, socketioclient.Options{Transports: []socketioclient.Transport{socketioclient.WebSocket}})
	s := c.Of("/", nil)
	seen := watch(s)
	connect(t, s)
	session := wait(t, "session", f.sessions)
	for _, m := range []string{"2", `2/other,["a"]`, "1/other,", `4/other,"x"`, "4/other,", "3[]", "377[]", "3/other,1[]", `0{"sid":"again"}`, `2["end"]`} {
		check(t, session.Send(engineio.Text(m)))
	}
	expect(t, seen, "connect", "end")
	if s.ID() != "x" {
		t.Error("another id")
	}
}

// Revision 4 of Socket.IO: an ERROR for a socket that is connected is news only,
// and the main namespace can be left and joined again.
func TestClient_Revision3Server(t *testing.T) {
	f, n := newFake(t, "0")
	c := newClient(t, n, socketioclient.Options{Revision: 3, Transports: []socketioclient.Transport{socketioclient.WebSocket}})
	other := c.Of("/other", nil)
	go func() { _ = other.Connect(t.Context()) }()
	session := wait(t, "session", f.sessions)
	expect(t, f.got, "0/other,")
	check(t, session.Send(engineio.Text("0/other,")))
	connect(t, other)
	s := c.Of("/", nil)
	seen := watch(s)
	connect(t, s) // nobody is asked
	check(t, session.Send(engineio.Text(`4"trouble"`), engineio.Text(`4{"code":1}`), engineio.Text(`4`)))
	for range 3 {
		expectLast(t, seen, "error: *socketioclient.ConnectError")
	}
	if !s.Connected() {
		t.Error("disconnected by an ERROR")
	}
	s.Disconnect()
	expect(t, seen, "disconnect: io client disconnect")
	expect(t, f.got, "1")
	connect(t, s) // version 2.x does not answer when it agrees
	expect(t, f.got, "0")
	expect(t, seen, "connect")
	check(t, session.Send(engineio.Text(`4"no"`)))
	expect(t, seen, "disconnect: io server disconnect", "error: *socketioclient.ConnectError")
	connect(t, s)
	expect(t, f.got, "0")
	check(t, session.Send(engineio.Text("0"), engineio.Text(`4"trouble"`), engineio.Text(`2["still here"]`)))
	expect(t, seen, "connect", "error: *socketioclient.ConnectError", "still here")
}

// An engine that shakes hands and then says nothing.
func silent(w http.ResponseWriter, r *http.Request) {
	if r.URL.Query().Get("sid") == "" {
		io.WriteString(w, silentOpen(r))
		return
	}
	if r.Method == http.MethodGet {
		<-r.Context().Done()
	}
}

func silentOpen(r *http.Request) string {
	open := `0{"sid":"s","upgrades":[],"pingInterval":25000,"pingTimeout":20000}`
	if r.URL.Query().Get("EIO") == "3" {
		return fmt.Sprintf("%d:%s2:40", len(open), open)
	}
	return open + "\x1e" + `40{"sid":"x"}`
}

// Spec 1.9: a server that says nothing is given up.
func TestClient_PingTimeout(t *testing.T) {
	for revision, after := range map[int]time.Duration{4: 45 * time.Second, 3: 45 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			server := engineiotest.NewServer(http.HandlerFunc(silent))
			defer server.Close()
			c, err := socketioclient.New(server.URL, socketioclient.Options{Revision: revision, Dial: server.Dial, DisableReconnect: true})
			check(t, err)
			s := c.Of("/", nil)
			seen := watch(s)
			connect(t, s)
			begin := time.Now()
			if first, second := <-seen, <-seen; first != "connect" || second != "disconnect: ping timeout" {
				t.Errorf("%q, %q", first, second)
			}
			if waited := time.Since(begin); waited != after {
				t.Errorf("revision %d: given up after %v", revision, waited)
			}
			c.Close()
			<-c.Done()
		})
	}
}

// Answers that are none: refused with what the server says.
func TestClient_HandshakeRefused(t *testing.T) {
	answers := map[string]http.HandlerFunc{
		"code": func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, `{"code":4,"message":"Forbidden"}`, http.StatusForbidden)
		},
		"text":     func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "teapot", http.StatusTeapot) },
		"redirect": func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/", http.StatusFound) },
	}
	for name, answer := range answers {
		for _, transport := range []socketioclient.Transport{socketioclient.Polling, socketioclient.WebSocket} {
			n := &network{server: engineiotest.NewServer(answer)}
			defer n.server.Close()
			c := newClient(t, n, socketioclient.Options{DisableReconnect: true, Transports: []socketioclient.Transport{transport}})
			err := c.Of("/", nil).Connect(t.Context())
			var refused *socketioclient.HandshakeError
			if !errors.As(err, &refused) || !strings.Contains(err.Error(), fmt.Sprint("status ", refused.Status)) {
				t.Errorf("%s: %v", name, err)
				continue
			}
			if name == "code" && (refused.Status != 403 || refused.Code != 4 || refused.Message != "Forbidden") || name != "code" && refused.Code != -1 {
				t.Errorf("%s: %+v", name, refused)
			}
		}
	}
}

// SEC-4, SEC-35 in the direction of the client, and nonsense instead of a handshake.
func TestClient_BadHandshake(t *testing.T) {
	for name, body := range map[string]string{
		"empty":     "",
		"message":   "4x",
		"no JSON":   "0{",
		"no sid":    `0{"pingInterval":1,"pingTimeout":1}`,
		"heartbeat": `0{"sid":"x","pingInterval":0,"pingTimeout":0}`,
		"forever":   `0{"sid":"x","pingInterval":9007199254740991,"pingTimeout":1}`,
		"large":     "0" + strings.Repeat(" ", 3000),
	} {
		n := &network{server: engineiotest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, body) }))}
		defer n.server.Close()
		c := newClient(t, n, socketioclient.Options{DisableReconnect: true, MaxMessage: 1000})
		if err := c.Of("/", nil).Connect(t.Context()); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// An attempt that takes too long is given up.
func TestOptions_Timeout(t *testing.T) {
	hang := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	for _, transport := range []socketioclient.Transport{socketioclient.Polling, socketioclient.WebSocket} {
		synctest.Test(t, func(t *testing.T) {
			server := engineiotest.NewServer(hang)
			defer server.Close()
			c, err := socketioclient.New(server.URL, socketioclient.Options{Dial: server.Dial, DisableReconnect: true, Transports: []socketioclient.Transport{transport}})
			check(t, err)
			begin := time.Now()
			if err := c.Of("/", nil).Connect(t.Context()); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%v", err)
			}
			if waited := time.Since(begin); waited != 20*time.Second {
				t.Errorf("waited %v", waited)
			}
			c.Close()
			<-c.Done()
		})
	}
}

// Spec 1.10: a failed upgrade leaves the session on polling.
func TestClient_UpgradeFails(t *testing.T) {
	srv, err := socketio.NewServer(socketio.Config{})
	check(t, err)
	srv.Of("/").HandleFunc("echo", func(_ context.Context, e *socketio.Event) error { return e.Ack(e.Args()) })
	refused := make(chan struct{}, 10)
	n := &network{server: engineiotest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("transport") == "websocket" {
			http.Error(w, "no websockets here", 400)
			refused <- struct{}{}
			return
		}
		srv.ServeHTTP(w, r)
	}))}
	t.Cleanup(func() {
		n.server.Close()
		ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
		defer cancel()
		_ = srv.Shutdown(ctx)
	})
	c := newClient(t, n, socketioclient.Options{})
	s := c.Of("/", nil)
	connect(t, s)
	wait(t, "upgrade", refused)
	ask(t, s, "echo")
	if c.Transport() != socketioclient.Polling {
		t.Errorf("transport %q", c.Transport())
	}
}

// Nothing is lost, doubled or reordered while the transport changes.
func TestClient_UpgradeUnderLoad(t *testing.T) {
	for _, revision := range []int{4, 3} {
		_, n := newServer(t, socketio.Config{})
		upgraded := make(chan struct{}, 1)
		c := newClient(t, n, socketioclient.Options{Revision: revision, OnTransport: func(tr socketioclient.Transport) {
			if tr == socketioclient.WebSocket {
				upgraded <- struct{}{}
			}
		}})
		s := c.Of("/", nil)
		var next atomic.Int64
		s.On("echoed", func(_ context.Context, e *socketioclient.Event) {
			var i int64
			check(t, e.Decode(&i))
			if want := next.Load(); i != want {
				t.Errorf("%d came instead of %d", i, want)
			}
			next.Store(i + 1)
		})
		connect(t, s)
		sent := 0
		emit := func() {
			for errors.Is(s.Emit("echo", sent), socketioclient.ErrBufferFull) {
				check(t, c.Flush(t.Context()))
			}
			sent++
		}
		for len(upgraded) == 0 {
			emit()
			check(t, c.Flush(t.Context()))
		}
		for range 100 {
			emit()
		}
		done := make(chan struct{})
		s.On("n", func(context.Context, *socketioclient.Event) { close(done) })
		check(t, s.Emit("burst", 1))
		wait(t, "the last event", done)
		if got := next.Load(); got != int64(sent) {
			t.Errorf("revision %d: %d of %d came", revision, got, sent)
		}
	}
}

// Header, query, cookies and TLS on every transport, over TCP.
func TestOptions_HTTP(t *testing.T) {
	each(t, func(t *testing.T, o socketioclient.Options) {
		srv, err := socketio.NewServer(socketio.Config{
			Path:   "/live",
			Engine: engineio.Config{Cookie: &http.Cookie{Name: "io"}},
		})
		check(t, err)
		srv.Of("/").HandleFunc("whoami", func(_ context.Context, e *socketio.Event) error {
			h := e.Socket().Handshake()
			return e.Ack(h.Header.Get("X-Test"), h.Query.Get("q"), h.Header.Get("Cookie"), h.Secure, h.Header.Get("Cookie") != "")
		})
		server := httptest.NewTLSServer(srv)
		defer server.Close()
		jar, err := cookiejar.New(nil)
		check(t, err)
		u := &url.URL{Scheme: "https", Host: "example.com", Path: "/live/"}
		jar.SetCookies(u, []*http.Cookie{{Name: "a", Value: "1"}})
		o.Path, o.Jar, o.Query = "/live", jar, url.Values{"q": {"ü&"}}
		o.Header = http.Header{"X-Test": {"yes"}, "Host": {"example.com"}}
		o.TLS = server.Client().Transport.(*http.Transport).TLSClientConfig
		o.Logger = slog.New(slog.NewTextHandler(io.Discard, &slog.HandlerOptions{Level: slog.LevelDebug}))
		c, err := socketioclient.New(strings.Replace(server.URL, "https", "wss", 1), o)
		check(t, err)
		defer func() { <-c.Done() }()
		defer c.Close()
		s := c.Of("/", nil)
		connect(t, s)
		var header, query, cookie string
		var secure bool
		check(t, ask(t, s, "whoami").Decode(&header, &query, &cookie, &secure))
		if header != "yes" || query != "ü&" || cookie != "a=1" || !secure {
			t.Errorf("%q %q %q %t", header, query, cookie, secure)
		}
		if len(o.Transports) == 1 && o.Transports[0] == socketioclient.Polling && len(jar.Cookies(u)) != 2 {
			t.Errorf("cookies %v", jar.Cookies(u))
		}
		c.Close()
		wait(t, "end", c.Done())
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		_ = srv.Shutdown(ctx)
	})
}

// Flush ends with its context.
func TestClient_FlushContext(t *testing.T) {
	n := &network{server: engineiotest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			_, _ = io.Copy(io.Discard, r.Body)
			<-r.Context().Done()
			return
		}
		silent(w, r)
	}))}
	defer n.server.Close()
	c := newClient(t, n, socketioclient.Options{})
	s := c.Of("/", nil)
	connect(t, s)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if err := c.Flush(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v", err)
	}
	for s.Emit("x", make([]byte, 1<<19)) == nil { // the POST never ends
	}
	flushed := make(chan error, 1)
	go func() { flushed <- c.Flush(context.Background()) }()
	n.server.Close()
	if err := wait(t, "flush", flushed); !errors.Is(err, socketioclient.ErrDisconnected) {
		t.Errorf("%v", err)
	}
}
