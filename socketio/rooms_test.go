package socketio_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/go-sails/sails/socketio"
)

// pair returns clients joined to "/" and their sockets.
func (r *rig) pair(n int) (clients []*client, sockets []*socketio.Socket) {
	r.t.Helper()
	for range n {
		c := r.join()
		s, ok := r.io.Of("/").Socket(c.sid)
		if !ok {
			r.t.Fatal("socket is missing")
		}
		clients, sockets = append(clients, c), append(sockets, s)
	}
	return clients, sockets
}

// Spec 2.9: union, except, the sender, everybody.
func TestBroadcast_Targets(t *testing.T) {
	bubble(t, socketio.Config{}, func(t *testing.T, r *rig) {
		ns := r.io.Of("/")
		ctx := context.Background()
		clients, s := r.pair(4)
		must(t, s[0].Join("a", "b"))
		must(t, s[1].Join("b"))
		must(t, s[2].Join("c"))
		got := make([]chan string, len(clients))
		for i, c := range clients {
			got[i] = make(chan string, 100)
			go func() {
				for {
					p, err := c.conn.ReceiveMessage(c.ctx)
					if err != nil {
						return
					}
					got[i] <- p.Data
				}
			}()
		}
		check := func(what string, err error, want string) {
			t.Helper()
			must(t, err)
			synctest.Wait()
			var who strings.Builder
			for i := range got {
				for range len(got[i]) {
					if p := <-got[i]; p != `2["e"]` {
						t.Errorf("%s: received %s", what, p)
					}
					fmt.Fprint(&who, i)
				}
			}
			if who.String() != want {
				t.Errorf("%s reached %q, want %q", what, who.String(), want)
			}
		}
		check("all", ns.Emit(ctx, "e"), "0123")
		check("room", ns.To("a").Emit(ctx, "e"), "0")
		check("union", ns.To("a").In("b", "a").Emit(ctx, "e"), "01")
		check("no such room", ns.To("x").Emit(ctx, "e"), "")
		check("id", ns.To(s[3].ID()).Emit(ctx, "e"), "3")
		check("id and room", ns.In(s[1].ID(), "b").Emit(ctx, "e"), "01")
		check("except room", ns.Except("b").Emit(ctx, "e"), "23")
		check("except id", ns.To("b").Except(s[0].ID()).Emit(ctx, "e"), "1")
		check("except many", ns.Except("a", "b", "c", s[0].ID(), s[1].ID(), s[2].ID(), "x").Emit(ctx, "e"), "3")
		check("from a socket", s[0].To("b").Emit(ctx, "e"), "1")
		check("broadcast", s[0].Broadcast().Emit(ctx, "e"), "123")
		check("socket except", s[0].Except("b").Emit(ctx, "e"), "23")
		check("local", ns.Local().Emit(ctx, "e"), "0123")
		check("volatile", ns.Volatile().Emit(ctx, "e"), "0123")
		check("compress", ns.Compress(false).Emit(ctx, "e"), "0123")
		check("compress on", ns.Compress(true).Emit(ctx, "e"), "0123")

		op := ns.To("a")
		other := op.To("c")
		check("operators are values", op.Emit(ctx, "e"), "0")
		check("operators are values 2", other.Emit(ctx, "e"), "02")

		s[0].Leave("a", "never joined")
		check("left", ns.To("a").Emit(ctx, "e"), "")
		s[1].Leave(s[1].ID())
		check("left its own room", ns.To(s[1].ID()).Emit(ctx, "e"), "")
		check("left its own room, all", ns.Emit(ctx, "e"), "0123")
		must(t, s[1].Join(s[1].ID()))
		check("back in its own room", ns.To(s[1].ID()).Emit(ctx, "e"), "1")
		must(t, s[0].Join(s[1].ID()))
		check("another one in the room of an id", ns.To(s[1].ID()).Emit(ctx, "e"), "01")
		s[0].LeaveAll()
		equal(t, s[0].Rooms(), []string{s[0].ID()})

		for _, err := range []error{
			ns.Emit(ctx, "connect"), ns.To("a").Emit(ctx, "newListener"), s[0].Emit("disconnecting"), s[0].To("b").Emit(ctx, "connect_error"),
		} {
			var reserved *socketio.ReservedEventError
			if !errors.Is(err, socketio.ErrReservedEvent) || !errors.As(err, &reserved) { // SEC-51
				t.Errorf("error %v", err)
				continue
			}
			text := `"` + reserved.Event + `" is a reserved event name` // as in JavaScript
			equal(t, reserved.Message(), text)
			equal(t, err.Error(), "socketio: "+text)
		}
		if s[0].EmitVolatile("connect") || s[0].EmitVolatile("x", make(chan int)) {
			t.Error("emitted what cannot be")
		}
		if ns.Emit(ctx, "x", make(chan int)) == nil || s[0].Emit("x", make(chan int)) == nil || second(ns.EmitAck(ctx, "x", make(chan int))) == nil ||
			second(s[0].EmitAck(ctx, "x", make(chan int))) == nil {
			t.Error("a channel was encoded")
		}
	})
}

// SEC-57: limits for names from clients; empty rooms are removed; a disconnection leaves all.
func TestRooms_Bounds(t *testing.T) {
	bubble(t, socketio.Config{MaxRooms: 30, MaxRoomName: 10}, func(t *testing.T, r *rig) {
		ns := r.io.Of("/")
		var events []string
		var mu sync.Mutex
		ns.OnRoom(func(e socketio.RoomEvent) {
			mu.Lock()
			defer mu.Unlock()
			if e.Socket != "" {
				e.Socket = "S"
			}
			if len(e.Room) == 20 {
				e.Room = "OWN"
			}
			events = append(events, fmt.Sprint(e.Kind, " ", e.Room, " ", e.Socket))
		})
		clients, s := r.pair(2)
		for _, name := range []string{"", strings.Repeat("n", 11)} {
			if err := s[0].JoinLimited("fine", name); !errors.Is(err, socketio.ErrRoomName) {
				t.Errorf("%q: %v", name, err)
			}
		}
		for i := range 30 {
			must(t, s[0].JoinLimited(fmt.Sprint(i)))
		}
		if err := s[0].JoinLimited("more"); !errors.Is(err, socketio.ErrTooManyRooms) {
			t.Error(err)
		}
		must(t, s[0].JoinLimited("0")) // in it already
		must(t, s[0].Join("more"))     // the server may
		if got := len(s[0].Rooms()); got != 32 {
			t.Errorf("%d rooms", got)
		}
		must(t, s[1].Join("0"))
		s[1].Leave(s[1].ID())
		must(t, s[1].Join(s[1].ID()))
		equal(t, ns.RoomSize("0"), 2)
		equal(t, len(ns.Rooms()), 33)
		if !s[0].Has("29") || s[1].Has("29") || !s[0].Has(s[0].ID()) || s[0].Has("x") || s[0].Has(s[1].ID()) {
			t.Error("Has is wrong")
		}
		s[0].Leave("1")
		clients[0].conn.Abort()
		synctest.Wait()
		equal(t, len(ns.Rooms()), 2)
		equal(t, len(s[0].Rooms()), 0)
		if err := s[0].Join("x"); !errors.Is(err, socketio.ErrClosed) {
			t.Errorf("joined after the end: %v", err)
		}
		if err := s[0].Join(s[0].ID()); !errors.Is(err, socketio.ErrClosed) {
			t.Errorf("joined after the end: %v", err)
		}
		s[0].Leave("x", s[0].ID())
		clients[1].send("1")
		synctest.Wait()
		equal(t, len(ns.Rooms()), 0)
		mu.Lock()
		defer mu.Unlock()
		count := func(e string) (n int) {
			for _, x := range events {
				if x == e {
					n++
				}
			}
			return n
		}
		for e, want := range map[string]int{
			"create-room 0 ": 1, "join-room 0 S": 2, "leave-room 0 S": 2, "delete-room 0 ": 1,
			"create-room OWN ": 3, "join-room OWN S": 3, "leave-room OWN S": 3, "delete-room OWN ": 3,
			"delete-room 1 ": 1, "create-room 29 ": 1,
		} {
			if got := count(e); got != want {
				t.Errorf("%q: %d times, want %d", e, got, want)
			}
		}
	})
}

// The rooms agree with a naive model after any sequence of operations, and with
// themselves under concurrency.
func TestRooms_Model(t *testing.T) {
	bubble(t, socketio.Config{}, func(t *testing.T, r *rig) {
		ns := r.io.Of("/")
		_, sockets := r.pair(12)
		rng := rand.New(rand.NewPCG(1, 2))
		names := make([]string, 60)
		for i := range names {
			names[i] = fmt.Sprint("room", i)
		}
		for i := range 4 {
			names = append(names, sockets[i].ID())
		}
		model := map[string]map[*socketio.Socket]bool{}
		in := func(s *socketio.Socket, name string) bool { return model[name][s] }
		for _, s := range sockets {
			model[s.ID()] = map[*socketio.Socket]bool{s: true}
		}
		for step := range 20_000 {
			s := sockets[rng.IntN(len(sockets))]
			name := names[rng.IntN(len(names))]
			switch rng.IntN(5) {
			case 0, 1:
				must(t, s.Join(name))
				if model[name] == nil {
					model[name] = map[*socketio.Socket]bool{}
				}
				model[name][s] = true
			case 2:
				s.Leave(name)
				delete(model[name], s)
				if len(model[name]) == 0 {
					delete(model, name)
				}
			case 3:
				if s.Has(name) != in(s, name) {
					t.Fatalf("step %d: Has(%s) is %v", step, name, s.Has(name))
				}
			case 4:
				rooms := []string{name, names[rng.IntN(len(names))]}
				want := map[string]bool{}
				for _, room := range rooms {
					for x := range model[room] {
						want[x.ID()] = true
					}
				}
				got := map[string]bool{}
				n := 0
				for x := range ns.SocketsIn(rooms...) {
					got[x.ID()] = true
					n++
				}
				if n != len(got) || !maps.Equal(got, want) {
					t.Fatalf("step %d: rooms %v have %v (%d), want %v", step, rooms, got, n, want)
				}
				if ns.RoomSize(name) != len(model[name]) {
					t.Fatalf("step %d: size %d, want %d", step, ns.RoomSize(name), len(model[name]))
				}
			}
		}
		want := slices.Sorted(maps.Keys(model))
		if got := ns.Rooms(); !slices.Equal(got, want) {
			t.Errorf("rooms %v, want %v", got, want)
		}
	})
}

// SEC-57, SEC-54 under concurrency: joins, leaves, broadcasts and disconnections at once
// leave nothing behind.
func TestRooms_Concurrent(t *testing.T) {
	r := newRig(t, socketio.Config{})
	ns := r.io.Of("/")
	ctx := context.Background()
	clients, sockets := r.pair(16)
	for _, c := range clients {
		go func() {
			for {
				if _, err := c.conn.ReceiveMessage(c.ctx); err != nil {
					return
				}
			}
		}()
	}
	var wg sync.WaitGroup
	for i, s := range sockets {
		wg.Go(func() {
			rng := rand.New(rand.NewPCG(uint64(i), 7))
			for range 400 {
				name := fmt.Sprint(rng.IntN(40))
				if rng.IntN(2) == 0 {
					_ = s.Join(name, fmt.Sprint(rng.IntN(40)))
				} else {
					s.Leave(name)
				}
			}
			s.Disconnect(i%2 == 0)
			for range 20 {
				if s.Join("late") == nil {
					t.Error("joined after the end")
				}
			}
		})
	}
	for i := range 4 {
		wg.Go(func() {
			rng := rand.New(rand.NewPCG(uint64(i), 9))
			for range 100 {
				must(t, ns.To(fmt.Sprint(rng.IntN(40)), fmt.Sprint(rng.IntN(40))).Except(fmt.Sprint(rng.IntN(40))).Emit(ctx, "e"))
				must(t, ns.In(fmt.Sprint(rng.IntN(40))).SocketsJoin(ctx, "joined"))
				must(t, ns.In(fmt.Sprint(rng.IntN(40))).SocketsLeave(ctx, "joined"))
				ns.Rooms()
			}
		})
	}
	wg.Wait()
	if rooms := ns.Rooms(); len(rooms) > 0 || ns.Len() > 0 {
		t.Errorf("%d sockets, rooms %q left", ns.Len(), rooms)
	}
}

// Spec 2.9: what operators and FetchSockets do on one node.
func TestFetchSockets(t *testing.T) {
	bubble(t, socketio.Config{}, func(t *testing.T, r *rig) {
		ns := r.io.Of("/")
		ctx := context.Background()
		clients, s := r.pair(3)
		s[0].SetData(map[string]int{"n": 7})
		equal(t, s[0].Data(), map[string]int{"n": 7})
		s[1].SetData(make(chan int)) // cannot be told
		must(t, ns.In(s[0].ID()).SocketsJoin(ctx, "x", "y"))
		list, err := ns.In("x").FetchSockets(ctx)
		must(t, err)
		if len(list) != 1 || list[0].ID != s[0].ID() || !slices.Contains(list[0].Rooms, "y") || string(list[0].Data) != `{"n":7}` {
			t.Errorf("%+v", list)
		}
		all, err := ns.FetchSockets(ctx)
		must(t, err)
		equal(t, len(all), 3)
		rs := list[0]
		must(t, rs.Leave(ctx, "x"))
		must(t, rs.Emit(ctx, "hi"))
		clients[0].expect(`2["hi"]`)
		answered := make(chan error, 1)
		go func() { answered <- second(rs.EmitAck(ctx, "q")) }()
		clients[0].expect(`20["q"]`)
		clients[0].send(`30[]`)
		must(t, await(t, answered))
		must(t, rs.Disconnect(ctx, false))
		clients[0].expect("1")
		if _, err := rs.EmitAck(ctx, "q"); !errors.Is(err, socketio.ErrClosed) {
			t.Error(err)
		}
		must(t, ns.SocketsJoin(ctx, "z"))
		must(t, ns.To("z").SocketsLeave(ctx, "z"))
		must(t, ns.SocketsLeave(ctx, "z"))
		must(t, ns.DisconnectSockets(ctx, true))
		for _, c := range clients[1:] {
			c.expect("1")
			c.closed()
		}
		var ids []string
		for x := range ns.Sockets() {
			ids = append(ids, x.ID())
		}
		equal(t, len(ids), 0)
	})
}
