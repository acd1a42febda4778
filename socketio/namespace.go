package socketio

import (
	"context"
	"iter"
	"sync"
	"sync/atomic"
)

// Namespace is a channel of its own on the shared connections: own sockets, rooms,
// handlers and middleware. Its methods may be called concurrently.
//
// The parent of dynamic namespaces (Server.OfFunc, OfRegexp) is a Namespace too:
// what is registered on it holds for its children, what is emitted on it reaches
// the sockets of all of them. It has no sockets of its own.
type Namespace struct {
	srv    *Server
	name   string
	parent *Namespace // of a dynamic namespace
	match  MatchFunc  // of a parent
	regexp bool       // match is a regular expression: quick, and no user code
	reg    atomic.Pointer[registration]
	onRoom atomic.Pointer[[]func(RoomEvent)] // not in reg: an adapter's must not cut a child off its parent
	index  index
	ackIDs atomic.Uint64
	log    *recoveryLog // nil: recovery is off
	node   *node        // nil: no other nodes

	children map[string]*Namespace // of a parent; guarded by srv.mu
	entering int                   // clients between match and add; guarded by srv.mu

	ackMu      sync.Mutex
	broadcasts map[uint64]*broadcastAcks // guarded by ackMu
}

// Name returns the namespace's name with its slash, "" for a parent.
func (n *Namespace) Name() string { return n.name }

// Server returns the server the namespace belongs to.
func (n *Namespace) Server() *Server { return n.srv }

// Socket returns a connected socket of this node by its id.
func (n *Namespace) Socket(id string) (*Socket, bool) {
	s, ok := n.index.socket(id)
	if !ok || !s.Connected() {
		return nil, false
	}
	return s, true
}

// Sockets iterates over the connected sockets of this node, as they are at the
// beginning, in no order.
func (n *Namespace) Sockets() iter.Seq[*Socket] { return n.SocketsIn() }

// SocketsIn iterates over the connected sockets of this node that are in any of
// rooms; without rooms over all.
func (n *Namespace) SocketsIn(rooms ...string) iter.Seq[*Socket] {
	return func(yield func(*Socket) bool) {
		sel := n.index.pick(rooms, nil)
		defer sel.release()
		for _, s := range sel.sockets {
			if s.Connected() && !yield(s) {
				return
			}
		}
	}
}

// Len returns the number of connected sockets of this node.
func (n *Namespace) Len() int { return n.index.len() }

// Rooms returns the names of all rooms on this node, sorted, with the own rooms of
// sockets.
func (n *Namespace) Rooms() []string { return n.index.names() }

// RoomSize returns how many sockets of this node are in a room.
func (n *Namespace) RoomSize(room string) int { return n.index.size(room) }

func (n *Namespace) operator() BroadcastOperator { return BroadcastOperator{ns: n} }

// To returns an operator for the sockets in any of rooms.
func (n *Namespace) To(rooms ...string) BroadcastOperator { return n.operator().To(rooms...) }

// In is To.
func (n *Namespace) In(rooms ...string) BroadcastOperator { return n.operator().To(rooms...) }

// Except returns an operator for all sockets that are in none of rooms.
func (n *Namespace) Except(rooms ...string) BroadcastOperator { return n.operator().Except(rooms...) }

// Local returns an operator for all sockets of this node.
func (n *Namespace) Local() BroadcastOperator { return n.operator().Local() }

// Volatile returns an operator whose events may get lost.
func (n *Namespace) Volatile() BroadcastOperator { return n.operator().Volatile() }

// Compress returns an operator that sets the compress flag.
func (n *Namespace) Compress(on bool) BroadcastOperator { return n.operator().Compress(on) }

// Emit sends an event to all sockets; see BroadcastOperator.Emit.
func (n *Namespace) Emit(ctx context.Context, event string, args ...any) error {
	return n.operator().Emit(ctx, event, args...)
}

// EmitAck sends an event to all sockets and gathers their answers; see
// BroadcastOperator.EmitAck.
func (n *Namespace) EmitAck(ctx context.Context, event string, args ...any) ([]Args, error) {
	return n.operator().EmitAck(ctx, event, args...)
}

// EmitAckFunc sends an event to all sockets and calls fn with their answers; see
// BroadcastOperator.EmitAckFunc.
func (n *Namespace) EmitAckFunc(ctx context.Context, fn func([]Args, error), event string, args ...any) error {
	return n.operator().EmitAckFunc(ctx, fn, event, args...)
}

// FetchSockets describes all sockets of all nodes; see BroadcastOperator.FetchSockets.
func (n *Namespace) FetchSockets(ctx context.Context) ([]RemoteSocket, error) {
	return n.operator().FetchSockets(ctx)
}

// SocketsJoin makes all sockets of all nodes join rooms.
func (n *Namespace) SocketsJoin(ctx context.Context, rooms ...string) error {
	return n.operator().SocketsJoin(ctx, rooms...)
}

// SocketsLeave makes all sockets of all nodes leave rooms.
func (n *Namespace) SocketsLeave(ctx context.Context, rooms ...string) error {
	return n.operator().SocketsLeave(ctx, rooms...)
}

// DisconnectSockets disconnects all sockets of all nodes, or their sessions as a
// whole.
func (n *Namespace) DisconnectSockets(ctx context.Context, closeSessions bool) error {
	return n.operator().DisconnectSockets(ctx, closeSessions)
}

func (n *Namespace) tellRoom(watchers []func(RoomEvent), e RoomEvent) {
	for _, fn := range watchers {
		n.srv.protect("OnRoom", func() { fn(e) })
	}
}

func (n *Namespace) tellLeft(watchers []func(RoomEvent), room, id string, deleted bool) {
	n.tellRoom(watchers, RoomEvent{RoomLeft, room, id})
	if deleted {
		n.tellRoom(watchers, RoomEvent{RoomDeleted, room, ""})
	}
}
