package cluster_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-sails/sails/engineio"
	"github.com/go-sails/sails/socketio"
	"github.com/go-sails/sails/socketio/redisadapter"
)

// Issue 7, part 6: a node is too slow for what others publish. Redis bounds what waits for
// it and hangs up; the others do not notice, and it is back when it can keep up: with
// streams it has missed nothing.
func TestSlowNode(t *testing.T) {
	server := startRedis(t, "--client-output-buffer-limit", "pubsub 1mb 0 0")
	clients := startPeer(t, object{"adapter": "none"})
	for _, name := range []string{"Redis", "Streams"} {
		t.Run(name, func(t *testing.T) {
			ctx, way, key := testContext(t), newCable(t, server.port), prefix()
			m := reach{name: name}
			far := m.adapter(t, way.port, key)
			a := &goNode{startGo(t, "a", socketio.Config{Adapter: m.adapter(t, server.port, key)}), t, ctx}
			// What has waited for the node comes to the client at once: that one is not slow.
			b := &goNode{startGo(t, "b", socketio.Config{Adapter: far, Engine: engineio.Config{MaxBuffered: 64 << 20}}), t, ctx}
			eventually(t, "both nodes", func() bool { return counted(a, 2) && counted(b, 2) })
			clients.connect(key, b.url)
			before := heap()
			way.stall()
			const messages = 1_000 // of 10 kB
			text, slowest := strings.Repeat("x", 10_000), time.Duration(0)
			for i := range messages {
				begin := time.Now()
				check(t, a.Emit(ctx, "n", i, text))
				slowest = max(slowest, time.Since(begin))
			}
			if slowest > time.Second {
				t.Errorf("an Emit took %v", slowest)
			}
			if after := heap(); after > before+8<<20 {
				t.Errorf("heap grew from %d to %d bytes", before, after)
			}
			way.mend()
			n := messages
			eventually(t, "a message to arrive", func() bool {
				check(t, a.Emit(ctx, "n", n))
				n++
				list := received(clients, key)
				return len(list) > 0 && list[len(list)-1] >= messages
			})
			eventually(t, "the node to be well", func() bool { return healthy(far) && counted(a, 2) })
			check(t, a.Emit(ctx, "end"))
			eventually(t, "the end", func() bool { return slices.Contains(received(clients, key), -1) })
			list := received(clients, key)
			if list = list[:len(list)-1]; !slices.IsSorted(list) || len(slices.Compact(slices.Clone(list))) != len(list) {
				t.Error("out of order or twice")
			}
			switch far := far.(type) {
			case *redisadapter.Streams:
				if !slices.Equal(list, upTo(n)) {
					t.Errorf("%d of %d messages arrived", len(list), n)
				}
			case *redisadapter.Adapter:
				if far.Stats().Reconnects == 0 || len(list) == n {
					t.Errorf("%d of %d messages arrived, %+v", len(list), n, far.Stats())
				}
			}
		})
	}
}
