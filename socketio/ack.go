package socketio

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// nextAck returns a fresh acknowledgement id. Ids come from one counter per
// namespace, as in JavaScript.
func (n *Namespace) nextAck() uint64 { return n.ackIDs.Add(1) - 1 }

// expectAck opens a place for an answer. It holds one value; it is closed without
// one when the socket goes away. forgetAck must follow.
func (s *Socket) expectAck(id uint64) (<-chan Args, error) {
	answer := make(chan Args, 1)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state != stateOpen {
		return nil, ErrClosed
	}
	if len(s.acks) >= s.conn.srv.cfg.MaxAcks {
		return nil, ErrTooManyAcks
	}
	if s.acks == nil {
		s.acks = make(map[uint64]chan Args)
	}
	s.acks[id] = answer
	return answer, nil
}

func (s *Socket) forgetAck(id uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.acks, id)
	if len(s.acks) == 0 {
		s.acks = nil
	}
}

// awaits tells whether somebody waits for this answer.
func (s *Socket) awaits(id uint64) bool {
	s.mu.Lock()
	_, ok := s.acks[id]
	s.mu.Unlock()
	return ok || s.ns.broadcastAck(id) != nil
}

// onAck gives an answer of the client to who asked for it: this socket's EmitAck
// or a broadcast this socket was part of. Others, and second ones, are ignored
// (SEC-55).
func (s *Socket) onAck(id uint64, args Args) {
	s.mu.Lock()
	answer, ok := s.acks[id]
	delete(s.acks, id)
	s.mu.Unlock()
	if ok {
		answer <- args // it has room for the one value
		return
	}
	if b := s.ns.broadcastAck(id); b != nil {
		b.answered(s, args)
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
