package natsadapter_test

import (
	"fmt"

	"github.com/go-sails/sails/socketio"
	"github.com/go-sails/sails/socketio/natsadapter"
)

func ExampleNew() {
	adapter, err := natsadapter.New(natsadapter.Config{URL: "nats://127.0.0.1:4222"})
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
