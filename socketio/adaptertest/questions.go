package adaptertest

import (
	"context"
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

// The tests of what nodes ask each other, and answer.

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
