// Command karagenc is the bench server written with karagenc/socket.io-go, which
// speaks revision 4 of Engine.IO only. It is a module of its own so that the
// libraries compared do not choose each other's dependencies.
package main

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	_ "net/http/pprof" // served when PPROF=1
	"net/url"
	"os"
	"os/signal"
	"syscall"

	sio "github.com/karagenc/socket.io-go"
)

type order struct {
	Room  string          `json:"room"`
	Event string          `json:"event"`
	Data  json.RawMessage `json:"data"`
}

type request struct {
	URL string `json:"url"`
}

type answer struct {
	Body       map[string]string `json:"body"`
	Headers    map[string]string `json:"headers"`
	StatusCode int               `json:"statusCode"`
}

func main() {
	io := sio.NewServer(&sio.ServerConfig{})
	io.OnConnection(func(s sio.ServerSocket) { serve(io, s) })
	if err := io.Run(); err != nil {
		fail(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/socket.io/", io)
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

func serve(io *sio.Server, s sio.ServerSocket) {
	s.OnEvent("echo", func(data json.RawMessage, ack func(json.RawMessage)) { ack(data) })
	s.OnEvent("join", func(room string, ack func(bool)) {
		s.Join(sio.Room(room))
		ack(true)
	})
	s.OnEvent("leave", func(room string, ack func(bool)) {
		s.Leave(sio.Room(room))
		ack(true)
	})
	s.OnEvent("bcast", func(o order) { io.To(sio.Room(o.Room)).Emit(o.Event, o.Data) })
	s.OnEvent("get", func(r request, ack func(answer)) {
		body := map[string]string{}
		if u, err := url.Parse(r.URL); err == nil {
			for name, values := range u.Query() {
				body[name] = values[0]
			}
		}
		ack(answer{Body: body, Headers: map[string]string{}, StatusCode: 200})
	})
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "karagenc:", err)
	os.Exit(1)
}
