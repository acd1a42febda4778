package socketioclient

import "time"

// Waits returns the waits between n attempts, for tests.
func Waits(least, most time.Duration, jitter float64, n int) []time.Duration {
	b := backoff{min: least, max: most, jitter: jitter}
	var waits []time.Duration
	for range n {
		waits = append(waits, b.next())
	}
	return waits
}
