package emitter_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"testing"

	"github.com/go-sails/sails/internal/leakcheck"
	"github.com/go-sails/sails/socketio"
	"github.com/go-sails/sails/socketio/emitter"
)

func TestMain(m *testing.M) { leakcheck.Main(m) }

// printer is a Publisher that shows what is published.
type printer struct{ got []socketio.ClusterMessage }

func (p *printer) Publish(_ context.Context, m *socketio.ClusterMessage) (string, error) {
	p.got = append(p.got, *m)
	return "", nil
}

func Example() {
	var adapter printer // redisadapter.New(…)
	e := emitter.New(&adapter)
	if err := e.To("room").Emit(context.Background(), "news", "it works"); err != nil {
		fmt.Println(err)
	}
	fmt.Println(adapter.got[0].Target.Rooms, string(adapter.got[0].Data))
	// Output: [room] ["news","it works"]
}

func TestMessages(t *testing.T) {
	ctx := context.Background()
	var p printer
	e := emitter.New(&p)
	kept := e.To("a")
	for _, err := range []error{
		kept.In("b").Except("c").Volatile().Compress(false).Emit(ctx, "e", 1, []byte{7}, nil),
		kept.Of("chat").SocketsJoin(ctx, "x"),
		kept.SocketsLeave(ctx, "x"),
		kept.DisconnectSockets(ctx, true),
		e.ServerSideEmit(ctx, "s", "v"),
		e.Emit(ctx, "none"),
	} {
		if err != nil {
			t.Error(err)
		}
	}
	a := socketio.Target{Rooms: []string{"a"}}
	want := []socketio.ClusterMessage{
		{Type: socketio.ClusterBroadcast, Data: json.RawMessage(`["e",1,{"_placeholder":true,"num":0},null]`), Attachments: [][]byte{{7}},
			Target: socketio.Target{Rooms: []string{"a", "b"}, Except: []string{"c"}, Flags: socketio.Flags{Volatile: true, NoCompress: true}}},
		{Type: socketio.ClusterSocketsJoin, Rooms: []string{"x"}, Namespace: "/chat"},
		{Type: socketio.ClusterSocketsLeave, Rooms: []string{"x"}, Target: a},
		{Type: socketio.ClusterDisconnectSockets, Close: true, Target: a},
		{Type: socketio.ClusterServerSideEmit, Data: json.RawMessage(`["s","v"]`)},
		{Type: socketio.ClusterBroadcast, Data: json.RawMessage(`["none"]`)},
	}
	for i := range want {
		want[i].UID = "emitter"
		if want[i].Namespace == "" {
			want[i].Namespace = "/"
		}
		if len(p.got[i].Attachments) == 0 {
			p.got[i].Attachments = nil
		}
		if !reflect.DeepEqual(p.got[i], want[i]) {
			t.Errorf("published %+v\nwant      %+v", p.got[i], want[i])
		}
	}
}

func TestErrors(t *testing.T) {
	ctx := context.Background()
	e := emitter.New(&printer{})
	if err := e.Emit(ctx, "disconnect"); !errors.Is(err, socketio.ErrReservedEvent) {
		t.Errorf("reserved event: %v", err)
	}
	if err := e.ServerSideEmit(ctx, "connection"); !errors.Is(err, socketio.ErrReservedEvent) {
		t.Errorf("reserved server-side event: %v", err)
	}
	if e.Emit(ctx, "x", func() {}) == nil {
		t.Error("a function was sent")
	}
	if (emitter.Emitter{}).Emit(ctx, "x") == nil {
		t.Error("the zero Emitter sent")
	}
}
