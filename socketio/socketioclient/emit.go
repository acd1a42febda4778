package socketioclient

import (
	"context"
	"errors"
	"fmt"

	"github.com/go-sails/sails/internal/eioclient"
	"github.com/go-sails/sails/internal/sioproto"
)

// Emit sends an event. Arguments are what package encoding/json can encode,
// json.RawMessage (sent as it is), [Args] (several arguments, sent again as they
// were received) and []byte at any depth, which travels as binary; nothing of them
// is kept. Emit never blocks: the event is queued, and while the socket is not
// connected it is held back until it is, in order. ErrBufferFull says that
// Options.MaxBuffered is reached and the event was not taken.
func (s *Socket) Emit(event string, args ...any) error {
	wires, err := s.encodeEvent(event, 0, false, args)
	if err != nil {
		return err
	}
	s.client.mu.Lock()
	defer s.client.mu.Unlock()
	return s.post(held{wires: wires})
}

// EmitVolatile sends an event if the connection can take it right now: the socket
// is connected and nothing waits to be sent. Else the event is dropped and sent is
// false.
func (s *Socket) EmitVolatile(event string, args ...any) (sent bool, err error) {
	wires, err := s.encodeEvent(event, 0, false, args)
	if err != nil {
		return false, err
	}
	s.client.mu.Lock()
	defer s.client.mu.Unlock()
	if s.client.closed {
		return false, ErrClosed
	}
	return s.connected && s.client.conn != nil && s.client.conn.engine.trySend(wires), nil
}

// EmitAck is Emit that waits for the server's acknowledgement and returns its
// arguments. Give ctx a deadline: there is no other. A disconnection ends the wait
// with ErrDisconnected, except for an event that is still held back; that one is
// taken back when ctx ends.
func (s *Socket) EmitAck(ctx context.Context, event string, args ...any) (Args, error) {
	c := s.client
	c.mu.Lock()
	id := s.nextAck
	s.nextAck++
	c.mu.Unlock()
	wires, err := s.encodeEvent(event, id, true, args)
	if err != nil {
		return Args{}, err
	}
	answer := make(chan ackResult, 1)
	c.mu.Lock()
	if err := s.post(held{wires: wires, ack: id, hasAck: true}); err != nil {
		c.mu.Unlock()
		return Args{}, err
	}
	s.acks[id] = answer
	c.mu.Unlock()
	select {
	case r := <-answer:
		return r.args, r.err
	case <-ctx.Done():
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	select {
	case r := <-answer: // at the last moment
		return r.args, r.err
	default:
	}
	delete(s.acks, id)
	s.takeBack(id)
	return Args{}, fmt.Errorf("socketioclient: waiting for the acknowledgement of %q: %w", event, context.Cause(ctx))
}

func (s *Socket) encodeEvent(event string, id uint64, hasID bool, args []any) ([]eioclient.Wire, error) {
	if reservedEvent(event, s.client.cfg.Revision) {
		return nil, fmt.Errorf("%w: %q", ErrReserved, event)
	}
	return encode(sioproto.Event, s.namespace, id, hasID, event, args)
}

// post sends or holds back; the caller holds client.mu.
func (s *Socket) post(h held) error {
	c := s.client
	if c.closed {
		return ErrClosed
	}
	if s.connected && c.conn != nil {
		err := c.conn.engine.send(h.wires, c.cfg.MaxBuffered)
		if !errors.Is(err, errEngineClosed) {
			return err
		}
	}
	size := sizeOf(h.wires)
	if c.buffered > 0 && c.buffered+size > c.cfg.MaxBuffered {
		return ErrBufferFull
	}
	c.buffered += size
	s.buffer = append(s.buffer, h)
	return nil
}

// reply sends an acknowledgement over the connection its event came from.
func (s *Socket) reply(k *conn, wires []eioclient.Wire) error {
	c := s.client
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return ErrClosed
	}
	if c.conn != k || !s.connected {
		return ErrDisconnected
	}
	err := k.engine.send(wires, c.cfg.MaxBuffered)
	if errors.Is(err, errEngineClosed) {
		err = ErrDisconnected
	}
	return err
}

// takeBack removes the event with this ack id from what is held back; the caller
// holds client.mu.
func (s *Socket) takeBack(id uint64) {
	for i, h := range s.buffer {
		if h.hasAck && h.ack == id {
			s.client.buffered -= sizeOf(h.wires)
			s.buffer = append(s.buffer[:i:i], s.buffer[i+1:]...)
			return
		}
	}
}

// failAcks ends the wait for answers that cannot come any more; those to events
// held back can, unless all is set. The caller holds client.mu.
func (s *Socket) failAcks(err error, all bool) {
	if len(s.acks) == 0 {
		return
	}
	waiting := map[uint64]bool{}
	for _, h := range s.buffer {
		if h.hasAck && !all {
			waiting[h.ack] = true
		}
	}
	for id, answer := range s.acks {
		if !waiting[id] {
			answer <- ackResult{err: err}
			delete(s.acks, id)
		}
	}
}
