package engineio_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-sails/sails/engineio"
	"github.com/go-sails/sails/engineio/direct"
	"github.com/go-sails/sails/internal/leakcheck"
	"github.com/go-sails/sails/internal/wsconn"
)

func TestMain(m *testing.M) { leakcheck.Main(m) }

// patience bounds every wait of the tests.
const patience = 10 * time.Second

// recorder is a Handler that keeps what it is told, and answers as told.
type recorder struct {
	onOpen    func(*engineio.Session) error
	onMessage func(s *engineio.Session, data []byte, binary bool)

	opened chan *engineio.Session
	got    chan string // messages, binary ones in %x with a leading 0x
	closed chan engineio.CloseReason
}

func newRecorder() *recorder {
	return &recorder{
		opened: make(chan *engineio.Session, 1000),
		got:    make(chan string, 100_000),
		closed: make(chan engineio.CloseReason, 1000),
	}
}

func (r *recorder) OnOpen(s *engineio.Session) error {
	if r.onOpen != nil {
		if err := r.onOpen(s); err != nil {
			return err
		}
	}
	r.opened <- s
	return nil
}

func (r *recorder) OnMessage(s *engineio.Session, data []byte, binary bool) {
	if r.onMessage != nil {
		r.onMessage(s, data, binary)
		return
	}
	if binary {
		r.got <- fmt.Sprintf("0x%x", data)
		return
	}
	r.got <- string(data)
}

func (r *recorder) OnClose(_ *engineio.Session, reason engineio.CloseReason) { r.closed <- reason }

func echo(s *engineio.Session, data []byte, binary bool) {
	if binary {
		_ = s.Send(engineio.Binary(data))
		return
	}
	_ = s.Send(engineio.Text(string(data)))
}

// await receives from c or fails the test.
func await[T any](t testing.TB, c <-chan T, what string) T {
	t.Helper()
	timeout := time.NewTimer(patience)
	defer timeout.Stop()
	select {
	case v := <-c:
		return v
	case <-timeout.C:
		t.Fatalf("no %s in %v", what, patience)
		panic("unreachable")
	}
}

// pipeListener serves connections made by Dial in memory, so that a server runs
// inside a synctest bubble.
type pipeListener struct {
	conns chan net.Conn
	once  sync.Once
	done  chan struct{}
}

func newPipeListener() *pipeListener {
	return &pipeListener{conns: make(chan net.Conn), done: make(chan struct{})}
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error   { l.once.Do(func() { close(l.done) }); return nil }
func (l *pipeListener) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 80} }

func (l *pipeListener) dial(ctx context.Context) (net.Conn, error) {
	client, server := net.Pipe()
	select {
	case l.conns <- server:
		return client, nil
	case <-l.done:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// rig is an engine behind a real HTTP server, and clients for it.
type rig struct {
	t      testing.TB
	engine *engineio.Server
	http   *http.Server
	dial   func(context.Context) (net.Conn, error)
	addr   string
	client *http.Client
}

// road says over which road rigs on TCP serve: "direct" stands for package direct,
// nothing for net/http alone. TestRoads runs the tests of both.
var road = os.Getenv("ENGINEIO_TEST_ROAD")

// newRig serves over TCP on loopback.
func newRig(t testing.TB, h engineio.Handler, cfg engineio.Config) *rig {
	t.Helper()
	return newTCPRig(t, h, cfg, func(h http.Handler) http.Handler { return h })
}

func newTCPRig(t testing.TB, h engineio.Handler, cfg engineio.Config, wrap func(http.Handler) http.Handler) *rig {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	return startRig(t, h, cfg, wrap, l, addr, func(ctx context.Context) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "tcp", addr)
	})
}

// newPipeRig serves in memory: every wait is virtual inside a synctest bubble.
func newPipeRig(t testing.TB, h engineio.Handler, cfg engineio.Config) *rig {
	t.Helper()
	l := newPipeListener()
	return startRig(t, h, cfg, func(h http.Handler) http.Handler { return h }, l, "127.0.0.1", l.dial)
}

func startRig(t testing.TB, h engineio.Handler, cfg engineio.Config, wrap func(http.Handler) http.Handler, l net.Listener, addr string, dial func(context.Context) (net.Conn, error)) *rig {
	t.Helper()
	engine, err := engineio.NewServer(h, cfg)
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{t: t, engine: engine, dial: dial, addr: addr, http: &http.Server{Handler: wrap(engine)}}
	transport := &http.Transport{
		DialContext:        func(ctx context.Context, _, _ string) (net.Conn, error) { return dial(ctx) },
		DisableCompression: true, MaxIdleConnsPerHost: 100,
	}
	r.client = &http.Client{Transport: transport}
	served := make(chan struct{})
	if road == "direct" {
		dl, err := direct.Listen(l, r.http, "/engine.io/")
		if err != nil {
			t.Fatal(err)
		}
		l = dl
	}
	go func() { defer close(served); _ = r.http.Serve(l) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
		defer cancel()
		_ = engine.Shutdown(ctx)
		transport.CloseIdleConnections()
		_ = r.http.Close()
		<-served
	})
	return r
}

// answer is what a request got.
type answer struct {
	status int
	header http.Header
	body   string
}

func (r *rig) do(method, query, body string, header ...string) (answer, error) {
	req, err := http.NewRequest(method, "http://"+r.addr+"/engine.io/?"+query, strings.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := r.client.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	return answer{res.StatusCode, res.Header, string(b)}, err
}

func (r *rig) get(query string, header ...string) answer {
	r.t.Helper()
	return r.must(r.do(http.MethodGet, query, "", header...))
}

func (r *rig) post(query, body string, header ...string) answer {
	r.t.Helper()
	return r.must(r.do(http.MethodPost, query, body, header...))
}

func (r *rig) must(a answer, err error) answer {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
	return a
}

// pollLater polls in the background.
func (r *rig) pollLater(query string) <-chan answer {
	c := make(chan answer, 1)
	go func() {
		a, err := r.do(http.MethodGet, query, "")
		if err != nil {
			a.body = "error: " + err.Error()
		}
		c <- a
	}()
	return c
}

// open makes a polling session and returns the query of its requests.
func (r *rig) open(eio int, extra ...string) (query, sid string) {
	r.t.Helper()
	q := "EIO=" + strconv.Itoa(eio) + "&transport=polling" + strings.Join(extra, "")
	a := r.get(q)
	if a.status != 200 {
		r.t.Fatalf("handshake: %d %q", a.status, a.body)
	}
	sid = sidOf(r.t, a.body)
	return q + "&sid=" + sid, sid
}

func sidOf(t testing.TB, body string) string {
	t.Helper()
	_, rest, ok := strings.Cut(strings.ReplaceAll(body, `\"`, `"`), `"sid":"`)
	sid, _, ok2 := strings.Cut(rest, `"`)
	if !ok || !ok2 {
		t.Fatalf("no sid in %q", body)
	}
	return sid
}

// ws is a raw WebSocket client.
type ws struct {
	t    testing.TB
	conn net.Conn
	dec  wsconn.Decoder
	in   []string // frames not yet taken: text as it is, binary in %x with 0x, "close 1000"
	rest []byte
}

func (r *rig) dialWS(query string, header ...string) (*ws, *http.Response, error) {
	return r.dialFor(query, false, header...)
}

func (r *rig) dialDeflate(query string) (*ws, *http.Response, error) { return r.dialFor(query, true) }

func (r *rig) dialFor(query string, deflate bool, header ...string) (*ws, *http.Response, error) {
	h := http.Header{}
	for i := 0; i+1 < len(header); i += 2 {
		h.Set(header[i], header[i+1])
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	conn, rest, res, err := wsconn.Dial(ctx, "ws://"+r.addr+"/engine.io/?"+query, wsconn.DialOptions{
		Header: h, Deflate: deflate, Dialer: func(ctx context.Context, _, _ string) (net.Conn, error) { return r.dial(ctx) },
	})
	if err != nil {
		return nil, res, err
	}
	w := &ws{t: r.t, conn: conn, rest: rest}
	w.dec.Client = true
	w.dec.Deflate = deflate
	r.t.Cleanup(func() { conn.Close() })
	return w, res, nil
}

// openWS makes a WebSocket session and returns it after its open packet.
func (r *rig) openWS(eio int, extra ...string) (*ws, string) {
	r.t.Helper()
	w, _, err := r.dialWS("EIO=" + strconv.Itoa(eio) + "&transport=websocket" + strings.Join(extra, ""))
	if err != nil {
		r.t.Fatal(err)
	}
	return w, sidOf(r.t, w.next())
}

func (w *ws) OnText(p []byte) error   { w.in = append(w.in, string(p)); return nil }
func (w *ws) OnBinary(p []byte) error { w.in = append(w.in, fmt.Sprintf("0x%x", p)); return nil }
func (w *ws) OnPing(p []byte) error   { w.in = append(w.in, "ping "+string(p)); return nil }
func (w *ws) OnPong(p []byte)         { w.in = append(w.in, "pong "+string(p)) }
func (w *ws) OnClose(code uint16, reason string) error {
	w.in = append(w.in, strings.TrimSpace(fmt.Sprintf("close %d %s", code, reason)))
	return nil
}

// read returns the next frame, or "eof".
func (w *ws) read(within time.Duration) string {
	_ = w.conn.SetReadDeadline(time.Now().Add(within))
	for len(w.in) == 0 {
		p := w.rest
		w.rest = nil
		if len(p) == 0 {
			buf := make([]byte, 32<<10)
			n, err := w.conn.Read(buf)
			if n == 0 && err != nil {
				var late net.Error
				if errors.As(err, &late) && late.Timeout() {
					return "timeout"
				}
				return "eof"
			}
			p = buf[:n]
		}
		if err := w.dec.Decode(p, w); err != nil && len(w.in) == 0 {
			return "error: " + err.Error()
		}
	}
	f := w.in[0]
	w.in = w.in[1:]
	return f
}

func (w *ws) next() string {
	w.t.Helper()
	f := w.read(patience)
	if f == "timeout" {
		w.t.Fatal("no frame from the server")
	}
	return f
}

func (w *ws) want(frames ...string) {
	w.t.Helper()
	for _, f := range frames {
		if got := w.next(); got != f {
			w.t.Fatalf("frame %q, want %q", got, f)
		}
	}
}

func (w *ws) send(frames ...string) {
	w.t.Helper()
	for _, f := range frames {
		w.sendOp(wsconn.OpText, []byte(f))
	}
}

func (w *ws) sendOp(op wsconn.Opcode, p []byte) {
	w.t.Helper()
	w.sendRaw(wsconn.AppendMasked(nil, op, p, wsconn.NewMask()))
}

func (w *ws) sendRaw(b []byte) {
	w.t.Helper()
	_ = w.conn.SetWriteDeadline(time.Now().Add(patience))
	if _, err := w.conn.Write(b); err != nil {
		w.t.Fatalf("write: %v", err)
	}
}

// rawRequest sends bytes as they are and returns the answer.
func (r *rig) rawRequest(request string) (*http.Response, string) {
	r.t.Helper()
	conn, err := r.dial(context.Background())
	if err != nil {
		r.t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(patience))
	if _, err := io.WriteString(conn, request); err != nil {
		r.t.Fatal(err)
	}
	b, _ := io.ReadAll(conn)
	res, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(b)), nil)
	if err != nil {
		r.t.Fatalf("answer %q: %v", b, err)
	}
	body, _ := io.ReadAll(res.Body)
	res.Body.Close()
	return res, string(body)
}
