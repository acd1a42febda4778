package sailsio

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/go-sails/sails/engineio"
	"github.com/go-sails/sails/sailsio/model"
	"github.com/go-sails/sails/sailsio/session"
	"github.com/go-sails/sails/socketio"
	"github.com/go-sails/sails/virtualrequest"
)

// Config configures an App. The zero value serves http.DefaultServeMux to
// sails.io.js on "/socket.io", over WebSocket, for pages of the same origin,
// without sessions. For numbers and durations zero means the default and negative
// means off (no limit), unless the field says otherwise. New refuses a Config that
// makes no sense with an error that names the field.
type Config struct {
	// Handler answers plain HTTP and virtual requests alike: any router. Nil means
	// http.DefaultServeMux.
	Handler http.Handler

	// SocketIO configures the transport. Where it says nothing the defaults are those
	// of Sails (CN-3): WebSocket only, as in Sails 1.x (with Sails012 polling as well),
	// pings every 25s with a timeout of 60s. One default is not: MaxPayload is
	// 1,000,000 bytes instead of 100,000,000, since every connection may claim that
	// much memory.
	SocketIO socketio.Config

	// Sessions gives requests their sessions, over HTTP and over sockets. Nil means
	// that there are none.
	Sessions *session.Manager

	// OnlyAllowOrigins lists the origins that browsers may connect from, exactly as
	// they send them: "https://example.com", "http://localhost:8080", "file://"
	// (CN-20, CN-23). Nil means the origin of the server itself. To let every
	// origin in, say so with SocketIO.Engine.AllowOrigins: {"*"}. A page of another
	// origin that polls, with its cookies as sails.io.js does, needs
	// SocketIO.Engine.CORS with Credentials too; WebSockets do not.
	OnlyAllowOrigins []string
	// RequireOrigin refuses clients without an Origin header, native applications
	// for example, when OnlyAllowOrigins is set. Sails does so, although its
	// documentation says otherwise (SEC-14).
	RequireOrigin bool
	// BeforeConnect decides on each handshake, after the origin was checked; it runs
	// once per connection and must return within 10 seconds. An error refuses the
	// client: an *engineio.Refusal with its text, any other with "Forbidden" (CN-26,
	// CN-27). Unlike in Sails it does not switch the check of the origin off.
	BeforeConnect func(*http.Request) error
	// OnConnect runs when a client has connected, with its session in the context;
	// changes to the session are saved (CN-40). The client's requests wait until it
	// returns.
	OnConnect func(ctx context.Context, s *socketio.Socket)
	// AfterDisconnect runs when a client is gone and has left its rooms, with its
	// session in the context as it is at that time; changes to the session are saved
	// unless it returns an error (CN-41, CN-42).
	AfterDisconnect func(ctx context.Context, s *socketio.Socket) error

	// AllowPlainClients serves virtual requests of socket.io clients that do not
	// say which version of sails.io.js they are. Otherwise they are refused, as are
	// versions below 0.11.0 in any case (ER-6).
	AllowPlainClients bool

	// RequestTimeout is the time a handler has to answer a virtual request before it
	// is answered with 503 and its context ends. Zero is no limit, as in Sails.
	RequestTimeout time.Duration
	// MaxInFlight bounds the requests of one socket that run or wait to run. The
	// next one waits, and in the end reading from the client stops. Default 64; it
	// cannot be off (SEC-71).
	MaxInFlight int
	// MaxParked bounds the requests of one socket that have been running for more
	// than a second; they do not count for MaxInFlight. Beyond it requests are
	// answered with 503. Default 4,096; it cannot be off (SEC-72).
	MaxParked int
	// MaxInFlightTotal bounds the unanswered requests of all sockets; the next one is
	// answered with 503. Default 100,000; it cannot be off (SEC-3).
	MaxInFlightTotal int
	// MaxSubscriptions bounds the rooms of a socket when it subscribes to records on
	// this node, which a client brings about by reading them: the next Subscribe
	// returns socketio.ErrTooManyRooms, blueprints then answer all the same and log it.
	// Records that are introduced to those who watch a model are not held against it.
	// Default 100,000; it cannot be off (SEC-57).
	MaxSubscriptions int
	// Limits bounds single requests.
	Limits virtualrequest.Limits
	// MaxResponse bounds the body of an answer in bytes. Default 16,000,000 (SEC-74).
	MaxResponse int64
	// OmitResponseHeaders and OmitStatusCode leave the headers or the status out of
	// the answers of virtual requests (sendResponseHeaders, sendStatusCode: false).
	OmitResponseHeaders bool
	OmitStatusCode      bool

	// NoThirdPartyCookie switches GET /__getcookie off (grant3rdPartyCookie: false),
	// which pages of other origins need to get a session (CN-50).
	NoThirdPartyCookie bool
	// TrustProxies are the addresses or networks of proxies whose X-Forwarded-For
	// is believed (VR-21); see virtualrequest.ParseProxies. Default none.
	TrustProxies []netip.Prefix

	// Models declares the models, for their associations and the types of their keys.
	// A model that is not declared has pubsub too, without either.
	Models *model.Schema
	// ModelHooks are called around the notifications of models, by identity.
	ModelHooks map[string]ModelHooks
	// Sails012, when not nil, makes pubsub that of Sails 0.12.
	Sails012 *Sails012

	// LeaveAll, when not nil, tells the other nodes of a Sockets.LeaveAll: (*adminbus.Bus).LeaveAll,
	// which Sails servers hear as well. Otherwise nodes of this library are told, by a
	// server-side event.
	LeaveAll func(ctx context.Context, source string, o LeaveAllOptions) error

	// Production refuses to start without a decision about origins: OnlyAllowOrigins,
	// BeforeConnect or SocketIO.Engine.AllowOrigins (CN-21).
	Production bool
	// Strict reproduces what Sails does even where it is considered a mistake,
	// as far as that is safe: a destroyed record keeps subscribers that do not watch
	// its model (SU-10), and the inverse of a destroyed record's association is
	// looked up by model only (SU-12).
	Strict bool

	// Logger receives one line per lifecycle fact; nil discards.
	Logger *slog.Logger
}

// withDefaults returns cfg completed and checked.
func (cfg Config) withDefaults() (Config, error) {
	if cfg.Handler == nil {
		cfg.Handler = http.DefaultServeMux
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.SocketIO.Logger == nil {
		cfg.SocketIO.Logger = cfg.Logger
	}
	for _, limit := range []struct {
		name      string
		value     *int
		byDefault int
	}{
		{"MaxInFlight", &cfg.MaxInFlight, 64},
		{"MaxParked", &cfg.MaxParked, 4096},
		{"MaxInFlightTotal", &cfg.MaxInFlightTotal, 100_000},
		{"MaxSubscriptions", &cfg.MaxSubscriptions, 100_000},
	} {
		switch {
		case *limit.value == 0:
			*limit.value = limit.byDefault
		case *limit.value < 0:
			return cfg, fmt.Errorf("sailsio: Config.%s is negative; it cannot be off", limit.name)
		}
	}
	if cfg.RequestTimeout < 0 {
		cfg.RequestTimeout = 0
	}
	if cfg.SocketIO.MaxRooms == 0 {
		cfg.SocketIO.MaxRooms = 1000 // needed here as well
	}
	engine := &cfg.SocketIO.Engine
	if engine.Transports == nil {
		engine.Transports = []engineio.Transport{engineio.WebSocket}
		if cfg.Sails012 != nil {
			engine.Transports = []engineio.Transport{engineio.Polling, engineio.WebSocket}
		}
	}
	if engine.PingTimeout == 0 {
		engine.PingTimeout = 60 * time.Second
	}
	return cfg, cfg.admission(engine)
}

// admission turns the settings of section 1.2 into those of the engine.
func (cfg *Config) admission(engine *engineio.Config) error {
	decided := cfg.OnlyAllowOrigins != nil || engine.AllowOrigins != nil || cfg.BeforeConnect != nil || engine.AllowRequest != nil
	if cfg.Production && !decided {
		return errors.New("sailsio: in production one of Config.OnlyAllowOrigins and Config.BeforeConnect must be set")
	}
	if cfg.OnlyAllowOrigins != nil {
		if engine.AllowOrigins != nil {
			return errors.New("sailsio: set Config.OnlyAllowOrigins or Config.SocketIO.Engine.AllowOrigins, not both")
		}
		if len(cfg.OnlyAllowOrigins) == 0 {
			return errors.New("sailsio: Config.OnlyAllowOrigins is empty, no page could connect; list origins or leave it nil (E_INVALID_ONLY_ALLOW_ORIGINS)")
		}
		for _, origin := range cfg.OnlyAllowOrigins {
			if err := checkOrigin(origin); err != nil {
				return err
			}
		}
		engine.AllowOrigins = cfg.OnlyAllowOrigins
		engine.AllowMissingOrigin = !cfg.RequireOrigin
	} else if cfg.RequireOrigin {
		engine.RequireOrigin = true
	}
	if cfg.BeforeConnect != nil {
		if engine.AllowRequest != nil {
			return errors.New("sailsio: set Config.BeforeConnect or Config.SocketIO.Engine.AllowRequest, not both")
		}
		engine.AllowRequest = cfg.BeforeConnect
	}
	return nil
}

// checkOrigin accepts what a browser sends as Origin (CN-20).
func checkOrigin(origin string) error {
	fail := func(why string) error {
		return fmt.Errorf("sailsio: Config.OnlyAllowOrigins: %q: %s (E_INVALID_ORIGIN)", origin, why)
	}
	if strings.HasPrefix(origin, "file://") {
		return nil // applications in a web view
	}
	scheme, rest, ok := strings.Cut(origin, "://")
	if !ok || scheme != "http" && scheme != "https" {
		return fail("begin with http:// or https://")
	}
	u, err := url.Parse(origin)
	switch {
	case err != nil || u.Hostname() == "":
		return fail("give a host")
	case u.Host != rest || u.User != nil:
		return fail("leave out path, trailing slash, query and user")
	case scheme == "http" && u.Port() == "80", scheme == "https" && u.Port() == "443":
		return fail("leave out the default port")
	}
	return nil
}
