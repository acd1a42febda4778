//go:build linux

package direct_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/go-sails/sails/engineio/direct"
)

// What a handler can ask of a request and its connection.
func TestRequest_Surroundings(t *testing.T) {
	t.Parallel()
	type key struct{}
	type connKey struct{}
	found := make(chan []any, 1)
	srv := &http.Server{
		BaseContext: func(net.Listener) context.Context { return context.WithValue(context.Background(), key{}, "base") },
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			return context.WithValue(ctx, connKey{}, c.RemoteAddr().String())
		},
	}
	srv.Handler = http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		ctx := r.Context()
		found <- []any{ctx.Value(key{}), ctx.Value(connKey{}), ctx.Value(http.ServerContextKey) == any(srv), ctx.Value(http.LocalAddrContextKey).(net.Addr).String()}
	})
	s := serve(t, "direct", srv)
	conn := s.dial(t)
	write(t, conn, ask("a"))
	got := await(t, found, "request")
	for i, want := range []any{"base", conn.LocalAddr().String(), true, s.addr} {
		if got[i] != want {
			t.Errorf("%d: %v, want %v", i, got[i], want)
		}
	}
}

// Addresses are those of package net, also where IPv4 comes over a socket of IPv6.
func TestRequest_Addresses(t *testing.T) {
	t.Parallel()
	for listen, hosts := range map[string][]string{"127.0.0.1:0": {"127.0.0.1"}, "[::1]:0": {"::1"}, "[::]:0": {"::1", "127.0.0.1"}} {
		l, err := net.Listen("tcp", listen)
		if err != nil && listen != "127.0.0.1:0" {
			t.Logf("not checked, there is no IPv6 here: %v", err)
			continue
		} else if err != nil {
			t.Fatal(err)
		}
		remote, local := make(chan string, 1), make(chan string, 1)
		srv := &http.Server{Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			remote <- r.RemoteAddr
			local <- r.Context().Value(http.LocalAddrContextKey).(net.Addr).String()
		})}
		dl, err := direct.Listen(l, srv, path)
		if err != nil {
			t.Fatal(err)
		}
		served := make(chan error, 1)
		go func() { served <- srv.Serve(dl) }()
		_, port, _ := net.SplitHostPort(l.Addr().String())
		for _, host := range hosts {
			for _, request := range []string{ask("a"), lines("GET /other HTTP/1.1", "Host: a")} { // and one of net/http
				conn, err := net.Dial("tcp", net.JoinHostPort(host, port))
				if err != nil {
					t.Fatal(err)
				}
				write(t, conn, request)
				if got, want := await(t, remote, "request"), conn.LocalAddr().String(); got != want {
					t.Errorf("%s: remote address %s, want %s", listen, got, want)
				}
				if got, want := await(t, local, "request"), conn.RemoteAddr().String(); got != want {
					t.Errorf("%s: local address %s, want %s", listen, got, want)
				}
				conn.Close()
			}
		}
		if err := dl.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
		if err := srv.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
		<-served
	}
}

// A connection that a handler takes over blocks and keeps deadlines like any other,
// and begins with what came behind the request.
func TestHijack(t *testing.T) {
	t.Parallel()
	problem := make(chan error, 1)
	s := serve(t, "direct", &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		problem <- func() error {
			conn, rw, err := http.NewResponseController(w).Hijack()
			if err != nil {
				return err
			}
			defer conn.Close()
			if _, _, err := http.NewResponseController(w).Hijack(); !errors.Is(err, http.ErrHijacked) {
				return errors.New("taken over twice")
			}
			if _, err := w.Write(nil); !errors.Is(err, http.ErrHijacked) {
				return errors.New("answered after")
			}
			if err := conn.SetReadDeadline(time.Now().Add(30 * time.Millisecond)); err != nil {
				return err
			}
			if n, err := conn.Read(make([]byte, 10)); n != 0 || !isLate(err) {
				return errors.New("the deadline did not hold")
			}
			if err := conn.SetReadDeadline(time.Time{}); err != nil {
				return err
			}
			if _, err := io.WriteString(conn, "go on"); err != nil {
				return err
			}
			all, err := io.ReadAll(rw)
			if err != nil {
				return err
			}
			if string(all) != "behind"+strings.Repeat("x", 100_000) {
				return errors.New("read something else")
			}
			// More than the kernel takes: the rest waits for the client.
			_, err = conn.Write(make([]byte, 20<<20))
			return err
		}()
	})})
	conn := s.dial(t)
	write(t, conn, ask("a")+"behind")
	if _, err := io.ReadFull(conn, make([]byte, 5)); err != nil {
		t.Fatal(err)
	}
	write(t, conn, strings.Repeat("x", 100_000))
	_ = conn.CloseWrite()
	if n, err := io.Copy(io.Discard, conn); n != 20<<20 || err != nil {
		t.Fatalf("%d bytes: %v", n, err)
	}
	if err := await(t, problem, "end of the handler"); err != nil {
		t.Fatal(err)
	}
}

func isLate(err error) bool {
	var late net.Error
	return errors.As(err, &late) && late.Timeout()
}

func TestListen_Refuses(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"", "socket.io/", "/a b/", "/%41/", "/../", "//", "/a//b/", "/a/./", "/ü/", "/a?b"} {
		if _, err := direct.Listen(nil, &http.Server{}, bad); err == nil {
			t.Errorf("path %q was taken", bad)
		}
	}
}
