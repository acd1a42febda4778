package socketio

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/go-sails/sails/internal/sioproto"
)

var (
	errInvalidNamespace = &ConnectError{Message: "Invalid namespace"}
	errTooMany          = &ConnectError{Message: "Too many namespaces"}
	errNotAccepted      = &ConnectError{Message: "Connection was not accepted"}
	errInternal         = &ConnectError{Message: "Internal error"}
	errAcceptedTwice    = errors.New("socketio: a Middleware called next twice")
)

// start connects a client to its namespace: at once when no user code takes part,
// else as the first item of its mailbox.
func (s *Socket) start() {
	reg := s.ns.registered()
	if !reg.immediate() {
		s.enqueue(&Event{socket: s, step: stepConnect})
		return
	}
	//lint:ignore SA1012 without middleware there is no context yet; the socket makes its own when asked
	if err := s.accept(nil); err != nil && !errors.Is(err, ErrClosed) {
		s.refuse(err)
	}
}

// serveConnect runs middleware and the OnConnect functions.
func (s *Socket) serveConnect(*Event) {
	reg := s.ns.registered()
	connect := reg.connect
	if s.Recovered() && !s.ns.srv.cfg.Recovery.RunMiddleware {
		connect = accept
	}
	err := s.guard(connect)
	s.mu.Lock()
	state := s.state
	s.mu.Unlock()
	switch {
	case state == stateConnecting:
		if err == nil {
			err = errNotAccepted
		}
		s.refuse(err)
	case state == stateOpen && err != nil:
		s.conn.srv.cfg.Logger.Warn("socketio: OnConnect failed, disconnecting", "namespace", s.ns.name, "error", err)
		s.disconnect()
	}
}

// guard runs a ConnectFunc and turns a panic into a refusal.
func (s *Socket) guard(connect ConnectFunc) (err error) {
	defer func() {
		if p := recover(); p != nil {
			s.conn.srv.countPanic("connection", p)
			err = errInternal
		}
	}()
	return connect(s.Context(), s)
}

// accept is the innermost ConnectFunc: it confirms the connection and runs the
// OnConnect functions.
func accept(ctx context.Context, s *Socket) error {
	if err := s.accept(ctx); err != nil {
		return err
	}
	for _, fn := range s.ns.registered().onConnect {
		if err := fn(s.Context(), s); err != nil {
			return err
		}
	}
	return nil
}

// accept opens the socket. It is indexed first and then opened in the same critical
// section that queues the answer and that the demultiplexer needs to find it: who
// has seen the answer is reached by every broadcast, and no event overtakes the
// answer in either direction.
func (s *Socket) accept(ctx context.Context) error {
	ns, c := s.ns, s.conn
	answer, err := s.connectAnswer()
	if err != nil {
		return err
	}
	if ns.log != nil {
		ns.log.mu.Lock() // no broadcast between the missed packets and the live ones
		defer ns.log.mu.Unlock()
		if err := ns.log.collect(s); err != nil {
			return err
		}
	}
	if s.flags.Or(isIndexed)&isIndexed == 0 && !ns.index.add(s) {
		return ErrClosed
	}
	s.hasEntered()
	c.mu.Lock()
	s.mu.Lock()
	err = s.open(ctx, answer)
	if err == nil {
		c.joined = true
		if c.timer != nil {
			c.timer.Stop()
			c.timer = nil
		}
	}
	s.mu.Unlock()
	c.mu.Unlock()
	if err != nil {
		return err
	}
	if watchers := ns.roomWatchers(); len(watchers) > 0 && s.Has(s.id) {
		ns.tellRoom(watchers, RoomEvent{RoomCreated, s.id, ""})
		ns.tellRoom(watchers, RoomEvent{RoomJoined, s.id, s.id})
	}
	return nil
}

// open: the caller holds the locks of the conn and of s.
func (s *Socket) open(ctx context.Context, answer packet) error {
	switch s.state {
	case stateOpen:
		return errAcceptedTwice
	case stateClosed:
		return ErrClosed
	}
	if x := s.rare(); x != nil {
		for _, p := range x.missed {
			if err := s.conn.send(p); err != nil {
				return err
			}
		}
		x.missed = nil
	}
	if err := s.conn.send(answer); err != nil {
		return ErrClosed // the session has gone and takes the socket with it
	}
	if x := s.extras; ctx != nil && (x == nil || ctx != x.ctx) {
		// The values of middleware stay, its cancellations do not.
		x = s.more()
		first := x.cancel
		kept, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
		x.ctx, x.cancel = kept, func(cause error) {
			if first != nil {
				first(cause)
			}
			cancel(cause)
		}
	}
	s.state = stateOpen
	s.flags.Or(isOpen)
	return nil
}

// connectAnswer is the CONNECT packet of the server.
func (s *Socket) connectAnswer() (packet, error) {
	if s.conn.revision == 3 {
		return s.conn.srv.encodeControl(sioproto.Connect, s.ns.name, nil)
	}
	data := append(make([]byte, 0, 64), `{"sid":`...)
	data = sioproto.AppendString(data, s.id)
	if s.ns.log != nil {
		s.mu.Lock()
		x := s.moreRare()
		if x.pid == "" {
			x.pid = newID(18)
		}
		data = append(data, `,"pid":`...)
		data = sioproto.AppendString(data, x.pid)
		s.mu.Unlock()
	}
	return s.conn.srv.encodeControl(sioproto.Connect, s.ns.name, append(data, '}'))
}

// refuse answers a client that may not connect.
func (s *Socket) refuse(err error) {
	name := s.ns.name
	s.close(ServerNamespaceDisconnect)
	s.conn.refuse(name, err)
}

// refuse sends CONNECT_ERROR. In revision 4 it is the error's data or else its text.
func (c *conn) refuse(namespace string, err error) {
	c.srv.stats.refused.Add(1)
	message, data := refusal(err)
	var payload []byte
	encodedData := encodeValue(data)
	switch {
	case c.revision == 3 && err == error(errInvalidNamespace):
		payload = []byte(`{"message":"Invalid namespace"}`)
	case c.revision == 3 && encodedData != nil:
		payload = encodedData
	case c.revision == 3:
		payload = sioproto.AppendString(nil, message)
	default:
		payload = sioproto.AppendString([]byte(`{"message":`), message)
		if encodedData != nil {
			payload = append(append(payload, `,"data":`...), encodedData...)
		}
		payload = append(payload, '}')
	}
	if k := sioproto.Kind(payload); k != '{' && k != '"' {
		// Decoders take objects and strings only.
		payload = sioproto.AppendString(nil, message)
	}
	p, err := c.srv.encodeControl(sioproto.ConnectError, namespace, payload)
	if err == nil {
		_ = c.send(p) // nobody is there to be told when it fails
	}
}

// encodeValue returns the JSON of v, nil for none.
func encodeValue(v any) json.RawMessage {
	if v == nil {
		return nil
	}
	b, err := json.Marshal(v)
	if err != nil {
		return nil
	}
	return b
}

// connect handles a client's CONNECT: it takes the place in the session at once, so
// that a second CONNECT finds it, and then looks for the namespace (SEC-53).
func (c *conn) connect(name string, auth json.RawMessage) {
	srv := c.srv
	s := &Socket{conn: c, seq: srv.sockets.Add(1), opened: time.Now().UnixMilli()}
	if auth != nil {
		s.extras = &extras{rare: &rare{auth: auth}}
	}
	c.mu.Lock()
	switch {
	case c.closed:
		c.mu.Unlock()
		return
	case c.count() >= srv.cfg.MaxNamespaces:
		c.mu.Unlock()
		srv.stats.refused.Add(1)
		c.refuse(name, errTooMany)
		return
	}
	c.put(name, s)
	c.mu.Unlock()

	if ns := srv.lookup(name); ns != nil {
		c.enter(s, ns, auth)
		return
	}
	if !srv.hasParents() || len(name) > maxNamespaceName {
		c.abandon(s, name, errInvalidNamespace)
		return
	}
	srv.busy.add()
	t := &search{conn: c, socket: s, name: name, auth: auth}
	if srv.onlyPatterns() {
		t.Run()
		return
	}
	srv.pool.Run(t)
}

// maxNamespaceName bounds the names of dynamic namespaces in bytes (SEC-52).
const maxNamespaceName = 255

// search asks the parents of dynamic namespaces, which are user code.
type search struct {
	conn   *conn
	socket *Socket
	name   string
	auth   json.RawMessage
}

// Run finds or creates the namespace.
func (t *search) Run() {
	defer t.conn.srv.busy.done()
	ns, err := t.conn.srv.match(t.conn.session.Context(), t.name, t.auth)
	if err != nil {
		t.conn.abandon(t.socket, t.name, err)
		return
	}
	t.conn.enter(t.socket, ns, t.auth)
}

// enter finds the state of a client that comes back, and admits it.
func (c *conn) enter(s *Socket, ns *Namespace, auth json.RawMessage) {
	claim, ok := ns.claimed(c, auth)
	switch {
	case !ok:
		c.admit(s, ns, nil)
	case ns.shared() != nil:
		c.srv.busy.add()
		c.srv.pool.Run(&resumption{conn: c, socket: s, ns: ns, claim: claim})
	default:
		c.admit(s, ns, ns.restore(c, claim))
	}
}

// admit gives a socket its namespace and starts to connect it.
func (c *conn) admit(s *Socket, ns *Namespace, restored *lostState) {
	s.mu.Lock()
	if s.state == stateClosed {
		s.mu.Unlock()
		ns.entered()
		return
	}
	s.ns = ns
	s.flags.Or(isEntering)
	switch {
	case restored != nil:
		s.id = restored.id
		s.more().data = restored.data
		x := s.moreRare()
		x.pid, x.from, x.missed, x.recovered = restored.pid, restored.from, restored.older, true
	case c.revision == 3 && ns.name == "/":
		s.id = c.session.ID()
	case c.revision == 3:
		s.id = ns.name + "#" + c.session.ID()
	default:
		s.id = newID(15)
	}
	s.mu.Unlock()
	if restored != nil {
		ns.resume(s, restored)
	}
	s.start()
}

// abandon refuses a client whose namespace does not exist.
func (c *conn) abandon(s *Socket, name string, err error) {
	s.close(ServerNamespaceDisconnect)
	c.refuse(name, err)
}
