package workers_test

import (
	"runtime"
	"sync"
	"testing"

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
