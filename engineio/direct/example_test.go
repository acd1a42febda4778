package direct_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/go-sails/sails/engineio"
	"github.com/go-sails/sails/engineio/direct"
	"github.com/go-sails/sails/socketio"
)

// Ten thousand idle clients in less than 30 MB: one line between net.Listen and Serve.
func ExampleListen() {
	io, err := socketio.NewServer(socketio.Config{})
	if err != nil {
		panic(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/socket.io/", io)
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "a page") })

	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	srv := &http.Server{Handler: mux}
	dl, err := direct.Listen(l, srv, "/socket.io/")
	if err != nil {
		panic(err)
	}

	ctx, stop := context.WithCancel(context.Background()) // signal.NotifyContext in a real program
	ended := make(chan error, 1)
	go func() { ended <- engineio.Serve(ctx, dl, srv, io.Shutdown, time.Second) }()
	for _, path := range []string{"/", "/socket.io/?EIO=4&transport=nothing"} {
		res, err := http.Get("http://" + dl.Addr().String() + path)
		if err != nil {
			panic(err)
		}
		fmt.Println(res.StatusCode)
		res.Body.Close()
	}
	stop()
	fmt.Println(<-ended)
	// Output:
	// 200
	// 400
	// <nil>
}
