package socketio

import (
	"context"
	"encoding/json"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-sails/sails/engineio"
	"github.com/go-sails/sails/internal/sioproto"
)

// Socket is a client in one namespace. A session has one for each namespace it has
// joined. Methods may be called concurrently and never block, except those that
// take a context.
//
// Most sockets are idle: data, context, rooms, acknowledgements and mailbox do not
// exist until they are needed. A Socket fills the size class of 128 bytes, where
// each byte counts once per client; see TestIdleSize.
type Socket struct {
	ns     *Namespace // set before the socket connects
	conn   *conn
	id     string
	seq    uint64 // unique in the process, for sorting
	opened int64  // Unix milliseconds

	at    int32         // place in the index; guarded by the shard's mu
	flags atomic.Uint32 // isOpen, isIndexed, isEntering

	mu      sync.Mutex
	state   socketState
	leftOwn bool              // left the room named by its id
	reason  *DisconnectReason // nil until it is closed
	rooms   *roomSet          // nil until it joins one
	extras  *extras           // what few sockets need
	box     mailbox
}

// The flags of a Socket, which are read without its mu.
const (
	isOpen     uint32 = 1 << iota // state == stateOpen
	isIndexed                     // it was added to the index
	isEntering                    // it keeps its namespace from being removed as empty
)

// extras are the parts of a Socket that one without user code does without: no
// handler and no middleware has seen it. Guarded by the Socket's mu.
type extras struct {
	ctx    context.Context
	cancel context.CancelCauseFunc
	data   any
	acks   map[uint64]ask
	rare   *rare
}

// rare are the parts that few sockets have; guarded by the Socket's mu.
type rare struct {
	auth      json.RawMessage
	handshake *Handshake
	pid       string   // of recovery
	recovered bool     // the socket continues an earlier one
	from      uint64   // the last event a recovered client has seen
	missed    []packet // to send before the CONNECT answer
	lastRooms []string // the rooms at the end, for OnDisconnecting
}

type socketState uint8

const (
	stateConnecting socketState = iota
	stateOpen
	stateClosed
)

// more returns the extras. The caller holds mu.
func (s *Socket) more() *extras {
	if s.extras == nil {
		s.extras = new(extras)
	}
	return s.extras
}

// rare returns the rare parts, nil without any. The caller holds mu.
func (s *Socket) rare() *rare {
	if s.extras == nil {
		return nil
	}
	return s.extras.rare
}

// moreRare returns the rare parts. The caller holds mu.
func (s *Socket) moreRare() *rare {
	x := s.more()
	if x.rare == nil {
		x.rare = new(rare)
	}
	return x.rare
}

// ID returns the socket's id, which is also the name of its own room. In revision
// 4 it is made of the session's id; later clients never see that (SEC-30).
func (s *Socket) ID() string { return s.id }

// Namespace returns the namespace the socket is in.
func (s *Socket) Namespace() *Namespace { return s.ns }

// Session returns the connection under the socket, which it may share with sockets
// in other namespaces.
func (s *Socket) Session() *engineio.Session { return s.conn.session }

// Connected tells whether the client is connected to the namespace: from the
// confirmation (not yet in middleware) to the disconnection.
func (s *Socket) Connected() bool {
	if s.flags.Load()&isOpen != 0 {
		return true
	}
	// It may be in the middle of opening: the client has its answer already.
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state == stateOpen
}

// Recovered tells whether the socket continues one whose connection was lost: id,
// rooms and data are that one's (see Recovery).
func (s *Socket) Recovered() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	x := s.rare()
	return x != nil && x.recovered
}

// Handshake tells how the client arrived.
func (s *Socket) Handshake() *Handshake {
	s.mu.Lock()
	defer s.mu.Unlock()
	x := s.moreRare()
	if x.handshake == nil {
		x.handshake = newHandshake(s.conn.session.Request(), x.auth, time.UnixMilli(s.opened))
	}
	return x.handshake
}

// Context ends when the socket does; its cause is the DisconnectReason. It carries
// the values that middleware added.
func (s *Socket) Context() context.Context {
	s.mu.Lock()
	defer s.mu.Unlock()
	x := s.more()
	if x.ctx == nil {
		x.ctx, x.cancel = context.WithCancelCause(context.Background())
		if s.state == stateClosed {
			x.cancel(*s.reason)
		}
	}
	return x.ctx
}

// SetData keeps a value with the socket. Other nodes see its JSON (FetchSockets),
// so it must be possible to encode, and recovery keeps it. The value is shared, not
// copied.
func (s *Socket) SetData(v any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.more().data = v
}

// Data returns the value of SetData, nil at first.
func (s *Socket) Data() any {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.extras == nil {
		return nil
	}
	return s.extras.data
}

// Join puts the socket into rooms, on this node. Rooms exist as long as someone is
// in them. ErrClosed is returned when the socket has gone; joining twice is fine.
func (s *Socket) Join(rooms ...string) error { return s.join(rooms, unlimited) }

// JoinLimited is Join for names that the client has chosen: they are limited in
// number and length by Config.MaxRooms and MaxRoomName. Nothing is joined when one
// name is refused for its length (ErrRoomName); ErrTooManyRooms may come after some
// were joined.
func (s *Socket) JoinLimited(rooms ...string) error {
	for _, name := range rooms {
		if name == "" || len(name) > s.ns.srv.cfg.MaxRoomName {
			return ErrRoomName
		}
	}
	return s.join(rooms, s.ns.srv.cfg.MaxRooms)
}

// JoinAtMost is Join for a socket that may be in limit rooms, all of them counted;
// ErrTooManyRooms may come after some were joined. Rooms it is in already are no error.
func (s *Socket) JoinAtMost(limit int, rooms ...string) error { return s.join(rooms, limit) }

func (s *Socket) join(rooms []string, limit int) error {
	self := [1]*Socket{s}
	watchers := s.ns.roomWatchers()
	for _, name := range rooms {
		if err := s.ns.enter(watchers, self[:], name, limit, 1); err != nil {
			return err
		}
	}
	return nil
}

// Leave takes the socket out of rooms. Leaving the room of its own id is possible:
// it is then no longer reached by that name.
func (s *Socket) Leave(rooms ...string) {
	self := [1]*Socket{s}
	watchers := s.ns.roomWatchers()
	for _, name := range rooms {
		s.ns.exit(watchers, self[:], name)
	}
}

// joinOwn is joining the room of the socket's id, which it is in unless it left.
func (s *Socket) joinOwn() (joined bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state == stateClosed {
		return false, ErrClosed
	}
	joined = s.leftOwn
	s.leftOwn = false
	return joined, nil
}

// leaveOwn is leaving the room of the socket's id.
func (s *Socket) leaveOwn() (left bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	left = !s.leftOwn && s.state != stateClosed
	s.leftOwn = true
	return left
}

// LeaveAll takes the socket out of all rooms but its own.
func (s *Socket) LeaveAll() {
	for _, name := range s.Rooms() {
		if name != s.id {
			s.Leave(name)
		}
	}
}

// Rooms returns the names of the socket's rooms: its own first, unless it left that,
// the others in no order. In OnDisconnecting it returns the last ones.
func (s *Socket) Rooms() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.roomNames()
}

// roomNames: the caller holds mu.
func (s *Socket) roomNames() []string {
	if s.state == stateClosed {
		x := s.rare()
		if x == nil {
			return nil
		}
		return append([]string(nil), x.lastRooms...)
	}
	list := make([]string, 0, s.rooms.len()+1)
	if !s.leftOwn {
		list = append(list, s.id)
	}
	s.rooms.each(func(r *room) { list = append(list, r.name) })
	return list
}

// Has tells whether the socket is in a room.
func (s *Socket) Has(room string) bool {
	if room == s.id {
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.state != stateClosed && !s.leftOwn
	}
	sh := s.ns.index.shard(room)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	r := sh.rooms[room]
	if r == nil {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	_, in := s.rooms.find(r)
	return in && s.state != stateClosed
}

// send queues an encoded packet.
func (s *Socket) send(p packet) error {
	if !s.Connected() {
		return ErrClosed
	}
	return s.conn.send(p)
}

// deliver queues a packet, or drops it when it is volatile and the client is not
// ready. It reports whether the packet was taken.
func (s *Socket) deliver(p packet, volatile bool) bool {
	if !volatile {
		return s.send(p) == nil
	}
	if !s.Connected() {
		return false
	}
	if p.all == nil {
		return s.conn.session.TrySend(p.head)
	}
	return s.conn.session.TrySend(p.all...)
}

// Emit sends an event to the client. It only queues: it never blocks. Errors are
// ErrReservedEvent, ErrClosed, ErrSlowConsumer (the client is being disconnected)
// and those of arguments that cannot be encoded. For the compress flag and other
// modifiers go through Namespace.In with the socket's id.
func (s *Socket) Emit(event string, args ...any) error {
	if sioproto.Reserved(event) {
		return reserved(event)
	}
	if s.ns.log != nil {
		return s.ns.emitLogged(s, event, args)
	}
	p, err := s.ns.encodePacket(sioproto.Event, event, 0, false, args)
	if err != nil {
		return err
	}
	if err := s.send(p); err != nil {
		return err
	}
	s.tellOutgoing(event, args)
	return nil
}

// EmitVolatile is Emit for events that may get lost: the event is dropped, and
// false returned, unless it can leave at this moment. A broken argument or a
// reserved name is false as well.
func (s *Socket) EmitVolatile(event string, args ...any) bool {
	if sioproto.Reserved(event) || !s.Connected() {
		return false
	}
	p, err := s.ns.encodePacket(sioproto.Event, event, 0, false, args)
	if err != nil || !s.deliver(p, true) {
		return false
	}
	s.tellOutgoing(event, args)
	return true
}

// EmitAck sends an event and waits for the client's acknowledgement. The answer of
// a client that does not come in time is an error matching ErrAckTimeout; the time
// is ctx's deadline or else Config.AckTimeout. ErrClosed is returned as soon as the
// socket goes away. A handler may wait for an answer of its own socket.
func (s *Socket) EmitAck(ctx context.Context, event string, args ...any) (Args, error) {
	if sioproto.Reserved(event) {
		return Args{}, reserved(event)
	}
	id := s.ns.nextAck()
	p, err := s.ns.encodePacket(sioproto.Event, event, id, true, args)
	if err != nil {
		return Args{}, err
	}
	answer := make(chan Args, 1)
	if err := s.expectAck(id, ask{answer: answer}); err != nil {
		return Args{}, err
	}
	defer s.takeAck(id)
	if err := s.send(p); err != nil {
		return Args{}, err
	}
	s.tellOutgoing(event, args)
	return awaitAck(ctx, answer, s.ns.srv.cfg.AckTimeout)
}

func (s *Socket) tellOutgoing(event string, args []any) {
	watchers := s.ns.registered().onOutgoing
	if len(watchers) == 0 {
		return
	}
	list, err := NewArgs(args...)
	if err != nil {
		return // it was encoded a moment ago
	}
	for _, fn := range watchers {
		s.ns.srv.protect("OnAnyOutgoing", func() { fn(s, event, list) })
	}
}

// To returns an operator for the sockets in any of rooms but this one. More rooms
// make a union; each socket is reached once.
func (s *Socket) To(rooms ...string) BroadcastOperator { return s.Broadcast().To(rooms...) }

// Except returns an operator for all sockets that are in none of rooms, without
// this one.
func (s *Socket) Except(rooms ...string) BroadcastOperator { return s.Broadcast().Except(rooms...) }

// Broadcast returns an operator for all sockets of the namespace but this one.
func (s *Socket) Broadcast() BroadcastOperator { return s.ns.operator().Except(s.id) }

// Disconnect ends the socket with ServerNamespaceDisconnect; the client does not
// reconnect by itself. Events that wait for their handlers are dropped. With
// closeSession the sockets of the session in all namespaces go, and the session
// after what is queued has been sent.
func (s *Socket) Disconnect(closeSession bool) {
	if s.ns != nil {
		if sh := s.ns.shared(); sh != nil {
			sh.flush(s)
		}
	}
	if closeSession {
		s.conn.disconnect()
		return
	}
	s.disconnect()
}

// disconnect ends the socket by wish of the server. A client still in middleware is
// refused instead of told.
func (s *Socket) disconnect() { s.shut(ServerNamespaceDisconnect, true) }

// close ends the socket: no event, acknowledgement or room from here on. It runs no
// user code but room watchers and may be called from anywhere, with no lock held.
func (s *Socket) close(reason DisconnectReason) { s.shut(reason, false) }

// shut is close; tell sends DISCONNECT to a client that is connected.
func (s *Socket) shut(reason DisconnectReason, tell bool) {
	s.mu.Lock()
	if s.state == stateClosed {
		s.mu.Unlock()
		return
	}
	was := s.state
	var last []string
	if was == stateOpen {
		last = s.roomNames()
	}
	own := !s.leftOwn
	kept := reason // on the heap from here on only
	s.state, s.reason = stateClosed, &kept
	s.flags.And(^isOpen)
	ns := s.ns
	var acks map[uint64]ask
	var data any
	var pid string
	if x := s.extras; x != nil {
		acks, data = x.acks, x.data
		if x.rare != nil {
			pid = x.rare.pid
		}
		x.acks = nil
		if x.cancel != nil {
			x.cancel(reason)
		}
	}
	s.mu.Unlock()

	s.loseAcks(acks)
	if ns == nil { // the namespace was still being looked for
		s.conn.forget(s, packet{})
		return
	}
	if pid != "" && was == stateOpen && reason.recoverable() {
		ns.log.persist(s, pid, last, data)
	}
	known := ns.index.remove(s)
	reg := ns.registered()
	watchers := ns.roomWatchers()
	if len(watchers) == 0 {
		ns.index.vacate(s, nil)
	} else {
		ns.index.vacate(s, func(room string, deleted bool) { ns.tellLeft(watchers, room, s.id, deleted) })
		if known && own {
			ns.tellLeft(watchers, s.id, s.id, true)
		}
	}
	var notice packet
	if tell && was == stateOpen {
		notice, _ = ns.srv.encodeControl(sioproto.Disconnect, ns.name, nil) // a Codec that fails tells nothing
	}
	s.conn.forget(s, notice) // not sooner: in revision 4 the next socket has the same id
	ns.dropFromBroadcasts(s)
	if was == stateOpen {
		s.finish(reg, last)
	}
	s.hasEntered()
	if known {
		ns.emptied()
	}
}

// hasEntered lets go of the namespace: the socket is in the index, or has gone.
func (s *Socket) hasEntered() {
	if s.flags.And(^isEntering)&isEntering != 0 {
		s.ns.entered()
	}
}

// finish queues the last item of the mailbox.
func (s *Socket) finish(reg *registration, last []string) {
	if len(reg.onDisconnecting) > 0 {
		s.mu.Lock()
		s.moreRare().lastRooms = last
		s.mu.Unlock()
	}
	if len(reg.onDisconnecting) > 0 || len(reg.onDisconnect) > 0 {
		s.enqueue(&Event{socket: s, step: stepClose})
	}
}

func reserved(event string) error { return &ReservedEventError{Event: event} }
