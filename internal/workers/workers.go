// Package workers runs short tasks on goroutines that are kept for a while
// instead of being started afresh.
//
// A fresh goroutine grows its stack again on every deep call, which profiles show
// as a quarter of a message's cost; a kept one has grown it already. The pool is
// for work that user code does (handlers), so its size is not limited here: who
// submits bounds how much is in flight.
package workers

import (
	"sync"
	"time"
)

// idleFor is how long a worker without work is kept, at least; at most twice that.
const idleFor = time.Second

// maxIdle bounds the workers kept without work; more end at once.
const maxIdle = 256

// Task is one piece of work. Submitting a pointer to a long-lived struct
// allocates nothing.
type Task interface{ Run() }

// Pool runs tasks. The zero value is ready. It holds no goroutine after two seconds
// without work.
type Pool struct {
	mu     sync.Mutex
	idle   []*worker   // LIFO: the warmest stack first, the longest idle at the front; guarded by mu
	period uint32      // counts sweeps; guarded by mu
	sweep  *time.Timer // nil while nobody is idle; guarded by mu
	closed bool        // guarded by mu
}

type worker struct {
	tasks chan Task // capacity 1: handing over never blocks; nil means the end
	since uint32    // the period it became idle in; guarded by Pool.mu
}

// Run starts t on a worker and returns. It never blocks. Tasks started by one
// goroutine may run in any order and in parallel.
func (p *Pool) Run(t Task) {
	p.mu.Lock()
	if n := len(p.idle); n > 0 {
		w := p.idle[n-1]
		p.idle[n-1] = nil
		p.idle = p.idle[:n-1]
		p.mu.Unlock()
		w.tasks <- t
		return
	}
	p.mu.Unlock()
	w := &worker{tasks: make(chan Task, 1)}
	go w.run(p, t)
}

// Close ends the workers that have nothing to do; the others end with their task.
// Run still runs tasks, but keeps no goroutine for the next.
func (p *Pool) Close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	p.end(len(p.idle))
}

func (w *worker) run(p *Pool, t Task) {
	for t != nil {
		t.Run()
		if !p.park(w) {
			return
		}
		t = <-w.tasks
	}
}

// park offers w for the next task; false when enough are waiting already, or none
// may.
func (p *Pool) park(w *worker) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || len(p.idle) >= maxIdle {
		return false
	}
	w.since = p.period
	p.idle = append(p.idle, w)
	if p.sweep == nil {
		p.sweep = time.AfterFunc(idleFor, p.onSweep)
	}
	return true
}

// onSweep ends the workers that were idle for a whole period. One timer for all
// keeps the hand-over of a task free of timers.
func (p *Pool) onSweep() {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := 0
	for n < len(p.idle) && p.idle[n].since != p.period {
		n++
	}
	p.period++
	p.end(n)
	if p.sweep != nil {
		p.sweep.Reset(idleFor)
	}
}

// end lets the n longest idle workers go. The caller holds mu.
func (p *Pool) end(n int) {
	for _, w := range p.idle[:n] {
		w.tasks <- nil
	}
	p.idle = append(p.idle[:0], p.idle[n:]...)
	clear(p.idle[len(p.idle):cap(p.idle)])
	if len(p.idle) == 0 && p.sweep != nil {
		p.sweep.Stop()
		p.sweep = nil
	}
}
