package engineio

import (
	"fmt"
	"runtime/debug"

	"github.com/go-sails/sails/internal/eioproto"
)

// stop is what a packet does to its session when it ends it.
type stop struct{ reason CloseReason }

// Error makes stop an error, so that decoding ends.
func (e *stop) Error() string { return "engineio: " + string(e.reason) }

var (
	stopClosed         = &stop{TransportClose} // the session is over already
	stopTransportClose = &stop{TransportClose}
	stopClosePacket    = &stop{TransportClose} // the client said goodbye over polling
	stopTransportError = &stop{TransportError}
	stopParseError     = &stop{ParseError}
)

// receive acts on one packet. The caller holds recv. An error ends the session
// with its reason.
func (s *Session) receive(p eioproto.Packet) error {
	if s.awaitsPong.Load() && p.Type != eioproto.Pong {
		s.extendWait()
	}
	switch p.Type {
	case eioproto.Message:
		return s.deliver(p.Data, p.Binary)
	case eioproto.Ping:
		if s.enc.revision == 4 {
			return stopTransportError
		}
		s.pinged()
		return nil
	case eioproto.Pong:
		if s.enc.revision == 3 {
			return stopTransportError
		}
		s.ponged()
		return nil
	}
	return nil // open, upgrade, noop mean nothing here; close is the transport's
}

// pinged answers a ping of revision 3 and begins the wait for the next.
func (s *Session) pinged() {
	s.mu.Lock()
	if s.state != closed {
		s.expect(s.srv.cfg.PingInterval + s.srv.cfg.PingTimeout)
	}
	if s.state != open {
		s.mu.Unlock()
		return
	}
	s.queue = append(s.queue, pongPacket)
	s.enqueued(pongPacket.size())
}

// ponged begins the wait for the next ping of revision 4.
func (s *Session) ponged() {
	s.mu.Lock()
	s.awaitsPong.Store(false)
	if s.state != closed {
		s.expect(s.srv.cfg.PingInterval)
	}
	s.mu.Unlock()
}

// extendWait gives a peer that is talking one more PingTimeout, once per ping.
func (s *Session) extendWait() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.awaitsPong.Load() && !s.extended && s.state == open {
		s.extended = true
		s.expect(s.srv.cfg.PingTimeout)
	}
}

// deliver hands a message to the Handler. The caller holds recv.
func (s *Session) deliver(data []byte, binary bool) (err error) {
	if s.isClosed() {
		return stopClosed
	}
	defer func() {
		if v := recover(); v != nil {
			s.srv.logPanic("OnMessage", s, v)
			err = stopTransportError
		}
	}()
	s.srv.handler.OnMessage(s, data, binary)
	return nil
}

// protect contains a panic of the layer above (SEC-1).
func (srv *Server) protect(what string, s *Session, f func()) {
	defer func() {
		if v := recover(); v != nil {
			srv.logPanic(what, s, v)
		}
	}()
	f()
}

func (srv *Server) logPanic(what string, s *Session, v any) {
	srv.cfg.Logger.Error("engineio: panic in "+what, "remote", s.RemoteAddr(), "panic", fmt.Sprint(v), "stack", string(debug.Stack()))
}
