package sailstest

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync"
	"time"
)

// URL is where a Server answers, for its own HTTP client only.
const URL = "http://sails.test"

// Server serves a handler in memory.
type Server struct {
	handler  http.Handler
	listener *listener
	http     http.Server
	client   *http.Client
	done     chan struct{}
}

// NewServer serves handler, a *sailsio.App or what wraps one. Close it.
func NewServer(handler http.Handler) *Server {
	s := &Server{
		handler:  handler,
		listener: &listener{conns: make(chan net.Conn), open: map[net.Conn]bool{}, closed: make(chan struct{})},
		done:     make(chan struct{}),
	}
	s.http.Handler = handler
	s.client = &http.Client{
		Transport: &http.Transport{DialContext: s.listener.dial},
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse // a test wants to see it
		},
	}
	go func() {
		defer close(s.done)
		_ = s.http.Serve(s.listener) // ends when Close closes the listener
	}()
	return s
}

// Client returns an HTTP client of the server, for addresses that begin with URL.
func (s *Server) Client() *http.Client { return s.client }

// patience is how long Close lets the handler end its clients in good order.
const patience = time.Second

// Close shuts the handler down, if it has a method Shutdown as sailsio.App does,
// and ends all connections.
func (s *Server) Close() {
	s.client.CloseIdleConnections()
	if h, ok := s.handler.(interface{ Shutdown(context.Context) error }); ok {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		_ = h.Shutdown(ctx) // what is left is closed below
		cancel()
	}
	_ = s.http.Close()
	s.listener.closeAll()
	<-s.done
}

// listener hands the server ends of in-memory connections to http.Server.
type listener struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
	mu     sync.Mutex
	open   map[net.Conn]bool // guarded by mu
}

func (l *listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *listener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (l *listener) Addr() net.Addr { return address }

func (l *listener) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	c := &conn{Conn: theirs, l: l}
	l.mu.Lock()
	l.open[c] = true
	l.mu.Unlock()
	select {
	case l.conns <- c:
		return ours, nil
	case <-l.closed:
		return nil, errors.Join(c.Close(), net.ErrClosed)
	case <-ctx.Done():
		return nil, errors.Join(c.Close(), ctx.Err())
	}
}

func (l *listener) closeAll() {
	l.mu.Lock()
	open := l.open
	l.open = map[net.Conn]bool{}
	l.mu.Unlock()
	for c := range open {
		_ = c.Close()
	}
}

// conn is the server's end, with an address like that of a real client.
type conn struct {
	net.Conn
	l *listener
}

func (c *conn) LocalAddr() net.Addr  { return address }
func (c *conn) RemoteAddr() net.Addr { return address }

func (c *conn) Close() error {
	c.l.mu.Lock()
	delete(c.l.open, c)
	c.l.mu.Unlock()
	return c.Conn.Close()
}

var address = &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1337}
