package main

import (
	"bufio"
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-sails/sails/compat_test/bench/host"
	"github.com/go-sails/sails/compat_test/bench/load"
	"github.com/go-sails/sails/compat_test/bench/report"
	"github.com/go-sails/sails/compat_test/internal/program"
)

// playLocks shows who waits for whom in our server when all processors are its own
// to use: echoes, joins and broadcasts at once.
func (b *bench) playLocks() error {
	if b.results.Short || !b.wants("locks", report.Ours) {
		return nil
	}
	b.total++
	return b.part("locks", "mutex profile, "+report.Ours, report.Ours, b.locks)
}

const lockedPlaces = 8

func (b *bench) locks() error {
	s := b.servers[report.Ours]
	srv, err := program.Run(b.cores.OnBoth(program.Spec{Path: s.path(), Env: []string{"PPROF=1"}}))
	if err != nil {
		return err
	}
	defer b.end(srv)
	loop, err := load.NewLoop(b.ctx)
	if err != nil {
		return err
	}
	defer loop.Close()
	target := &load.Target{Port: srv.Port, Revision: 4, Query: sdk}
	clients, err := loop.Dial(target, 400, 64, idleSink{}, time.Minute)
	if err != nil {
		return err
	}
	began := time.Now()
	for range 3 {
		w := load.Window{Measure: b.measure, CPU: srv.CPU}
		if _, err := loop.Closed(clients[:200], load.Echo(echoData), 4, w); err != nil {
			return err
		}
		if _, err := loop.Closed(clients[:200], load.Rooms(), 2, w); err != nil {
			return err
		}
		if err := loop.JoinRoom(clients[200:399], "room"); err != nil {
			return err
		}
		if _, err := loop.Fan(&load.Broadcasts{Sender: clients[399], Members: clients[200:399], Room: "room", Size: 100}, 4, w); err != nil {
			return err
		}
	}
	elapsed := time.Since(began)
	dir, err := os.MkdirTemp("", "bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "mutex")
	if err := host.Download(srv.URL+"/debug/pprof/mutex", path, 10*time.Second); err != nil {
		return err
	}
	c, err := contention(s.args[0], path)
	if err != nil {
		return err
	}
	c.Load = "Echoes by 200 clients × 4, joins and leaves × 2, broadcasts to 199 members × 4, one after the other"
	c.Seconds, c.Cores = elapsed.Seconds(), min(max(b.cores.Allowed, 1), 2)
	b.results.Locks = c
	return nil
}

// The first line of a stack in go tool pprof -traces: a value and the innermost function.
var traceLine = regexp.MustCompile(`^\s*([\d.]+)(ns|us|ms|s|mins|hrs)\s+(\S.*)$`)

// wrapper is what the compiler adds to the name of a function that defers or starts another.
var wrapper = regexp.MustCompile(`\.(deferwrap|gowrap)\d+$`)

var units = map[string]float64{"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1, "mins": 60, "hrs": 3600}

// contention reads a mutex profile through go tool pprof.
func contention(binary, profile string) (*report.Contention, error) {
	out, err := exec.Command("go", "tool", "pprof", "-traces", binary, profile).Output()
	if err != nil {
		return nil, fmt.Errorf("bench: go tool pprof: %w", err)
	}
	return parseTraces(string(out))
}

// parseTraces gives the time others waited to the innermost of our own functions that
// held the lock.
func parseTraces(out string) (*report.Contention, error) {
	c := new(report.Contention)
	waited := map[string]float64{}
	value, found := 0.0, true
	lines := bufio.NewScanner(strings.NewReader(out))
	for lines.Scan() {
		function := strings.TrimSpace(lines.Text())
		if m := traceLine.FindStringSubmatch(lines.Text()); m != nil {
			n, err := strconv.ParseFloat(m[1], 64)
			if err != nil {
				return nil, err
			}
			value, function, found = n*units[m[2]], m[3], false
			c.Waited += value
		}
		if name, ours := strings.CutPrefix(function, "github.com/go-sails/sails/"); ours && !found {
			found = true
			waited[wrapper.ReplaceAllString(name, "")] += value
		}
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	for name, seconds := range waited {
		c.Places = append(c.Places, report.LockedPlace{Function: name, Seconds: seconds})
	}
	slices.SortFunc(c.Places, func(x, y report.LockedPlace) int { return cmp.Compare(y.Seconds, x.Seconds) })
	c.Places = c.Places[:min(len(c.Places), lockedPlaces)]
	return c, nil
}
