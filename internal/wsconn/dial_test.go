package wsconn_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
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

// exchange sends each text masked over conn, then a close, and returns everything
// the server sends until it closes.
func exchange(t *testing.T, conn net.Conn, leftover []byte, d *wsconn.Decoder, texts ...string) []string {
	t.Helper()
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(patience))
	var out []byte
	for _, s := range texts {
		op, p := wsconn.OpText, []byte(s)
		if d.Deflate {
			op, p = op|wsconn.Compressed, []byte(deflate(t, s))
		}
		out = wsconn.AppendMasked(out, op, p, wsconn.NewMask())
	}
	out = wsconn.AppendMasked(out, wsconn.OpClose, wsconn.AppendCloseBody(nil, 1000, "done"), wsconn.NewMask())
	go conn.Write(out)
	var r record
	buf := make([]byte, 4096)
	err := d.Decode(leftover, &r)
	for err == nil {
		var n int
		if n, err = conn.Read(buf); n > 0 {
			if err := d.Decode(buf[:n], &r); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err != io.EOF {
		t.Errorf("end of the connection: %v", err)
	}
	return r.events
}

func TestDial_Echo(t *testing.T) {
	long := strings.Repeat("long ", 50_000)
	for _, secure := range []bool{false, true} {
		for _, z := range []bool{false, true} {
			t.Run(fmt.Sprint("tls ", secure, " deflate ", z), func(t *testing.T) {
				s := httptest.NewUnstartedServer(echo(t, wsconn.Accept{Deflate: z, After: wsconn.AppendFrame(nil, wsconn.OpText, []byte("open"))}))
				o := wsconn.DialOptions{Deflate: true, Header: http.Header{"Origin": {"http://example.com"}}}
				scheme := "ws"
				if secure {
					scheme = "wss"
					s.StartTLS()
					roots := x509.NewCertPool()
					roots.AddCert(s.Certificate())
					o.TLS = &tls.Config{RootCAs: roots}
				} else {
					s.Start()
				}
				defer s.Close()
				conn, leftover, answer, err := wsconn.Dial(t.Context(), scheme+"://"+s.Listener.Addr().String()+"/p?q=1", o)
				if err != nil {
					t.Fatal(err)
				}
				if answer.StatusCode != 101 || wsconn.DeflateAccepted(answer) != z {
					t.Errorf("%s %v", answer.Status, answer.Header)
				}
				d := &wsconn.Decoder{Client: true, Deflate: z}
				if got, want := exchange(t, conn, leftover, d, "hello", long), []string{`text "open"`, `text "hello"`, q("text", long), `close 1000 "done"`}; !slices.Equal(got, want) {
					t.Errorf("got %.200q", got)
				}
			})
		}
	}
}

// What Dial asks for.
func TestDial_Request(t *testing.T) {
	requests := make(chan *http.Request, 1)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests <- r
		wsconn.Refuse(w, 403, "not you")
	}))
	defer s.Close()
	u := strings.Replace(s.URL, "http://", "http://user:pass@", 1)
	header := http.Header{"Host": {"example.com"}, "Cookie": {"a=1"}, "Connection": {"close"}, "Sec-WebSocket-Key": {"x"}, "Sec-Websocket-Protocol": {"chat"}}
	_, _, answer, err := wsconn.Dial(t.Context(), u+"/a%2fb?q=%20", wsconn.DialOptions{Header: header})
	if !errors.Is(err, wsconn.ErrRefused) || answer.StatusCode != 403 {
		t.Fatalf("%v %v", answer, err)
	}
	if body, _ := io.ReadAll(answer.Body); string(body) != "not you" {
		t.Errorf("body %q", body)
	}
	r := <-requests
	if r.Host != "example.com" || r.RequestURI != "/a%2fb?q=%20" || r.Header.Get("Cookie") != "a=1" || r.Header.Get("Sec-WebSocket-Protocol") != "chat" || r.UserAgent() != "" {
		t.Errorf("%s %s %v", r.Host, r.RequestURI, r.Header)
	}
	if user, pass, ok := r.BasicAuth(); !ok || user != "user" || pass != "pass" {
		t.Errorf("authorization %q", r.Header["Authorization"])
	}
	if len(r.Header["Sec-Websocket-Extensions"]) != 0 {
		t.Error("offers compression without being asked to")
	}
	if header.Get("Upgrade") != "" || header.Get("Connection") != "close" {
		t.Error("changed the header of the caller")
	}
}

func TestDial_BadInput(t *testing.T) {
	for _, u := range []string{"", "ftp://h/", "//h/", "ws:///x", "ws://h/#f", "ws://h\x00", "ws://h:99999999/"} {
		if conn, _, _, err := wsconn.Dial(t.Context(), u, wsconn.DialOptions{}); err == nil {
			conn.Close()
			t.Errorf("%q: no error", u)
		}
	}
	for _, h := range []http.Header{{"Bad Name": {"v"}}, {"X": {"a\r\nY: b"}}} {
		if _, _, _, err := wsconn.Dial(t.Context(), "ws://127.0.0.1/", wsconn.DialOptions{Header: h}); err == nil {
			t.Errorf("%v: no error", h)
		}
	}
}

// scripted returns DialOptions whose connection answers the request with answer,
// in which KEY stands for the right Sec-WebSocket-Accept.
func scripted(t *testing.T, answer string) wsconn.DialOptions {
	return wsconn.DialOptions{Deflate: true, Dialer: func(context.Context, string, string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		go func() {
			defer theirs.Close()
			r, err := http.ReadRequest(bufio.NewReader(theirs))
			if err != nil {
				return
			}
			w := httptest.NewRecorder()
			conn := &collect{Conn: theirs}
			if _, err := wsconn.Hijack(stubborn{w, conn}, r, wsconn.Accept{}); err != nil {
				t.Error(err)
				return
			}
			accept := between(conn.written, "Sec-WebSocket-Accept: ", "\r\n")
			io.WriteString(theirs, strings.ReplaceAll(answer, "KEY", accept))
			if strings.Contains(answer, "\r\n\r\n") {
				io.Copy(io.Discard, theirs) // until Dial or its caller closes
			}
		}()
		return ours, nil
	}}
}

// collect keeps what is written instead of writing it.
type collect struct {
	net.Conn
	written string
}

func (c *collect) Write(p []byte) (int, error) { c.written += string(p); return len(p), nil }

func between(s, a, b string) string {
	_, s, _ = strings.Cut(s, a)
	s, _, _ = strings.Cut(s, b)
	return s
}

// Answers that are no proper 101 (RFC 6455 §4.1), and some that are.
func TestDial_Answers(t *testing.T) {
	const good = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: KEY\r\n"
	z := "Sec-WebSocket-Extensions: permessage-deflate"
	for name, c := range map[string]struct {
		answer string
		ok     bool
	}{
		"plain":                     {good + "\r\n", true},
		"frames behind":             {good + "\r\n\x81\x02hi", true},
		"early hints in front":      {"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + good + "\r\n", true},
		"hints without end":         {strings.Repeat("HTTP/1.1 103 Early Hints\r\n\r\n", 100) + good + "\r\n", false},
		"wrong accept":              {strings.Replace(good, "KEY", sampleAccept, 1) + "\r\n", false},
		"no accept":                 {strings.Replace(good, "Sec-WebSocket-Accept: KEY\r\n", "", 1) + "\r\n", false},
		"no Upgrade":                {strings.Replace(good, "Upgrade: websocket\r\n", "", 1) + "\r\n", false},
		"no Connection":             {strings.Replace(good, "Connection: Upgrade\r\n", "", 1) + "\r\n", false},
		"subprotocol":               {good + "Sec-WebSocket-Protocol: chat\r\n\r\n", false},
		"deflate":                   {good + z + "; server_no_context_takeover; client_no_context_takeover\r\n\r\n", true},
		"deflate, server window":    {good + z + "; server_no_context_takeover; server_max_window_bits=10\r\n\r\n", true},
		"deflate with take-over":    {good + z + "\r\n\r\n", false},
		"deflate, client window":    {good + z + "; server_no_context_takeover; client_max_window_bits=10\r\n\r\n", false},
		"deflate, unknown":          {good + z + "; server_no_context_takeover; x\r\n\r\n", false},
		"deflate twice":             {good + z + "; server_no_context_takeover\r\n" + z + "; server_no_context_takeover\r\n\r\n", false},
		"other extension":           {good + "Sec-WebSocket-Extensions: foo\r\n\r\n", false},
		"extension not grammatical": {good + "Sec-WebSocket-Extensions: ;\r\n\r\n", false},
		"endless header":            {good + "X: " + strings.Repeat("x", 1<<20) + "\r\n\r\n", false},
		"endless body":              {"HTTP/1.1 500 No\r\nContent-Length: 10000000\r\n\r\n" + strings.Repeat("x", 1<<20), false},
		"no HTTP":                   {"hello\r\n", false},
		"nothing":                   {"", false},
	} {
		t.Run(name, func(t *testing.T) {
			conn, leftover, answer, err := wsconn.Dial(t.Context(), "ws://h/", scripted(t, c.answer))
			if (err == nil) != c.ok {
				t.Fatalf("err = %v", err)
			}
			if err != nil {
				if answer != nil && answer.Body != nil {
					if n, err := io.Copy(io.Discard, answer.Body); n > 64<<10 || err != nil {
						t.Errorf("body of %d bytes: %v", n, err)
					}
				}
				return
			}
			conn.Close()
			if want := strings.Contains(c.answer, "deflate"); wsconn.DeflateAccepted(answer) != want {
				t.Errorf("DeflateAccepted = %v", !want)
			}
			if name == "frames behind" && string(leftover) != "\x81\x02hi" {
				t.Errorf("leftover %q", leftover)
			}
		})
	}
}

// ctx ends a handshake the server does not answer, and is the reason given.
func TestDial_Context(t *testing.T) {
	arrived := make(chan struct{})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			c.Read(make([]byte, 4096))
			arrived <- struct{}{}
			io.Copy(io.Discard, c)
			c.Close()
		}
	}()
	for _, scheme := range []string{"ws", "wss"} {
		ctx, cancel := context.WithCancelCause(t.Context())
		go func() { <-arrived; cancel(nil) }()
		if _, _, _, err := wsconn.Dial(ctx, scheme+"://"+l.Addr().String(), wsconn.DialOptions{}); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", scheme, err)
		}
	}
	l.Close()
	if _, _, _, err := wsconn.Dial(t.Context(), "ws://"+l.Addr().String(), wsconn.DialOptions{}); err == nil {
		t.Error("nobody listens, and no error")
	}
	for u, want := range map[string]string{"ws://h": "h:80", "wss://h": "h:443", "ws://[::1]/": "[::1]:80", "https://h:1": "h:1"} {
		var addr string
		o := wsconn.DialOptions{Dialer: func(_ context.Context, _, a string) (net.Conn, error) { addr = a; return nil, errSink }}
		if _, _, _, err := wsconn.Dial(t.Context(), u, o); !errors.Is(err, errSink) || addr != want {
			t.Errorf("%s: %q %v", u, addr, err)
		}
	}
	broken := wsconn.DialOptions{Dialer: func(context.Context, string, string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		theirs.Close()
		return ours, nil
	}}
	if _, _, _, err := wsconn.Dial(t.Context(), "ws://h", broken); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("got %v", err)
	}
}
