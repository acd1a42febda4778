package blueprint

import (
	"net/http"
	"slices"
	"strings"

	"github.com/go-sails/sails/sailsio/model"
)

// Route is one route of an API.
type Route struct {
	// Method is GET, POST, PATCH, PUT or DELETE.
	Method string
	// Path is the path with parameters as ":id" and, at the end, ":id?" for one
	// that may be missing.
	Path string
	// Action is the identity of the action, like "user/findone", by which policies
	// are found.
	Action string
	// Handler answers the request. Parameters reach it by action.PathParams or
	// http.Request.SetPathValue.
	Handler http.Handler
}

// Routes lists the routes in the order in which they are to be tried (BP-2).
func (api *API) Routes() []Route {
	var routes []Route
	if api.cfg.ActionRoutes {
		routes = append(routes, api.actionRoutes()...)
	}
	for _, e := range api.models {
		if api.cfg.Shortcuts && !e.NoShortcuts {
			routes = append(routes, api.shortcuts(e)...)
		}
	}
	for _, e := range api.models {
		if api.cfg.REST && !e.NoREST {
			routes = append(routes, api.rest(e)...)
		}
	}
	if api.cfg.ActionRoutes {
		routes = append(routes, api.indexRoutes()...)
	}
	return routes
}

// Action returns the handler of an action of an exposed model, for routes of
// one's own. alias is the association for Populate, Add, Remove and Replace.
// Parameters are called id, or parentid and childid for these four. It is false
// when the model, the action or the association is not exposed.
func (api *API) Action(identity string, action Action, alias string) (http.Handler, bool) {
	e := api.byName[identity]
	if e == nil || !e.actions[action] {
		return nil, false
	}
	var assoc *model.Association
	switch action {
	case Populate, Add, Remove, Replace:
		var ok bool
		if assoc, ok = e.m.Association(alias); !ok || !e.m.Readable(alias) {
			return nil, false
		}
		if action != Populate && (assoc.Kind != model.ToMany || !e.m.Writable(alias)) {
			return nil, false
		}
	}
	return api.handler(e, action, assoc), true
}

func (api *API) name(e *exposed) string {
	if api.cfg.Pluralize {
		return plural(e.m.Identity)
	}
	return e.m.Identity
}

// table collects the routes of one model under a base path.
type table struct {
	api    *API
	e      *exposed
	base   string
	routes []Route
}

func (t *table) add(method, path string, action Action, assoc *model.Association) {
	identity := t.e.m.Identity + "/" + strings.ToLower(string(action))
	h, custom := t.api.custom(identity)
	if !custom {
		alias := ""
		if assoc != nil {
			alias = assoc.Alias
		}
		var ok bool
		if h, ok = t.api.Action(t.e.m.Identity, action, alias); !ok {
			return
		}
	}
	t.routes = append(t.routes, Route{Method: method, Path: t.base + path, Action: identity, Handler: h})
}

// custom finds the application's own action of a name, in any letter case.
func (api *API) custom(identity string) (http.Handler, bool) {
	for name, h := range api.cfg.Custom {
		if strings.EqualFold(name, identity) {
			return h, true
		}
	}
	return nil, false
}

func (api *API) shortcuts(e *exposed) []Route {
	if api.cfg.Sails012 {
		return api.shortcuts012(e)
	}
	t := &table{api: api, e: e, base: api.cfg.Prefix + "/" + api.name(e)}
	t.add("GET", "/find", Find, nil)
	t.add("GET", "/find/:id", FindOne, nil)
	t.add("GET", "/create", Create, nil)
	t.add("GET", "/update/:id", Update, nil)
	t.add("GET", "/destroy/:id", Destroy, nil)
	for _, assoc := range e.m.Associations {
		if assoc.Kind != model.ToMany {
			continue
		}
		t.add("GET", "/:parentid/"+assoc.Alias+"/add/:childid", Add, assoc)
		t.add("GET", "/:parentid/"+assoc.Alias+"/replace", Replace, assoc)
		t.add("GET", "/:parentid/"+assoc.Alias+"/remove/:childid", Remove, assoc)
	}
	if !api.cfg.REST {
		for _, assoc := range e.m.Associations {
			t.add("GET", "/:parentid/"+assoc.Alias, Populate, assoc)
		}
	}
	return t.routes
}

func (api *API) rest(e *exposed) []Route {
	if api.cfg.Sails012 {
		return api.rest012(e)
	}
	t := &table{api: api, e: e, base: api.cfg.Prefix + api.cfg.RestPrefix + "/" + api.name(e)}
	t.add("GET", "", Find, nil)
	t.add("GET", "/:id", FindOne, nil)
	t.add("POST", "", Create, nil)
	t.add("PATCH", "/:id", Update, nil)
	t.add("DELETE", "/:id?", Destroy, nil)
	t.add("PUT", "/:id", Update, nil)
	for _, assoc := range e.m.Associations {
		if assoc.Kind != model.ToMany {
			continue
		}
		t.add("PUT", "/:parentid/"+assoc.Alias+"/:childid", Add, assoc)
		t.add("PUT", "/:parentid/"+assoc.Alias, Replace, assoc)
		t.add("DELETE", "/:parentid/"+assoc.Alias+"/:childid", Remove, assoc)
	}
	for _, assoc := range e.m.Associations {
		t.add("GET", "/:parentid/"+assoc.Alias, Populate, assoc)
	}
	return t.routes
}

var verbs = []string{"GET", "POST", "PUT", "PATCH", "DELETE"}

// ownActions lists the application's actions that are no blueprints, sorted.
func (api *API) ownActions() []string {
	var names []string
	for name := range api.cfg.Custom {
		identity, action, _ := strings.Cut(strings.ToLower(name), "/")
		_, isModel := api.schema.Model(identity)
		if isModel && slices.ContainsFunc(everything, func(a Action) bool { return strings.EqualFold(string(a), action) }) {
			continue
		}
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func (api *API) actionRoutes() []Route {
	var routes []Route
	id := ""
	if api.cfg.Sails012 {
		id = "/:id?" // BO-3
	}
	for _, name := range api.ownActions() {
		for _, verb := range verbs {
			routes = append(routes, Route{Method: verb, Path: api.cfg.Prefix + "/" + name + id, Action: strings.ToLower(name), Handler: api.cfg.Custom[name]})
		}
	}
	return routes
}

// indexRoutes binds actions called index at the path above them, which gets no
// prefix (BP-3).
func (api *API) indexRoutes() []Route {
	var routes []Route
	for _, name := range api.ownActions() {
		parent, isIndex := strings.CutSuffix("/"+name, "/index")
		if !isIndex {
			continue
		}
		if parent == "" {
			parent = "/"
		}
		for _, verb := range verbs {
			routes = append(routes, Route{Method: verb, Path: parent, Action: strings.ToLower(name), Handler: api.cfg.Custom[name]})
		}
	}
	return routes
}
