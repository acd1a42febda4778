package socketio_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-sails/sails/engineio/engineiotest"
	"github.com/go-sails/sails/socketio"
)

// lost is what a client remembers of its connection.
type lost struct {
	sid, pid, offset string
	cookie           string
	bad              bool
}

// recoverable joins "/" and returns what the client has to remember.
func recoverable(r *rig) (*client, lost) {
	r.t.Helper()
	c := r.open()
	c.send("0")
	m := connectAnswer.FindStringSubmatch(c.receive())
	if m == nil || len(m[3]) < 20 {
		r.t.Fatalf("answer %q has no pid", m)
	}
	return c, lost{sid: m[2], pid: m[3]}
}

// offsetOf cuts the offset off an event and returns both.
func (c *client) offsetOf(want string) string {
	c.t.Helper()
	got := c.receive()
	var list []any
	must(c.t, json.Unmarshal([]byte(strings.TrimPrefix(got, "2")), &list))
	offset, ok := list[len(list)-1].(string)
	if !ok {
		c.t.Fatalf("%q has no offset", got)
	}
	rest, err := json.Marshal(list[:len(list)-1])
	must(c.t, err)
	if "2"+string(rest) != want {
		c.t.Fatalf("received %q, want %q and an offset", got, want)
	}
	return offset
}

func (l lost) connect() string { return fmt.Sprintf(`0{"pid":%q,"offset":%q,"k":1}`, l.pid, l.offset) }

// Spec 2.7: id, rooms, data and the missed events come back, before the answer.
func TestRecovery(t *testing.T) {
	bubble(t, socketio.Config{Recovery: &socketio.Recovery{}}, func(t *testing.T, r *rig) {
		ns := r.io.Of("/")
		ctx := context.Background()
		var connects []bool
		wared := 0
		ns.Use(func(next socketio.ConnectFunc) socketio.ConnectFunc {
			return func(ctx context.Context, s *socketio.Socket) error {
				wared++
				return next(ctx, s)
			}
		})
		ns.OnConnect(func(_ context.Context, s *socketio.Socket) error {
			connects = append(connects, s.Recovered())
			return nil
		})
		_, second := recoverable(r)
		other, _ := ns.Socket(second.sid)
		c, l := recoverable(r)
		s, _ := ns.Socket(l.sid)
		must(t, s.Join("r"))
		s.SetData("data")
		must(t, s.Emit("direct", 1))
		l.offset = c.offsetOf(`2["direct",1]`)
		must(t, ns.Emit(ctx, "all", []int{1}))
		l.offset = c.offsetOf(`2["all",[1]]`)
		synctest.Wait()
		must(t, ns.Volatile().Emit(ctx, "volatile")) // has none
		c.expect(`2["volatile"]`)
		c.conn.Abort()
		synctest.Wait()

		must(t, ns.To("r").Emit(ctx, "room", 1))
		must(t, ns.To("other").Emit(ctx, "not mine"))
		must(t, ns.To("r").Except("x").Emit(ctx, "not excepted"))
		must(t, ns.Except("x", "r").Emit(ctx, "excepted"))
		must(t, s.Broadcast().Emit(ctx, "excepted by id"))
		must(t, other.Broadcast().Emit(ctx, "broadcast"))
		must(t, ns.Volatile().Emit(ctx, "volatile"))
		must(t, ns.To(l.sid, "other").Emit(ctx, "me", []byte("b")))
		must(t, ns.Compress(false).Emit(ctx, "all"))

		d := r.open()
		d.send(l.connect())
		l.offset = d.offsetOf(`2["room",1]`)
		l.offset = d.offsetOf(`2["not excepted"]`)
		l.offset = d.offsetOf(`2["broadcast"]`)
		if got := d.receive(); !strings.HasPrefix(got, `51-["me",{"_placeholder":true,"num":0},"`) {
			t.Fatalf("received %q", got)
		}
		d.expect("bin:b")
		l.offset = d.offsetOf(`2["all"]`)
		d.expect(fmt.Sprintf(`0{"sid":%q,"pid":%q}`, l.sid, l.pid))
		s, ok := ns.Socket(l.sid)
		synctest.Wait()
		if !ok || !s.Recovered() || s.Data() != "data" || !s.Has("r") || !s.Has(l.sid) || string(s.Handshake().Auth) == "{}" {
			t.Errorf("recovered: %v, data %v, rooms %v", s.Recovered(), s.Data(), s.Rooms())
		}
		equal(t, connects, []bool{false, false, true})
		equal(t, wared, 2)
		must(t, ns.Emit(ctx, "live"))
		l.offset = d.offsetOf(`2["live"]`)
		// Acknowledged events carry no offset.
		go func() { _, _ = s.EmitAck(ctx, "q") }()
		d.expect(`20["q"]`)
		d.send("30[]")
		// It can happen again.
		d.conn.Abort()
		synctest.Wait()
		e := r.open()
		e.send(l.connect())
		e.expect(fmt.Sprintf(`0{"sid":%q,"pid":%q}`, l.sid, l.pid))
	})
}

// SEC-59 and spec 2.7: what begins anew.
func TestRecovery_Refused(t *testing.T) {
	cases := []struct {
		name string
		cfg  socketio.Recovery
		do   func(t *testing.T, r *rig, c *client, l *lost)
	}{
		{"unknown pid", socketio.Recovery{}, func(_ *testing.T, _ *rig, c *client, l *lost) { c.conn.Abort(); l.pid += "x" }},
		{"unknown offset", socketio.Recovery{}, func(_ *testing.T, _ *rig, c *client, l *lost) { c.conn.Abort(); l.offset += "x" }},
		{"offset of nobody", socketio.Recovery{}, func(_ *testing.T, _ *rig, c *client, l *lost) { c.conn.Abort(); l.offset = "1" }},
		{"offset in the future", socketio.Recovery{}, func(_ *testing.T, _ *rig, c *client, l *lost) {
			c.conn.Abort()
			l.offset = l.offset[:len(l.offset)-1] + "z"
		}},
		{"no offset", socketio.Recovery{}, func(_ *testing.T, _ *rig, c *client, l *lost) { c.conn.Abort(); l.offset = "" }},
		{"client left", socketio.Recovery{}, func(_ *testing.T, _ *rig, c *client, _ *lost) { c.send("1") }},
		{"server disconnected", socketio.Recovery{}, func(_ *testing.T, r *rig, _ *client, l *lost) {
			s, _ := r.io.Of("/").Socket(l.sid)
			s.Disconnect(false)
		}},
		{"still connected", socketio.Recovery{}, func(*testing.T, *rig, *client, *lost) {}},
		{"too late", socketio.Recovery{}, func(_ *testing.T, _ *rig, c *client, _ *lost) { c.conn.Abort(); <-time.After(121 * time.Second) }},
		{"too many missed", socketio.Recovery{MaxPackets: 3}, func(t *testing.T, r *rig, c *client, _ *lost) {
			c.conn.Abort()
			synctest.Wait()
			for range 4 {
				must(t, r.io.Of("/").Emit(context.Background(), "x"))
			}
		}},
		{"too much missed", socketio.Recovery{MaxBytes: 1000}, func(t *testing.T, r *rig, c *client, _ *lost) {
			c.conn.Abort()
			synctest.Wait()
			must(t, r.io.Of("/").Emit(context.Background(), "x", strings.Repeat("x", 1000)))
		}},
		{"pushed out", socketio.Recovery{MaxTotalBytes: 3000}, func(t *testing.T, r *rig, c *client, _ *lost) {
			c.conn.Abort()
			synctest.Wait()
			for range 4 {
				must(t, r.io.Of("/").Emit(context.Background(), "x", strings.Repeat("x", 1000)))
			}
		}},
		{"too many lost", socketio.Recovery{MaxSessions: 2}, func(t *testing.T, r *rig, c *client, _ *lost) {
			c.conn.Abort()
			synctest.Wait()
			for range 3 {
				d, _ := recoverable(r)
				d.conn.Abort()
				synctest.Wait()
			}
		}},
		{"used twice", socketio.Recovery{}, func(t *testing.T, r *rig, c *client, l *lost) {
			c.conn.Abort()
			synctest.Wait()
			d := r.open()
			d.send(l.connect())
			d.expect(fmt.Sprintf(`0{"sid":%q,"pid":%q}`, l.sid, l.pid))
		}},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			bubble(t, socketio.Config{Recovery: &tc.cfg}, func(t *testing.T, r *rig) {
				c, l := recoverable(r)
				must(t, r.io.Of("/").Emit(context.Background(), "first"))
				l.offset = c.offsetOf(`2["first"]`)
				tc.do(t, r, c, &l)
				synctest.Wait()
				d := r.open()
				d.send(l.connect())
				m := connectAnswer.FindStringSubmatch(d.receive())
				if m == nil || m[2] == l.sid || m[3] == l.pid {
					t.Fatalf("answer %q", m)
				}
				if s, ok := r.io.Of("/").Socket(m[2]); !ok || s.Recovered() {
					t.Error("should be a fresh session")
				}
			})
		})
	}
	for _, auth := range []string{`{"pid":1,"offset":"x"}`, `{"pid":"x","offset":{}}`, `{"pid":null,"offset":null}`, `{"pid":["x"],"offset":["y"]}`} {
		bubble(t, socketio.Config{Recovery: &socketio.Recovery{}}, func(_ *testing.T, r *rig) {
			c := r.open()
			c.send("0" + auth)
			c.connected("/")
		})
	}
}

// SEC-59: the state is bound to what Engine.BindSession tells apart.
func TestRecovery_Bound(t *testing.T) {
	cfg := socketio.Config{Recovery: &socketio.Recovery{RunMiddleware: true}}
	cfg.Engine.BindSession = func(r *http.Request) string { return r.Header.Get("X-User") }
	bubble(t, cfg, func(t *testing.T, r *rig) {
		ns := r.io.Of("/")
		wared := 0
		ns.Use(func(next socketio.ConnectFunc) socketio.ConnectFunc {
			return func(ctx context.Context, s *socketio.Socket) error { wared++; return next(ctx, s) }
		})
		as := func(user string) *client { return r.dial(wsOptions(nil, map[string]string{"X-User": user})) }
		lose := func() lost {
			c := as("alice")
			c.send("0")
			m := connectAnswer.FindStringSubmatch(c.receive())
			must(t, ns.Emit(context.Background(), "x"))
			l := lost{sid: m[2], pid: m[3], offset: c.offsetOf(`2["x"]`)}
			c.conn.Abort()
			synctest.Wait()
			return l
		}
		l := lose()
		mallory := as("mallory")
		mallory.send(l.connect())
		if mallory.connected("/") == l.sid {
			t.Error("took over another's state")
		}
		mallory.conn.Abort()
		synctest.Wait()
		l = lose()
		alice := as("alice")
		alice.send(l.connect())
		if alice.connected("/") != l.sid {
			t.Error("not recovered")
		}
		equal(t, wared, 4) // RunMiddleware
	})
}

// Reliability 9: with broadcasts going on all the time, nothing is lost or doubled
// over many reconnections.
func TestRecovery_NoLossUnderLoad(t *testing.T) {
	r := newRig(t, socketio.Config{Recovery: &socketio.Recovery{MaxPackets: 1 << 20, MaxBytes: 1 << 30, MaxTotalBytes: 1 << 30}})
	ns := r.io.Of("/")
	const total = 3000
	gone := make(chan struct{}, 1)
	ns.OnDisconnect(func(*socketio.Socket, socketio.DisconnectReason) { gone <- struct{}{} })
	c, l := recoverable(r)
	var wg sync.WaitGroup
	for w := range 3 {
		wg.Go(func() {
			for i := range total / 3 {
				if err := ns.Emit(context.Background(), "n", w, i); err != nil {
					t.Error(err)
				}
				if i%10 == 0 {
					<-time.After(time.Millisecond)
				}
			}
		})
	}
	var next [3]int
	seen := 0
	for seen < total {
		p, err := c.conn.ReceiveMessage(c.ctx)
		must(t, err)
		var e []any
		switch {
		case strings.HasPrefix(p.Data, "0"):
			if !strings.Contains(p.Data, l.sid) {
				t.Fatalf("not recovered after %d", seen)
			}
			continue
		case json.Unmarshal([]byte(p.Data[1:]), &e) != nil || len(e) != 4:
			t.Fatalf("received %q", p.Data)
		}
		w, i := int(e[1].(float64)), int(e[2].(float64))
		if i != next[w] {
			t.Fatalf("writer %d: received %d, want %d", w, i, next[w])
		}
		next[w]++
		seen++
		l.offset = e[3].(string)
		if seen%150 == 0 {
			c.conn.Abort()
			<-gone // the server has noticed, and keeps the state
			conn, err := r.http.Open(c.ctx, engineiotest.Options{Path: "/socket.io/", Transport: engineiotest.WebSocket})
			must(t, err)
			t.Cleanup(conn.Abort)
			c.conn = conn
			c.send(l.connect())
		}
	}
	wg.Wait()
}
