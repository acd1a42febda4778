package route

import (
	"context"
	"errors"
	"log/slog"
	"net/http"

	"github.com/go-sails/sails/internal/rawjson"
	"github.com/go-sails/sails/sailsio/action"
	"github.com/go-sails/sails/sailsio/session"
	"github.com/go-sails/sails/virtualrequest"
)

// CSRFConfig describes the protection against requests that other sites make in
// a user's name.
type CSRFConfig struct {
	// Exempt tells requests that need no token; nil for none.
	Exempt func(*http.Request) bool
	// Production answers a request for a token over a socket with 404 instead
	// of an explanation (CS-6).
	Production bool
	// Logger hears about refused requests at debug level; nil is silence.
	Logger *slog.Logger
}

// CSRF demands of POST, PUT, PATCH, DELETE and the like a token that only pages
// of this site can have got (CS-1). Tokens are those of the npm package csurf
// (CS-7). The session must be around it: session.Manager.Handler. The body is read
// as action.Body reads it and can be read again afterwards.
type CSRF struct{ cfg CSRFConfig }

// NewCSRF returns the protection that cfg describes.
func NewCSRF(cfg CSRFConfig) *CSRF {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	return &CSRF{cfg: cfg}
}

type csrfKey struct{}

// Handler returns next behind the check: 403 "Forbidden" without a valid token
// (CS-3), and without a session (CS-4). Behind it CSRFToken works.
func (c *CSRF) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c.cfg.Exempt == nil || !c.cfg.Exempt(r) {
			if err := c.check(r); err != nil {
				c.cfg.Logger.DebugContext(r.Context(), "request refused", "method", r.Method, "reason", err)
				action.Forbidden(w, r)
				return
			}
			r = r.WithContext(context.WithValue(r.Context(), csrfKey{}, true))
		}
		next.ServeHTTP(w, r)
	})
}

var (
	errCSRFSession = errors.New("route: CSRF: request without a session")
	errCSRFToken   = errors.New("route: CSRF: token missing or invalid")
	//lint:ignore ST1005 the client sees this text as Sails has it
	errCSRFSocket = errors.New("Cannot access CSRF token via socket request.  Instead, send an HTTP request (i.e. XHR) to this endpoint.")
)

func (c *CSRF) check(r *http.Request) error {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions:
		return nil
	}
	s, ok := session.FromContext(r.Context())
	if !ok {
		return errCSRFSession
	}
	if !valid(r, session.Value[string](s, csrfSecretKey)) {
		return errCSRFToken
	}
	return nil
}

// valid reports whether r carries a token made from secret: in the body, in the
// query, or in a header; the first that is there counts (CS-2). A plain HTTP
// body is only read when there is no valid token elsewhere, so that big uploads
// can pass by with a header.
func valid(r *http.Request, secret string) bool {
	if secret == "" {
		return false
	}
	outside := outsideToken(r)
	good := verifyToken(secret, outside)
	if _, virtual := virtualrequest.FromContext(r.Context()); good && !virtual {
		return true
	}
	if token, stated := memberToken(action.Body(r).JSON()); stated {
		return verifyToken(secret, token)
	}
	return good
}

// outsideToken returns the token in the query or else in a header.
func outsideToken(r *http.Request) string {
	if query := action.Query(r).Get("_csrf"); query.Defined() {
		if raw := query.JSON(); string(raw) != `""` {
			token, _ := rawjson.Text(raw) // a list is no token
			return token
		}
	}
	for _, name := range []string{"Csrf-Token", "Xsrf-Token", "X-Csrf-Token", "X-Xsrf-Token"} {
		if v := r.Header.Get(name); v != "" {
			return v
		}
	}
	return ""
}

// memberToken reads the member _csrf of an object. What JavaScript calls falsy
// is no token, and anything else that is no string is a wrong one.
func memberToken(body []byte) (token string, stated bool) {
	if b := rawjson.Trim(body); len(b) == 0 || b[0] != '{' {
		return "", false
	}
	var raw []byte
	err := rawjson.Members(body, func(key, value []byte) bool {
		if name, ok := rawjson.Text(key); ok && name == "_csrf" {
			raw = value
		}
		return true
	})
	if err != nil {
		return "", false
	}
	switch string(raw) {
	case "", "null", "false", "0", `""`:
		return "", false
	}
	token, _ = rawjson.Text(raw)
	return token, true
}

// CSRFToken returns a token for the pages this request answers with, valid as
// long as the session. It is "" when CSRF protection is off for the request, and
// always over a socket: tokens may be spent there but not got (CS-6, SEC-78).
// Call it before writing: the first token of a session is remembered in the
// session.
func CSRFToken(ctx context.Context) (string, error) {
	if _, virtual := virtualrequest.FromContext(ctx); virtual || ctx.Value(csrfKey{}) == nil {
		return "", nil
	}
	s, ok := session.FromContext(ctx)
	if !ok {
		return "", errCSRFSession
	}
	secret := session.Value[string](s, csrfSecretKey)
	if secret == "" {
		secret = newCSRFSecret()
		if err := s.Set(csrfSecretKey, secret); err != nil {
			return "", err
		}
	}
	return newToken(secret), nil
}

// Grant is Sails' action security/grant-csrf-token (CS-5): it answers
// {"_csrf": token} over HTTP, "" for a token when protection is off, and refuses
// over a socket.
func (c *CSRF) Grant(w http.ResponseWriter, r *http.Request) {
	if _, virtual := virtualrequest.FromContext(r.Context()); virtual {
		if c.cfg.Production {
			action.NotFound(w, r)
			return
		}
		action.BadRequest(w, r, errCSRFSocket)
		return
	}
	token, err := CSRFToken(r.Context())
	if err != nil && !errors.Is(err, errCSRFSession) {
		action.ServerError(w, r, err)
		return
	}
	action.JSON(w, r, map[string]string{"_csrf": token})
}
