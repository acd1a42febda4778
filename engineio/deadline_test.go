package engineio_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/go-sails/sails/engineio"
)

// timedPair is a timedConn and its peer.
func timedPair(t *testing.T) (timed, peer net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	timedL := engineio.TimedListener(l)
	t.Cleanup(func() { _ = timedL.Close() })
	if peer, err = net.Dial("tcp", l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = peer.Close() })
	if timed, err = timedL.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = timed.Close() })
	if _, ok := timed.(*net.TCPConn); ok {
		t.Fatal("a plain connection")
	}
	return timed, peer
}

// in sets a read deadline; 0 is none.
func in(t *testing.T, c net.Conn, d time.Duration) {
	t.Helper()
	due := time.Time{}
	if d != 0 {
		due = time.Now().Add(d)
	}
	if err := c.SetReadDeadline(due); err != nil {
		t.Fatal(err)
	}
}

func say(t *testing.T, c net.Conn, text string) {
	t.Helper()
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatal(err)
	}
}

func hear(t *testing.T, c net.Conn, text string) {
	t.Helper()
	buf := make([]byte, len(text))
	if _, err := io.ReadFull(c, buf); err != nil || string(buf) != text {
		t.Fatalf("read %q, %v", buf, err)
	}
}

// timesOut reads until the deadline and tells how long that took.
func timesOut(t *testing.T, c net.Conn) time.Duration {
	t.Helper()
	began := time.Now()
	n, err := c.Read(make([]byte, 1))
	var timeout net.Error
	if n != 0 || !errors.Is(err, os.ErrDeadlineExceeded) || !errors.As(err, &timeout) || !timeout.Timeout() {
		t.Fatalf("read %d bytes, %v", n, err)
	}
	return time.Since(began)
}

const (
	short = 30 * time.Millisecond
	long  = 3 * short
)

// SEC-16: a deadline ends a read when it is due, whatever was armed before.
func TestTimedConn_EndsReads(t *testing.T) {
	for name, prepare := range map[string]func(t *testing.T, timed, peer net.Conn){
		"first": func(*testing.T, net.Conn, net.Conn) {},
		"behind a later one": func(t *testing.T, timed, peer net.Conn) {
			in(t, timed, time.Minute)
			say(t, peer, "a")
			hear(t, timed, "a")
		},
		"behind an earlier one": func(t *testing.T, timed, peer net.Conn) {
			in(t, timed, short/2)
			say(t, peer, "a")
			hear(t, timed, "a")
		},
		"behind one that ended a read": func(t *testing.T, timed, _ net.Conn) {
			in(t, timed, time.Millisecond)
			timesOut(t, timed)
		},
		"behind one that ended nothing": func(t *testing.T, timed, _ net.Conn) { in(t, timed, -time.Second) },
		"of a plain connection": func(t *testing.T, timed, _ net.Conn) {
			if err := timed.SetDeadline(time.Time{}); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			timed, peer := timedPair(t)
			prepare(t, timed, peer)
			in(t, timed, short)
			if took := timesOut(t, timed); took < short-time.Millisecond || took > time.Second {
				t.Errorf("after %v, want %v", took, short)
			}
			timesOut(t, timed) // it stays
			in(t, timed, -time.Second)
			if took := timesOut(t, timed); took > time.Second {
				t.Errorf("one that has passed ended a read after %v", took)
			}
			in(t, timed, 0)
			say(t, peer, "b")
			hear(t, timed, "b")
		})
	}
}

// A deadline that was taken back, or put off, ends no read.
func TestTimedConn_LetsReadsGoOn(t *testing.T) {
	for name, later := range map[string]time.Duration{"taken back": 0, "put off": time.Minute} {
		t.Run(name, func(t *testing.T) {
			timed, peer := timedPair(t)
			in(t, timed, short)
			say(t, peer, "a")
			hear(t, timed, "a")
			in(t, timed, later)
			answer := time.AfterFunc(long, func() { _, _ = io.WriteString(peer, "b") })
			defer answer.Stop()
			hear(t, timed, "b")
		})
	}
}

// A deadline set while a read waits holds for it, as net/http expects when it ends the
// read that looks out for the end of a client.
func TestTimedConn_WhileAReadWaits(t *testing.T) {
	for name, first := range map[string]time.Duration{"none before": 0, "a later one before": time.Minute} {
		for _, next := range []time.Duration{-time.Second, short} {
			t.Run(fmt.Sprint(name, next), func(t *testing.T) {
				timed, peer := timedPair(t)
				in(t, timed, first)
				ended := make(chan error, 1)
				began := make(chan struct{})
				go func() {
					close(began)
					_, err := timed.Read(make([]byte, 1))
					ended <- err
				}()
				<-began
				in(t, timed, next)
				if err := await(t, ended, "end of the read"); !errors.Is(err, os.ErrDeadlineExceeded) {
					t.Fatal(err)
				}
				in(t, timed, 0)
				say(t, peer, "a")
				hear(t, timed, "a")
			})
		}
	}
}

// Other errors come through, and a closed connection does not read.
func TestTimedConn_Ends(t *testing.T) {
	timed, peer := timedPair(t)
	in(t, timed, time.Minute)
	_ = peer.Close()
	if _, err := timed.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Error(err)
	}
	_ = timed.Close()
	if _, err := timed.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
		t.Error(err)
	}
}

// SEC-16: behind a request that was answered, the next one's head has its time and no
// more, and so has a connection without requests.
func TestServe_LimitsSecondRequest(t *testing.T) {
	for name, begun := range map[string]string{"half a head": "GET / HTTP/1.1\r\nHo", "nothing": ""} {
		t.Run(name, func(t *testing.T) {
			srv := &http.Server{ReadHeaderTimeout: long, IdleTimeout: long, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				_, _ = io.WriteString(w, "ok")
			})}
			s := serve(t, srv, nil, 0)
			conn, err := net.Dial("tcp", s.url[len("http://"):])
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			r := bufio.NewReader(conn)
			for range 3 {
				say(t, conn, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
				res, err := http.ReadResponse(r, nil)
				if err != nil {
					t.Fatal(err)
				}
				if body, err := io.ReadAll(res.Body); string(body) != "ok" {
					t.Fatalf("%q, %v", body, err)
				}
			}
			began := time.Now()
			say(t, conn, begun)
			_ = conn.SetReadDeadline(began.Add(10 * time.Second))
			if rest, err := io.ReadAll(r); err != nil {
				t.Fatalf("%q, %v", rest, err)
			}
			if took := time.Since(began); took < long/2 || took > 5*time.Second {
				t.Errorf("closed after %v, want %v", took, long)
			}
			s.stop()
			if err := await(t, s.over, "end"); err != nil {
				t.Error(err)
			}
		})
	}
}
