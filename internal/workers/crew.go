package workers

import (
	"runtime"
	"sync"
	"time"
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
	// Eager workers begin at once. It is for tasks that another Crew's worker submits
	// one after the other: waiting for more would only be another turn of the scheduler.
	Eager bool

	mu     sync.Mutex
	queue  []Task // from first on; guarded by mu
	first  int    // guarded by mu
	coming bool   // a worker was started and has not looked at the queue; guarded by mu
	paused int    // workers that let others run and will go on; guarded by mu
	bursts int8   // workers that may still find one task before they are taken to come alone; guarded by mu
	alone  uint8  // tasks since a worker last gave way; guarded by mu
}

const (
	keepQueue   = 1024 // the capacity of a queue that is kept when it is empty
	burstsAhead = 4    // what one burst lets expect
	probeEvery  = 16   // tasks that seem to come alone: one of them gives way to see
	lookEvery   = 8    // tasks between two looks at the clock
)

// turn is how long a worker runs tasks before others come to their turn: what the tasks
// have written has to leave.
const turn = time.Millisecond

// Run has a worker run t and returns; it never blocks. Tasks may run in parallel.
func (c *Crew) Run(t Task) {
	c.mu.Lock()
	if len(c.queue) == cap(c.queue) && c.first > len(c.queue)/2 { // what was taken makes room
		n := copy(c.queue, c.queue[c.first:])
		clear(c.queue[n:])
		c.first, c.queue = 0, c.queue[:n]
	}
	c.queue = append(c.queue, t)
	start := !c.coming && c.paused == 0
	c.coming = c.coming || start
	yields := start && c.expectsMore()
	c.mu.Unlock()
	switch {
	case yields:
		c.Pool.Run((*patient)(c))
	case start:
		c.Pool.Run((*prompt)(c))
	}
}

// expectsMore tells whether the worker that starts now should let others submit first.
// That costs half a microsecond, which a task that comes alone need not pay. The caller
// holds mu.
func (c *Crew) expectsMore() bool {
	if c.Eager {
		return false
	}
	if c.alone++; c.bursts > 0 || c.alone >= probeEvery {
		c.alone = 0
		return true
	}
	return false
}

// prompt is the task of a worker that begins at once. Another worker starts it to be
// relieved: it comes to its turn when that one waits, or has done everything, or on
// another processor.
type prompt Crew

// Run takes tasks until there are none.
func (p *prompt) Run() { (*Crew)(p).work(false) }

// patient is the task of a worker that lets those who are ready submit first, so that
// it finds more to do in a row.
type patient Crew

// Run takes tasks until there are none.
func (p *patient) Run() {
	runtime.Gosched()
	(*Crew)(p).work(true)
}

func (c *Crew) work(yielded bool) {
	var began time.Time // of this turn
	for taken := 0; ; taken++ {
		if taken%lookEvery == lookEvery-1 {
			if now := time.Now(); began.IsZero() {
				began = now
			} else if now.Sub(began) > turn {
				c.pause()
				began = time.Now()
			}
		}
		t, more := c.next(taken == 0, yielded)
		if t == nil {
			return
		}
		if more {
			c.Pool.Run((*prompt)(c))
		}
		t.Run()
	}
}

// pause lets others run. Relief that comes meanwhile leaves again, or one worker after
// the other would run for its turn and nobody else.
func (c *Crew) pause() {
	c.mu.Lock()
	c.paused++
	c.mu.Unlock()
	runtime.Gosched()
	c.mu.Lock()
	c.paused--
	c.mu.Unlock()
}

// next takes a task, nil when there is none, and tells whether another worker is to be
// started for those behind it. arrived is set by a worker that was on its way, and
// yielded if it gave way to others then.
func (c *Crew) next(arrived, yielded bool) (t Task, more bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if arrived {
		c.coming = false
		if c.paused > 0 {
			return nil, false
		}
		switch waiting := len(c.queue) - c.first; {
		case waiting > 1:
			c.bursts = burstsAhead
		case yielded && c.bursts > 0:
			c.bursts--
		}
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
