package socketio

import (
	"context"
	"fmt"
	"runtime/debug"
)

// mailbox holds the items of one socket that wait for its user code: connecting,
// events and answers in order, the disconnection. A worker runs them one at a time and exists
// only while there are any. Guarded by the socket's mu.
type mailbox struct {
	head, tail *Event
	bytes      int
	count      int32
	running    bool
	full       bool // the session's reading is paused for this socket
}

// eventOverhead is what an event counts besides its payload.
const eventOverhead = 256

func (e *Event) cost() int {
	n := len(e.list.raw) + eventOverhead
	for _, b := range e.list.attachments() {
		n += len(b)
	}
	return n
}

// enqueue appends an item. Too many make the session stop reading.
func (s *Socket) enqueue(e *Event) {
	cfg := &s.conn.srv.cfg
	s.mu.Lock()
	b := &s.box
	if b.tail == nil {
		b.head = e
	} else {
		b.tail.next = e
	}
	b.tail = e
	b.count++
	b.bytes += e.cost()
	pause := !b.full && (int(b.count) > cfg.MaxQueuedEvents || b.bytes > cfg.MaxQueuedBytes)
	if pause {
		b.full = true
	}
	start := !b.running
	b.running = true
	s.mu.Unlock()
	if pause {
		s.conn.pause(+1)
	}
	if start {
		s.conn.srv.busy.add()
		s.conn.srv.crew.Run((*runner)(s))
	}
}

// runner is the task that empties the mailbox of a Socket.
type runner Socket

// Run serves items until there are none.
func (r *runner) Run() {
	s := (*Socket)(r)
	defer s.conn.srv.busy.done()
	for {
		e := s.next()
		if e == nil {
			return
		}
		s.serve(e)
	}
}

// next takes an item; nil ends the runner.
func (s *Socket) next() *Event {
	cfg := &s.conn.srv.cfg
	s.mu.Lock()
	b := &s.box
	e := b.head
	if e == nil {
		b.running = false
		s.mu.Unlock()
		return nil
	}
	b.head = e.next
	if b.head == nil {
		b.tail = nil
	}
	e.next = nil
	b.count--
	b.bytes -= e.cost()
	resume := b.full && int(b.count) <= cfg.MaxQueuedEvents/2 && b.bytes <= cfg.MaxQueuedBytes/2
	if resume {
		b.full = false
	}
	s.mu.Unlock()
	if resume {
		s.conn.pause(-1)
	}
	return e
}

// serve runs the user code of one item.
func (s *Socket) serve(e *Event) {
	switch e.step {
	case stepEvent:
		s.serveEvent(e)
	case stepConnect:
		s.serveConnect(e)
	case stepAnswer:
		s.conn.srv.protect("acknowledgement", func() { _ = e.route.handler.ServeEvent(context.Background(), e) })
	case stepClose:
		s.serveClose()
	}
}

func (s *Socket) serveEvent(e *Event) {
	if !s.Connected() && s.closeReason() == ServerNamespaceDisconnect {
		return // what waits when the server disconnects is dropped (SEC-54)
	}
	reg := s.ns.registered()
	if err := s.handle(reg, e); err != nil {
		s.conn.srv.cfg.Logger.Debug("socketio: event failed", "namespace", s.ns.name, "event", quote(e.Name()), "error", err)
		e.fail(err)
		for _, fn := range reg.onError {
			s.conn.srv.protect("OnError", func() { fn(e, err) })
		}
	}
}

// handle runs the handlers of an event and turns a panic into an error (SEC-56).
func (s *Socket) handle(reg *registration, e *Event) (err error) {
	defer func() {
		if p := recover(); p != nil {
			s.conn.srv.countPanic("event handler", p)
			err = fmt.Errorf("socketio: handler of %q panicked: %v", e.Name(), p)
		}
	}()
	ctx := s.Context()
	for _, h := range reg.catchAll {
		if err := h.ServeEvent(ctx, e); err != nil {
			return err
		}
	}
	if e.route.handler == nil {
		return nil
	}
	return e.route.handler.ServeEvent(ctx, e)
}

func (s *Socket) serveClose() {
	reg := s.ns.registered()
	reason := s.closeReason()
	for _, fn := range reg.onDisconnecting {
		s.conn.srv.protect("OnDisconnecting", func() { fn(s, reason) })
	}
	s.mu.Lock()
	if x := s.rare(); x != nil {
		x.lastRooms = nil
	}
	s.mu.Unlock()
	for _, fn := range reg.onDisconnect {
		s.conn.srv.protect("OnDisconnect", func() { fn(s, reason) })
	}
}

func (s *Socket) closeReason() DisconnectReason {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.reason == nil {
		return ""
	}
	return *s.reason
}

// protect runs user code that returns nothing; a panic ends only that (SEC-1).
func (srv *Server) protect(what string, fn func()) {
	defer func() {
		if p := recover(); p != nil {
			srv.countPanic(what, p)
		}
	}()
	fn()
}

func (srv *Server) countPanic(what string, p any) {
	srv.stats.panics.Add(1)
	srv.cfg.Logger.ErrorContext(context.Background(), "socketio: panic in "+what, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
}

// quote makes client text fit for a log.
func quote(text string) string {
	const limit = 64
	if len(text) > limit {
		text = text[:limit] + "…"
	}
	return fmt.Sprintf("%q", text)
}
