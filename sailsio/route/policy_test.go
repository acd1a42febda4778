package route_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/go-sails/sails/sailsio/action"
	"github.com/go-sails/sails/sailsio/route"
	"github.com/go-sails/sails/sailsio/session"
)

// trace is a policy that leaves its name in a header and goes on.
func trace(name string) route.Policy {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Add("X-Ran", name)
			next.ServeHTTP(w, r)
		})
	}
}

func mustPolicies(t testing.TB, cfg route.PolicyConfig) *route.Policies {
	t.Helper()
	p, err := route.NewPolicies(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// PL-3: the most specific rule is the only one.
func TestPolicies_Precedence(t *testing.T) {
	names := []string{"star", "user", "find", "admin", "adminuser", "two"}
	registry := map[string]route.Policy{}
	for _, name := range names {
		registry[name] = trace(name)
	}
	p := mustPolicies(t, route.PolicyConfig{Registry: registry, Rules: map[string][]string{
		"*":                   {"star"},
		"user/*":              {"user"},
		"UserController.find": {"Find", "two"},
		"user/open":           {route.Allow},
		"user/closed":         {route.Deny},
		"user/none":           {},
		"admin/*":             {"admin"},
		"admin/user/*":        {"adminuser"},
		"chain":               {"two", "find", "TWO", "two"},
	}})
	for _, c := range []struct {
		action string
		ran    string
		status int
	}{
		{"user/find", "find two", 200},
		{"USER/Find", "find two", 200},
		{"user/create", "user", 200},
		{"user", "user", 200}, // "user/*" stands for "user" too
		{"user/deep/er", "user", 200},
		{"users/find", "star", 200},
		{"user/open", "", 200},
		{"user/closed", "", 403},
		{"user/none", "", 200},
		{"admin/x", "admin", 200},
		{"admin/user/x", "adminuser", 200},
		{"admin/user", "adminuser", 200},
		{"other", "star", 200},
		{"chain", "two find", 200}, // once each, in order
	} {
		res := overHTTP(t, p.Wrap(c.action, tell("x")), "GET", "/", nil, "")
		if got := strings.Join(res.Header.Values("X-Ran"), " "); got != c.ran || res.StatusCode != c.status {
			t.Errorf("%s: %q %d, want %q %d", c.action, got, res.StatusCode, c.ran, c.status)
		}
	}
}

func TestPolicies_Refuses(t *testing.T) {
	ok := map[string]route.Policy{"a": trace("a")}
	for name, cfg := range map[string]route.PolicyConfig{
		"unknown":      {Registry: ok, Rules: map[string][]string{"x": {"b"}}},
		"not alone":    {Registry: ok, Rules: map[string][]string{"x": {"a", route.Allow}}},
		"nil":          {Registry: map[string]route.Policy{"a": nil}},
		"reserved":     {Registry: map[string]route.Policy{"True": trace("x")}},
		"two names":    {Registry: map[string]route.Policy{"a": trace("a"), "A": trace("b")}},
		"two rules":    {Registry: ok, Rules: map[string][]string{"user/find": {"a"}, "UserController.find": {"a"}}},
		"false and so": {Registry: ok, Rules: map[string][]string{"x": {route.Deny, "a"}}},
	} {
		if _, err := route.NewPolicies(cfg); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	var none *route.Policies
	if res := overHTTP(t, none.Wrap("x", tell("x")), "GET", "/", nil, ""); res.StatusCode != 200 {
		t.Errorf("no policies: %d", res.StatusCode)
	}
}

// PL-1, PL-2, PL-4, PL-5, scenario v28: over a socket and over HTTP, by action
// and by route.
func TestPolicies_Routes(t *testing.T) {
	needLogin := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if s, ok := session.FromContext(r.Context()); !ok || session.Value[int](s, "userId") == 0 {
				action.Forbidden(w, r)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
	login := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s, ok := session.FromContext(r.Context()); ok {
			if err := s.Set("userId", 5); err != nil {
				t.Error(err)
			}
		}
		action.OK(w, r)
	})
	p := mustPolicies(t, route.PolicyConfig{
		Registry: map[string]route.Policy{"needLogin": needLogin, "stamp": trace("stamp")},
		Rules:    map[string][]string{"policy/closed": {route.Deny}, "policy/login": {"needLogin"}, "*": {route.Deny}, "policy/open": {route.Allow}},
	})
	rt := mustNew(t, route.Config{
		Policies: p,
		Actions:  map[string]http.Handler{"PolicyController.open": tell("open"), "policy/closed": tell("closed"), "policy/login": tell("login")},
		Routes: []route.Route{
			{Address: "/policy/open", Action: "policy/open"},
			{Address: "/policy/closed", Action: "policy/closed"},
			{Address: "/policy/login", Action: "policy/login", Policies: []string{"stamp"}},
			{Address: "/named", Action: "other/action", Handler: tell("named")},
			{Address: "/login", Handler: login}, // PL-4: no action, no policies
		},
	})
	m := sessions(t)
	h := m.Handler(rt)
	for path, want := range map[string]int{"/policy/open": 200, "/policy/closed": 403, "/policy/login": 403, "/named": 403, "/login": 200} {
		if res := overHTTP(t, h, "GET", path, nil, ""); res.StatusCode != want {
			t.Errorf("%s: %d", path, res.StatusCode)
		}
		if res := overSocket(t, h, "get", path, ""); res.StatusCode != want || want == 403 && res.Body != "Forbidden" {
			t.Errorf("socket %s: %d %v", path, res.StatusCode, res.Body)
		}
	}
	res := overHTTP(t, h, "POST", "/login", nil, "")
	cookie, _, _ := strings.Cut(res.Header.Get("Set-Cookie"), ";")
	res = overHTTP(t, h, "GET", "/policy/login", map[string]string{"Cookie": cookie}, "")
	if res.StatusCode != 200 || !slices.Equal(res.Header.Values("X-Ran"), []string{"stamp"}) {
		t.Errorf("logged in: %d %v", res.StatusCode, res.Header)
	}
}
