package adaptertest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-sails/sails/engineio/engineiotest"
	"github.com/go-sails/sails/socketio"
)

// patience bounds every wait of the suite.
const patience = 30 * time.Second

// Run tests an adapter. medium prepares what adapters share (a prefix, a database)
// for one test and returns a function that makes an adapter on it, for one server.
// The servers close their adapters.
func Run(t *testing.T, medium func(t *testing.T) (connect func() socketio.Adapter)) {
	t.Helper()
	for _, c := range []struct {
		name string
		test func(*testing.T, *cluster)
	}{
		{"Broadcast", testBroadcast},
		{"BroadcastBinary", testBinary},
		{"BroadcastVerbatim", testVerbatim},
		{"Local", testLocal},
		{"NamespacesAreApart", testNamespaces},
		{"OddNames", testOddNames},
		{"LargeMessage", testLarge},
		{"Order", testOrder},
		{"JoinLeave", testJoinLeave},
		{"Disconnect", testDisconnect},
		{"FetchSockets", testFetch},
		{"AllRooms", testAllRooms},
		{"RemoteSocket", testRemote},
		{"Acks", testAcks},
		{"AckTimeout", testAckTimeout},
		{"ServerSideEmit", testServerSide},
		{"ServerSideEmitAck", testServerSideAck},
		{"Count", testCount},
		{"NodeLeaves", testNodeLeaves},
		{"ConcurrentRequests", testConcurrent},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, newCluster(t, medium(t))) })
	}
}

// cluster is three servers on one medium, each with one client in "/".
type cluster struct {
	t       *testing.T
	ctx     context.Context
	servers []*socketio.Server
	http    []*engineiotest.Server
	clients []*client
}

type client struct {
	t    *testing.T
	ctx  context.Context
	conn *engineiotest.Conn
	id   string
}

const nodes = 3

func newCluster(t *testing.T, connect func() socketio.Adapter) *cluster {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	c := &cluster{t: t, ctx: ctx}
	for range nodes {
		io, err := socketio.NewServer(socketio.Config{Adapter: connect(), AckTimeout: 10 * time.Second})
		c.check(err)
		io.Of("/other")
		h := engineiotest.NewServer(io)
		c.servers, c.http = append(c.servers, io), append(c.http, h)
		t.Cleanup(func() {
			end, cancel := context.WithTimeout(context.Background(), patience)
			defer cancel()
			if err := io.Shutdown(end); err != nil && !errors.Is(err, socketio.ErrServerClosed) {
				t.Errorf("Shutdown: %v", err)
			}
			h.Close()
		})
	}
	for i, io := range c.servers {
		c.check(io.Ready(ctx))
		c.clients = append(c.clients, c.join(i, "/"))
	}
	c.eventually("all nodes to be counted", func() bool {
		for _, io := range c.servers {
			for _, name := range []string{"/", "/other"} {
				if n, err := io.Of(name).ServerCount(ctx); err != nil || n != nodes {
					return false
				}
			}
		}
		return true
	})
	return c
}

func (c *cluster) check(err error) {
	c.t.Helper()
	if err != nil {
		c.t.Fatal(err)
	}
}

func (c *cluster) eventually(what string, ok func() bool) {
	c.t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-c.ctx.Done():
			c.t.Fatalf("waited in vain for %s", what)
		}
	}
}

// main returns the namespace "/" of a node.
func (c *cluster) main(node int) *socketio.Namespace { return c.servers[node].Of("/") }

func (c *cluster) join(node int, namespace string) *client {
	c.t.Helper()
	conn, err := c.http[node].Open(c.ctx, engineiotest.Options{Path: "/socket.io/", Transport: engineiotest.WebSocket})
	c.check(err)
	c.t.Cleanup(conn.Abort)
	x := &client{t: c.t, ctx: c.ctx, conn: conn}
	prefix := ""
	if namespace != "/" {
		prefix = namespace + ","
	}
	x.send("0" + prefix)
	answer := x.receive()
	var body struct{ SID string }
	if err := json.Unmarshal([]byte(strings.TrimPrefix(answer, "0"+prefix)), &body); err != nil {
		c.t.Fatalf("connecting: %q", answer)
	}
	x.id = body.SID
	return x
}

func (x *client) send(p string) {
	x.t.Helper()
	if err := x.conn.Send(x.ctx, engineiotest.Text(p)); err != nil {
		x.t.Fatal(err)
	}
}

func (x *client) receive() string {
	x.t.Helper()
	p, err := x.conn.ReceiveMessage(x.ctx)
	if err != nil {
		x.t.Fatal(err)
	}
	if p.Binary {
		return "bin:" + p.Data
	}
	return p.Data
}

func (x *client) expect(want ...string) {
	x.t.Helper()
	for _, w := range want {
		if got := x.receive(); got != w {
			x.t.Fatalf("received %.200q, want %.200q", got, w)
		}
	}
}

// barrier makes sure that nothing sent from a node before is still on its way.
func (c *cluster) barrier(from int, clients ...*client) {
	c.t.Helper()
	c.check(c.main(from).Emit(c.ctx, "barrier", from))
	for _, x := range clients {
		x.expect(fmt.Sprintf(`2["barrier",%d]`, from))
	}
}

func testBroadcast(t *testing.T, c *cluster) {
	c.check(c.main(0).Emit(c.ctx, "all", 1, "two"))
	for _, x := range c.clients {
		x.expect(`2["all",1,"two"]`)
	}
	for i := range nodes {
		s, ok := c.main(i).Socket(c.clients[i].id)
		if !ok {
			t.Fatal("socket is missing")
		}
		c.check(s.Join("r"))
		if i == 1 {
			c.check(s.Join("r2", "x"))
		}
	}
	c.check(c.main(0).To("r", "r2").Except("x", c.clients[0].id).Emit(c.ctx, "some"))
	c.check(c.main(2).To(c.clients[1].id).Emit(c.ctx, "one"))
	c.clients[1].expect(`2["one"]`)
	c.clients[2].expect(`2["some"]`)
	c.barrier(0, c.clients...)
	c.barrier(2, c.clients...)
}

func testBinary(_ *testing.T, c *cluster) {
	c.check(c.main(0).Emit(c.ctx, "b", []byte{1, 2}, map[string]any{"x": []byte("\x00\xff")}))
	for _, x := range c.clients {
		x.expect(`52-["b",{"_placeholder":true,"num":0},{"x":{"_placeholder":true,"num":1}}]`, "bin:\x01\x02", "bin:\x00\xff")
	}
}

// Values, however written, arrive as the values they are.
func testVerbatim(t *testing.T, c *cluster) {
	const sent = `{"b":[1,-0.5,"é😀\u2028",null,true],"a":{"_placeholder":false},"":"\"\\"}`
	c.check(c.main(0).Emit(c.ctx, "v", json.RawMessage(sent)))
	var want any
	c.check(json.Unmarshal([]byte(sent), &want))
	for _, x := range c.clients {
		got := x.receive()
		var list []any
		if err := json.Unmarshal([]byte(strings.TrimPrefix(got, "2")), &list); err != nil || len(list) != 2 {
			t.Fatalf("received %q", got)
		}
		if fmt.Sprint(list[1]) != fmt.Sprint(want) {
			t.Errorf("received %v, want %v", list[1], want)
		}
	}
}

func testLocal(_ *testing.T, c *cluster) {
	c.check(c.main(0).Local().Emit(c.ctx, "here"))
	c.clients[0].expect(`2["here"]`)
	c.barrier(0, c.clients...)
}

func testNamespaces(_ *testing.T, c *cluster) {
	other := c.join(1, "/other")
	c.check(c.servers[0].Of("/other").Emit(c.ctx, "only"))
	other.expect(`2/other,["only"]`)
	c.barrier(0, c.clients...)
}

// SEC-60: names are data, never patterns or paths.
func testOddNames(t *testing.T, c *cluster) {
	names := []string{"*", "a#b", "[a]?", `"'` + "`", "é😀", " ", "$1", "../x", strings.Repeat("n", 255), "0", "null"}
	x := c.clients[1]
	s, ok := c.main(1).Socket(x.id)
	if !ok {
		t.Fatal("socket is missing")
	}
	for _, name := range names {
		c.check(s.Join(name))
		c.check(c.main(0).To(name).Emit(c.ctx, "odd", name))
		encoded, err := json.Marshal(name)
		c.check(err)
		var got, want any
		c.check(json.Unmarshal([]byte(strings.TrimPrefix(x.receive(), "2")), &got))
		c.check(json.Unmarshal([]byte(`["odd",`+string(encoded)+`]`), &want))
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("room %q: received %v", name, got)
		}
		s.Leave(name)
	}
	c.barrier(0, c.clients...)
}

func testLarge(_ *testing.T, c *cluster) {
	text, bin := strings.Repeat("x", 200_000), strings.Repeat("y", 100_000)
	c.check(c.main(0).Emit(c.ctx, "large", text, []byte(bin)))
	for _, x := range c.clients {
		x.expect(`51-["large","`+text+`",{"_placeholder":true,"num":0}]`, "bin:"+bin)
	}
}

func testOrder(_ *testing.T, c *cluster) {
	const n = 200
	for i := range n {
		c.check(c.main(0).Emit(c.ctx, "n", i))
	}
	for _, x := range c.clients {
		for i := range n {
			x.expect(fmt.Sprintf(`2["n",%d]`, i))
		}
	}
}

func testJoinLeave(_ *testing.T, c *cluster) {
	c.check(c.main(0).SocketsJoin(c.ctx, "r", "r2"))
	c.check(c.main(0).In(c.clients[1].id).SocketsLeave(c.ctx, "r"))
	size := func(node int, room string, want int) {
		c.eventually("rooms to change", func() bool { return c.main(node).RoomSize(room) == want })
	}
	size(0, "r", 1)
	size(1, "r", 0)
	size(2, "r", 1)
	size(1, "r2", 1)
	c.check(c.main(0).To("r").Emit(c.ctx, "room"))
	c.clients[0].expect(`2["room"]`)
	c.clients[2].expect(`2["room"]`)
	c.barrier(0, c.clients...)
}

func testDisconnect(_ *testing.T, c *cluster) {
	c.check(c.main(0).In(c.clients[1].id).DisconnectSockets(c.ctx, false))
	c.clients[1].expect("1")
	c.check(c.main(0).In(c.clients[2].id).DisconnectSockets(c.ctx, true))
	c.clients[2].expect("1")
	if _, err := c.clients[2].conn.ReceiveMessage(c.ctx); !errors.Is(err, engineiotest.ErrClosed) {
		c.t.Errorf("session should be closed: %v", err)
	}
	c.barrier(0, c.clients[0])
}

func testFetch(t *testing.T, c *cluster) {
	for i := range nodes {
		s, ok := c.main(i).Socket(c.clients[i].id)
		if !ok {
			t.Fatal("socket is missing")
		}
		s.SetData(map[string]any{"node": i})
		c.check(s.Join(fmt.Sprintf("n%d", i)))
	}
	list, err := c.main(0).FetchSockets(c.ctx)
	c.check(err)
	if len(list) != nodes {
		t.Fatalf("fetched %d sockets", len(list))
	}
	for i, x := range c.clients {
		at := slices.IndexFunc(list, func(r socketio.RemoteSocket) bool { return r.ID == x.id })
		if at < 0 {
			t.Fatalf("socket of node %d is missing", i)
		}
		r := list[at]
		var data struct{ Node int }
		c.check(r.DecodeData(&data))
		if data.Node != i || !slices.Contains(r.Rooms, fmt.Sprintf("n%d", i)) || !slices.Contains(r.Rooms, x.id) {
			t.Errorf("socket of node %d: data %+v, rooms %q", i, data, r.Rooms)
		}
		if r.Handshake == nil || r.Handshake.Query.Get("EIO") != "4" || r.Handshake.Address == "" || r.Handshake.Time.IsZero() {
			t.Errorf("handshake of node %d: %+v", i, r.Handshake)
		}
	}
	some, err := c.main(0).In("n1", "n2").Except(c.clients[2].id).FetchSockets(c.ctx)
	c.check(err)
	if len(some) != 1 || some[0].ID != c.clients[1].id {
		t.Errorf("fetched %+v", some)
	}
}

func testAllRooms(t *testing.T, c *cluster) {
	want := []string{"both"}
	for i := range nodes {
		s, ok := c.main(i).Socket(c.clients[i].id)
		if !ok {
			t.Fatal("socket is missing")
		}
		own := fmt.Sprintf("n%d", i)
		c.check(s.Join("both", own))
		want = append(want, own, s.ID())
	}
	slices.Sort(want)
	got, err := c.main(0).AllRooms(c.ctx)
	c.check(err)
	if !slices.Equal(got, want) {
		t.Errorf("rooms %q, want %q", got, want)
	}
}

func testRemote(t *testing.T, c *cluster) {
	list, err := c.main(0).In(c.clients[1].id).FetchSockets(c.ctx)
	c.check(err)
	if len(list) != 1 {
		t.Fatalf("fetched %d sockets", len(list))
	}
	r := list[0]
	c.check(r.Join(c.ctx, "r"))
	c.eventually("the room", func() bool { return c.main(1).RoomSize("r") == 1 })
	c.check(r.Leave(c.ctx, "r"))
	c.eventually("no room", func() bool { return c.main(1).RoomSize("r") == 0 })
	c.check(r.Emit(c.ctx, "hi"))
	c.clients[1].expect(`2["hi"]`)
	go answer(c.clients[1], `[7]`)
	args, err := r.EmitAck(c.ctx, "q")
	c.check(err)
	var n int
	c.check(args.Decode(&n))
	if n != 7 {
		t.Errorf("answer %d", n)
	}
	c.check(r.Disconnect(c.ctx, false))
	c.clients[1].expect("1")
}

// answer answers the next event with the JSON array.
func answer(x *client, list string) {
	p, err := x.conn.ReceiveMessage(x.ctx)
	if err != nil {
		return
	}
	id, _, _ := strings.Cut(strings.TrimPrefix(p.Data, "2"), "[")
	_ = x.conn.Send(x.ctx, engineiotest.Text("3"+id+list))
}

func testAcks(t *testing.T, c *cluster) {
	for i, x := range c.clients {
		go answer(x, fmt.Sprintf(`["a%d"]`, i))
	}
	list, err := c.main(0).EmitAck(c.ctx, "q", 1)
	c.check(err)
	var got []string
	for _, args := range list {
		var s string
		c.check(args.Decode(&s))
		got = append(got, s)
	}
	slices.Sort(got)
	if strings.Join(got, " ") != "a0 a1 a2" {
		t.Errorf("answers %q", got)
	}
}

func testAckTimeout(t *testing.T, c *cluster) {
	go answer(c.clients[0], `["a0"]`)
	go answer(c.clients[2], `["a2"]`)
	ctx, cancel := context.WithTimeout(c.ctx, 500*time.Millisecond)
	defer cancel()
	list, err := c.main(0).EmitAck(ctx, "q")
	var partial *socketio.PartialError
	if !errors.As(err, &partial) || !errors.Is(err, socketio.ErrAckTimeout) {
		t.Fatalf("error %v", err)
	}
	if len(list) != 2 || partial.Received != 2 || partial.Expected != 3 {
		t.Errorf("%d answers, %+v", len(list), partial)
	}
}

func testServerSide(_ *testing.T, c *cluster) {
	got := make(chan string, 10)
	for i := range nodes {
		c.main(i).OnServerSide("hello", func(_ context.Context, args socketio.Args) (any, error) {
			var s string
			var b []byte
			err := args.Decode(&s, &b)
			got <- fmt.Sprintf("%d %s %x %v", i, s, b, err)
			return nil, nil
		})
	}
	c.check(c.main(1).ServerSideEmit(c.ctx, "hello", "x", []byte{1, 2}))
	var list []string
	for range nodes - 1 {
		select {
		case s := <-got:
			list = append(list, s)
		case <-c.ctx.Done():
			c.t.Fatal("server-side event did not arrive")
		}
	}
	slices.Sort(list)
	if strings.Join(list, "; ") != "0 x 0102 <nil>; 2 x 0102 <nil>" {
		c.t.Errorf("served %q", list)
	}
}

func testServerSideAck(t *testing.T, c *cluster) {
	for i := range nodes {
		c.main(i).OnServerSide("sum", func(_ context.Context, args socketio.Args) (any, error) {
			var a, b int
			if err := args.Decode(&a, &b); err != nil {
				return nil, err
			}
			return map[string]int{"node": i, "sum": a + b}, nil
		})
	}
	list, err := c.main(2).ServerSideEmitAck(c.ctx, "sum", 3, 4)
	c.check(err)
	seen := 0
	for _, args := range list {
		var r struct{ Node, Sum int }
		c.check(args.Decode(&r))
		if r.Sum != 7 || r.Node == 2 {
			t.Errorf("answer %+v", r)
		}
		seen |= 1 << r.Node
	}
	if len(list) != 2 || seen != 3 {
		t.Errorf("%d answers, from %b", len(list), seen)
	}
}

func testCount(_ *testing.T, c *cluster) {
	for i := range nodes {
		n, err := c.main(i).ServerCount(c.ctx)
		c.check(err)
		if n != nodes {
			c.t.Errorf("node %d counts %d", i, n)
		}
	}
}

func testNodeLeaves(t *testing.T, c *cluster) {
	c.check(c.servers[2].Shutdown(c.ctx))
	c.eventually("the node to be forgotten", func() bool {
		n, err := c.main(0).ServerCount(c.ctx)
		return err == nil && n == nodes-1
	})
	list, err := c.main(0).FetchSockets(c.ctx)
	c.check(err)
	if len(list) != nodes-1 {
		t.Errorf("fetched %d sockets", len(list))
	}
	c.barrier(0, c.clients[:2]...)
}

func testConcurrent(t *testing.T, c *cluster) {
	var wg sync.WaitGroup
	for i := range nodes {
		for range 8 {
			wg.Go(func() {
				for range 5 {
					list, err := c.main(i).FetchSockets(c.ctx)
					if err != nil || len(list) != nodes {
						t.Errorf("fetched %d sockets: %v", len(list), err)
						return
					}
				}
			})
		}
	}
	wg.Wait()
}
