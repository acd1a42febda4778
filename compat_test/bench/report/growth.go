package report

import (
	"fmt"
	"math"
	"strings"
)

// Step is the growth between two neighbouring points of a curve.
type Step struct {
	From, To float64 // x
	Factor   float64 // by which the figure grows
	// Floor is the factor of the floor, which does nothing but what the kernel makes
	// it do; 0 without one.
	Floor float64
	// Allowed is the factor at which the whole grows like n log n.
	Allowed float64
	OK      bool
}

// Steps holds every step of the curve against n log n, after what the floor's own
// curve grows by, where that was measured.
func (c *Curve) Steps() []Step {
	var steps []Step
	for i := 1; i < len(c.Points); i++ {
		a, b := c.Points[i-1], c.Points[i]
		s := Step{From: a.X, To: b.X, Factor: b.Y / max(a.Y, 1e-9), Allowed: math.Log2(1+b.X) / math.Log2(1+a.X)}
		if c.Total {
			s.Allowed *= b.X / a.X
		}
		beside := s.Factor
		if before, ok := c.floor(a.X); ok {
			if after, ok := c.floor(b.X); ok && before > 0 {
				s.Floor = after / before
				beside /= max(s.Floor, 1)
			}
		}
		s.OK = beside <= s.Allowed
		steps = append(steps, s)
	}
	return steps
}

func (c *Curve) floor(x float64) (float64, bool) {
	for _, p := range c.Floor {
		if p.X == x {
			return p.Y, true
		}
	}
	return 0, false
}

// Verdict says in a sentence whether a step is worse than n log n.
func (c *Curve) Verdict() string {
	var worst []string
	steps := c.Steps()
	for _, s := range steps {
		if s.OK {
			continue
		}
		text := fmt.Sprintf("%.0f → %.0f × %.2f where × %.2f would be n log n", s.From, s.To, s.Factor, s.Allowed)
		if s.Floor > 0 {
			text += fmt.Sprintf(" (floor × %.2f)", s.Floor)
		}
		worst = append(worst, text)
	}
	if len(worst) > 0 {
		return "worse than n log n: " + strings.Join(worst, "; ")
	}
	var all []string
	floor := ""
	for _, s := range steps {
		all = append(all, fmt.Sprintf("× %.2f (≤ %.2f)", s.Factor, s.Allowed))
		if s.Floor > s.Allowed {
			floor = ", after what the floor grows by"
		}
	}
	if len(all) == 0 {
		return "one point only"
	}
	return "no step is worse than n log n" + floor + ": " + strings.Join(all, ", ")
}
