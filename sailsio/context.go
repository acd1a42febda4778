package sailsio

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/go-sails/sails/sailsio/session"
	"github.com/go-sails/sails/socketio"
	"github.com/go-sails/sails/virtualrequest"
)

// conn is what an App knows of a client, from its first request on: most of a
// crowd never send one and cost nothing here. It is the context of all the client's
// requests too, so that a request needs none of its own to find its socket.
type conn struct {
	context.Context // the socket's, with its cookies
	socket          *socketio.Socket
	origin          *virtualrequest.Origin
	cookies         *session.SocketCookies
	tooOld          error // what all requests of an outdated SDK are answered (ER-6)
	lane            lane
}

type connKey struct{}

// Value finds the conn itself, and what the contexts below it hold.
func (c *conn) Value(key any) any {
	if key == (connKey{}) {
		return c
	}
	return c.Context.Value(key)
}

func connFromContext(ctx context.Context) (*conn, bool) {
	c, ok := ctx.Value(connKey{}).(*conn)
	return c, ok
}

// SocketFromContext returns the socket that a virtual request came over, or whose
// lifecycle function (Config.OnConnect, Config.AfterDisconnect) is running. It is
// false for a plain HTTP request.
func SocketFromContext(ctx context.Context) (*socketio.Socket, bool) {
	if c, ok := connFromContext(ctx); ok {
		return c.socket, true
	}
	return nil, false
}

// SocketID returns the id of the socket that r came over, "" for a plain HTTP
// request.
func SocketID(r *http.Request) string {
	if r == nil {
		return ""
	}
	if socket, ok := SocketFromContext(r.Context()); ok {
		return socket.ID()
	}
	return ""
}

// connOf returns the conn of a socket, made when it is needed first. Calls for one
// socket are serial: they come from its events.
func (a *App) connOf(s *socketio.Socket) *conn {
	if known, ok := a.conns.Load(s); ok {
		return known.(*conn)
	}
	c := a.newConn(s)
	a.conns.Store(s, c)
	return c
}

func (a *App) newConn(s *socketio.Socket) *conn {
	handshake := s.Session().Request()
	c := &conn{
		socket:  s,
		origin:  virtualrequest.NewOrigin(handshake, a.cfg.TrustProxies...),
		cookies: a.cfg.Sessions.NewSocketCookies(handshake),
		lane:    lane{limits: a.limits},
	}
	c.origin.RebuildHandshake(s.Session().Request)
	c.Context = session.WithSocket(s.Context(), c.cookies)
	if c.origin.Cookie() == "" {
		// A client without cookies gets one for a session of its own (CN-31).
		c.origin.SetCookie(c.cookies.Header())
	}
	version := handshake.Header.Get("__sails_io_sdk_version") // CN-10: headers first
	if version == "" {
		version = handshake.URL.Query().Get("__sails_io_sdk_version")
	}
	if version != "" || !a.cfg.AllowPlainClients {
		c.tooOld = a.checkSDK(version)
	}
	return c
}

// checkSDK is virtualrequest.CheckSDK, in the words of the version that the App is
// like.
func (a *App) checkSDK(version string) error {
	err := virtualrequest.CheckSDK(version)
	var fault *virtualrequest.ParseError
	if a.cfg.Sails012 == nil || !errors.As(err, &fault) {
		return err
	}
	_, which, _ := strings.Cut(fault.Details, "(")
	which, _, _ = strings.Cut(which, "). Please")
	fault.Details = "Sails v0.11.x is not compatible with the socket.io/sails.io.js client SDK version you are using (" + which +
		"). Please see the v0.11 migration guide on http://sailsjs.org for more information."
	return fault
}

// capture keeps a cookie that an answer has set, if the client has none (SE-10).
func (c *conn) capture(setCookie []string) {
	if len(setCookie) == 0 {
		return
	}
	c.cookies.Capture(setCookie)
	c.origin.Remember(setCookie)
}
