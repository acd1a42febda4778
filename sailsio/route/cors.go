package route

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// CORSConfig says which other origins may read answers. The zero value of a
// field is Sails' default (CO-1). A zero value of a field in a Route's settings
// is what Config.CORS has.
type CORSConfig struct {
	// AllRoutes applies the settings to every request; otherwise they are only
	// what routes' own settings build on.
	AllRoutes bool
	// AllowOrigins lists origins such as "https://one.example" or
	// "http://two.example:8080", or just "*" for any, which is also the default.
	AllowOrigins []string
	// AllowCredentials lets browsers send cookies and read the answer. With
	// origin "*" it takes AnyOriginWithCredentials too.
	AllowCredentials bool
	// AnyOriginWithCredentials lets every page of the web act as the user of
	// this server. There is no safe use for it on a site with logins (CO-4).
	AnyOriginWithCredentials bool
	// AllowMethods is the answer to a preflight; default GET, HEAD, PUT, PATCH,
	// POST, DELETE.
	AllowMethods []string
	// AllowHeaders lists the request headers a page may set; default
	// content-type.
	AllowHeaders []string
	// ExposeHeaders lists the response headers a page may read; default none.
	ExposeHeaders []string
}

// CORS adds Cross-Origin Resource Sharing headers. Headers are sent only to
// origins that are allowed; requests of other origins are not blocked (CO-2).
type CORS struct {
	cfg     CORSConfig
	any     bool // "*"
	reflect bool // any origin, with credentials
	origins map[string]bool
	methods string
	headers string
	expose  string
}

var errCORSCredentials = errors.New("route: CORS: origin * with credentials lets any page act as the user; list the origins, or set AnyOriginWithCredentials")

// NewCORS checks cfg. AllRoutes is of no account here: the result's Handler
// applies to what it wraps.
func NewCORS(cfg CORSConfig) (*CORS, error) {
	c := &CORS{cfg: cfg, origins: map[string]bool{}}
	if len(cfg.AllowOrigins) == 0 {
		cfg.AllowOrigins = []string{"*"}
	}
	for _, origin := range cfg.AllowOrigins {
		if origin == "*" {
			if len(cfg.AllowOrigins) > 1 {
				return nil, errors.New("route: CORS: origin * stands alone")
			}
			c.any = true
			break
		}
		if err := checkOrigin(origin); err != nil {
			return nil, err
		}
		c.origins[origin] = true
	}
	if c.any && cfg.AllowCredentials {
		if !cfg.AnyOriginWithCredentials {
			return nil, errCORSCredentials
		}
		c.any, c.reflect = false, true
	}
	c.methods = "GET,HEAD,PUT,PATCH,POST,DELETE"
	if len(cfg.AllowMethods) > 0 {
		c.methods = strings.Join(cfg.AllowMethods, ",")
	}
	c.headers = "content-type"
	if len(cfg.AllowHeaders) > 0 {
		c.headers = strings.Join(cfg.AllowHeaders, ",")
	}
	c.expose = strings.Join(cfg.ExposeHeaders, ",")
	for _, list := range []string{c.methods, c.headers, c.expose} {
		if strings.ContainsAny(list, "\r\n\x00") {
			return nil, errors.New("route: CORS: a method or header name holds a line break")
		}
	}
	return c, nil
}

// checkOrigin refuses what can never equal an Origin header.
func checkOrigin(origin string) error {
	bad := func(why string) error { return fmt.Errorf("route: CORS: origin %q %s", origin, why) }
	u, err := url.Parse(origin)
	switch {
	case err != nil || u.Host == "":
		return bad("is no origin; write scheme://host[:port]")
	case u.Scheme != "http" && u.Scheme != "https":
		return bad("begins with neither http:// nor https://")
	case u.Path != "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil || strings.HasSuffix(origin, "?") || strings.HasSuffix(origin, "#"):
		return bad("has more than scheme, host and port; leave out even a final slash")
	case u.Scheme == "http" && u.Port() == "80" || u.Scheme == "https" && u.Port() == "443":
		return bad("names the port that is implied; leave it out")
	}
	return nil
}

// over returns c with the fields it leaves open taken from general.
func (c CORSConfig) over(general CORSConfig) CORSConfig {
	pick := func(own, other []string) []string {
		if own == nil {
			return slices.Clone(other)
		}
		return own
	}
	c.AllowOrigins = pick(c.AllowOrigins, general.AllowOrigins)
	c.AllowMethods = pick(c.AllowMethods, general.AllowMethods)
	c.AllowHeaders = pick(c.AllowHeaders, general.AllowHeaders)
	c.ExposeHeaders = pick(c.ExposeHeaders, general.ExposeHeaders)
	c.AllowCredentials = c.AllowCredentials || general.AllowCredentials
	c.AnyOriginWithCredentials = c.AnyOriginWithCredentials || general.AnyOriginWithCredentials
	return c
}

// Handler returns next with CORS headers. It answers OPTIONS requests itself.
func (c *CORS) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !c.handle(w, r) {
			next.ServeHTTP(w, r)
		}
	})
}

// handle sets the headers, and answers an OPTIONS request (RS-32).
func (c *CORS) handle(w http.ResponseWriter, r *http.Request) (answered bool) {
	allowed := c.any
	if c.any {
		setHeader(w, r, "Access-Control-Allow-Origin", "*")
	} else if origin := r.Header.Get("Origin"); origin != "" && (c.reflect || c.origins[origin]) {
		allowed = true
		setHeader(w, r, "Access-Control-Allow-Origin", origin)
		vary(w, r, "Origin")
	}
	preflight := r.Method == http.MethodOptions
	if allowed {
		if c.cfg.AllowCredentials {
			setHeader(w, r, "Access-Control-Allow-Credentials", "true")
		}
		if preflight {
			setHeader(w, r, "Access-Control-Allow-Methods", c.methods)
			setHeader(w, r, "Access-Control-Allow-Headers", c.headers)
		}
		if c.expose != "" {
			setHeader(w, r, "Access-Control-Expose-Headers", c.expose)
		}
	}
	if preflight {
		w.WriteHeader(http.StatusOK)
	}
	return preflight
}

// vary adds a field to the Vary header unless it is there.
func vary(w http.ResponseWriter, r *http.Request, field string) {
	current := w.Header().Get("Vary")
	if current == "" {
		//lint:ignore SA1008 virtual answers keep the spelling a handler chose
		current = strings.Join(w.Header()["vary"], ", ")
	}
	for have := range strings.SplitSeq(current, ",") {
		if have = strings.TrimSpace(have); have == "*" || strings.EqualFold(have, field) {
			return
		}
	}
	if current != "" {
		field = current + ", " + field
	}
	setHeader(w, r, "Vary", field)
}
