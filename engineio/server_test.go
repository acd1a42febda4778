package engineio_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-sails/sails/engineio"
)

// Spec sheet 1.3: which check answers, with which code, over HTTP.
func TestServe_Refusals(t *testing.T) {
	h := newRecorder()
	r := newRig(t, h, engineio.Config{})
	q, sid := r.open(4)
	_, ws := r.openWS(4)
	tests := []struct {
		name, method, query string
		status, code        int
		message             string
	}{
		{"no transport", "GET", "EIO=4", 400, 0, "Transport unknown"},
		{"unknown transport", "GET", "EIO=4&transport=carrier-pigeon", 400, 0, "Transport unknown"},
		{"transport in another case", "GET", "EIO=4&transport=Polling", 400, 0, "Transport unknown"},
		{"webtransport over HTTP", "GET", "EIO=4&transport=webtransport", 400, 0, "Transport unknown"},
		{"SEC-34 internal name", "GET", "EIO=4&transport=__proto__", 400, 0, "Transport unknown"},
		{"unknown sid", "GET", "EIO=4&transport=polling&sid=nope", 400, 1, "Session ID unknown"},
		{"SEC-34 internal sid", "GET", "EIO=4&transport=polling&sid=__proto__", 400, 1, "Session ID unknown"},
		{"handshake by POST", "POST", "EIO=4&transport=polling", 400, 2, "Bad handshake method"},
		{"handshake by OPTIONS without CORS", "OPTIONS", "EIO=4&transport=polling", 400, 2, "Bad handshake method"},
		{"websocket without upgrade", "GET", "EIO=4&transport=websocket", 400, 3, "Bad request"},
		{"SEC-31 polling a WebSocket session", "GET", "EIO=4&transport=polling&sid=" + ws, 400, 3, "Bad request"},
		{"SEC-31 websocket request without upgrade on a polling session", "GET", "EIO=4&transport=websocket&sid=" + sid, 400, 3, "Bad request"},
		{"SEC-32 other revision", "GET", "EIO=3&transport=polling&sid=" + sid, 400, 3, "Bad request"},
		{"SEC-32 unknown revision", "GET", "EIO=5&transport=polling", 400, 5, "Unsupported protocol version"},
		{"SEC-32 no number", "GET", "EIO=abc&transport=polling", 400, 5, "Unsupported protocol version"},
		{"repeated key, the last counts", "GET", "EIO=4&transport=polling&transport=x", 400, 0, "Transport unknown"},
		{"bracketed key is another key", "GET", "EIO=4&transport[]=polling", 400, 0, "Transport unknown"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := r.must(r.do(tt.method, tt.query, ""))
			want := fmt.Sprintf(`{"code":%d,"message":"%s"}`, tt.code, tt.message)
			if a.status != tt.status || a.body != want || a.header.Get("Content-Type") != "application/json" {
				t.Fatalf("got %d %s %s, want %d %s", a.status, a.header.Get("Content-Type"), a.body, tt.status, want)
			}
		})
	}
	if a := r.post(q, "4unharmed"); a.body != "ok" {
		t.Fatal("session was harmed")
	}
}

// Spec sheet 1.3: over WebSocket the answer is the bare message.
func TestServe_RefusalsOfUpgrades(t *testing.T) {
	r := newRig(t, newRecorder(), engineio.Config{AllowRequest: func(r *http.Request) error {
		switch r.URL.Query().Get("deny") {
		case "":
			return nil
		case "message":
			return &engineio.Refusal{Message: "go away"}
		case "panic":
			panic("hook")
		}
		return errors.New("no text for the client")
	}})
	for query, want := range map[string]string{
		"EIO=4&transport=x":                      "Transport unknown",
		"EIO=4&transport=polling":                "Bad request",
		"EIO=4&transport=websocket&sid=nope":     "Session ID unknown",
		"EIO=4&transport=websocket&deny=message": "go away",
		"EIO=4&transport=websocket&deny=yes":     "Forbidden",
		"EIO=4&transport=websocket&deny=panic":   "Forbidden", // SEC-44
		"EIO=9&transport=websocket":              "Unsupported protocol version",
	} {
		res, body := r.rawRequest("GET /engine.io/?" + query + " HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
			"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n")
		if res.StatusCode != 400 || body != want || res.Header.Get("Content-Type") != "text/html" || !res.Close {
			t.Errorf("%s: %d %q %v", query, res.StatusCode, body, res.Header)
		}
	}
	if a := r.get("EIO=4&transport=polling&deny=message"); a.status != 403 || a.body != `{"code":4,"message":"go away"}` {
		t.Errorf("polling: %d %s", a.status, a.body)
	}
	if a := r.get("EIO=4&transport=polling&deny=1"); a.status != 403 || a.body != `{"code":4,"message":"Forbidden"}` {
		t.Errorf("polling: %d %s", a.status, a.body)
	}
	if n := r.engine.Stats().Refused[engineio.Forbidden]; n != 5 { // SEC-93
		t.Errorf("counted %d forbidden requests, want 5", n)
	}
}

// SEC-44: a hook that does not answer refuses.
func TestServe_HookTimesOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		r := newPipeRig(t, newRecorder(), engineio.Config{AllowRequest: func(*http.Request) error { <-release; return nil }})
		began := time.Now()
		if a := r.get("EIO=4&transport=polling"); a.status != 403 || time.Since(began) != 10*time.Second {
			t.Fatalf("%d after %v", a.status, time.Since(began))
		}
		close(release)
	})
}

// Spec sheet 1.4: exactly five keys in either revision.
func TestHandshake_OpenPacket(t *testing.T) {
	r := newRig(t, newRecorder(), engineio.Config{})
	ids := map[string]bool{}
	for _, eio := range []string{"", "1", "2", "3", "4"} {
		q := "transport=polling"
		if eio != "" {
			q += "&EIO=" + eio
		}
		body := r.get(q).body
		if eio != "4" {
			length, rest, _ := strings.Cut(body, ":")
			if fmt.Sprint(len(rest)) != length {
				t.Fatalf("EIO %q: length %s of %q", eio, length, rest)
			}
			body = rest
		}
		var open map[string]any
		if body[0] != '0' || json.Unmarshal([]byte(body[1:]), &open) != nil || len(open) != 5 {
			t.Fatalf("open packet %q", body)
		}
		sid := open["sid"].(string)
		if len(sid) != 20 || strings.Trim(sid, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") != "" || ids[sid] { // SEC-29
			t.Fatalf("sid %q", sid)
		}
		ids[sid] = true
		if fmt.Sprint(open["upgrades"]) != "[websocket]" || open["pingInterval"] != 25000.0 || open["pingTimeout"] != 20000.0 || open["maxPayload"] != 1e6 {
			t.Fatalf("open packet %q", body)
		}
	}
	w, _, err := r.dialWS("EIO=3&transport=websocket")
	if err != nil {
		t.Fatal(err)
	}
	if open := w.next(); !strings.Contains(open, `"upgrades":[]`) {
		t.Fatal(open)
	}
	r = newRig(t, newRecorder(), engineio.Config{DisableUpgrades: true, DisableEIO3: true})
	if a := r.get("EIO=4&transport=polling"); !strings.Contains(a.body, `"upgrades":[]`) {
		t.Fatal(a.body)
	}
	if a := r.get("EIO=3&transport=polling"); a.status != 400 || !strings.Contains(a.body, `"code":5`) {
		t.Fatal(a)
	}
}

func TestHandshake_InitialPacketAndOnOpen(t *testing.T) {
	h := newRecorder()
	h.onOpen = func(s *engineio.Session) error { return s.Send(engineio.Text("from OnOpen")) }
	r := newRig(t, h, engineio.Config{InitialPacket: engineio.Text("hello")})
	a := r.get("EIO=4&transport=polling")
	if parts := strings.Split(a.body, "\x1e"); len(parts) != 2 || parts[1] != "4hello" {
		t.Fatalf("handshake answered %q", a.body)
	}
	if a := r.get("EIO=4&transport=polling&sid=" + sidOf(t, a.body)); a.body != "4from OnOpen" {
		t.Fatalf("first poll got %q", a.body)
	}
	w, _ := r.openWS(3)
	w.want("4hello", "4from OnOpen")
}

func TestHandshake_RefusedByHandler(t *testing.T) {
	h := newRecorder()
	h.onOpen = func(s *engineio.Session) error {
		if s.Request().URL.Query().Get("who") == "panic" {
			panic("OnOpen")
		}
		return &engineio.Refusal{Message: "full"}
	}
	r := newRig(t, h, engineio.Config{})
	if a := r.get("EIO=4&transport=polling"); a.status != 403 || a.body != `{"code":4,"message":"full"}` {
		t.Fatal(a)
	}
	if a := r.get("EIO=4&transport=polling&who=panic"); a.status != 403 { // SEC-1
		t.Fatal(a)
	}
	if _, res, err := r.dialWS("EIO=4&transport=websocket"); err == nil || res.StatusCode != 400 {
		t.Fatal("accepted")
	}
	if n := r.engine.Stats().Sessions; n != 0 {
		t.Fatalf("%d sessions left", n)
	}
}

// SEC-13, SEC-14: the origin is judged on every transport and every request.
func TestOrigin(t *testing.T) {
	list := engineio.Config{AllowOrigins: []string{"http://good.example", "https://also.example:8443"}}
	tests := []struct {
		name   string
		cfg    engineio.Config
		header []string
		ok     bool
	}{
		{"default, none", engineio.Config{}, nil, true},
		{"default, same", engineio.Config{}, []string{"Origin", "http://HOST"}, true},
		{"default, same behind TLS", engineio.Config{}, []string{"Origin", "https://HOST"}, true},
		{"default, bare host of old Node clients", engineio.Config{}, []string{"Origin", "HOST"}, true},
		{"default, other bare host", engineio.Config{}, []string{"Origin", "evil.example"}, false},
		{"default, other", engineio.Config{}, []string{"Origin", "http://evil.example"}, false},
		{"default, suffix", engineio.Config{}, []string{"Origin", "http://HOST.evil.example"}, false},
		{"default, userinfo", engineio.Config{}, []string{"Origin", "http://HOST@evil.example"}, false},
		{"default, null", engineio.Config{}, []string{"Origin", "null"}, false},
		{"default, other scheme", engineio.Config{}, []string{"Origin", "ftp://HOST"}, false},
		{"default, cross-site without Origin", engineio.Config{}, []string{"Sec-Fetch-Site", "cross-site"}, false},
		{"required, none", engineio.Config{RequireOrigin: true}, nil, false},
		{"list, listed", list, []string{"Origin", "http://good.example"}, true},
		{"list, listed with port", list, []string{"Origin", "https://also.example:8443"}, true},
		{"list, other port", list, []string{"Origin", "https://also.example"}, false},
		{"list, own host is not listed", list, []string{"Origin", "http://HOST"}, false},
		{"list, letter case", list, []string{"Origin", "http://GOOD.example"}, false},
		{"list, prefix", list, []string{"Origin", "http://good.example.evil"}, false},
		{"list, none", list, nil, false},
		{"list, missing allowed", engineio.Config{AllowOrigins: list.AllowOrigins, AllowMissingOrigin: true}, nil, true},
		{"any", engineio.Config{AllowOrigins: []string{"*"}}, []string{"Origin", "http://x.example"}, true},
		{"CORS list", engineio.Config{CORS: &engineio.CORS{Origins: []string{"http://a.example"}}}, []string{"Origin", "http://a.example"}, true},
		{"CORS list, other", engineio.Config{CORS: &engineio.CORS{Origins: []string{"http://a.example"}}}, []string{"Origin", "http://b.example"}, false},
		{"null listed", engineio.Config{AllowOrigins: []string{"null"}}, []string{"Origin", "null"}, true},
		{"illegal characters", engineio.Config{AllowOrigins: []string{"*"}}, []string{"Origin", "http://\u00e9.example"}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, newRecorder(), tt.cfg)
			header := slices.Clone(tt.header)
			for i := range header {
				header[i] = strings.Replace(header[i], "HOST", r.addr, 1)
			}
			a := r.get("EIO=4&transport=polling", header...)
			w, res, err := r.dialWS("EIO=4&transport=websocket", header...)
			if !tt.ok {
				if a.status != 400 || a.body != `{"code":3,"message":"Bad request"}` {
					t.Errorf("polling: %d %s", a.status, a.body)
				}
				if err == nil || res.StatusCode != 400 {
					t.Errorf("websocket: %v", err)
				}
				return
			}
			if a.status != 200 || err != nil {
				t.Fatalf("polling %d, websocket %v", a.status, err)
			}
			if !strings.HasPrefix(w.next(), "0{") {
				t.Fatal("no open packet")
			}
			q := "EIO=4&transport=polling&sid=" + sidOf(t, a.body)
			if evil := r.post(q, "4x", "Origin", "http://other.example"); evil.status == 200 && !slices.Contains(tt.cfg.AllowOrigins, "*") {
				t.Error("POST from another origin was accepted")
			}
			if a := r.post(q, "4x", header...); a.status != 200 {
				t.Errorf("POST: %d", a.status)
			}
		})
	}
}

// SEC-14: browsers send no Origin with a same-origin GET; the polls of an accepted
// session must work without.
func TestOrigin_LaterPollWithoutOrigin(t *testing.T) {
	h := newRecorder()
	h.onOpen = func(s *engineio.Session) error { return s.Send(engineio.Text("x")) }
	r := newRig(t, h, engineio.Config{AllowOrigins: []string{"http://good.example"}})
	a := r.get("EIO=4&transport=polling", "Origin", "http://good.example")
	q := "EIO=4&transport=polling&sid=" + sidOf(t, a.body)
	if a := r.get(q); a.body != "4x" {
		t.Fatal(a)
	}
	if a := r.post(q, "4x"); a.status != 400 {
		t.Fatal("POST without Origin was accepted")
	}
}

// Spec sheet 1.8, SEC-15: the headers of the cors package.
func TestCORS(t *testing.T) {
	r := newRig(t, newRecorder(), engineio.Config{CORS: &engineio.CORS{Origins: []string{"*"}}})
	a := r.get("EIO=4&transport=polling", "Origin", "http://x.example")
	if a.header.Get("Access-Control-Allow-Origin") != "*" || a.header.Get("Access-Control-Allow-Credentials") != "" {
		t.Fatal(a.header)
	}
	a = r.must(r.do("OPTIONS", "EIO=4&transport=polling", "", "Origin", "http://x.example", "Access-Control-Request-Headers", "x-a, x-b"))
	if a.status != 204 || a.header.Get("Access-Control-Allow-Methods") != "GET,HEAD,PUT,PATCH,POST,DELETE" || a.header.Get("Access-Control-Allow-Headers") != "x-a, x-b" {
		t.Fatal(a)
	}
	r = newRig(t, newRecorder(), engineio.Config{CORS: &engineio.CORS{
		Origins: []string{"http://one.example"}, Credentials: true, Methods: []string{"GET"}, Headers: []string{"x-a"}, ExposedHeaders: []string{"x-b"}, MaxAge: time.Minute,
	}})
	for _, a := range []answer{
		r.get("EIO=4&transport=polling", "Origin", "http://one.example"),
		r.get("EIO=4&transport=nonsense"), // error answers as well
	} {
		if a.header.Get("Access-Control-Allow-Origin") != "http://one.example" || a.header.Get("Access-Control-Allow-Credentials") != "true" ||
			a.header.Get("Vary") != "Origin" || a.header.Get("Access-Control-Expose-Headers") != "x-b" {
			t.Fatal(a.header)
		}
	}
	a = r.must(r.do("OPTIONS", "EIO=4&transport=polling", "", "Origin", "http://one.example"))
	if a.status != 204 || a.header.Get("Access-Control-Allow-Methods") != "GET" || a.header.Get("Access-Control-Allow-Headers") != "x-a" || a.header.Get("Access-Control-Max-Age") != "60" {
		t.Fatal(a)
	}
	r = newRig(t, newRecorder(), engineio.Config{CORS: &engineio.CORS{Origins: []string{"http://one.example", "http://two.example"}}})
	if a := r.get("EIO=4&transport=polling", "Origin", "http://two.example"); a.header.Get("Access-Control-Allow-Origin") != "http://two.example" {
		t.Fatal(a.header)
	}
	// CN-25: a bare allow-list names the accepted origin.
	r = newRig(t, newRecorder(), engineio.Config{AllowOrigins: []string{"http://one.example"}})
	if a := r.get("EIO=4&transport=polling", "Origin", "http://one.example"); a.header.Get("Access-Control-Allow-Origin") != "http://one.example" || a.header.Get("Vary") != "Origin" {
		t.Fatal(a.header)
	}
}

func TestNewServer_RefusesNonsense(t *testing.T) {
	for want, cfg := range map[string]engineio.Config{
		"Transports":          {Transports: []engineio.Transport{"pigeon"}},
		"PingInterval":        {PingInterval: -1},
		"PingTimeout":         {PingTimeout: time.Millisecond},
		"AllowOrigins":        {AllowOrigins: []string{"http://x.example/path"}},
		"CORS.Origins":        {CORS: &engineio.CORS{Origins: []string{"x.example"}}},
		"Credentials":         {CORS: &engineio.CORS{Origins: []string{"*"}, Credentials: true}}, // SEC-15
		"Config.WriteTimeout": {WriteTimeout: -time.Second},
	} {
		if _, err := engineio.NewServer(newRecorder(), cfg); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}

// SEC-10, SEC-11: sizes of URL and header.
func TestServe_Oversized(t *testing.T) {
	r := newRig(t, newRecorder(), engineio.Config{})
	if a := r.get("EIO=4&transport=polling&x=" + strings.Repeat("a", 17<<10)); a.status != 414 {
		t.Error("URL:", a.status)
	}
	if a := r.get("EIO=4&transport=polling" + strings.Repeat("&a", 1001)); a.status != 400 {
		t.Error("parameters:", a.status)
	}
	var many []string
	for i := range 300 {
		many = append(many, fmt.Sprint("X-", i), "v")
	}
	if a := r.get("EIO=4&transport=polling", many...); a.status != 431 {
		t.Error("header lines:", a.status)
	}
	if a := r.get("EIO=4&transport=polling", "X-Big", strings.Repeat("v", 70<<10)); a.status != 431 {
		t.Error("header bytes:", a.status)
	}
}

// SEC-3, SEC-37: caps are refused early, and stop counting what has gone.
func TestServe_Caps(t *testing.T) {
	h := newRecorder()
	r := newRig(t, h, engineio.Config{MaxSessions: 3, MaxSessionsPerAddr: 2})
	r.open(4)
	w, _ := r.openWS(4)
	a := r.get("EIO=4&transport=polling")
	if a.status != 503 || a.header.Get("Retry-After") == "" {
		t.Fatal(a)
	}
	if _, res, err := r.dialWS("EIO=4&transport=websocket"); err == nil || res.StatusCode != 503 {
		t.Fatal("accepted")
	}
	w.conn.Close()
	await(t, h.closed, "close")
	r.open(4)
	if n := r.engine.Stats().OverLimit; n != 2 {
		t.Fatal(n)
	}
}

// SEC-33: a sid alone is not enough when sessions are bound.
func TestServe_BoundSession(t *testing.T) {
	r := newRig(t, newRecorder(), engineio.Config{BindSession: func(r *http.Request) string { return r.Header.Get("Cookie") }})
	a := r.get("EIO=4&transport=polling", "Cookie", "me")
	q := "EIO=4&transport=polling&sid=" + sidOf(t, a.body)
	if a := r.post(q, "4x", "Cookie", "other"); a.body != `{"code":1,"message":"Session ID unknown"}` {
		t.Fatal(a)
	}
	if a := r.post(q, "4x", "Cookie", "me"); a.body != "ok" {
		t.Fatal(a)
	}
}

func TestUse_WrapsEveryRequest(t *testing.T) {
	h := newRecorder()
	engine, err := engineio.NewServer(h, engineio.Config{})
	if err != nil {
		t.Fatal(err)
	}
	var order []string
	for _, name := range []string{"outer", "inner"} {
		engine.Use(func(next http.Handler) http.Handler { // the first is outermost
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				order = append(order, name)
				next.ServeHTTP(w, r)
			})
		})
	}
	res := newResponse()
	req, _ := http.NewRequest("GET", "/?EIO=4&transport=nope", nil)
	engine.ServeHTTP(res, req)
	if fmt.Sprint(order) != "[outer inner]" || res.status != 400 {
		t.Fatal(order, res.status)
	}
}

type response struct {
	header http.Header
	status int
	body   strings.Builder
}

func newResponse() *response                    { return &response{header: http.Header{}} }
func (r *response) Header() http.Header         { return r.header }
func (r *response) WriteHeader(status int)      { r.status = status }
func (r *response) Write(p []byte) (int, error) { return r.body.Write(p) }

// Section 4, drain: handshakes are refused at once, sessions told why, OnClose has
// been called for each when Shutdown returns.
func TestShutdown(t *testing.T) {
	h := newRecorder()
	r := newRig(t, h, engineio.Config{})
	w, _ := r.openWS(4)
	q, _ := r.open(4)
	poll := r.pollLater(q)
	await(t, h.opened, "session")
	await(t, h.opened, "session")
	done := make(chan error, 1)
	go func() { done <- r.engine.Shutdown(context.Background()) }()
	w.want("close 1001")
	if a := await(t, poll, "close packet"); a.body != "1" && a.body != "6\x1e1" {
		t.Fatal(a)
	}
	if err := await(t, done, "end of Shutdown"); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		select {
		case reason := <-h.closed:
			if reason != engineio.ServerShuttingDown {
				t.Fatal(reason)
			}
		default:
			t.Fatal("OnClose was not called before Shutdown returned")
		}
	}
	if a := r.get("EIO=4&transport=polling"); a.status != 503 {
		t.Fatal(a)
	}
	if err := r.engine.Shutdown(context.Background()); !errors.Is(err, engineio.ErrServerClosed) {
		t.Fatal(err)
	}
}

func TestShutdown_CutsOffAtDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newRecorder()
		r := newPipeRig(t, h, engineio.Config{})
		r.open(4) // never polls
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		began := time.Now()
		if err := r.engine.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != 2*time.Second {
			t.Fatal(err, time.Since(began))
		}
		if reason := await(t, h.closed, "close"); reason != engineio.ServerShuttingDown {
			t.Fatal(reason)
		}
	})
}
