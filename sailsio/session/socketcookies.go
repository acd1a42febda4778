package session

import (
	"bytes"
	"context"
	"net/http"
	"strings"
	"sync"
)

// SocketCookies is what a socket remembers about cookies: those of its
// handshake, and the session that began on it when the handshake brought none.
// A socket makes one when it connects, puts it in the context of each virtual
// request with WithSocket, and drops it when it closes. Its methods may be
// called concurrently and never block.
type SocketCookies struct {
	m               *Manager // nil when the application has no sessions
	handshake       []string // the handshake's Cookie headers
	nosessionHeader bool
	nosessionQuery  bool

	mu       sync.Mutex
	sid      string // guarded by mu; the socket's own session
	own      string // guarded by mu; the cookie for sid, once it was needed
	captured string // guarded by mu; a cookie some answer set (SE-10)

	// What the last request found out; the next one mostly finds the same.
	checked checkedCookie // guarded by mu
	kept    *keptRecord   // guarded by mu; nil until there was one
}

// checkedCookie is a Cookie header and the session id whose signature was verified
// in it. A Manager's secrets never change.
type checkedCookie struct {
	m      *Manager
	header string
	sid    string
}

// keptRecord is a stored session and what it decodes to.
type keptRecord struct {
	raw    []byte
	record record
}

const (
	maxChecked = 4 << 10 // bytes of a Cookie header worth keeping
	maxKept    = 4 << 10 // bytes of a stored session worth keeping
)

// signedID is the function signedID, which it calls once for each Cookie header.
func (c *SocketCookies) signedID(m *Manager, header http.Header) string {
	lines := header["Cookie"]
	if len(lines) != 1 || len(lines[0]) > maxChecked {
		return signedID(header, m.cfg.Name, m.cfg.Secrets)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.checked.m != m || c.checked.header != lines[0] {
		c.checked = checkedCookie{m, lines[0], signedID(header, m.cfg.Name, m.cfg.Secrets)}
	}
	return c.checked.sid
}

// recall sets r to what raw decodes to, if that is known.
func (c *SocketCookies) recall(raw []byte, r *record) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.kept == nil || !bytes.Equal(c.kept.raw, raw) {
		return false
	}
	*r = c.kept.record
	return true
}

// keep remembers what raw, which nobody changes, decodes to.
func (c *SocketCookies) keep(raw []byte, r *record) {
	if len(raw) > maxKept {
		return
	}
	r.shared = true
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.kept == nil {
		c.kept = new(keptRecord)
	}
	*c.kept = keptRecord{raw, *r}
}

// NewSocketCookies begins the cookie memory of a socket that connects with
// handshake. It stores nothing (SEC-76). m may be nil: an application without
// sessions still has cookies.
func (m *Manager) NewSocketCookies(handshake *http.Request) *SocketCookies {
	return &SocketCookies{
		m:               m,
		handshake:       handshake.Header["Cookie"],
		nosessionHeader: handshake.Header.Get("nosession") != "",
		nosessionQuery:  handshake.URL.Query().Get("nosession") != "",
	}
}

// WithSocket returns a context whose requests belong to the socket that c
// remembers cookies for: they use its session, and their answers set no session
// cookie.
func WithSocket(ctx context.Context, c *SocketCookies) context.Context {
	return context.WithValue(ctx, socketKey{}, c)
}

type socketKey struct{}

func socketFromContext(ctx context.Context) *SocketCookies {
	c, _ := ctx.Value(socketKey{}).(*SocketCookies)
	return c
}

// Header returns the Cookie header for the socket's next virtual request, ""
// for none (VR-30): that of the handshake; without one, a cookie for the
// socket's own session (CN-31), or the cookie an answer has set (SE-10).
func (c *SocketCookies) Header() string {
	if len(c.handshake) > 0 {
		return strings.Join(c.handshake, "; ")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.sid == "" && c.m != nil && !c.nosessionHeader && !c.nosessionQuery {
		c.sid = newID()
	}
	if c.sid == "" {
		return c.captured
	}
	if c.own == "" {
		c.own = c.m.cfg.Name + "=" + encodeCookieValue("s:"+Sign(c.sid, c.m.cfg.Secrets[0]))
	}
	return c.own
}

// NoSession reports whether the client asked for connections without a session
// by a "nosession" header: then no virtual request has one, and the header
// belongs on each of them (VR-30). The query parameter of the same name does
// less: it only leaves lifecycle callbacks without a session (CN-30, SE-12).
func (c *SocketCookies) NoSession() bool { return c.nosessionHeader }

// Capture looks at the Set-Cookie values of an answer to one of the socket's
// requests: the first of them is kept as the cookie of later requests if the
// socket has none yet (SE-10).
func (c *SocketCookies) Capture(setCookie []string) {
	if len(c.handshake) > 0 || len(setCookie) == 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.sid == "" && c.captured == "" {
		c.captured = setCookie[0]
	}
}

// requestHeader is the header by which the socket's session is found outside of
// a request.
func (c *SocketCookies) requestHeader() http.Header {
	cookie := c.Header()
	if cookie == "" {
		return nil
	}
	return http.Header{"Cookie": {cookie}}
}

// ownID returns the id of the socket's own session, "" when it has none.
func (c *SocketCookies) ownID() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.sid
}

// adopt returns the id of the socket's own session, which begins now if it has
// not: concurrent first requests share it.
func (c *SocketCookies) adopt() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.sid == "" {
		c.sid = newID()
	}
	return c.sid
}

// anonymous reports whether the own session began without any cookie (CN-31).
func (c *SocketCookies) anonymous() bool { return len(c.handshake) == 0 && !c.nosessionQuery }

// remember makes sid the socket's own session.
func (c *SocketCookies) remember(sid string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sid, c.own = sid, ""
}

// forget ends the use of sid; the next request begins another session.
func (c *SocketCookies) forget(sid string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.sid == sid {
		c.sid, c.own = "", ""
	}
}
