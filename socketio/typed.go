package socketio

import (
	"context"
	"fmt"
)

// On has events of this name served by fn, their first argument decoded into arg.
// A T of Args receives all arguments as they are, a T of struct{} none; otherwise
// an event without an argument that fits T does not reach fn (see EventError).
func On[T any](n *Namespace, event string, fn func(ctx context.Context, s *Socket, arg T) error) {
	n.Handle(event, HandlerFunc(func(ctx context.Context, e *Event) error {
		var arg T
		if err := decodeFirst(e, &arg); err != nil {
			return err
		}
		return fn(ctx, e.Socket(), arg)
	}))
}

// OnCall is On for events that ask for an answer: what fn returns is the
// acknowledgement's argument. An error is answered as EventError describes.
func OnCall[Req, Res any](n *Namespace, event string, fn func(ctx context.Context, s *Socket, req Req) (Res, error)) {
	n.Handle(event, HandlerFunc(func(ctx context.Context, e *Event) error {
		var req Req
		if err := decodeFirst(e, &req); err != nil {
			return err
		}
		res, err := fn(ctx, e.Socket(), req)
		if err != nil || !e.WantsAck() {
			return err
		}
		if err := e.Ack(res); err != nil {
			return fmt.Errorf("socketio: acknowledging %q: %w", e.Name(), err)
		}
		return nil
	}))
}

func decodeFirst(e *Event, dst any) error {
	switch d := dst.(type) {
	case *Args:
		*d = e.Args()
		return nil
	case *struct{}:
		return nil
	}
	return e.Decode(dst)
}
