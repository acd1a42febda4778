package session

import (
	"bytes"
	"container/heap"
	"context"
	"errors"
	"sync"
	"time"
)

// Defaults of [MemoryConfig].
const (
	DefaultMemoryTTL      = 24 * time.Hour
	DefaultMemorySessions = 100_000
	DefaultMemoryBytes    = 256 << 20
)

// entryOverhead is about what an entry costs besides its text.
const entryOverhead = 200

// MemoryConfig bounds a MemoryStore.
type MemoryConfig struct {
	// TTL is the life time of sessions that state none; 0 is a day.
	TTL time.Duration
	// MaxSessions is the number of sessions kept; 0 is 100,000.
	MaxSessions int
	// MaxBytes is the memory for all sessions together, texts plus an estimate
	// for the rest; 0 is 256 MiB.
	MaxBytes int
}

// MemoryStore is a Store in this process's memory: for one process, and gone
// with it. It is bounded; when it is full the session that would have ended
// first goes, which is one without values rather than one in use. Its methods
// may be called concurrently and never wait.
type MemoryStore struct {
	cfg MemoryConfig

	mu      sync.Mutex
	entries map[string]*memoryEntry // guarded by mu
	byEnd   endHeap                 // guarded by mu
	bytes   int                     // guarded by mu
	sweeper *time.Timer             // guarded by mu; nil while nothing is stored
	closed  bool                    // guarded by mu
}

type memoryEntry struct {
	sid   string
	data  []byte
	end   time.Time
	due   time.Time // where it stands in endHeap: at end, or earlier since Touch moved that
	index int       // in endHeap
}

func (e *memoryEntry) cost() int { return len(e.sid) + len(e.data) + entryOverhead }

var (
	_ Store   = (*MemoryStore)(nil)
	_ Swapper = (*MemoryStore)(nil)
)

// errStoreClosed is what a closed MemoryStore answers.
var errStoreClosed = errors.New("session: memory store is closed")

// NewMemoryStore returns an empty store. Negative bounds are an error.
func NewMemoryStore(cfg MemoryConfig) (*MemoryStore, error) {
	if cfg.TTL < 0 || cfg.MaxSessions < 0 || cfg.MaxBytes < 0 {
		return nil, errors.New("session: memory store bounds must not be negative")
	}
	if cfg.TTL == 0 {
		cfg.TTL = DefaultMemoryTTL
	}
	if cfg.MaxSessions == 0 {
		cfg.MaxSessions = DefaultMemorySessions
	}
	if cfg.MaxBytes == 0 {
		cfg.MaxBytes = DefaultMemoryBytes
	}
	return &MemoryStore{cfg: cfg, entries: map[string]*memoryEntry{}}, nil
}

// Get implements Store.
func (m *MemoryStore) Get(_ context.Context, sid string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return nil, errStoreClosed
	}
	if e := m.live(sid); e != nil {
		return e.data, nil
	}
	return nil, ErrNotFound
}

// Set implements Store.
func (m *MemoryStore) Set(_ context.Context, sid string, data []byte, ttl time.Duration) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return errStoreClosed
	}
	return m.put(sid, data, ttl)
}

// Swap implements Swapper.
func (m *MemoryStore) Swap(_ context.Context, sid string, old, next []byte, ttl time.Duration) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return false, errStoreClosed
	}
	e := m.live(sid)
	if (e == nil) != (old == nil) || e != nil && !bytes.Equal(e.data, old) {
		return false, nil
	}
	if err := m.put(sid, next, ttl); err != nil {
		return false, err
	}
	return true, nil
}

// Touch implements Store.
func (m *MemoryStore) Touch(_ context.Context, sid string, ttl time.Duration) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return errStoreClosed
	}
	if e := m.live(sid); e != nil {
		e.end = m.endFor(ttl)
		if e.end.Before(e.due) {
			m.settle(e)
		}
	}
	return nil
}

// Destroy implements Store.
func (m *MemoryStore) Destroy(_ context.Context, sid string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return errStoreClosed
	}
	if e := m.entries[sid]; e != nil {
		m.drop(e)
	}
	return nil
}

// Len returns the number of sessions stored.
func (m *MemoryStore) Len() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sweep(time.Now())
	return len(m.entries)
}

// Close drops all sessions. A store that is merely forgotten keeps a timer until its
// last session has run out.
func (m *MemoryStore) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed = true
	m.entries, m.byEnd, m.bytes = nil, nil, 0
	if m.sweeper != nil {
		m.sweeper.Stop()
		m.sweeper = nil
	}
	return nil
}

// live returns the entry unless its time is over. mu is held.
func (m *MemoryStore) live(sid string) *memoryEntry {
	e := m.entries[sid]
	if e != nil && !time.Now().Before(e.end) {
		m.drop(e)
		return nil
	}
	return e
}

func (m *MemoryStore) endFor(ttl time.Duration) time.Time {
	if ttl <= 0 {
		ttl = m.cfg.TTL
	}
	return time.Now().Add(ttl)
}

// put stores an entry and makes room for it. mu is held.
func (m *MemoryStore) put(sid string, data []byte, ttl time.Duration) error {
	e := &memoryEntry{sid: sid, data: data, end: m.endFor(ttl)}
	e.due = e.end
	if e.cost() > m.cfg.MaxBytes {
		return ErrTooLarge
	}
	if old := m.entries[sid]; old != nil {
		m.drop(old)
	}
	m.sweep(time.Now())
	for len(m.byEnd) > 0 && (len(m.entries) >= m.cfg.MaxSessions || m.bytes+e.cost() > m.cfg.MaxBytes) {
		m.drop(m.earliest())
	}
	m.entries[sid] = e
	heap.Push(&m.byEnd, e)
	m.bytes += e.cost()
	m.arm()
	return nil
}

func (m *MemoryStore) drop(e *memoryEntry) {
	heap.Remove(&m.byEnd, e.index)
	delete(m.entries, e.sid)
	m.bytes -= e.cost()
}

// settle moves e to where its end belongs. mu is held.
func (m *MemoryStore) settle(e *memoryEntry) {
	e.due = e.end
	heap.Fix(&m.byEnd, e.index)
}

// earliest returns the entry that ends first; there must be one. Entries that were
// touched are moved back only when they have come to the front: a session's requests
// touch it far more often than that. mu is held.
func (m *MemoryStore) earliest() *memoryEntry {
	for {
		e := m.byEnd[0]
		if e.due.Equal(e.end) {
			return e
		}
		m.settle(e)
	}
}

// sweep drops what is over. mu is held.
func (m *MemoryStore) sweep(now time.Time) {
	for len(m.byEnd) > 0 && !now.Before(m.byEnd[0].due) {
		if e := m.earliest(); !now.Before(e.end) {
			m.drop(e)
		}
	}
}

// arm sets the timer that sweeps a store nobody uses; at most once a second. mu
// is held.
func (m *MemoryStore) arm() {
	if m.sweeper != nil || len(m.byEnd) == 0 {
		return
	}
	wait := max(time.Until(m.byEnd[0].due), time.Second)
	// Looking in at least once a minute finds entries that end sooner than the
	// one the timer was set for.
	m.sweeper = time.AfterFunc(min(wait, time.Minute), func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		if m.closed {
			return
		}
		m.sweeper = nil
		m.sweep(time.Now())
		m.arm()
	})
}

// endHeap orders entries by the time they are due.
type endHeap []*memoryEntry

func (h endHeap) Len() int           { return len(h) }
func (h endHeap) Less(i, j int) bool { return h[i].due.Before(h[j].due) }
func (h endHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i]; h[i].index = i; h[j].index = j }
func (h *endHeap) Push(x any)        { e := x.(*memoryEntry); e.index = len(*h); *h = append(*h, e) }
func (h *endHeap) Pop() any {
	old := *h
	e := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	return e
}
