package socketio_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-sails/sails/engineio"
	"github.com/go-sails/sails/engineio/engineiotest"
	"github.com/go-sails/sails/socketio"
	"github.com/go-sails/sails/socketio/adaptertest"
)

// sharing starts a server that recovers clients of others.
func sharing(t *testing.T, a socketio.Adapter, r socketio.Recovery) *rig {
	t.Helper()
	g := newRig(t, socketio.Config{Adapter: a, Recovery: &r, Engine: engineio.Config{
		BindSession: func(r *http.Request) string { return r.Header.Get("Cookie") },
	}})
	must(t, g.io.Ready(context.Background()))
	return g
}

// Spec 2.7 and 3.6: a client comes back to another node, again and again.
func TestRecovery_AcrossNodes(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var bus adaptertest.LogBus
		type data struct{ N int }
		decode := socketio.Recovery{DecodeData: func(text json.RawMessage) (any, error) {
			d := new(data)
			return d, json.Unmarshal(text, d)
		}}
		a, b := sharing(t, bus.Adapter(), decode), sharing(t, bus.Adapter(), decode)
		ctx := context.Background()
		c, l := recoverable(a)
		s, _ := a.io.Of("/").Socket(l.sid)
		must(t, s.Join("r"))
		s.SetData(data{7})
		must(t, s.Emit("direct", 1))
		l.offset = c.offsetOf(`2["direct",1]`)
		must(t, b.io.Of("/").To("r").Emit(ctx, "room"))
		l.offset = c.offsetOf(`2["room"]`)
		// These carry none.
		synctest.Wait() // or else they may be dropped
		must(t, b.io.Of("/").Volatile().Emit(ctx, "volatile"))
		c.expect(`2["volatile"]`)
		synctest.Wait()
		must(t, a.io.Of("/").Volatile().Emit(ctx, "volatile"))
		c.expect(`2["volatile"]`)
		must(t, a.io.Of("/").Local().Emit(ctx, "local"))
		c.expect(`2["local"]`)
		for range 3 {
			for _, next := range []*rig{b, a} {
				c.conn.Abort()
				synctest.Wait()
				must(t, a.io.Of("/").Emit(ctx, "all", []byte("b")))
				must(t, b.io.Of("/").To("r", "x").Emit(ctx, "room"))
				must(t, b.io.Of("/").To("x").Emit(ctx, "not mine"))
				must(t, a.io.Of("/").Except("r").Emit(ctx, "excepted"))
				must(t, a.io.Of("/").Volatile().Emit(ctx, "volatile"))
				c = next.open()
				c.send(l.connect())
				if got := c.receive(); got[:14] != `51-["all",{"_p` {
					t.Fatalf("received %q", got)
				}
				c.expect("bin:b")
				l.offset = c.offsetOf(`2["room"]`)
				c.expect(fmt.Sprintf(`0{"sid":%q,"pid":%q}`, l.sid, l.pid))
				s, ok := next.io.Of("/").Socket(l.sid)
				if !ok || !s.Recovered() || !s.Has("r") || !s.Has(l.sid) || s.Data().(*data).N != 7 {
					t.Fatalf("socket %+v", s)
				}
				must(t, a.io.Of("/").To("r").Emit(ctx, "live"))
				l.offset = c.offsetOf(`2["live"]`)
			}
		}
		if n := bus.States(); n != 0 {
			t.Errorf("%d states are left", n)
		}
	})
}

// SEC-59, SEC-60: what begins anew at the other node.
func TestRecovery_AcrossNodes_Refused(t *testing.T) {
	for name, do := range map[string]func(b *rig, bus *adaptertest.LogBus, l *lost){
		"unknown pid":          func(_ *rig, _ *adaptertest.LogBus, l *lost) { l.pid = strings.Repeat("x", 24) },
		"pid that is a path":   func(_ *rig, _ *adaptertest.LogBus, l *lost) { l.pid = "../../../../../../../../x" },
		"pid that is long":     func(_ *rig, _ *adaptertest.LogBus, l *lost) { l.pid += l.pid + l.pid },
		"offset of nobody":     func(_ *rig, _ *adaptertest.LogBus, l *lost) { l.offset = "x" },
		"offset of the future": func(_ *rig, _ *adaptertest.LogBus, l *lost) { l.offset = "1000000" },
		"offset of a join":     func(_ *rig, _ *adaptertest.LogBus, l *lost) { l.offset = "1" },
		"too late":             func(*rig, *adaptertest.LogBus, *lost) { <-time.After(121 * time.Second) },
		"too much": func(b *rig, _ *adaptertest.LogBus, _ *lost) {
			for range 11 {
				_ = b.io.Of("/").Emit(context.Background(), "n") // it would be missed otherwise
			}
		},
		"data that is refused": func(_ *rig, _ *adaptertest.LogBus, l *lost) { l.bad = true },
		"another cookie":       func(_ *rig, _ *adaptertest.LogBus, l *lost) { l.cookie = "b" },
		"used":                 func(b *rig, _ *adaptertest.LogBus, l *lost) { b.as(l).send(l.connect()); synctest.Wait() },
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				var bus adaptertest.LogBus
				var l lost
				cfg := socketio.Recovery{MaxPackets: 10, DecodeData: func(json.RawMessage) (any, error) {
					if l.bad {
						return nil, errors.New("refused")
					}
					return nil, nil
				}}
				a, b := sharing(t, bus.Adapter(), cfg), sharing(t, bus.Adapter(), cfg)
				must(t, a.io.Of("/").SocketsJoin(context.Background(), "r"))
				c := a.as(&lost{cookie: "a"})
				c.send("0")
				m := connectAnswer.FindStringSubmatch(c.receive())
				l.sid, l.pid, l.cookie = m[2], m[3], "a"
				must(t, a.io.Of("/").Emit(context.Background(), "e"))
				l.offset = c.offsetOf(`2["e"]`)
				c.conn.Abort()
				synctest.Wait()
				do(b, &bus, &l)
				d := b.as(&l)
				d.send(l.connect())
				if m := connectAnswer.FindStringSubmatch(d.receive()); m == nil || m[2] == l.sid || m[3] == l.pid {
					t.Errorf("answered %q", m)
				}
			})
		})
	}
}

// as opens a session with the cookie of a lost one.
func (r *rig) as(l *lost) *client {
	return r.dial(engineiotest.Options{Transport: engineiotest.WebSocket, Header: http.Header{"Cookie": {l.cookie}}})
}

// The client has seen more than the node it comes to: that one waits, and sends nothing
// twice.
func TestRecovery_NodeIsBehind(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var bus adaptertest.LogBus
		behind := bus.Adapter()
		a, b := sharing(t, bus.Adapter(), socketio.Recovery{}), sharing(t, behind, socketio.Recovery{})
		ctx := context.Background()
		c, l := recoverable(a)
		behind.Hold(true)
		must(t, a.io.Of("/").Emit(ctx, "seen"))
		l.offset = c.offsetOf(`2["seen"]`)
		c.conn.Abort()
		synctest.Wait()
		must(t, a.io.Of("/").Emit(ctx, "missed"))
		d := b.open()
		d.send(l.connect())
		<-time.After(time.Second)
		behind.Hold(false)
		// It is recovered as soon as the node has seen as much; what comes next is live then.
		answer := fmt.Sprintf(`0{"sid":%q,"pid":%q}`, l.sid, l.pid)
		first, second := d.receive(), d.receive()
		if first != answer {
			first, second = second, first
		}
		if first != answer || !strings.HasPrefix(second, `2["missed",`) {
			t.Errorf("received %q and %q", first, second)
		}
	})
}

// A node that was started later asks the log; what is gone from there is not recovered.
func TestRecovery_NewNode(t *testing.T) {
	for _, trimmed := range []bool{false, true} {
		inBubble(t, func(t *testing.T) {
			var bus adaptertest.LogBus
			a := sharing(t, bus.Adapter(), socketio.Recovery{})
			ctx := context.Background()
			c, l := recoverable(a)
			must(t, a.io.Of("/").Emit(ctx, "seen"))
			l.offset = c.offsetOf(`2["seen"]`)
			c.conn.Abort()
			synctest.Wait()
			must(t, a.io.Of("/").Emit(ctx, "before"))
			must(t, a.io.Of("/").To("x").Emit(ctx, "not mine"))
			must(t, a.io.Of("/").Volatile().Emit(ctx, "volatile"))
			b := sharing(t, bus.Adapter(), socketio.Recovery{})
			must(t, a.io.Of("/").Emit(ctx, "after"))
			if trimmed {
				bus.Trim()
			}
			d := b.open()
			d.send(l.connect())
			if trimmed {
				if m := connectAnswer.FindStringSubmatch(d.receive()); m == nil || m[2] == l.sid {
					t.Errorf("answered %q", m)
				}
				return
			}
			d.offsetOf(`2["before"]`)
			d.offsetOf(`2["after"]`)
			d.expect(fmt.Sprintf(`0{"sid":%q,"pid":%q}`, l.sid, l.pid))
		})
	}
}

// Reliability: events reach the node's own sockets whatever becomes of the log, in
// order and once.
func TestRecovery_LogFails(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var bus adaptertest.LogBus
		adapter := bus.Adapter()
		a, b := sharing(t, adapter, socketio.Recovery{}), sharing(t, bus.Adapter(), socketio.Recovery{})
		ctx := context.Background()
		ns := a.io.Of("/")
		c, l := recoverable(a)
		far, _ := recoverable(b)
		s, _ := ns.Socket(l.sid)
		must(t, ns.Emit(ctx, "well"))
		l.offset = c.offsetOf(`2["well"]`)
		far.offsetOf(`2["well"]`)

		failure := errors.New("no medium")
		adapter.Fail(failure)
		if err := ns.Emit(ctx, "n", 1); !errors.Is(err, failure) {
			t.Errorf("Emit: %v", err)
		}
		c.expect(`2["n",1]`)
		must(t, s.Emit("n", 2))
		c.expect(`2["n",2]`)
		adapter.Fail(nil)

		// In the log, but not read.
		adapter.Hold(true)
		begin := time.Now()
		must(t, s.Emit("n", 3))
		must(t, ns.Emit(ctx, "n", 4))
		if d := time.Since(begin); d != time.Second {
			t.Errorf("Emit took %v", d)
		}
		c.expect(`2["n",3]`, `2["n",4]`)
		far.offsetOf(`2["n",4]`)
		soon, cancel := context.WithTimeout(ctx, time.Millisecond)
		defer cancel()
		if err := ns.Emit(soon, "n", 5); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Emit: %v", err)
		}
		adapter.Hold(false)
		c.offsetOf(`2["n",5]`) // not 3 and 4 again
		must(t, ns.Emit(ctx, "well"))
		l.offset = c.offsetOf(`2["well"]`)
		c.conn.Abort()
		synctest.Wait()
		must(t, ns.Emit(ctx, "missed"))
		d := a.open()
		d.send(l.connect())
		d.offsetOf(`2["missed"]`)
		d.expect(fmt.Sprintf(`0{"sid":%q,"pid":%q}`, l.sid, l.pid))
	})
}

// What was emitted to a socket goes before its disconnection.
func TestRecovery_EmitBeforeDisconnect(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var bus adaptertest.LogBus
		adapter := bus.Adapter()
		a := sharing(t, adapter, socketio.Recovery{})
		c, l := recoverable(a)
		s, _ := a.io.Of("/").Socket(l.sid)
		adapter.Hold(true)
		must(t, s.Emit("bye"))
		s.Disconnect(false)
		adapter.Hold(false)
		c.expect(`2["bye"]`, "1")
	})
}

// All clients of all nodes see events in one order.
func TestRecovery_OneOrder(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var bus adaptertest.LogBus
		const n = 100
		var rigs []*rig
		var clients []*client
		for range 3 {
			r := sharing(t, bus.Adapter(), socketio.Recovery{})
			c, _ := recoverable(r)
			rigs, clients = append(rigs, r), append(clients, c)
		}
		for i, r := range rigs {
			go func() {
				for k := range n {
					if err := r.io.Of("/").Emit(context.Background(), "n", i, k); err != nil {
						t.Error(err)
					}
				}
			}()
		}
		for range n * len(rigs) {
			first := clients[0].receive()
			for _, c := range clients[1:] {
				if got := c.receive(); got != first {
					t.Fatalf("one received %q, another %q", first, got)
				}
			}
		}
	})
}

// notThis is an adapter that works with no recovery.
type notThis struct{ *adaptertest.BusAdapter }

var errNotThis = errors.New("not with recovery")

func (notThis) CheckConfig(cfg socketio.Config) error {
	if cfg.Recovery != nil && cfg.Recovery.MaxPackets == 1000 {
		return errNotThis
	}
	return nil
}

func TestNewServer_AdapterRefuses(t *testing.T) {
	var bus adaptertest.Bus
	a := notThis{bus.Adapter()}
	defer a.Close()
	if _, err := socketio.NewServer(socketio.Config{Adapter: a, Recovery: &socketio.Recovery{}}); !errors.Is(err, errNotThis) {
		t.Error(err)
	}
}

// User code is told of outgoing events when nothing is locked: it may send some itself.
func TestRecovery_OnAnyOutgoing(t *testing.T) {
	for name, adapter := range map[string]socketio.Adapter{"own log": nil, "shared log": new(adaptertest.LogBus).Adapter()} {
		t.Run(name, func(t *testing.T) {
			bubble(t, socketio.Config{Adapter: adapter, Recovery: &socketio.Recovery{}}, func(t *testing.T, r *rig) {
				must(t, r.io.Ready(context.Background()))
				r.io.Of("/").OnAnyOutgoing(func(s *socketio.Socket, event string, _ socketio.Args) {
					if event != "echo" {
						must(t, s.Emit("echo", event))
					}
				})
				c, l := recoverable(r)
				must(t, r.io.Of("/").Emit(context.Background(), "all"))
				s, _ := r.io.Of("/").Socket(l.sid)
				c.offsetOf(`2["all"]`)
				c.offsetOf(`2["echo","all"]`)
				must(t, s.Emit("one"))
				c.offsetOf(`2["one"]`)
				c.offsetOf(`2["echo","one"]`)
			})
		})
	}
}

// A dynamic namespace that goes with its last socket: the state is kept, and found by
// the one of that name that is made for the client that comes back.
func TestRecovery_DynamicNamespace(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var bus adaptertest.LogBus
		r := newRig(t, socketio.Config{Adapter: bus.Adapter(), Recovery: &socketio.Recovery{}, CleanupEmptyChildNamespaces: true})
		r.io.OfRegexp(regexp.MustCompile("^/d"))
		c := r.open()
		c.send("0/d,")
		m := connectAnswer.FindStringSubmatch(c.receive())
		must(t, r.io.Ready(context.Background()))
		must(t, r.io.Of("/d").Emit(context.Background(), "e"))
		var list []any
		must(t, json.Unmarshal([]byte(strings.TrimPrefix(c.receive(), "2/d,")), &list))
		l := lost{pid: m[3], offset: list[1].(string)}
		c.conn.Abort()
		synctest.Wait()
		if n := len(r.io.Namespaces()); n != 1 || bus.States() != 1 {
			t.Fatalf("%d namespaces, %d states", n, bus.States())
		}
		d := r.open()
		d.send("0/d," + l.connect()[1:])
		if got := d.receive(); !strings.Contains(got, m[2]) || !strings.Contains(got, m[3]) {
			t.Errorf("answered %q", got)
		}
	})
}
