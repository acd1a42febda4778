package main

import (
	"context"
	"net/http"

	"github.com/redis/go-redis/v9"

	"github.com/go-sails/sails/sailsio"
	"github.com/go-sails/sails/sailsio/action"
	"github.com/go-sails/sails/sailsio/adminbus"
	"github.com/go-sails/sails/sailsio/manifest"
	"github.com/go-sails/sails/sailsio/session"
	"github.com/go-sails/sails/socketio/redisadapter"
)

// port gives the options counterparts in Go for some of the actions of the reference
// application: those that need the socket, and half of those of the session.
func (l *lifted) port(o *manifest.Options) {
	o.Actions = map[string]http.Handler{
		"session/set":   http.HandlerFunc(setSession),
		"session/login": http.HandlerFunc(login),
		"sock/join":     http.HandlerFunc(l.join),
		"sock/leave":    http.HandlerFunc(l.leave),
	}
}

func setSession(w http.ResponseWriter, r *http.Request) {
	store(w, r, action.Param(r, "key").String(), decoded(r, "value"), map[string]bool{"stored": true})
}

// decoded is a parameter as a JSON value, nil for none.
func decoded(r *http.Request, name string) (v any) {
	_ = action.Param(r, name).Decode(&v)
	return v
}

func login(w http.ResponseWriter, r *http.Request) {
	id := decoded(r, "userId")
	store(w, r, "userId", id, map[string]any{"userId": id})
}

func store(w http.ResponseWriter, r *http.Request, key string, value, answer any) {
	s, ok := session.FromContext(r.Context())
	if !ok {
		action.ServerError(w, r)
		return
	}
	if err := s.Set(key, value); err != nil {
		action.ServerError(w, r, err)
		return
	}
	action.JSON(w, r, answer)
}

func (l *lifted) join(w http.ResponseWriter, r *http.Request) {
	room := action.Param(r, "room").String()
	if err := l.app.App().Sockets().Join(r.Context(), sailsio.SocketID(r), room); err != nil {
		action.BadRequest(w, r, "not a socket")
		return
	}
	action.JSON(w, r, map[string]string{"joined": room})
}

func (l *lifted) leave(w http.ResponseWriter, r *http.Request) {
	room := action.Param(r, "room").String()
	if err := l.app.App().Sockets().Leave(r.Context(), sailsio.SocketID(r), room); err != nil {
		action.BadRequest(w, r, "not a socket")
		return
	}
	action.JSON(w, r, map[string]string{"left": room})
}

// cluster joins this server and the sockets of the old application, so that what is
// broadcast there reaches clients here. It returns what has to run when the
// application is there.
func (l *lifted) cluster(o *manifest.Options, address string) (start func(context.Context) error, err error) {
	url, err := redis.ParseURL(address)
	if err != nil {
		return nil, err
	}
	adapter, err := redisadapter.New(redisadapter.Config{Redis: &redis.UniversalOptions{Addrs: []string{url.Addr}}, Level: redisadapter.Level6})
	if err != nil {
		return nil, err
	}
	bus, err := adminbus.New(adminbus.Config{Medium: adapter})
	if err != nil {
		return nil, err
	}
	o.Configure = func(c *sailsio.Config) { c.SocketIO.Adapter, c.LeaveAll = adapter, bus.LeaveAll }
	return func(ctx context.Context) error {
		if err := l.app.App().IO().Ready(ctx); err != nil {
			return err
		}
		return bus.Start(ctx, l.app.App().IO().Of("/"))
	}, nil
}
