package load

import (
	"math/rand/v2"
	"time"
)

// spin is how close an arrival must be for the loop to poll instead of sleeping:
// waking up takes longer than that.
const spin = 60 * time.Microsecond

// arrivals calls send for each arrival of the process; what send starts is counted
// down again in waiting when it is answered.
func (l *Loop) arrivals(a Arrivals, from *time.Time, latency *Histogram, ops, wrong *int64, waiting *int, send func(at time.Time)) (*Sample, error) {
	random := rand.New(rand.NewPCG(a.Seed, 1))
	gap := func() time.Duration { return time.Duration(random.ExpFloat64() / a.Rate * float64(time.Second)) }
	began := time.Now()
	*from = began.Add(a.Warm)
	end := from.Add(a.Measure)
	var counted int64
	var cpu time.Duration
	dropped := l.Lost
	measuring := false
	late := new(Histogram)
	for next := began.Add(gap()); ; {
		now := time.Now()
		if !measuring && !now.Before(*from) {
			measuring = true
			counted = *ops
			var err error
			if cpu, err = a.CPU(); err != nil {
				return nil, err
			}
		}
		if now.After(end) || l.open == 0 {
			break
		}
		for !next.After(now) {
			if measuring {
				late.Record(time.Since(next))
			}
			send(next)
			next = next.Add(gap())
		}
		wait := time.Until(next)
		if wait < spin {
			wait = 0
		} else {
			wait -= spin
		}
		if err := l.Turn(min(wait, 50*time.Millisecond)); err != nil {
			return nil, err
		}
	}
	after, err := a.CPU()
	if err != nil {
		return nil, err
	}
	s := &Sample{Ops: *ops - counted, Elapsed: time.Since(*from), CPU: after - cpu, Latency: latency, Late: late, Dropped: int64(l.Lost - dropped)}
	if err := l.settle(func() bool { return *waiting <= 0 }); err != nil {
		return nil, err
	}
	s.Lost, s.Wrong = int64(max(*waiting, 0)), *wrong
	return s, nil
}
