// Package redisadapter joins servers through Redis: a single server, one behind
// Sentinel or a Redis Cluster, version 5 or later. Nodes may be written in JavaScript.
// New speaks the language of @socket.io/redis-adapter 8 (createAdapter), of
// socket.io-redis 6.1 and of @sailshq/socket.io-redis 6.1, which Sails uses; messages
// of @socket.io/redis-emitter are understood. NewSharded speaks that of
// createShardedAdapter and needs Redis 7, NewStreams that of
// @socket.io/redis-streams-adapter 0.3, with which clients can be recovered at any node.
//
//	adapter, err := redisadapter.New(redisadapter.Config{
//		Redis: &redis.UniversalOptions{Addrs: []string{"127.0.0.1:6379"}},
//	})
//	io, err := socketio.NewServer(socketio.Config{Adapter: adapter}) // closes it
//
// Messages are delivered at most once. With New and NewSharded what others publish
// while a node is cut off is lost to it; with NewStreams it is read later. While Redis cannot be reached, events reach
// the sockets of their own node, publishing fails at once with ErrDown, and Stats
// counts what was lost; the adapter reconnects by itself and Health tells.
//
// Wire format: docs/cluster.md.
package redisadapter
