package session

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// maxSwaps bounds how often a save starts over because another process saved
// the same session in between.
const maxSwaps = 16

// changed reports whether there is anything to save. mu is held.
func (s *Session) changed() bool { return s.ageChanged || s.now.differs(s.base) }

// finish stores what the request changed, or renews the session's life time
// when it changed nothing. create also stores a new session that holds nothing.
// It goes on when the request's client is gone. mu is held.
func (s *Session) finish(ctx context.Context, create bool) error {
	if s.ended {
		return nil
	}
	if s.changed() || create && !s.stored {
		return s.save(s.m.uncancelled(ctx), create)
	}
	if s.stored && !s.modified && !s.touched {
		// Nothing is lost when this fails, so the answer stands.
		if err := s.touch(s.m.uncancelled(ctx)); err != nil {
			s.m.cfg.Logger.WarnContext(ctx, "session not renewed", "error", err)
		}
	}
	return nil
}

func (s *Session) touch(ctx context.Context) error {
	ctx, cancel := s.m.bounded(ctx)
	defer cancel()
	s.touched = true
	if err := s.m.cfg.Store.Touch(ctx, s.slot.id, s.m.ttl(s.now)); err != nil {
		return fmt.Errorf("session: touch: %w", err)
	}
	return nil
}

// save writes the changed keys onto what is stored now. It drops them, with
// ErrEnded, when the session was destroyed or ran out since it was loaded. mu is
// held.
func (s *Session) save(ctx context.Context, create bool) error {
	if s.ended {
		return ErrEnded
	}
	changed := s.changed()
	if !changed && (s.stored || !create) {
		return nil
	}
	ctx, cancel := s.m.bounded(ctx)
	defer cancel()
	if err := s.m.requests.acquire(ctx, s.slot); err != nil {
		return fmt.Errorf("session: waiting to save: %w", err)
	}
	defer s.slot.release()
	if s.slot.ended {
		return ErrEnded
	}
	if err := s.write(ctx); err != nil {
		return err
	}
	s.modified = s.modified || changed
	return nil
}

// write stores the merged session. mu and the slot's turn are held.
func (s *Session) write(ctx context.Context) error {
	store := s.m.cfg.Store
	swapper, atomic := store.(Swapper)
	old := s.raw
	fresh := !atomic // whether old must be read again first
	// As long as nobody else wrote, the merged session is the one at hand.
	merged := s.now
	for range maxSwaps {
		if fresh {
			var err error
			old, err = store.Get(ctx, s.slot.id)
			if errors.Is(err, ErrNotFound) {
				old, err = nil, nil
			}
			if err != nil {
				return fmt.Errorf("session: save: %w", err)
			}
			if old == nil && s.stored {
				return ErrEnded
			}
			merged = s.merge(old)
		}
		next := merged.encode(time.Now())
		if s.m.cfg.MaxBytes > 0 && len(next) > s.m.cfg.MaxBytes {
			return ErrTooLarge
		}
		var err error
		done := true
		switch ttl := s.m.ttl(merged); {
		case ttl < 0: // a life time that is over already
			next, err = nil, store.Destroy(ctx, s.slot.id)
		case atomic:
			done, err = swapper.Swap(ctx, s.slot.id, old, next, ttl)
		default:
			err = store.Set(ctx, s.slot.id, next, ttl)
		}
		if err != nil {
			return fmt.Errorf("session: save: %w", err)
		}
		if done {
			s.adopt(merged, next)
			return nil
		}
		fresh = true
	}
	return fmt.Errorf("session: save: %d other processes were faster each time", maxSwaps)
}

// merge applies this request's changes to the stored text. mu is held.
func (s *Session) merge(stored []byte) *record {
	merged := newRecord(s.now.cookie)
	if stored != nil {
		// An unreadable text was not loaded either (Manager.load): replace it.
		if current, err := decodeRecord(stored); err == nil {
			merged = current
		}
		if s.ageChanged {
			merged.cookie.life, merged.cookie.maxAge = s.now.cookie.life, s.now.cookie.maxAge
		}
	}
	merged.apply(s.base, s.now)
	return merged
}

// adopt makes the stored state the new starting point: a later save of the same
// request writes only what changes from now on. mu is held.
func (s *Session) adopt(stored *record, raw []byte) {
	s.now, s.raw, s.stored = stored, raw, raw != nil
	s.base = stored.snapshot()
	s.ageChanged = false
	s.size = 0
	for k, v := range s.now.values {
		s.size += valueSize(k, v)
	}
}

// destroy removes a session and makes sure that no request running now writes
// it again.
func (m *Manager) destroy(ctx context.Context, slot *sidSlot) error {
	ctx, cancel := m.bounded(m.uncancelled(ctx))
	defer cancel()
	if err := m.requests.acquire(ctx, slot); err != nil {
		return fmt.Errorf("session: waiting to destroy: %w", err)
	}
	defer slot.release()
	if err := m.cfg.Store.Destroy(ctx, slot.id); err != nil {
		return fmt.Errorf("session: destroy: %w", err)
	}
	slot.ended = true
	return nil
}

// ttl is how long the store shall keep r: 0 for as long as the store likes,
// negative for not at all.
func (m *Manager) ttl(r *record) time.Duration {
	ttl := time.Duration(0)
	if r.cookie.life == lifeLimited {
		if ttl = r.cookie.maxAge; ttl <= 0 {
			return -1
		}
	}
	if most := m.cfg.UninitializedTTL; most > 0 && len(r.values) == 0 && (ttl == 0 || ttl > most) {
		ttl = most
	}
	return ttl
}

// atOnce reports whether the store answers from this process's memory. A timer and a
// context for each operation of such a store would cost more than they do.
func (m *Manager) atOnce() bool {
	_, ok := m.cfg.Store.(*MemoryStore)
	return ok
}

// uncancelled is context.WithoutCancel, without a context of its own for a store that
// does not look at it.
func (m *Manager) uncancelled(ctx context.Context) context.Context {
	if m.atOnce() {
		return context.Background()
	}
	return context.WithoutCancel(ctx)
}

// bounded limits one wait for the store.
func (m *Manager) bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	if m.atOnce() {
		return ctx, func() {}
	}
	if m.cfg.StoreTimeout < 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeoutCause(ctx, m.cfg.StoreTimeout, errStoreTimeout)
}

var errStoreTimeout = errors.New("session: the store did not answer in time")
