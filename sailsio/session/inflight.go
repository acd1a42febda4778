package session

import (
	"context"
	"sync"
)

// inflight knows the session ids that requests are working with right now. It
// holds one slot per id for as long as any of its requests runs, so its size is
// bounded by the number of running requests.
type inflight struct {
	mu    sync.Mutex
	slots map[string]*sidSlot // guarded by mu
}

// sidSlot orders the requests of one session id.
type sidSlot struct {
	id    string
	users int           // guarded by inflight.mu
	turn  chan struct{} // guarded by inflight.mu, nil until needed; holds one token while someone reads and writes the store
	ended bool          // guarded by turn: destroyed or regenerated; never write it again
}

// join must be called before the session is read from the store, so that
// whoever destroys it afterwards finds the slot.
func (f *inflight) join(id string) *sidSlot { return f.joinWith(id, new(sidSlot)) }

// joinWith is join with a slot to use if the id has none and spare is new, which saves
// the request that brings it an allocation. Others may use it for longer than that
// request runs.
func (f *inflight) joinWith(id string, spare *sidSlot) *sidSlot {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := f.slots[id]
	if s == nil {
		if f.slots == nil {
			f.slots = map[string]*sidSlot{}
		}
		if s = spare; s.id != "" {
			s = new(sidSlot)
		}
		s.id = id
		f.slots[id] = s
	}
	s.users++
	return s
}

func (f *inflight) leave(s *sidSlot) {
	f.mu.Lock()
	defer f.mu.Unlock()
	s.users--
	if s.users == 0 {
		delete(f.slots, s.id)
	}
}

// acquire waits for the slot's turn.
func (f *inflight) acquire(ctx context.Context, s *sidSlot) error {
	f.mu.Lock()
	if s.turn == nil {
		s.turn = make(chan struct{}, 1)
	}
	turn := s.turn
	f.mu.Unlock()
	select {
	case turn <- struct{}{}:
		return nil
	default:
	}
	select {
	case turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// release ends the turn. The channel does not change once somebody has acquired it.
func (s *sidSlot) release() { <-s.turn }
