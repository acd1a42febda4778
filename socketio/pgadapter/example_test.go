package pgadapter_test

import (
	"fmt"

	"github.com/go-sails/sails/socketio"
	"github.com/go-sails/sails/socketio/pgadapter"
)

func ExampleNew() {
	adapter, err := pgadapter.New(pgadapter.Config{URL: "postgres://app@127.0.0.1/app", CreateTable: true})
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
