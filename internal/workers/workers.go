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
//
// At most one worker is on its way at any time. When it arrives it takes the first
// task and, if that was not the last, wakes the next worker before it runs its own.
// So a task that blocks holds up nobody, while tasks that end at once are run by one
// worker after the other without a switch between them.
type Pool struct {
	mu     sync.Mutex
	queue  []Task      // submitted and not taken, from first on; guarded by mu
	first  int         // guarded by mu
	waking bool        // a worker is on its way; guarded by mu
	idle   []*worker   // LIFO: the warmest stack first, the longest idle at the front; guarded by mu
	period uint32      // counts sweeps; guarded by mu
	sweep  *time.Timer // nil while nobody is idle; guarded by mu
	closed bool        // guarded by mu
}

type worker struct {
	wake  chan bool // capacity 1: waking never blocks; false means the end
	since uint32    // the period it became idle in; guarded by Pool.mu
}

// Run starts t on a worker and returns. It never blocks. Tasks started by one
// goroutine may run in any order and in parallel.
func (p *Pool) Run(t Task) {
	p.mu.Lock()
	if p.first > maxIdle && 2*p.first > len(p.queue) { // it never ran empty
		p.queue = append(p.queue[:0], p.queue[p.first:]...)
		clear(p.queue[len(p.queue) : len(p.queue)+p.first])
		p.first = 0
	}
	p.queue = append(p.queue, t)
	w, ok := p.summon()
	p.mu.Unlock()
	if ok {
		p.send(w)
	}
}

// summon picks the worker that is to come, nil for a new one; false when one is on its
// way already. The caller holds mu and calls send afterwards.
func (p *Pool) summon() (*worker, bool) {
	if p.waking {
		return nil, false
	}
	p.waking = true
	n := len(p.idle)
	if n == 0 {
		return nil, true
	}
	w := p.idle[n-1]
	p.idle[n-1] = nil
	p.idle = p.idle[:n-1]
	return w, true
}

func (p *Pool) send(w *worker) {
	if w == nil {
		w = &worker{wake: make(chan bool, 1)}
		go w.run(p)
		return
	}
	w.wake <- true
}

// Close ends the workers that have nothing to do; the others end with their task.
// Run still runs tasks, but keeps no goroutine for the next.
func (p *Pool) Close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	p.end(len(p.idle))
}

func (w *worker) run(p *Pool) {
	arrived := true
	for {
		t, keep := p.next(w, arrived)
		switch {
		case t != nil:
			t.Run()
			arrived = false
		case !keep || !<-w.wake:
			return
		default:
			arrived = true
		}
	}
}

// next takes a task for w. Without one, w is to wait to be woken if keep is true: it
// does not end because enough wait already, or none may. arrived tells that w was
// summoned.
func (p *Pool) next(w *worker, arrived bool) (t Task, keep bool) {
	p.mu.Lock()
	if arrived {
		p.waking = false
	}
	if p.first == len(p.queue) {
		defer p.mu.Unlock()
		return nil, p.park(w)
	}
	t = p.take()
	var successor *worker
	ok := false
	if p.first < len(p.queue) {
		successor, ok = p.summon()
	}
	p.mu.Unlock()
	if ok {
		p.send(successor)
	}
	return t, true
}

// take removes the first task; there must be one. The caller holds mu.
func (p *Pool) take() Task {
	t := p.queue[p.first]
	p.queue[p.first] = nil
	if p.first++; p.first == len(p.queue) {
		p.queue, p.first = p.queue[:0], 0
		if cap(p.queue) > maxIdle { // let go of what a burst has grown
			p.queue = nil
		}
	}
	return t
}

// park offers w for the next task; false when enough are waiting already, or none
// may. The caller holds mu.
func (p *Pool) park(w *worker) bool {
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
		w.wake <- false
	}
	p.idle = append(p.idle[:0], p.idle[n:]...)
	clear(p.idle[len(p.idle):cap(p.idle)])
	if len(p.idle) == 0 && p.sweep != nil {
		p.sweep.Stop()
		p.sweep = nil
	}
}
