package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-sails/sails/compat_test/bench/host"
	"github.com/go-sails/sails/compat_test/bench/load"
)

// profileWindow is how long a load is profiled.
const profileWindow = 2 * time.Second

// excerpt is what a profile says about a load on a server.
type excerpt struct {
	figure float64         // of the row, while it was profiled
	file   string          // in kept
	heap   bool            // memory in use rather than processor time
	costs  map[string]cost // by function
	stacks float64         // bytes of all goroutines' stacks, of a heap
	total  float64         // bytes, of a heap
	err    error
	done   chan struct{} // closed when the file is there
}

// cost is a function's share of all that was sampled: itself, and with what it calls.
type cost struct{ flat, cum float64 }

// profiles takes those of every lever, each load on each server once.
func (r *run) profiles() error {
	r.excerpts = map[string]*excerpt{}
	for _, l := range r.levers {
		if l.profiled == "" {
			continue
		}
		before, after := l.lined()
		for _, name := range []string{before, after} {
			key := name + " " + l.profiled
			if r.excerpts[key] != nil {
				continue
			}
			s := sceneOf(l.profiled)
			r.progress(fmt.Sprintf("profile, %s, %s", l.profiled, name))
			i := slices.IndexFunc(r.variants, func(v *variant) bool { return v.name == name })
			e := &excerpt{done: make(chan struct{}), file: filepath.Join(kept, fmt.Sprintf("%s-%s.pprof", name, l.profiled))}
			st := &stage{run: r, variant: r.variants[i], rows: map[string]bool{l.profiled: true}, profile: e}
			err := r.play(s, st)
			if errors.Is(err, load.ErrInterrupted) || r.ctx.Err() != nil {
				return load.ErrInterrupted
			}
			if err == nil {
				<-e.done
				if err = e.err; err == nil {
					err = e.read(r.ctx)
				}
			}
			if err != nil {
				r.broken = append(r.broken, fmt.Sprintf("profile of %s, %s: %v", l.profiled, name, err))
				continue
			}
			r.excerpts[key] = e
		}
	}
	return nil
}

// profileCPU has the server profile itself meanwhile.
func (st *stage) profileCPU(warm, during time.Duration) {
	e, span := st.profile, warm+during
	url := fmt.Sprintf("%s/debug/pprof/profile?seconds=%d", st.server.URL, int(span.Seconds()))
	go func() {
		defer close(e.done)
		e.err = host.Download(url, e.file, span+10*time.Second)
	}()
}

// profileHeap asks the server what it holds.
func (st *stage) profileHeap() error {
	defer close(st.profile.done)
	st.profile.heap = true
	url := st.server.URL + "/debug/pprof/heap?gc=1"
	if err := host.Download(url, st.profile.file, 20*time.Second); err != nil {
		return err
	}
	m, err := st.live()
	st.profile.stacks = m.stacks
	return err
}

// memory is what a server holds after a collection, in bytes.
type memory struct{ heap, stacks float64 }

// live asks the server, which has PPROF=1, for its memory.
func (st *stage) live() (m memory, err error) {
	file := filepath.Join(kept, "memory.txt")
	if err := host.Download(st.server.URL+"/debug/pprof/heap?gc=1&debug=1", file, 20*time.Second); err != nil {
		return m, err
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return m, err
	}
	return parseMemory(string(data))
}

// parseMemory reads a heap profile in its form for people.
func parseMemory(text string) (m memory, err error) {
	number := func(label string) float64 {
		_, rest, ok := strings.Cut(text, label)
		word, _, _ := strings.Cut(rest, "\n")
		word, _, _ = strings.Cut(word, " ") // "Stack = in use / obtained"
		v, parseErr := strconv.ParseFloat(word, 64)
		if !ok || parseErr != nil {
			err = fmt.Errorf("the heap profile has no figure behind %q", label)
		}
		return v
	}
	m.heap, m.stacks = number("\n# HeapAlloc = "), number("\n# Stack = ")
	return m, err
}

// read has pprof count the file.
func (e *excerpt) read(ctx context.Context) error {
	args := []string{"tool", "pprof", "-top", "-nodecount=100000", "-nodefraction=0"}
	if e.heap {
		args = append(args, "-sample_index=inuse_space", "-unit=B")
	}
	out, err := exec.CommandContext(ctx, "go", append(args, e.file)...).Output()
	if err != nil {
		return fmt.Errorf("go tool pprof: %w", err)
	}
	if e.costs, err = parseTop(string(out)); err == nil && e.heap {
		e.total, err = parseTotal(string(out))
	}
	return err
}

// parseTotal reads the sum of all samples, in bytes, from the head of the table.
func parseTotal(text string) (float64, error) {
	head, _, ok := strings.Cut(text, "B total\n")
	total, err := strconv.ParseFloat(head[strings.LastIndexByte(head, ' ')+1:], 64)
	if !ok || err != nil {
		return 0, errors.New("pprof does not say what all samples are together")
	}
	return total, nil
}

// parseTop reads the table of pprof -top; costs are shares of 1.
func parseTop(text string) (map[string]cost, error) {
	_, table, ok := strings.Cut(text, "flat%")
	if !ok {
		return nil, errors.New("pprof prints no table")
	}
	costs := map[string]cost{}
	for i, line := range slices.Collect(strings.Lines(table)) {
		words := strings.Fields(line)
		if i == 0 || len(words) < 6 { // the rest of the head
			continue
		}
		flat, err := percent(words[1])
		if err != nil {
			return nil, err
		}
		cum, err := percent(words[4])
		if err != nil {
			return nil, err
		}
		name := brief(words[5])
		c := costs[name] // an inlined function has a line besides, and packages may be namesakes
		costs[name] = cost{c.flat + flat, max(c.cum, cum)}
	}
	if len(costs) == 0 {
		return nil, errors.New("the profile is empty")
	}
	return costs, nil
}

func percent(word string) (float64, error) {
	v, err := strconv.ParseFloat(strings.TrimSuffix(word, "%"), 64)
	if err != nil {
		return 0, fmt.Errorf("pprof: %q is no percentage: %w", word, err)
	}
	return v / 100, nil
}

// shown is how many functions an excerpt has of either kind.
const shown = 6

// compare picks the functions that say most about two profiles: the largest by
// themselves, and those whose sum with what they call differs most.
func compare(before, after *excerpt) []string {
	all := map[string]bool{}
	for _, e := range []*excerpt{before, after} {
		for name := range e.costs {
			all[name] = true
		}
	}
	var list []string
	seen := map[[2]float64]bool{} // a chain of calls is shown by one of them
	pick := func(weight func(name string) float64) {
		byWeight := make([]string, 0, len(all))
		for name := range all {
			if !slices.Contains(list, name) && !container(name) {
				byWeight = append(byWeight, name)
			}
		}
		slices.SortFunc(byWeight, func(a, b string) int {
			return cmp.Or(cmp.Compare(weight(b), weight(a)), cmp.Compare(a, b))
		})
		for n := 0; n < shown && len(byWeight) > 0; byWeight = byWeight[1:] {
			sums := [2]float64{before.costs[byWeight[0]].cum, after.costs[byWeight[0]].cum}
			if !seen[sums] {
				seen[sums] = true
				list = append(list, byWeight[0])
				n++
			}
		}
	}
	pick(func(name string) float64 {
		return max(before.costs[name].flat*before.figure, after.costs[name].flat*after.figure)
	})
	pick(func(name string) float64 {
		return math.Abs(before.costs[name].cum*before.figure - after.costs[name].cum*after.figure)
	})
	return list
}

// container tells of functions that only lead to others.
func container(name string) bool {
	switch name {
	case "runtime.goexit", "runtime.mcall", "runtime.systemstack", "runtime.main", "main.main", "runtime.mstart", "runtime.mstart1", "runtime.mstart0", "runtime.morestack":
		return true
	}
	return false
}

// brief is a function's name without the path of its package.
func brief(name string) string {
	if i := strings.LastIndexByte(name, '/'); i >= 0 {
		name = name[i+1:]
	}
	return name
}
