package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/go-sails/sails/compat_test/bench/report"
)

func TestParseTop(t *testing.T) {
	costs, err := parseTop(`File: bench
Type: cpu
Showing nodes accounting for 2s, 100% of 2s total
      flat  flat%   sum%        cum   cum%
     1.20s 60.00% 60.00%      1.30s 65.00%  internal/runtime/syscall/linux.Syscall6
     0.20s 10.00% 70.00%      0.60s 30.00%  github.com/go-sails/sails/socketio.(*conn).message
     0.10s  5.00% 75.00%      0.10s  5.00%  sync.(*Mutex).Lock
     0.10s  5.00% 80.00%      0.40s 20.00%  sync.(*Mutex).Lock (inline)
`)
	if err != nil {
		t.Fatal(err)
	}
	if c := costs["sync.(*Mutex).Lock"]; c.flat != 0.1 || c.cum != 0.2 {
		t.Errorf("a function with an inlined part: %+v", c)
	}
	if c := costs["socketio.(*conn).message"]; c.flat != 0.1 || c.cum != 0.3 || len(costs) != 3 {
		t.Errorf("%+v of %d", c, len(costs))
	}
	for _, text := range []string{"", "flat%\n", "flat%\n 1s x% 1% 1s 1% f\n"} {
		if _, err := parseTop(text); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
}

func TestParseMemory(t *testing.T) {
	m, err := parseMemory("1: 2 [3: 4] @ 0x1\n\n# runtime.MemStats\n# HeapAlloc = 123456\n# Stack = 2048 / 4096\n# NumGC = 1\n")
	if want := (memory{heap: 123456, stacks: 2048}); err != nil || m != want {
		t.Errorf("%+v, %v", m, err)
	}
	if _, err := parseMemory("heap profile: 3: 4096 [9: 9000] @ heap/524288\n"); err == nil {
		t.Error("a profile without figures is taken")
	}
	if total, err := parseTotal("Type: inuse_space\nShowing nodes accounting for 54B, 87.26% of 62072130B total\n"); err != nil || total != 62072130 {
		t.Errorf("%v, %v", total, err)
	}
	if _, err := parseTotal("Type: inuse_space\n"); err == nil {
		t.Error("a table without a sum is taken")
	}
}

// What is slow by itself comes first, then what differs most; a chain of calls is
// shown by one of them.
func TestCompare(t *testing.T) {
	before := &excerpt{figure: 10, costs: map[string]cost{
		"write": {0.5, 0.5}, "alloc": {0.3, 0.3}, "a/b.outer": {0, 0.4}, "a/b.inner": {0, 0.4}, "runtime.goexit": {0, 1},
	}}
	after := &excerpt{figure: 5, costs: map[string]cost{
		"write": {0.9, 0.9}, "a/b.outer": {0, 0.1}, "a/b.inner": {0, 0.1}, "runtime.goexit": {0, 1},
	}}
	if got := compare(before, after); !slices.Equal(got, []string{"write", "alloc", "a/b.inner"}) {
		t.Errorf("%v", got)
	}
}

// The page has a table for each lever, with figures of both servers, their noise and
// what went wrong.
func TestPage(t *testing.T) {
	list, gc, err := choose("timer-per-session,net-http-in-front,gc")
	if err != nil {
		t.Fatal(err)
	}
	r := &run{levers: list, gc: gc, clients: idleClients, results: &report.Results{Rounds: 2, Rows: newRows()}}
	r.add("heartbeat", "timer-per-session", 6, "")
	r.add("heartbeat", "timer-per-session", 8, "")
	r.add("heartbeat", now, 3.5, "2 connections dropped")
	r.add("polling", now, 50, "")
	r.add("polling", direct, 25, "")
	r.add("echo-4", "GOGC=400", 1.5, "")
	page := r.page()
	for _, want := range []string{
		"| heartbeat, 10,000 clients, one every 1.5 s each | 7.00 ± 14 % | 3.50 (2 connections dropped) | 0.50 |",
		"| polling echo, 100 clients | 50.0 | 25.0 | 0.50 |",
		"`timer-per-session.patch`", "decisions/0004-one-coarse-wheel.md", "| GOGC=400 | 1.50 |",
		"](#heartbeats-share-one-coarse-wheel)",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q:\n%s", want, page)
		}
	}
}
