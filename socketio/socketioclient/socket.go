package socketioclient

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/go-sails/sails/internal/eioclient"
	"github.com/go-sails/sails/internal/sioproto"
)

// Socket is this client in one namespace. It is made by [Client.Of] and may be
// used concurrently.
type Socket struct {
	client    *Client
	namespace string

	// All below is guarded by client.mu.
	auth         any
	active       bool // wants to be connected
	connected    bool
	mainJoined   bool  // revision 3, "/": the server has let us in, asked or not
	assumed      bool  // revision 3, "/": connected unless the server objects
	asked        *conn // where a CONNECT waits for its answer
	recovered    bool
	id           string
	pid, offset  string // for connection state recovery
	muted        uint64 // grows when events that wait for handlers become void
	lastErr      error  // of the last attempt to connect
	waiters      []chan error
	handlers     map[string][]*Handler
	any          []*Handler
	onConnect    []*func(context.Context)
	onDisconnect []*func(context.Context, DisconnectReason)
	onError      []*func(context.Context, error)
	nextAck      uint64
	acks         map[uint64]chan ackResult // one for each EmitAck that waits
	buffer       []held
}

// newSocket adds a socket to c, whose mu is held.
func newSocket(c *Client, namespace string) *Socket {
	s := &Socket{client: c, namespace: namespace, handlers: map[string][]*Handler{}, acks: map[uint64]chan ackResult{}}
	c.sockets[namespace] = s
	return s
}

// held is an event that waits for the connection.
type held struct {
	wires  []eioclient.Wire
	ack    uint64
	hasAck bool
}

type ackResult struct {
	args Args
	err  error
}

// Namespace returns the name of the namespace.
func (s *Socket) Namespace() string { return s.namespace }

// ID returns the id the server gave this socket, "" while not connected.
func (s *Socket) ID() string {
	s.client.mu.Lock()
	defer s.client.mu.Unlock()
	return s.id
}

// Connected reports whether the socket is in its namespace.
func (s *Socket) Connected() bool {
	s.client.mu.Lock()
	defer s.client.mu.Unlock()
	return s.connected
}

// Recovered reports whether the last connection continued the state of the one
// before: same ID, rooms kept, missed events delivered.
func (s *Socket) Recovered() bool {
	s.client.mu.Lock()
	defer s.client.mu.Unlock()
	return s.recovered
}

// Connect joins the namespace, opening the connection if need be, and waits until
// the server has answered. While the server cannot be reached it waits for further
// attempts; OnError handlers hear of each failure. A refusal by the server is a
// *ConnectError.
//
// Once connected the socket reconnects by itself, until it is disconnected by
// either side, refused, or given up by DisableReconnect or ReconnectAttempts;
// Connect may then be called again. When Connect fails, nothing goes on in the
// background, unless the socket was active before the call.
func (s *Socket) Connect(ctx context.Context) error {
	c := s.client
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		return ErrClosed
	}
	if s.connected {
		c.mu.Unlock()
		return nil
	}
	if s.auth != nil && s.namespace == "/" && c.cfg.Revision == 3 {
		c.mu.Unlock()
		return errors.New("socketioclient: the main namespace takes no auth in revision 3: use Options.Query")
	}
	answer := make(chan error, 1)
	s.waiters = append(s.waiters, answer)
	started := !s.active
	if started {
		s.active = true
		s.lastErr = nil
		if c.conn != nil {
			s.join(c.conn)
		} else {
			c.open(false)
		}
	}
	c.mu.Unlock()

	select {
	case err := <-answer:
		return err
	case <-ctx.Done():
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	select {
	case err := <-answer: // at the last moment
		return err
	default:
	}
	s.waiters = slices.DeleteFunc(s.waiters, func(w chan error) bool { return w == answer })
	cause := context.Cause(ctx)
	if started && !s.connected {
		s.deactivate(cause)
		c.leaveIfUnused()
	}
	if s.lastErr != nil {
		return fmt.Errorf("socketioclient: connecting to %q: %w; last attempt: %w", s.namespace, cause, s.lastErr)
	}
	return fmt.Errorf("socketioclient: connecting to %q: %w", s.namespace, cause)
}

// Disconnect leaves the namespace; handlers of events stop, OnDisconnect handlers
// get ClientDisconnect. When it was the last socket in use the connection ends as
// well. It never blocks. What is held back for sending is kept for the next Connect.
func (s *Socket) Disconnect() {
	c := s.client
	c.mu.Lock()
	defer c.mu.Unlock()
	if !s.active {
		return
	}
	if s.connected && c.conn != nil {
		_ = c.conn.engine.send(plain(sioproto.Disconnect, s.namespace, nil), 0) // when it has ended there is nobody to tell
	}
	if c.conn != nil && s.namespace == "/" && s.mainJoined {
		s.mainJoined, c.conn.mainLeft = false, true
	}
	s.mute()
	s.down(ClientDisconnect)
	s.deactivate(ClientDisconnect)
	c.leaveIfUnused()
}

// On registers a handler for an event and returns a function that removes it.
// Several handlers of an event run in the order of their registration. Reserved
// names never arrive: use OnConnect, OnDisconnect and OnError.
func (s *Socket) On(event string, h Handler) (off func()) {
	s.client.mu.Lock()
	defer s.client.mu.Unlock()
	s.handlers[event] = append(slices.Clip(s.handlers[event]), &h)
	return func() {
		s.client.mu.Lock()
		defer s.client.mu.Unlock()
		if left := without(s.handlers[event], &h); len(left) > 0 {
			s.handlers[event] = left
		} else {
			delete(s.handlers, event)
		}
	}
}

// OnAny registers a handler for all events, which runs before those of On, and
// returns a function that removes it.
func (s *Socket) OnAny(h Handler) (off func()) { return register(s, &s.any, h) }

// OnConnect registers a handler that runs after each connection of the socket, the
// reconnections included, and returns a function that removes it. What was held
// back for sending is on its way by then.
func (s *Socket) OnConnect(f func(ctx context.Context)) (off func()) {
	return register(s, &s.onConnect, f)
}

// OnDisconnect registers a handler that runs when the socket was connected and is
// no more, and returns a function that removes it.
func (s *Socket) OnDisconnect(f func(ctx context.Context, reason DisconnectReason)) (off func()) {
	return register(s, &s.onDisconnect, f)
}

// OnError registers a handler that runs when an attempt to connect fails, and
// returns a function that removes it. After a *ConnectError there is no further
// attempt; after other errors there is, if Options allow.
func (s *Socket) OnError(f func(ctx context.Context, err error)) (off func()) {
	return register(s, &s.onError, f)
}

// register appends f to a list, which is copied so that callers of the old one are
// not disturbed.
func register[F any](s *Socket, list *[]*F, f F) (off func()) {
	s.client.mu.Lock()
	defer s.client.mu.Unlock()
	*list = append(slices.Clip(*list), &f)
	return func() {
		s.client.mu.Lock()
		defer s.client.mu.Unlock()
		*list = without(*list, &f)
	}
}

// without returns a copy of list that lacks f.
func without[F any](list []*F, f *F) []*F {
	return slices.DeleteFunc(slices.Clone(list), func(g *F) bool { return g == f })
}

// join asks the server to let the socket in. The caller holds client.mu.
func (s *Socket) join(k *conn) {
	if s.asked == k {
		return // a second CONNECT would end the connection; the first will be answered
	}
	if s.client.cfg.Revision == 3 && s.namespace == "/" {
		switch {
		case s.mainJoined:
			s.up(k, k.engine.handshake.SID, "")
		case k.mainLeft:
			// Servers let in unasked only once. Version 2.x answers this question only
			// when it refuses, so that we take ourselves for connected.
			_ = k.engine.send(plain(sioproto.Connect, "/", nil), 0)
			k.mainLeft = false
			s.mainJoined, s.assumed = true, true
			s.up(k, k.engine.handshake.SID, "")
		}
		return
	}
	auth, isFunc := s.auth.(AuthFunc)
	if !isFunc {
		auth, isFunc = s.auth.(func(context.Context) (any, error))
	}
	if !isFunc {
		s.sendConnect(k, s.auth)
		return
	}
	c := s.client
	c.tasks.spawn(func() {
		ctx, cancel := context.WithTimeout(c.ctx, c.cfg.Timeout)
		defer cancel()
		value, err := auth(ctx)
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.conn != k || !s.active || s.connected || s.asked == k {
			return
		}
		if err != nil {
			s.refuse(err)
			return
		}
		s.sendConnect(k, value)
	})
}

// sendConnect sends CONNECT; the caller holds client.mu.
func (s *Socket) sendConnect(k *conn, auth any) {
	namespace := s.namespace
	var data []byte
	var err error
	if s.client.cfg.Revision == 3 {
		var query string
		if query, err = connectQuery(auth); query != "" {
			namespace += "?" + query
		}
	} else {
		data, err = connectData(auth, s.pid, s.offset)
	}
	if err != nil {
		s.refuse(err)
		return
	}
	s.asked = k
	_ = k.engine.send(plain(sioproto.Connect, namespace, data), 0) // when it has ended, the client hears so
}

// up puts the socket into its namespace: held events leave, then handlers and
// callers of Connect are told. The caller holds client.mu.
func (s *Socket) up(k *conn, id, pid string) {
	s.connected, s.id, s.lastErr = true, id, nil
	s.recovered = pid != "" && pid == s.pid
	if !s.recovered {
		s.offset = ""
	}
	s.pid = pid
	for _, h := range s.buffer {
		_ = k.engine.send(h.wires, 0) // lost with the connection if that has ended
		s.client.buffered -= sizeOf(h.wires)
	}
	s.buffer = nil
	s.client.calls.pushAlways(func() {
		for _, f := range snapshot(s, &s.onConnect) {
			(*f)(s.client.ctx)
		}
	})
	s.wake(nil)
}

// down takes the socket out of its namespace, if it is in. The caller holds
// client.mu.
func (s *Socket) down(reason DisconnectReason) {
	s.failAcks(ErrDisconnected, false)
	s.id, s.assumed = "", false
	if !s.connected {
		return
	}
	s.connected = false
	s.client.calls.pushAlways(func() {
		for _, f := range snapshot(s, &s.onDisconnect) {
			(*f)(s.client.ctx, reason)
		}
	})
}

// refuse ends the attempt to connect with err; the caller holds client.mu.
func (s *Socket) refuse(err error) {
	s.down(ServerDisconnect)
	s.lastErr = err
	s.notifyError(err)
	s.deactivate(err)
	s.client.leaveIfUnused()
}

// deactivate stops wanting a connection; callers of Connect get err. The caller
// holds client.mu.
func (s *Socket) deactivate(err error) {
	s.active = false
	s.wake(err)
}

func (s *Socket) wake(err error) {
	for _, w := range s.waiters {
		w <- err
	}
	s.waiters = nil
}

// mute makes events void that wait for handlers; the caller holds client.mu.
func (s *Socket) mute() { s.muted++ }

// notifyError queues the OnError handlers; the caller holds client.mu.
func (s *Socket) notifyError(err error) {
	if len(s.onError) == 0 {
		return
	}
	s.client.calls.pushAlways(func() { s.runOnError(err) })
}

// runOnError runs the OnError handlers.
func (s *Socket) runOnError(err error) {
	for _, f := range snapshot(s, &s.onError) {
		(*f)(s.client.ctx, err)
	}
}

// snapshot returns a list of handlers as it is now.
func snapshot[F any](s *Socket, list *[]*F) []*F {
	s.client.mu.Lock()
	defer s.client.mu.Unlock()
	return *list
}

// lastString returns the last of args when that is a string.
func lastString(args Args) (string, bool) {
	raw := args.Raw(args.Len() - 1)
	var v string
	if len(raw) == 0 || raw[0] != '"' || json.Unmarshal(raw, &v) != nil {
		return "", false
	}
	return v, true
}
