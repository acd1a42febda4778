// Command bench measures our bench server beside its peers and writes the report.
//
//	go run ./bench                 everything, about 25 minutes
//	go run ./bench -short          about 4 minutes, fewer rounds and rows
//	go run ./bench -scenes echo -servers go-sails,node -rounds 1 -out ""
//	go run ./bench -scenes echo,rooms -merge     only these anew, the rest as it was
//
// It is run from the folder compat_test with the servers built (make bench does
// both). Each server runs alone, on a processor of its own, and is driven over
// loopback from another. The processes it starts end with it. First everything is
// measured once, then in further rounds, which an interrupt ends early.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
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
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run() error {
	short := flag.Bool("short", false, "a few minutes instead of the whole")
	rounds := flag.Int("rounds", 3, "how often everything is measured")
	only := flag.String("servers", "", "comma-separated names of servers; empty is all")
	scenes := flag.String("scenes", "", "comma-separated names of scenes; empty is all: "+strings.Join(sceneNames(), " "))
	out := flag.String("out", docs, "folder for benchmarks.md and charts; empty writes nothing")
	data := flag.String("data", "bench/results.json", "where the figures are kept for other programs; written with the report")
	merge := flag.Bool("merge", false, "keep the figures of earlier runs where nothing is measured now")
	render := flag.Bool("render", false, "only write the report again from the figures kept")
	profiles := flag.String("profiles", "", "folder to write pprof profiles of each measurement to; figures are higher meanwhile")
	holdFlag := flag.String("hold", "", "only connect clients, PORT,NUMBER, and hold them (what the run itself starts)")
	limit := flag.Duration("limit", 22*time.Minute, "no further round begins after this time")
	window := flag.Duration("window", 0, "how long each measurement lasts, if not as usual")
	flag.Parse()
	if *holdFlag != "" {
		debug.SetGCPercent(400)
		return hold(*holdFlag)
	}
	if *render {
		results, err := report.Load(*data)
		if err != nil {
			return err
		}
		return publish(results, *out, "")
	}
	c, err := host.Pin()
	if err != nil {
		return err
	}
	debug.SetGCPercent(400)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()

	b := &bench{
		ctx: ctx, cores: c, began: time.Now(), only: list(*only), scenes: list(*scenes),
		missing: map[string]bool{}, spent: map[string]time.Duration{},
	}
	root, err := os.Getwd()
	if err != nil {
		return err
	}
	b.servers = servers(root)
	b.warm, b.measure, b.rest, b.idleClients = 400*time.Millisecond, 1100*time.Millisecond, 4*time.Second, 10_000
	b.limit = *limit
	if *short {
		*rounds = 1
		b.warm, b.measure, b.rest, b.idleClients = 200*time.Millisecond, 600*time.Millisecond, 2500*time.Millisecond, 10_000
	}
	b.profiles = *profiles
	if *window > 0 {
		b.measure = *window
	}
	if b.maxClients, err = host.RaiseFiles(manyClients); err != nil {
		return err
	}
	b.idleClients = min(b.idleClients, b.maxClients)
	b.results = &report.Results{Date: time.Now().UTC().Format(time.DateOnly), Rounds: *rounds, Short: *short, Rows: newRows()}
	if b.results.Machine, err = host.Describe(c); err != nil {
		return err
	}
	if *merge {
		old, err := report.Load(*data)
		if err != nil {
			return err
		}
		b.keep(old)
	}
	b.findServers(*merge)
	if err := b.measureAll(*rounds); err != nil {
		return err
	}
	if len(b.disturbance) > 0 {
		b.results.Disturbance = report.Median(b.disturbance)
	}
	b.results.Rows = withoutEmpty(b.results.Rows)
	if err := publish(b.results, *out, *data); err != nil {
		return err
	}
	if len(b.broken) > 0 {
		return errors.New("some measurements failed:\n  " + strings.Join(b.broken, "\n  "))
	}
	return nil
}

// findServers notes the versions of what is measured; what is not installed is left
// out and named.
func (b *bench) findServers(all bool) {
	for _, name := range append(slices.Clone(report.Servers), report.Records) {
		if b.only != nil && !slices.Contains(b.only, name) && !all {
			continue
		}
		text, err := b.servers[name].version()
		if err != nil {
			b.missing[name] = true
			b.fail(fmt.Sprintf("%s: %v", name, err), name)
			continue
		}
		b.results.Versions = append(b.results.Versions, report.Version{Server: name, Text: text})
	}
}

// measureAll runs everything the command line selects.
func (b *bench) measureAll(rounds int) error {
	scenes := allScenes()
	err := b.play(scenes, 0, min(rounds, 1))
	further := func() error {
		err := b.play(scenes, 1, rounds)
		if errors.Is(err, load.ErrInterrupted) { // everything has been measured once
			b.results.Note("Rounds were interrupted: some rows have fewer samples than others.")
			return nil
		}
		return err
	}
	for _, step := range []func() error{b.playLatency, b.playClusters, b.playRecords, b.playMany, b.playCurves, b.playLocks, further} {
		if err == nil {
			err = step()
		}
	}
	b.account()
	if errors.Is(err, load.ErrInterrupted) {
		return errors.New("interrupted; nothing was written")
	}
	return err
}

// docs is where the report is, unless the command line says otherwise; with it, the
// summary in README.md is renewed.
const docs = "../docs"

func publish(results *report.Results, out, data string) error {
	report.Table(os.Stdout, results)
	if out == "" {
		return nil
	}
	if data != "" {
		if err := results.Save(data); err != nil {
			return err
		}
	}
	if err := results.WriteCharts(filepath.Join(out, "charts")); err != nil {
		return err
	}
	if err := results.WriteCapacity(filepath.Join(out, "capacity.md")); err != nil {
		return err
	}
	if out == docs {
		if err := results.WriteSummary("../README.md"); err != nil {
			return err
		}
	}
	return results.WritePage(filepath.Join(out, "benchmarks.md"))
}

func list(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, ",")
}
