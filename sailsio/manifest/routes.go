package manifest

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/go-sails/sails/sailsio"
	"github.com/go-sails/sails/sailsio/action"
	"github.com/go-sails/sails/sailsio/blueprint"
	"github.com/go-sails/sails/sailsio/route"
)

// RouteInfo describes a route of an Application, for people and documents.
type RouteInfo struct {
	// Kind is "option" (Options.Routes), "custom" (the manifest's) or "blueprint",
	// in the order in which they are tried.
	Kind string `json:"kind"`
	// Address is "GET /user/:id", without a verb for those Sails means by that.
	Address string `json:"address"`
	// Action is its identity, "" for one without a name.
	Action string `json:"action,omitempty"`
	// Redirect is where clients are sent.
	Redirect string `json:"redirect,omitempty"`
	// Answer is "go", "upstream" or "closed".
	Answer string `json:"answer"`
	// Policies are those that run before.
	Policies []string `json:"policies,omitempty"`
}

// router makes the handler of all requests: the application's own routes, then
// blueprints, then files, then the old application or 404 (BP-2).
func (b *builder) router(app *sailsio.App) (http.Handler, error) {
	last := b.o.Upstream
	if last == nil {
		last = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { action.NotFound(w, r) })
	}
	if b.o.Assets != nil {
		last = assets(b.o.Assets, last)
	}
	var err error
	if b.store != nil {
		if b.api, err = b.blueprints(app); err != nil {
			return nil, err
		}
	}
	own, err := b.ownRoutes()
	if err != nil {
		return nil, err
	}
	if b.api != nil {
		if last, err = b.blueprintRouter(last); err != nil {
			return nil, err
		}
	}
	return route.New(route.Config{
		Routes: own, Actions: b.actions, Policies: b.policies, CORS: b.m.CORS.config(), CSRF: b.m.CSRF,
		NotFound: last, ForwardOptions: b.o.Upstream != nil, Production: b.o.Production, Logger: b.o.Logger,
	})
}

func (b *builder) blueprintRouter(next http.Handler) (http.Handler, error) {
	var table []route.Route
	for _, r := range b.api.Routes() {
		entry := route.Route{Address: r.Method + " " + r.Path, Action: r.Action, Handler: r.Handler}
		info := RouteInfo{Kind: "blueprint", Address: entry.Address, Action: r.Action}
		b.answer(&entry, &info)
		table = append(table, entry)
		b.table = append(b.table, info)
	}
	return route.New(route.Config{
		Routes: table, KeepOrder: true, Policies: b.policies, NotFound: next, ForwardOptions: true,
		Production: b.o.Production, Logger: b.o.Logger,
	})
}

// answer completes a route by who answers it. The old application has policies of
// its own, so none run before it.
func (b *builder) answer(r *route.Route, info *RouteInfo) {
	info.Answer = "go"
	if _, absent := r.Handler.(missing); absent {
		info.Answer = "closed"
	}
	if b.toUpstream(r.Handler) {
		info.Answer = "upstream"
		r.Action, r.Policies, r.CSRF = "", nil, route.Off
		return
	}
	list := append([]string(nil), r.Policies...)
	if r.Action != "" {
		list = append(list, b.m.PoliciesOf(r.Action)...)
	}
	info.Policies = list
	for _, name := range list {
		if b.absent[strings.ToLower(name)] {
			info.Answer = "closed"
			if b.o.Upstream != nil {
				info.Answer = "upstream"
			}
		}
	}
}

// PoliciesOf lists the policies of the action with this identity, as package route
// finds them (PL-3).
func (m *Manifest) PoliciesOf(action string) []string {
	id := route.Identity(action)
	rules := map[string][]string{}
	for target, list := range m.Policies {
		rules[route.Identity(target)] = list
	}
	if list, ok := rules[id]; ok {
		return list
	}
	for prefix := id; prefix != ""; {
		if list, ok := rules[prefix+"/*"]; ok {
			return list
		}
		prefix = prefix[:max(strings.LastIndexByte(prefix, '/'), 0)]
	}
	return rules["*"]
}

// ownRoutes are those of Options and of the manifest.
func (b *builder) ownRoutes() ([]route.Route, error) {
	var table []route.Route
	for _, r := range b.o.Routes {
		table = append(table, r)
		b.table = append(b.table, RouteInfo{Kind: "option", Address: r.Address, Action: r.Action, Redirect: r.Redirect, Answer: "go", Policies: r.Policies})
	}
	for i := range b.m.Routes {
		r := &b.m.Routes[i]
		entry := route.Route{
			Address: r.Address, Action: route.Identity(r.Action), Redirect: r.Redirect, NoCORS: r.NoCORS,
			Policies: b.known(r.Policies), CSRF: toSwitch(r.CSRF), SkipAssets: toSwitch(r.SkipAssets),
		}
		if r.CORS != nil {
			cors := r.CORS.config()
			entry.CORS = &cors
		}
		info := RouteInfo{Kind: "custom", Address: r.Address, Action: entry.Action, Redirect: r.Redirect}
		switch {
		case r.Redirect != "" && r.Action != "":
			return nil, fmt.Errorf("manifest: route %q: both action and redirect", r.Address)
		case r.Redirect == "" && entry.Action == grantCSRF && b.actions[grantCSRF] == nil: // package route has it
		case r.Redirect == "":
			entry.Handler = b.handlerOf(r, entry.Action)
		}
		b.answer(&entry, &info)
		table = append(table, entry)
		b.table = append(b.table, info)
	}
	return table, nil
}

// handlerOf returns the handler of a route of the manifest: an action of Options, a
// blueprint action, or the one that says there is none.
func (b *builder) handlerOf(r *Route, id string) http.Handler {
	if h := b.actions[id]; h != nil {
		return h
	}
	identity, name, _ := strings.Cut(id, "/")
	for _, candidate := range everyAction {
		if b.api != nil && strings.EqualFold(string(candidate), name) {
			if h, ok := b.api.Action(identity, candidate, ""); ok {
				return h
			}
		}
	}
	what := "The action " + id
	if id == "" {
		what = "This route"
		if r.Was != "" {
			what += " (" + r.Was + ")"
		}
	}
	b.gap("route", r.Address, "501")
	return b.missing(what)
}

// HasBlueprintAction reports whether an identity, "user/find", is that of a blueprint
// action of one of the models.
func (m *Manifest) HasBlueprintAction(action string) bool {
	identity, name, _ := strings.Cut(route.Identity(action), "/")
	return slices.ContainsFunc(m.Models, func(md Model) bool { return md.Identity == identity }) &&
		slices.ContainsFunc(everyAction, func(a blueprint.Action) bool { return strings.EqualFold(string(a), name) })
}

func toSwitch(b *bool) route.Switch {
	switch {
	case b == nil:
		return route.Default
	case *b:
		return route.On
	}
	return route.Off
}

func (c *CORS) config() route.CORSConfig {
	return route.CORSConfig{
		AllRoutes: c.AllRoutes, AllowOrigins: c.AllowOrigins, AllowCredentials: c.AllowCredentials,
		AnyOriginWithCredentials: c.AnyOriginWithCredentials, AllowMethods: c.AllowMethods,
		AllowHeaders: c.AllowHeaders, ExposeHeaders: c.ExposeHeaders,
	}
}
