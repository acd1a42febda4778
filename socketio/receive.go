package socketio

import (
	"errors"
	"fmt"
	"time"

	"github.com/go-sails/sails/engineio"
	"github.com/go-sails/sails/internal/sioproto"
)

var (
	errGathering      = fmt.Errorf("%w: another packet while attachments are missing", sioproto.ErrPacket)
	errStrayBinary    = fmt.Errorf("%w: an attachment nobody waits for", sioproto.ErrPacket)
	errTooLarge       = fmt.Errorf("%w: packet with its attachments is too large", sioproto.ErrPacket)
	errEventName      = fmt.Errorf("%w: event without a usable name", sioproto.ErrPacket)
	errDisconnectData = fmt.Errorf("%w: DISCONNECT with data", sioproto.ErrPacket)
	errConnectError   = fmt.Errorf("%w: CONNECT_ERROR with unsuitable data", sioproto.ErrPacket)
	errAuth           = fmt.Errorf("%w: CONNECT data is no object", sioproto.ErrPacket)
	errNoData         = fmt.Errorf("%w: attachments without placeholders", sioproto.ErrPacket)
)

// sendError translates the errors of a session.
func sendError(err error) error {
	switch {
	case errors.Is(err, engineio.ErrSlowConsumer):
		return ErrSlowConsumer
	case errors.Is(err, engineio.ErrClosed):
		return ErrClosed
	}
	return err
}

// message takes an event or an acknowledgement apart. The JSON is validated and
// split in one pass, in place; what is kept is copied once.
func (c *conn) message(s *Socket, connected bool, h sioproto.Header, size int, attachments [][]byte) error {
	var inline [4]sioproto.Span
	spans := inline[:0]
	if h.Data != nil {
		var err error
		if spans, err = sioproto.Split(h.Data, h.Attachments, c.srv.cfg.MaxDepth, spans); err != nil {
			return err
		}
	} else if h.Attachments > 0 {
		return errNoData
	}
	isEvent := h.Type == sioproto.Event || h.Type == sioproto.BinaryEvent
	var name []byte
	if isEvent && h.Data != nil {
		if len(spans) == 0 {
			return errEventName
		}
		var err error
		first := h.Data[spans[0].Start:spans[0].End]
		if name, err = sioproto.EventName(first); err != nil {
			return err
		}
		if sioproto.Kind(first) == '"' && sioproto.Reserved(string(name)) {
			return errEventName
		}
	}
	if !connected {
		c.invalid("event or acknowledgement for a namespace that is not joined")
		return nil
	}
	if isEvent {
		return c.event(s, h, name, spans, size, attachments)
	}
	return c.answer(s, h, spans, size, attachments)
}

// event queues an event for its handlers. Events that nobody handles are dropped
// here, once their attachments have come.
func (c *conn) event(s *Socket, h sioproto.Header, name []byte, spans []sioproto.Span, size int, attachments [][]byte) error {
	if len(spans) == 0 {
		return nil // "42" alone is accepted and ignored
	}
	var e *Event
	reg := s.ns.registered()
	r := reg.handlers[string(name)]
	if r != nil || reg.unhandled != nil || len(reg.catchAll) > 0 {
		var raw []byte
		e, raw = newEvent(h.Data)
		if r == nil {
			r = &route{name: string(name), handler: reg.unhandled}
		}
		e.socket, e.route, e.id = s, r, h.ID
		if h.HasID {
			e.ack.Store(ackWanted)
		}
		e.list.raw = raw
		e.list.attach(attachments)
		kept := e.inline[:]
		if len(spans) > len(kept) {
			kept = make([]sioproto.Span, len(spans))
		}
		copy(kept, spans)
		e.list.spans = kept[:len(spans)]
	}
	if h.Attachments > len(attachments) {
		return c.gather(&gathering{socket: s, event: e, need: h.Attachments}, size)
	}
	if e != nil {
		s.enqueue(e)
	}
	return nil
}

// shortEvent is an Event with room for the text that most have: one allocation
// instead of two. It fills the size class of 208 bytes.
type shortEvent struct {
	Event
	room [80]byte
}

// newEvent returns an Event and a copy of its text.
func newEvent(text []byte) (e *Event, raw []byte) {
	if len(text) > len(shortEvent{}.room) {
		return new(Event), append([]byte(nil), text...)
	}
	short := new(shortEvent)
	return &short.Event, append(short.room[:0:len(text)], text...)
}

// answer hands an acknowledgement to who waits for it, past the mailbox.
func (c *conn) answer(s *Socket, h sioproto.Header, spans []sioproto.Span, size int, attachments [][]byte) error {
	if !h.HasID {
		h.ID = sioproto.OverflowID // nobody's
	}
	waiting := s.awaits(h.ID)
	missing := h.Attachments > len(attachments)
	if !waiting && !missing {
		return nil
	}
	list := &argList{raw: append([]byte(nil), h.Data...), spans: append([]sioproto.Span(nil), spans...)}
	list.attach(attachments)
	if missing {
		return c.gather(&gathering{socket: s, id: h.ID, list: list, need: h.Attachments}, size)
	}
	s.onAck(h.ID, list.all())
	return nil
}

// gather waits for the attachments of a packet (SEC-47).
func (c *conn) gather(g *gathering, size int) error {
	g.room = c.srv.cfg.maxPayload() - size
	if g.room < 0 {
		return errTooLarge
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil
	}
	c.gathering = g
	if d := c.srv.cfg.AttachmentTimeout; d > 0 {
		g.timer = time.AfterFunc(d, func() { c.gatheringTimeout(g) })
	}
	return nil
}

func (c *conn) gatheringTimeout(g *gathering) {
	c.mu.Lock()
	late := c.gathering == g
	c.mu.Unlock()
	if late {
		c.fail(errGathering)
	}
}

// attachment takes a binary message.
func (c *conn) attachment(data []byte) {
	c.mu.Lock()
	g := c.gathering
	if c.closed {
		c.mu.Unlock()
		return
	}
	if g == nil || len(data) > g.room {
		c.mu.Unlock()
		if g == nil {
			c.fail(errStrayBinary)
		} else {
			c.fail(errTooLarge)
		}
		return
	}
	g.room -= len(data)
	part := append(make([]byte, 0, len(data)), data...)
	list := g.list
	if g.event != nil {
		list = &g.event.list
	}
	if list != nil { // somebody wants it
		list.add(part)
	}
	g.need--
	done := g.need == 0
	if done {
		c.dropGathering()
	}
	s := g.socket
	c.mu.Unlock()
	if !done || s == nil || !s.Connected() {
		return
	}
	switch {
	case g.event != nil:
		s.enqueue(g.event)
	case g.list != nil:
		s.onAck(g.id, g.list.all())
	}
}
