package socketio_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/go-sails/sails/engineio/engineiotest"
	"github.com/go-sails/sails/socketio"
)

func TestArgs(t *testing.T) {
	a, err := socketio.NewArgs(1, "twö", json.RawMessage(`{"b":1, "a":2}`), []byte("bin"), map[string]any{"x": []byte("y")}, nil, []any{[]byte("z"), 1})
	must(t, err)
	equal(t, a.Len(), 7)
	equal(t, string(a.Raw(2)), `{"b":1, "a":2}`)
	if a.Raw(-1) != nil || a.Raw(7) != nil {
		t.Error("there are no such arguments")
	}
	var n int
	var s string
	var raw json.RawMessage
	var b socketio.Binary
	var m map[string]any
	var p *int
	var l []any
	must(t, a.Decode(&n, &s, &raw, &b, &m, &p, &l))
	equal(t, fmt.Sprintln(n, s, string(raw), string(b), m, p, l), "1 twö {\"b\":1, \"a\":2} bin map[x:[121]] <nil> [[122] 1]\n")
	var any1, any4 any
	var bytes []byte
	var rest socketio.Args
	must(t, a.Decode(&any1, nil, nil, &bytes, &any4, &rest))
	equal(t, fmt.Sprintln(any1, string(bytes), any4, rest.Len()), "1 bin map[x:[121]] 1\n")
	var st struct{ X []byte }
	must(t, a.Slice(4, 5).Decode(&st))
	equal(t, string(st.X), "y")
	equal(t, a.Slice(-3, 2).Len(), 2)
	equal(t, a.Slice(6, 2).Len(), 0)
	equal(t, a.Slice(5, 100).Len(), 2)
	if _, ok := a.Binary(4); ok {
		t.Error("argument 4 only contains bytes")
	}
	if _, ok := a.Binary(9); ok {
		t.Error("there is no such argument")
	}
	equal(t, len(a.Attachments()), 3)
	wire, err := json.Marshal(a)
	must(t, err)
	equal(t, string(wire), `[1,"twö",{"b":1,"a":2},"Ymlu",{"x":"eQ=="},null,["eg==",1]]`)
	equal(t, a.Slice(0, 2).String(), `1, "twö"`)
	plain, err := socketio.NewArgs(1, 2)
	must(t, err)
	wire, err = json.Marshal(plain)
	must(t, err)
	equal(t, string(wire), `[1,2]`)

	for _, dst := range []any{&s, &b, &bytes, &m, &l, &st} {
		if err := plain.Decode(dst); !errors.Is(err, socketio.ErrArguments) {
			t.Errorf("%T: %v", dst, err)
		}
		if err := a.Decode(dst, nil); dst != any(&s) && !errors.Is(err, socketio.ErrArguments) {
			t.Errorf("%T: %v", dst, err)
		}
	}
	for i := range 3 {
		list := make([]any, i+8)
		list[i+7] = &n
		if err := a.Decode(list...); !errors.Is(err, socketio.ErrArguments) {
			t.Errorf("missing argument: %v", err)
		}
	}
	if _, err := socketio.NewArgs(make(chan int)); err == nil {
		t.Error("a channel was encoded")
	}
	if (socketio.Args{}).Len() != 0 || second((socketio.Args{}).MarshalJSON()) != nil {
		t.Error("no arguments")
	}
	// Composed with others they keep their attachments.
	both, err := socketio.NewArgs("first", a.Slice(3, 5), []byte("last"), a.Slice(3, 4))
	must(t, err)
	equal(t, both.String(), `"first", Ymlu, {"x":{"_placeholder":true,"num":1}}, bGFzdA==, Ymlu`)
	var escaped string
	q, err := socketio.NewArgs(json.RawMessage(`"\u0041\ud800"`))
	must(t, err)
	must(t, q.Decode(&escaped))
	equal(t, escaped, "A\ufffd") // SEC-50
}

func TestTyped(t *testing.T) {
	bubble(t, socketio.Config{}, func(t *testing.T, r *rig) {
		ns := r.io.Of("/")
		type order struct {
			ID    int    `json:"id"`
			Photo []byte `json:"photo"`
		}
		socketio.On(ns, "order", func(_ context.Context, s *socketio.Socket, o order) error {
			return s.Emit("got", o.ID, len(o.Photo), string(o.Photo))
		})
		socketio.On(ns, "nothing", func(_ context.Context, s *socketio.Socket, _ struct{}) error { return s.Emit("got") })
		socketio.OnCall(ns, "all", func(_ context.Context, _ *socketio.Socket, a socketio.Args) (int, error) { return a.Len(), nil })
		c := r.join()
		c.send(`51-["order",{"id":7,"photo":{"_placeholder":true,"num":0}}]`)
		c.sendBinary("jpg")
		c.expect(`2["got",7,3,"jpg"]`)
		c.send(`2["nothing"]`)
		c.expect(`2["got"]`)
		c.send(`2["all",1,2]`, `21["all",1,2,3]`)
		c.expect(`31[3]`)
	})
}

// A broadcast to one room allocates nothing per member.
func TestBroadcast_Allocations(t *testing.T) {
	measure := func(n int) (allocs float64) {
		bubble(t, socketio.Config{}, func(t *testing.T, r *rig) {
			ns := r.io.Of("/")
			ns.OnConnect(func(_ context.Context, s *socketio.Socket) error { return s.Join("room") })
			for range n { // without a poll nothing is written, which costs elsewhere
				c := r.dial(engineiotest.Options{Transport: engineiotest.Polling})
				c.send("0")
				c.connected("/")
			}
			synctest.Wait()
			op := ns.To("room").Volatile()
			equal(t, ns.RoomSize("room"), n)
			allocs = testing.AllocsPerRun(200, func() { must(t, op.Emit(context.Background(), "e", "text")) })
		})
		return allocs
	}
	if one, many := measure(1), measure(200); many > one+3 {
		t.Errorf("%v allocations for one member, %v for 200", one, many)
	}
}
