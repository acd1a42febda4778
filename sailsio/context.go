package sailsio

import (
	"context"
	"net/http"
	"sync"

	"github.com/go-sails/sails/sailsio/session"
	"github.com/go-sails/sails/socketio"
	"github.com/go-sails/sails/virtualrequest"
)

// conn is what an App knows of one connected client. It is the context of all its
// requests too, so that a request needs none of its own to find its socket.
type conn struct {
	context.Context
	socket  *socketio.Socket
	origin  *virtualrequest.Origin
	cookies *session.SocketCookies
	tooOld  error // what all requests of an outdated SDK are answered (ER-6)
	lane    lane

	cookieOnce sync.Once
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
// event or lifecycle function is running. It is false for a plain HTTP request.
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

// newConn describes a client that connects. ctx is the socket's.
func (a *App) newConn(ctx context.Context, s *socketio.Socket) *conn {
	handshake := s.Session().Request()
	c := &conn{
		socket:  s,
		origin:  virtualrequest.NewOrigin(handshake, a.cfg.TrustProxies...),
		cookies: a.cfg.Sessions.NewSocketCookies(handshake),
		lane:    lane{limits: a.limits},
	}
	c.Context = session.WithSocket(ctx, c.cookies)
	version := handshake.Header.Get("__sails_io_sdk_version") // CN-10: headers first
	if version == "" {
		version = handshake.URL.Query().Get("__sails_io_sdk_version")
	}
	if version != "" || !a.cfg.AllowPlainClients {
		c.tooOld = virtualrequest.CheckSDK(version)
	}
	return c
}

// wearCookie gives the requests of a client that came without cookies one for the
// session of its own (CN-31). It is made for the first request: most sockets of a
// crowd never send one.
func (c *conn) wearCookie() {
	c.cookieOnce.Do(func() {
		if c.origin.Cookie() == "" {
			c.origin.SetCookie(c.cookies.Header())
		}
	})
}

// capture keeps a cookie that an answer has set, if the client has none (SE-10).
func (c *conn) capture(setCookie []string) {
	if len(setCookie) == 0 {
		return
	}
	c.cookies.Capture(setCookie)
	c.origin.Remember(setCookie)
}
