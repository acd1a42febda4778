package socketioclient

import (
	"context"
	"time"

	"github.com/go-sails/sails/internal/eioclient"
	"github.com/go-sails/sails/internal/eioproto"
)

// sizeOf is what wires count against MaxBuffered.
func sizeOf(wires []eioclient.Wire) int {
	n := 0
	for _, w := range wires {
		n += len(w.Data)
	}
	return n
}

// send queues the packets of one event, all or none. limit bounds what may be
// queued in bytes, when something is queued already; 0 is no limit.
func (e *engine) send(wires []eioclient.Wire, limit int) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closing || e.closed {
		return errEngineClosed
	}
	size := sizeOf(wires)
	if limit > 0 && e.queued > 0 && e.queued+size > limit {
		return ErrBufferFull
	}
	e.queue = append(e.queue, wires...)
	e.queued += size
	e.kick()
	return nil
}

// trySend queues the packets only when they can leave at once.
func (e *engine) trySend(wires []eioclient.Wire) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closing || e.closed || e.paused || e.flushing || len(e.queue) > 0 {
		return false
	}
	e.queue = append(e.queue, wires...)
	e.queued += sizeOf(wires)
	e.kick()
	return true
}

// control queues a packet of the protocol itself. It is silent when the session
// has ended; and a server that takes nothing gets no heartbeat either.
func (e *engine) control(t eioproto.Type) {
	_ = e.send([]eioclient.Wire{{Data: []byte{t.Digit()}}}, e.cfg.MaxBuffered)
}

// kick starts the flusher if there is work for it. The caller holds mu.
func (e *engine) kick() {
	if e.flushing || e.paused || e.closed || len(e.queue) == 0 && !e.closing {
		return
	}
	e.flushing = true
	e.spawn(e.flush)
}

// flush writes until nothing is queued.
func (e *engine) flush() {
	for {
		e.mu.Lock()
		if e.closed || e.paused || len(e.queue) == 0 {
			e.flushing = false
			last := e.closing && !e.paused && !e.closed
			if e.drained != nil && len(e.queue) == 0 {
				close(e.drained)
				e.drained = nil
			}
			e.tellIdle()
			e.mu.Unlock()
			if last {
				e.finish()
			}
			return
		}
		batch := e.queue
		e.queue, e.spare = e.spare[:0], nil
		ws := e.ws
		if ws == nil && e.handshake.MaxPayload > 0 {
			n := eioclient.Fit(batch, e.handshake.MaxPayload)
			e.queue = append(e.queue, batch[n:]...)
			batch = batch[:n]
		}
		e.mu.Unlock()

		var err error
		if ws != nil {
			err = ws.Write(batch...)
		} else {
			err = e.poll.Post(e.ctx, e.handshake.SID, batch)
		}
		if err != nil {
			e.fail(TransportError, err)
			e.mu.Lock()
			e.flushing = false
			e.tellIdle()
			e.mu.Unlock()
			return
		}

		e.mu.Lock()
		if !e.closed {
			e.queued -= sizeOf(batch)
			clear(batch)
			e.spare = batch[:0]
		}
		e.mu.Unlock()
	}
}

// finish tells the server that the session ends.
func (e *engine) finish() {
	e.mu.Lock()
	ws := e.ws
	e.mu.Unlock()
	if ws == nil {
		ctx, cancel := context.WithTimeout(e.ctx, closeTimeout)
		defer cancel()
		err := e.poll.Post(ctx, e.handshake.SID, []eioclient.Wire{{Data: []byte{eioproto.Close.Digit()}}})
		e.fail(ForcedClose, err)
		return
	}
	// The reader ends the session when the server has answered: closing earlier
	// could cost what was just sent.
	if ws.WriteClose(0, "") != nil || ws.SetReadDeadline(time.Now().Add(closeTimeout)) != nil {
		e.fail(ForcedClose, nil)
	}
}

// drain waits until nothing is left to write, or the session has ended.
func (e *engine) drain(ctx context.Context) error {
	e.mu.Lock()
	if e.closed || len(e.queue) == 0 && !e.flushing {
		e.mu.Unlock()
		return nil
	}
	if e.drained == nil {
		e.drained = make(chan struct{})
	}
	drained := e.drained
	e.mu.Unlock()
	select {
	case <-drained:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
