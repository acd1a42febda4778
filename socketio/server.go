package socketio

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/go-sails/sails/engineio"
	"github.com/go-sails/sails/internal/workers"
)

// Server is a Socket.IO server: an http.Handler for everything below Config.Path.
// Its methods may be called concurrently.
type Server struct {
	cfg    Config
	engine *engineio.Server
	files  *clientFiles // nil: none are served
	pool   workers.Pool
	crew   workers.Crew // of pool: empties mailboxes
	busy   busy
	stats  counters

	sockets atomic.Uint64 // numbers sockets

	mu         sync.RWMutex
	namespaces map[string]*Namespace // by name; guarded by mu
	parents    []*Namespace          // only ever appended to; guarded by mu
	dynamic    int                   // namespaces with a parent; guarded by mu
	closed     bool                  // guarded by mu
}

// NewServer returns a Server with the namespace "/". An error names the field of
// cfg that makes no sense.
func NewServer(cfg Config) (*Server, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	if a, ok := cfg.Adapter.(ConfigAdapter); ok {
		if err := a.CheckConfig(cfg); err != nil {
			return nil, err
		}
	}
	srv := &Server{cfg: cfg, namespaces: make(map[string]*Namespace)}
	srv.busy.idle = make(chan struct{})
	srv.crew.Pool = &srv.pool
	if cfg.ClientDir != "" {
		if srv.files, err = newClientFiles(cfg.ClientDir); err != nil {
			return nil, err
		}
	}
	srv.engine, err = engineio.NewServer((*engineHandler)(srv), cfg.Engine)
	if err != nil {
		return nil, err
	}
	srv.Of("/")
	return srv, nil
}

// Engine returns the server of the connections, to add HTTP middleware (Use) and
// to read its counters.
func (srv *Server) Engine() *engineio.Server { return srv.engine }

// Path returns the path served, without a slash at its end.
func (srv *Server) Path() string { return srv.cfg.Path }

// ServeHTTP answers below Config.Path and says 404 elsewhere.
func (srv *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	rest, below := strings.CutPrefix(r.URL.Path, srv.cfg.Path)
	if !below || !strings.HasPrefix(rest, "/") && (rest != "" || !srv.cfg.NoTrailingSlash) {
		http.NotFound(w, r)
		return
	}
	if srv.files != nil && srv.files.serve(w, r, strings.TrimPrefix(rest, "/")) {
		return
	}
	srv.engine.ServeHTTP(w, r)
}

// Namespaces returns the existing namespaces, dynamic ones included, in no order.
func (srv *Server) Namespaces() []*Namespace {
	srv.mu.RLock()
	defer srv.mu.RUnlock()
	list := make([]*Namespace, 0, len(srv.namespaces))
	for _, n := range srv.namespaces {
		list = append(list, n)
	}
	return list
}

// Shutdown refuses new connections, closes all sessions after what is queued has
// been sent (sockets end with ServerShuttingDown, clients reconnect elsewhere),
// waits for the handlers that run or wait, and closes the adapter. When ctx ends
// first, its cause is returned and the rest goes on in the background.
func (srv *Server) Shutdown(ctx context.Context) error {
	srv.mu.Lock()
	if srv.closed {
		srv.mu.Unlock()
		return ErrServerClosed
	}
	srv.closed = true
	srv.mu.Unlock()
	err := srv.engine.Shutdown(ctx)
	if waited := srv.busy.wait(ctx); err == nil {
		err = waited
	}
	for _, n := range srv.Namespaces() {
		if n.node != nil {
			n.node.leave()
		}
	}
	if srv.cfg.Adapter != nil {
		err = errors.Join(err, srv.cfg.Adapter.Close())
	}
	return err
}

// engineHandler is the Server as the engine sees it.
type engineHandler Server

// OnOpen implements engineio.Handler.
func (h *engineHandler) OnOpen(session *engineio.Session) error {
	srv := (*Server)(h)
	c := &conn{srv: srv, session: session, revision: int8(session.Protocol())}
	if srv.cfg.Codec != nil {
		c.decoder = srv.cfg.Codec.NewDecoder()
	}
	session.SetData(c)
	srv.busy.add()
	c.open()
	return nil
}

// OnMessage implements engineio.Handler.
func (h *engineHandler) OnMessage(session *engineio.Session, data []byte, binary bool) {
	session.Data().(*conn).receive(data, binary)
}

// OnClose implements engineio.Handler.
func (h *engineHandler) OnClose(session *engineio.Session, reason engineio.CloseReason) {
	session.Data().(*conn).end(reasonOf(reason))
	(*Server)(h).busy.done()
}

// Stats are counters since the server was made (SEC-93).
type Stats struct {
	Refused         uint64 // connections to namespaces that were refused
	BadPackets      uint64 // sessions closed for malformed or misplaced packets
	ConnectTimeouts uint64 // sessions closed for joining no namespace
	Panics          uint64 // panics of user code
	DroppedRequests uint64 // messages to or from other nodes dropped for lack of room
}

type counters struct {
	refused, badPackets, connectTimeouts, panics, dropped atomic.Uint64
}

// Stats returns the counters; those of connections are Engine().Stats().
func (srv *Server) Stats() Stats {
	c := &srv.stats
	return Stats{
		Refused: c.refused.Load(), BadPackets: c.badPackets.Load(), ConnectTimeouts: c.connectTimeouts.Load(),
		Panics: c.panics.Load(), DroppedRequests: c.dropped.Load(),
	}
}

// busy counts sessions and running tasks, so that Shutdown can wait for them.
type busy struct {
	n       atomic.Int64
	waiting atomic.Bool
	idle    chan struct{} // closed by once
	once    sync.Once
}

func (b *busy) add() { b.n.Add(1) }

func (b *busy) done() {
	if b.n.Add(-1) == 0 && b.waiting.Load() {
		b.once.Do(func() { close(b.idle) })
	}
}

// wait returns when nothing is left. Tasks are only started by what is counted
// itself, so nothing comes after.
func (b *busy) wait(ctx context.Context) error {
	b.waiting.Store(true)
	if b.n.Load() == 0 {
		return nil
	}
	select {
	case <-b.idle:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// newID returns n random bytes as URL-safe text: 15 bytes are 20 characters, the
// length of a socket id, 18 are 144 bits for secrets (SEC-59).
func newID(n int) string {
	b := make([]byte, n, 18)
	_, _ = rand.Read(b) // never fails
	return base64.RawURLEncoding.EncodeToString(b)
}
