package manifest

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/go-sails/sails/sailsio/action"
	"github.com/go-sails/sails/sailsio/blueprint"
	"github.com/go-sails/sails/sailsio/route"
)

// Gap is something the manifest names and nothing in Go answers.
type Gap struct {
	// Kind is "action", "policy", "route" or "model".
	Kind string `json:"kind"`
	// Name is the action, the policy, the route's address or "model.entry".
	Name string `json:"name"`
	// Closes says what a client meets because of it.
	Closes string `json:"closes"`
}

// grantCSRF is the one action of Sails itself that package route has.
const grantCSRF = "security/grant-csrf-token"

// missing answers for code that was not carried over: 501, or the old application.
type missing struct{ http.Handler }

// missing makes the handler for an action or a route that has no counterpart.
func (b *builder) missing(what string) http.Handler {
	if b.o.Upstream != nil {
		return missing{b.o.Upstream}
	}
	production := b.o.Production
	return missing{http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if production {
			action.SendStatus(w, r, http.StatusNotImplemented)
			return
		}
		action.JSON(action.Status(w, http.StatusNotImplemented), r, map[string]string{
			"code":    "E_NOT_PORTED",
			"message": what + " was not carried over from the old application.",
		})
	})}
}

// toUpstream reports whether a handler is the old application, which has policies
// and checks of its own.
func (b *builder) toUpstream(h http.Handler) bool {
	_, is := h.(missing)
	return is && b.o.Upstream != nil
}

func (b *builder) gap(kind, name, closes string) {
	if b.o.Upstream != nil {
		closes = "answered by the old application"
	}
	b.gaps = append(b.gaps, Gap{kind, name, closes})
}

// collectActions finds the handler of every action the manifest or Options name,
// and closes those blueprint actions that lack code of their model.
func (b *builder) collectActions() error {
	b.actions = map[string]http.Handler{}
	given := map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(b.o.Actions)) {
		h := b.o.Actions[name]
		id := route.Identity(name)
		if h == nil || b.actions[id] != nil {
			return fmt.Errorf("manifest: Options.Actions: %q is nil or there twice", name)
		}
		b.actions[id], given[id] = h, true
	}
	for _, name := range b.m.Actions {
		id := route.Identity(name)
		if id == grantCSRF || b.actions[id] != nil {
			continue
		}
		b.actions[id] = b.missing("The action " + id)
		b.gap("action", id, "501 for its routes")
	}
	for _, identity := range b.models {
		for _, entry := range b.unported[identity] {
			for _, name := range closes(entry) {
				id := identity + "/" + strings.ToLower(string(name))
				if !given[id] {
					b.actions[id] = b.missing(fmt.Sprintf("%s of the model %s, which %s needs,", entry, identity, id))
				}
			}
			b.gap("model", identity+"."+entry, "501 for "+join(closes(entry)))
		}
		for _, entry := range b.m.Blueprints.Unported {
			for _, name := range everyAction {
				id := identity + "/" + strings.ToLower(string(name))
				if !given[id] {
					b.actions[id] = b.missing("blueprints." + entry)
				}
			}
		}
	}
	for _, entry := range b.m.Blueprints.Unported {
		b.gap("blueprints", entry, "501 for all blueprint actions")
	}
	return nil
}

func join(actions []blueprint.Action) string {
	if len(actions) == len(everyAction) {
		return "all blueprint actions"
	}
	names := make([]string, len(actions))
	for i, name := range actions {
		names[i] = string(name)
	}
	return strings.Join(names, " and ")
}

// collectPolicies maps actions to policies. A list with a name that nobody knows
// becomes that name alone, whose policy refuses, or hands the request to the old
// application, which runs the whole list.
func (b *builder) collectPolicies() error {
	b.registry, b.absent = map[string]route.Policy{}, map[string]bool{}
	for name, policy := range b.o.Policies {
		b.registry[strings.ToLower(name)] = policy
	}
	rules := map[string][]string{}
	for _, target := range slices.Sorted(maps.Keys(b.m.Policies)) {
		rules[target] = b.known(b.m.Policies[target])
	}
	for i := range b.m.Routes {
		b.known(b.m.Routes[i].Policies)
	}
	var err error
	b.policies, err = route.NewPolicies(route.PolicyConfig{Registry: b.registry, Rules: rules})
	return err
}

// known returns a list of policies, or of one with unknown ones the first of them.
func (b *builder) known(names []string) []string {
	for _, name := range names {
		key := strings.ToLower(name)
		if key == route.Allow || key == route.Deny {
			continue
		}
		if b.registry[key] == nil {
			b.registry[key] = b.refuse
			b.absent[key] = true
			b.gap("policy", name, "403 for the actions it guards")
		}
		if b.absent[key] {
			return []string{name}
		}
	}
	return names
}

// refuse is the policy that stands for one that was not carried over: whoever it
// might have refused is refused.
func (b *builder) refuse(http.Handler) http.Handler {
	if b.o.Upstream != nil {
		return b.o.Upstream
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { action.Forbidden(w, r) })
}
