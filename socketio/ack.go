package socketio

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
)

// nextAck returns a fresh acknowledgement id. Ids come from one counter per
// namespace, as in JavaScript.
func (n *Namespace) nextAck() uint64 { return n.ackIDs.Add(1) - 1 }

// ask is a place for an answer: a channel that holds one value and is closed without
// one when the socket goes away, or a function.
type ask struct {
	answer chan Args
	fn     *askFunc
}

// expectAck opens a place for an answer. It must be closed again by takeAck, unless
// the answer or the end of the socket does it.
func (s *Socket) expectAck(id uint64, a ask) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state != stateOpen {
		return ErrClosed
	}
	x := s.more()
	if len(x.acks) >= s.conn.srv.cfg.MaxAcks {
		return ErrTooManyAcks
	}
	if x.acks == nil {
		x.acks = make(map[uint64]ask)
	}
	x.acks[id] = a
	return nil
}

// takeAck closes the place of an answer; true for the one who may settle it.
func (s *Socket) takeAck(id uint64) (ask, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	x := s.extras
	if x == nil {
		return ask{}, false
	}
	a, ok := x.acks[id]
	delete(x.acks, id)
	if len(x.acks) == 0 {
		x.acks = nil
	}
	return a, ok
}

// awaits tells whether somebody waits for this answer.
func (s *Socket) awaits(id uint64) bool {
	ok := false
	s.mu.Lock()
	if s.extras != nil {
		_, ok = s.extras.acks[id]
	}
	s.mu.Unlock()
	return ok || s.ns.broadcastAck(id) != nil
}

// onAck gives an answer of the client to who asked for it: this socket's EmitAck
// or a broadcast this socket was part of. Others, and second ones, are ignored
// (SEC-55).
func (s *Socket) onAck(id uint64, args Args) {
	a, ok := s.takeAck(id)
	switch {
	case !ok:
		if b := s.ns.broadcastAck(id); b != nil {
			b.answered(s, args)
		}
	case a.fn != nil:
		a.fn.settle(s, args, nil)
	default:
		a.answer <- args // it has room for the one value
	}
}

// loseAcks tells who waits that the socket has gone, in the order they asked.
func (s *Socket) loseAcks(acks map[uint64]ask) {
	for _, id := range slices.Sorted(maps.Keys(acks)) {
		if a := acks[id]; a.fn != nil {
			a.fn.settle(s, Args{}, ErrClosed)
		} else {
			close(a.answer)
		}
	}
}

// awaitAck waits for one answer.
func awaitAck(ctx context.Context, answer <-chan Args, limit time.Duration) (Args, error) {
	ctx, cancel := withLimit(ctx, limit)
	defer cancel()
	select {
	case args, ok := <-answer:
		if !ok {
			return Args{}, ErrClosed
		}
		return args, nil
	case <-ctx.Done():
		return Args{}, ackError(ctx)
	}
}

// withLimit adds a deadline to a context that has none.
func withLimit(ctx context.Context, limit time.Duration) (context.Context, context.CancelFunc) {
	if _, ok := ctx.Deadline(); ok {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, limit)
}

// ackError is what an ended context means for who waits for an answer.
func ackError(ctx context.Context) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return fmt.Errorf("%w: %w", ErrAckTimeout, ctx.Err())
	}
	return fmt.Errorf("socketio: waiting for an acknowledgement: %w", context.Cause(ctx))
}
