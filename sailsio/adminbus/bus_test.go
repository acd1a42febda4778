package adminbus_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-sails/sails/engineio/engineiotest"
	"github.com/go-sails/sails/internal/leakcheck"
	"github.com/go-sails/sails/sailsio"
	"github.com/go-sails/sails/sailsio/adminbus"
	"github.com/go-sails/sails/socketio"
)

func TestMain(m *testing.M) { leakcheck.Main(m) }

// wire is a Medium in this process.
type wire struct {
	mu        sync.Mutex
	listeners []func([]byte)
	channels  []string
	sent      []string
	failure   error
}

func (w *wire) Listen(_ context.Context, channel string, receive func([]byte)) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.channels = append(w.channels, channel)
	w.listeners = append(w.listeners, receive)
	return w.failure
}

func (w *wire) Send(_ context.Context, channel string, payload []byte) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.channels = append(w.channels, channel)
	w.sent = append(w.sent, string(payload))
	for _, receive := range w.listeners {
		receive(payload)
	}
	return w.failure
}

// world is a server with a client in the rooms "r" and "x".
type world struct {
	ctx    context.Context
	ns     *socketio.Namespace
	socket *socketio.Socket
	wire   *wire
	bus    *adminbus.Bus
	seen   []adminbus.Message
}

func newWorld(t *testing.T) *world {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	t.Cleanup(cancel)
	io, err := socketio.NewServer(socketio.Config{})
	check(t, err)
	h := engineiotest.NewServer(io)
	t.Cleanup(func() {
		check(t, io.Shutdown(ctx))
		h.Close()
	})
	w := &world{ctx: ctx, ns: io.Of("/"), wire: new(wire)}
	w.bus, err = adminbus.New(adminbus.Config{Medium: w.wire, OnMessage: func(m adminbus.Message) { w.seen = append(w.seen, m) }})
	check(t, err)
	check(t, w.bus.Start(ctx, w.ns))
	c, err := h.Open(ctx, engineiotest.Options{Path: "/socket.io/", Transport: engineiotest.WebSocket})
	check(t, err)
	t.Cleanup(c.Abort)
	check(t, c.Send(ctx, engineiotest.Text("0")))
	answer, err := c.ReceiveMessage(ctx)
	check(t, err)
	var body struct{ SID string }
	check(t, json.Unmarshal([]byte(strings.TrimPrefix(answer.Data, "0")), &body))
	s, ok := w.ns.Socket(body.SID)
	if !ok {
		t.Fatal("socket is missing")
	}
	w.socket = s
	check(t, s.Join("r", "x"))
	return w
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (w *world) rooms() string {
	rooms := slices.DeleteFunc(w.socket.Rooms(), func(r string) bool { return r == w.socket.ID() })
	slices.Sort(rooms)
	return strings.Join(rooms, " ")
}

// CB-22 to CB-26: what Sails servers send; what is no JSON is dropped.
func TestReceive(t *testing.T) {
	for name, c := range map[string]struct{ message, rooms string }{
		"join":           {`{"uid":"5FNQFm","event":"join","payload":{"sourceRoom":"r","destRooms":["a","b"]}}`, "a b r x"},
		"join by id":     {`{"uid":"5FNQFm","event":"join","payload":{"sourceRoom":"ID","destRooms":["a",7,null,""]}}`, "a r x"},
		"leave":          {`{"uid":"5FNQFm","event":"leave","payload":{"sourceRoom":"r","destRooms":["x","y"]}}`, "r"},
		"leaveAll":       {`{"uid":"5FNQFm","event":"leaveAll","payload":{"sourceRoom":"r"}}`, ""},
		"leaveAll of Go": {`{"uid":"5FNQFm","event":"leaveAll","payload":{"sourceRoom":"r","keepSourceRoom":true}}`, "r"},
		"no uid":         {`{"event":"join","payload":{"sourceRoom":"r","destRooms":["a"]}}`, "a r x"},
		"no members":     {`{"uid":"5FNQFm","event":"join","payload":{"sourceRoom":"q","destRooms":["a"]}}`, "r x"},
		"no source":      {`{"uid":"5FNQFm","event":"leaveAll","payload":{}}`, "r x"},
		"wrong types":    {`{"uid":"5FNQFm","event":"leave","payload":{"sourceRoom":["r"],"destRooms":"x"}}`, "r x"},
		"no payload":     {`{"uid":"5FNQFm","event":"leaveAll"}`, "r x"},
		"own event":      {`{"uid":"5FNQFm","event":"cache:clear","payload":[1]}`, "r x"},
		"not JSON":       {`{`, "r x"},
		"no object":      {`[1]`, "r x"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			check(t, w.wire.Send(w.ctx, "", []byte(strings.ReplaceAll(c.message, "ID", w.socket.ID()))))
			if got := w.rooms(); got != c.rooms {
				t.Errorf("rooms %q, want %q", got, c.rooms)
			}
			if usable := strings.HasPrefix(c.message, `{"`); (len(w.seen) == 1) != usable {
				t.Errorf("application saw %v", w.seen)
			}
		})
	}
}

func TestSend(t *testing.T) {
	w := newWorld(t)
	check(t, w.bus.LeaveAll(w.ctx, "r", sailsio.LeaveAllOptions{}))
	check(t, w.bus.Broadcast(w.ctx, "mine", map[string]int{"a": 1}))
	if w.rooms() != "r x" || len(w.seen) != 0 {
		t.Errorf("own messages were applied: rooms %q, seen %v", w.rooms(), w.seen)
	}
	check(t, w.bus.Blast(w.ctx, "mine", nil))
	if len(w.seen) != 1 || w.seen[0].Event != "mine" {
		t.Errorf("seen %v", w.seen)
	}
	var uid struct{ UID string }
	check(t, json.Unmarshal([]byte(w.wire.sent[0]), &uid))
	for i, want := range []string{
		`{"uid":"U","event":"leaveAll","payload":{"sourceRoom":"r"}}`,
		`{"uid":"U","event":"mine","payload":{"a":1}}`,
		`{"event":"mine","payload":null}`,
	} {
		if got := strings.ReplaceAll(w.wire.sent[i], uid.UID, "U"); got != want {
			t.Errorf("sent %s, want %s", got, want)
		}
	}
	for _, channel := range w.wire.channels {
		if channel != "socket.io#sails#" { // CB-21
			t.Errorf("channel %q", channel)
		}
	}
}

// CB-21, SU-8: a key of Sails' configuration is the whole channel.
func TestChannel(t *testing.T) {
	for channel, want := range map[string]string{"": "socket.io#sails#", "myapp": "myapp"} {
		w := new(wire)
		bus, err := adminbus.New(adminbus.Config{Medium: w, Channel: channel})
		check(t, err)
		io, err := socketio.NewServer(socketio.Config{})
		check(t, err)
		check(t, bus.Start(t.Context(), io.Of("/")))
		check(t, bus.Broadcast(t.Context(), "mine", nil))
		if got := w.channels; !slices.Equal(got, []string{want, want}) {
			t.Errorf("%q: listens and sends on %q, want %q", channel, got, want)
		}
		check(t, io.Shutdown(t.Context()))
	}
}

func TestErrors(t *testing.T) {
	if _, err := adminbus.New(adminbus.Config{}); err == nil {
		t.Error("a bus without medium")
	}
	away := errors.New("away")
	w := newWorld(t)
	if err := w.bus.Start(w.ctx, w.ns); err == nil {
		t.Error("started twice")
	}
	w.wire.failure = away
	if err := w.bus.LeaveAll(w.ctx, "r", sailsio.LeaveAllOptions{}); !errors.Is(err, away) {
		t.Errorf("LeaveAll: %v", err)
	}
	if err := w.bus.Broadcast(w.ctx, "x", func() {}); err == nil {
		t.Error("a function was sent")
	}
	again, err := adminbus.New(adminbus.Config{Medium: w.wire})
	check(t, err)
	for range 2 { // it may be tried again
		if err := again.Start(w.ctx, w.ns); !errors.Is(err, away) {
			t.Errorf("Start: %v", err)
		}
	}
}

// SEC-92
func FuzzReceive(f *testing.F) {
	for _, s := range []string{
		`{"uid":"5FNQFm","event":"join","payload":{"sourceRoom":"r","destRooms":["a","b"]}}`,
		`{"event":"leaveAll","payload":{"sourceRoom":"r","keepSourceRoom":true}}`, `{`, `[]`, `null`,
	} {
		f.Add([]byte(s))
	}
	io, err := socketio.NewServer(socketio.Config{})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = io.Shutdown(context.Background()) })
	var w wire
	bus, err := adminbus.New(adminbus.Config{Medium: &w})
	if err != nil {
		f.Fatal(err)
	}
	if err := bus.Start(context.Background(), io.Of("/")); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(_ *testing.T, data []byte) { w.listeners[0](data) })
}
