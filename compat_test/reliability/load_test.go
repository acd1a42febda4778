package reliability

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-sails/sails/socketio/socketioclient"
)

// Bar 2: 300 clients that come at once are connected and have their echo in less than
// 5 seconds, and nobody is refused; afterwards nothing of them is left.
func TestReconnectStorm(t *testing.T) { roads(t, testReconnectStorm) }

func testReconnectStorm(t *testing.T, road string) {
	s := start(t, road)
	before := s.usage()
	for round := range 2 {
		var all sync.WaitGroup
		took := make([]time.Duration, 300)
		clients := make([]*socketioclient.Client, len(took))
		for i := range clients {
			clients[i] = s.client(socketioclient.Options{DisableReconnect: true, Revision: 3 + i%2})
		}
		began := time.Now()
		for i, c := range clients {
			all.Go(func() {
				socket := c.Of("/", nil)
				if err := socket.Connect(within(t, patience)); err != nil {
					t.Errorf("client %d: %v", i, err)
					return
				}
				if _, err := echo(within(t, patience), socket); err != nil {
					t.Errorf("client %d: %v", i, err)
				}
				took[i] = time.Since(began)
			})
		}
		all.Wait()
		slices.Sort(took)
		t.Logf("round %d: half of them after %v, all after %v", round, took[len(took)/2], took[len(took)-1])
		if took[len(took)-1] > 5*time.Second {
			t.Error("too slow")
		}
		for _, c := range clients {
			_ = c.Close()
			<-c.Done()
		}
	}
	t.Logf("before %v, after %v", before, s.settles(before, 10*time.Second))
}

// SEC-28, bar 3: a member that stops reading is disconnected, costs a bounded amount
// of memory, and the others of its room lose nothing and are not held up.
func TestSlowConsumer(t *testing.T) { roads(t, testSlowConsumer) }

func testSlowConsumer(t *testing.T, road string) {
	s := start(t, road)
	const members, events, size = 20, 400, 16 << 10
	var all sync.WaitGroup
	type seen struct {
		n     int
		worst time.Duration
	}
	results := make([]seen, members)
	began := time.Now()
	for i := range members {
		socket := s.join(socketioclient.Options{Transports: overWebSocket.Transports, Revision: 3 + i%2})
		done := make(chan struct{})
		socket.On("tick", func(_ context.Context, e *socketioclient.Event) {
			var in struct {
				N  int
				At int64 // since began, in ns
			}
			if err := e.Decode(&in); err != nil || in.N != results[i].n {
				t.Errorf("member %d: event %d instead of %d (%v)", i, in.N, results[i].n, err)
			}
			results[i].n++
			results[i].worst = max(results[i].worst, time.Since(began)-time.Duration(in.At))
			if results[i].n == events {
				close(done)
			}
		})
		if _, err := socket.EmitAck(within(t, patience), "join", "room"); err != nil {
			t.Fatal(err)
		}
		all.Go(func() {
			select {
			case <-done:
			case <-time.After(patience):
				t.Errorf("member %d has seen %d of %d", i, results[i].n, events)
			}
		})
	}
	var stopped []*raw
	for range 10 {
		r := s.open(t, "3")
		r.flood(time.Second, times(1, frame(text, `421["join","room"]`)))
		if _, ok := r.until(within(t, patience), "431[true]"); !ok {
			t.Fatal("not joined")
		}
		stopped = append(stopped, r)
	}
	before := s.resident()
	highest := before
	sender := s.join(overWebSocket)
	pad := strings.Repeat("x", size)
	for n := range events {
		data := map[string]any{"n": n, "at": time.Since(began).Nanoseconds(), "pad": pad}
		if _, err := sender.EmitAck(within(t, patience), "bcast", map[string]any{"room": "room", "event": "tick", "data": data}); err != nil {
			t.Fatal(err)
		}
		if n%20 == 0 {
			highest = max(highest, s.resident())
		}
	}
	all.Wait()
	worst := time.Duration(0)
	for _, r := range results {
		worst = max(worst, r.worst)
	}
	t.Logf("%d events of %d KiB to %d members beside 10 that do not read: slowest delivery %v, %.1f MB more",
		events, size>>10, members, worst, float64(highest-before)/1000)
	if worst > time.Second {
		t.Error("others waited")
	}
	if highest-before > 64_000 {
		t.Error("memory")
	}
	for i, r := range stopped {
		if !r.gone(patience) {
			t.Errorf("slow member %d is still connected", i)
		}
	}
}

// SEC-28, bar 3: what waits for members that do not read exists once, whatever their
// number: a megabyte for 500 of them costs about a megabyte, and 1 KiB for each.
func TestStoppedReaders_ShareOneCopy(t *testing.T) { roads(t, testStoppedReadersShareOneCopy) }

func testStoppedReadersShareOneCopy(t *testing.T, road string) {
	s := start(t, road)
	const readers, events, size = 500, 15, 60 << 10
	var all sync.WaitGroup
	for range 50 { // each of them takes tens of milliseconds with such a window
		all.Go(func() {
			for range readers / 50 {
				r := s.openSmall(t)
				r.flood(time.Second, times(1, frame(text, `421["join","room"]`)))
				if _, ok := r.until(within(t, patience), "431[true]"); !ok {
					t.Error("not joined")
				}
			}
		})
	}
	all.Wait()
	sender := s.join(overWebSocket)
	cast := func(pad string) {
		if _, err := sender.EmitAck(within(t, patience), "bcast", map[string]any{"room": "room", "event": "tick", "data": pad}); err != nil {
			t.Fatal(err)
		}
	}
	for range 10 { // what the kernel takes for them
		cast(strings.Repeat("x", size))
	}
	before := s.resident()
	for range events {
		cast(strings.Repeat("x", size))
	}
	grown := s.resident() - before
	t.Logf("%d KiB more for %d members that do not read: %.1f MB more", events*size>>10, readers, float64(grown)/1000)
	if grown > 3*events*size/1000+readers {
		t.Error("memory")
	}
	if _, err := echo(within(t, patience), sender); err != nil {
		t.Error(err)
	}
}

// SEC-90, bar 7: per connection nothing is lost, doubled or reordered, in either
// direction, while connections move from polling to WebSocket.
func TestOrder(t *testing.T) { roads(t, testOrder) }

func testOrder(t *testing.T, road string) {
	s := start(t, road)
	const connections = 50
	messages := often(300, 2000)
	var all sync.WaitGroup
	for i := range connections {
		all.Go(func() {
			upgraded := make(chan struct{}, 2)
			socket := s.client(socketioclient.Options{Revision: 3 + i%2, OnTransport: func(to socketioclient.Transport) {
				if to == socketioclient.WebSocket {
					upgraded <- struct{}{}
				}
			}}).Of("/", nil)
			next := 0
			done := make(chan struct{})
			socket.On("back", func(_ context.Context, e *socketioclient.Event) {
				var got int
				if err := e.Decode(&got); err != nil || got != next {
					t.Errorf("connection %d: %d instead of %d", i, got, next)
				}
				if next++; next == messages {
					close(done)
				}
			})
			if err := socket.Connect(within(t, patience)); err != nil {
				t.Error(err)
				return
			}
			room := fmt.Sprint("own-", i)
			if _, err := socket.EmitAck(within(t, patience), "join", room); err != nil {
				t.Error(err)
				return
			}
			for n := range messages {
				for {
					err := socket.Emit("bcast", map[string]any{"room": room, "event": "back", "data": n})
					if err == nil {
						break
					}
					if !errors.Is(err, socketioclient.ErrBufferFull) {
						t.Error(err)
						return
					}
					pause(time.Millisecond)
				}
			}
			for _, what := range []<-chan struct{}{done, upgraded} {
				select {
				case <-what:
				case <-time.After(patience):
					t.Errorf("connection %d: %d of %d came", i, next, messages)
					return
				}
			}
		})
	}
	all.Wait()
	t.Logf("%d messages and as many back over %d connections, each of which was upgraded meanwhile", connections*messages, connections)
}

// SEC-43, bar 11: connections that come and go in every way leave no descriptor, no
// goroutine and no memory.
func TestChurn(t *testing.T) { roads(t, testChurn) }

func testChurn(t *testing.T, road string) {
	s := start(t, road)
	churn := func(n int) {
		var all sync.WaitGroup
		for worker := range 20 {
			all.Go(func() {
				for i := worker; i < n; i += 20 {
					o := socketioclient.Options{DisableReconnect: true, Revision: 3 + i%2}
					if i%3 == 0 {
						o.Transports = overWebSocket.Transports
					}
					o.Header = http.Header{"Origin": {s.URL}}
					c, err := socketioclient.New(s.URL, o)
					if err != nil {
						t.Error(err)
						return
					}
					socket := c.Of("/", nil)
					ctx, cancel := context.WithTimeout(context.Background(), patience)
					if err := socket.Connect(ctx); err != nil {
						t.Errorf("connection %d: %v", i, err)
					} else if _, err := socket.EmitAck(ctx, "join", fmt.Sprint("room-", i%50)); err != nil && i%5 != 0 {
						t.Errorf("connection %d: %v", i, err)
					}
					cancel()
					if i%7 == 0 {
						socket.Disconnect()
					}
					_ = c.Close()
					<-c.Done()
				}
			})
		}
		all.Wait()
	}
	churn(200) // warm
	before := s.settles(s.usage(), time.Second)
	n := often(1500, 20_000)
	churn(n)
	after := s.settles(before, 10*time.Second)
	t.Logf("%d connections: before %v, after %v", n, before, after)
	if after.residentKB > before.residentKB+32_000 {
		t.Error("memory")
	}
}

// SEC-3, bar 12: above the cap a refusal is explicit and quick, those inside notice
// nothing, and there is room again as soon as somebody leaves.
func TestOverload(t *testing.T) { roads(t, testOverload) }

func testOverload(t *testing.T, road string) {
	const limit = 40
	s := start(t, road, fmt.Sprint("MAX_SESSIONS=", limit))
	inside := make([]*socketioclient.Socket, limit)
	for i := range inside {
		inside[i] = s.join(overWebSocket)
	}
	var slowest time.Duration
	for range 200 {
		began := time.Now()
		res, err := http.Get(s.URL + "/socket.io/?EIO=4&transport=polling")
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		slowest = max(slowest, time.Since(began))
		if res.StatusCode != http.StatusServiceUnavailable || res.Header.Get("Retry-After") == "" {
			t.Fatalf("status %d, Retry-After %q", res.StatusCode, res.Header.Get("Retry-After"))
		}
	}
	http.DefaultClient.CloseIdleConnections()
	var worst time.Duration
	for _, socket := range inside {
		took, err := echo(within(t, patience), socket)
		if err != nil {
			t.Fatal(err)
		}
		worst = max(worst, took)
	}
	inside[0].Disconnect()
	began := time.Now()
	late := s.client(socketioclient.Options{ReconnectDelay: 10 * time.Millisecond, ReconnectDelayMax: 20 * time.Millisecond})
	if err := late.Of("/", nil).Connect(within(t, patience)); err != nil {
		t.Fatal(err)
	}
	t.Logf("slowest of 200 refusals %v, slowest echo inside %v, room again after %v", slowest, worst, time.Since(began))
	if slowest > 100*time.Millisecond && worst > time.Second {
		t.Error("too slow")
	}
}
