package engineio

// PauseReads stops or resumes reading from the client: back-pressure for a layer
// that cannot take more. What has been read already is still delivered. While
// paused the client is not blamed for silence.
func (s *Session) PauseReads(pause bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.paused = pause
	if s.mayRead() {
		s.openGate()
	}
}

// mayRead: the caller holds mu.
func (s *Session) mayRead() bool {
	return s.state != open || !s.paused && s.queued <= softMark
}

// openGate lets go on reading whoever waits for that. The caller holds mu.
func (s *Session) openGate() {
	if s.gate != nil {
		close(s.gate)
		s.gate = nil
	}
	if s.ws != nil && s.ws.parked {
		s.ws.parked = false
		s.ws.loop.Resume()
	}
}

// holdsReads tells whether reading has to pause.
func (s *Session) holdsReads() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.mayRead()
}

// waitToRead blocks the reader while reading is paused, or until done.
func (s *Session) waitToRead(done <-chan struct{}) {
	for {
		s.mu.Lock()
		if s.mayRead() {
			s.mu.Unlock()
			return
		}
		if s.gate == nil {
			s.gate = make(chan struct{})
		}
		gate := s.gate
		s.mu.Unlock()
		select {
		case <-gate:
		case <-done:
			return
		}
	}
}
