package sailsio_test

import (
	"slices"
	"testing"

	"github.com/go-sails/sails/sailsio"
	"github.com/go-sails/sails/socketio"
	"github.com/go-sails/sails/socketio/adaptertest"
)

// two returns two nodes of one cluster.
func two(t *testing.T) (here, there *world) {
	t.Helper()
	var bus adaptertest.Bus
	node := func() *world {
		return newWorld(t, sailsio.Config{Handler: routes(), SocketIO: socketio.Config{Adapter: bus.Adapter()}})
	}
	return node(), node()
}

// eventually waits for what another node does, asking a client meanwhile.
func eventually(w *world, c *client, done func() bool) {
	w.t.Helper()
	for !done() {
		if w.ctx.Err() != nil {
			w.t.Fatal("it did not happen")
		}
		c.do("GET", "/ping", nil)
	}
}

func TestCluster_IDsAreAddresses(t *testing.T) { // SK-24, SK-7, CB-8
	here, there := two(t)
	a, b := here.connect(), there.connect()
	s := here.app.Sockets()
	check(t, s.Join(here.ctx, a.ID(), "r"))
	check(t, s.Join(here.ctx, b.ID(), "r")) // b is on the other node
	eventually(there, b, func() bool { return slices.Contains(b.allRooms(), "r") })
	check(t, s.Broadcast(here.ctx, "r", "both", 1))
	check(t, s.Broadcast(here.ctx, "r", "not b", 2, sailsio.Omit(b.ID())))
	check(t, s.Broadcast(here.ctx, b.ID(), "only b", 3))
	check(t, s.Blast(here.ctx, "all", 4))
	a.sees(`["both",1]`, `["not b",2]`, `["all",4]`)
	if _, err := b.ExpectEvent(there.ctx, "all"); err != nil {
		t.Fatal(err)
	}
	b.got(`["both",1]`, `["only b",3]`)

	check(t, s.AddRoomMembersToRooms(here.ctx, "r", "x", "y"))
	eventually(there, b, func() bool { return slices.Contains(b.allRooms(), "y") })
	check(t, s.RemoveRoomMembersFromRooms(here.ctx, "r", "x"))
	eventually(there, b, func() bool { return !slices.Contains(b.allRooms(), "x") })

	// SU-9: the options reach the other node.
	check(t, s.LeaveAll(here.ctx, "r", sailsio.LeaveAllOptions{KeepSourceRoom: true}))
	eventually(there, b, func() bool { return !slices.Contains(b.allRooms(), "y") })
	for _, c := range []*client{a, b} {
		if got := c.allRooms(); len(got) != 2 || !slices.Contains(got, "r") || !slices.Contains(got, c.ID()) {
			t.Errorf("rooms %q", got)
		}
	}
	check(t, s.Leave(here.ctx, b.ID(), "r"))
	eventually(there, b, func() bool { return len(b.allRooms()) == 1 })
}

func TestCluster_LeaveAllOfNoRoomIsRefused(t *testing.T) { // SEC-92
	here, there := two(t)
	b := there.connect()
	check(t, there.app.Sockets().Join(there.ctx, b.ID(), "r"))
	ns := here.app.IO().Of("/")
	for _, bad := range []any{nil, map[string]any{}, map[string]any{"sourceRoom": ""}, "x"} {
		check(t, ns.ServerSideEmit(here.ctx, "sailsio:leaveAll", bad))
	}
	check(t, ns.ServerSideEmit(here.ctx, "sailsio:leaveAll"))
	check(t, here.app.Sockets().Blast(here.ctx, "barrier", nil))
	if _, err := b.ExpectEvent(there.ctx, "barrier"); err != nil {
		t.Fatal(err)
	}
	if got := b.allRooms(); len(got) != 2 {
		t.Errorf("rooms %q", got)
	}
}

func TestCluster_Pubsub(t *testing.T) { // PS-26: watchers on every node are introduced
	here, there := two(t)
	b := there.connect()
	check(t, there.app.Model("user").Watch(there.ctx, b.ID()))
	user := here.app.Model("user")
	check(t, user.PublishCreate(here.ctx, rec{"id": 1}))
	check(t, user.PublishUpdate(here.ctx, 1, rec{"v": 1}))
	check(t, user.PublishDestroy(here.ctx, 1))
	check(t, user.PublishUpdate(here.ctx, 1, rec{"v": 2}))
	check(t, here.app.Sockets().Blast(here.ctx, "barrier", nil))
	if _, err := b.ExpectEvent(there.ctx, "barrier"); err != nil {
		t.Fatal(err)
	}
	b.got(
		`["user",{"verb":"created","data":{"id":1},"id":1}]`,
		`["user",{"verb":"updated","data":{"v":1},"id":1}]`,
		`["user",{"verb":"destroyed","id":1}]`,
	)
}
