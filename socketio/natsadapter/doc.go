// Package natsadapter joins servers through NATS.
//
//	adapter, err := natsadapter.New(natsadapter.Config{URL: "nats://127.0.0.1:4222"})
//	io, err := socketio.NewServer(socketio.Config{Adapter: adapter}) // closes it
//
// There is no official adapter of this kind in JavaScript: all nodes are of this
// library. Messages are those of spec 3.2 on core NATS, delivered at most once; nodes
// know each other by heartbeats, so that answers that are missing are named. While NATS
// cannot be reached, events reach the sockets of their own node, publishing fails at
// once with ErrDown, and Stats counts what was lost; the adapter reconnects by itself.
package natsadapter
