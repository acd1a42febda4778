// Package pgadapter joins servers through PostgreSQL: LISTEN and NOTIFY, in the language
// of @socket.io/postgres-adapter 0.5, so nodes may be written in JavaScript.
//
//	adapter, err := pgadapter.New(pgadapter.Config{URL: "postgres://…", CreateTable: true})
//	io, err := socketio.NewServer(socketio.Config{Adapter: adapter}) // closes it
//
// It needs no other server than the database, and is for clusters with little traffic:
// every message is a transaction. Messages are delivered at most once; nodes know each
// other by heartbeats, so that answers that are missing are named. While the database
// cannot be reached, events reach the sockets of their own node, publishing fails at
// once with ErrDown, and Stats counts what was lost; the adapter reconnects by itself.
package pgadapter
