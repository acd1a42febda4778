package socketio_test

import (
	"context"
	"encoding/json"
	"errors"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-sails/sails/engineio/engineiotest"
	"github.com/go-sails/sails/socketio"
	"github.com/go-sails/sails/socketio/adaptertest"
)

// peer adds a server to a cluster.
func peer(t *testing.T, a socketio.Adapter) *rig {
	t.Helper()
	r := newRig(t, socketio.Config{Adapter: a})
	must(t, r.io.Ready(context.Background()))
	return r
}

// pulse is a bus adapter whose medium cannot count.
type pulse struct{ *adaptertest.BusAdapter }

func (pulse) Heartbeat() (time.Duration, time.Duration) { return 5 * time.Second, 10 * time.Second }

func (pulse) ServerCount(context.Context, string) (int, error) {
	return 0, errors.New("must not be called")
}

// Reliability 6: a node that says nothing is waited for as long as the deadline
// allows; what arrived comes with what is missing.
func TestCluster_Partition(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var bus adaptertest.Bus
		cutOff := bus.Adapter()
		a, b, c := peer(t, bus.Adapter()), peer(t, bus.Adapter()), peer(t, cutOff)
		ca, cb, cc := a.join(), b.join(), c.join()
		cutOff.Cut(true)
		start := time.Now()
		list, err := a.io.Of("/").FetchSockets(context.Background())
		var partial *socketio.PartialError
		if len(list) != 2 || !errors.As(err, &partial) || partial.Expected != 2 || partial.Received != 1 || time.Since(start) != 5*time.Second {
			t.Fatalf("%d sockets, %v after %v", len(list), err, time.Since(start))
		}
		b.io.Of("/").OnServerSide("q", func(context.Context, socketio.Args) (any, error) { return "b", nil })
		answers, err := a.io.Of("/").ServerSideEmitAck(context.Background(), "q")
		if len(answers) != 1 || answers[0].String() != `"b"` || !errors.As(err, &partial) || !errors.Is(err, socketio.ErrAckTimeout) {
			t.Fatalf("%v, %v", answers, err)
		}
		got := make(chan error, 1)
		go func() {
			list, err := a.io.Of("/").EmitAck(context.Background(), "q")
			if len(list) != 2 {
				t.Errorf("%d answers", len(list))
			}
			got <- err
		}()
		ca.expect(`20["q"]`)
		cb.expect(`20["q"]`)
		ca.send("30[]")
		cb.send("30[]")
		if err := await(t, got); !errors.As(err, &partial) {
			t.Error(err)
		}
		cutOff.Cut(false)
		list, err = a.io.Of("/").FetchSockets(context.Background())
		if len(list) != 3 || err != nil {
			t.Errorf("%d sockets, %v", len(list), err)
		}
		cc.send("1")
	})
}

// Reliability 4: peers are told apart by heartbeats; a silent one is forgotten.
func TestCluster_Heartbeat(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var bus adaptertest.Bus
		cutOff := bus.Adapter()
		a, b, c := peer(t, pulse{bus.Adapter()}), peer(t, pulse{bus.Adapter()}), peer(t, pulse{cutOff})
		<-time.After(6 * time.Second)
		count := func(r *rig) int {
			n, err := r.io.Of("/").ServerCount(context.Background())
			must(t, err)
			return n
		}
		for _, r := range []*rig{a, b, c} {
			equal(t, count(r), 3)
		}
		cutOff.Cut(true)
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_, err := a.io.Of("/").FetchSockets(ctx)
		var partial *socketio.PartialError
		if !errors.As(err, &partial) || len(partial.Nodes) != 1 || len(partial.Nodes[0]) != 16 {
			t.Errorf("error %v", err)
		}
		if !strings.Contains(err.Error(), partial.Nodes[0]) {
			t.Errorf("%v does not name the node", err)
		}
		<-time.After(15 * time.Second)
		equal(t, count(a), 2)
		equal(t, count(c), 1)
		if _, err := a.io.Of("/").FetchSockets(context.Background()); err != nil {
			t.Error(err)
		}
		cutOff.Cut(false)
		<-time.After(6 * time.Second)
		equal(t, count(a), 3)
		// A node that leaves in order is not waited for.
		got := make(chan error, 1)
		cutOff.Cut(true)
		go func() {
			_, err := a.io.Of("/").FetchSockets(context.Background())
			got <- err
		}()
		synctest.Wait()
		cutOff.Cut(false)
		c.stop()
		must(t, await(t, got))
		equal(t, count(a), 2)
	})
}

// Reliability 5: without the medium, local delivery goes on and errors come back.
func TestCluster_BrokerLoss(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var bus adaptertest.Bus
		broken := bus.Adapter()
		a, b := peer(t, broken), peer(t, bus.Adapter())
		ca, cb := a.join(), b.join()
		failure := errors.New("broker is gone")
		broken.Fail(failure)
		ns := a.io.Of("/")
		ctx := context.Background()
		if err := ns.Emit(ctx, "e"); !errors.Is(err, failure) {
			t.Error(err)
		}
		ca.expect(`2["e"]`)
		must(t, ns.Local().Emit(ctx, "local"))
		ca.expect(`2["local"]`)
		s, _ := ns.Socket(ca.sid)
		if err := ns.SocketsJoin(ctx, "r"); !errors.Is(err, failure) || !s.Has("r") {
			t.Error(err, s.Rooms())
		}
		list, err := ns.FetchSockets(ctx)
		if len(list) != 1 || !errors.Is(err, failure) {
			t.Errorf("%d sockets, %v", len(list), err)
		}
		got := make(chan error, 1)
		go func() { got <- second(ns.EmitAck(ctx, "q")) }()
		ca.expect(`20["q"]`)
		ca.send("30[]")
		if err := await(t, got); !errors.Is(err, failure) {
			t.Error(err)
		}
		if err := ns.ServerSideEmit(ctx, "x"); !errors.Is(err, failure) {
			t.Error(err)
		}
		if err := second(ns.ServerSideEmitAck(ctx, "x")); !errors.Is(err, failure) {
			t.Error(err)
		}
		// A namespace made now joins when the broker is back.
		fresh := a.io.Of("/fresh")
		b.io.Of("/fresh")
		<-time.After(time.Second)
		broken.Fail(nil)
		must(t, a.io.Ready(ctx))
		must(t, b.io.Ready(ctx))
		equal(t, second2(fresh.ServerCount(ctx)), 2)
		must(t, ns.Emit(ctx, "back"))
		cb.expect(`2["back"]`)
	})
}

func second2[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func inBubble(t *testing.T, test func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		t.Cleanup(func() { <-time.After(time.Minute) })
		test(t)
	})
}

// wire is an adapter that a test plays the other nodes on.
type wire struct {
	mu      sync.Mutex
	deliver map[string]func(*socketio.ClusterMessage)
	self    string
	sent    chan *socketio.ClusterMessage
}

func newWire() *wire {
	return &wire{deliver: map[string]func(*socketio.ClusterMessage){}, sent: make(chan *socketio.ClusterMessage, 1000)}
}

func (w *wire) Join(_ context.Context, namespace, self string, deliver func(*socketio.ClusterMessage)) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.deliver[namespace], w.self = deliver, self
	return nil
}

func (w *wire) Publish(_ context.Context, m *socketio.ClusterMessage) (string, error) {
	c := *m
	w.sent <- &c
	return "", nil
}

func (w *wire) ServerCount(context.Context, string) (int, error) { return 3, nil }
func (w *wire) Close() error                                     { return nil }

// SEC-92: messages of other nodes are input: odd ones are ignored or refused, never
// a panic, never a wrong answer.
func TestCluster_OddMessages(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newWire()
		r := peer(t, w)
		ns := r.io.Of("/")
		syncing(ns)
		ns.OnServerSide("panic", func(context.Context, socketio.Args) (any, error) { panic("boom") })
		ns.OnServerSide("broken", func(context.Context, socketio.Args) (any, error) { return make(chan int), nil })
		ns.OnServerSide("fails", func(context.Context, socketio.Args) (any, error) {
			return nil, &socketio.EventError{Message: "no"}
		})
		c := r.join()
		tell := func(m socketio.ClusterMessage) {
			if m.UID == "" {
				m.UID = "peer"
			}
			if m.Namespace == "" {
				m.Namespace = "/"
			}
			w.deliver["/"](&m)
		}
		w.deliver["/"](nil)
		raw := func(s string) json.RawMessage { return json.RawMessage(s) }
		for _, data := range []string{``, `{}`, `[`, `[]`, `[{}]`, `["a",` + strings.Repeat("[", 600) + strings.Repeat("]", 600) + `]`, `["a"]x`} {
			for _, kind := range []socketio.ClusterMessageType{socketio.ClusterBroadcast, socketio.ClusterServerSideEmit} {
				tell(socketio.ClusterMessage{Type: kind, Data: raw(data)})
				tell(socketio.ClusterMessage{Type: kind, Data: raw(data), RequestID: "r"})
			}
		}
		tell(socketio.ClusterMessage{Type: socketio.ClusterBroadcast, Data: raw(`["a"]`), Attachments: [][]byte{{1}}})
		tell(socketio.ClusterMessage{Type: 99})
		tell(socketio.ClusterMessage{Type: -1})
		tell(socketio.ClusterMessage{Type: socketio.ClusterHeartbeat})
		tell(socketio.ClusterMessage{Type: socketio.ClusterAdapterClose})
		tell(socketio.ClusterMessage{Type: socketio.ClusterBroadcast, UID: w.self, Data: raw(`["own"]`)})
		tell(socketio.ClusterMessage{Type: socketio.ClusterBroadcast, Namespace: "/other", Data: raw(`["other"]`)})
		tell(socketio.ClusterMessage{Type: socketio.ClusterBroadcast, To: "someone", Data: raw(`["other"]`)})
		for _, kind := range []socketio.ClusterMessageType{
			socketio.ClusterFetchSocketsResponse, socketio.ClusterServerSideEmitResponse, socketio.ClusterBroadcastClientCount, socketio.ClusterBroadcastAck,
		} {
			tell(socketio.ClusterMessage{Type: kind, RequestID: "unknown", Count: -5, Data: raw(`]`)})
		}
		tell(socketio.ClusterMessage{Type: socketio.ClusterServerSideEmit, Data: raw(`["nobody"]`), RequestID: "r"})
		synctest.Wait()
		if len(w.sent) != 0 {
			t.Errorf("answered %+v", <-w.sent)
		}
		c.sync()

		for event, want := range map[string]string{"panic": "[null]", "fails": `[{"error":{"message":"no"}}]`} {
			tell(socketio.ClusterMessage{Type: socketio.ClusterServerSideEmit, Data: raw(`["` + event + `"]`), RequestID: "r"})
			if m := await(t, w.sent); m.Type != socketio.ClusterServerSideEmitResponse || string(m.Data) != want || m.To != "peer" || m.UID != w.self {
				t.Errorf("%s: answered %+v %s", event, m, m.Data)
			}
		}
		tell(socketio.ClusterMessage{Type: socketio.ClusterServerSideEmit, Data: raw(`["broken"]`), RequestID: "r"})
		tell(socketio.ClusterMessage{Type: socketio.ClusterInitialHeartbeat})
		equal(t, await(t, w.sent).Type, socketio.ClusterHeartbeat)

		// A broadcast with acknowledgements: the count first, then what clients say,
		// at most once, until the time is over.
		tell(socketio.ClusterMessage{Type: socketio.ClusterBroadcast, Data: raw(`["q"]`), RequestID: "r1", Target: socketio.Target{Flags: socketio.Flags{Timeout: time.Second}}})
		m := await(t, w.sent)
		equal(t, []any{m.Type, m.Count, m.RequestID}, []any{socketio.ClusterBroadcastClientCount, 1, "r1"})
		c.expect(`20["q"]`)
		c.send(`30[1,2]`, `30[3]`)
		m = await(t, w.sent)
		equal(t, []any{m.Type, string(m.Data), m.RequestID, m.To}, []any{socketio.ClusterBroadcastAck, "[1,2]", "r1", "peer"})
		tell(socketio.ClusterMessage{Type: socketio.ClusterBroadcast, Data: raw(`["q"]`), RequestID: "r2", Target: socketio.Target{Flags: socketio.Flags{Timeout: time.Second}}})
		equal(t, await(t, w.sent).Count, 1)
		c.expect(`21["q"]`)
		<-time.After(2 * time.Second)
		c.send(`31["late"]`)
		c.sync()
		if len(w.sent) != 0 {
			t.Errorf("answered %+v", <-w.sent)
		}
	})
}

// Answers of odd peers to a question of ours.
func TestCluster_OddAnswers(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newWire()
		r := peer(t, w)
		ns := r.io.Of("/")
		type result struct {
			list []socketio.Args
			err  error
		}
		results := make(chan result, 1)
		reply := func(uid string, kind socketio.ClusterMessageType, id string, change func(*socketio.ClusterMessage)) {
			m := &socketio.ClusterMessage{UID: uid, Namespace: "/", Type: kind, RequestID: id}
			change(m)
			w.deliver["/"](m)
		}
		go func() {
			list, err := ns.EmitAck(context.Background(), "q")
			results <- result{list, err}
		}()
		asked := await(t, w.sent)
		if asked.Type != socketio.ClusterBroadcast || asked.RequestID == "" || asked.Target.Flags.Timeout != 30*time.Second || string(asked.Data) != `["q"]` {
			t.Fatalf("%+v", asked)
		}
		count := func(n int) func(*socketio.ClusterMessage) {
			return func(m *socketio.ClusterMessage) { m.Count = n }
		}
		data := func(s string) func(*socketio.ClusterMessage) {
			return func(m *socketio.ClusterMessage) { m.Data = json.RawMessage(s) }
		}
		reply("p1", socketio.ClusterBroadcastAck, asked.RequestID, data(`[1]`)) // before its count
		reply("p1", socketio.ClusterBroadcastClientCount, asked.RequestID, count(2))
		reply("p1", socketio.ClusterBroadcastClientCount, asked.RequestID, count(200)) // twice
		reply("p1", socketio.ClusterBroadcastAck, asked.RequestID, data(`{`))
		reply("p1", socketio.ClusterFetchSocketsResponse, asked.RequestID, count(0)) // of another kind
		reply("p2", socketio.ClusterBroadcastClientCount, asked.RequestID, count(-7))
		reply("p1", socketio.ClusterBroadcastAck, asked.RequestID, data(`[2]`))
		got := await(t, results)
		if len(got.list) != 2 || got.err != nil {
			t.Errorf("%+v", got)
		}

		go func() {
			list, err := ns.ServerSideEmitAck(context.Background(), "q")
			results <- result{list, err}
		}()
		asked = await(t, w.sent)
		reply("p1", socketio.ClusterServerSideEmitResponse, asked.RequestID, data(`x`))
		reply("p1", socketio.ClusterServerSideEmitResponse, asked.RequestID, data(`["a"]`))
		reply("p2", socketio.ClusterServerSideEmitResponse, asked.RequestID, data(`["b"]`))
		got = await(t, results)
		if len(got.list) != 2 || got.err != nil {
			t.Errorf("%+v", got)
		}
		for _, name := range []string{"connect", "connection", "new_namespace"} {
			if err := ns.ServerSideEmit(context.Background(), name); !errors.Is(err, socketio.ErrReservedEvent) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if err := ns.ServerSideEmit(context.Background(), "x", make(chan int)); err == nil {
			t.Error("a channel was encoded")
		}
	})
}

// Without an adapter the cluster is this node.
func TestCluster_None(t *testing.T) {
	bubble(t, socketio.Config{}, func(t *testing.T, r *rig) {
		ns := r.io.Of("/")
		must(t, r.io.Ready(context.Background()))
		must(t, ns.ServerSideEmit(context.Background(), "x"))
		list, err := ns.ServerSideEmitAck(context.Background(), "x")
		equal(t, len(list), 0)
		must(t, err)
		equal(t, second2(ns.ServerCount(context.Background())), 1)
	})
}

// A medium that is never there keeps nobody from shutting down.
func TestCluster_NeverJoined(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var bus adaptertest.Bus
		a := bus.Adapter()
		a.Fail(errors.New("broker is not there"))
		r := newRig(t, socketio.Config{Adapter: a})
		c := r.join()
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if err := r.io.Ready(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		must(t, r.io.Of("/").Local().Emit(context.Background(), "here"))
		c.expect(`2["here"]`)
	})
}

// Dynamic namespaces of several nodes find each other.
func TestCluster_Dynamic(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var bus adaptertest.Bus
		rigs := []*rig{peer(t, bus.Adapter()), peer(t, bus.Adapter())}
		var clients []*client
		for _, r := range rigs {
			r.io.OfRegexp(anything)
			c := r.dial(engineiotest.Options{Transport: engineiotest.WebSocket})
			c.send("0/room")
			c.connected("/room")
			clients = append(clients, c)
			must(t, r.io.Ready(context.Background()))
		}
		must(t, rigs[0].io.Of("/room").Emit(context.Background(), "hi", 1))
		for _, c := range clients {
			c.expect(`2/room,["hi",1]`)
		}
	})
}

var anything = regexp.MustCompile("")

// roomBus is a bus adapter that follows rooms.
type roomBus struct {
	*adaptertest.BusAdapter
	mu      sync.Mutex
	watched []string             // guarded by mu
	early   []string             // joined before they were watched; guarded by mu
	events  []socketio.RoomEvent // guarded by mu
}

func (a *roomBus) Watch(n *socketio.Namespace) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.watched = append(a.watched, n.Name())
	n.OnRoom(func(e socketio.RoomEvent) {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.events = append(a.events, e)
	})
}

func (a *roomBus) Join(ctx context.Context, namespace, self string, deliver func(*socketio.ClusterMessage)) error {
	a.mu.Lock()
	if !slices.Contains(a.watched, namespace) {
		a.early = append(a.early, namespace)
	}
	a.mu.Unlock()
	return a.BusAdapter.Join(ctx, namespace, self, deliver)
}

// A RoomAdapter watches each namespace once, before its Join; a dynamic one goes on
// to have what is registered on its parent. Recovery needs the messages of all rooms.
func TestCluster_RoomAdapter(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var bus adaptertest.Bus
		a := &roomBus{BusAdapter: bus.Adapter()}
		r := peer(t, a)
		parent := r.io.OfRegexp(regexp.MustCompile("^/dyn$"))
		told := 0
		c := r.open()
		c.send("0/dyn,")
		sid := c.connected("/dyn")
		parent.OnRoom(func(socketio.RoomEvent) { told++ })
		parent.HandleFunc("join", func(_ context.Context, e *socketio.Event) error {
			if err := e.Socket().Join("room"); err != nil {
				return err
			}
			return e.Ack()
		})
		c.send(`2/dyn,1["join"]`)
		c.expect(`3/dyn,1[]`)
		c.send("1/dyn,")
		synctest.Wait()
		a.mu.Lock()
		defer a.mu.Unlock()
		equal(t, a.watched, []string{"/", "/dyn"})
		equal(t, len(a.early), 0)
		equal(t, told, 6)
		equal(t, a.events[:4], []socketio.RoomEvent{
			{Kind: socketio.RoomCreated, Room: sid}, {Kind: socketio.RoomJoined, Room: sid, Socket: sid},
			{Kind: socketio.RoomCreated, Room: "room"}, {Kind: socketio.RoomJoined, Room: "room", Socket: sid},
		})
		equal(t, len(a.events), 8)
	})
	inBubble(t, func(t *testing.T) {
		var bus adaptertest.Bus
		a := &roomBus{BusAdapter: bus.Adapter()}
		r := newRig(t, socketio.Config{Adapter: a, Recovery: &socketio.Recovery{}})
		must(t, r.io.Ready(context.Background()))
		equal(t, len(a.watched), 0)
	})
}
