package session

import (
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/go-sails/sails/internal/rawjson"
)

// flag is a JSON boolean that may be absent.
type flag int8

const (
	unset flag = iota
	no
	yes
)

// life is how a stored cookie states its life time: not at all (a session made
// at a socket's handshake, SE-21), null (until the browser ends) or in
// milliseconds.
type life int8

const (
	lifeUnstated life = iota
	lifeBrowser
	lifeLimited
)

// maxLifeMillis keeps a life time within what a date can express.
const maxLifeMillis = 100 * 365 * 24 * 3600 * 1000

// cookie holds the attributes that travel with a stored session. They decide
// the next Set-Cookie and the life time in the store.
type cookie struct {
	life        life
	maxAge      time.Duration // when life is lifeLimited; may be negative: over
	partitioned flag
	priority    string
	secure      flag
	httpOnly    flag
	domain      string
	path        string
	sameSite    string // "", "lax", "strict", "none"; "true" as stored by Node means strict
}

// newCookie is the cookie of a new session (SE-4, SE-20).
func newCookie(cfg *CookieConfig) cookie {
	c := cookie{life: lifeBrowser, httpOnly: yes, path: cfg.Path, domain: cfg.Domain, priority: cfg.Priority}
	if cfg.ScriptAccess {
		c.httpOnly = no
	}
	if cfg.MaxAge > 0 {
		c.setMaxAge(cfg.MaxAge)
	}
	if cfg.Secure {
		c.secure = yes
	}
	if cfg.Partitioned {
		c.partitioned = yes
	}
	switch cfg.SameSite {
	case http.SameSiteLaxMode:
		c.sameSite = "lax"
	case http.SameSiteStrictMode:
		c.sameSite = "strict"
	case http.SameSiteNoneMode:
		c.sameSite = "none"
	}
	return c
}

// newSocketCookie is the cookie of a session that begins on a socket: it has no
// life time even when the configuration has one (CN-31, CN-33, SE-21).
func newSocketCookie() cookie {
	return cookie{life: lifeUnstated, httpOnly: yes, path: "/"}
}

func (c *cookie) setMaxAge(d time.Duration) {
	if d == 0 {
		c.life, c.maxAge = lifeBrowser, 0
		return
	}
	c.life, c.maxAge = lifeLimited, d.Truncate(time.Millisecond)
}

// expires is the moment the session ends if now is its last request; the zero
// time when it has no limit.
func (c *cookie) expires(now time.Time) time.Time {
	if c.life != lifeLimited {
		return time.Time{}
	}
	return now.Add(c.maxAge).UTC()
}

// appendJSON writes the members in express-session's order; absent ones are
// left out as JSON.stringify leaves out undefined (SE-20, SE-21).
func (c *cookie) appendJSON(b []byte, now time.Time) []byte {
	start := len(b)
	b = append(b, '{')
	member := func(name string) {
		if len(b) > start+1 {
			b = append(b, ',')
		}
		b = append(b, '"')
		b = append(b, name...)
		b = append(b, '"', ':')
	}
	boolean := func(name string, f flag) {
		if f != unset {
			member(name)
			b = strconv.AppendBool(b, f == yes)
		}
	}
	text := func(name, s string) {
		if s != "" {
			member(name)
			b = rawjson.AppendString(b, s)
		}
	}
	switch c.life {
	case lifeBrowser:
		member("originalMaxAge")
		b = append(b, "null"...)
	case lifeLimited:
		member("originalMaxAge")
		b = strconv.AppendInt(b, c.maxAge.Milliseconds(), 10)
	}
	boolean("partitioned", c.partitioned)
	text("priority", c.priority)
	switch c.life {
	case lifeBrowser:
		member("expires")
		b = append(b, "null"...)
	case lifeLimited:
		member("expires")
		b = append(b, '"')
		b = c.expires(now).AppendFormat(b, "2006-01-02T15:04:05.000Z")
		b = append(b, '"')
	}
	boolean("secure", c.secure)
	boolean("httpOnly", c.httpOnly)
	text("domain", c.domain)
	text("path", c.path)
	if c.sameSite == "true" {
		member("sameSite")
		b = append(b, "true"...)
	} else {
		text("sameSite", c.sameSite)
	}
	return append(b, '}')
}

// decodeCookie reads the cookie object of a stored session; members of an
// unexpected type count as absent. The stored expiry itself is not read: the
// store ends sessions, and a request renews it.
func decodeCookie(data []byte) cookie {
	c := cookie{path: "/"}
	var sameSite flag
	err := rawjson.Members(data, func(key, value []byte) bool {
		switch string(key) {
		case `"originalMaxAge"`:
			c.life = lifeBrowser
			if ms, err := strconv.ParseFloat(string(value), 64); err == nil {
				c.life = lifeLimited
				c.maxAge = time.Duration(math.Max(-maxLifeMillis, math.Min(maxLifeMillis, ms))) * time.Millisecond
			}
		case `"partitioned"`:
			c.partitioned = flagOf(value)
		case `"secure"`:
			c.secure = flagOf(value)
		case `"httpOnly"`:
			c.httpOnly = flagOf(value)
		case `"priority"`:
			c.priority, _ = rawjson.Text(value)
		case `"domain"`:
			c.domain, _ = rawjson.Text(value)
		case `"path"`:
			if p, ok := rawjson.Text(value); ok && p != "" {
				c.path = p
			}
		case `"sameSite"`:
			sameSite = flagOf(value)
			c.sameSite, _ = rawjson.Text(value)
		}
		return true
	})
	if err != nil {
		c = cookie{path: "/"}
	}
	if sameSite == yes {
		c.sameSite = "true"
	}
	if c.httpOnly == unset {
		c.httpOnly = yes // express-session's default when it reads the object back
	}
	return c
}

func flagOf(value []byte) flag {
	switch string(value) {
	case "true":
		return yes
	case "false":
		return no
	}
	return unset
}

// setCookie returns the Set-Cookie header for sid, attributes in the order of
// the npm package cookie (SE-4). Attributes read from a store are written only
// when they are well-formed.
func (c *cookie) setCookie(name, sid, secret string, now time.Time) string {
	s := name + "=" + encodeCookieValue("s:"+Sign(sid, secret))
	if c.domain != "" && cookieDomain.MatchString(c.domain) {
		s += "; Domain=" + c.domain
	}
	if cookiePath.MatchString(c.path) {
		s += "; Path=" + c.path
	}
	if at := c.expires(now); !at.IsZero() {
		s += "; Expires=" + at.Format(http.TimeFormat)
	}
	if c.httpOnly == yes {
		s += "; HttpOnly"
	}
	if c.secure == yes {
		s += "; Secure"
	}
	if c.partitioned == yes {
		s += "; Partitioned"
	}
	switch strings.ToLower(c.priority) {
	case "low":
		s += "; Priority=Low"
	case "medium":
		s += "; Priority=Medium"
	case "high":
		s += "; Priority=High"
	}
	switch strings.ToLower(c.sameSite) {
	case "lax":
		s += "; SameSite=Lax"
	case "strict", "true":
		s += "; SameSite=Strict"
	case "none":
		s += "; SameSite=None"
	}
	return s
}
