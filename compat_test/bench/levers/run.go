package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/go-sails/sails/compat_test/bench/host"
	"github.com/go-sails/sails/compat_test/bench/load"
	"github.com/go-sails/sails/compat_test/bench/report"
	"github.com/go-sails/sails/compat_test/internal/program"
)

// run is one run of the command.
type run struct {
	ctx        context.Context
	processors host.Processors
	began      time.Time
	limit      time.Duration // of the rounds
	rounds     int
	levers     []*lever
	gc         bool // the settings of the collector are measured
	clients    int  // idle ones

	warm, window time.Duration
	rest         time.Duration // before memory is read

	variants []*variant
	results  *report.Results
	excerpts map[string]*excerpt // by variant and row
	broken   []string
}

// variant is a server that is measured.
type variant struct {
	name string
	path string
	env  []string
	rows map[string]bool // it is measured under
}

// direct is the server behind the event loop, which is what net-http-in-front takes
// away. All others run behind net/http: there each lever has something to do.
const direct = "direct"

// lined returns the servers a lever is between.
func (l *lever) lined() (before, after string) {
	if l.before != nil {
		return now, direct
	}
	return l.name, now
}

// build makes the list of servers and compiles them in dir.
func (r *run) build(root, dir string) error {
	plain := filepath.Join(dir, now)
	r.variants = []*variant{{name: now, path: plain, env: []string{"DIRECT=0"}, rows: map[string]bool{}}}
	err := r.processors.Wide(func() error {
		r.progress("building " + now)
		if err := compile(r.ctx, root, "", plain); err != nil {
			return err
		}
		for _, l := range r.levers {
			before, after := l.lined()
			if before == now {
				r.variants = append(r.variants, &variant{name: after, path: plain, env: []string{"DIRECT=1"}, rows: set(l.rows)})
				continue
			}
			r.progress("building " + before)
			patches := filepath.Join(dir, before+".src")
			if err := os.Mkdir(patches, 0o755); err != nil {
				return err
			}
			overlay, err := patched(r.ctx, root, patches, before)
			if err != nil {
				return err
			}
			v := &variant{name: before, path: filepath.Join(dir, before), env: []string{"DIRECT=0"}, rows: set(l.rows)}
			if err := compile(r.ctx, root, overlay, v.path); err != nil {
				return fmt.Errorf("%s: %w", before, err)
			}
			r.variants = append(r.variants, v)
		}
		return nil
	})
	if r.ctx.Err() != nil {
		return load.ErrInterrupted
	}
	if err != nil {
		return err
	}
	if r.gc {
		for _, c := range collectors {
			if c.env != nil {
				r.variants = append(r.variants, &variant{name: c.name, path: plain, env: append([]string{"DIRECT=0"}, c.env...), rows: set(collectorRows)})
				continue
			}
			for _, id := range collectorRows {
				r.variants[0].rows[id] = true
			}
		}
	}
	for _, l := range r.levers {
		for _, id := range l.rows {
			r.variants[0].rows[id] = true
		}
	}
	return nil
}

func set(ids []string) map[string]bool {
	m := map[string]bool{}
	for _, id := range ids {
		m[id] = true
	}
	return m
}

// round measures every scene on every server that it says something about.
func (r *run) round(round int) error {
	for _, s := range scenes {
		if round >= s.rounds {
			continue
		}
		var list []*variant
		for _, v := range r.variants {
			if slices.ContainsFunc(s.rows, func(id string) bool { return v.rows[id] }) {
				list = append(list, v)
			}
		}
		for i := range list {
			v := list[(i+round)%len(list)] // nobody is always first
			r.progress(fmt.Sprintf("round %d, %s, %s", round+1, s.name, v.name))
			st := &stage{run: r, variant: v, rows: v.rows}
			err := r.play(s, st)
			if errors.Is(err, load.ErrInterrupted) || r.ctx.Err() != nil {
				return load.ErrInterrupted
			}
			if err != nil {
				r.broken = append(r.broken, fmt.Sprintf("%s, %s: %v", s.name, v.name, err))
			}
		}
	}
	return nil
}

// play runs a scene on a fresh server.
func (r *run) play(s *scene, st *stage) (err error) {
	env := append([]string{"MAX_SESSIONS=200000"}, st.variant.env...)
	env = append(env, s.env...)
	if st.profile != nil {
		env = append(env, "PPROF=1")
	}
	st.server, err = program.Run(r.processors.OnServer(program.Spec{Path: st.variant.path, Env: env}))
	if err != nil {
		return err
	}
	defer func() {
		if st.server.Alive() {
			_ = st.server.Stop() // killed when it takes too long
		}
	}()
	if st.loop, err = load.NewLoop(r.ctx); err != nil {
		return err
	}
	defer st.loop.Close()
	if err := st.server.Quiet(3 * time.Second); err != nil {
		return err
	}
	st.target = &load.Target{Port: st.server.Port, Revision: 4, Query: "&__sails_io_sdk_version=1.2.1"}
	if st.empty, err = st.server.RSS(); err != nil {
		return err
	}
	if err := s.play(st); err != nil {
		return errors.Join(err, st.server.Failure())
	}
	return st.server.Failure()
}

// add keeps a figure.
func (r *run) add(row, variant string, value float64, faults string) {
	cells := r.results.Row(row).Cells
	if cells[variant] == nil {
		cells[variant] = new(report.Cell)
	}
	c := cells[variant]
	c.Samples = append(c.Samples, value)
	if faults != "" {
		c.Faults = faults
	}
}

// progress says what happens now.
func (r *run) progress(label string) {
	fmt.Fprintf(os.Stderr, "[%v] %s\n", time.Since(r.began).Round(time.Second), label)
}
