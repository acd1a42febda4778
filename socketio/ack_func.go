package socketio

import (
	"context"
	"sync"

	"github.com/go-sails/sails/internal/sioproto"
)

// askFunc is a function that waits for an answer. Who has taken it out of
// Socket.acks settles it, so it runs once.
type askFunc struct {
	fn     func(Args, error)
	answer Args  // in the mailbox
	err    error // beside it
	route  route // to itself
	mu     sync.Mutex
	stop   func() // ends the time limit; guarded by mu
	over   bool   // guarded by mu
}

// EmitAckFunc sends an event and calls fn later with the client's acknowledgement:
// the form of socket.emit with a callback. The event is queued when it returns, so
// that events sent one after the other arrive in that order. It never blocks.
//
// fn is called exactly once: with the answer, with an error matching ErrAckTimeout
// after ctx's deadline or else Config.AckTimeout, with the cause of ctx when that
// ends otherwise, or with ErrClosed when the socket goes away first. It is called
// where the handlers of the socket's events run: in the order in which answers and
// events arrived, never beside a handler, so it needs no lock against those. A
// handler must not wait for fn, but return or use EmitAck.
//
// fn is not called when EmitAckFunc returns an error: ErrReservedEvent, ErrClosed,
// ErrSlowConsumer, ErrTooManyAcks (with Config.MaxAcks answers awaited, those of
// EmitAck included), or that of arguments that cannot be encoded.
func (s *Socket) EmitAckFunc(ctx context.Context, fn func(Args, error), event string, args ...any) error {
	if sioproto.Reserved(event) {
		return reserved(event)
	}
	id := s.ns.nextAck()
	p, err := s.ns.encodePacket(sioproto.Event, event, id, true, args)
	if err != nil {
		return err
	}
	a := &askFunc{fn: fn}
	if err := s.expectAck(id, ask{fn: a}); err != nil {
		return err
	}
	if err := s.send(p); err != nil {
		if _, ok := s.takeAck(id); ok {
			return err
		}
		return nil // the end of the socket has called fn
	}
	s.tellOutgoing(event, args)
	a.limit(ctx, s, id)
	return nil
}

// limit ends the wait with ctx or after the usual time.
func (a *askFunc) limit(ctx context.Context, s *Socket, id uint64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.over {
		return
	}
	ctx, cancel := withLimit(ctx, s.ns.srv.cfg.AckTimeout)
	forget := context.AfterFunc(ctx, func() {
		// While somebody waits the session exists, so Shutdown is waiting as well.
		s.conn.srv.busy.add()
		defer s.conn.srv.busy.done()
		if _, ok := s.takeAck(id); ok {
			a.settle(s, Args{}, ackError(ctx))
		}
	})
	a.stop = func() {
		forget()
		cancel()
	}
}

// settle queues the call of the function.
func (a *askFunc) settle(s *Socket, args Args, err error) {
	a.mu.Lock()
	stop := a.stop
	a.over, a.stop = true, nil
	a.answer, a.err = args, err
	a.mu.Unlock()
	if stop != nil {
		stop()
	}
	a.route.handler = a
	e := &Event{socket: s, step: stepAnswer, route: &a.route}
	if args.of != nil {
		e.list = *args.of // what it counts in the mailbox
	}
	s.enqueue(e)
}

// ServeEvent implements Handler: the mailbox has got to the answer.
func (a *askFunc) ServeEvent(context.Context, *Event) error {
	a.fn(a.answer, a.err)
	return nil
}

// EmitAckFunc sends an event like EmitAck and calls fn later with what EmitAck would
// return. The event is queued for the sockets of this node, and handed to the other
// nodes, when it returns; Adapters may block for that as long as ctx allows.
//
// fn is called exactly once, on a goroutine of its own, and not at all when
// EmitAckFunc returns an error: those of EmitAck about the event, and ErrTooManyAcks
// while Config.MaxAcks broadcasts of the namespace await answers.
func (b BroadcastOperator) EmitAckFunc(ctx context.Context, fn func([]Args, error), event string, args ...any) error {
	w, err := b.startAck(ctx, event, args, b.ns.srv.cfg.MaxAcks)
	if err != nil {
		return err
	}
	w.fn = fn
	b.ns.srv.pool.Run(w)
	return nil
}

// Run implements workers.Task: it waits and calls the function.
func (w *gatheredAcks) Run() {
	answers, err := w.wait()
	w.ns.srv.protect("acknowledgement", func() { w.fn(answers, err) })
}
