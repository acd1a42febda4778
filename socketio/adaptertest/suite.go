package adaptertest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
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
		{"Shutdown", testShutdown},
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

// What was sent before a node ends reaches the others.
func testShutdown(_ *testing.T, c *cluster) {
	const n = 500
	for i := range n {
		c.check(c.main(0).Except(c.clients[0].id).Emit(c.ctx, "n", i))
	}
	ended := make(chan error, 1)
	go func() { ended <- c.servers[0].Shutdown(c.ctx) }()
	for _, x := range c.clients[1:] {
		for i := range n {
			x.expect(fmt.Sprintf(`2["n",%d]`, i))
		}
	}
	c.check(<-ended)
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
