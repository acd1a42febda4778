package sailsio_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/go-sails/sails/sailsio"
	"github.com/go-sails/sails/sailsio/sailstest"
	"github.com/go-sails/sails/socketio"
)

func TestSockets_Rooms(t *testing.T) { // SK-1, SK-32, SK-33, v10
	w := newWorld(t, sailsio.Config{Handler: routes()})
	s := w.app.Sockets()
	a, b, c := w.connect(), w.connect(sailstest.Options{Revision: 4}), w.connect()
	check(t, s.Join(w.ctx, a.ID(), "blue"))
	check(t, s.Join(w.ctx, b.ID(), "blue", "red"))
	check(t, s.Broadcast(w.ctx, "blue", "hello", map[string]int{"n": 1}))
	check(t, s.Broadcast(w.ctx, c.ID(), "direct", "only c"))
	check(t, s.Leave(w.ctx, b.ID(), "blue"))
	check(t, s.Leave(w.ctx, b.ID(), "never there"))
	check(t, s.Broadcast(w.ctx, "blue", "hello", 2))
	check(t, s.Broadcast(w.ctx, "nobody", "hello", 3))
	a.sees(`["hello",{"n":1}]`, `["hello",2]`)
	b.sees(`["hello",{"n":1}]`)
	c.sees(`["direct","only c"]`)
}

func TestSockets_BroadcastForms(t *testing.T) { // SK-2, SK-5, SK-7, SK-20, SU-1, v11
	w := newWorld(t, sailsio.Config{Handler: routes()})
	s := w.app.Sockets()
	a, b := w.connect(), w.connect()
	check(t, s.Join(w.ctx, a.ID(), "one"))
	check(t, s.Join(w.ctx, b.ID(), "one", "two"))
	check(t, s.BroadcastRooms(w.ctx, []string{"one", "two"}, "multi", 1))
	check(t, s.BroadcastRooms(w.ctx, []string{"two", "two"}, "twice", nil))
	check(t, s.BroadcastRooms(w.ctx, nil, "nobody", nil))
	check(t, s.Broadcast(w.ctx, "one", "", "default name", sailsio.Omit(a.ID())))
	check(t, s.Broadcast(w.ctx, "one", "omit none", nil, sailsio.Omit("")))
	check(t, s.BroadcastRooms(w.ctx, []string{"one", "two"}, "omit", []byte("bin"), sailsio.Omit(b.ID(), "unknown")))
	a.sees(`["multi",1]`, `["omit none",null]`, `["omit","Ymlu"]`)
	b.sees(`["multi",1]`, `["multi",1]`, `["twice",null]`, `["twice",null]`, `["message","default name"]`, `["omit none",null]`)
}

func TestSockets_BroadcastOnceIn012(t *testing.T) { // SU-21
	w := newWorld(t, sailsio.Config{Handler: routes(), Sails012: &sailsio.Sails012{}})
	s := w.app.Sockets()
	a := w.connect()
	check(t, s.Join(w.ctx, a.ID(), "one", "two"))
	check(t, s.BroadcastRooms(w.ctx, []string{"one", "two"}, "multi", 1))
	check(t, s.BroadcastRooms(w.ctx, []string{"one", "two"}, "multi", 2, sailsio.Omit(a.ID())))
	a.sees(`["multi",1]`)
}

func TestSockets_Blast(t *testing.T) { // v12
	w := newWorld(t, sailsio.Config{Handler: routes()})
	a, b := w.connect(), w.connect()
	check(t, w.app.Sockets().Blast(w.ctx, "news", 1))
	check(t, w.app.Sockets().Blast(w.ctx, "", 2, sailsio.Omit(a.ID())))
	a.sees(`["news",1]`)
	b.sees(`["news",1]`, `["message",2]`)
}

func TestSockets_Members(t *testing.T) { // SK-29, v13
	w := newWorld(t, sailsio.Config{Handler: routes()})
	s := w.app.Sockets()
	a, b, c := w.connect(), w.connect(), w.connect()
	for _, x := range []*client{a, b} {
		check(t, s.Join(w.ctx, x.ID(), "src"))
	}
	check(t, s.AddRoomMembersToRooms(w.ctx, "src", "x", "y"))
	check(t, s.AddRoomMembersToRooms(w.ctx, c.ID(), "z"))
	check(t, s.RemoveRoomMembersFromRooms(w.ctx, "src", "x"))
	rooms := func(x *client, want ...string) {
		t.Helper()
		got, err := s.SocketRooms(x.ID())
		want = append(want, x.ID())
		slices.Sort(want)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("rooms %q, want %q, %v", got, want, err)
		}
	}
	rooms(a, "src", "y")
	rooms(b, "src", "y")
	rooms(c, "z")
	if got := s.Subscribers("y"); !slices.Equal(got, slices.Sorted(slices.Values([]string{a.ID(), b.ID()}))) {
		t.Errorf("subscribers %q", got)
	}
	all := s.Rooms()
	for _, room := range []string{a.ID(), b.ID(), c.ID(), "src", "y", "z"} {
		if !slices.Contains(all, room) {
			t.Errorf("rooms %q lack %q", all, room)
		}
	}
	if slices.Contains(all, "x") {
		t.Errorf("rooms %q have the empty room x", all)
	}
	// SK-30
	check(t, s.LeaveAll(w.ctx, "src", sailsio.LeaveAllOptions{}))
	rooms(a)
	rooms(b)
	check(t, s.Join(w.ctx, a.ID(), "src", "x"))
	check(t, s.LeaveAll(w.ctx, "src", sailsio.LeaveAllOptions{KeepSourceRoom: true}))
	rooms(a, "src")
	check(t, s.LeaveAll(w.ctx, "src", sailsio.LeaveAllOptions{KeepSourceRoom: true, SocketRooms: true}))
	if got, err := s.SocketRooms(a.ID()); err != nil || !slices.Equal(got, []string{"src"}) {
		t.Errorf("rooms %q, want only src, %v", got, err)
	}
}

func TestSockets_ManyRooms(t *testing.T) { // SEC-57
	w := newWorld(t, sailsio.Config{Handler: routes(), SocketIO: socketio.Config{MaxRooms: 10, MaxRoomName: 20}})
	s := w.app.Sockets()
	a := w.connect()
	if err := s.Join(w.ctx, a.ID(), strings.Repeat("x", 21)); !errors.Is(err, socketio.ErrRoomName) {
		t.Errorf("a long name: %v", err)
	}
	// A socket that is subscribed to many records can join rooms all the same.
	user := w.app.Model("user")
	for id := range 100 {
		check(t, user.Subscribe(w.ctx, a.ID(), id+1))
	}
	check(t, user.Watch(w.ctx, a.ID()))
	for i := range 10 {
		check(t, s.Join(w.ctx, a.ID(), fmt.Sprint("room", i)))
	}
	check(t, s.Join(w.ctx, a.ID(), "room0"))
	for _, room := range []string{"room10", "sails_model_mine"} {
		if err := s.Join(w.ctx, a.ID(), room); !errors.Is(err, socketio.ErrTooManyRooms) {
			t.Errorf("%s: %v", room, err)
		}
	}
	check(t, s.Leave(w.ctx, a.ID(), "room3"))
	check(t, s.Join(w.ctx, a.ID(), "room10"))
	if rooms, err := s.SocketRooms(a.ID()); err != nil || len(rooms) != 1+101+10 {
		t.Errorf("%d rooms, %v", len(rooms), err)
	}
}

func TestSockets_Emit(t *testing.T) { // spec 4.3
	w := newWorld(t, sailsio.Config{Handler: routes()})
	s := w.app.Sockets()
	a, b, c := w.connect(), w.connect(), w.connect()
	check(t, s.Emit(w.ctx, []string{a.ID(), b.ID(), a.ID()}, "hi", 1))
	check(t, s.Emit(w.ctx, nil, "hi", 2))
	a.sees(`["hi",1]`)
	b.sees(`["hi",1]`)
	c.sees()
}

func TestSockets_Errors(t *testing.T) { // SK-6, SK-27, SK-31, SEC-51
	w := newWorld(t, sailsio.Config{Handler: routes()})
	s := w.app.Sockets()
	a := w.connect()
	check(t, s.Join(w.ctx, a.ID(), "r"))
	check(t, s.Join(w.ctx, "id of another node", "r")) // SK-24: nobody has it; SK-26: no other node is waited for
	check(t, s.Leave(w.ctx, "id of another node", "r"))
	for name, err := range map[string]error{
		"Join": s.Join(w.ctx, "", "r"), "Leave": s.Leave(w.ctx, "", "r"),
		"Add": s.AddRoomMembersToRooms(w.ctx, "", "r"), "Remove": s.RemoveRoomMembersFromRooms(w.ctx, "", "r"),
		"Emit": s.Emit(w.ctx, []string{""}, "e", nil),
	} {
		if !errors.Is(err, sailsio.ErrNotSocket) {
			t.Errorf("%s: %v, want ErrNotSocket", name, err)
		}
	}
	for name, err := range map[string]error{
		"Join": s.Join(w.ctx, a.ID(), ""), "LeaveAll": s.LeaveAll(w.ctx, "", sailsio.LeaveAllOptions{}),
		"Broadcast": s.Broadcast(w.ctx, "", "e", nil), "BroadcastRooms": s.BroadcastRooms(w.ctx, []string{"r", ""}, "e", nil),
	} {
		if !errors.Is(err, sailsio.ErrEmptyRoom) {
			t.Errorf("%s: %v, want ErrEmptyRoom", name, err)
		}
	}
	for _, name := range []string{"connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"} {
		for form, err := range map[string]error{
			"Broadcast": s.Broadcast(w.ctx, "r", name, nil), "BroadcastRooms": s.BroadcastRooms(w.ctx, []string{"r"}, name, nil),
			"Blast": s.Blast(w.ctx, name, nil), "Emit": s.Emit(w.ctx, []string{a.ID()}, name, nil),
		} {
			if err == nil {
				t.Errorf("%s(%q) was sent", form, name)
			}
		}
	}
	if _, err := s.Get("unknown"); !errors.Is(err, sailsio.ErrNoSuchSocket) {
		t.Errorf("Get: %v", err)
	}
	if _, err := s.Get(""); !errors.Is(err, sailsio.ErrNotSocket) {
		t.Errorf("Get: %v", err)
	}
	if _, err := s.SocketRooms("unknown"); !errors.Is(err, sailsio.ErrNoSuchSocket) {
		t.Errorf("SocketRooms: %v", err)
	}
	if socket, err := s.Get(a.ID()); err != nil || socket.ID() != a.ID() {
		t.Errorf("Get: %v", err)
	}
	if err := s.Broadcast(w.ctx, "r", "e", func() {}); err == nil {
		t.Error("a function was encoded")
	}
	a.sees()
}
