package socketioclient

import (
	"context"
	"fmt"
	"strings"
	"sync"
)

// Client is a connection to one server that reconnects by itself and carries any
// number of sockets, one per namespace. It connects when the first socket does and
// disconnects when no socket is left that wants to be connected. Its methods, and
// those of its sockets, may be called concurrently and never call handlers.
type Client struct {
	cfg   settings
	ctx   context.Context // ends with Close; the parent of handlers' contexts
	end   context.CancelCauseFunc
	tasks goroutines
	calls dispatcher

	// mu comes before the engine's and the dispatcher's locks. Nothing blocks and
	// no user code runs while it is held.
	mu       sync.Mutex
	closed   bool               // guarded by mu, as all below
	sockets  map[string]*Socket // by namespace
	conn     *conn              // nil while not connected
	opening  *opening           // nil when nobody is trying to connect
	buffered int                // bytes in the sockets' buffers
}

// New returns a client for the server at rawURL: scheme http, https, ws or wss,
// host, optionally a query, no path (see Options.Path). It does not connect. An
// error names what makes no sense.
func New(rawURL string, o Options) (*Client, error) {
	cfg, err := o.settings(rawURL)
	if err != nil {
		return nil, err
	}
	c := &Client{cfg: cfg, sockets: map[string]*Socket{}}
	c.ctx, c.end = context.WithCancelCause(context.Background())
	c.tasks.done = make(chan struct{})
	c.calls.spawn = c.tasks.spawn
	c.calls.maxTasks, c.calls.maxBytes = cfg.MaxQueued, cfg.MaxQueuedBytes
	return c, nil
}

// Of returns the socket of a namespace, the same one each time; "" and "/" are the
// main one. auth is sent when the socket connects: nil, a value that becomes a
// JSON object, or an [AuthFunc]; a later call with an auth other than nil replaces
// it. In revision 3 auth travels in the query of the namespace, so its members are
// plain values, and the main namespace has none: use Options.Query there.
//
// Register handlers before [Socket.Connect], or events may be missed.
func (c *Client) Of(namespace string, auth any) *Socket {
	if !strings.HasPrefix(namespace, "/") {
		namespace = "/" + namespace
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.sockets[namespace]
	if s == nil {
		s = newSocket(c, namespace)
	}
	if auth != nil {
		s.auth = auth
	}
	return s
}

// AuthFunc makes the auth value anew for each connection, for tokens that expire.
// ctx ends when the attempt to connect does, after Options.Timeout at the latest.
// An error ends the attempt as a refusal by the server would.
type AuthFunc func(ctx context.Context) (any, error)

// Connected reports whether there is a connection to the server. Sockets may still
// wait to be let into their namespaces.
func (c *Client) Connected() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.conn != nil
}

// Transport returns the current transport, "" when not connected.
func (c *Client) Transport() Transport {
	c.mu.Lock()
	conn := c.conn
	c.mu.Unlock()
	if conn == nil {
		return ""
	}
	return conn.engine.transport()
}

// SessionID returns the Engine.IO session id, "" when not connected. It is a
// secret: who knows it can speak for the session.
func (c *Client) SessionID() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.conn == nil {
		return ""
	}
	return c.conn.engine.handshake.SID
}

// Flush waits until all that was emitted on connected sockets has been written to
// the network (over polling: accepted by the server). It is ErrDisconnected when
// there is no connection, or none any more.
func (c *Client) Flush(ctx context.Context) error {
	c.mu.Lock()
	conn := c.conn
	c.mu.Unlock()
	if conn == nil {
		return ErrDisconnected
	}
	if err := conn.engine.drain(ctx); err != nil {
		return fmt.Errorf("socketioclient: flush: %w", err)
	}
	select {
	case <-conn.engine.done:
		return ErrDisconnected
	default:
		return nil
	}
}

// Reconnect drops the connection, if there is one, and opens a new one, as after a
// change of networks; sockets see ForcedClose. With DisableReconnect it only drops.
func (c *Client) Reconnect() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if conn := c.conn; conn != nil {
		c.lost(ForcedClose, nil)
		conn.engine.close()
	}
}

// Close ends the client for good: what was emitted on connected sockets is sent in
// the background for up to 5 seconds, sockets see ForcedClose, handlers' contexts
// end, events that wait for handlers are dropped. It never blocks, may be called
// by handlers, and repeatedly; the error is always nil. See Done.
func (c *Client) Close() error {
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		return nil
	}
	c.closed = true
	conn := c.conn
	c.conn = nil
	c.stopOpening()
	for _, s := range c.sockets {
		s.mute()
		s.failAcks(ErrClosed, true)
		s.down(ForcedClose)
		s.deactivate(ErrClosed)
	}
	c.end(ErrClosed)
	if conn != nil {
		conn.engine.close()
	}
	c.mu.Unlock()
	c.tasks.stop()
	return nil
}

// Done is closed when, after Close, every goroutine of the client has ended and
// every network connection is closed; handlers that do not return keep it open.
func (c *Client) Done() <-chan struct{} { return c.tasks.done }
