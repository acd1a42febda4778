package engineio

import "net"

// PollHeld tells whether a GET of s waits for something to answer.
func PollHeld(s *Session) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.polling != nil && s.polling.held
}

// Posting counts sessions with a POST under way.
func Posting(srv *Server) (n int) {
	srv.mu.RLock()
	defer srv.mu.RUnlock()
	for _, s := range srv.sessions {
		s.mu.Lock()
		if s.polling != nil && s.polling.post != 0 {
			n++
		}
		s.mu.Unlock()
	}
	return n
}

// TimedListener is the listener Serve makes of another one.
func TimedListener(l net.Listener) net.Listener { return timedListener{l} }
