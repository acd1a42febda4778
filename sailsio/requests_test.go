package sailsio_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-sails/sails/sailsio"
	"github.com/go-sails/sails/sailsio/action"
	"github.com/go-sails/sails/sailsio/sailstest"
	"github.com/go-sails/sails/socketio"
	"github.com/go-sails/sails/virtualrequest"
)

func TestRequest_BothRevisions(t *testing.T) { // RS-1..3, VR-2, VS-1
	mux := routes()
	mux.HandleFunc("/echo", func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		check(t, err)
		action.JSON(w, r, map[string]any{"method": r.Method, "query": r.URL.RawQuery, "body": json.RawMessage(body)})
	})
	for _, revision := range []int{3, 4} {
		t.Run(fmt.Sprint("EIO", revision), func(t *testing.T) {
			w := newWorld(t, sailsio.Config{Handler: mux})
			c := w.connect(sailstest.Options{Revision: revision})
			for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"} {
				r := c.do(method, "/echo?x=1", map[string]any{"a": []int{1}})
				is(t, r, `{"body":{"method":"`+method+`","query":"x=1","body":{"a":[1]}},"headers":{},"statusCode":200}`)
			}
		})
	}
}

func TestRequest_SocketInContext(t *testing.T) { // SK-3
	mux := routes()
	mux.HandleFunc("/who", func(w http.ResponseWriter, r *http.Request) {
		s, ok := sailsio.SocketFromContext(r.Context())
		if ok != (sailsio.SocketID(r) != "") || ok && s.ID() != sailsio.SocketID(r) {
			t.Error("SocketFromContext and SocketID disagree")
		}
		action.Send(w, r, sailsio.SocketID(r))
	})
	w := newWorld(t, sailsio.Config{Handler: mux})
	for _, revision := range []int{3, 4} {
		c := w.connect(sailstest.Options{Revision: revision})
		is(t, c.do("GET", "/who", nil), `{"body":"`+c.ID()+`","headers":{},"statusCode":200}`)
	}
	r, err := w.server.Client().Get(sailstest.URL + "/who")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	if text, err := io.ReadAll(r.Body); err != nil || len(text) != 0 {
		t.Errorf("plain HTTP: id %q, %v", text, err)
	}
	if sailsio.SocketID(nil) != "" {
		t.Error("SocketID(nil)")
	}
}

func TestRequest_EmitBeforeAnswer(t *testing.T) { // RS-10
	var app *sailsio.App
	mux := routes()
	mux.HandleFunc("/emit", func(w http.ResponseWriter, r *http.Request) {
		for i := range 3 {
			check(t, app.Sockets().Broadcast(r.Context(), sailsio.SocketID(r), "step", i))
		}
		action.OK(w, r)
	})
	w := newWorld(t, sailsio.Config{Handler: mux})
	app = w.app
	c := w.connect()
	for range 50 {
		c.do("POST", "/emit", nil)
		c.got(`["step",0]`, `["step",1]`, `["step",2]`) // all were there when the answer came
	}
}

func TestRequest_OrderOfOneBurst(t *testing.T) { // VR-13
	// In a bubble: on a busy machine a handler may lose its head start by waiting
	// for a processor.
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var order []string
		mux := routes()
		mux.HandleFunc("/n/{n}", func(w http.ResponseWriter, r *http.Request) {
			mu.Lock()
			defer mu.Unlock()
			order = append(order, r.PathValue("n"))
		})
		w := newWorld(t, sailsio.Config{Handler: mux})
		c := w.connect()
		var want []string
		for i := range 300 {
			check(t, c.Send("post", map[string]any{"url": fmt.Sprint("/n/", i)}))
			want = append(want, fmt.Sprint(i))
		}
		c.do("GET", "/ping", nil)
		if strings.Join(order, " ") != strings.Join(want, " ") {
			t.Errorf("order of start: %v", order)
		}
		w.end(c)
	})
}

func TestRequest_SlowDoesNotHoldUp(t *testing.T) { // VR-13, v08
	synctest.Test(t, func(t *testing.T) {
		mux := routes()
		mux.HandleFunc("/slow", func(w http.ResponseWriter, r *http.Request) {
			select {
			case <-time.After(250 * time.Millisecond):
			case <-r.Context().Done():
			}
			check(t, sailsioEmit(r, "slow"))
		})
		w := newWorld(t, sailsio.Config{Handler: mux})
		c := w.connect()
		begin := time.Now()
		slow := make(chan struct{})
		go func() {
			defer close(slow)
			c.do("GET", "/slow", nil)
		}()
		synctest.Wait()
		c.do("GET", "/ping", nil)
		if d := time.Since(begin); d > 20*time.Millisecond {
			t.Errorf("the fast request took %v", d)
		}
		<-slow
		if d := time.Since(begin); d < 250*time.Millisecond {
			t.Errorf("the slow request took %v", d)
		}
		c.got(`["slow"]`)
		w.end(c)
	})
}

func sailsioEmit(r *http.Request, event string, args ...any) error {
	s, ok := sailsio.SocketFromContext(r.Context())
	if !ok {
		return sailsio.ErrNotSocket
	}
	return s.Emit(event, args...)
}

func TestRequest_ContextEndsWithTheClient(t *testing.T) { // SEC-72
	started := make(chan struct{})
	ended := make(chan error, 1)
	mux := routes()
	mux.HandleFunc("/wait", func(w http.ResponseWriter, r *http.Request) {
		close(started)
		<-r.Context().Done()
		ended <- context.Cause(r.Context())
	})
	w := newWorld(t, sailsio.Config{Handler: mux})
	c := w.connect()
	check(t, c.Send("get", map[string]any{"url": "/wait"}))
	<-started
	c.Close()
	select {
	case err := <-ended:
		if _, ok := err.(socketio.DisconnectReason); !ok {
			t.Errorf("cause %v, want the reason of the disconnection", err)
		}
	case <-w.ctx.Done():
		t.Fatal("the handler's context did not end")
	}
}

func TestRequest_WithoutAckRunsSilently(t *testing.T) { // RS-8, ER-5: a falsy second argument is no callback
	ran := make(chan string, 4)
	mux := routes()
	mux.HandleFunc("/run/{n}", func(_ http.ResponseWriter, r *http.Request) { ran <- r.PathValue("n") })
	w := newWorld(t, sailsio.Config{Handler: mux})
	c := w.connect()
	check(t, c.Send("post", map[string]any{"url": "/run/a"}))
	check(t, c.Send("post", map[string]any{"url": "/run/b"}, nil))
	check(t, c.Send("post", map[string]any{"url": "/run/c"}, 0))
	// With an ack id, but a falsy argument in the callback's place: never answered.
	ctx, cancel := context.WithTimeout(w.ctx, 50*time.Millisecond)
	defer cancel()
	if a, err := c.Call(ctx, "post", map[string]any{"url": "/run/d"}, false); err == nil {
		t.Errorf("answered %s", a)
	}
	c.sees()
	for _, want := range []string{"a", "b", "c", "d"} {
		if got := <-ran; got != want {
			t.Errorf("ran %s, want %s", got, want)
		}
	}
}

func parseErrorIs(t *testing.T, raw json.RawMessage, details string) {
	t.Helper()
	var e virtualrequest.ParseError
	if err := json.Unmarshal(raw, &e); err != nil {
		t.Fatal(err)
	}
	if e.Code != "SAILS:HOOK:SOCKETS:PARSE_VIRTUAL_REQ" || e.Status != 400 ||
		e.Name != "Error (SAILS:HOOK:SOCKETS:PARSE_VIRTUAL_REQ):" ||
		e.Message != "Failed to parse incoming socket.io request." || !strings.HasPrefix(e.Details, details) {
		t.Errorf("error %s, want details %q", raw, details)
	}
	if strings.Contains(string(raw), "statusCode") || strings.Contains(string(raw), "goroutine") {
		t.Errorf("error %s", raw)
	}
}

func TestRequest_ParseErrors(t *testing.T) { // ER-1..5, ER-7..9, SEC-61
	w := newWorld(t, sailsio.Config{Handler: routes()})
	c := w.connect()
	for _, bad := range []struct {
		args    []any
		details string
	}{
		{[]any{map[string]any{}}, "No url provided in request: {}"},
		{[]any{map[string]any{"url": 42}}, "Invalid url provided: 42"},
		{[]any{nil}, "No url provided in request: null"},
		{[]any{"text"}, "No url provided in request:"},
	} {
		answer, err := c.Call(w.ctx, "get", bad.args...)
		if err != nil || len(answer) != 1 {
			t.Fatalf("%v: %s, %v", bad.args, answer, err)
		}
		parseErrorIs(t, answer[0], bad.details)
	}
	c.got() // nothing was emitted
	for _, bad := range []struct {
		args    []any
		details string
	}{
		{[]any{map[string]any{"url": ""}}, "No url provided in request: { url: '' }"},
		{nil, "No url provided in request:"},
		{[]any{map[string]any{"url": "/ping"}, "x"}, "Could not parse request- callback may be omitted"},
		{[]any{map[string]any{}, map[string]any{}}, "Could not parse request- callback may be omitted"}, // ER-7
	} {
		check(t, c.Send("get", bad.args...))
		e, err := c.ExpectEvent(w.ctx, "sails:parseError")
		if err != nil {
			t.Fatal(err)
		}
		parseErrorIs(t, e.Args[0], bad.details)
	}
	// ER-5, ER-8: also with an ack id, which is then never answered.
	for _, args := range [][]any{{map[string]any{"url": "/ping"}, "x"}, nil} {
		ctx, cancel := context.WithTimeout(w.ctx, 50*time.Millisecond)
		if a, err := c.Call(ctx, "get", args...); err == nil {
			t.Errorf("answered %s", a)
		}
		cancel()
		e, err := c.ExpectEvent(w.ctx, "sails:parseError")
		if err != nil {
			t.Error(err)
		} else if args == nil {
			parseErrorIs(t, e.Args[0], "No url provided in request: [Function") // the acknowledgement is taken for the message
		}
	}
	c.sees() // the socket lives
}

func TestRequest_OtherEventsAreIgnored(t *testing.T) { // VR-1, SU-34
	w := newWorld(t, sailsio.Config{Handler: routes()})
	c := w.connect()
	for _, event := range []string{"trace", "GET", "custom", "connectx"} {
		check(t, c.Send(event, map[string]any{"url": "/ping"}))
	}
	c.sees()
}

func TestRequest_SDKVersion(t *testing.T) { // ER-6, ER-9, VS-5, CN-10, CN-11
	w := newWorld(t, sailsio.Config{Handler: routes()})
	plain := newWorld(t, sailsio.Config{Handler: routes(), AllowPlainClients: true})
	for _, c := range []struct {
		w       *world
		options sailstest.Options
		refused string // the version that the error names
	}{
		{w, sailstest.Options{SDK: "1.2.1"}, ""},
		{w, sailstest.Options{SDK: "0.11.0"}, ""},
		{w, sailstest.Options{SDK: "1.0.0-beta"}, ""},
		{w, sailstest.Options{SDK: "0.10.9"}, "0.10.9"},
		{w, sailstest.Options{SDK: "garbage"}, "garbage"},
		{w, sailstest.Options{SDK: "none"}, "0.9.0"},
		{w, sailstest.Options{SDK: "none", Header: http.Header{"__sails_io_sdk_version": {"0.13.0"}}}, ""},
		{w, sailstest.Options{SDK: "1.2.1", Header: http.Header{"__sails_io_sdk_version": {"0.9.1"}}}, "0.9.1"},
		{plain, sailstest.Options{SDK: "none", Revision: 4}, ""},
		{plain, sailstest.Options{SDK: "0.10.9"}, "0.10.9"},
	} {
		r := c.w.connect(c.options).do("GET", "/ping", nil)
		if c.refused == "" {
			is(t, r, `{"body":"pong","headers":{},"statusCode":200}`)
			continue
		}
		parseErrorIs(t, r.Raw, "This version of Sails is not compatible with the socket.io/sails.io.js client SDK version you are using ("+c.refused+")")
	}
}

func TestRequest_Panic(t *testing.T) { // SEC-73
	mux := routes()
	mux.HandleFunc("/boom", func(http.ResponseWriter, *http.Request) { panic("secret detail") })
	w := newWorld(t, sailsio.Config{Handler: mux})
	c := w.connect()
	r := c.do("GET", "/boom", nil)
	if r.StatusCode != 500 || strings.Contains(string(r.Raw), "secret") {
		t.Errorf("answer %s", r.Raw)
	}
	check(t, c.Send("get", map[string]any{"url": "/boom"}))
	c.sees()
}

func TestRequest_Timeout(t *testing.T) { // SEC-72
	cancelled, release := make(chan struct{}), make(chan struct{})
	mux := routes()
	mux.HandleFunc("/never", func(_ http.ResponseWriter, r *http.Request) {
		<-r.Context().Done()
		<-release
		close(cancelled)
	})
	w := newWorld(t, sailsio.Config{Handler: mux, RequestTimeout: 20 * time.Millisecond})
	c := w.connect()
	if r := c.do("GET", "/never", nil); r.StatusCode != 503 {
		t.Errorf("answer %s", r.Raw)
	}
	close(release)
	<-cancelled
	c.sees()
}

func TestRequest_OverloadIsAnswered(t *testing.T) { // SEC-3, SEC-72
	release := make(chan struct{})
	mux := routes()
	mux.HandleFunc("/never", func(http.ResponseWriter, *http.Request) { <-release })
	w := newWorld(t, sailsio.Config{Handler: mux, MaxInFlightTotal: 2})
	c := w.connect()
	for w.app.Stats().InFlight > 0 { // the request of connect is answered, but still counted
		runtime.Gosched()
	}
	check(t, c.Send("get", map[string]any{"url": "/never"}))
	check(t, c.Send("get", map[string]any{"url": "/never"}))
	is(t, c.do("GET", "/ping", nil), `{"body":"Service Unavailable","headers":{},"statusCode":503}`)
	check(t, c.Send("get", map[string]any{"url": "/ping"}))
	check(t, c.Send("get", map[string]any{}))
	if _, err := c.ExpectEvent(w.ctx, "sails:parseError"); err != nil {
		t.Error(err)
	}
	if got := w.app.Stats(); got != (sailsio.Stats{InFlight: 2, Overloads: 2, ParseErrors: 1}) {
		t.Errorf("stats %+v", got)
	}
	close(release)
}

func TestRequest_Binary(t *testing.T) { // RS-2: binary bodies travel as attachments
	mux := routes()
	mux.HandleFunc("/bytes", func(w http.ResponseWriter, r *http.Request) { action.Send(w, r, []byte{0, 1, 2, 250, 255}) })
	mux.HandleFunc("/body", func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		check(t, err)
		action.Send(w, r, string(body))
	})
	w := newWorld(t, sailsio.Config{Handler: mux})
	c := w.connect()
	r := c.do("GET", "/bytes", nil)
	var got []byte
	if err := r.Decode(&got); err != nil || string(got) != "\x00\x01\x02\xfa\xff" || r.StatusCode != 200 {
		t.Errorf("answer %s, %v", r.Raw, err)
	}
	r = c.do("POST", "/body", map[string]any{"bin": []byte("abc")})
	is(t, r, `{"body":"{\"bin\":\"YWJj\"}","headers":{},"statusCode":200}`)
}

func TestRequest_OmitHeadersAndStatus(t *testing.T) { // RS-6, RS-7, SU-4
	w := newWorld(t, sailsio.Config{Handler: routes(), OmitStatusCode: true})
	is(t, w.connect().do("GET", "/ping", nil), `{"body":"pong","headers":{}}`)
	w = newWorld(t, sailsio.Config{Handler: routes(), OmitResponseHeaders: true})
	is(t, w.connect().do("GET", "/ping", nil), `{"body":"pong","statusCode":200}`)
}

func TestRequest_Recursion(t *testing.T) { // SEC-70
	mux := routes()
	w := newWorld(t, sailsio.Config{Handler: mux})
	mux.Handle("/socket.io/", w.app) // as an application may mount it
	if r := w.connect().do("GET", "/socket.io/?EIO=4&transport=polling", nil); r.StatusCode != 404 {
		t.Errorf("answer %s", r.Raw)
	}
}

func TestRequest_IsolationOfAnswers(t *testing.T) { // SEC-80
	mux := routes()
	mux.HandleFunc("/me", func(w http.ResponseWriter, r *http.Request) { action.Send(w, r, sailsio.SocketID(r)) })
	w := newWorld(t, sailsio.Config{Handler: mux})
	var wg sync.WaitGroup
	for range 8 {
		c := w.connect()
		wg.Add(1)
		go func() {
			defer wg.Done()
			for range 200 {
				r, err := c.Get(w.ctx, "/me", nil)
				var id string
				if err != nil || r.Decode(&id) != nil || id != c.ID() {
					t.Errorf("socket %s got the answer of %q, %v", c.ID(), id, err)
					return
				}
			}
		}()
	}
	wg.Wait()
}

func TestRequest_FloodIsBounded(t *testing.T) { // SEC-71, SEC-72, SEC-88
	synctest.Test(t, func(t *testing.T) {
		mux := routes()
		mux.HandleFunc("/never", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
		w := newWorld(t, sailsio.Config{Handler: mux, MaxParked: 500})
		flooder, other := w.connect(), w.connect()
		flooded := make(chan error, 1)
		go func() {
			var err error
			for range 5000 {
				err = errors.Join(err, flooder.Send("get", map[string]any{"url": "/never"}))
			}
			flooded <- err
		}()
		begin := time.Now()
		for second := range 5 {
			time.Sleep(time.Until(begin.Add(time.Duration(second)*time.Second + time.Millisecond))) // virtual time
			at := time.Now()
			other.do("GET", "/ping", nil)
			if d := time.Since(at); d > headStart {
				t.Errorf("another client waited %v", d)
			}
			if n := w.app.Stats().InFlight; n > int64(64*(second+1)+1) {
				t.Errorf("%d requests in flight after %d seconds", n, second)
			}
		}
		time.Sleep(10 * time.Second) // virtual time
		stats := w.app.Stats()
		if stats.InFlight < 500 || stats.InFlight > 564 || stats.Overloads == 0 {
			t.Errorf("at the bound: %+v", stats)
		}
		check(t, <-flooded) // what was not read at first was read later
		flooder.Close()
		synctest.Wait()
		if n := w.app.Stats().InFlight; n != 0 {
			t.Errorf("%d requests in flight after the client has gone", n)
		}
		other.sees()
		w.end(other)
	})
}

// headStart is how long one request may hold up the next.
const headStart = 10 * time.Millisecond
