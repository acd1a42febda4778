// Command zishang is the bench server written with zishang520/socket.io, a port of
// the original to Go. It is a module of its own so that the libraries compared do
// not choose each other's dependencies.
package main

import (
	"fmt"
	"net"
	"net/http"
	_ "net/http/pprof" // served when PPROF=1
	"net/url"
	"os"
	"os/signal"
	"syscall"

	"github.com/zishang520/socket.io/v2/socket"
)

func main() {
	options := socket.DefaultServerOptions()
	options.SetAllowEIO3(true)
	options.SetServeClient(false)
	io := socket.NewServer(nil, nil)
	err := io.On("connection", func(clients ...any) { serve(io, clients[0].(*socket.Socket)) })
	if err != nil {
		fail(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/socket.io/", io.ServeHandler(options))
	if os.Getenv("PPROF") == "1" {
		mux.Handle("/debug/pprof/", http.DefaultServeMux)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:"+os.Getenv("PORT"))
	if err != nil {
		fail(err)
	}
	go func() { fail(http.Serve(listener, mux)) }()
	fmt.Println("listening")
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, os.Interrupt)
	<-stop
}

func serve(io *socket.Server, s *socket.Socket) {
	on := func(event string, listener func(args []any, ack socket.Ack)) {
		_ = s.On(event, func(args ...any) {
			var ack socket.Ack
			if n := len(args); n > 0 {
				if fn, ok := args[n-1].(socket.Ack); ok {
					ack, args = fn, args[:n-1]
				}
			}
			if ack == nil {
				ack = func([]any, error) {}
			}
			listener(args, ack)
		})
	}
	on("echo", func(args []any, ack socket.Ack) { ack(args, nil) })
	on("join", func(args []any, ack socket.Ack) {
		room, ok := args[0].(string)
		if ok {
			s.Join(socket.Room(room))
		}
		ack([]any{ok}, nil)
	})
	on("leave", func(args []any, ack socket.Ack) {
		room, ok := args[0].(string)
		if ok {
			s.Leave(socket.Room(room))
		}
		ack([]any{ok}, nil)
	})
	on("bcast", func(args []any, ack socket.Ack) {
		order, _ := args[0].(map[string]any)
		room, _ := order["room"].(string)
		event, _ := order["event"].(string)
		_ = io.To(socket.Room(room)).Emit(event, order["data"])
		ack([]any{true}, nil)
	})
	on("get", func(args []any, ack socket.Ack) {
		request, _ := args[0].(map[string]any)
		target, _ := request["url"].(string)
		body := map[string]string{}
		if u, err := url.Parse(target); err == nil {
			for name, values := range u.Query() {
				body[name] = values[0]
			}
		}
		ack([]any{map[string]any{"body": body, "headers": map[string]any{}, "statusCode": 200}}, nil)
	})
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "zishang:", err)
	os.Exit(1)
}
