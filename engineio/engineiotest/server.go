package engineiotest

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync"
)

// Server serves a handler over connections in memory. The URL has no meaning
// outside of this server's Dial.
type Server struct {
	// URL is the root of the server, without a slash at the end.
	URL string

	http *http.Server
	in   chan net.Conn
	done chan struct{}
	wg   sync.WaitGroup

	mu    sync.Mutex
	ports int                // guarded by mu
	conns map[*pipe]struct{} // both ends; guarded by mu
}

var errServerClosed = errors.New("engineiotest: server is closed")

// NewServer serves h until Close.
func NewServer(h http.Handler) *Server {
	s := &Server{
		URL: "http://engineio.test", http: &http.Server{Handler: h},
		in: make(chan net.Conn), done: make(chan struct{}), conns: map[*pipe]struct{}{},
	}
	s.wg.Go(func() { _ = s.http.Serve((*listener)(s)) }) // ErrServerClosed
	return s
}

// Close stops the server and closes every connection to it, those taken over for
// WebSockets included. Handlers that do not end are not waited for.
func (s *Server) Close() {
	s.mu.Lock()
	select {
	case <-s.done:
	default:
		close(s.done)
	}
	conns := s.conns
	s.conns = map[*pipe]struct{}{}
	s.mu.Unlock()
	_ = s.http.Close()
	for c := range conns {
		_ = c.Conn.Close()
	}
	s.wg.Wait()
}

// Dial connects to the server, whatever network and address say. It fits
// http.Transport.DialContext and the Dial options of clients.
func (s *Server) Dial(ctx context.Context, _, _ string) (net.Conn, error) {
	a, b := net.Pipe()
	s.mu.Lock()
	s.ports++
	remote := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1024 + s.ports%60_000}
	client := &pipe{Conn: a, server: s, local: remote, remote: serverAddr}
	accepted := &pipe{Conn: b, server: s, local: serverAddr, remote: remote}
	s.conns[client], s.conns[accepted] = struct{}{}, struct{}{}
	s.mu.Unlock()
	var err error
	select {
	case s.in <- accepted:
		return client, nil
	case <-s.done:
		err = errServerClosed
	case <-ctx.Done():
		err = ctx.Err()
	}
	client.Close()
	accepted.Close()
	return nil, err
}

// Client returns an HTTP client for the server, with connections of its own and
// without keep-alives.
func (s *Server) Client() *http.Client {
	return &http.Client{Transport: &http.Transport{DialContext: s.Dial, DisableKeepAlives: true}}
}

// Open is [Open] with URL and Dial of the server.
func (s *Server) Open(ctx context.Context, o Options) (*Conn, error) {
	o.URL, o.Dial = s.URL, s.Dial
	return Open(ctx, o)
}

var serverAddr = &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 80}

// pipe is one end of a connection.
type pipe struct {
	net.Conn
	server        *Server
	local, remote net.Addr
}

func (p *pipe) LocalAddr() net.Addr  { return p.local }
func (p *pipe) RemoteAddr() net.Addr { return p.remote }

func (p *pipe) Close() error {
	p.server.mu.Lock()
	delete(p.server.conns, p)
	p.server.mu.Unlock()
	return p.Conn.Close()
}

// listener accepts what Dial offers.
type listener Server

func (l *listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.in:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *listener) Close() error   { return nil }
func (l *listener) Addr() net.Addr { return serverAddr }
