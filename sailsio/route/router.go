package route

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/go-sails/sails/sailsio/action"
	"github.com/go-sails/sails/sailsio/session"
)

// Switch is a setting that a route may leave to the general rule.
type Switch int8

// The values of a Switch.
const (
	Default Switch = iota
	On
	Off
)

// Route is one line of the table. Exactly one of Handler, Action and Redirect
// says what it does; Action together with Handler is a handler with a name, to
// which policies apply.
type Route struct {
	// Address is "VERB /path", as in Sails: the verb (ALL, GET, POST, PUT,
	// DELETE, PATCH, HEAD, OPTIONS, TRACE, CONNECT, in any letter case) may be
	// missing, which means GET, POST, PUT, DELETE and PATCH (VR-9). A path
	// consists of literal segments, parameters (":id", ":id?" for an optional
	// one, ":id(\d+)" for one of a certain form) and "*" for any rest. A path
	// matches in any letter case and with or without one trailing slash (VR-8).
	// "r|EXPR|a,b" is a Go regular expression, matched against the escaped path
	// in its own letter case, and the names of its groups.
	Address string

	// Handler answers the request.
	Handler http.Handler
	// Action is the identity of an action in Config.Actions, like "user/find".
	// Policies are found by it (PL-1).
	Action string
	// Redirect is a URL or a path to which the client is sent with 302.
	Redirect string

	// Policies are names of policies that run before those of the action.
	Policies []string

	// CORS are settings for this route on top of the general ones; nil for none
	// of its own. NoCORS leaves the general ones away.
	CORS   *CORSConfig
	NoCORS bool

	// CSRF switches the check on or off for this route (CS-8). It means nothing
	// for GET, HEAD and OPTIONS.
	CSRF Switch

	// SkipAssets leaves requests that look like files ("/a/b.css") to the next
	// matching route. The default is On for paths that end in a parameter and
	// answer GET, else Off (VR-10).
	SkipAssets Switch
}

// Config is a route table with what applies to all of it.
type Config struct {
	// Routes are tried in Sails' order: the more specific address first, equal
	// ones as listed. The first that matches answers.
	Routes []Route
	// KeepOrder tries the routes as they are listed.
	KeepOrder bool

	// Actions are handlers by identity, such as "user/find", in any letter case.
	// "security/grant-csrf-token" is there already (CS-5).
	Actions map[string]http.Handler

	// Policies decide which actions run; nil for none.
	Policies *Policies

	// CORS applies to every request when its AllRoutes is set, and is what
	// routes' own settings build on.
	CORS CORSConfig

	// CSRF demands a token of every request that may change something, whether
	// a route answers it or NotFound (CS-1). It needs sessions.
	CSRF bool

	// NotFound answers what no route does: another router, or nil for 404 "Not
	// Found".
	NotFound http.Handler

	// ForwardOptions hands OPTIONS requests without a route to NotFound. Sails,
	// and the zero value, answer them for every path (RS-31, CN-54).
	ForwardOptions bool

	// Production withholds explanations from clients.
	Production bool

	// Logger hears about refused requests at debug level; nil is silence.
	Logger *slog.Logger
}

// Router is a route table. It is immutable and serves requests concurrently.
type Router struct {
	routes   []entry
	index    index
	cors     *CORS
	anyCORS  bool // some route has CORS settings of its own
	csrf     *CSRF
	csrfAll  bool
	anyCSRF  bool // some route has a CSRF setting of its own
	notFound http.Handler
	forward  bool
}

type entry struct {
	address    address
	handler    http.Handler // with policies
	skipAssets bool
	cors       *CORS
	noCORS     bool
	csrf       Switch
}

// maxRoutes keeps a mistake in generating tables from going unnoticed.
const maxRoutes = 100_000

// New builds the table's index. It fails for addresses that cannot be parsed,
// unknown actions and policies, and CORS settings that browsers refuse.
func New(cfg Config) (*Router, error) {
	if len(cfg.Routes) > maxRoutes {
		return nil, fmt.Errorf("route: more than %d routes", maxRoutes)
	}
	logger := cfg.Logger
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	cors, err := NewCORS(cfg.CORS)
	if err != nil {
		return nil, err
	}
	rt := &Router{
		cors:     cors,
		csrf:     NewCSRF(CSRFConfig{Production: cfg.Production, Logger: logger}),
		csrfAll:  cfg.CSRF,
		notFound: cfg.NotFound,
		forward:  cfg.ForwardOptions && cfg.NotFound != nil,
	}
	if rt.notFound == nil {
		rt.notFound = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { action.NotFound(w, r) })
	}
	actions := map[string]http.Handler{"security/grant-csrf-token": http.HandlerFunc(rt.csrf.Grant)}
	for name, h := range cfg.Actions {
		actions[Identity(name)] = h
	}
	addresses := make([]address, len(cfg.Routes))
	for i := range cfg.Routes {
		if addresses[i], err = parseAddress(cfg.Routes[i].Address); err != nil {
			return nil, err
		}
	}
	order := sailsOrder(addresses)
	if cfg.KeepOrder {
		for i := range order {
			order[i] = i
		}
	}
	for _, i := range order {
		if err := rt.add(&cfg.Routes[i], addresses[i], actions, cfg.Policies, cfg.CORS); err != nil {
			return nil, err
		}
	}
	return rt, nil
}

func (rt *Router) add(r *Route, a address, actions map[string]http.Handler, policies *Policies, cors CORSConfig) error {
	e := entry{address: a, csrf: r.CSRF, noCORS: r.NoCORS}
	handler, err := target(r, actions)
	if err != nil {
		return err
	}
	if r.Action != "" {
		handler = policies.Wrap(r.Action, handler)
	}
	if e.handler, err = policies.wrapNames(r.Policies, handler); err != nil {
		return fmt.Errorf("route: %q: %w", r.Address, err)
	}
	switch r.SkipAssets {
	case On:
		e.skipAssets = true
	case Default:
		e.skipAssets = a.expr == "" && a.verb != "all" && a.methods&methodGet != 0 && endsInParam.MatchString(a.path)
	}
	if r.CORS != nil {
		if r.NoCORS {
			return fmt.Errorf("route: %q: both CORS and NoCORS", r.Address)
		}
		if e.cors, err = NewCORS(r.CORS.over(cors)); err != nil {
			return fmt.Errorf("route: %q: %w", r.Address, err)
		}
	}
	if err := rt.index.add(len(rt.routes), &a); err != nil {
		return fmt.Errorf("route: %q: %w", r.Address, err)
	}
	rt.anyCORS = rt.anyCORS || e.cors != nil || e.noCORS
	rt.anyCSRF = rt.anyCSRF || e.csrf != Default
	rt.routes = append(rt.routes, e)
	return nil
}

func target(r *Route, actions map[string]http.Handler) (http.Handler, error) {
	switch {
	case r.Redirect != "" && (r.Handler != nil || r.Action != ""):
		return nil, fmt.Errorf("route: %q: a redirect has neither handler nor action", r.Address)
	case r.Redirect != "":
		if !strings.HasPrefix(r.Redirect, "/") && !strings.HasPrefix(r.Redirect, "http://") && !strings.HasPrefix(r.Redirect, "https://") {
			return nil, fmt.Errorf("route: %q: redirect to %q: use a path or an http(s) URL", r.Address, r.Redirect)
		}
		return redirect(r.Redirect), nil
	case r.Handler != nil:
		return r.Handler, nil
	case r.Action == "":
		return nil, fmt.Errorf("route: %q: set Handler, Action or Redirect", r.Address)
	}
	h := actions[Identity(r.Action)]
	if h == nil {
		return nil, fmt.Errorf("route: %q: no action %q in Config.Actions", r.Address, Identity(r.Action))
	}
	return h, nil
}

// Identity returns the normal form of an action's name, in which policies and
// actions find each other: "UserController.findOne" and "user/findone" are the
// same (PL-1).
func Identity(action string) string {
	return strings.ToLower(strings.ReplaceAll(strings.Replace(action, "Controller", "", 1), ".", "/"))
}

// ServeHTTP answers the request by the first route that matches: CORS headers
// first, then the CSRF check, then the route's policies and its handler.
func (rt *Router) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := r.URL.EscapedPath()
	if !decodes(path) {
		action.Send(action.Status(w, http.StatusBadRequest), r, "Bad request: Could not decode requested URL.") // VR-8
		return
	}
	method := methodOf(r.Method)
	hits := rt.index.lookup(path, func(route int) bool { return rt.routes[route].address.methods.answers(method) })
	if rt.crossOrigin(w, r, path, method, hits) {
		return
	}
	serve := func(w http.ResponseWriter, r *http.Request) { rt.dispatch(w, r, method, hits) }
	if rt.checksCSRF(hits) {
		rt.csrf.Handler(http.HandlerFunc(serve)).ServeHTTP(w, r)
		return
	}
	serve(w, r)
}

// dispatch runs the first hit.
func (rt *Router) dispatch(w http.ResponseWriter, r *http.Request, method methods, hits []hit) {
	asset := false
	for i := range hits {
		e := &rt.routes[hits[i].route]
		if e.skipAssets {
			if !asset {
				asset = session.LooksLikeAsset(r)
			}
			if asset {
				continue
			}
		}
		e.handler.ServeHTTP(w, withParams(r, hits[i].params))
		return
	}
	if method == methodOptions && !rt.forward {
		defaultOptions(w, r)
		return
	}
	rt.notFound.ServeHTTP(w, r)
}

// crossOrigin sets CORS headers and reports whether it answered the request, a
// preflight. General settings for all routes answer every OPTIONS request, and
// a route's own come on top of them, as in Sails; unlike there, NoCORS really
// takes the general ones away.
func (rt *Router) crossOrigin(w http.ResponseWriter, r *http.Request, path string, method methods, hits []hit) (answered bool) {
	if !rt.anyCORS {
		return rt.cors.cfg.AllRoutes && rt.cors.handle(w, r)
	}
	if method == methodOptions {
		return rt.preflight(w, r, path)
	}
	var own *CORS
	closed := false
	for i := range hits {
		e := &rt.routes[hits[i].route]
		if e.cors != nil || e.noCORS {
			own, closed = e.cors, e.noCORS
			break
		}
	}
	if rt.cors.cfg.AllRoutes && !closed {
		rt.cors.handle(w, r)
	}
	if own != nil {
		own.handle(w, r)
	}
	return false
}

// preflight answers an OPTIONS request for the route it asks about.
func (rt *Router) preflight(w http.ResponseWriter, r *http.Request, path string) (answered bool) {
	wanted := methods(0)
	if name := r.Header.Get("Access-Control-Request-Method"); name != "" {
		wanted = methodOf(strings.ToUpper(name))
	}
	hits := rt.index.lookup(path, func(route int) bool {
		e := &rt.routes[route]
		if e.cors == nil && !e.noCORS {
			return false
		}
		return e.address.methods.answers(wanted) || e.address.verb == ""
	})
	switch {
	case len(hits) > 0 && rt.routes[hits[0].route].noCORS:
		return false
	case rt.cors.cfg.AllRoutes:
		return rt.cors.handle(w, r)
	case len(hits) > 0:
		return rt.routes[hits[0].route].cors.handle(w, r)
	}
	return false
}

// checksCSRF reports whether the request needs a token: by the first matching
// route that says so, else by the general setting (CS-8).
func (rt *Router) checksCSRF(hits []hit) bool {
	if rt.anyCSRF {
		for i := range hits {
			if s := rt.routes[hits[i].route].csrf; s != Default {
				return s == On
			}
		}
	}
	return rt.csrfAll
}

// decodes reports whether every escape of path decodes, and to UTF-8.
func decodes(path string) bool {
	if strings.IndexByte(path, '%') < 0 {
		return true
	}
	plain, err := url.PathUnescape(path)
	return err == nil && utf8.ValidString(plain)
}

var errNoPolicies = errors.New("no policies are configured: set Config.Policies")
