package adminbus_test

import (
	"context"
	"fmt"

	"github.com/redis/go-redis/v9"

	"github.com/go-sails/sails/sailsio"
	"github.com/go-sails/sails/sailsio/adminbus"
	"github.com/go-sails/sails/socketio"
	"github.com/go-sails/sails/socketio/redisadapter"
)

// A node of a cluster of Sails servers.
func Example() {
	adapter, err := redisadapter.New(redisadapter.Config{
		Redis: &redis.UniversalOptions{Addrs: []string{"127.0.0.1:6379"}},
		Level: redisadapter.Level6,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	bus, err := adminbus.New(adminbus.Config{Medium: adapter})
	if err != nil {
		fmt.Println(err)
		return
	}
	app, err := sailsio.New(sailsio.Config{SocketIO: socketio.Config{Adapter: adapter}, LeaveAll: bus.LeaveAll})
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := bus.Start(context.Background(), app.IO().Of("/")); err != nil {
		fmt.Println(err)
	}
}
