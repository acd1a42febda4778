//go:build linux

package direct_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// await receives from c or fails the test.
func await[T any](t testing.TB, c <-chan T, what string) T {
	t.Helper()
	late := time.NewTimer(patience)
	defer late.Stop()
	select {
	case v := <-c:
		return v
	case <-late.C:
		t.Fatalf("no %s in %v", what, patience)
		panic("unreachable")
	}
}

// ended waits for the end of a connection and tells when it came.
func ended(t *testing.T, c net.Conn) time.Duration {
	t.Helper()
	began := time.Now()
	_, err := io.Copy(io.Discard, c)
	var late net.Error
	if errors.As(err, &late) && late.Timeout() {
		t.Fatal("the connection did not end")
	}
	return time.Since(began)
}

// SEC-16: whoever is silent, slow with a head, or idle between requests is closed.
func TestLimits_SlowClients(t *testing.T) {
	t.Parallel()
	s := serve(t, "direct", &http.Server{
		Handler:           http.HandlerFunc(teller),
		ReadHeaderTimeout: 400 * time.Millisecond, IdleTimeout: 700 * time.Millisecond,
	})
	for name, c := range map[string]struct {
		send  string
		answ  bool
		after time.Duration
	}{
		"silent":           {"", false, 400 * time.Millisecond},
		"half a head":      {ask("a")[:30], false, 400 * time.Millisecond},
		"idle":             {ask("a"), true, 700 * time.Millisecond},
		"half of the next": {ask("a") + ask("a")[:30], true, 400 * time.Millisecond},
		"after a body":     {tell("a", "body"), true, 700 * time.Millisecond},
		"other, silent":    {"GET /", false, 400 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn := s.dial(t)
			write(t, conn, c.send)
			if c.answ {
				if a := answer(bufio.NewReader(conn)); !strings.HasPrefix(a, "200") {
					t.Fatal(a)
				}
			}
			if took := ended(t, conn); took < c.after-150*time.Millisecond || took > c.after+3*time.Second {
				t.Fatalf("closed after %v, want %v", took, c.after)
			}
		})
	}
	t.Run("one byte at a time", func(t *testing.T) {
		t.Parallel()
		conn := s.dial(t)
		began := time.Now()
		tick := time.NewTicker(50 * time.Millisecond)
		defer tick.Stop()
		for _, b := range []byte(ask(strings.Repeat("a", 1000))) {
			<-tick.C
			if _, err := conn.Write([]byte{b}); err != nil {
				break
			}
		}
		if took := time.Since(began); took > 4*time.Second {
			t.Fatalf("went on for %v", took)
		}
	})
}

// SEC-16: a connection that is handed to net/http keeps the time limit it has.
func TestLimits_HandedOver(t *testing.T) {
	t.Parallel()
	s := serve(t, "direct", &http.Server{Handler: http.HandlerFunc(teller), ReadHeaderTimeout: 2 * time.Second})
	for name, before := range map[string]string{"first request": "", "behind another": ask("a")} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn := s.dial(t)
			write(t, conn, before)
			<-time.After(1500 * time.Millisecond)
			began := time.Now()
			write(t, conn, "GET /")
			ended(t, conn)
			took, want := time.Since(began), 500*time.Millisecond
			if before != "" { // its time begins with its first byte
				want = 2 * time.Second
			}
			if took < want-250*time.Millisecond || took > want+1250*time.Millisecond {
				t.Fatalf("closed after %v, want %v", took, want)
			}
		})
	}
}

// SEC-3: connections that ask nothing are bounded; the oldest goes.
func TestLimits_SilentConnections(t *testing.T) {
	t.Parallel()
	s := serve(t, "direct", &http.Server{Handler: http.HandlerFunc(teller)})
	asked := s.dial(t)
	r := bufio.NewReader(asked)
	write(t, asked, ask("a"))
	if a := answer(r); !strings.HasPrefix(a, "200") {
		t.Fatal(a)
	}
	const room = 50
	s.direct.LimitFresh(room)
	oldest := s.dial(t)
	for range room {
		s.dial(t)
	}
	if took := ended(t, oldest); took > 5*time.Second {
		t.Fatalf("the oldest was closed after %v", took)
	}
	for _, c := range []net.Conn{asked, s.dial(t)} { // the others are served
		write(t, c, ask("a"))
		if a := answer(bufio.NewReader(c)); !strings.HasPrefix(a, "200") {
			t.Fatal(a)
		}
	}
}

// A request whose client is gone is told, whatever came behind it.
func TestHeld_ClientGone(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		behind string
		end    func(*net.TCPConn)
		early  bool
	}{
		"at once":        {"", func(c *net.TCPConn) { c.CloseWrite() }, true},
		"closed":         {"", func(c *net.TCPConn) { c.Close() }, false},
		"half-closed":    {"", func(c *net.TCPConn) { c.CloseWrite() }, false},
		"aborted":        {"", func(c *net.TCPConn) { _ = c.SetLinger(0); c.Close() }, false},
		"with one more":  {ask("b"), func(c *net.TCPConn) { c.Close() }, false},
		"with a start":   {"GET /socket", func(c *net.TCPConn) { _ = c.SetLinger(0); c.Close() }, false},
		"with a foreign": {"GET / HTTP/1.1\r\n\r\n", func(c *net.TCPConn) { c.CloseWrite() }, false},
	} {
		held, gone := make(chan string, 2), make(chan error, 2)
		s := serve(t, "direct", &http.Server{Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			held <- r.RemoteAddr
			<-r.Context().Done()
			gone <- r.Context().Err()
		})})
		conn := s.dial(t)
		write(t, conn, ask("a"))
		if c.early {
			c.end(conn)
		}
		if got := await(t, held, "request"); got != conn.LocalAddr().String() {
			t.Fatalf("%s: remote address %s, want %s", name, got, conn.LocalAddr())
		}
		if c.behind != "" {
			write(t, conn, c.behind)
		}
		c.end(conn)
		if err := await(t, gone, "cancellation"); !errors.Is(err, context.Canceled) {
			t.Fatalf("%s: %v", name, err)
		}
	}
}

// Requests wait in order behind a held one; handlers that wait hold up nobody else
// (SEC-43).
func TestHeld_OthersGoOn(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	held := make(chan struct{}, 100)
	s := serve(t, "direct", &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.RequestURI, "hold") {
			held <- struct{}{}
			<-release
		}
		_, _ = io.WriteString(w, r.RequestURI)
	})})
	conn := s.dial(t)
	write(t, conn, ask("hold")+ask("b")+lines("GET /other HTTP/1.1", "Host: a"))
	for range 20 {
		write(t, s.dial(t), ask("hold"))
		await(t, held, "request")
	}
	await(t, held, "request")
	other := s.dial(t)
	write(t, other, ask("c"))
	if a := answer(bufio.NewReader(other)); !strings.Contains(a, "how=c") {
		t.Fatal(a)
	}
	close(release)
	r := bufio.NewReader(conn)
	for _, want := range []string{"how=hold", "how=b", "/other"} {
		if a := answer(r); !strings.Contains(a, want) {
			t.Fatalf("%s, want %s", a, want)
		}
	}
}

// Shutdown answers what is under way, as the last of its connection, and closes the
// rest (SEC-91).
func TestShutdown(t *testing.T) {
	t.Parallel()
	release, held := make(chan struct{}), make(chan struct{}, 1)
	s := serve(t, "direct", &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.RequestURI, "hold") {
			held <- struct{}{}
			<-release
		}
		_, _ = io.WriteString(w, "answered")
	})})
	idle, silent, busy := s.dial(t), s.dial(t), s.dial(t)
	write(t, idle, ask("a"))
	idleAnswers := bufio.NewReader(idle)
	if a := answer(idleAnswers); !strings.HasPrefix(a, "200") {
		t.Fatal(a)
	}
	write(t, busy, ask("hold"))
	await(t, held, "request")
	done := make(chan error, 1)
	go func() { done <- s.direct.Shutdown(context.Background()) }()
	ended(t, silent)
	if a := answer(idleAnswers); a != "end" {
		t.Fatal(a)
	}
	select {
	case err := <-done:
		t.Fatalf("returned with a request under way: %v", err)
	default:
	}
	close(release)
	if err := await(t, done, "return of Shutdown"); err != nil {
		t.Fatal(err)
	}
	r := bufio.NewReader(busy)
	if a := answer(r); !strings.Contains(a, "answered") || !strings.Contains(a, "close=true") {
		t.Fatal(a)
	}
	if a := answer(r); a != "end" {
		t.Fatal(a)
	}
	if err := s.direct.Close(); !errors.Is(err, net.ErrClosed) {
		t.Fatalf("second Close: %v", err)
	}
}

// When its time is over, Shutdown cuts off.
func TestShutdown_InTime(t *testing.T) {
	t.Parallel()
	held, gone := make(chan struct{}), make(chan struct{})
	s := serve(t, "direct", &http.Server{Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(held)
		<-r.Context().Done()
		close(gone)
	})})
	conn := s.dial(t)
	write(t, conn, ask("a"))
	await(t, held, "request")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := s.direct.Shutdown(ctx); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	await(t, gone, "cancellation")
	ended(t, conn)
}
