package engineio

import (
	"net/http"
	"time"

	"github.com/go-sails/sails/internal/eioproto"
	"github.com/go-sails/sails/internal/wsconn"
)

// serveUpgrade takes a WebSocket that wants to carry a polling session: it proves
// itself with 2probe / 3probe, and takes over with 5. Until then the session goes
// on over polling and nothing but the probe's answer is written to the WebSocket.
// This file is the only one that sees two transports.
func (srv *Server) serveUpgrade(w http.ResponseWriter, r *http.Request, s *Session) {
	if status, _ := wsconn.CheckRequest(r); status != 0 {
		srv.counters.refused[BadRequest].Add(1)
		wsconn.Refuse(w, status, BadRequest.String())
		return
	}
	if !s.reserveUpgrade() {
		srv.turnAway(w, r, s)
		return
	}
	taken, err := wsconn.Hijack(w, r, wsconn.Accept{Deflate: srv.cfg.CompressWebSocket, Header: srv.acceptHeader(r, false), WriteTimeout: srv.cfg.WriteTimeout})
	if err != nil {
		s.releaseUpgrade(nil)
		return
	}
	t := srv.newWebSocket(s, taken)
	s.mu.Lock()
	if s.state == closed {
		s.upgrading = false
		s.mu.Unlock()
		wsconn.Abort(taken.Conn)
		return
	}
	s.probe = t
	t.expiry = time.AfterFunc(srv.cfg.UpgradeTimeout, t.abandon)
	s.mu.Unlock()
	srv.startReader(t, taken.Buffered)
}

// turnAway refuses a WebSocket for a session that has one, or another on its way:
// one at a time, never twice, and the session is not harmed by the attempt (SEC-31).
// As with the JavaScript server the handshake is completed and the WebSocket closed;
// nothing that comes over it is looked at.
func (srv *Server) turnAway(w http.ResponseWriter, r *http.Request, s *Session) {
	srv.counters.refused[BadRequest].Add(1)
	srv.cfg.Logger.Debug("engineio: upgrade refused", "remote", r.RemoteAddr)
	taken, err := wsconn.Hijack(w, r, wsconn.Accept{WriteTimeout: srv.cfg.WriteTimeout})
	if err != nil {
		return
	}
	t := srv.newWebSocket(s, taken)
	t.role = discarding
	t.abandon()
	srv.startReader(t, nil)
}

func (s *Session) reserveUpgrade() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state != open || s.polling == nil || s.ws != nil || s.upgrading {
		return false
	}
	s.upgrading = true
	return true
}

// releaseUpgrade lets another probe try, when t is the one under way.
func (s *Session) releaseUpgrade(t *wsTransport) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.probe == t {
		s.probe = nil
		s.upgrading = false
	}
}

// abandon closes a probe without harm to the session. It may be called from
// anywhere, more than once.
func (t *wsTransport) abandon() {
	s := t.session
	s.mu.Lock()
	if s.ws == t { // it took over in the meantime
		s.mu.Unlock()
		return
	}
	if s.probe == t {
		s.probe = nil
		s.upgrading = false
	}
	if t.expiry != nil {
		t.expiry.Stop()
	}
	first := !t.left
	t.left = true
	end := &farewell{t: t, frame: t.bye, last: t.peerClosed || t.stream != nil}
	s.mu.Unlock()
	if !first {
		return
	}
	if end.frame == nil && t.stream == nil {
		end.frame = wsconn.AppendClose(nil, 0, "")
	}
	s.srv.pool.Run(end)
}

// onProbePacket handles what arrives on a WebSocket that does not carry the
// session yet. The caller holds recv.
func (t *wsTransport) onProbePacket(p eioproto.Packet, err error) error {
	switch {
	case err != nil || p.Binary:
	case p.Type == eioproto.Ping && string(p.Data) == "probe":
		t.role = probed
		if t.writeNow(t.frame(probeAnswer)) != nil {
			return stopTransportError
		}
		t.session.releasePolls(t)
		return nil
	case p.Type == eioproto.Upgrade: // the JavaScript server does not insist on a probe before it
		return t.takeOver()
	}
	return stopTransportError // this WebSocket only
}

// releasePolls answers held polls with noop while the probe is under way, so that
// the client can stop polling.
func (s *Session) releasePolls(t *wsTransport) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.probe != t {
		return
	}
	if s.polling.held {
		s.polling.release = s.noops > 0 // the first look is one interval after the probe
		s.polling.wake()
	}
	s.noops++
	time.AfterFunc(noopInterval, func() { s.releasePolls(t) })
}

// takeOver makes t the session's transport. Everything queued, and everything that
// is sent from now on, leaves through it; the answer of a poll that is being
// written goes first.
func (t *wsTransport) takeOver() error {
	s := t.session
	s.mu.Lock()
	if s.state == closed || s.probe != t {
		s.mu.Unlock()
		return stopTransportClose
	}
	t.expiry.Stop()
	t.role = carrying
	s.probe = nil
	s.ws = t
	s.upgraded = true
	s.tookOver = s.srv.wheel.elapsed()
	if s.awaitsPong.Load() { // the ping may have gone down with the last poll
		s.awaitsPong.Store(false)
		s.expect(s.srv.cfg.PingInterval)
	}
	if s.polling.held {
		s.polling.release = true
		s.polling.wake()
	}
	s.srv.counters.upgraded.Add(1)
	if len(s.queue) > 0 {
		s.enqueued(0)
		return nil
	}
	s.endIfDrained()
	return nil
}
