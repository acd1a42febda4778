// Command hello answers sails.io.js and curl from one route.
package main

import (
	"context"
	"log"
	"net"
	"net/http"
	"os/signal"
	"syscall"

	"github.com/gorilla/mux"

	"github.com/go-sails/sails/sailsio"
)

func main() {
	r := mux.NewRouter()
	app, err := sailsio.New(sailsio.Config{Handler: r})
	if err != nil {
		log.Fatal(err)
	}
	r.HandleFunc("/rooms/{room}/join", func(w http.ResponseWriter, req *http.Request) {
		id, room := sailsio.SocketID(req), mux.Vars(req)["room"]
		if err := app.Sockets().Join(req.Context(), id, room); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest) // plain HTTP has no socket to join with
			return
		}
		_ = app.Sockets().Broadcast(req.Context(), room, "joined", map[string]string{"who": id}, sailsio.Omit(id))
	}).Methods(http.MethodPost)
	l, err := net.Listen("tcp", "127.0.0.1:1337")
	if err != nil {
		log.Fatal(err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process
	if err := app.Serve(ctx, l); err != nil {
		log.Fatal(err)
	}
}
