package sailsio

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-sails/sails/internal/workers"
)

// errOverload refuses a request because too many are unanswered already; the
// client sees status 503 (SEC-3, SEC-72).
var errOverload = errors.New("sailsio: too many requests are unanswered")

// headStart is how long a request runs alone before the next one of its socket
// is started beside it. It is what keeps the order of start (VR-13): requests that
// come in one burst and do not wait for anything run one after the other, as they
// do in Node, while one that does wait holds up the next for this long at most.
const headStart = 10 * time.Millisecond

// parkAfter is when a request stops counting as running (SEC-72).
const parkAfter = time.Second

// began is what lanes count time from: reading the monotonic clock alone costs half of
// time.Now.
var began = time.Now()

func now() time.Duration { return time.Since(began) }

// limits are shared by the lanes of an App.
type limits struct {
	pool     workers.Pool
	crew     workers.Crew // of pool: runs the lanes
	running  int          // per socket
	parked   int          // per socket
	total    int64
	inFlight atomic.Int64  // accepted and unfinished, all sockets
	idle     chan struct{} // capacity 1: a hint that inFlight reached zero
}

func newLimits(running, parked, total int) *limits {
	l := &limits{running: running, parked: parked, total: int64(total), idle: make(chan struct{}, 1)}
	l.crew.Pool, l.crew.Eager = &l.pool, true // mailboxes, emptied by a Crew, submit
	return l
}

// wait returns when no request is in flight any more, or with ctx's error.
func (l *limits) wait(ctx context.Context) error {
	for l.inFlight.Load() > 0 {
		select {
		case <-l.idle:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

func (l *limits) finished() {
	if l.inFlight.Add(-1) == 0 {
		select {
		case l.idle <- struct{}{}:
		default:
		}
	}
}

// job is one request on its way through a lane. It is part of what describes the
// request, which is its task, so that both are one allocation.
type job struct {
	task       workers.Task
	started    time.Duration // see now
	parked     bool
	prev, next *job
}

// lane runs the requests of one socket: started in the order they came, at most
// limits.running of them waiting or running, more of them parked.
//
// One worker at a time has the turn: it takes the jobs from the queue and runs
// them one after the other. When a job outlives its head start, the turn passes to
// a fresh worker and the old one ends with its job. So requests that answer at once
// cost no goroutine each, and slow ones overlap.
type lane struct {
	limits *limits

	mu      sync.Mutex
	first   *job // accepted, not started, in order; linked by next
	last    *job
	queued  int
	busy    bool // a worker has the turn, or is on its way to take it
	turn    *job // what the worker with the turn runs; nil between two jobs
	oldest  *job // running and not parked, in order of start
	newest  *job
	running int
	parked  int
	watch   *time.Timer
	due     time.Duration // when watch calls tend
	armed   bool          // it will
	freed   chan struct{} // capacity 1: wakes the one waiting submit
}

// submit accepts j and returns. While limits.running requests are waiting or
// running it blocks: the socket's events wait behind it, and in the end reading
// from the client stops (SEC-71). It must not be called concurrently.
func (l *lane) submit(ctx context.Context, j *job) error {
	l.mu.Lock()
	for l.running+l.queued >= l.limits.running {
		if l.freed == nil {
			l.freed = make(chan struct{}, 1)
		}
		l.mu.Unlock()
		select {
		case <-l.freed:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		l.mu.Lock()
	}
	defer l.mu.Unlock()
	if l.parked >= l.limits.parked {
		return errOverload
	}
	if l.limits.inFlight.Add(1) > l.limits.total {
		l.limits.finished()
		return errOverload
	}
	if l.last != nil {
		l.last.next = j
	} else {
		l.first = j
	}
	l.last = j
	l.queued++
	if !l.busy {
		l.busy = true
		l.limits.crew.Run(l)
	}
	return nil
}

// Run is the work of the worker that has the turn.
func (l *lane) Run() {
	l.mu.Lock()
	for l.first != nil {
		j := l.first
		if l.first = j.next; l.first == nil {
			l.last = nil
		}
		j.next = nil
		l.queued--
		l.start(j)
		l.mu.Unlock()
		j.task.Run()
		l.mu.Lock()
		l.finish(j)
		if l.turn != j {
			l.mu.Unlock()
			return
		}
		l.turn = nil
	}
	l.busy = false
	l.mu.Unlock()
}

// start notes that j runs and has the turn. l.mu is held.
func (l *lane) start(j *job) {
	j.started = now()
	j.prev = l.newest
	if l.newest != nil {
		l.newest.next = j
	} else {
		l.oldest = j
	}
	l.newest = j
	l.running++
	l.turn = j
	l.arm(j.started + headStart)
}

// finish takes j out of the books. l.mu is held.
func (l *lane) finish(j *job) {
	if j.parked {
		l.parked--
		l.arm(now() + headStart) // another may be parked in its place
	} else {
		l.unlink(j)
	}
	l.limits.finished()
}

// unlink takes j off the running list, which lets a waiting submit go on. l.mu is held.
func (l *lane) unlink(j *job) {
	if j.prev != nil {
		j.prev.next = j.next
	} else {
		l.oldest = j.next
	}
	if j.next != nil {
		j.next.prev = j.prev
	} else {
		l.newest = j.prev
	}
	j.prev, j.next = nil, nil
	l.running--
	if l.freed != nil {
		select {
		case l.freed <- struct{}{}:
		default:
		}
	}
}

// arm has tend called at due, unless it will be called earlier. A lane whose
// requests answer at once pays for the timer once per head start, not per
// request. l.mu is held.
func (l *lane) arm(due time.Duration) {
	if l.armed && due >= l.due {
		return
	}
	l.due, l.armed = due, true
	if l.watch == nil {
		l.watch = time.AfterFunc(due-now(), l.tend)
	} else {
		l.watch.Reset(due - now())
	}
}

// tend passes the turn on when a request has had its head start, and parks those
// that run for long.
func (l *lane) tend() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.armed = false
	now := now()
	for l.oldest != nil && now-l.oldest.started >= parkAfter && l.parked < l.limits.parked {
		j := l.oldest
		l.unlink(j)
		j.parked = true
		l.parked++
	}
	if l.oldest != nil && l.parked < l.limits.parked {
		l.arm(l.oldest.started + parkAfter)
	}
	j := l.turn
	if j == nil {
		return
	}
	if end := j.started + headStart; now < end {
		l.arm(end)
		return
	}
	l.turn = nil
	l.busy = l.first != nil
	if l.busy {
		l.limits.crew.Run(l)
	}
}
