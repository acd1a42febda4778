package main

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/go-sails/sails/compat_test/bench/load"
	"github.com/go-sails/sails/compat_test/bench/report"
	"github.com/go-sails/sails/compat_test/internal/program"
)

// scene is one kind of load on one fresh server. It may fill several rows.
type scene struct {
	name     string
	revision int
	servers  []string
	sessions bool
	env      []string // of the server, besides
	rounds   int      // at most
	long     bool     // not in the short form
	play     func(st *stage) error
}

// stage is where a scene plays.
type stage struct {
	b        *bench
	scene    string
	profiled int // profiles taken
	server   *program.Program
	name     string
	revision int
	target   *load.Target
	loop     *load.Loop
	empty    int64 // RSS before any connection
}

func allScenes() []*scene {
	sockets := []string{report.Ours, report.Direct, report.Node, report.Zishang, report.Karagenc, report.Floor}
	virtual := []string{report.Ours, report.Direct, report.NodeSails, report.Node, report.Zishang, report.Karagenc, report.Floor}
	sails := []string{report.Ours, report.Direct, report.NodeSails}
	idle := []string{report.NodeSails, report.Ours, report.Direct, report.Node, report.Zishang, report.Karagenc, report.Floor}
	return []*scene{
		{name: "echo", revision: 4, servers: sockets, rounds: 9, play: playEcho},
		{name: "rooms", revision: 4, servers: sockets, rounds: 9, play: playRooms},
		{name: "polling", revision: 4, servers: sockets, rounds: 9, play: playPolling},
		{name: "virtual", revision: 4, servers: virtual, rounds: 9, play: playVirtual("virtual")},
		{name: "virtual-sessions", revision: 4, servers: sails, sessions: true, rounds: 9, play: playVirtual("virtual-sessions")},
		{name: "broadcast-1000", revision: 4, servers: sockets, rounds: 9, play: playFan(1000)},
		{name: "broadcast-10000", revision: 4, servers: sockets, rounds: 2, long: true, play: playFan(10_000)},
		{name: "connect", revision: 4, servers: idle, rounds: 2, play: playConnect},
		{name: "echo", revision: 3, servers: sockets, rounds: 9, play: playEcho},
		{name: "rooms", revision: 3, servers: sockets, rounds: 2, long: true, play: playRooms},
		{name: "polling", revision: 3, servers: sockets, rounds: 2, long: true, play: playPolling},
		{name: "virtual", revision: 3, servers: virtual, rounds: 2, play: playVirtual("virtual")},
		{name: "virtual-sessions", revision: 3, servers: sails, sessions: true, rounds: 2, play: playVirtual("virtual-sessions")},
		{name: "broadcast-1000", revision: 3, servers: sockets, rounds: 2, long: true, play: playFan(1000)},
		{name: "broadcast-10000", revision: 3, servers: sockets, rounds: 1, long: true, play: playFan(10_000)},
		{name: "connect", revision: 3, servers: idle, rounds: 1, long: true, play: playConnect},
	}
}

// sdk is what sails.io.js says about itself; Sails wants to know.
const sdk = "&__sails_io_sdk_version=1.2.1&__sails_io_sdk_platform=browser&__sails_io_sdk_language=javascript"

// echoData is a small object, its keys in order so that every encoder agrees.
const echoData = `{"count":17,"text":"thirty-two bytes of text, no more"}`

func (st *stage) window() load.Window {
	st.profile("profile", st.b.warm+st.b.measure)
	return load.Window{Warm: st.b.warm, Measure: st.b.measure, CPU: st.server.CPU}
}

// dial connects WebSocket clients.
func (st *stage) dial(n int) ([]*load.Client, error) {
	return st.loop.Dial(st.target, n, 64, idleSink{}, 2*time.Minute)
}

type idleSink struct{}

func (idleSink) Message(*load.Client, []byte) {}

func playEcho(st *stage) error {
	clients, err := st.dial(200)
	if err != nil {
		return err
	}
	for _, outstanding := range []int{1, 4} {
		s, err := st.loop.Closed(clients, load.Echo(echoData), outstanding, st.window())
		if err != nil {
			return err
		}
		st.record(rowID(fmt.Sprintf("echo-%d", outstanding), st.revision), s)
	}
	return nil
}

func playRooms(st *stage) error {
	clients, err := st.dial(200)
	if err != nil {
		return err
	}
	for row, outstanding := range map[string]int{"rooms": 2, "rooms-1": 1} {
		s, err := st.loop.Closed(clients, load.Rooms(), outstanding, st.window())
		if err != nil {
			return err
		}
		st.record(rowID(row, st.revision), s)
	}
	return nil
}

func playPolling(st *stage) error {
	pollers, err := st.loop.DialPolling(st.target, 100, time.Minute)
	if err != nil {
		return err
	}
	s, err := st.loop.ClosedPolling(pollers, load.Echo(echoData), st.window())
	if err != nil {
		return err
	}
	st.record(rowID("polling", st.revision), s)
	return nil
}

func playVirtual(row string) func(*stage) error {
	return func(st *stage) error {
		clients, err := st.dial(200)
		if err != nil {
			return err
		}
		w := st.window()
		if st.name == report.NodeSails { // it answers 800 requests in a burst
			w.Warm, w.MinOps = 2*w.Warm, 8000
		}
		s, err := st.loop.Closed(clients, load.Virtual(), 4, w)
		if err != nil {
			return err
		}
		st.record(rowID(row, st.revision), s)
		return nil
	}
}

// fan connects a sender and members who have joined.
func (st *stage) fan(members int) (*load.Broadcasts, error) {
	clients, err := st.dial(members + 1)
	if err != nil {
		return nil, err
	}
	if err := st.loop.JoinRoom(clients[1:], "room"); err != nil {
		return nil, err
	}
	return &load.Broadcasts{Sender: clients[0], Members: clients[1:], Room: "room"}, nil
}

func playFan(members int) func(*stage) error {
	return func(st *stage) error {
		b, err := st.fan(members)
		if err != nil {
			return err
		}
		for _, b.Size = range []int{100, 2048} {
			for _, inFlight := range []int{1, 4} {
				s, err := st.loop.Fan(b, inFlight, st.window())
				if err != nil {
					return err
				}
				st.record(rowID(fanID(members, b.Size, inFlight), st.revision), s)
			}
		}
		return nil
	}
}

func playConnect(st *stage) error {
	n := st.b.idleClients
	_, err := st.connectIdle(n, rowID("connect", st.revision), rowID("idle", st.revision))
	return err
}

// connectIdle connects n clients, lets them rest and records what both cost.
func (st *stage) connectIdle(n int, connectRow, idleRow string) ([]*load.Client, error) {
	// A server in use has been up for a while: nothing in it takes its own start for
	// a recent event.
	if err := st.loop.Run(time.Now().Add(1500*time.Millisecond), nil); err != nil {
		return nil, err
	}
	before, err := st.server.CPU()
	if err != nil {
		return nil, err
	}
	began := time.Now()
	st.profile("profile", time.Second)
	clients, err := st.dial(n)
	if err != nil {
		return nil, err
	}
	after, err := st.server.CPU()
	if err != nil {
		return nil, err
	}
	if connectRow != "" {
		st.record(connectRow, &load.Sample{Ops: int64(n), CPU: after - before, Elapsed: time.Since(began)})
	}
	if err := st.loop.Run(time.Now().Add(st.b.rest), load.KeepAlive(clients, pingInterval)); err != nil {
		return nil, err
	}
	st.profile("heap", 0)
	rss, err := st.server.RSS()
	if err != nil {
		return nil, err
	}
	st.b.add(idleRow, st.name, float64(rss-st.empty)/1024/float64(n), nil, lossText(st.loop.Lost))
	return clients, nil
}

func lossText(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("%d connections dropped", n)
}

// record keeps a sample's CPU time per operation.
func (st *stage) record(row string, s *load.Sample) {
	if s.Ops == 0 {
		st.b.fail(fmt.Sprintf("%s, %s: nothing was done (%s)", row, st.name, s.Faults()), st.name)
		return
	}
	st.b.add(row, st.name, s.PerOp().Seconds()*1e6, s, s.Faults())
}

// cookies asks Sails for n session cookies, as sails.io.js does before it connects.
func cookies(port, n int) ([]string, error) {
	client := &http.Client{Timeout: 5 * time.Second}
	defer client.CloseIdleConnections()
	var list []string
	for range n {
		res, err := client.Get(fmt.Sprintf("http://127.0.0.1:%d/__getcookie", port))
		if err != nil {
			return nil, err
		}
		_, _ = io.Copy(io.Discard, res.Body)
		res.Body.Close()
		set := res.Header.Get("Set-Cookie")
		if set == "" {
			return nil, errors.New("bench: /__getcookie sets no cookie")
		}
		value, _, _ := strings.Cut(set, ";")
		list = append(list, value)
	}
	return list, nil
}
