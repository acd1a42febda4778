// Package backoff spreads repeated attempts in time.
package backoff

import (
	"context"
	"math/rand/v2"
	"time"
)

// The pauses between attempts: the first is about shortest, each about twice the one
// before, none above longest.
const (
	shortest = 50 * time.Millisecond
	longest  = 2 * time.Second
)

// Backoff is the pause before the next attempt. The zero value is ready; it belongs to
// one goroutine.
type Backoff struct{ failures int }

// Reset makes the next pause the shortest again, after a success.
func (b *Backoff) Reset() { b.failures = 0 }

// Next returns the next pause, half of it random: nodes that lost the same server do
// not return to it in step.
func (b *Backoff) Next() time.Duration {
	d := min(shortest<<min(b.failures, 10), longest)
	b.failures++
	return d/2 + rand.N(d/2+1)
}

// After returns a pause for who counts the failures himself.
func (Backoff) After(failures int) time.Duration {
	b := Backoff{failures: max(failures-1, 0)}
	return b.Next()
}

// Wait pauses. It is false when ctx ended first.
func (b *Backoff) Wait(ctx context.Context) bool { return b.WaitOr(ctx, nil) }

// WaitOr is Wait; something in sooner ends the pause.
func (b *Backoff) WaitOr(ctx context.Context, sooner <-chan struct{}) bool {
	timer := time.NewTimer(b.Next())
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-sooner:
	case <-ctx.Done():
		return false
	}
	return ctx.Err() == nil
}
