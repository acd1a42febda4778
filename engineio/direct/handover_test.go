//go:build linux

package direct_test

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/go-sails/sails/engineio"
	"github.com/go-sails/sails/engineio/direct"
	"github.com/go-sails/sails/internal/wsconn"
)

// A connection that comes from Accept has lost nothing, however it is read.
func TestAccept_Replays(t *testing.T) {
	t.Parallel()
	under, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l, err := direct.Listen(under, &http.Server{}, path)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for name, read := range map[string]func(net.Conn) ([]byte, error){
		"Read": func(c net.Conn) ([]byte, error) { return io.ReadAll(struct{ io.Reader }{c}) },
		"WriteTo": func(c net.Conn) ([]byte, error) {
			var b bytes.Buffer
			_, err := io.Copy(&b, c)
			return b.Bytes(), err
		},
		"Read, then WriteTo": func(c net.Conn) ([]byte, error) {
			var b bytes.Buffer
			if _, err := io.CopyN(&b, c, 3); err != nil {
				return nil, err
			}
			_, err := io.Copy(&b, c)
			return b.Bytes(), err
		},
	} {
		t.Run(name, func(t *testing.T) {
			client, err := net.Dial("tcp", l.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer client.Close()
			write(t, client, "GET /other")
			conn, err := l.Accept()
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			write(t, client, " and what follows")
			client.(*net.TCPConn).CloseWrite()
			if got, err := read(conn); err != nil || string(got) != "GET /other and what follows" {
				t.Fatalf("%q, %v", got, err)
			}
			if conn.RemoteAddr().String() != client.LocalAddr().String() {
				t.Fatalf("remote address %s", conn.RemoteAddr())
			}
		})
	}
	l.Close()
	if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Fatal(err)
	}
}

// A listener that is not TCP is passed through.
func TestListen_OtherKinds(t *testing.T) {
	t.Parallel()
	under, err := net.Listen("unix", t.TempDir()+"/s")
	if err != nil {
		t.Fatal(err)
	}
	l, err := direct.Listen(under, &http.Server{}, path)
	if err != nil {
		t.Fatal(err)
	}
	client, err := net.Dial("unix", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	conn, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
	if err := l.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// A server with TLS is one: nobody is answered in plain text.
func TestListen_TLS(t *testing.T) {
	t.Parallel()
	ts := httptest.NewUnstartedServer(http.HandlerFunc(teller))
	ts.Config.ErrorLog = log.New(io.Discard, "", 0)
	ts.Config.TLSConfig = new(tls.Config)
	dl, err := direct.Listen(ts.Listener, ts.Config, path)
	if err != nil {
		t.Fatal(err)
	}
	ts.Listener = dl
	ts.StartTLS()
	defer ts.Close()
	res, err := ts.Client().Get(ts.URL + path + "?how=a")
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatal(res, err)
	}
	res.Body.Close()
	s := server{addr: dl.Addr().String()}
	conn := s.dial(t)
	write(t, conn, ask("a"))
	if a := answer(bufio.NewReader(conn)); !strings.HasPrefix(a, "400") {
		t.Fatal(a)
	}
}

// A WebSocket whose request is net/http's is one like any other, and so is one whose
// first frames come with the request.
func TestWebSocket_Roads(t *testing.T) {
	t.Parallel()
	handler := new(echoer)
	engine, err := engineio.NewServer(handler, engineio.Config{})
	if err != nil {
		t.Fatal(err)
	}
	s := serve(t, "direct", &http.Server{Handler: engine})
	defer cutOff(engine)
	for name, extra := range map[string]string{"ours": "X-A: b", "net/http's": "X-A: \xff"} {
		conn := s.dial(t)
		write(t, conn, lines("GET "+wsTarget+" HTTP/1.1", "Host: a", "Connection: Upgrade", "Upgrade: websocket",
			"Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==", extra)+
			frame(wsconn.OpText, "4one")+frame(wsconn.OpText, "4two")[:3])
		r := bufio.NewReader(conn)
		res, err := http.ReadResponse(r, nil)
		if err != nil || res.StatusCode != http.StatusSwitchingProtocols {
			t.Fatalf("%s: %v, %v", name, res, err)
		}
		if op, err := r.ReadByte(); err != nil || op != 0x81 { // the open packet
			t.Fatalf("%s: %x, %v", name, op, err)
		}
		n, _ := r.ReadByte()
		_, _ = r.Discard(int(n))
		one := make([]byte, 6)
		if _, err := io.ReadFull(r, one); err != nil || string(one) != "\x81\x044one" {
			t.Fatalf("%s: %q, %v", name, one, err)
		}
		conn.Close()
	}
	handler.ended.Wait()
}
