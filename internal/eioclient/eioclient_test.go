package eioclient_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-sails/sails/internal/eioclient"
	"github.com/go-sails/sails/internal/eioproto"
	"github.com/go-sails/sails/internal/leakcheck"
	"github.com/go-sails/sails/internal/wsconn"
)

func TestMain(m *testing.M) { leakcheck.Main(m) }

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func endpoint(t testing.TB, server *httptest.Server, revision int) *eioclient.Endpoint {
	t.Helper()
	u, err := eioclient.ParseURL(server.URL, "/engine.io/", url.Values{"q": {"1"}})
	check(t, err)
	return &eioclient.Endpoint{URL: u, Revision: revision, MaxMessage: 1000, MaxPackets: 10}
}

func TestParseURL(t *testing.T) {
	u, err := eioclient.ParseURL("wss://h:1?a=1&b=2", "/p/", url.Values{"b": {"3"}})
	check(t, err)
	if got, want := u.String(), "https://h:1/p/?a=1&b=3"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	u, err = eioclient.ParseURL("ws://h/", "/p/", nil)
	check(t, err)
	if got, want := u.String(), "http://h/p/"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	for _, bad := range []string{"", "h", "ftp://h", "http://", "http://h/x", "http://h#x", "http://h?%", "%"} {
		if _, err := eioclient.ParseURL(bad, "/", nil); err == nil {
			t.Errorf("%q: no error", bad)
		}
	}
	if _, err := eioclient.ParseURL("http://h", "p", nil); err == nil {
		t.Error("relative path: no error")
	}
}

func TestParseHandshake(t *testing.T) {
	packet := func(s string) eioproto.Packet { return eioproto.Packet{Type: eioproto.Open, Data: []byte(s)} }
	h, err := eioclient.ParseHandshake(packet(`{"sid":"s","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000,"more":1}`))
	check(t, err)
	if h.SID != "s" || !slices.Equal(h.Upgrades, []string{"websocket"}) || h.PingInterval != 25*time.Second || h.PingTimeout != 20*time.Second || h.MaxPayload != 1e6 {
		t.Errorf("%+v", h)
	}
	bad := []eioproto.Packet{{Type: eioproto.Message, Data: []byte(`{"sid":"s","pingTimeout":1}`)}, {Type: eioproto.Open, Binary: true, Data: []byte(`{"sid":"s","pingTimeout":1}`)}}
	for _, s := range []string{``, `[]`, `{}`, `{"sid":""}`, `{"sid":"s"}`, `{"sid":"s","pingInterval":-1,"pingTimeout":5}`, `{"sid":"s","pingInterval":1e15,"pingTimeout":5}`, `{"sid":"s","pingTimeout":5,"maxPayload":-1}`} {
		bad = append(bad, packet(s))
	}
	for _, p := range bad {
		if _, err := eioclient.ParseHandshake(p); !errors.Is(err, eioclient.ErrHandshake) {
			t.Errorf("%s: %v", p.Data, err)
		}
	}
}

var wires = []eioclient.Wire{{Data: []byte("4€")}, {Binary: true, Data: []byte{1, 2, 3}}, {Data: []byte("2")}}

func TestPolling_Encode(t *testing.T) {
	for revision, want := range map[int]string{4: "4€\x1ebAQID\x1e2", 3: "2:4€6:b4AQID1:2"} {
		p := (&eioclient.Endpoint{Revision: revision}).Polling()
		got := p.Encode(wires)
		if string(got) != want {
			t.Errorf("revision %d: %q, want %q", revision, got, want)
		}
		if size := eioclient.PayloadSize(wires); size < len(got) {
			t.Errorf("size %d is too small for %d", size, len(got))
		}
	}
}

func TestFit(t *testing.T) {
	for limit, want := range map[int64]int{0: 1, 11: 1, 12: 1, 30: 2, 1000: 3} {
		if got := eioclient.Fit(wires, limit); got != want {
			t.Errorf("limit %d: %d, want %d", limit, got, want)
		}
	}
	if got := eioclient.Fit(nil, 1); got != 0 {
		t.Errorf("nothing: %d", got)
	}
}

func TestPolling(t *testing.T) {
	answers := map[string]func(w http.ResponseWriter){
		"text": func(w http.ResponseWriter) { io.WriteString(w, "2:4a") },
		"binary": func(w http.ResponseWriter) {
			w.Header().Set("Content-Type", "application/octet-stream")
			io.WriteString(w, "\x01\x02\xff\x04b")
		},
		"refused": func(w http.ResponseWriter) {
			w.WriteHeader(400)
			io.WriteString(w, `{"code":1,"message":"Session ID unknown"}`)
		},
		"odd":    func(w http.ResponseWriter) { w.WriteHeader(500) },
		"large":  func(w http.ResponseWriter) { io.WriteString(w, strings.Repeat("x", 2001)) },
		"broken": func(w http.ResponseWriter) { w.Header().Set("Content-Length", "10"); io.WriteString(w, "x") },
	}
	bodies := make(chan string, 10)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if got, want := r.URL.RawQuery, "q=1&EIO=3&transport=polling&sid=s%26"; !strings.HasPrefix(got, want) {
			t.Errorf("query %s, want %s", got, want)
		}
		if r.Host != "example.com" || r.Header.Get("X") != "y" {
			t.Errorf("header: %s %v", r.Host, r.Header)
		}
		body, _ := io.ReadAll(r.Body)
		bodies <- r.Method + " " + r.Header.Get("Content-Type") + " " + string(body)
		answers[r.URL.Query().Get("want")](w)
	}))
	defer server.Close()
	e := endpoint(t, server, 3)
	e.Header = http.Header{"X": {"y"}, "Host": {"example.com"}}
	p := e.Polling()
	defer p.Close()
	get := func(want string) (string, error) {
		var got string
		err := p.Get(t.Context(), "s&", url.Values{"want": {want}}, func(p eioproto.Packet) error {
			got += string(p.Data)
			return nil
		})
		<-bodies
		return got, err
	}
	for want, data := range map[string]string{"text": "a", "binary": "b"} {
		if got, err := get(want); got != data || err != nil {
			t.Errorf("%s: %q, %v", want, got, err)
		}
	}
	var refused *eioclient.RefusedError
	if _, err := get("refused"); !errors.As(err, &refused) || refused.Status != 400 || refused.Code != 1 || !strings.Contains(err.Error(), "Session ID unknown") {
		t.Errorf("refused: %v", err)
	}
	if _, err := get("odd"); !errors.As(err, &refused) || refused.Code != -1 || !strings.Contains(err.Error(), "500") {
		t.Errorf("odd: %v", err)
	}
	if _, err := get("large"); !errors.Is(err, eioclient.ErrTooLarge) { // SEC-35
		t.Errorf("large: %v", err)
	}
	if _, err := get("broken"); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("broken: %v", err)
	}
	e.URL.RawQuery = "q=1"
	if err := e.Polling().Get(canceled(t), "", nil, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
	if err := e.Polling().Post(canceled(t), "", wires); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
}

func TestPolling_Post(t *testing.T) {
	bodies := make(chan string, 10)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		bodies <- r.Header.Get("Content-Type") + " " + string(body)
		if r.URL.Query().Get("sid") == "gone" {
			http.Redirect(w, r, "/elsewhere", http.StatusFound) // is not followed
		}
	}))
	defer server.Close()
	p := endpoint(t, server, 4).Polling()
	defer p.Close()
	check(t, p.Post(t.Context(), "s", wires[2:]))
	if got, want := <-bodies, "text/plain;charset=UTF-8 2"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	var refused *eioclient.RefusedError
	if err := p.Post(t.Context(), "gone", wires); !errors.As(err, &refused) || refused.Status != http.StatusFound {
		t.Errorf("%v", err)
	}
}

func canceled(t *testing.T) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}

// mirror takes WebSockets over and sends back whatever frames come, unmasked.
type mirror struct {
	conn    io.ReadWriteCloser
	deflate bool
}

func (m mirror) write(op wsconn.Opcode, p []byte) error {
	_, err := m.conn.Write(wsconn.AppendFrame(nil, op, p))
	return err
}

func (m mirror) OnText(p []byte) error {
	if string(p) == "4violate" {
		_, err := m.conn.Write([]byte{0xFF, 0xFF})
		return err
	}
	return m.write(wsconn.OpText, p)
}
func (m mirror) OnBinary(p []byte) error { return m.write(wsconn.OpBinary, p) }
func (m mirror) OnPing(p []byte) error   { return m.write(wsconn.OpPing, p) }
func (m mirror) OnPong(p []byte)         { _ = m.write(wsconn.OpText, append([]byte("3"), p...)) }
func (m mirror) OnClose(code uint16, _ string) error {
	_, err := m.conn.Write(wsconn.AppendClose(nil, code, "bye"))
	return errors.Join(err, io.EOF)
}

func newMirror(t *testing.T, deflate bool) *httptest.Server {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("sid") == "refuse" {
			http.SetCookie(w, &http.Cookie{Name: "no", Value: "thanks"})
			http.Error(w, `{"code":1,"message":"Session ID unknown"}`, 400)
			return
		}
		h, err := wsconn.Hijack(w, r, wsconn.Accept{
			Deflate: deflate, Header: http.Header{"Set-Cookie": {"got=" + r.Header.Get("Cookie")}},
			After: wsconn.AppendFrame(nil, wsconn.OpText, []byte("0hello")),
		})
		if err != nil {
			t.Error(err)
			return
		}
		defer h.Conn.Close()
		d := wsconn.Decoder{Deflate: h.Deflate}
		buf := make([]byte, 4096)
		for {
			n, err := h.Conn.Read(buf)
			if err == nil {
				err = d.Decode(buf[:n], mirror{conn: h.Conn, deflate: h.Deflate})
			}
			if err != nil {
				return
			}
		}
	}))
	t.Cleanup(server.Close)
	return server
}

func next(t testing.TB, ws *eioclient.WebSocket) string {
	t.Helper()
	var got []string
	for len(got) == 0 {
		check(t, ws.Read(func(p eioproto.Packet) error {
			got = append(got, p.Type.String()+" "+string(p.Data))
			return nil
		}))
	}
	return strings.Join(got, ",")
}

func TestWebSocket(t *testing.T) {
	for _, revision := range []int{3, 4} {
		for _, deflate := range []bool{false, true} {
			e := endpoint(t, newMirror(t, deflate), revision)
			e.MaxMessage, e.Deflate = 100_000, deflate
			ws, err := e.WebSocket(t.Context(), "", nil)
			check(t, err)
			defer ws.Close()
			if got := next(t, ws); got != "open hello" {
				t.Errorf("%q", got)
			}
			large := bytes.Repeat([]byte("large "), 15_000)
			check(t, ws.Write(eioclient.Wire{Binary: true, Data: large}))
			if got := next(t, ws); got != "message "+string(large) {
				t.Errorf("large message has %d bytes", len(got))
			}
			check(t, ws.WriteFrame(wsconn.OpPing, []byte("x"))) // comes back as a ping, our pong as text
			if got := next(t, ws); got != "pong x" {
				t.Errorf("%q", got)
			}
			check(t, ws.WriteClose(1000, "bye"))
			check(t, ws.WriteClose(1000, "bye"))
			var closed *eioclient.CloseFrameError
			err = readUntilError(ws)
			if !errors.As(err, &closed) || !errors.Is(err, eioclient.ErrPeerClosed) || closed.Code != 1000 || closed.Reason != "bye" || err.Error() != eioclient.ErrPeerClosed.Error() {
				t.Errorf("%v", err)
			}
		}
	}
}

func readUntilError(ws *eioclient.WebSocket) error {
	for {
		if err := ws.Read(func(eioproto.Packet) error { return nil }); err != nil {
			return err
		}
	}
}

func TestWebSocket_Errors(t *testing.T) {
	server := newMirror(t, false)
	e := endpoint(t, server, 4)
	jar, err := cookiejar.New(nil)
	check(t, err)
	e.Jar = jar
	e.Header = http.Header{"Host": {"example.com"}, "Cookie": {"a=1"}}
	site := &url.URL{Scheme: "http", Host: "example.com", Path: "/engine.io/"}
	jar.SetCookies(site, []*http.Cookie{{Name: "b", Value: "2"}})
	var refused *eioclient.RefusedError
	if _, err := e.WebSocket(t.Context(), "refuse", nil); !errors.As(err, &refused) || refused.Code != 1 {
		t.Errorf("%v", err)
	}
	if got := jar.Cookies(site); len(got) != 2 {
		t.Errorf("cookies %v", got)
	}
	if _, err := e.WebSocket(canceled(t), "", nil); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	for name, c := range map[string]struct {
		frame  []byte
		op     wsconn.Opcode
		packet bool
	}{
		"violation":  {[]byte("4violate"), wsconn.OpText, false}, // SEC-18
		"no packet":  {[]byte("9"), wsconn.OpText, true},
		"no packet3": {[]byte("\x09"), wsconn.OpBinary, true},
	} {
		if name == "no packet3" {
			e.Revision = 3
		}
		ws, err := e.WebSocket(t.Context(), "", nil)
		check(t, err)
		defer ws.Close()
		check(t, ws.WriteRaw(wsconn.AppendMasked(nil, c.op, c.frame, wsconn.NewMask())))
		err = readUntilError(ws)
		var violation *wsconn.CloseError
		if errors.Is(err, eioproto.ErrPacket) != c.packet || errors.As(err, &violation) == c.packet {
			t.Errorf("%s: %v", name, err)
		}
		e.Revision = 4
	}
	ws, err := e.WebSocket(t.Context(), "", nil)
	check(t, err)
	check(t, ws.SetReadDeadline(time.Unix(1, 0)))
	check(t, ws.Read(func(eioproto.Packet) error { return nil })) // what came with the handshake
	if err := readUntilError(ws); err == nil {
		t.Error("deadline: no error")
	}
	check(t, ws.Close())
	if err := ws.Write(wires...); err == nil {
		t.Error("wrote to a closed connection")
	}
}
