package blueprint_test

import (
	"net/http"
	"slices"
	"testing"

	"github.com/go-sails/sails/sailsio/blueprint"
)

func list(routes []blueprint.Route, action string) []string {
	var lines []string
	for _, r := range routes {
		if action == "" || r.Action == action {
			lines = append(lines, r.Method+" "+r.Path)
		}
	}
	return lines
}

// BP-1, BP-2, table 7.1: paths, prefixes, plurals and order.
func TestRoutes(t *testing.T) {
	t.Parallel()
	only := map[string]blueprint.Exposure{"tag": {}}
	for _, c := range []struct {
		name   string
		change func(*blueprint.Config)
		want   []string
	}{
		{"rest", func(c *blueprint.Config) { c.REST = true }, []string{
			"GET /tag", "GET /tag/:id", "POST /tag", "PATCH /tag/:id", "DELETE /tag/:id?", "PUT /tag/:id",
			"PUT /tag/:parentid/pets/:childid", "PUT /tag/:parentid/pets", "DELETE /tag/:parentid/pets/:childid", "GET /tag/:parentid/pets"}},
		{"shortcuts", func(c *blueprint.Config) { c.Shortcuts = true }, []string{
			"GET /tag/find", "GET /tag/find/:id", "GET /tag/create", "GET /tag/update/:id", "GET /tag/destroy/:id",
			"GET /tag/:parentid/pets/add/:childid", "GET /tag/:parentid/pets/replace", "GET /tag/:parentid/pets/remove/:childid", "GET /tag/:parentid/pets"}},
		{"prefixed", func(c *blueprint.Config) {
			c.REST, c.Shortcuts, c.Prefix, c.RestPrefix, c.Pluralize = true, true, "api", "/v1/", true
			c.Expose = map[string]blueprint.Exposure{"tag": {Actions: []blueprint.Action{blueprint.Find}}}
		}, []string{"GET /api/tags/find", "GET /api/v1/tags"}},
		{"off", func(c *blueprint.Config) { c.REST = false }, nil},
	} {
		w := newWorld(t, func(cfg *blueprint.Config) {
			cfg.ExposeAll, cfg.REST, cfg.Shortcuts, cfg.Expose = false, false, false, only
			c.change(cfg)
		})
		if got := list(w.routes, ""); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q", c.name, got)
		}
	}
}

// BP-3, BP-5: the application's own actions.
func TestRoutes_custom(t *testing.T) {
	t.Parallel()
	said := func(text string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte(text)) })
	}
	w := newWorld(t, func(c *blueprint.Config) {
		c.ActionRoutes, c.Prefix = true, "/api"
		c.Custom = map[string]http.Handler{"user/find": said("mine"), "user/promote": said("promoted"), "home/index": said("home"), "index": said("root")}
	})
	for line, want := range map[string]string{"GET /api/user": "OK mine", "GET /api/user/find": "OK mine", "PUT /api/user/promote": "OK promoted", "POST /home": "OK home", "GET /api/home/index": "OK home", "GET /": "OK root"} {
		if got := w.http(line); got != want {
			t.Errorf("%s: %s", line, got)
		}
	}
	if got := list(w.routes, "user/promote"); len(got) != 5 {
		t.Error(got)
	}
	old := newWorld(t, func(c *blueprint.Config) { // BO-3
		c.Sails012, c.ActionRoutes, c.Custom = true, true, map[string]http.Handler{"user/promote": said("promoted")}
	})
	if got := old.http("PUT /user/promote/7"); got != "OK promoted" {
		t.Error(got)
	}
}

func TestAction(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	api, err := blueprint.New(blueprint.Config{Store: w.store, Expose: map[string]blueprint.Exposure{"user": {Actions: []blueprint.Action{blueprint.Find, blueprint.Populate, blueprint.Add}}, "account": {}}})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		identity string
		action   blueprint.Action
		alias    string
		want     bool
	}{
		{"user", blueprint.Find, "", true}, {"user", blueprint.Create, "", false}, {"pet", blueprint.Find, "", false}, {"nope", blueprint.Find, "", false},
		{"user", blueprint.Populate, "manager", true}, {"user", blueprint.Populate, "name", false}, {"user", blueprint.Add, "pets", true}, {"user", blueprint.Add, "manager", false},
	} {
		if _, ok := api.Action(c.identity, c.action, c.alias); ok != c.want {
			t.Errorf("%+v: %v", c, ok)
		}
	}
}
