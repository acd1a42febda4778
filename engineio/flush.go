package engineio

import (
	"runtime"
	"sync"

	"github.com/go-sails/sails/internal/workers"
)

// flushTurn is how many sessions a flusher writes to before it lets others run.
const flushTurn = 64

// flusher writes what sessions have queued. It exists as a task only while there
// is work, and gives way before it starts: everything that is ready to run first
// (readers, handlers) adds to the same write, so that packets produced together
// leave together.
type flusher struct {
	pool *workers.Pool

	mu      sync.Mutex
	dirty   []*Session // guarded by mu
	running bool       // guarded by mu

	// Used by Run alone.
	spare []*Session
	batch []*Message
	buf   []byte
	raw   rawWriter
}

// add schedules a flush of s. The caller has set s.dirty.
func (f *flusher) add(s *Session) {
	f.mu.Lock()
	f.dirty = append(f.dirty, s)
	start := !f.running
	f.running = true
	f.mu.Unlock()
	if start {
		f.pool.Run(f)
	}
}

// Run drains the list of sessions.
func (f *flusher) Run() {
	for {
		runtime.Gosched()
		f.mu.Lock()
		list := f.dirty
		f.dirty = f.spare[:0]
		f.mu.Unlock()
		for i, s := range list {
			list[i] = nil
			s.flush(f)
			if i%flushTurn == flushTurn-1 {
				runtime.Gosched()
			}
		}
		f.spare = list[:0]
		f.mu.Lock()
		if len(f.dirty) == 0 {
			f.running = false
			f.release()
			f.mu.Unlock()
			return
		}
		f.mu.Unlock()
	}
}

// release lets go of what a burst has grown; called with mu held, before another
// Run can start.
func (f *flusher) release() {
	const keep = 1024
	if cap(f.dirty) > keep {
		f.dirty = nil
	}
	if cap(f.spare) > keep {
		f.spare = nil
	}
	if cap(f.batch) > keep {
		f.batch = nil
	}
	clear(f.batch[:cap(f.batch)])
	if cap(f.buf) > 0 {
		putBuffer(f.buf)
		f.buf = nil
	}
}
