// Command levers measures what each of our levers does: a patch in the folder undo
// takes one of them out of the code, the plain thing most people would write in its
// place, and both servers are measured in turns under the loads the lever is about.
//
//	go run ./bench/levers                       everything, about 10 minutes; writes docs/levers.md
//	go run ./bench/levers -short                one round with short windows
//	go run ./bench/levers -levers timer-per-session,gc -rounds 5
//
// It is run from the folder compat_test (make bench-levers does it). Nothing in the
// checkout changes: the patched files lie in a temporary folder and replace the
// originals only for the compiler (go build -overlay). Profiles and figures are kept
// in bin/levers; a run of some levers, or a short one, also writes its page there.
//
// A test holds every patch to the code. One that does not fit any more is made anew:
// undo the lever by hand, the smallest way that behaves the same, and keep the
// difference (git diff -U2 >undo/NAME.patch); then restore the code.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/go-sails/sails/compat_test/bench/host"
	"github.com/go-sails/sails/compat_test/bench/load"
	"github.com/go-sails/sails/compat_test/bench/report"
)

func init() {
	runtime.LockOSThread() // children end with the thread that started them
}

func main() {
	if err := command(); err != nil {
		fmt.Fprintln(os.Stderr, "levers:", err)
		os.Exit(1)
	}
}

// kept is the folder of what a run leaves besides its page.
const kept = "bin/levers"

func command() error {
	only := flag.String("levers", "", "comma-separated names; empty is all: "+strings.Join(append(names(), gcName), " "))
	short := flag.Bool("short", false, "one round, short windows")
	rounds := flag.Int("rounds", 3, "how often everything is measured")
	out := flag.String("out", "", "where the page is written, if not to ../docs/levers.md")
	limit := flag.Duration("limit", 6*time.Minute, "no further round begins after this time, builds not counted")
	flag.Parse()
	processors, err := host.Pin()
	if err != nil {
		return err
	}
	debug.SetGCPercent(400)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	r := &run{ctx: ctx, processors: processors, began: time.Now(), limit: *limit, rounds: *rounds}
	r.warm, r.window, r.rest = 300*time.Millisecond, 700*time.Millisecond, 2500*time.Millisecond
	if *short {
		r.rounds, r.warm, r.window, r.rest = 1, 150*time.Millisecond, 300*time.Millisecond, time.Second
	}
	if r.levers, r.gc, err = choose(*only); err != nil {
		return err
	}
	page := *out
	switch {
	case page != "":
	case *only == "" && !*short:
		page = "../docs/levers.md"
	default:
		page = filepath.Join(kept, "levers.md")
	}
	if err := os.MkdirAll(kept, 0o755); err != nil {
		return err
	}
	if r.clients, err = host.RaiseFiles(idleClients); err != nil {
		return err
	}
	r.clients = min(r.clients, idleClients)
	machine, err := host.Describe(processors)
	if err != nil {
		return err
	}
	r.results = &report.Results{Date: time.Now().UTC().Format(time.DateOnly), Short: *short, Machine: machine, Rows: newRows()}
	if err := r.measure(); err != nil {
		return err
	}
	if err := r.results.Save(filepath.Join(kept, "results.json")); err != nil {
		return err
	}
	text := r.page()
	if _, err := io.WriteString(os.Stdout, text); err != nil {
		return err
	}
	if err := os.WriteFile(page, []byte(text), 0o644); err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "levers: %v, %d rounds; written to %s\n", time.Since(r.began).Round(time.Second), r.results.Rounds, page)
	if len(r.broken) > 0 {
		return errors.New("some measurements failed:\n  " + strings.Join(r.broken, "\n  "))
	}
	return nil
}

// spare is more than a round and the profiles take beyond the limit.
const spare = 5 * time.Minute

// measure builds the servers, measures them in rounds and takes the profiles.
func (r *run) measure() (err error) {
	dir, err := os.MkdirTemp("", "levers")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	root, err := filepath.Abs("..")
	if err != nil {
		return err
	}
	if err := r.build(root, dir); err != nil {
		return interrupted(err)
	}
	var cancel context.CancelFunc
	r.ctx, cancel = context.WithTimeout(r.ctx, r.limit+spare)
	defer cancel()
	built := time.Now()
	for round := range r.rounds {
		if round > 0 && time.Since(built) > r.limit {
			break
		}
		if err := r.round(round); err != nil {
			return interrupted(err)
		}
		r.results.Rounds = round + 1
	}
	return interrupted(r.profiles())
}

func interrupted(err error) error {
	if errors.Is(err, load.ErrInterrupted) {
		return errors.New("interrupted, or out of time; nothing was written")
	}
	return err
}

// choose selects levers by name.
func choose(only string) (list []*lever, gc bool, err error) {
	if only == "" {
		return levers, true, nil
	}
	for name := range strings.SplitSeq(only, ",") {
		if name == gcName {
			gc = true
			continue
		}
		i := slices.IndexFunc(levers, func(l *lever) bool { return l.name == name })
		if i < 0 {
			return nil, false, fmt.Errorf("no lever %q", name)
		}
		list = append(list, levers[i])
	}
	return list, gc, nil
}
