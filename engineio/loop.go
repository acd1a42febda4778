package engineio

import "github.com/go-sails/sails/internal/eventloop"

// This file is the reader of a WebSocket that an event loop reads (package direct):
// no goroutine waits for its input.

// startLoop has the loop read. What came behind the request is taken first.
func (t *wsTransport) startLoop(buffered []byte) {
	t.loop.Attach(t)
	if len(buffered) == 0 || t.Input(buffered, true) == eventloop.More {
		t.loop.Resume()
	}
}

// Input implements eventloop.Reader. What may have to wait is not done by the loop: a
// probe is answered from here, and while there are two transports somebody else may
// be telling the Handler something.
func (t *wsTransport) Input(p []byte, mayWait bool) eventloop.Verdict {
	if t.role == discarding {
		return eventloop.More
	}
	recv := &t.session.recv
	switch {
	case mayWait:
		recv.Lock()
	case t.role != carrying || !recv.TryLock():
		return eventloop.Later
	}
	t.consumeLocked(p)
	if t.role == carrying && t.parks() {
		return eventloop.Paused
	}
	return eventloop.More
}

// parks tells whether reading has to pause; if so openGate resumes it.
func (t *wsTransport) parks() bool {
	s := t.session
	s.mu.Lock()
	defer s.mu.Unlock()
	t.parked = !s.mayRead()
	return t.parked
}

// Hangup implements eventloop.Reader. While we do not read, an end of the stream is
// nothing we know of.
func (t *wsTransport) Hangup() {}

// End implements eventloop.Reader.
func (t *wsTransport) End(error) {
	t.dec.Release()
	t.lost()
}
