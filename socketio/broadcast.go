package socketio

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/go-sails/sails/internal/sioproto"
)

// BroadcastOperator says which sockets something is for, and how it is sent. It is
// an immutable value: every method returns a changed copy, and one may be kept and
// used from many goroutines.
//
// Without rooms it means all sockets. Operations on other nodes' sockets take a
// context; local ones are done when the method returns.
type BroadcastOperator struct {
	ns         *Namespace
	rooms      []string
	except     []string
	flags      Flags
	compressOn bool
}

// To adds rooms; a socket in several of them is reached once. The id of a socket is
// a room that only it is in.
func (b BroadcastOperator) To(rooms ...string) BroadcastOperator {
	b.rooms = slices.Concat(b.rooms, rooms)
	return b
}

// In is To.
func (b BroadcastOperator) In(rooms ...string) BroadcastOperator { return b.To(rooms...) }

// Except adds rooms whose sockets are left out.
func (b BroadcastOperator) Except(rooms ...string) BroadcastOperator {
	b.except = slices.Concat(b.except, rooms)
	return b
}

// Local leaves out the sockets of other nodes.
func (b BroadcastOperator) Local() BroadcastOperator {
	b.flags.Local = true
	return b
}

// Volatile lets an event get lost where a client cannot take it at this moment.
func (b BroadcastOperator) Volatile() BroadcastOperator {
	b.flags.Volatile = true
	return b
}

// Compress says whether transports may compress the event; they may by default.
func (b BroadcastOperator) Compress(on bool) BroadcastOperator {
	b.flags.NoCompress, b.compressOn = !on, on
	return b
}

func (b BroadcastOperator) target() Target {
	return Target{Rooms: b.rooms, Except: b.except, Flags: b.flags}
}

// Emit sends an event. It is encoded once and queued for the sockets of this node;
// slow clients delay nobody. Then it is handed to the other nodes: an error about
// that comes after local delivery. Reserved names (spec 2.6) and arguments that
// cannot be encoded are errors before anything is sent.
//
// With an adapter that is a PostAdapter, nil means that the event is on its way, in the
// order of the calls: it reaches the other nodes unless the medium is lost, or refuses
// it, at that moment, which the adapter counts and reports. An adapter that has lost
// its medium makes Emit fail at once. Emit waits for the medium only where much is on
// its way, as long as ctx allows. EmitAck tells what has arrived.
func (b BroadcastOperator) Emit(ctx context.Context, event string, args ...any) error {
	if sioproto.Reserved(event) {
		return reserved(event)
	}
	enc := sioproto.NewEncoder()
	defer enc.Release()
	if err := encodeList(enc, event, true, args); err != nil {
		return fmt.Errorf("socketio: encoding %q: %w", event, err)
	}
	if b.ns.match == nil {
		return b.ns.broadcast(ctx, b.target(), enc.Buf, enc.Attachments)
	}
	var errs []error
	for _, child := range b.ns.family() {
		if err := child.broadcast(ctx, b.target(), enc.Buf, enc.Attachments); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// broadcast sends an event, given as its JSON array, here and elsewhere.
func (n *Namespace) broadcast(ctx context.Context, t Target, list []byte, attachments [][]byte) error {
	if sh := n.shared(); sh != nil && !t.Flags.Volatile && !t.Flags.Local {
		if done, err := sh.broadcast(ctx, t, list, attachments); done {
			return err
		}
	}
	if err := n.deliver(t, list, attachments); err != nil {
		return err
	}
	if n.node == nil || t.Flags.Local {
		return nil
	}
	return n.node.post(ctx, &ClusterMessage{Type: ClusterBroadcast, Target: t, Data: slices.Clone(list), Attachments: attachments})
}

// deliver sends an event to the sockets of this node.
func (n *Namespace) deliver(t Target, list []byte, attachments [][]byte) error {
	if n.log != nil && n.log.shared == nil && !t.Flags.Volatile {
		return n.deliverLogged(t, list, attachments)
	}
	p, err := n.assembleEvent(list, attachments, t, "")
	if err != nil {
		return err
	}
	sel := n.index.pick(t.Rooms, t.Except)
	defer sel.release()
	n.sendEach(sel.sockets, p, t.Flags.Volatile, list, attachments)
	return nil
}

// sendEach queues one packet for many sockets. Nothing is allocated per socket.
func (n *Namespace) sendEach(sockets []*Socket, p packet, volatile bool, list []byte, attachments [][]byte) {
	watchers := n.registered().onOutgoing
	if len(watchers) == 0 {
		for _, s := range sockets {
			s.deliver(p, volatile)
		}
		return
	}
	name, args, err := splitEvent(slices.Clone(list), attachments, unlimitedDepth)
	for _, s := range sockets {
		if !s.deliver(p, volatile) || err != nil {
			continue
		}
		for _, fn := range watchers {
			n.srv.protect("OnAnyOutgoing", func() { fn(s, name, args) })
		}
	}
}

// splitEvent takes ownership of an event's JSON array.
func splitEvent(list []byte, attachments [][]byte, maxDepth int) (string, Args, error) {
	all, err := parseArgs(list, attachments, maxDepth)
	if err != nil {
		return "", Args{}, err
	}
	if all.Len() == 0 {
		return "", Args{}, errEventName
	}
	name, err := sioproto.EventName(all.Raw(0))
	return string(name), all.Slice(1, all.Len()), err
}

// SocketsJoin makes the sockets join rooms. Errors concern other nodes.
func (b BroadcastOperator) SocketsJoin(ctx context.Context, rooms ...string) error {
	return b.apply(ctx, &ClusterMessage{Type: ClusterSocketsJoin, Rooms: rooms})
}

// SocketsLeave makes the sockets leave rooms. Errors concern other nodes.
func (b BroadcastOperator) SocketsLeave(ctx context.Context, rooms ...string) error {
	return b.apply(ctx, &ClusterMessage{Type: ClusterSocketsLeave, Rooms: rooms})
}

// DisconnectSockets disconnects the sockets, or their sessions as a whole; see
// Socket.Disconnect. Errors concern other nodes.
func (b BroadcastOperator) DisconnectSockets(ctx context.Context, closeSessions bool) error {
	return b.apply(ctx, &ClusterMessage{Type: ClusterDisconnectSockets, Close: closeSessions})
}

// apply does something to sockets here and elsewhere.
func (b BroadcastOperator) apply(ctx context.Context, m *ClusterMessage) error {
	m.Target = b.target()
	if b.ns.match != nil {
		var errs []error
		for _, child := range b.ns.family() {
			own := *m
			errs = append(errs, child.apply(ctx, &own))
		}
		return errors.Join(errs...)
	}
	return b.ns.apply(ctx, m)
}

func (n *Namespace) apply(ctx context.Context, m *ClusterMessage) error {
	n.applyHere(m)
	if n.node == nil || m.Target.Flags.Local {
		return nil
	}
	return n.node.publish(ctx, m)
}

func (n *Namespace) applyHere(m *ClusterMessage) {
	sel := n.index.pick(m.Target.Rooms, m.Target.Except)
	defer sel.release()
	switch m.Type {
	case ClusterSocketsJoin:
		n.enterAll(sel.sockets, m.Rooms)
	case ClusterSocketsLeave:
		n.exitAll(sel.sockets, m.Rooms)
	case ClusterDisconnectSockets:
		for _, s := range sel.sockets {
			s.Disconnect(m.Close)
		}
	}
}

// FetchSockets describes the sockets of all nodes. Nodes that do not answer in time
// (ctx's deadline or Config.RequestTimeout) are missing from the result; the error
// is then a *PartialError that says how many, and which where that is known.
func (b BroadcastOperator) FetchSockets(ctx context.Context) ([]RemoteSocket, error) {
	if b.ns.match != nil {
		return nil, ErrParent
	}
	list := b.ns.describe(b.target())
	var err error
	if b.ns.node != nil && !b.flags.Local {
		var others []SocketInfo
		others, err = b.ns.node.fetch(ctx, b.target())
		list = append(list, others...)
	}
	sockets := make([]RemoteSocket, len(list))
	for i, info := range list {
		sockets[i] = RemoteSocket{SocketInfo: info, ns: b.ns}
	}
	return sockets, err
}
