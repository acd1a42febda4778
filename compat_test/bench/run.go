package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-sails/sails/compat_test/bench/host"
	"github.com/go-sails/sails/compat_test/bench/load"
	"github.com/go-sails/sails/compat_test/bench/report"
	"github.com/go-sails/sails/compat_test/internal/program"
)

// bench is one run.
type bench struct {
	ctx     context.Context
	servers map[string]*server
	only    []string // servers; nil is all
	scenes  []string // scenes; nil is all
	cores   host.Processors
	results *report.Results
	began   time.Time
	steps   int // done so far
	total   int

	warm, measure time.Duration // of a window
	rest          time.Duration // before memory is read
	idleClients   int
	maxClients    int                      // descriptors allow so many
	limit         time.Duration            // no further round begins after it
	late          bool                     // it is over
	broken        []string                 // measurements of ours that failed
	missing       map[string]bool          // servers that are not installed
	spent         map[string]time.Duration // by part of the run
	parts         []string                 // in the order they began
	disturbance   []float64                // of the latency measurements
	kept          map[*report.Cell]bool    // of earlier runs
	profiles      string                   // folder; "" takes none
	profiling     sync.WaitGroup
}

// wants tells whether the command line selects a server and a scene.
func (b *bench) wants(scene, server string) bool {
	return !b.missing[server] && (b.only == nil || slices.Contains(b.only, server)) && (b.scenes == nil || slices.Contains(b.scenes, scene))
}

// play runs the scenes in rounds: each round all scenes, each scene all servers, so
// that what the machine does besides falls on all alike. Rounds after the first end
// when the time is up.
func (b *bench) play(scenes []*scene, first, end int) error {
	each := func(do func(round int, s *scene, name string) error) error {
		for round := first; round < end; round++ {
			for _, s := range scenes {
				if round >= s.rounds || s.long && b.results.Short {
					continue
				}
				for i := range s.servers {
					name := s.servers[(i+round)%len(s.servers)] // no server is always first
					if !b.wants(s.name, name) || round >= b.roundsOf(name) || !slices.Contains(b.servers[name].revisions, s.revision) {
						continue
					}
					if err := do(round, s, name); err != nil {
						return err
					}
				}
			}
		}
		return nil
	}
	_ = each(func(int, *scene, string) error { b.total++; return nil })
	return each(func(round int, s *scene, name string) error {
		label := fmt.Sprintf("round %d, %s, EIO %d, %s", round+1, s.name, s.revision, name)
		if round > 0 && time.Since(b.began) > b.limit {
			if !b.late {
				b.late = true
				b.results.Note(fmt.Sprintf("Rounds ended after %v (-limit): some rows have fewer samples than others.", b.limit))
			}
			b.total--
			return nil
		}
		return b.stage(label, s, name)
	})
}

// roundsOf is how many rounds a server takes part in: those no goal is about, one, in
// the short form none.
func (b *bench) roundsOf(name string) int {
	switch {
	case name != report.Zishang && name != report.Karagenc:
		return 9
	case b.results.Short && b.only == nil:
		return 0
	}
	return 1
}

// part does something under a label. What fails is noted, and the run goes on.
func (b *bench) part(name, label, server string, do func() error) error {
	b.progress(label)
	began := time.Now()
	err := do()
	if _, ok := b.spent[name]; !ok {
		b.parts = append(b.parts, name)
	}
	b.spent[name] += time.Since(began)
	if errors.Is(err, load.ErrInterrupted) || b.ctx.Err() != nil {
		return load.ErrInterrupted
	}
	if err != nil {
		b.fail(fmt.Sprintf("%s: %v", label, err), server)
	}
	return nil
}

// stage plays a scene on a fresh server. A server that fails loses that scene; the
// run goes on.
func (b *bench) stage(label string, s *scene, name string) error {
	return b.part(s.name, label, name, func() error { return b.perform(s, name) })
}

// fail notes what could not be measured. Only our own failures are those of the run.
func (b *bench) fail(text, server string) {
	if server == report.Ours {
		b.broken = append(b.broken, text)
	}
	line, _, _ := strings.Cut(text, "\n")
	b.results.Failures = append(b.results.Failures, line)
	fmt.Fprintf(os.Stderr, "\n  %s\n", text)
}

func (b *bench) perform(s *scene, name string) error {
	env := s.env
	if s.sessions {
		env = append(env[:len(env):len(env)], "SESSIONS=1")
	}
	srv, err := b.start(name, env...)
	if err != nil {
		return err
	}
	defer b.end(srv)
	defer b.profiling.Wait()
	loop, err := load.NewLoop(b.ctx)
	if err != nil {
		return err
	}
	defer loop.Close()
	if err := srv.Quiet(3 * time.Second); err != nil {
		return err
	}
	st := &stage{b: b, scene: s.name, server: srv, name: name, revision: s.revision, loop: loop}
	st.target = &load.Target{Port: srv.Port, Revision: s.revision, Query: sdk}
	if s.sessions {
		if st.target.Cookies, err = cookies(srv.Port, 200); err != nil {
			return err
		}
	}
	if st.empty, err = srv.RSS(); err != nil {
		return err
	}
	if err := s.play(st); err != nil {
		return errors.Join(err, srv.Failure())
	}
	return srv.Failure()
}

// end ends a server; how peers take it is not our business.
func (b *bench) end(p *program.Program) {
	if p.Alive() {
		_ = p.Stop()
	}
}

// add keeps a figure.
func (b *bench) add(row, server string, value float64, s *load.Sample, faults string) {
	r := b.results.Row(row)
	if r == nil {
		panic("bench: no row " + row)
	}
	c := r.Cells[server]
	if c == nil || b.kept[c] {
		c = new(report.Cell)
		r.Cells[server] = c
	}
	c.Samples = append(c.Samples, value)
	if s != nil && s.Elapsed > 0 {
		c.Rate = append(c.Rate, s.Rate())
		c.Busy = append(c.Busy, s.Busy())
	}
	if faults != "" {
		c.Faults = faults
	}
}

// keep takes over the figures of an earlier run; what is measured anew replaces them.
func (b *bench) keep(old *report.Results) {
	b.kept = map[*report.Cell]bool{}
	for _, row := range b.results.Rows {
		was := old.Row(row.ID)
		if was == nil {
			continue
		}
		for name, c := range was.Cells {
			row.Cells[name] = c
			b.kept[c] = true
		}
	}
	b.results.Curves, b.results.Notes, b.results.Disturbance, b.results.Locks = old.Curves, old.Notes, old.Disturbance, old.Locks
	b.results.Rounds = max(b.results.Rounds, old.Rounds)
	b.results.Merged = true
}

// progress says what happens now; on a terminal the line is replaced.
func (b *bench) progress(label string) {
	b.steps++
	spent := time.Since(b.began).Round(time.Second)
	line := fmt.Sprintf("[%d/%d, %v] %s", b.steps, b.total, spent, label)
	if info, err := os.Stderr.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
		fmt.Fprintf(os.Stderr, "\r%s%s", line, strings.Repeat(" ", max(0, 78-len(line))))
		return
	}
	fmt.Fprintln(os.Stderr, line)
}

// account tells how long the parts took.
func (b *bench) account() {
	fmt.Fprintf(os.Stderr, "\nmeasured in %v:", time.Since(b.began).Round(time.Second))
	for _, name := range b.parts {
		fmt.Fprintf(os.Stderr, " %s %v", name, b.spent[name].Round(time.Second))
	}
	fmt.Fprint(os.Stderr, "\n\n")
}
