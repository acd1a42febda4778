package socketioclient

import (
	"context"
	"encoding/json"
	"sync/atomic"

	"github.com/go-sails/sails/internal/sioproto"
)

// Handler handles one event. Handlers of all sockets of a Client run one at a
// time, in the order the server sent the events; a handler that blocks holds up
// the others, though not acknowledgements, so EmitAck may be used inside. ctx ends
// when the Client is closed. A panic is not recovered.
type Handler func(ctx context.Context, e *Event)

// Event is an event from the server. Its methods may be called concurrently and
// after the handler has returned.
type Event struct {
	name   string
	args   Args
	socket *Socket
	conn   *conn
	id     uint64
	hasID  bool
	acked  atomic.Bool
}

// Name returns the name of the event.
func (e *Event) Name() string { return e.name }

// Args returns the arguments, undecoded.
func (e *Event) Args() Args { return e.args }

// Len returns the number of arguments.
func (e *Event) Len() int { return e.args.Len() }

// Raw returns the JSON text of argument i; see [Args.Raw].
func (e *Event) Raw(i int) json.RawMessage { return e.args.Raw(i) }

// Decode stores the arguments in the values that dst point to; see [Args.Decode].
func (e *Event) Decode(dst ...any) error { return e.args.Decode(dst...) }

// Socket returns the socket the event came to.
func (e *Event) Socket() *Socket { return e.socket }

// WantsAck reports whether the server asks for an acknowledgement.
func (e *Event) WantsAck() bool { return e.hasID }

// Ack acknowledges the event with args, as in [Socket.Emit]. It never blocks.
// The second acknowledgement, and one nobody asked for, fail with ErrAcked; after
// a disconnection it is ErrDisconnected.
func (e *Event) Ack(args ...any) error {
	if !e.hasID {
		return ErrAcked
	}
	wires, err := encode(sioproto.Ack, e.socket.namespace, e.id, true, "", args)
	if err != nil {
		return err
	}
	if !e.acked.CompareAndSwap(false, true) {
		return ErrAcked
	}
	return e.socket.reply(e.conn, wires)
}
