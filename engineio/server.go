package engineio

import (
	"context"
	"net"
	"net/http"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-sails/sails/internal/workers"
)

// Handler receives what happens on sessions. Its methods are called from the
// goroutine that reads a session's transport: they must not block and must not run
// code of the application.
//
// Calls for one session are serial and in order: OnOpen, then OnMessage any number
// of times, then OnClose exactly once if OnOpen returned nil.
type Handler interface {
	// OnOpen announces a session. What it sends follows the open packet. An error
	// refuses the handshake as AllowRequest would.
	OnOpen(s *Session) error
	// OnMessage hands over one message. data is reused when OnMessage returns: copy
	// what is kept.
	OnMessage(s *Session, data []byte, binary bool)
	// OnClose says that the session is gone, and why.
	OnClose(s *Session, reason CloseReason)
}

// Server serves Engine.IO sessions over HTTP. It answers every request it is given,
// whatever the path: mount it below the path clients use. Its methods may be called
// concurrently.
type Server struct {
	handler  Handler
	cfg      settings
	wrapped  http.Handler // serve, behind middleware
	wheel    wheel
	pool     workers.Pool
	flushers []*flusher
	next     atomic.Uint32 // round robin over flushers
	queued   atomic.Int64  // bytes waiting in all sessions
	counters counters

	unverified unverified

	middleware []func(http.Handler) http.Handler

	mu       sync.RWMutex
	sessions map[string]*Session // by sid; guarded by mu
	byAddr   map[string]int      // sessions of a remote host, when limited; guarded by mu
	closed   bool                // guarded by mu
	live     int                 // sessions whose OnClose has not returned; guarded by mu
	empty    chan struct{}       // closed after Shutdown when live is zero; guarded by mu
}

// NewServer returns a Server that reports to h. An error names the field of cfg
// that makes no sense.
func NewServer(h Handler, cfg Config) (*Server, error) {
	set, err := cfg.settings()
	if err != nil {
		return nil, err
	}
	s := &Server{handler: h, cfg: set, sessions: map[string]*Session{}, byAddr: map[string]int{}}
	s.wheel.init(min(set.PingInterval, set.PingTimeout))
	s.wheel.onTick = s.unverified.check
	for range runtime.GOMAXPROCS(0) {
		s.flushers = append(s.flushers, &flusher{pool: &s.pool})
	}
	s.wrapped = http.HandlerFunc(s.serve)
	return s, nil
}

// Use wraps the handling of every HTTP request of the engine (handshakes, polls,
// POSTs and upgrades) in middleware, the first outermost. Call it before serving.
func (s *Server) Use(middleware ...func(http.Handler) http.Handler) {
	s.middleware = append(s.middleware, middleware...)
	s.wrapped = http.HandlerFunc(s.serve)
	for _, wrap := range slices.Backward(s.middleware) {
		s.wrapped = wrap(s.wrapped)
	}
}

// ServeHTTP answers one request: a handshake, a poll, a POST or a WebSocket.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.wrapped.ServeHTTP(w, r) }

// Session returns the open session with this sid.
func (s *Server) Session(sid string) (*Session, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	session, ok := s.sessions[sid]
	return session, ok
}

// Shutdown refuses new handshakes with 503, closes every session with
// ServerShuttingDown after sending what is queued, and waits until all are gone.
// When ctx ends first the rest is cut off and ctx's error is returned.
func (s *Server) Shutdown(ctx context.Context) error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return ErrServerClosed
	}
	s.closed = true
	s.empty = make(chan struct{})
	open := make([]*Session, 0, len(s.sessions))
	for _, session := range s.sessions {
		open = append(open, session)
	}
	if s.live == 0 {
		close(s.empty)
	}
	s.mu.Unlock()
	s.closeInBatches(ctx, open)
	defer s.pool.Close()
	defer s.wheel.close()
	select {
	case <-s.empty:
		return nil
	case <-ctx.Done():
	}
	for _, session := range open {
		session.finish(ServerShuttingDown)
	}
	return context.Cause(ctx)
}

// Closing is spread, so that the clients do not all come to the next server in the
// same moment: drainBatch sessions every drainPause, larger batches when that would
// take longer than drainSpread.
const (
	drainBatch  = 500
	drainPause  = 100 * time.Millisecond
	drainSpread = 20 * time.Second
)

func (s *Server) closeInBatches(ctx context.Context, open []*Session) {
	batch := max(drainBatch, len(open)/int(drainSpread/drainPause))
	for i, session := range open {
		if i > 0 && i%batch == 0 {
			select {
			case <-time.After(drainPause):
			case <-ctx.Done():
			}
		}
		session.Close(ServerShuttingDown)
	}
}

// Draining tells whether Shutdown was called.
func (s *Server) Draining() bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.closed
}

// add registers a session; false when there is no room for it.
func (s *Server) add(session *Session) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || len(s.sessions) >= s.cfg.MaxSessions || s.sessions[session.id] != nil {
		return false
	}
	if s.cfg.MaxSessionsPerAddr != maxInt {
		host := hostOf(session.RemoteAddr())
		if s.byAddr[host] >= s.cfg.MaxSessionsPerAddr {
			return false
		}
		s.byAddr[host]++
	}
	s.sessions[session.id] = session
	s.live++
	return true
}

func (s *Server) remove(session *Session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sessions[session.id] != session {
		return
	}
	delete(s.sessions, session.id)
	if s.cfg.MaxSessionsPerAddr == maxInt {
		return
	}
	host := hostOf(session.RemoteAddr())
	if n := s.byAddr[host]; n > 1 {
		s.byAddr[host] = n - 1
	} else {
		delete(s.byAddr, host)
	}
}

// forget is called when nothing of a session is left to do.
func (s *Server) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.live--
	if s.closed && s.live == 0 {
		close(s.empty)
	}
}

// hasRoom answers early, before a handshake costs anything (SEC-3).
func (s *Server) hasRoom(r *http.Request) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return !s.closed && len(s.sessions) < s.cfg.MaxSessions &&
		s.queued.Load() < s.cfg.MaxBufferedTotal &&
		(s.cfg.MaxSessionsPerAddr == maxInt || s.byAddr[hostOf(r.RemoteAddr)] < s.cfg.MaxSessionsPerAddr)
}

func hostOf(addr string) string {
	if host, _, err := net.SplitHostPort(addr); err == nil {
		return host
	}
	return addr
}
