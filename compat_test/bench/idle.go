package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/go-sails/sails/compat_test/bench/host"
	"github.com/go-sails/sails/compat_test/bench/load"
	"github.com/go-sails/sails/compat_test/bench/report"
	"github.com/go-sails/sails/compat_test/internal/program"
)

// pingInterval is that of the servers unless a scene says otherwise.
const pingInterval = 25 * time.Second

// manyClients is how many connections one machine is to hold, for manyIntervals of
// heartbeats, which come more often than by default to keep the run short.
const (
	manyClients   = 100_000
	manyInterval  = 10 * time.Second
	manyIntervals = 3
)

// playMany holds very many connections, heartbeats running.
func (b *bench) playMany() error {
	if b.results.Short {
		return nil
	}
	for _, name := range []string{report.Ours, report.Direct, report.Node} {
		if !b.wants("idle-100k", name) {
			continue
		}
		b.total++
		label := fmt.Sprintf("%s connections for %d heartbeats, %s", thousands(manyClients), manyIntervals, name)
		if err := b.part("idle-100k", label, name, func() error { return b.many(name) }); err != nil {
			return err
		}
	}
	return nil
}

// crowd is as many servers as the limit of files asks for, and as many processes
// that hold their clients.
type crowd struct {
	servers, holders []*program.Program
}

func (b *bench) many(name string) (err error) {
	parts := (manyClients + b.maxClients - 1) / b.maxClients
	each := (manyClients + parts - 1) / parts
	clients := float64(parts * each)
	b.results.Note(fmt.Sprintf("%s connections: %d server processes and as many of clients, since a process may open %s files here (ulimit -n); heartbeats every %.0f s, held for %d of them.",
		thousands(manyClients), parts, thousands(b.maxClients+host.SpareFiles), manyInterval.Seconds(), manyIntervals))
	var c crowd
	defer func() {
		for _, p := range append(c.holders, c.servers...) {
			b.end(p)
		}
	}()
	for range parts {
		p, err := b.start(name, fmt.Sprintf("PING_INTERVAL=%d", manyInterval.Milliseconds()))
		if err != nil {
			return err
		}
		c.servers = append(c.servers, p)
	}
	if err := b.sleep(1500 * time.Millisecond); err != nil {
		return err
	}
	empty, kernel, err := c.memory()
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	for _, s := range c.servers {
		h, err := program.Run(b.cores.OnLoad(program.Spec{
			Path: self, Args: []string{"-hold", fmt.Sprintf("%d,%d", s.Port, each)}, Ready: holding, Limit: holdLimit,
			Env: []string{b.cores.Env()},
		}))
		if err != nil {
			return errors.Join(err, s.Failure())
		}
		c.holders = append(c.holders, h)
	}
	began, before := time.Now(), time.Duration(0)
	if before, err = c.cpu(); err != nil {
		return err
	}
	if err := b.sleep(manyIntervals*manyInterval + time.Second); err != nil {
		return err
	}
	elapsed := time.Since(began)
	after, err := c.cpu()
	if err != nil {
		return err
	}
	full, kernelFull, err := c.memory()
	if err != nil {
		return err
	}
	fault, err := c.fault()
	if err != nil {
		return err
	}
	b.add("idle-100k", name, float64(full-empty)/1024/clients, nil, fault)
	b.add("heartbeat-100k", name, (after-before).Seconds()*1e6/clients/(float64(elapsed)/float64(manyInterval)), nil, fault)
	b.add("kernel-100k", name, float64(kernelFull-kernel)/1024/clients, nil, "")
	return nil
}

// sleep waits unless the run is interrupted.
func (b *bench) sleep(d time.Duration) error {
	limit := time.NewTimer(d)
	defer limit.Stop()
	select {
	case <-limit.C:
		return nil
	case <-b.ctx.Done():
		return load.ErrInterrupted
	}
}

func (c *crowd) cpu() (time.Duration, error) {
	var sum time.Duration
	for _, s := range c.servers {
		d, err := s.CPU()
		if err != nil {
			return 0, err
		}
		sum += d
	}
	return sum, nil
}

// memory returns that of the servers and what the kernel holds for all processes.
func (c *crowd) memory() (servers, kernel int64, err error) {
	for _, s := range c.servers {
		rss, err := s.RSS()
		if err != nil {
			return 0, 0, err
		}
		servers += rss
	}
	kernel, err = kernelMemory()
	return servers, kernel, err
}

// fault ends the holders and says what became of their clients; "" is nothing.
func (c *crowd) fault() (string, error) {
	lost, least := 0, manyIntervals
	for _, h := range c.holders {
		if err := h.Stop(); err != nil {
			return "", err
		}
		_, text, _ := strings.Cut(h.Output(), holding)
		var held held
		if err := json.Unmarshal([]byte(text), &held); err != nil {
			return "", fmt.Errorf("bench: the clients' process says %q: %w", text, err)
		}
		lost += held.Lost
		least = min(least, held.Pings)
	}
	text := lossText(lost)
	if least < manyIntervals {
		if text != "" {
			text += ", "
		}
		text += fmt.Sprintf("a client had only %d of %d heartbeats", least, manyIntervals)
	}
	return text, nil
}

// holdLimit is how long the clients of one process may take to connect.
const holdLimit = 3 * time.Minute

// holding is what a process that holds clients prints when all are connected.
const holding = "holding\n"

// held is what became of them, printed at its end.
type held struct {
	Lost  int `json:"lost"`
	Pings int `json:"pings"` // the smallest number a client has had
}

// hold connects clients to a port, "PORT,NUMBER", and keeps them until SIGTERM.
func hold(what string) error {
	var port, n int
	if _, err := fmt.Sscanf(what, "%d,%d", &port, &n); err != nil {
		return fmt.Errorf("bench: -hold %q: %w", what, err)
	}
	if _, err := host.RaiseFiles(n); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	loop, err := load.NewLoop(ctx)
	if err != nil {
		return err
	}
	defer loop.Close()
	clients, err := loop.Dial(&load.Target{Port: port, Revision: 4, Query: sdk}, n, 64, idleSink{}, holdLimit)
	if err != nil {
		return err
	}
	fmt.Print(holding)
	if err := loop.Run(time.Now().Add(10*time.Minute), nil); err != nil && !errors.Is(err, load.ErrInterrupted) {
		return err
	}
	result := held{Lost: loop.Lost, Pings: clients[0].Pings}
	for _, c := range clients {
		result.Pings = min(result.Pings, c.Pings)
	}
	return json.NewEncoder(os.Stdout).Encode(result)
}
