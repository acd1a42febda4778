package sailsio

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-sails/sails/engineio"
	"github.com/go-sails/sails/sailsio/session"
	"github.com/go-sails/sails/socketio"
	"github.com/go-sails/sails/virtualrequest"
)

// App serves an application over plain HTTP and over sockets of sails.io.js: the
// same handler answers both. It is an http.Handler.
//
// What comes over a socket as a virtual request has the socket in its context
// (SocketFromContext), its own bounds (Config.MaxInFlight) and ends when the
// client goes. Requests of one socket start in the order they were sent and run
// side by side. Safe for concurrent use.
type App struct {
	cfg        Config
	io         *socketio.Server
	sockets    *Sockets
	pubsub     *pubsub
	limits     *limits
	dispatcher *virtualrequest.Dispatcher
	plain      http.Handler // everything but the socket path
	path       string       // "/socket.io/"
	conns      sync.Map     // *socketio.Socket to *conn
	closing    atomic.Bool
	counts     struct{ parseErrors, overloads atomic.Int64 }
}

// Stats are counters since the start, and the present number of requests.
type Stats struct {
	InFlight    int64 // virtual requests running or waiting
	ParseErrors int64 // messages that were no virtual request (ER-1, ER-2)
	Overloads   int64 // requests answered with 503 because too many were unanswered
}

// Stats returns counters. Those of connections are in IO().Engine().Stats().
func (a *App) Stats() Stats {
	return Stats{a.limits.inFlight.Load(), a.counts.parseErrors.Load(), a.counts.overloads.Load()}
}

// New makes an App. It fails when the Config makes no sense.
func New(cfg Config) (*App, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	io, err := socketio.NewServer(cfg.SocketIO)
	if err != nil {
		return nil, err
	}
	a := &App{
		cfg:     cfg,
		io:      io,
		sockets: &Sockets{ns: io.Of("/"), combined: cfg.Sails012 != nil, maxRooms: cfg.SocketIO.MaxRooms, maxRecords: cfg.MaxSubscriptions, tellLeaveAll: cfg.LeaveAll},
		limits:  newLimits(cfg.MaxInFlight, cfg.MaxParked, cfg.MaxInFlightTotal),
		path:    "/socket.io/",
	}
	if cfg.SocketIO.Path != "" {
		a.path = strings.TrimSuffix(cfg.SocketIO.Path, "/") + "/"
	}
	a.pubsub = newPubsub(a.sockets, &a.cfg)
	a.plain = a.handler()
	a.dispatcher = &virtualrequest.Dispatcher{
		Handler:        a.plain,
		Timeout:        cfg.RequestTimeout,
		MaxResponse:    cfg.MaxResponse,
		Limits:         cfg.Limits,
		OmitHeaders:    cfg.OmitResponseHeaders,
		OmitStatusCode: cfg.OmitStatusCode,
		Logger:         cfg.Logger,
	}
	a.bind()
	return a, nil
}

// handler wraps the user's handler in what every request passes.
func (a *App) handler() http.Handler {
	h := a.cfg.Handler
	if !a.cfg.NoThirdPartyCookie {
		h = grantCookie(h, a.cfg.Sails012 != nil)
	}
	if a.cfg.Sessions != nil {
		h = a.cfg.Sessions.Handler(h)
	}
	return h
}

// bind registers what happens on sockets.
func (a *App) bind() {
	ns := a.sockets.ns
	for _, method := range virtualrequest.Methods() {
		ns.Handle(method, socketio.HandlerFunc(a.serveEvent))
	}
	if a.cfg.OnConnect != nil {
		ns.OnConnect(a.onConnect)
	}
	ns.OnDisconnect(a.afterDisconnect)
	a.sockets.listen()
}

// ServeHTTP answers requests below the socket path (Config.SocketIO.Path) itself and
// leaves all others to Config.Handler, behind Config.Sessions.
func (a *App) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	below := strings.HasPrefix(r.URL.Path, a.path)
	if !below && !(a.cfg.SocketIO.NoTrailingSlash && r.URL.Path == strings.TrimSuffix(a.path, "/")) {
		a.plain.ServeHTTP(w, r)
		return
	}
	switch _, virtual := virtualrequest.FromContext(r.Context()); {
	case virtual:
		// SEC-70: a router may lead a virtual request back here.
		http.NotFound(w, r)
	case a.closing.Load() && !r.URL.Query().Has("sid"):
		w.Header().Set("Retry-After", "1")
		http.Error(w, "Service Unavailable", http.StatusServiceUnavailable)
	default:
		a.io.ServeHTTP(w, r)
	}
}

// IO returns the Socket.IO server, for namespaces and events of your own.
func (a *App) IO() *socketio.Server { return a.io }

// Sockets returns sails.sockets: rooms and broadcasts.
func (a *App) Sockets() *Sockets { return a.sockets }

// Model returns the pubsub of a model by its identity, in any letter case. A model
// that Config.Models does not declare has no associations, and its ids are sent as
// they are given.
func (a *App) Model(identity string) *Model {
	identity = strings.ToLower(identity)
	if m := a.pubsub.models[identity]; m != nil {
		return m
	}
	return a.pubsub.model(identity, nil, &a.cfg)
}

// Serve answers the requests of a listener until ctx ends, with the time-outs that
// keep silent clients from staying; then it shuts the App down, lets plain requests in
// flight finish, and returns nil, or why that was not done in engineio.DrainLimit. See
// engineio.Serve for what else it sets, and for an http.Server of your own.
func (a *App) Serve(ctx context.Context, l net.Listener) error {
	srv := &http.Server{Handler: a, ErrorLog: slog.NewLogLogger(a.cfg.Logger.Handler(), slog.LevelDebug)}
	return engineio.Serve(ctx, l, srv, a.Shutdown, 0)
}

// drainFor is how long Shutdown waits for requests in flight.
const drainFor = 10 * time.Second

// Shutdown ends the App: new clients are refused and new virtual requests dropped
// at once (VR-12); requests in flight may finish, for ten seconds at most; then all
// clients are disconnected. It returns when that is done, or with ctx's error. Plain
// HTTP is the business of the http.Server.
func (a *App) Shutdown(ctx context.Context) error {
	a.closing.Store(true)
	draining, cancel := context.WithTimeout(ctx, drainFor)
	err := a.limits.wait(draining)
	cancel()
	if err != nil && ctx.Err() == nil {
		a.cfg.Logger.Warn("requests still run at shutdown", "requests", a.limits.inFlight.Load())
	}
	return a.io.Shutdown(ctx)
}

// onConnect runs the hook.
func (a *App) onConnect(_ context.Context, s *socketio.Socket) error {
	c := a.connOf(s)
	err := a.withSession(c, c.cookies, func(ctx context.Context) error {
		a.cfg.OnConnect(ctx, s)
		return nil
	})
	if err != nil {
		a.cfg.Logger.Error("session not available to OnConnect", "socket", s.ID(), "error", err)
	}
	return nil
}

// afterDisconnect forgets the client and runs the hook, with the session as it is
// now.
func (a *App) afterDisconnect(s *socketio.Socket, _ socketio.DisconnectReason) {
	known, _ := a.conns.LoadAndDelete(s)
	if a.cfg.AfterDisconnect == nil {
		return
	}
	c, ok := known.(*conn)
	if !ok {
		c = a.newConn(s)
	}
	ctx := context.WithoutCancel(c) // the client's own has ended
	err := a.withSession(ctx, c.cookies, func(ctx context.Context) error { return a.cfg.AfterDisconnect(ctx, s) })
	if err != nil {
		a.cfg.Logger.Error("AfterDisconnect failed", "socket", s.ID(), "error", err)
	}
}

// withSession runs fn with the session of a socket, or without when there are none
// or it cannot be loaded (SU-31).
func (a *App) withSession(ctx context.Context, c *session.SocketCookies, fn func(context.Context) error) error {
	if a.cfg.Sessions == nil {
		return fn(ctx)
	}
	called := false
	err := a.cfg.Sessions.Run(ctx, c, func(ctx context.Context) error {
		called = true
		return fn(ctx)
	})
	if called {
		return err
	}
	return errors.Join(err, fn(ctx))
}
