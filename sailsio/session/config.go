package session

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Defaults of [Config].
const (
	DefaultName             = "sails.sid"                     // SE-1
	DefaultMaxBytes         = 64 << 10                        // SEC-76
	DefaultStoreTimeout     = 5 * time.Second                 // SEC-76
	DefaultUninitializedTTL = 12 * time.Hour                  // see Config.UninitializedTTL
	developmentSecret       = "extremely-secure-keyboard-cat" // SE-7
	minSecretBytes          = 32                              // SEC-77
	minSecretVariety        = 8                               // distinct bytes; a repeated letter is no secret
)

// Config describes the sessions of an application. The zero value is a
// development configuration: Sails' well-known secret and a [MemoryStore].
type Config struct {
	// Secrets sign the cookie. The first signs, all of them verify, so that a
	// secret can be replaced without ending sessions. None: Sails' development
	// secret, refused when Production is set.
	Secrets []string

	// Production refuses to start with a secret that is missing, the
	// development one, shorter than 32 bytes or obviously repetitive (SE-7,
	// SEC-77).
	Production bool

	// Name of the cookie; "" is "sails.sid" (SE-1). A name that begins with
	// "__Host-" or "__Secure-" demands the cookie settings browsers demand.
	Name string

	// Cookie holds the attributes of the cookie.
	Cookie CookieConfig

	// Store keeps the sessions; nil is a new MemoryStore with its defaults.
	Store Store

	// Rolling renews the cookie with every answer, so that its MaxAge counts
	// from the last request (express-session's rolling).
	Rolling bool

	// OnlyModified gives a visitor a cookie and a stored session only once a
	// handler has put something in it (express-session's saveUninitialized:
	// false). Sails, and the zero value, give every HTTP visitor a cookie.
	// Sessions of sockets are always stored on first use only (SEC-76).
	OnlyModified bool

	// UninitializedTTL is how long a session without any value is stored, at
	// most; 0 is 12 hours, negative is no special limit. It keeps visitors who
	// never come back from filling the store, and MemoryStore gives up such
	// sessions before it gives up others.
	UninitializedTTL time.Duration

	// MaxBytes limits one stored session, as JSON; 0 is 64 KiB, negative is no
	// limit. Writing more is ErrTooLarge.
	MaxBytes int

	// StoreTimeout limits each wait for the store, including the wait for
	// another request that is just saving the same session; 0 is 5 seconds,
	// negative is no limit.
	StoreTimeout time.Duration

	// Skip tells requests that need no session; nil is [LooksLikeAsset], Sails'
	// isSessionDisabled (SE-13).
	Skip func(*http.Request) bool

	// TrustProxy believes X-Forwarded-Proto when it decides whether a request
	// came over TLS, which matters for Secure cookies only. Set it only behind a proxy that
	// overwrites the header.
	TrustProxy bool

	// Logger hears about failing stores and dropped changes; nil is silence.
	Logger *slog.Logger
}

// CookieConfig holds the attributes of the session cookie. The zero value is
// what Sails sends: Path=/ and HttpOnly (SE-4).
type CookieConfig struct {
	// Path is "/" when empty. Requests outside the path get no session.
	Path string
	// Domain is left out when empty.
	Domain string
	// MaxAge ends the session this long after its last request; 0 makes a
	// cookie that ends with the browser. Millisecond precision.
	MaxAge time.Duration
	// Secure sends the cookie over TLS only; a plain request then gets none.
	Secure bool
	// ScriptAccess leaves HttpOnly away. There is hardly ever a reason.
	ScriptAccess bool
	// SameSite is left out when 0. http.SameSiteNoneMode demands Secure.
	SameSite http.SameSite
	// Partitioned keeps the cookie of an embedded page apart (CHIPS); it
	// demands Secure.
	Partitioned bool
	// Priority is "", "low", "medium" or "high".
	Priority string
}

var (
	cookieName   = regexp.MustCompile("^[!#$%&'*+\\-.^_`|~0-9A-Za-z]+$")
	cookieDomain = regexp.MustCompile(`(?i)^\.?[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$`)
	cookiePath   = regexp.MustCompile(`^/[\x20-\x3a\x3d-\x7e]*$`)
)

// withDefaults returns a validated copy.
func (c Config) withDefaults() (Config, error) {
	if c.Name == "" {
		c.Name = DefaultName
	}
	if c.Cookie.Path == "" {
		c.Cookie.Path = "/"
	}
	if c.UninitializedTTL == 0 {
		c.UninitializedTTL = DefaultUninitializedTTL
	}
	if c.MaxBytes == 0 {
		c.MaxBytes = DefaultMaxBytes
	}
	if c.StoreTimeout == 0 {
		c.StoreTimeout = DefaultStoreTimeout
	}
	if c.Skip == nil {
		c.Skip = LooksLikeAsset
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if err := c.checkSecrets(); err != nil {
		return c, err
	}
	if len(c.Secrets) == 0 {
		c.Logger.Warn("session: no secret set, using the public development secret")
		c.Secrets = []string{developmentSecret}
	}
	c.Secrets = slices.Clone(c.Secrets)
	if err := c.checkCookie(); err != nil {
		return c, err
	}
	if c.Store == nil {
		store, err := NewMemoryStore(MemoryConfig{})
		if err != nil {
			return c, err
		}
		c.Store = store
	}
	return c, nil
}

func (c *Config) checkSecrets() error {
	for i, secret := range c.Secrets {
		if secret == "" {
			return fmt.Errorf("session: secret %d is empty", i+1)
		}
	}
	if !c.Production {
		return nil
	}
	if len(c.Secrets) == 0 {
		return errors.New("session: production needs a secret: set Config.Secrets to at least one random string of 32 bytes or more")
	}
	for i, secret := range c.Secrets {
		if weak(secret) {
			return fmt.Errorf("session: secret %d is too weak for production: use at least 32 random bytes", i+1)
		}
	}
	return nil
}

func weak(secret string) bool {
	if len(secret) < minSecretBytes || strings.Contains(strings.ToLower(secret), "keyboard") && strings.Contains(strings.ToLower(secret), "cat") {
		return true
	}
	var seen [256]bool
	variety := 0
	for i := range len(secret) {
		if !seen[secret[i]] {
			seen[secret[i]] = true
			variety++
		}
	}
	return variety < minSecretVariety
}

func (c *Config) checkCookie() error {
	k := &c.Cookie
	switch {
	case !cookieName.MatchString(c.Name):
		return fmt.Errorf("session: %q is no cookie name", c.Name)
	case !cookiePath.MatchString(k.Path):
		return fmt.Errorf("session: %q is no cookie path: it begins with / and holds neither ; nor control characters", k.Path)
	case k.Domain != "" && !cookieDomain.MatchString(k.Domain):
		return fmt.Errorf("session: %q is no cookie domain", k.Domain)
	case k.MaxAge < 0:
		return errors.New("session: a negative MaxAge would end every session at once; leave it 0 for a cookie that ends with the browser")
	case k.Priority != "" && k.Priority != "low" && k.Priority != "medium" && k.Priority != "high":
		return fmt.Errorf("session: cookie priority %q is none of low, medium, high", k.Priority)
	case k.SameSite < 0 || k.SameSite > http.SameSiteNoneMode:
		return errors.New("session: unknown SameSite mode")
	case k.SameSite == http.SameSiteNoneMode && !k.Secure:
		return errors.New("session: browsers drop SameSite=None cookies without Secure: set Cookie.Secure")
	case k.Partitioned && !k.Secure:
		return errors.New("session: browsers drop Partitioned cookies without Secure: set Cookie.Secure")
	case hasPrefixFold(c.Name, "__Host-") && (!k.Secure || k.Path != "/" || k.Domain != ""):
		return errors.New("session: a __Host- cookie must be Secure, have the path / and no domain")
	case hasPrefixFold(c.Name, "__Secure-") && !k.Secure:
		return errors.New("session: a __Secure- cookie must be Secure")
	}
	return nil
}

func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

// LooksLikeAsset reports whether the last segment of the request's path has a
// dot inside, as the names of files do: "/js/app.js", but also "/user/a.b"
// (SE-13, VR-10).
func LooksLikeAsset(r *http.Request) bool {
	if strings.IndexByte(r.URL.Path, '.') < 0 {
		return false // nor is there one in the escaped form
	}
	path := r.URL.EscapedPath()
	slash := strings.LastIndexByte(path, '/')
	if slash < 0 {
		return false
	}
	last := path[slash+1:]
	dot := strings.IndexByte(last[min(1, len(last)):], '.')
	return dot >= 0 && dot+2 < len(last)
}
