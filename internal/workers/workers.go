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

// idleFor is how long a worker without work is kept.
const idleFor = time.Second

// maxIdle bounds the workers kept without work; more end at once.
const maxIdle = 256

// Task is one piece of work. Submitting a pointer to a long-lived struct
// allocates nothing.
type Task interface{ Run() }

// Pool runs tasks. The zero value is ready. It holds no goroutine after a second
// without work.
type Pool struct {
	mu     sync.Mutex
	idle   []*worker // LIFO: the warmest stack first; guarded by mu
	closed bool      // guarded by mu
}

type worker struct {
	tasks chan Task // capacity 1: handing over never blocks; nil means the end
}

// Close ends the workers that have nothing to do; the others end with their task.
// Run still runs tasks, but keeps no goroutine for the next.
func (p *Pool) Close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	for _, w := range p.idle {
		w.tasks <- nil
	}
	p.idle = nil
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

func (w *worker) run(p *Pool, t Task) {
	timer := time.NewTimer(idleFor)
	defer timer.Stop()
	for {
		if t == nil {
			return
		}
		t.Run()
		if !p.park(w) {
			return
		}
		// The timer is only armed again when it has fired: a busy worker pays
		// nothing for it, an idle one ends within one to two periods.
		select {
		case t = <-w.tasks:
			continue
		case <-timer.C:
		}
		timer.Reset(idleFor)
		select {
		case t = <-w.tasks:
			continue
		case <-timer.C:
		}
		if p.remove(w) {
			return
		}
		t = <-w.tasks // it was taken between the timer and remove
		timer.Reset(idleFor)
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
	p.idle = append(p.idle, w)
	return true
}

// remove takes w out of the idle list; false when a task is on its way to it.
func (p *Pool) remove(w *worker) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, x := range p.idle {
		if x == w {
			p.idle = append(p.idle[:i], p.idle[i+1:]...)
			return true
		}
	}
	return false
}
