package socketio_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/go-sails/sails/socketio"
)

// drained returns n clients that read whatever comes, and their sockets.
func (r *rig) drained(n int) (clients []*client, sockets []*socketio.Socket) {
	r.t.Helper()
	clients, sockets = r.pair(n)
	for _, c := range clients {
		go func() {
			for {
				if _, err := c.conn.ReceiveMessage(c.ctx); err != nil {
					return
				}
			}
		}()
	}
	return clients, sockets
}

// Spec 2.9: a crowd joins and leaves a room as one socket does, and watchers, which
// adapters that subscribe to rooms are, learn once of the room and once of each member.
func TestSocketsJoin_Crowd(t *testing.T) {
	r := newRig(t, socketio.Config{})
	ns, ctx := r.io.Of("/"), context.Background()
	_, sockets := r.drained(300)
	var mu sync.Mutex
	events := map[string]int{}
	var order []socketio.RoomEventKind
	ns.OnRoom(func(e socketio.RoomEvent) {
		mu.Lock()
		defer mu.Unlock()
		events[fmt.Sprint(e.Kind, " ", e.Room)]++
		order = append(order, e.Kind)
	})
	expect := func(what string, want map[string]int) {
		t.Helper()
		mu.Lock()
		defer mu.Unlock()
		if fmt.Sprint(events) != fmt.Sprint(want) {
			t.Errorf("%s: events %v, want %v", what, events, want)
		}
		clear(events)
	}
	must(t, sockets[7].Join("new"))
	expect("one", map[string]int{"create-room new": 1, "join-room new": 1})
	must(t, ns.SocketsJoin(ctx, "new", "other"))
	equal(t, ns.RoomSize("new"), 300)
	equal(t, ns.RoomSize("other"), 300)
	expect("crowd", map[string]int{"join-room new": 299, "create-room other": 1, "join-room other": 300})
	must(t, ns.In("new").SocketsJoin(ctx, "new", "other"))
	expect("again", map[string]int{})

	// The room of an id is its owner's; the others are guests.
	own := sockets[150].ID()
	sockets[150].Leave(own)
	expect("own", map[string]int{"leave-room " + own: 1, "delete-room " + own: 1})
	must(t, ns.SocketsJoin(ctx, own))
	equal(t, ns.RoomSize(own), 300)
	expect("guests", map[string]int{"create-room " + own: 2, "join-room " + own: 300})
	must(t, ns.SocketsLeave(ctx, own))
	equal(t, ns.RoomSize(own), 0)
	expect("no guests", map[string]int{"delete-room " + own: 2, "leave-room " + own: 300})

	mu.Lock()
	order = nil
	mu.Unlock()
	must(t, ns.In("new").SocketsLeave(ctx, "new"))
	expect("gone", map[string]int{"leave-room new": 300, "delete-room new": 1})
	if last := len(order) - 1; slices.Index(order, socketio.RoomDeleted) != last {
		t.Error("the room was deleted before its last member had left")
	}
	for i, s := range sockets {
		if i%2 == 0 {
			s.Leave("other")
		}
	}
	got := map[string]bool{}
	for s := range ns.SocketsIn("other") {
		got[s.ID()] = true
	}
	for i, s := range sockets {
		if in := i%2 == 1; got[s.ID()] != in || s.Has("other") != in {
			t.Errorf("socket %d: in the room %v, Has %v, want %v", i, got[s.ID()], s.Has("other"), in)
		}
	}
}

// Of "after closed, nothing is joined": sockets that end while crowds they belong to
// join, leave and are told stay nowhere, and take nobody else's place with them.
func TestSocketsJoin_WhileTheyEnd(t *testing.T) {
	r := newRig(t, socketio.Config{})
	ns, ctx := r.io.Of("/"), context.Background()
	_, sockets := r.drained(400)
	staying := sockets[300:]
	var wg, crowds sync.WaitGroup
	done := make(chan struct{})
	for i := range 4 {
		crowds.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-done:
					return
				default:
				}
				room := fmt.Sprint("room", n%40)
				switch i {
				case 0, 1:
					must(t, ns.SocketsJoin(ctx, room, "all"))
				case 2:
					must(t, ns.In("all").SocketsLeave(ctx, room))
				case 3:
					must(t, ns.To(room).Emit(ctx, "e"))
				}
			}
		})
	}
	for i := range 3 {
		wg.Go(func() {
			for j, s := range sockets[100*i : 100*i+100] {
				_ = s.Join(fmt.Sprint("own", j))
				s.Disconnect(j%2 == 0)
				if rooms := s.Rooms(); len(rooms) > 0 {
					t.Errorf("a closed socket is in %q", rooms)
				}
				if s.Has("all") {
					t.Error("a closed socket has a room")
				}
			}
		})
	}
	wg.Wait()
	close(done)
	crowds.Wait()
	must(t, ns.SocketsJoin(ctx, "all"))
	equal(t, ns.RoomSize("all"), len(staying))
	for s := range ns.SocketsIn("all") {
		if !slices.Contains(staying, s) {
			t.Error("a closed socket is a member")
		}
	}
	for _, name := range ns.Rooms() {
		n := 0
		for _, s := range staying {
			if s.Has(name) {
				n++
			}
		}
		if n != ns.RoomSize(name) {
			t.Errorf("room %q has %d members, %d sockets have it", name, ns.RoomSize(name), n)
		}
	}
	must(t, ns.SocketsLeave(ctx, append(ns.Rooms(), "all")...))
	equal(t, len(ns.Rooms()), 0)
}
