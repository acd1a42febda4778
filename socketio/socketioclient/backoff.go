package socketioclient

import (
	"math/rand/v2"
	"time"
)

// backoff makes the waits between attempts to connect: doubling, spread, capped.
type backoff struct {
	min, max time.Duration
	jitter   float64 // negative for none
	attempts int
}

// next returns the wait before the next attempt and counts it.
func (b *backoff) next() time.Duration {
	d := float64(b.min)
	for i := 0; i < b.attempts && d < float64(b.max); i++ {
		d *= 2
	}
	b.attempts++
	if b.jitter > 0 {
		d += d * b.jitter * (2*rand.Float64() - 1)
	}
	return min(time.Duration(d), b.max)
}
