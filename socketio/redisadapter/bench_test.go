package redisadapter_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/go-sails/sails/socketio"
	"github.com/go-sails/sails/socketio/redisadapter"
)

// What a broadcast to one room costs the node that sends it, and one that receives it,
// besides Redis.
func BenchmarkBroadcast(b *testing.B) {
	w := wire(redisadapter.Level8)
	m := &socketio.ClusterMessage{
		UID: "fedcba9876543210", Namespace: "/", Type: socketio.ClusterBroadcast,
		Data: json.RawMessage(`["news","` + strings.Repeat("x", 100) + `"]`), Target: socketio.Target{Rooms: []string{"room-1000"}},
	}
	_, payload, err := w.Encode(m)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("encode", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, _, err := w.Encode(m); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("decode", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := w.Broadcast(payload); err != nil {
				b.Fatal(err)
			}
			w.Got = w.Got[:0]
		}
	})
}
