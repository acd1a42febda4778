package backoff_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-sails/sails/internal/leakcheck"
	"github.com/go-sails/sails/socketio/internal/backoff"
)

func TestMain(m *testing.M) { leakcheck.Main(m) }

func TestNext(t *testing.T) {
	var b backoff.Backoff
	expected := 50 * time.Millisecond
	for i := range 100 {
		d := b.Next()
		if d < expected/2 || d > expected {
			t.Fatalf("pause %d is %v, not within half of %v", i, d, expected)
		}
		expected = min(2*expected, 2*time.Second)
	}
	b.Reset()
	if d := b.Next(); d > 50*time.Millisecond {
		t.Errorf("after a success the pause is %v", d)
	}
}

func TestWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b backoff.Backoff
		start := time.Now()
		if !b.Wait(t.Context()) || time.Since(start) < 25*time.Millisecond {
			t.Errorf("waited %v", time.Since(start))
		}
		sooner := make(chan struct{}, 1)
		sooner <- struct{}{}
		start = time.Now()
		if !b.WaitOr(t.Context(), sooner) || time.Since(start) != 0 {
			t.Error("the pause was not cut short")
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		start = time.Now()
		if b.Wait(ctx) || time.Since(start) != 0 {
			t.Error("a context that has ended was waited for")
		}
	})
}
