// Command bench is the server that speed, memory and resistance are measured on:
// events, rooms and virtual requests with the settings a user would get. Variables
// change what a measurement needs changed: SESSIONS=1, MAX_SESSIONS and MAX_ROOMS,
// PING_INTERVAL (milliseconds), DATABASE (see widgets.go), REDIS (the address of a
// Redis that joins servers to a cluster), VERBOSE, PPROF=1, and DIRECT=0, which leaves
// connections to net/http instead of engineio/direct.
package main

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"os"
	"regexp"
	"runtime"
	"strconv"
	"time"

	"github.com/gorilla/mux"
	"github.com/redis/go-redis/v9"

	"github.com/go-sails/sails/compat_test/internal/serve"
	"github.com/go-sails/sails/engineio"
	"github.com/go-sails/sails/sailsio"
	"github.com/go-sails/sails/sailsio/action"
	"github.com/go-sails/sails/sailsio/session"
	"github.com/go-sails/sails/socketio"
	"github.com/go-sails/sails/socketio/redisadapter"
)

const (
	maxBody = 1 << 20
	secret  = "bench-session-secret-8d1f0b6c2a9e4f73"
)

func main() {
	if os.Getenv("PPROF") == "1" {
		runtime.SetMutexProfileFraction(1)
	}
	app, err := newApp()
	if err != nil {
		serve.Exit(err)
	}
	if os.Getenv("DIRECT") == "" { // what somebody would choose who is here for speed
		_ = os.Setenv("DIRECT", "1")
	}
	serve.Main(app, app.Shutdown)
}

func newApp() (*sailsio.App, error) {
	router := mux.NewRouter()
	router.HandleFunc("/echo", echo).Methods(http.MethodGet)
	router.HandleFunc("/boom", func(http.ResponseWriter, *http.Request) { panic("boom") }).Methods(http.MethodGet)
	router.HandleFunc("/never", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }).Methods(http.MethodGet)
	router.HandleFunc("/inspect", inspect)
	schema, err := widgetSchema()
	if err != nil {
		return nil, err
	}
	port := os.Getenv("PORT")
	if port == "" {
		port = "1337"
	}
	cfg := sailsio.Config{
		Handler:           (&action.Config{Production: true}).Handler(router),
		OnlyAllowOrigins:  []string{"http://127.0.0.1:" + port},
		AllowPlainClients: true,
		Production:        true,
		Models:            schema,
		SocketIO: socketio.Config{
			MaxRooms: number("MAX_ROOMS"),
			Engine: engineio.Config{
				Transports:   []engineio.Transport{engineio.Polling, engineio.WebSocket},
				MaxSessions:  number("MAX_SESSIONS"), // loads of 100,000 clients exceed the default
				PingInterval: time.Duration(number("PING_INTERVAL")) * time.Millisecond,
			},
		},
	}
	if address := os.Getenv("REDIS"); address != "" {
		adapter, err := redisadapter.New(redisadapter.Config{Redis: &redis.UniversalOptions{Addrs: []string{address}}})
		if err != nil {
			return nil, err
		}
		cfg.SocketIO.Adapter = adapter
	}
	if os.Getenv("VERBOSE") != "" {
		cfg.Logger = slog.New(slog.NewTextHandler(os.Stderr, nil))
	}
	if os.Getenv("SESSIONS") == "1" {
		sessions, err := session.New(session.Config{Secrets: []string{secret}, Production: true})
		if err != nil {
			return nil, err
		}
		cfg.Sessions = sessions
	}
	app, err := sailsio.New(cfg)
	if err != nil {
		return nil, err
	}
	if err := widgets(router, app, schema); err != nil {
		return nil, err
	}
	events(app.IO().Of("/"))
	app.IO().OfRegexp(regexp.MustCompile(`^/n-\d+$`)) // to see what namespaces cost
	return app, nil
}

// number is what a variable holds; 0, the default, without it.
func number(variable string) int {
	n, err := strconv.Atoi(os.Getenv(variable))
	if err != nil {
		return 0
	}
	return n
}

func events(ns *socketio.Namespace) {
	ns.HandleFunc("echo", func(_ context.Context, e *socketio.Event) error {
		return e.Ack(e.Args().Slice(0, 1))
	})
	ns.HandleFunc("join", func(_ context.Context, e *socketio.Event) error {
		room, ok := roomOf(e)
		return e.Ack(ok && e.Socket().JoinLimited(room) == nil)
	})
	ns.HandleFunc("leave", func(_ context.Context, e *socketio.Event) error {
		room, ok := roomOf(e)
		if ok {
			e.Socket().Leave(room)
		}
		return e.Ack(ok)
	})
	ns.HandleFunc("bcast", func(ctx context.Context, e *socketio.Event) error {
		ok := broadcast(ctx, ns, e) == nil
		if e.WantsAck() {
			return e.Ack(ok)
		}
		return nil
	})
}

func roomOf(e *socketio.Event) (string, bool) {
	var room *string
	if err := e.Decode(&room); err != nil || room == nil {
		return "", false
	}
	return *room, true
}

// broadcast sends what one client asked for to a room. Data travels as it came.
func broadcast(ctx context.Context, ns *socketio.Namespace, e *socketio.Event) error {
	var in struct {
		Room, Event string
		Data        json.RawMessage
	}
	if err := e.Decode(&in); err != nil {
		return err
	}
	if len(e.Args().Attachments()) == 0 {
		return ns.To(in.Room).Emit(ctx, in.Event, in.Data)
	}
	var whole map[string]any // with the binary parts in place
	if err := e.Decode(&whole); err != nil {
		return err
	}
	return ns.To(in.Room).Emit(ctx, in.Event, whole["data"])
}

// echo answers with the query as an object, as Sails' res.json(req.query) does.
func echo(w http.ResponseWriter, r *http.Request) { answer(w, action.Query(r)) }

// inspect answers with the request as a handler sees it.
func inspect(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		http.Error(w, err.Error(), http.StatusRequestEntityTooLarge)
		return
	}
	out := map[string]any{
		"method": r.Method, "url": r.URL.String(), "path": r.URL.Path, "host": r.Host, "ip": action.IP(r),
		"headers": action.Headers(r), "query": action.Query(r), "body": string(body),
	}
	if json.Valid(body) {
		out["body"] = json.RawMessage(body)
	}
	answer(w, out)
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // the client is gone if this fails
}
