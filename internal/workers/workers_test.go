package workers_test

import (
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-sails/sails/internal/leakcheck"
	"github.com/go-sails/sails/internal/workers"
)

func TestMain(m *testing.M) { leakcheck.Main(m) }

type task func()

func (t task) Run() { t() }

func TestPool_RunsEveryTask(t *testing.T) {
	var p workers.Pool
	var ran atomic.Int64
	var wg sync.WaitGroup
	for range 1000 {
		wg.Add(1)
		p.Run(task(func() { ran.Add(1); wg.Done() }))
	}
	wg.Wait()
	if ran.Load() != 1000 {
		t.Fatalf("ran %d tasks, want 1000", ran.Load())
	}
}

func TestPool_BlockedTaskHoldsUpNoOther(t *testing.T) {
	var p workers.Pool
	release := make(chan struct{})
	p.Run(task(func() { <-release }))
	done := make(chan struct{})
	p.Run(task(func() { close(done) }))
	<-done
	close(release)
}

// Each task waits for all others: none holds up another, or this test would not end.
func TestPool_AllBlocked(t *testing.T) {
	var p workers.Pool
	defer p.Close()
	const n = 1000
	var started sync.WaitGroup
	started.Add(n)
	var ended sync.WaitGroup
	for range n {
		ended.Add(1)
		p.Run(task(func() {
			defer ended.Done()
			started.Done()
			started.Wait()
		}))
	}
	ended.Wait()
}

// Tasks that submit tasks; none is lost, also by one that ends its goroutine.
func TestPool_TasksOfTasks(t *testing.T) {
	var p workers.Pool
	defer p.Close()
	const n, generations = 700, 5
	var left sync.WaitGroup
	left.Add(n * generations)
	var submit func(generation int)
	submit = func(generation int) {
		p.Run(task(func() {
			defer left.Done()
			if generation+1 < generations {
				submit(generation + 1)
			}
			if generation == 2 {
				runtime.Goexit()
			}
		}))
	}
	for range n {
		submit(0)
	}
	left.Wait()
}

func TestPool_IdleWorkersEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var p workers.Pool
		for range 100 {
			p.Run(task(func() {}))
		}
		time.Sleep(2500 * time.Millisecond) // virtual time
		synctest.Wait()
		// The bubble fails the test if a worker is still parked when it ends.
	})
}

func TestPool_ReusedAfterIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var p workers.Pool
		n := 0
		for range 50 {
			p.Run(task(func() { n++ }))
			synctest.Wait()
			time.Sleep(300 * time.Millisecond) // virtual time
		}
		if n != 50 {
			t.Fatalf("ran %d, want 50", n)
		}
		time.Sleep(3 * time.Second)
	})
}

func TestPool_CloseEndsWorkers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var p workers.Pool
		started, release := make(chan struct{}), make(chan struct{})
		p.Run(task(func() {}))
		p.Run(task(func() { close(started); <-release }))
		<-started
		p.Close()
		close(release)
		ran := make(chan struct{})
		p.Run(task(func() { close(ran) }))
		<-ran
		// No time passes: the bubble fails the test if a worker stays.
	})
}

// deep uses as much stack as a handler that decodes JSON and writes an answer.
//
//go:noinline
func deep(n int) byte {
	var frame [512]byte
	frame[n] = byte(n)
	if n == 0 {
		return frame[0]
	}
	return deep(n-1) + frame[n]
}

type deepTask struct{ done chan struct{} }

func (t *deepTask) Run() { deep(16); t.done <- struct{}{} }

// BenchmarkDispatch compares where a handler can run: on the goroutine that reads,
// on a kept worker, on a fresh goroutine. docs/decisions/0002 quotes it.
func BenchmarkDispatch(b *testing.B) {
	b.Run("inline", func(b *testing.B) {
		for b.Loop() {
			deep(16)
		}
	})
	for _, n := range []int{1, 16} { // tasks that are submitted together, each is an operation
		for name, run := range map[string]func() func(workers.Task){
			"pool": func() func(workers.Task) { return new(workers.Pool).Run },
			"crew": func() func(workers.Task) { return (&workers.Crew{Pool: new(workers.Pool)}).Run },
		} {
			b.Run(fmt.Sprintf("%s/together=%d", name, n), func(b *testing.B) {
				submit := run()
				t := &deepTask{make(chan struct{}, n)}
				b.ReportAllocs()
				for i := 0; b.Loop(); i++ {
					if submit(t); i%n == n-1 {
						for range n {
							<-t.done
						}
					}
				}
			})
		}
	}
	b.Run("goroutine", func(b *testing.B) {
		t := &deepTask{make(chan struct{})}
		b.ReportAllocs()
		for b.Loop() {
			go t.Run()
			<-t.done
		}
	})
}
