package engineio

import (
	"errors"
	"os"
	"time"
)

// flush writes what the session has queued. It is called by the flusher f, and
// writes without blocking: what the kernel does not take goes to a task of its own.
func (s *Session) flush(f *flusher) {
	s.mu.Lock()
	s.dirty = false
	if s.ws == nil { // not opened yet
		s.mu.Unlock()
		return
	}
	t := s.ws
	for !s.writing && (len(s.queue) > 0 || t.pong != nil) {
		if s.polling != nil && s.polling.answering { // the last poll's answer goes first
			break
		}
		s.writing = true
		var size int
		f.batch, size = s.takeQueue(f.batch[:0])
		pong := t.pong
		t.pong = nil
		s.mu.Unlock()
		rest, err := t.write(f, pong, f.batch)
		if err != nil {
			s.mu.Lock()
			s.sent(size)
			t.doneWriting()
			s.mu.Unlock()
			s.finish(TransportClose)
			return
		}
		if rest != nil {
			s.srv.pool.Run(&slowWriter{t: t, rest: rest, size: size})
			return
		}
		s.mu.Lock()
		s.sent(size)
		t.doneWriting()
	}
	s.endIfDrained()
}

// endIfDrained finishes a closing session that has nothing left to send. It
// unlocks mu.
func (s *Session) endIfDrained() {
	done := s.state == closing && len(s.queue) == 0 && !s.writing
	reason := s.reason
	s.mu.Unlock()
	if done {
		s.finish(reason)
	}
}

// write gathers frames and writes them. rest holds a copy of what could not be
// written without blocking; nil means that all has left.
func (t *wsTransport) write(f *flusher, pong []byte, batch []*Message) (rest []byte, err error) {
	if pong == nil && len(batch) == 1 { // nothing to gather
		return t.writeOrKeep(f, nil, t.frame(batch[0]))
	}
	if f.buf == nil {
		f.buf = getBuffer()
	}
	out := append(f.buf[:0], pong...)
	for _, m := range batch {
		frame := t.frame(m)
		if len(out)+len(frame) > cap(out) {
			if rest, err = t.writeOrKeep(f, rest, out); err != nil {
				return nil, err
			}
			out = out[:0]
			if len(frame) > cap(out) { // from where it is
				if rest, err = t.writeOrKeep(f, rest, frame); err != nil {
					return nil, err
				}
				continue
			}
		}
		out = append(out, frame...)
	}
	return t.writeOrKeep(f, rest, out)
}

// writeOrKeep writes p as far as the kernel takes it and returns what is left
// behind rest: all of it where something is left already, or where writes block.
func (t *wsTransport) writeOrKeep(f *flusher, rest, p []byte) ([]byte, error) {
	if rest != nil || !t.tries() || len(p) == 0 {
		return append(rest, p...), nil
	}
	n, err := t.tryWrite(&f.raw, p)
	if err != nil || n == len(p) {
		return nil, err
	}
	return append([]byte(nil), p[n:]...), nil
}

// tries tells whether the connection has writes that do not block.
func (t *wsTransport) tries() bool { return t.raw != nil || t.loop != nil }

// tryWrite writes what the kernel takes now and returns how much that was.
func (t *wsTransport) tryWrite(w *rawWriter, p []byte) (int, error) {
	if t.loop != nil {
		return t.loop.TryWrite(p)
	}
	return t.raw.tryWrite(w, p)
}

// slowWriter is the task that writes for a session whose peer does not take bytes
// as fast as they come, or whose connection has no writes that do not block. It
// owns the write side until the queue is empty.
type slowWriter struct {
	t    *wsTransport
	rest []byte
	size int // what rest counts in the session's queue
}

// Run writes until nothing is left or the peer has had its time (SEC-28).
func (w *slowWriter) Run() {
	s := w.t.session
	for {
		if reason, ok := w.drain(); !ok {
			s.mu.Lock()
			s.sent(w.size)
			w.t.doneWriting()
			s.mu.Unlock()
			s.finish(reason)
			return
		}
		s.mu.Lock()
		s.sent(w.size)
		w.size = 0
		if len(s.queue) == 0 && w.t.pong == nil || s.state == closed {
			_ = w.t.conn.SetWriteDeadline(time.Time{}) // or it would stop the next write
			w.t.doneWriting()
			s.endIfDrained()
			return
		}
		w.rest = append(w.rest[:0], w.t.pong...)
		w.t.pong = nil
		var batch []*Message
		for len(s.queue) > 0 && len(w.rest) < bufferSize {
			m := s.queue[0]
			s.queue[0] = nil
			s.queue = s.queue[1:]
			w.size += m.size()
			batch = append(batch, m)
		}
		if len(s.queue) == 0 {
			s.queue = nil
		}
		s.mu.Unlock()
		for _, m := range batch {
			w.rest = append(w.rest, w.t.frame(m)...)
		}
	}
}

// drain writes rest. A write that stalls for WriteTimeout, or bytes that are older
// than 30 s, end the session.
func (w *slowWriter) drain() (CloseReason, bool) {
	began := time.Now()
	for len(w.rest) > 0 {
		_ = w.t.conn.SetWriteDeadline(time.Now().Add(w.t.session.srv.cfg.WriteTimeout))
		n, err := w.t.conn.Write(w.rest)
		w.rest = w.rest[n:]
		switch {
		case err == nil:
		case !errors.Is(err, os.ErrDeadlineExceeded):
			return TransportClose, false
		case n == 0 || time.Since(began) > oldestByte:
			return SlowConsumer, false
		}
	}
	return "", true
}
