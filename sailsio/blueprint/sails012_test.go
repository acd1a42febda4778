package blueprint_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/go-sails/sails/sailsio"
	"github.com/go-sails/sails/sailsio/blueprint"
	"github.com/go-sails/sails/sailsio/model"
	"github.com/go-sails/sails/sailsio/route"
	"github.com/go-sails/sails/sailsio/sailstest"
	"github.com/go-sails/sails/sailsio/sqlstore"
	"github.com/go-sails/sails/sailsio/sqlstore/sqlite"
)

// old makes attributes as Sails 0.12 has them.
func old(own ...model.Attribute) []model.Attribute {
	return append([]model.Attribute{{Name: "id", Type: model.Number, AutoIncrement: true}}, own...)
}

// newWorld012 serves user, pet and group in the manner of Sails 0.12.
func newWorld012(t *testing.T, change func(*blueprint.Config)) *world {
	t.Helper()
	schema, err := model.New(
		model.Definition{Identity: "user", Sparse: true, Attributes: old(
			model.Attribute{Name: "name", Type: model.String, Required: true},
			model.Attribute{Name: "email", Type: model.String, Unique: true, Validations: model.Validations{IsEmail: true}},
			model.Attribute{Name: "age", Type: model.Number, Validations: model.Validations{IsInteger: true, Min: new(0.0), Max: new(150.0)}},
			model.Attribute{Name: "active", Type: model.Boolean, Default: true},
			model.Attribute{Name: "score", Type: model.Number},
			model.Attribute{Name: "nick", Type: model.String, Validations: model.Validations{MaxLength: new(3)}},
			model.Attribute{Name: "pets", Collection: "pet", Via: "owner"},
			model.Attribute{Name: "groups", Collection: "group", Via: "members"},
		)},
		model.Definition{Identity: "pet", Sparse: true, Attributes: old(model.Attribute{Name: "name", Type: model.String, Required: true}, model.Attribute{Name: "owner", Model: "user"})},
		model.Definition{Identity: "group", Sparse: true, Attributes: old(model.Attribute{Name: "title", Type: model.String}, model.Attribute{Name: "members", Collection: "user", Via: "groups"})},
	)
	if err != nil {
		t.Fatal(err)
	}
	db, err := sqlite.Memory()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	store, err := sqlstore.New(sqlstore.Config{DB: db, Dialect: sqlstore.SQLite, Schema: schema})
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Migrate(t.Context(), sqlstore.Alter, nil); err != nil {
		t.Fatal(err)
	}
	var handler http.Handler
	app, err := sailsio.New(sailsio.Config{Models: schema, Sails012: &sailsio.Sails012{}, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler.ServeHTTP(w, r) })})
	if err != nil {
		t.Fatal(err)
	}
	cfg := blueprint.Config{Store: store, Notifier: blueprint.App(app), ExposeAll: true, REST: true, Shortcuts: true, Sails012: true}
	if change != nil {
		change(&cfg)
	}
	api, err := blueprint.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, db: db, store: store, server: sailstest.NewServer(app), routes: api.Routes()}
	t.Cleanup(w.server.Close)
	var routes []route.Route
	for _, r := range w.routes {
		routes = append(routes, route.Route{Address: r.Method + " " + r.Path, Action: r.Action, Handler: r.Handler})
	}
	if handler, err = route.New(route.Config{Routes: routes}); err != nil {
		t.Fatal(err)
	}
	return w
}

// BO-4, BO-5, BO-9, BO-10, BO-11, PO-30: answers and messages of the old actions.
func TestSails012(t *testing.T) {
	t.Parallel()
	w := newWorld012(t, nil)
	watcher, author := w.connect(), w.connect()
	for _, m := range []string{"user", "pet", "group"} {
		watcher.do("GET /" + m)
	}
	wantAnswer(t, author.do(`POST /user {"name":"a","age":"3"}`), `Created {"active":true,"age":3,"id":1,"name":"a"}`)
	wantAnswer(t, author.do(`POST /user [{"name":"b"},{"name":"c","nope":1}]`), `Created [{"active":true,"id":2,"name":"b"},{"active":true,"id":3,"name":"c"}]`)
	wantEvents(t, watcher.events(), `["user",{"verb":"created","data":{"active":true,"age":3,"id":1,"name":"a"},"id":1}]`,
		`["user",{"verb":"created","data":{"active":true,"id":2,"name":"b"},"id":2}]`, `["user",{"verb":"created","data":{"active":true,"id":3,"name":"c"},"id":3}]`)
	wantAnswer(t, author.do(`PUT /user/1 {"age":4,"id":9}`), `OK {"active":true,"age":4,"groups":[],"id":1,"name":"a","pets":[]}`)
	wantEvents(t, watcher.events(), `["user",{"verb":"updated","data":{"age":4,"id":1},"id":"1","previous":{"active":true,"age":3,"groups":[],"id":1,"name":"a","pets":[]}}]`)
	wantAnswer(t, author.do(`POST /user/1/pets {"name":"rex"}`), `OK {"active":true,"age":4,"id":1,"name":"a","pets":[{"id":1,"name":"rex","owner":1}]}`)
	wantEvents(t, watcher.events(), `["pet",{"verb":"created","data":{"id":1,"name":"rex"},"id":1}]`, `["user",{"id":1,"verb":"addedTo","attribute":"pets","addedId":1}]`)
	author.do(`POST /user/1/groups {"title":"g"}`)
	wantEvents(t, watcher.events(), `["group",{"verb":"created","data":{"id":1,"members":[],"title":"g"},"id":1}]`, `["user",{"id":1,"verb":"addedTo","attribute":"groups","addedId":1}]`)
	author.do("POST /user/2/pets/1")
	wantEvents(t, watcher.events(), `["user",{"id":2,"verb":"addedTo","attribute":"pets","addedId":1}]`, `["pet",{"verb":"updated","data":{"owner":2},"id":1}]`)
	author.do("DELETE /user/2/pets/1")
	wantEvents(t, watcher.events(), `["user",{"id":2,"verb":"removedFrom","attribute":"pets","removedId":"1"}]`, `["pet",{"verb":"updated","data":{"owner":null},"id":"1"}]`)
	wantAnswer(t, author.do("GET /user?id=3"), `OK {"active":true,"groups":[],"id":3,"name":"c","pets":[]}`)
	wantAnswer(t, author.do("GET /user/find?populate=[pets]&limit=1&sort=id%20DESC"), `OK [{"active":true,"id":3,"name":"c","pets":[]}]`)
	wantAnswer(t, author.do("GET /user?populate=&where={\"id\":[3]}"), `OK [{"active":true,"id":3,"name":"c"}]`)
	wantAnswer(t, author.do("GET /user/1/groups/1"), `OK [{"id":1,"title":"g"}]`)
	wantAnswer(t, author.do("GET /user/1/groups?title=x"), `OK []`)
	wantAnswer(t, author.do("GET /pet/1/owner"), "Not Found \"Specified record (1) is missing relation `owner`\"")
	wantAnswer(t, author.do("POST /pet/update/1?name=tom"), `OK {"id":1,"name":"tom"}`)
	watcher.events()
	wantAnswer(t, author.do("DELETE /pet/1"), `OK {"id":1,"name":"tom"}`)
	wantEvents(t, watcher.events(), `["pet",{"verb":"destroyed","id":"1","previous":{"id":1,"name":"tom"}}]`)
	wantEvents(t, author.events())
	if n := strings.Count(w.http("GET /user?limit=0"), `"id"`); n != 4 { // three users, one group
		t.Errorf("%d ids", n)
	}
}

// BO-6, BO-7, BO-8, SEC-75: bodies of errors.
func TestSails012_errors(t *testing.T) {
	t.Parallel()
	w := newWorld012(t, nil)
	c := w.connect()
	w.server.Client()
	c.do(`POST /user {"name":"a","email":"a@b.co"}`)
	for line, want := range map[string]string{
		"GET /user/9":                              "Not Found \"No record found with the specified `id`.\"",
		"DELETE /user/9":                           "Not Found \"No record found with the specified `id`.\"",
		"DELETE /user":                             "Not Found \"No record found with the specified `id`.\"",
		`PUT /user/9 {"name":"x"}`:                 "Not Found ",
		"POST /user/9/pets/1":                      `Not Found {"status":404}`,
		"DELETE /user/9/pets/1":                    "Not Found ",
		"DELETE /user/1/pets":                      `Internal Server Error "Missing required child PK."`,
		"GET /user/9/pets":                         `Not Found "No record found with the specified id."`,
		`POST /user {"age":3}`:                     `"invalidAttributes":{"name":[{"rule":"string","message":"Value should be a string (instead of null, which is an object)"},{"rule":"required","message":"\"required\" validation rule failed`,
		`POST /user {"name":"x","age":"old"}`:      `"age":[{"rule":"integer","message":"Value should be an integer"}]`,
		`POST /user {"name":"x","age":-1}`:         `"age":[{"rule":"min",`,
		`POST /user {"name":"x","age":151}`:        `"age":[{"rule":"max",`,
		`POST /user {"name":"x","active":"no"}`:    `"active":[{"rule":"boolean","message":"Value should be a boolean (instead of \"no\", which is a string)"}]`,
		`POST /user {"name":"x","score":true}`:     `Created `,
		`POST /user {"name":"x","score":{}}`:       `"score":[{"rule":"float","message":"Value should be a float (instead of {}, which is an object)"}]`,
		`POST /user {"name":"x","nick":"long"}`:    `"nick":[{"rule":"maxLength",`,
		`POST /user {"name":"x","email":"nope"}`:   `Value should be an email (instead of \"nope\", which is a string)`,
		`POST /user {"name":"x","email":"a@b.co"}`: `"email":[{"value":"a@b.co","rule":"unique","message":"A record with that`,
		`PUT /user/1 {"name":null}`:                `"rule":"required"`,
		`POST /user/1/pets {}`:                     `"model":"Pet"`,
		"GET /user?where=x":                        `Bad Request {"code":"E_INVALID_CRITERIA"`,
	} {
		if got := c.do(line); !strings.Contains(got, want) || strings.Contains(got, ".go") {
			t.Errorf("%s:\ngot  %s\nwant %s", line, got, want)
		}
	}
	w = newWorld012(t, func(c *blueprint.Config) {
		c.Production = true
		c.Expose = map[string]blueprint.Exposure{"pet": {Actions: blueprint.ReadOnly}}
	})
	c = w.connect()
	for _, line := range []string{"GET /user/9", `POST /user {}`} {
		if got := c.do(line); strings.Contains(got, "{") || strings.Contains(got, `"`) {
			t.Errorf("%s: %s", line, got)
		}
	}
	c.do(`POST /user {"name":"a"}`)
	if got := c.do(`POST /user/1/pets {"name":"made"}`); !strings.HasPrefix(got, "Not Found") {
		t.Errorf("a record was made where creating is not exposed: %s", got)
	}
}

// BO-1, BO-2.
func TestSails012_routes(t *testing.T) {
	t.Parallel()
	w := newWorld012(t, func(c *blueprint.Config) {
		c.ExposeAll, c.Expose = false, map[string]blueprint.Exposure{"group": {}}
	})
	want := []string{"GET /group", "GET /group/:id", "POST /group", "PUT /group/:id", "POST /group/:id", "DELETE /group/:id?", "POST /group/:parentid/members/:id?", "DELETE /group/:parentid/members/:id?", "GET /group/:parentid/members/:id?"}
	got := list(w.routes, "")
	if len(got) != 35+len(want) || !slices.Equal(got[35:], want) {
		t.Errorf("%q", got)
	}
}
