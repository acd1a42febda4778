package workers_test

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-sails/sails/internal/workers"
)

// Each task waits for all others: none holds up another, or this test would not end.
func TestCrew_AllBlocked(t *testing.T) {
	var p workers.Pool
	defer p.Close()
	c := workers.Crew{Pool: &p}
	const n = 1000
	var started, ended sync.WaitGroup
	started.Add(n)
	ended.Add(n)
	for range n {
		c.Run(task(func() {
			defer ended.Done()
			started.Done()
			started.Wait()
		}))
	}
	ended.Wait()
}

// Tasks that submit tasks from many goroutines; none is lost, also by one that ends its
// goroutine with others behind it.
func TestCrew_TasksOfTasks(t *testing.T) {
	var p workers.Pool
	defer p.Close()
	c := workers.Crew{Pool: &p}
	const n, generations = 2000, 5 // more than a queue that is kept
	var left sync.WaitGroup
	left.Add(n * generations)
	var submit func(generation int)
	submit = func(generation int) {
		c.Run(task(func() {
			defer left.Done()
			if generation+1 < generations {
				submit(generation + 1)
			}
			if generation == 2 {
				runtime.Goexit()
			}
		}))
	}
	for range n / 4 {
		go func() {
			for range 4 {
				submit(0)
			}
		}()
	}
	left.Wait()
}

// Who is ready when a long row of tasks begins, such as the flusher of what they write,
// does not wait for all of them, on one processor either.
func TestCrew_OthersHaveTheirTurn(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	var p workers.Pool
	defer p.Close()
	c := workers.Crew{Pool: &p}
	const n = 60 // of 0.1 ms: together less than what the runtime lets a goroutine run
	var done atomic.Int64
	before := make(chan int64, 1)
	var left sync.WaitGroup
	left.Add(n)
	for range n {
		c.Run(task(func() {
			if done.Load() == 0 {
				go func() { before <- done.Load() }()
			}
			for began := time.Now(); time.Since(began) < 100*time.Microsecond; {
			}
			done.Add(1)
			left.Done()
		}))
	}
	left.Wait()
	if n := <-before; n >= 40 {
		t.Errorf("another goroutine ran behind %d tasks", n)
	}
}

// A queue that is hardly ever empty does not grow without end.
func TestCrew_QueueIsReused(t *testing.T) {
	var p workers.Pool
	defer p.Close()
	c := workers.Crew{Pool: &p}
	const chains, each = 40, 20_000
	var left sync.WaitGroup
	left.Add(chains)
	for range chains {
		n := each
		var next task
		next = func() {
			if n--; n == 0 {
				left.Done()
				return
			}
			c.Run(next)
		}
		c.Run(next)
	}
	left.Wait()
	if n := c.Capacity(); n > 1024 {
		t.Errorf("a queue of %d tasks has room for %d", chains, n)
	}
}
