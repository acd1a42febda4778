package sailsio

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// task is a job of its own.
type task struct {
	job
	fn func()
}

func (t *task) Run() { t.fn() }

func do(fn func()) *job {
	t := &task{fn: fn}
	t.task = t
	return &t.job
}

// settle lets workers and timers come to rest: none is left when a bubble ends.
func settle() {
	time.Sleep(10 * time.Second) // virtual time
	synctest.Wait()
}

func TestLane_BurstRunsInOrderOneByOne(t *testing.T) { // VR-13
	synctest.Test(t, func(t *testing.T) {
		l := &lane{limits: newLimits(64, 10, 1000)}
		var mu sync.Mutex
		var order []int
		running := 0
		for i := range 1000 {
			err := l.submit(t.Context(), do(func() {
				mu.Lock()
				running++
				if running > 1 {
					t.Error("two requests that answer at once overlap")
				}
				order = append(order, i)
				mu.Unlock()
				mu.Lock()
				running--
				mu.Unlock()
			}))
			if err != nil {
				t.Fatal(err)
			}
		}
		settle()
		if len(order) != 1000 || !slices.IsSorted(order) {
			t.Fatalf("%d requests ran, sorted: %v", len(order), slices.IsSorted(order))
		}
		if n := l.limits.inFlight.Load(); n != 0 {
			t.Fatalf("%d in flight at the end", n)
		}
	})
}

func TestLane_SlowRequestHoldsUpForTheHeadStartOnly(t *testing.T) { // VR-13
	synctest.Test(t, func(t *testing.T) {
		l := &lane{limits: newLimits(64, 10, 1000)}
		begin := time.Now()
		var started []time.Duration
		var mu sync.Mutex
		for range 5 {
			err := l.submit(t.Context(), do(func() {
				mu.Lock()
				started = append(started, time.Since(begin))
				mu.Unlock()
				time.Sleep(300 * time.Millisecond) // virtual time
			}))
			if err != nil {
				t.Fatal(err)
			}
		}
		settle()
		for i, at := range started {
			if want := time.Duration(i) * headStart; at != want {
				t.Errorf("request %d started after %v, want %v", i, at, want)
			}
		}
	})
}

func TestLane_TurnPassesAlsoWhileOthersRun(t *testing.T) {
	// A timer that waits for parking must not delay the next head start.
	synctest.Test(t, func(t *testing.T) {
		l := &lane{limits: newLimits(64, 10, 1000)}
		release := make(chan struct{})
		stuck := func() { <-release }
		if err := l.submit(t.Context(), do(stuck)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(100 * time.Millisecond) // virtual time
		begin := time.Now()
		if err := l.submit(t.Context(), do(stuck)); err != nil {
			t.Fatal(err)
		}
		done := make(chan struct{})
		if err := l.submit(t.Context(), do(func() { close(done) })); err != nil {
			t.Fatal(err)
		}
		<-done
		if d := time.Since(begin); d != headStart {
			t.Errorf("the third request started after %v, want %v", d, headStart)
		}
		close(release)
		settle()
	})
}

func TestLane_BackPressure(t *testing.T) { // SEC-71
	synctest.Test(t, func(t *testing.T) {
		l := &lane{limits: newLimits(4, 10, 1000)}
		release := make(chan struct{})
		for range 4 {
			if err := l.submit(t.Context(), do(func() { <-release })); err != nil {
				t.Fatal(err)
			}
		}
		accepted := make(chan time.Time, 1)
		begin := time.Now()
		go func() {
			if err := l.submit(t.Context(), do(func() {})); err != nil {
				t.Error(err)
			}
			accepted <- time.Now()
		}()
		time.Sleep(500 * time.Millisecond) // virtual time
		select {
		case <-accepted:
			t.Fatal("the fifth request did not wait")
		default:
		}
		// The first is parked a second after its start, which makes room.
		if at := (<-accepted).Sub(begin); at != parkAfter {
			t.Errorf("accepted after %v, want %v", at, parkAfter)
		}
		close(release)
		settle()
	})
}

func TestLane_WaitingEndsWithTheClient(t *testing.T) { // SEC-72
	synctest.Test(t, func(t *testing.T) {
		l := &lane{limits: newLimits(1, 10, 1000)}
		release := make(chan struct{})
		if err := l.submit(t.Context(), do(func() { <-release })); err != nil {
			t.Fatal(err)
		}
		gone := errors.New("transport close")
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(gone)
		if err := l.submit(ctx, do(func() { t.Error("ran") })); !errors.Is(err, gone) {
			t.Fatalf("error %v, want the reason", err)
		}
		close(release)
		settle()
	})
}

func TestLane_ParkedAreBounded(t *testing.T) { // SEC-72
	synctest.Test(t, func(t *testing.T) {
		l := &lane{limits: newLimits(2, 6, 1000)}
		release := make(chan struct{})
		refused := 0
		for range 20 {
			err := l.submit(t.Context(), do(func() { <-release }))
			if errors.Is(err, errOverload) {
				refused++
			} else if err != nil {
				t.Fatal(err)
			}
		}
		// Six are parked, two at most run beside them.
		if refused < 12 {
			t.Errorf("%d of 20 refused, want at least 12", refused)
		}
		close(release)
		settle()
		if err := l.submit(t.Context(), do(func() {})); err != nil {
			t.Errorf("after all were answered: %v", err)
		}
		settle()
		if l.parked != 0 || l.running != 0 || l.oldest != nil || l.newest != nil || l.busy {
			t.Errorf("the books are not empty: %+v", l)
		}
	})
}

func TestLane_TotalIsBounded(t *testing.T) { // SEC-3
	synctest.Test(t, func(t *testing.T) {
		shared := newLimits(64, 10, 3)
		a, b := &lane{limits: shared}, &lane{limits: shared}
		release := make(chan struct{})
		for _, l := range []*lane{a, b, a} {
			if err := l.submit(t.Context(), do(func() { <-release })); err != nil {
				t.Fatal(err)
			}
		}
		if err := b.submit(t.Context(), do(func() {})); !errors.Is(err, errOverload) {
			t.Fatalf("error %v, want overload", err)
		}
		waited := make(chan error, 1)
		go func() { waited <- shared.wait(t.Context()) }()
		synctest.Wait()
		select {
		case <-waited:
			t.Fatal("wait returned while requests run")
		default:
		}
		close(release)
		if err := <-waited; err != nil {
			t.Fatal(err)
		}
		settle()
	})
}

func TestLane_OneSlowSocketDelaysNoOther(t *testing.T) { // SEC-71, SEC-72
	synctest.Test(t, func(t *testing.T) {
		shared := newLimits(64, 100, 100_000)
		flooder := &lane{limits: shared}
		release := make(chan struct{})
		for range 100 {
			if err := flooder.submit(t.Context(), do(func() { <-release })); err != nil {
				t.Fatal(err)
			}
		}
		other := &lane{limits: shared}
		begin := time.Now()
		done := make(chan struct{})
		if err := other.submit(t.Context(), do(func() { close(done) })); err != nil {
			t.Fatal(err)
		}
		<-done
		if d := time.Since(begin); d != 0 {
			t.Errorf("another socket waited %v", d)
		}
		close(release)
		settle()
	})
}

func BenchmarkLane(b *testing.B) {
	l := &lane{limits: newLimits(64, 10, 1000)}
	done := make(chan struct{}, 64)
	b.ReportAllocs()
	for b.Loop() {
		if err := l.submit(b.Context(), do(func() { done <- struct{}{} })); err != nil {
			b.Fatal(err)
		}
		<-done
	}
}
