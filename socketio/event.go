package socketio

import (
	"context"
	"encoding/json"
	"sync/atomic"

	"github.com/go-sails/sails/internal/sioproto"
)

// Handler serves events. One event of a socket is served at a time. ctx is the
// socket's: it ends with the socket. An error, or a panic, ends the event and
// nothing else; see EventError for what the client learns of it.
type Handler interface {
	ServeEvent(ctx context.Context, e *Event) error
}

// HandlerFunc is a function as a Handler.
type HandlerFunc func(ctx context.Context, e *Event) error

// ServeEvent calls f.
func (f HandlerFunc) ServeEvent(ctx context.Context, e *Event) error { return f(ctx, e) }

// Event is one event from a client. It may be kept after the handler has returned,
// to answer it later, and its methods may be called concurrently.
type Event struct {
	next   *Event // in the mailbox
	socket *Socket
	route  *route // its name and what serves it
	id     uint64
	list   argList       // the name and the arguments
	ack    atomic.Uint32 // ackNone, ackWanted or ackSent
	step   step
	inline [4]sioproto.Span // list.spans, if it has no more
}

// step tells the items of a mailbox apart.
type step uint8

const (
	stepEvent step = iota
	stepConnect
	stepAnswer // for EmitAckFunc
	stepClose
)

const (
	ackNone = iota
	ackWanted
	ackSent
)

// Name returns the event's name. A number sent as a name is its decimal form.
func (e *Event) Name() string { return e.route.name }

// Socket returns the socket that received the event.
func (e *Event) Socket() *Socket { return e.socket }

// Args returns all arguments.
func (e *Event) Args() Args {
	a := e.list.all()
	a.from = min(a.to, 1) // behind the name
	return a
}

// Len returns the number of arguments.
func (e *Event) Len() int { return e.Args().Len() }

// Decode decodes the first arguments; see Args.Decode.
func (e *Event) Decode(dst ...any) error { return e.Args().Decode(dst...) }

// Raw returns the JSON of argument i as it arrived; see Args.Raw.
func (e *Event) Raw(i int) json.RawMessage { return e.Args().Raw(i) }

// WantsAck tells whether the client waits for an acknowledgement that was not sent yet.
func (e *Event) WantsAck() bool { return e.ack.Load() == ackWanted }

// Ack answers the event; it never blocks. An event is answered once: ErrNoAck is
// returned for a second answer, and when none is wanted. An error about args
// leaves the event unanswered; ErrClosed means that the client has gone.
func (e *Event) Ack(args ...any) error {
	if !e.WantsAck() {
		return ErrNoAck
	}
	p, err := e.socket.ns.encodePacket(sioproto.Ack, "", e.id, true, args)
	if err != nil {
		return err
	}
	if !e.ack.CompareAndSwap(ackWanted, ackSent) {
		return ErrNoAck
	}
	return e.socket.send(p)
}

// fail answers an event whose handler returned err.
func (e *Event) fail(err error) {
	if e.WantsAck() {
		_ = e.Ack(answerOf(err)) // the client may have gone; then nobody waits
	}
}
