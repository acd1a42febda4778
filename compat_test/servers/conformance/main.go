// Command conformance is the reference application of the scenarios in
// conformance/scenarios, with the models, routes and variants of the Sails
// application the transcripts were recorded from.
package main

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/go-sails/sails/compat_test/internal/serve"
	"github.com/go-sails/sails/engineio"
	"github.com/go-sails/sails/sailsio"
	"github.com/go-sails/sails/sailsio/action"
	"github.com/go-sails/sails/sailsio/model"
	"github.com/go-sails/sails/sailsio/model/modeltest"
	"github.com/go-sails/sails/sailsio/session"
	"github.com/go-sails/sails/socketio"
)

// application holds what the handlers share.
type application struct {
	app         *sailsio.App
	models      *model.Schema
	data        *records
	secret      string
	disconnects atomic.Int64
}

const secret = "conformance-secret-conformance-secret"

func main() {
	a, err := newApplication()
	if err != nil {
		serve.Exit(err)
	}
	serve.Main(a.app, a.shutdown)
}

// goodbyeLimit is what clients get that are told to go, and may never ask: the
// scenarios leave such ones behind.
const goodbyeLimit = 2500 * time.Millisecond

func (a *application) shutdown(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, goodbyeLimit)
	defer cancel()
	return errors.Join(a.app.Shutdown(ctx), a.data.close())
}

func newApplication() (*application, error) {
	production := os.Getenv("NODE_ENV") == "production"
	log := slog.New(slog.DiscardHandler)
	if os.Getenv("CONF_VERBOSE") != "" {
		log = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	a := &application{secret: secret}
	var err error
	if a.models, err = model.New(modeltest.App()...); err != nil {
		return nil, err
	}
	if a.data, err = openRecords(a.models); err != nil {
		return nil, err
	}
	sessions, err := session.New(session.Config{Secrets: []string{secret}, Production: production, Logger: log})
	if err != nil {
		return nil, err
	}
	var router http.Handler // made last: its blueprints need the app
	late := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { router.ServeHTTP(w, r) })
	actions := &action.Config{Production: production, ParseBodies: true, Logger: log}
	cfg := sailsio.Config{
		Handler:  actions.Handler(poweredBy(late)),
		Sessions: sessions,
		Models:   a.models,
		Strict:   true,
		SocketIO: socketio.Config{Engine: engineio.Config{
			Transports:   transports(),
			AllowOrigins: pages(),
			MaxPayload:   100_000_000, // as Sails
		}},
		AfterDisconnect: func(context.Context, *socketio.Socket) error {
			a.disconnects.Add(1)
			return nil
		},
		OnlyAllowOrigins:   list("CONF_ORIGINS"),
		RequireOrigin:      os.Getenv("CONF_ORIGINS") != "",
		OmitStatusCode:     os.Getenv("CONF_NO_STATUS") != "",
		NoThirdPartyCookie: os.Getenv("CONF_NO_GETCOOKIE") != "",
		Production:         production,
		Logger:             log,
	}
	if os.Getenv("CONF_BEFORE_CONNECT") != "" {
		cfg.BeforeConnect = gate
	}
	if a.app, err = sailsio.New(cfg); err != nil {
		return nil, err
	}
	router, err = a.routes(production, log)
	return a, err
}

// pages is who may connect when CONF_ORIGINS does not say so: everybody.
func pages() []string {
	if os.Getenv("CONF_ORIGINS") != "" {
		return nil
	}
	return []string{"*"}
}

// poweredBy adds the header that Sails applications are known by to answers over
// HTTP.
func poweredBy(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !action.IsSocket(r) {
			if os.Getenv("NODE_ENV") == "production" {
				w.Header().Set("Vary", "Accept-Encoding") // answers may be compressed
			}
			w.Header().Set("X-Powered-By", "Sails <sailsjs.com>")
		}
		next.ServeHTTP(w, r)
	})
}

// gate decides by the query of the handshake.
func gate(r *http.Request) error {
	switch gate := r.URL.Query().Get("gate"); gate[:len(gate)-len(strings.TrimLeft(gate, "abcdefghijklmnopqrstuvwxyz"))] {
	case "deny":
		return errors.New("denied")
	case "error":
		return &engineio.Refusal{Message: "gate closed"}
	case "throw":
		return &engineio.Refusal{Message: "Error: gate exploded"}
	}
	return nil
}

func transports() []engineio.Transport {
	names := list("CONF_TRANSPORTS")
	if names == nil {
		return []engineio.Transport{engineio.Polling, engineio.WebSocket}
	}
	var out []engineio.Transport
	for _, name := range names {
		out = append(out, engineio.Transport(name))
	}
	return out
}

// list reads a comma-separated variable; nil when it is not set.
func list(variable string) []string {
	var out []string
	for _, part := range strings.Split(os.Getenv(variable), ",") {
		if part = strings.TrimSpace(part); part != "" {
			out = append(out, part)
		}
	}
	return out
}
