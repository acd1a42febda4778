package main

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/go-sails/sails/compat_test/bench/load"
	"github.com/go-sails/sails/compat_test/internal/program"
)

// scene is one kind of load on one fresh server. It fills several rows.
type scene struct {
	name   string
	rows   []string
	env    []string // of the server, besides
	rounds int      // at most
	play   func(st *stage) error
}

// scenes are played in this order. Memory moves less than processor time and takes
// longer to measure.
var scenes = []*scene{
	{name: "echo", rows: []string{"echo-1", "echo-4"}, rounds: 9, play: playEcho},
	{name: "broadcast", rows: []string{"fan-1", "fan-4", "fan-2k-4"}, rounds: 9, play: playFan},
	{name: "rooms", rows: []string{"rooms"}, rounds: 9, play: playRooms},
	{name: "polling", rows: []string{"polling"}, rounds: 9, play: playPolling},
	{name: "virtual", rows: []string{"virtual", "virtual-rss"}, rounds: 9, play: playVirtual},
	{name: "heartbeat", rows: []string{"heartbeat"}, env: []string{fmt.Sprintf("PING_INTERVAL=%d", beat.Milliseconds())}, rounds: 9, play: playHeartbeat},
	{name: "idle", rows: []string{"connect", "idle"}, rounds: 2, play: playIdle},
	{name: "memberships", rows: []string{"membership"}, env: []string{"PPROF=1"}, rounds: 2, play: playMemberships},
}

// sceneOf is the one that fills a row.
func sceneOf(row string) *scene {
	i := slices.IndexFunc(scenes, func(s *scene) bool { return slices.Contains(s.rows, row) })
	if i < 0 {
		return nil
	}
	return scenes[i]
}

// stage is where a scene plays.
type stage struct {
	*run
	variant *variant
	rows    map[string]bool // that are measured
	profile *excerpt        // what is profiled meanwhile; nil is nothing
	server  *program.Program
	target  *load.Target
	loop    *load.Loop
	empty   int64 // RSS before any connection
}

const (
	idleClients = 10_000
	// beat is the time between two heartbeats where those are measured: longer than a
	// reader takes to be idle.
	beat = 1500 * time.Millisecond
	// echoData is a small object, its keys in order so that every encoder agrees.
	echoData = `{"count":17,"text":"thirty-two bytes of text, no more"}`
)

type idleSink struct{}

func (idleSink) Message(*load.Client, []byte) {}

func (st *stage) dial(n int) ([]*load.Client, error) {
	return st.loop.Dial(st.target, n, 64, idleSink{}, time.Minute)
}

// closed measures a row with a closed loop, unless nobody asks for it.
func (st *stage) closed(row string, do func(w load.Window) (*load.Sample, error)) error {
	if !st.rows[row] {
		return nil
	}
	w := load.Window{Warm: st.warm, Measure: st.window, CPU: st.server.CPU}
	if st.profile != nil {
		w.Measure = profileWindow
		st.profileCPU(w.Warm, w.Measure)
	}
	s, err := do(w)
	if err != nil {
		return err
	}
	if s.Ops == 0 {
		return fmt.Errorf("%s: nothing was done (%s)", row, s.Faults())
	}
	st.record(row, s.PerOp().Seconds()*1e6, s.Faults())
	return nil
}

// record keeps a figure, with the profile while there is one.
func (st *stage) record(row string, value float64, faults string) {
	if st.profile != nil {
		st.profile.figure = value
		return
	}
	st.add(row, st.variant.name, value, faults)
}

func playEcho(st *stage) error {
	clients, err := st.dial(200)
	if err != nil {
		return err
	}
	for _, outstanding := range []int{1, 4} {
		err := st.closed(fmt.Sprintf("echo-%d", outstanding), func(w load.Window) (*load.Sample, error) {
			return st.loop.Closed(clients, load.Echo(echoData), outstanding, w)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func playFan(st *stage) error {
	clients, err := st.dial(1001)
	if err != nil {
		return err
	}
	if err := st.loop.JoinRoom(clients[1:], "room"); err != nil {
		return err
	}
	b := &load.Broadcasts{Sender: clients[0], Members: clients[1:], Room: "room"}
	for _, k := range []struct {
		row            string
		size, inFlight int
	}{{"fan-1", 100, 1}, {"fan-4", 100, 4}, {"fan-2k-4", 2048, 4}} {
		err := st.closed(k.row, func(w load.Window) (*load.Sample, error) {
			b.Size = k.size
			return st.loop.Fan(b, k.inFlight, w)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func playRooms(st *stage) error {
	clients, err := st.dial(200)
	if err != nil {
		return err
	}
	return st.closed("rooms", func(w load.Window) (*load.Sample, error) { return st.loop.Closed(clients, load.Rooms(), 2, w) })
}

func playPolling(st *stage) error {
	pollers, err := st.loop.DialPolling(st.target, 100, time.Minute)
	if err != nil {
		return err
	}
	return st.closed("polling", func(w load.Window) (*load.Sample, error) {
		return st.loop.ClosedPolling(pollers, load.Echo(echoData), w)
	})
}

func playVirtual(st *stage) error {
	clients, err := st.dial(200)
	if err != nil {
		return err
	}
	err = st.closed("virtual", func(w load.Window) (*load.Sample, error) { return st.loop.Closed(clients, load.Virtual(), 4, w) })
	if err != nil || !st.rows["virtual-rss"] {
		return err
	}
	rss, err := st.server.RSS()
	st.record("virtual-rss", float64(rss)/(1<<20), "")
	return err
}

func playHeartbeat(st *stage) error {
	clients, err := st.dial(st.clients)
	if err != nil {
		return err
	}
	pings := func() (n int) {
		for _, c := range clients {
			n += c.Pings
		}
		return n
	}
	if err := st.loop.Run(time.Now().Add(2*beat), nil); err != nil { // all have had one
		return err
	}
	span := 2 * beat
	if st.profile != nil {
		span = 6 * beat // a server that only heartbeats does little
		st.profileCPU(0, span)
	}
	before, had := time.Duration(0), pings()
	if before, err = st.server.CPU(); err != nil {
		return err
	}
	if err := st.loop.Run(time.Now().Add(span), nil); err != nil {
		return err
	}
	after, err := st.server.CPU()
	if err != nil {
		return err
	}
	n := pings() - had
	if n == 0 {
		return errors.New("no client had a heartbeat")
	}
	st.record("heartbeat", (after-before).Seconds()*1e6/float64(n), st.lost())
	return nil
}

func (st *stage) lost() string {
	if st.loop.Lost == 0 {
		return ""
	}
	return fmt.Sprintf("%d connections dropped", st.loop.Lost)
}

func playIdle(st *stage) error {
	// A server in use has been up for a while: nothing in it takes its own start for a
	// recent event.
	if err := st.loop.Run(time.Now().Add(1500*time.Millisecond), nil); err != nil {
		return err
	}
	before, err := st.server.CPU()
	if err != nil {
		return err
	}
	if _, err := st.dial(st.clients); err != nil {
		return err
	}
	after, err := st.server.CPU()
	if err != nil {
		return err
	}
	if st.rows["connect"] {
		st.record("connect", (after-before).Seconds()*1e6/float64(st.clients), "")
	}
	if err := st.loop.Run(time.Now().Add(st.rest), nil); err != nil {
		return err
	}
	rss, err := st.server.RSS()
	if err != nil {
		return err
	}
	if st.rows["idle"] {
		st.record("idle", float64(rss-st.empty)/1024/float64(st.clients), st.lost())
	}
	if st.profile != nil {
		return st.profileHeap()
	}
	return nil
}

func playMemberships(st *stage) error {
	const connections, rooms = 4000, 20
	clients, err := st.dial(connections)
	if err != nil {
		return err
	}
	before, err := st.live()
	if err != nil {
		return err
	}
	// Rooms of ten members, as chats have.
	err = st.loop.Join(clients, func(client, i int) string { return fmt.Sprintf("room-%d-%d", client/10, i) }, rooms)
	if err != nil {
		return err
	}
	after, err := st.live()
	if err != nil {
		return err
	}
	st.record("membership", (after.heap-before.heap)/(connections*rooms), st.lost())
	return nil
}
