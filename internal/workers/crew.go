package workers

import (
	"runtime"
	"sync"
)

// Crew runs tasks that are mostly short and come in bursts, such as the mailboxes that
// one turn of the poller has filled: a worker takes one after the other, which saves
// the hand-over of each to a worker of its own. A task that waits, or takes its time,
// holds up none: whenever a worker begins one while others wait, the next worker is on
// its way already.
//
// What waits is not bounded here: who submits bounds how much is in flight. Set Pool
// before the first Run. Its methods may be called concurrently.
type Crew struct {
	Pool *Pool // where the workers come from

	mu     sync.Mutex
	queue  []Task // from first on; guarded by mu
	first  int    // guarded by mu
	coming bool   // a worker was started and has not looked at the queue; guarded by mu
}

// keepQueue is the capacity of a queue that is kept when it is empty.
const keepQueue = 1024

// Run has a worker run t and returns; it never blocks. Tasks may run in parallel.
func (c *Crew) Run(t Task) {
	c.mu.Lock()
	if len(c.queue) == cap(c.queue) && c.first > len(c.queue)/2 { // what was taken makes room
		n := copy(c.queue, c.queue[c.first:])
		clear(c.queue[n:])
		c.first, c.queue = 0, c.queue[:n]
	}
	c.queue = append(c.queue, t)
	start := !c.coming
	c.coming = true
	c.mu.Unlock()
	if start {
		c.Pool.Run((*shift)(c))
	}
}

// shift is the task of the worker a submitted task has started.
type shift Crew

// Run takes tasks until there are none.
func (s *shift) Run() {
	runtime.Gosched() // whoever is ready submits first: more in a row
	(*Crew)(s).work()
}

// relief is the task of the worker another one has started: it comes to its turn when
// that one waits, or has done everything, or on another processor.
type relief Crew

// Run takes tasks until there are none.
func (r *relief) Run() { (*Crew)(r).work() }

func (c *Crew) work() {
	for arrived := true; ; arrived = false {
		t, more := c.next(arrived)
		if t == nil {
			return
		}
		if more {
			c.Pool.Run((*relief)(c))
		}
		t.Run()
	}
}

// next takes a task, nil when there is none, and tells whether another worker is to be
// started for those behind it. arrived is set by a worker that was on its way.
func (c *Crew) next(arrived bool) (t Task, more bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if arrived {
		c.coming = false
	}
	if c.first == len(c.queue) {
		return nil, false
	}
	t = c.queue[c.first]
	c.queue[c.first] = nil
	c.first++
	if c.first < len(c.queue) {
		more = !c.coming
		c.coming = true
		return t, more
	}
	c.first, c.queue = 0, c.queue[:0]
	if cap(c.queue) > keepQueue {
		c.queue = nil
	}
	return t, false
}
