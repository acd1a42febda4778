package wsconn_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-sails/sails/internal/wsconn"
)

const rawRequest = "GET /x?y=1 HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " + sampleKey + "\r\n"

// patience bounds every wait of these tests.
const patience = 20 * time.Second

// listen serves h on loopback and returns a function that opens raw connections.
func listen(t *testing.T, h http.HandlerFunc) (dial func() net.Conn) {
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return func() net.Conn {
		c, err := net.Dial("tcp", s.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		c.SetDeadline(time.Now().Add(patience))
		return c
	}
}

// echo upgrades and answers each text with the same text until the peer closes.
func echo(t *testing.T, o wsconn.Accept) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		h, err := wsconn.Hijack(w, r, o)
		if err != nil {
			if status, reason := wsconn.CheckRequest(r); status != 0 {
				wsconn.Refuse(w, status, reason)
			}
			return
		}
		defer h.Conn.Close()
		h.Conn.SetReadDeadline(time.Now().Add(patience))
		e := &echoer{conn: h.Conn, d: wsconn.Decoder{Deflate: h.Deflate}}
		if h.Buffered != nil && e.d.Decode(h.Buffered, e) != nil {
			return
		}
		buf := make([]byte, 4096)
		for !e.closed {
			n, err := h.Conn.Read(buf)
			if err != nil || e.d.Decode(buf[:n], e) != nil {
				return
			}
		}
	}
}

type echoer struct {
	discard
	conn   net.Conn
	d      wsconn.Decoder
	closed bool
}

func (e *echoer) OnText(p []byte) error {
	op := wsconn.OpText
	if e.d.Deflate {
		z, err := wsconn.Deflate(p)
		if err != nil {
			return err
		}
		op, p = op|wsconn.Compressed, z
	}
	_, err := e.conn.Write(wsconn.AppendFrame(nil, op, p))
	return err
}

func (e *echoer) OnClose(code uint16, reason string) error {
	e.closed = true
	_, err := e.conn.Write(wsconn.AppendClose(nil, code, reason))
	return err
}

func answerOf(t *testing.T, c net.Conn) (*http.Response, *bufio.Reader) {
	t.Helper()
	br := bufio.NewReader(c)
	a, err := http.ReadResponse(br, nil)
	if err != nil {
		t.Fatal(err)
	}
	return a, br
}

// The 101 and the frames behind it arrive in one piece; frames the client sent
// right behind its request, even half of one, are not lost.
func TestHijack_Raw(t *testing.T) {
	after := wsconn.AppendFrame(nil, wsconn.OpText, []byte("open"))
	dial := listen(t, echo(t, wsconn.Accept{After: after, Header: http.Header{"X-One": {"1", "2"}, "x-two": {"3"}}}))
	frame := fromClient.frame(fin|text, "early")
	for cut := range len(frame) + 1 {
		c := dial()
		io.WriteString(c, rawRequest+"\r\n"+string(frame[:cut]))
		first := make([]byte, 4096)
		n, err := c.Read(first)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.HasSuffix(first[:n], append([]byte("\r\n\r\n"), after...)) && !bytes.Contains(first[:n], []byte("early")) {
			t.Errorf("101 and frames came apart: %q", first[:n])
		}
		a, _ := http.ReadResponse(bufio.NewReader(bytes.NewReader(first[:n])), nil)
		if a.StatusCode != 101 || a.Header.Get("Sec-WebSocket-Accept") != sampleAccept ||
			!slices.Equal(a.Header["X-One"], []string{"1", "2"}) || a.Header.Get("X-Two") != "3" ||
			a.Header.Get("Upgrade") != "websocket" || a.Header.Get("Connection") != "Upgrade" || len(a.Header["Sec-Websocket-Extensions"]) != 0 {
			t.Errorf("answer %v", a.Header)
		}
		c.Write(frame[cut:])
		c.Write(fromClient.frame(fin|closing, "\x03\xe8"))
		rest, err := io.ReadAll(c)
		if err != nil {
			t.Fatal(err)
		}
		stream := append(first[:n:n], rest...)
		stream = stream[bytes.Index(stream, []byte("\r\n\r\n"))+4:]
		if got := feed(client(), stream, func() int { return 3 }); !slices.Equal(got, []string{`text "open"`, `text "early"`, `close 1000 ""`}) {
			t.Errorf("cut %d: %q", cut, got)
		}
	}
}

// Raw requests that are not upgraded: never 101, one complete answer, and the
// connection is closed (SEC-7, SEC-17, SEC-21).
func TestHijack_Refusals(t *testing.T) {
	dial := listen(t, echo(t, wsconn.Accept{}))
	edit := func(old, new string) string { return strings.Replace(rawRequest, old, new, 1) + "\r\n" }
	for name, c := range map[string]struct {
		request string
		status  int
	}{
		"POST":             {edit("GET", "POST"), 400},
		"POST with a body": {edit("GET", "POST") + "body", 400},
		"GET with a body":  {rawRequest + "Content-Length: 4\r\n\r\nbody", 400},
		"chunked":          {rawRequest + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
		"HTTP/1.0":         {edit("HTTP/1.1", "HTTP/1.0"), 400},
		"version":          {edit("13", "8"), 426},
		"no version":       {edit("Sec-WebSocket-Version: 13\r\n", ""), 426},
		"no key":           {edit("Sec-WebSocket-Key: "+sampleKey+"\r\n", ""), 400},
		"two keys":         {rawRequest + "Sec-WebSocket-Key: " + sampleKey + "\r\n\r\n", 400},
		"no Upgrade":       {edit("Upgrade: websocket\r\n", ""), 400},
		"no Connection":    {edit("Connection: Upgrade\r\n", ""), 400},
		"frames behind":    {edit("13", "8") + strings.Repeat("\x81\x85....aaaaa", 3000), 426},
	} {
		t.Run(name, func(t *testing.T) {
			conn := dial()
			go io.WriteString(conn, c.request)
			a, br := answerOf(t, conn)
			body, err := io.ReadAll(a.Body)
			if a.StatusCode != c.status || err != nil || len(body) == 0 || int64(len(body)) != a.ContentLength {
				t.Errorf("%s %q %v", a.Status, body, err)
			}
			if !a.Close || a.Header.Get("Content-Type") != "text/html" {
				t.Errorf("header %v", a.Header)
			}
			if (c.status == 426) != (a.Header.Get("Sec-WebSocket-Version") == "13") {
				t.Errorf("header %v", a.Header)
			}
			if rest, err := io.ReadAll(br); len(rest) != 0 || err != nil {
				t.Errorf("behind the answer: %q %v", rest, err)
			}
		})
	}
}

// SEC-10: header junk within net/http's limits neither upsets nor delays.
func TestHijack_HeaderJunk(t *testing.T) {
	dial := listen(t, echo(t, wsconn.Accept{Deflate: true}))
	for _, junk := range []string{
		"Sec-WebSocket-Extensions: " + strings.Repeat(",;\"", 20_000) + "\r\n",
		"Sec-WebSocket-Extensions: " + strings.Repeat("permessage-deflate; x, ", 2_500) + "\r\n",
		"Sec-WebSocket-Protocol: " + strings.Repeat("a,", 30_000) + "\r\n",
		strings.Repeat("Sec-WebSocket-Extensions: ;\r\n", 2000),
		strings.Repeat("Cookie: ;=;\r\n", 3000),
	} {
		c := dial()
		io.WriteString(c, rawRequest+junk+"\r\n")
		if a, _ := answerOf(t, c); a.StatusCode != 101 || len(a.Header["Sec-Websocket-Extensions"]) != 0 || len(a.Header["Sec-Websocket-Protocol"]) != 0 {
			t.Errorf("%.60q: %s %v", junk, a.Status, a.Header)
		}
		c.Close()
	}
}

// SEC-21: extra fields cannot break the answer or promise what was not offered.
func TestHijack_ExtraHeader(t *testing.T) {
	extra := http.Header{
		"Sec-WebSocket-Protocol": {"chat"}, "Sec-WebSocket-Extensions": {"evil"}, "Connection": {"close"}, "upgrade": {"h2c"},
		"Sec-WebSocket-Accept": {"x"}, "Content-Length": {"5"}, "Transfer-Encoding": {"chunked"},
		"X-Split": {"a\r\nInjected: 1", "fine"}, "X Name": {"v"}, "": {"v"},
	}
	dial := listen(t, echo(t, wsconn.Accept{Header: extra}))
	for offer, want := range map[string]string{"": "", "soap": "", "soap, chat": "chat", "Chat": ""} {
		c := dial()
		request := rawRequest
		if offer != "" {
			request += "Sec-WebSocket-Protocol: " + offer + "\r\n"
		}
		io.WriteString(c, request+"\r\n")
		a, _ := answerOf(t, c)
		if a.StatusCode != 101 || a.Header.Get("Sec-WebSocket-Protocol") != want || a.Header.Get("Sec-WebSocket-Accept") != sampleAccept {
			t.Errorf("offer %q: %v", offer, a.Header)
		}
		if len(a.Header) != 4+len(want)/4 || a.Header.Get("X-Split") != "fine" || a.Header.Get("Connection") != "Upgrade" {
			t.Errorf("offer %q: %v", offer, a.Header)
		}
		c.Close()
	}
}

// Where the connection cannot be taken over, w stays usable and Refuse is a
// normal answer.
func TestHijack_NotPossible(t *testing.T) {
	r := upgradeRequest()
	w := httptest.NewRecorder()
	if _, err := wsconn.Hijack(w, r, wsconn.Accept{}); !errors.Is(err, wsconn.ErrNotHijacked) || !errors.Is(err, http.ErrNotSupported) {
		t.Errorf("got %v", err)
	}
	wsconn.Refuse(w, 426, "later")
	if w.Code != 426 || w.Body.String() != "later" || w.Header().Get("Sec-WebSocket-Version") != "13" || w.Header().Get("Connection") != "close" {
		t.Errorf("%d %v %q", w.Code, w.Header(), w.Body)
	}
	r.Method = "POST"
	if _, err := wsconn.Hijack(w, r, wsconn.Accept{}); !errors.Is(err, wsconn.ErrNotHijacked) {
		t.Errorf("got %v", err)
	}
}

// Over HTTP/2 there is nothing to take over.
func TestRefuse_HTTP2(t *testing.T) {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		status, reason := wsconn.CheckRequest(r)
		wsconn.Refuse(w, status, reason)
	}))
	s.EnableHTTP2 = true
	s.StartTLS()
	defer s.Close()
	a, err := s.Client().Get(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Body.Close()
	if a.ProtoMajor != 2 || a.StatusCode != 400 {
		t.Errorf("%s %s", a.Proto, a.Status)
	}
}

// stubborn is a ResponseWriter whose connection is one end of a pipe.
type stubborn struct {
	http.ResponseWriter
	conn net.Conn
}

func (s stubborn) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return s.conn, bufio.NewReadWriter(bufio.NewReader(s.conn), bufio.NewWriter(s.conn)), nil
}

// SEC-8: a peer that does not read its 101 costs the write timeout and no more.
func TestHijack_PeerDoesNotRead(t *testing.T) {
	ours, theirs := net.Pipe()
	defer theirs.Close()
	_, err := wsconn.Hijack(stubborn{httptest.NewRecorder(), ours}, upgradeRequest(), wsconn.Accept{WriteTimeout: time.Millisecond})
	if err == nil || errors.Is(err, wsconn.ErrNotHijacked) {
		t.Errorf("got %v", err)
	}
	if _, err := theirs.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("connection left open: %v", err)
	}
}

// SEC-17: a refused connection is closed within a second however the peer ends.
func TestRefuse_PeerBehaviour(t *testing.T) {
	took := make(chan time.Duration, 1)
	dial := listen(t, func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		wsconn.Refuse(w, 400, "no")
		took <- time.Since(start)
	})
	for name, behave := range map[string]func(c *net.TCPConn){
		"reads and closes": func(c *net.TCPConn) { io.Copy(io.Discard, c); c.Close() },
		"resets":           func(c *net.TCPConn) { c.SetLinger(0); c.Close() },
		"half closes":      func(c *net.TCPConn) { c.CloseWrite(); io.Copy(io.Discard, c) },
		"stays silent":     func(c *net.TCPConn) {},
		"sends for ever": func(c *net.TCPConn) {
			for junk := make([]byte, 4096); ; {
				if _, err := c.Write(junk); err != nil {
					return
				}
			}
		},
	} {
		c := dial()
		io.WriteString(c, rawRequest+"\r\n")
		done := make(chan struct{})
		go func() { behave(c.(*net.TCPConn)); close(done) }()
		if d := <-took; d > time.Second+500*time.Millisecond {
			t.Errorf("%s: %v", name, d)
		}
		c.Close()
		<-done
	}
	ours, theirs := net.Pipe() // no half close, and nobody reads
	defer theirs.Close()
	start := time.Now()
	wsconn.Refuse(stubborn{httptest.NewRecorder(), ours}, 400, "no")
	if d := time.Since(start); d > 1500*time.Millisecond {
		t.Errorf("pipe: %v", d)
	}
	if _, err := theirs.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("pipe left open: %v", err)
	}
}

// talkative is a connection on which more input waits.
type talkative struct {
	net.Conn
	input, read int
	written     []byte
	calls       []string
}

func (c *talkative) Read(p []byte) (int, error) {
	n := min(len(p), c.input-c.read)
	if n == 0 {
		return 0, io.EOF
	}
	c.read += n
	return n, nil
}

func (c *talkative) call(name string) error          { c.calls = append(c.calls, name); return nil }
func (c *talkative) Write(p []byte) (int, error)     { c.written = p; return len(p), c.call("write") }
func (c *talkative) CloseWrite() error               { return c.call("half close") }
func (c *talkative) Close() error                    { return c.call("close") }
func (c *talkative) SetDeadline(time.Time) error     { return nil }
func (c *talkative) SetReadDeadline(time.Time) error { return nil }

// SEC-8, SEC-17: what the peer sent behind its request is read before closing,
// within bounds; left unread it would reset the connection under the answer.
func TestRefuse_ReadsBeforeClosing(t *testing.T) {
	for _, input := range []int{0, 1, 30_000, 1 << 30} {
		c := &talkative{input: input}
		wsconn.Refuse(stubborn{httptest.NewRecorder(), c}, 400, "no")
		if !slices.Equal(c.calls, []string{"write", "half close", "close"}) {
			t.Errorf("%d bytes: %q", input, c.calls)
		}
		if c.read != min(input, 64<<10) || !strings.HasSuffix(string(c.written), "\r\n\r\nno") {
			t.Errorf("%d bytes: read %d, wrote %q", input, c.read, c.written)
		}
	}
}

// SEC-17 over TLS, where saying goodbye has timeouts of its own: the peer reads
// nothing, and what was sent before fills its window.
func TestAbort_TLSPeerDoesNotRead(t *testing.T) {
	ours, theirs := net.Pipe()
	defer theirs.Close()
	s := httptest.NewUnstartedServer(nil)
	s.StartTLS()
	config := s.TLS.Clone()
	s.Close()
	peer := make(chan error, 1)
	go func() {
		peer <- tls.Client(theirs, &tls.Config{InsecureSkipVerify: true}).HandshakeContext(context.Background())
	}()
	secure := tls.Server(ours, config)
	go secure.Handshake()
	if err := <-peer; err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	wsconn.Refuse(stubborn{httptest.NewRecorder(), secure}, 400, "no")
	wsconn.Abort(secure)
	if d := time.Since(start); d > 1500*time.Millisecond {
		t.Errorf("took %v", d)
	}
}
