package redisadapter_test

import (
	"fmt"

	"github.com/redis/go-redis/v9"

	"github.com/go-sails/sails/socketio"
	"github.com/go-sails/sails/socketio/redisadapter"
)

// One node of a cluster whose others may use @socket.io/redis-adapter.
func ExampleNew() {
	adapter, err := redisadapter.New(redisadapter.Config{
		Redis: &redis.UniversalOptions{Addrs: []string{"127.0.0.1:6379"}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	io, err := socketio.NewServer(socketio.Config{Adapter: adapter}) // closes it
	if err != nil {
		fmt.Println(err)
		return
	}
	_ = io // http.Handle("/socket.io/", io)
}

// Rooms with channels of their own, on a Redis Cluster.
func ExampleNewSharded() {
	adapter, err := redisadapter.NewSharded(redisadapter.Config{
		Redis: &redis.UniversalOptions{Addrs: []string{"10.0.0.1:6379", "10.0.0.2:6379"}, IsClusterMode: true},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	io, err := socketio.NewServer(socketio.Config{Adapter: adapter})
	if err != nil {
		fmt.Println(err)
		return
	}
	_ = io
}

// Clients that lose their connection come back to any node and get what they missed.
func ExampleNewStreams() {
	adapter, err := redisadapter.NewStreams(redisadapter.Config{
		Redis: &redis.UniversalOptions{Addrs: []string{"127.0.0.1:6379"}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	io, err := socketio.NewServer(socketio.Config{Adapter: adapter, Recovery: &socketio.Recovery{}})
	if err != nil {
		fmt.Println(err)
		return
	}
	_ = io
}
