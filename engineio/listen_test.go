package engineio_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/go-sails/sails/engineio"
)

// serving runs Serve on a listener of its own.
type serving struct {
	t    *testing.T
	url  string
	stop context.CancelFunc
	over chan error
}

func serve(t *testing.T, srv *http.Server, drain func(context.Context) error, limit time.Duration) *serving {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	s := &serving{t: t, url: "http://" + l.Addr().String(), stop: stop, over: make(chan error, 1)}
	t.Cleanup(func() {
		stop()
		http.DefaultClient.CloseIdleConnections()
	})
	go func() { s.over <- engineio.Serve(ctx, l, srv, drain, limit) }()
	return s
}

// ask sends a request and gives what came of it to the channel.
func (s *serving) ask(path string) <-chan string {
	answer := make(chan string, 1)
	go func() {
		res, err := http.Get(s.url + path)
		if err != nil {
			answer <- err.Error()
			return
		}
		defer res.Body.Close()
		body, _ := io.ReadAll(res.Body)
		answer <- res.Status + " " + string(body)
	}()
	return answer
}

// SEC-91: a request in flight is answered, also one that comes while clients are told,
// and drain is called before any of that is waited for.
func TestServe_Drains(t *testing.T) {
	begun, finish := make(chan struct{}), make(chan struct{})
	mux := http.NewServeMux()
	mux.HandleFunc("/slow", func(w http.ResponseWriter, _ *http.Request) {
		close(begun)
		<-finish
		_, _ = io.WriteString(w, "done")
	})
	mux.HandleFunc("/late", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })
	var s *serving
	srv := &http.Server{Handler: mux}
	s = serve(t, srv, func(context.Context) error {
		if got := <-s.ask("/late"); got != "503 Service Unavailable " {
			t.Error(got)
		}
		close(finish)
		return nil
	}, 0)
	slow := s.ask("/slow")
	await(t, begun, "request")
	s.stop()
	if got := await(t, slow, "answer"); got != "200 OK done" {
		t.Error(got)
	}
	if err := await(t, s.over, "end"); err != nil {
		t.Error(err)
	}
	if srv.ReadHeaderTimeout != 10*time.Second || srv.IdleTimeout != time.Minute || srv.MaxHeaderBytes != 64<<10 { // SEC-10, SEC-16
		t.Errorf("%v %v %d", srv.ReadHeaderTimeout, srv.IdleTimeout, srv.MaxHeaderBytes)
	}
}

// SEC-91: what does not end is cut off at the limit.
func TestServe_CutsOff(t *testing.T) {
	begun, gone := make(chan struct{}), make(chan struct{})
	s := serve(t, &http.Server{Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(begun)
		<-r.Context().Done()
		close(gone)
	})}, nil, 50*time.Millisecond)
	answer := s.ask("/")
	await(t, begun, "request")
	s.stop()
	if err := await(t, s.over, "end"); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	await(t, gone, "end of the request")
	await(t, answer, "end of the connection")
}

// A listener that fails ends the server, which drains all the same.
func TestServe_ListenerFails(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	drained := false
	err = engineio.Serve(context.Background(), l, &http.Server{Handler: http.NotFoundHandler()}, func(context.Context) error {
		drained = true
		return nil
	}, 0)
	if !errors.Is(err, net.ErrClosed) || !drained {
		t.Errorf("%v, drained: %v", err, drained)
	}
}
