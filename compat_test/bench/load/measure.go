package load

import (
	"fmt"
	"time"
)

// Window says when a closed loop is measured: after Warm, for Measure.
type Window struct {
	Warm, Measure time.Duration
	// MaxOps ends the measurement early.
	MaxOps int64
	// MinOps prolongs it, up to fivefold: servers that answer in bursts need several.
	MinOps int64
	// CPU returns what the server has used so far.
	CPU func() (time.Duration, error)
}

// Sample is what was measured.
type Sample struct {
	Ops     int64
	Elapsed time.Duration
	CPU     time.Duration // of the server
	// Faults of the server: answers or deliveries that did not come, came out of
	// order, came twice, or were not what was asked for; connections it dropped.
	Lost, Reordered, Doubled, Wrong, Dropped int64
	Latency                                  *Histogram // open loops only
	// Late is by how much the generator sent later than it meant to; open loops only.
	Late *Histogram
}

// PerOp is the server's CPU time per operation.
func (s *Sample) PerOp() time.Duration {
	if s.Ops == 0 {
		return 0
	}
	return s.CPU / time.Duration(s.Ops)
}

// Rate is operations per second.
func (s *Sample) Rate() float64 { return float64(s.Ops) / s.Elapsed.Seconds() }

// Busy is the share of one core the server used.
func (s *Sample) Busy() float64 { return float64(s.CPU) / float64(s.Elapsed) }

// Faults describes what went wrong; "" is nothing.
func (s *Sample) Faults() string {
	text := ""
	add := func(n int64, what string) {
		if n > 0 {
			if text != "" {
				text += ", "
			}
			text += fmt.Sprintf("%d %s", n, what)
		}
	}
	add(s.Lost, "lost")
	add(s.Reordered, "out of order")
	add(s.Doubled, "doubled")
	add(s.Wrong, "wrong")
	add(s.Dropped, "connections dropped")
	return text
}

// measure runs the loop through the window while the workload advances ops, which
// it counts itself. each, when not nil, is called every turn.
func (l *Loop) measure(w Window, ops *int64, each func()) (*Sample, error) {
	turn := func() bool {
		if each != nil {
			each()
		}
		return l.open == 0 // nobody is left
	}
	if err := l.Run(time.Now().Add(w.Warm), turn); err != nil {
		return nil, err
	}
	before, err := w.CPU()
	if err != nil {
		return nil, err
	}
	began, counted, dropped := time.Now(), *ops, l.Lost
	limit := w.Measure
	if w.MinOps > 0 {
		limit *= 5
	}
	err = l.Run(began.Add(limit), func() bool {
		n := *ops - counted
		return turn() || w.MaxOps > 0 && n >= w.MaxOps || w.MinOps > 0 && n >= w.MinOps && time.Since(began) >= w.Measure
	})
	if err != nil {
		return nil, err
	}
	s := &Sample{Ops: *ops - counted, Elapsed: time.Since(began), Dropped: int64(l.Lost - dropped)}
	after, err := w.CPU()
	if err != nil {
		return nil, err
	}
	s.CPU = after - before
	return s, nil
}

// settle lets what is under way come to its end, for at most two seconds.
func (l *Loop) settle(done func() bool) error { return l.settleFor(2*time.Second, done) }

// answerLimit is how long answers may take that nobody loses on purpose: a late one
// would be taken for an answer to the next load.
const answerLimit = 10 * time.Second

func (l *Loop) settleFor(limit time.Duration, done func() bool) error {
	return l.Run(time.Now().Add(limit), func() bool { return done() || l.open == 0 })
}
