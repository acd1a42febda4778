package engineio

import "sync/atomic"

// Stats counts what the server has seen since it was made, by class (SEC-93).
type Stats struct {
	Sessions    int   // open now
	QueuedBytes int64 // waiting for all clients now
	Opened      int64 // handshakes accepted
	Upgraded    int64 // polling sessions that became WebSocket
	Refused     map[ErrorCode]int64
	OverLimit   int64 // refused with 503: MaxSessions, MaxSessionsPerAddr, MaxBufferedTotal or shutting down
	TooLarge    int64 // requests and messages over MaxPayload, URL and header limits
	Closed      map[CloseReason]int64
}

type counters struct {
	opened, upgraded, overLimit, tooLarge atomic.Int64
	refused                               [UnsupportedVersion + 1]atomic.Int64
	closed                                [len(closeReasons) + 1]atomic.Int64 // the last counts reasons of the application
}

var closeReasons = [...]CloseReason{TransportClose, TransportError, ParseError, PingTimeout, ForcedClose, ServerShuttingDown, SlowConsumer}

func (c *counters) countClose(reason CloseReason) {
	for i, r := range closeReasons {
		if r == reason {
			c.closed[i].Add(1)
			return
		}
	}
	c.closed[len(closeReasons)].Add(1)
}

// Stats returns the counters.
func (s *Server) Stats() Stats {
	s.mu.RLock()
	open := len(s.sessions)
	s.mu.RUnlock()
	c := &s.counters
	st := Stats{
		Sessions: open, QueuedBytes: s.queued.Load(),
		Opened: c.opened.Load(), Upgraded: c.upgraded.Load(), OverLimit: c.overLimit.Load(), TooLarge: c.tooLarge.Load(),
		Refused: map[ErrorCode]int64{}, Closed: map[CloseReason]int64{},
	}
	for code := range c.refused {
		if n := c.refused[code].Load(); n > 0 {
			st.Refused[ErrorCode(code)] = n
		}
	}
	for i := range c.closed {
		n := c.closed[i].Load()
		if n == 0 {
			continue
		}
		if i < len(closeReasons) {
			st.Closed[closeReasons[i]] = n
		} else {
			st.Closed["other"] = n
		}
	}
	return st
}
