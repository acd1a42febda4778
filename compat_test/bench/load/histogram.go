package load

import (
	"math/bits"
	"time"
)

// Histogram counts durations in buckets of at most 3.2 % width.
type Histogram struct {
	counts [64 * 64]uint64
	total  uint64
	max    time.Duration
}

// Record counts d.
func (h *Histogram) Record(d time.Duration) {
	v := uint64(max(d, 0))
	h.counts[bucket(v)]++
	h.total++
	h.max = max(h.max, d)
}

// bucket: values below 64 by themselves, then 32 buckets per power of two.
func bucket(v uint64) int {
	if v < 64 {
		return int(v)
	}
	shift := bits.Len64(v) - 6 // the top six bits select within the power
	return shift*64 + int(v>>shift)
}

func bucketTop(i int) time.Duration {
	if i < 64 {
		return time.Duration(i)
	}
	shift := i / 64
	return time.Duration((uint64(i%64)+1)<<shift - 1)
}

// Count returns how many durations were recorded.
func (h *Histogram) Count() uint64 { return h.total }

// Quantile returns the smallest recorded duration that at least the share q of all
// do not exceed, to the width of a bucket; zero without any.
func (h *Histogram) Quantile(q float64) time.Duration {
	need := uint64(q * float64(h.total))
	if h.total == 0 {
		return 0
	}
	need = min(max(need, 1), h.total)
	var seen uint64
	for i, n := range h.counts {
		if seen += n; seen >= need {
			return min(bucketTop(i), h.max)
		}
	}
	return h.max
}

// Max returns the longest.
func (h *Histogram) Max() time.Duration { return h.max }
