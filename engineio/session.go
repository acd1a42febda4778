package engineio

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// Session is one Engine.IO connection: a client that may speak polling first and
// WebSocket later, with one queue of packets to send. Its methods may be called
// concurrently, from Handler methods too.
//
// Heartbeats touch each session when it is in no cache: what they need is in the first
// three lines of 64 bytes.
type Session struct {
	srv        *Server
	flusher    *flusher
	ws         *wsTransport // nil while polling; guarded by mu
	mu         sync.Mutex
	state      state         // guarded by mu
	enc        encoding      // of polling; constant
	dirty      bool          // listed by the flusher; guarded by mu
	writing    bool          // someone owns the write side of ws; guarded by mu
	upgraded   bool          // guarded by mu
	paused     bool          // PauseReads; guarded by mu
	extended   bool          // the wait for this pong was extended once; guarded by mu
	upgrading  bool          // a WebSocket is on its way to take over; guarded by mu
	awaitsPong atomic.Bool   // revision 4: a ping is unanswered
	deadline   time.Duration // next heartbeat step, since the wheel's start; guarded by mu
	armed      time.Duration // when the wheel looks next; guarded by mu
	heartbeat  timer
	queue      []*Message    // guarded by mu
	queued     int           // bytes in queue and in writes under way; guarded by mu
	gate       chan struct{} // closed when reading may go on; nil when nobody waits; guarded by mu
	polling    *pollingTransport

	// recv is held while the Handler is told anything: calls are serial although
	// two transports exist during an upgrade. It is taken before mu.
	recv sync.Mutex

	id       string
	kept     handshakeRequest
	noops    int           // polls looked at while upgrading; guarded by mu
	greeting int           // packets of the handshake at the head of the queue; guarded by mu
	bound    string        // Config.BindSession at the handshake
	reason   CloseReason   // set when the state leaves open; guarded by mu
	probe    *wsTransport  // a WebSocket that asked to take over; guarded by mu
	tookOver time.Duration // when ws took over from polling, since the wheel's start; guarded by mu
	data     any
	ctx      context.Context         // nil until asked for; guarded by mu
	cancel   context.CancelCauseFunc // guarded by mu
}

type state uint8

const (
	open    state = iota
	closing       // takes nothing more; what is queued still leaves
	closed
)

// ID returns the session id. In revision 3 clients use it as the id of their
// socket; in revision 4 it is a secret between client and server (SEC-30).
func (s *Session) ID() string { return s.id }

// Protocol returns the Engine.IO revision of the client, 3 or 4.
func (s *Session) Protocol() int { return int(s.enc.revision) }

// Request returns the request that opened the session, without a body. Its context
// is the session's. It is built anew by every call, which costs a few microseconds:
// keep it where it is needed often.
func (s *Session) Request() *http.Request { return s.kept.request(sessionContext{s}) }

// RemoteAddr returns the peer's address at the handshake, "host:port".
func (s *Session) RemoteAddr() string { return s.kept.address() }

// Transport returns the transport in use now.
func (s *Session) Transport() Transport {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.ws == nil && s.polling != nil:
		return Polling
	case s.ws != nil && s.ws.stream != nil:
		return WebTransport
	}
	return WebSocket
}

// Upgraded tells whether the session began with polling and moved on.
func (s *Session) Upgraded() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.upgraded
}

// SetData keeps a value for the Handler. Call it in OnOpen; it is not guarded.
func (s *Session) SetData(v any) { s.data = v }

// Data returns the value of SetData.
func (s *Session) Data() any { return s.data }

// Context is cancelled when the session ends; its cause is the CloseReason.
func (s *Session) Context() context.Context {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ctx == nil {
		s.ctx, s.cancel = context.WithCancelCause(context.Background())
		if s.state == closed {
			s.cancel(s.reason)
		}
	}
	return s.ctx
}

// Send queues messages for the client and returns; it never blocks. The messages
// of one call are queued all or none and stay together on the wire, in the order
// of calls. ErrClosed is returned when the session has ended; ErrSlowConsumer when
// more than Config.MaxBuffered bytes were waiting already, which ends it (SEC-28).
func (s *Session) Send(messages ...*Message) error {
	size := 0
	for _, m := range messages {
		size += m.size()
	}
	s.mu.Lock()
	if s.state != open {
		s.mu.Unlock()
		return ErrClosed
	}
	if s.queued > s.srv.cfg.MaxBuffered || s.srv.queued.Load() > s.srv.cfg.MaxBufferedTotal && s.queued > softMark {
		s.mu.Unlock()
		s.finish(SlowConsumer)
		return ErrSlowConsumer
	}
	s.queue = append(s.queue, messages...)
	s.enqueued(size)
	return nil
}

// TrySend queues messages only if the transport can take them at this moment: a
// WebSocket with nothing waiting, a poll that is held. It never blocks and returns
// false when the messages were dropped.
func (s *Session) TrySend(messages ...*Message) bool {
	size := 0
	for _, m := range messages {
		size += m.size()
	}
	s.mu.Lock()
	ready := s.state == open && len(s.queue) == 0 && !s.writing
	if ready && s.ws == nil {
		ready = s.polling != nil && s.polling.held
	}
	if !ready {
		s.mu.Unlock()
		return false
	}
	s.queue = append(s.queue, messages...)
	s.enqueued(size)
	return true
}

// enqueued accounts for size bytes appended to the queue, unlocks s and sees to
// their flush.
func (s *Session) enqueued(size int) {
	s.queued += size
	s.srv.queued.Add(int64(size))
	if s.ws == nil && s.polling != nil { // a poll takes it, the one that is held or the next
		held := s.polling.held
		s.mu.Unlock()
		if held {
			s.polling.wake()
		}
		return
	}
	wake := !s.dirty
	s.dirty = true
	s.mu.Unlock()
	if wake {
		s.flusher.add(s)
	}
}

// sent accounts for bytes that left, or were dropped. The caller holds mu.
func (s *Session) sent(size int) {
	s.queued -= size
	s.srv.queued.Add(int64(-size))
	if s.mayRead() {
		s.openGate()
	}
}

// takeQueue moves the queue to dst and returns its size in bytes. The caller holds mu.
func (s *Session) takeQueue(dst []*Message) (batch []*Message, size int) {
	for _, m := range s.queue {
		size += m.size()
	}
	batch = append(dst, s.queue...)
	clear(s.queue)
	if cap(s.queue) > 8 { // an idle session keeps next to nothing
		s.queue = nil
	} else {
		s.queue = s.queue[:0]
	}
	return batch, size
}

// Close ends the session for the given reason after sending what is queued. It
// never blocks, and returns whether nothing had to be waited for: no bytes queued
// and, over polling, a poll at hand to say goodbye to. A session that has ended
// already keeps its reason.
func (s *Session) Close(reason CloseReason) bool {
	s.mu.Lock()
	if s.state != open {
		s.mu.Unlock()
		return true
	}
	s.state, s.reason = closing, reason
	s.openGate()
	idle := len(s.queue) == 0 && !s.writing
	if idle && s.ws != nil {
		s.mu.Unlock()
		s.finish(reason)
		return true
	}
	if s.ws == nil && s.polling != nil {
		idle = idle && s.polling.held
		s.polling.abrupt = idle
		s.arm(closingPollWait)
		s.mu.Unlock()
		s.polling.wake()
		return idle
	}
	s.mu.Unlock() // the writer finishes when the queue is empty
	return false
}

// finish ends the session at once. It may be called with recv held, not with mu.
func (s *Session) finish(reason CloseReason) {
	s.mu.Lock()
	if s.state == closed {
		s.mu.Unlock()
		return
	}
	if s.state == open {
		s.reason = reason
	}
	s.state = closed
	_, size := s.takeQueue(nil)
	s.queue = nil
	s.sent(size)
	s.openGate()
	if s.cancel != nil {
		s.cancel(s.reason)
	}
	ws, probe, polling := s.ws, s.probe, s.polling
	s.probe = nil
	s.mu.Unlock()

	s.srv.wheel.stop(&s.heartbeat)
	if ws != nil {
		ws.shut(reason)
	}
	if probe != nil {
		probe.abandon()
	}
	if polling != nil {
		polling.wake()
	}
	s.srv.remove(s)
	s.srv.counters.countClose(s.reason)
	s.srv.pool.Run((*goodbye)(s))
}

// goodbye is the task that tells the Handler, after the calls under way.
type goodbye Session

// Run calls OnClose.
func (g *goodbye) Run() {
	s := (*Session)(g)
	defer s.srv.forget()
	s.recv.Lock()
	defer s.recv.Unlock()
	s.srv.protect("OnClose", s, func() { s.srv.handler.OnClose(s, s.reason) })
}

// isClosed tells whether nothing more may be delivered.
func (s *Session) isClosed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state == closed
}

// arm has the wheel look at the session d from now. The caller holds mu.
func (s *Session) arm(d time.Duration) { s.armFrom(s.srv.wheel.elapsed(), d) }

// armFrom is arm for who has looked at the clock already.
func (s *Session) armFrom(now, d time.Duration) {
	s.armed = now + d
	s.deadline = s.armed
	s.srv.wheel.set(&s.heartbeat, now, d)
}

// expect moves the next heartbeat step to d from now; the wheel is only told when
// it would look too late. The caller holds mu.
func (s *Session) expect(d time.Duration) {
	now := s.srv.wheel.elapsed()
	s.deadline = now + d
	if s.deadline < s.armed {
		s.armFrom(now, d)
	}
}

// onTimer is called by the wheel.
func (s *Session) onTimer() {
	s.mu.Lock()
	if s.state == closed {
		s.mu.Unlock()
		return
	}
	now := s.srv.wheel.elapsed()
	left := s.deadline - now
	switch {
	case left > 0:
		s.armFrom(now, left)
		s.mu.Unlock()
	case s.state == closing: // nobody came for the close packet
		s.mu.Unlock()
		s.finish(s.reason)
	case s.paused: // we are the ones who do not read
		s.armFrom(now, s.srv.cfg.PingTimeout)
		s.mu.Unlock()
	case s.enc.revision == 4 && !s.awaitsPong.Load():
		s.awaitsPong.Store(true)
		s.extended = false
		s.armFrom(now, s.srv.cfg.PingTimeout-min(-left, lateness)) // what is late does not add up
		s.queue = append(s.queue, pingPacket)
		s.enqueued(pingPacket.size())
	default:
		s.mu.Unlock()
		s.finish(PingTimeout)
	}
}

// lateness is how late a step of the heartbeat may be without moving the next one.
const lateness = 10 * time.Millisecond

// settle does what the wheel is about to do: a request that comes after the end of a
// wait finds it over. It tells whether the session has ended.
func (s *Session) settle() (ended bool) {
	s.mu.Lock()
	due := s.deadline > 0 && s.deadline <= s.srv.wheel.elapsed()
	ended = s.state == closed
	s.mu.Unlock()
	if !due {
		return ended
	}
	s.onTimer()
	return s.isClosed()
}

// startHeartbeat begins the waits of spec sheet 1.9.
func (s *Session) startHeartbeat() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state == closed {
		return
	}
	d := s.srv.cfg.PingInterval
	if s.enc.revision == 3 {
		d += s.srv.cfg.PingTimeout
	}
	s.arm(d)
}
