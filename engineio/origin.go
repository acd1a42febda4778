package engineio

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// originPolicy decides which origins may talk to the server, and which may read
// its answers (SEC-13 to 15).
type originPolicy struct {
	listed         map[string]bool
	any            bool // "*" is listed
	restricted     bool // AllowOrigins lists origins: nothing else is let in
	requirePresent bool
	cors           *CORS
	fixed          string // the single origin of CORS, named in every answer
	methods        string
	headers        string
	exposed        string
	maxAge         string
}

func newOriginPolicy(c *Config) (originPolicy, error) {
	p := originPolicy{listed: map[string]bool{}, restricted: c.AllowOrigins != nil, cors: c.CORS}
	for _, o := range c.AllowOrigins {
		if err := checkOrigin(o); err != nil {
			return p, fmt.Errorf("engineio: Config.AllowOrigins: %w", err)
		}
		p.any = p.any || o == "*"
		p.listed[o] = true
	}
	if p.any {
		p.restricted = false
	}
	p.requirePresent = c.RequireOrigin || p.restricted && !c.AllowMissingOrigin
	if c.CORS == nil {
		return p, nil
	}
	for _, o := range c.CORS.Origins {
		if err := checkOrigin(o); err != nil {
			return p, fmt.Errorf("engineio: Config.CORS.Origins: %w", err)
		}
		if o == "*" && c.CORS.Credentials {
			return p, errors.New(`engineio: Config.CORS: "*" with Credentials would let every page read answers meant for the user; list the origins (SEC-15)`)
		}
		if c.AllowOrigins == nil {
			p.any = p.any || o == "*"
			p.listed[o] = true
		}
	}
	if len(c.CORS.Origins) == 1 {
		p.fixed = c.CORS.Origins[0]
	}
	p.methods = "GET,HEAD,PUT,PATCH,POST,DELETE"
	if len(c.CORS.Methods) > 0 {
		p.methods = strings.Join(c.CORS.Methods, ",")
	}
	p.headers = strings.Join(c.CORS.Headers, ",")
	p.exposed = strings.Join(c.CORS.ExposedHeaders, ",")
	if c.CORS.MaxAge > 0 {
		p.maxAge = fmt.Sprint(int(c.CORS.MaxAge.Seconds()))
	}
	return p, nil
}

// checkOrigin accepts what clients send: scheme://host[:port], file://…, "null"; and "*".
func checkOrigin(o string) error {
	if o == "*" || o == "null" || strings.HasPrefix(o, "file://") {
		return nil
	}
	u, err := url.Parse(o)
	if err != nil || u.Scheme == "" || u.Host == "" || u.Path != "" || u.RawQuery != "" || u.User != nil || u.Fragment != "" {
		return fmt.Errorf("%q is no origin; write scheme://host or scheme://host:port without a path", o)
	}
	return nil
}

// allows tells whether a request may be served. continuing is true for a later
// polling GET of a session, where browsers send no Origin to their own origin.
func (p *originPolicy) allows(r *http.Request, continuing bool) bool {
	values := r.Header["Origin"]
	if len(values) == 0 {
		if continuing && r.Method == http.MethodGet {
			return true
		}
		return !p.requirePresent && r.Header.Get("Sec-Fetch-Site") != "cross-site"
	}
	if len(values) > 1 || !legalHeaderValue(values[0]) {
		return false
	}
	origin := values[0]
	if p.any || p.listed[origin] {
		return true
	}
	return !p.restricted && sameOrigin(origin, r.Host)
}

// sameOrigin compares the host and port of origin with the Host header. The scheme
// is not known behind a proxy that ends TLS, so both are accepted.
func sameOrigin(origin, host string) bool {
	if host == "" {
		return false
	}
	scheme, rest, ok := strings.Cut(origin, "://")
	if !ok {
		// The Node clients before 1.4 send the bare host; no browser does.
		return strings.EqualFold(origin, host)
	}
	switch strings.ToLower(scheme) {
	case "http":
		host = strings.TrimSuffix(host, ":80")
	case "https":
		host = strings.TrimSuffix(host, ":443")
	default:
		return false
	}
	return strings.EqualFold(rest, host)
}

// legalHeaderValue refuses what Node calls illegal characters in the Origin.
func legalHeaderValue(v string) bool {
	for i := range len(v) {
		if c := v[i]; c < ' ' && c != '\t' || c == 0x7f || c >= 0x80 {
			return false
		}
	}
	return true
}

// writeHeaders adds the CORS headers of an answer to r, error answers included.
func (p *originPolicy) writeHeaders(h http.Header, r *http.Request) {
	if p.cors == nil {
		if !p.restricted && !p.any {
			return
		}
		if values := r.Header["Origin"]; len(values) == 1 && p.listed[values[0]] {
			h["Access-Control-Allow-Origin"] = values
			addVary(h)
		}
		return
	}
	origin := firstValue(r.Header["Origin"])
	switch {
	case p.fixed == "*" || slices.Contains(p.cors.Origins, "*"):
		h.Set("Access-Control-Allow-Origin", "*")
	case p.fixed != "":
		h.Set("Access-Control-Allow-Origin", p.fixed)
		addVary(h)
	default:
		if slices.Contains(p.cors.Origins, origin) {
			h.Set("Access-Control-Allow-Origin", origin)
		}
		addVary(h)
	}
	if p.cors.Credentials {
		h.Set("Access-Control-Allow-Credentials", "true")
	}
	if p.exposed != "" && r.Method != http.MethodOptions {
		h.Set("Access-Control-Expose-Headers", p.exposed)
	}
}

var varyOrigin = []string{"Origin"} // shared; full, so that appending copies

func addVary(h http.Header) {
	if values := h["Vary"]; len(values) > 0 {
		h["Vary"] = append(values, "Origin")
	} else {
		h["Vary"] = varyOrigin
	}
}

// preflight answers an OPTIONS request as the cors package of npm does.
func (p *originPolicy) preflight(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	p.writeHeaders(h, r)
	h.Set("Access-Control-Allow-Methods", p.methods)
	if p.headers != "" {
		h.Set("Access-Control-Allow-Headers", p.headers)
	} else {
		h.Add("Vary", "Access-Control-Request-Headers")
		if asked := r.Header.Get("Access-Control-Request-Headers"); asked != "" {
			h.Set("Access-Control-Allow-Headers", asked)
		}
	}
	if p.maxAge != "" {
		h.Set("Access-Control-Max-Age", p.maxAge)
	}
	h.Set("Content-Length", "0")
	w.WriteHeader(http.StatusNoContent)
}
