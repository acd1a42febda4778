package route

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/go-sails/sails/sailsio/action"
)

// Policy decides whether a request goes on: it calls next, or answers itself
// (PL-1).
type Policy = func(next http.Handler) http.Handler

// Names that stand for a decision instead of a policy.
const (
	// Allow runs the action (Sails' true).
	Allow = "true"
	// Deny answers 403 "Forbidden" (Sails' false, PL-2).
	Deny = "false"
)

// PolicyConfig maps policies to actions.
type PolicyConfig struct {
	// Registry holds the policies by name, in any letter case.
	Registry map[string]Policy
	// Rules names, for actions, the policies that run before them, in order. A
	// key is an action ("user/find"), all actions of a controller ("user/*") or
	// every action ("*"). Rules do not add up: the most specific one that fits
	// an action is the only one for it (PL-3). A list is Allow or Deny alone,
	// or names of the registry; a name that comes twice runs once.
	Rules map[string][]string
}

// Policies is a checked PolicyConfig. A nil *Policies allows everything.
type Policies struct {
	registry map[string]Policy
	rules    map[string][]string
}

// NewPolicies checks that every name in the rules exists.
func NewPolicies(cfg PolicyConfig) (*Policies, error) {
	p := &Policies{registry: map[string]Policy{}, rules: map[string][]string{}}
	for name, policy := range cfg.Registry {
		key := strings.ToLower(name)
		switch {
		case policy == nil:
			return nil, fmt.Errorf("route: policy %q is nil", name)
		case key == Allow || key == Deny:
			return nil, fmt.Errorf("route: a policy cannot be called %q", name)
		case p.registry[key] != nil:
			return nil, fmt.Errorf("route: two policies called %q", key)
		}
		p.registry[key] = policy
	}
	for _, target := range slices.Sorted(maps.Keys(cfg.Rules)) {
		list, err := p.check(cfg.Rules[target])
		if err != nil {
			return nil, fmt.Errorf("route: policies for %q: %w", target, err)
		}
		key := Identity(target)
		if _, twice := p.rules[key]; twice {
			return nil, fmt.Errorf("route: two policy rules for %q", key)
		}
		p.rules[key] = list
	}
	return p, nil
}

// check returns the list in lower case, each name once.
func (p *Policies) check(names []string) ([]string, error) {
	var list []string
	for _, name := range names {
		name = strings.ToLower(name)
		if (name == Allow || name == Deny) && len(names) > 1 {
			return nil, fmt.Errorf("%q stands alone", name)
		}
		if name != Allow && name != Deny && p.registry[name] == nil {
			return nil, fmt.Errorf("no policy %q in PolicyConfig.Registry", name)
		}
		if !slices.Contains(list, name) {
			list = append(list, name)
		}
	}
	return list, nil
}

// Wrap returns h with the policies that apply to action before it. Use it for
// handlers that no Router routes, such as blueprint actions ("user/find",
// "user/findone" …; PL-1) on another router.
func (p *Policies) Wrap(action string, h http.Handler) http.Handler {
	if p == nil {
		return h
	}
	return p.chain(p.rule(Identity(action)), h)
}

func (p *Policies) wrapNames(names []string, h http.Handler) (http.Handler, error) {
	if len(names) == 0 {
		return h, nil
	}
	if p == nil {
		return nil, errNoPolicies
	}
	list, err := p.check(names)
	if err != nil {
		return nil, err
	}
	return p.chain(list, h), nil
}

// rule returns the list of the most specific rule: the action itself, else the
// longest "prefix/*", which also stands for "prefix", else "*".
func (p *Policies) rule(action string) []string {
	if list, ok := p.rules[action]; ok {
		return list
	}
	for prefix := action; prefix != ""; {
		if list, ok := p.rules[prefix+"/*"]; ok {
			return list
		}
		slash := strings.LastIndexByte(prefix, '/')
		prefix = prefix[:max(slash, 0)]
	}
	return p.rules["*"]
}

func (p *Policies) chain(list []string, h http.Handler) http.Handler {
	for _, name := range slices.Backward(list) {
		switch name {
		case Allow:
		case Deny:
			h = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { action.Forbidden(w, r) })
		default:
			h = p.registry[name](h)
		}
	}
	return h
}
