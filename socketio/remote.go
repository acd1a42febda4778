package socketio

import (
	"context"
	"encoding/json"
)

// RemoteSocket describes a socket of any node at the time it was fetched. Its
// methods reach the socket wherever it is, by its id; they are those of a
// BroadcastOperator for that id.
type RemoteSocket struct {
	SocketInfo
	ns *Namespace
}

func (r RemoteSocket) operator() BroadcastOperator { return r.ns.In(r.ID) }

// Emit sends an event to the socket.
func (r RemoteSocket) Emit(ctx context.Context, event string, args ...any) error {
	return r.operator().Emit(ctx, event, args...)
}

// EmitAck sends an event to the socket and waits for its answer. From a socket of
// another node only the first argument of the answer may come back, depending on
// the adapter. ErrClosed is returned when nobody has the socket.
func (r RemoteSocket) EmitAck(ctx context.Context, event string, args ...any) (Args, error) {
	answers, err := r.operator().EmitAck(ctx, event, args...)
	if len(answers) > 0 {
		return answers[0], nil
	}
	if err == nil {
		err = ErrClosed
	}
	return Args{}, err
}

// Join makes the socket join rooms.
func (r RemoteSocket) Join(ctx context.Context, rooms ...string) error {
	return r.operator().SocketsJoin(ctx, rooms...)
}

// Leave makes the socket leave rooms.
func (r RemoteSocket) Leave(ctx context.Context, rooms ...string) error {
	return r.operator().SocketsLeave(ctx, rooms...)
}

// Disconnect disconnects the socket, or its whole session.
func (r RemoteSocket) Disconnect(ctx context.Context, closeSession bool) error {
	return r.operator().DisconnectSockets(ctx, closeSession)
}

// DecodeData decodes the socket's data into dst.
func (r RemoteSocket) DecodeData(dst any) error { return json.Unmarshal(r.Data, dst) }

// describe lists the sockets of this node that a target means.
func (n *Namespace) describe(t Target) []SocketInfo {
	sel := n.index.pick(t.Rooms, t.Except)
	defer sel.release()
	list := make([]SocketInfo, 0, len(sel.sockets))
	for _, s := range sel.sockets {
		if !s.Connected() {
			continue
		}
		info := SocketInfo{ID: s.id, Handshake: s.Handshake(), Rooms: s.Rooms(), Data: encodeValue(s.Data())}
		if info.Data == nil {
			info.Data = emptyObject
		}
		list = append(list, info)
	}
	return list
}
