package openapi_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/go-sails/sails/internal/leakcheck"
	"github.com/go-sails/sails/sailsio/model"
	"github.com/go-sails/sails/sailsio/model/modeltest"
	"github.com/go-sails/sails/sailsio/openapi"
)

func TestMain(m *testing.M) { leakcheck.Main(m) }

// describe makes a document of the models of modeltest and looks into it.
func describe(t *testing.T, routes ...openapi.Route) func(path ...string) string {
	t.Helper()
	text, err := openapi.New(openapi.Config{Title: "t", APIVersion: "1", ServerURL: "https://example.com", Schema: modeltest.Schema(), Routes: routes})
	if err != nil {
		t.Fatal(err)
	}
	var doc any
	if err := json.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	return func(path ...string) string {
		v := doc
		for _, name := range path {
			object, ok := v.(map[string]any)
			if !ok {
				return "nothing"
			}
			if v, ok = object[name]; !ok {
				return "nothing"
			}
		}
		out, _ := json.Marshal(v)
		return string(out)
	}
}

func TestModels(t *testing.T) {
	t.Parallel()
	at := describe(t)
	for name, want := range map[string]string{
		"user name":          `{"type":["string"]}`,
		"user email":         `{"format":"email","type":["string"]}`,
		"user role":          `{"enum":["guest","member","admin"],"type":["string"]}`,
		"user.new role":      `{"default":"guest","enum":["guest","member","admin"],"type":["string"]}`,
		"user.change role":   `{"enum":["guest","member","admin"],"type":["string"]}`,
		"user age":           `{"maximum":150,"minimum":0,"type":["integer","null"]}`,
		"user id":            `{"readOnly":true,"type":["integer"]}`,
		"user createdAt":     `{"description":"Milliseconds since the epoch.","readOnly":true,"type":["number"]}`,
		"user profile":       `{"description":"Any JSON value."}`,
		"user manager":       `{"anyOf":[{"type":["number"]},{"$ref":"#/components/schemas/user"},{"type":["null"]}]}`,
		"user.new manager":   `{"anyOf":[{"type":["number"]},{"type":["null"]}]}`,
		"user pets":          `{"description":"Present when populated.","items":{"$ref":"#/components/schemas/pet"},"type":["array"]}`,
		"user.new pets":      `{"items":{"type":["number"]},"type":["array"]}`,
		"user.new createdAt": `nothing`, // SEC-86
		"room code":          `{"pattern":"^[a-z0-9-]+$","type":["string"]}`,
		"widget short":       `{"maxLength":5,"minLength":2,"type":["string"]}`,
		"widget filled":      `{"minLength":1,"type":["string"]}`,
		"widget link":        `{"format":"uri","type":["string"]}`,
		"widget uuid":        `{"format":"uuid","type":["string"]}`,
	} {
		model, attribute, _ := strings.Cut(name, " ")
		if got := at("components", "schemas", model, "properties", attribute); got != want {
			t.Errorf("%s:\ngot  %s\nwant %s", name, got, want)
		}
	}
	if got := at("components", "schemas", "user.new", "required"); got != `["name","email"]` {
		t.Errorf("required: %s", got)
	}
	if got := at("servers"); got != `[{"url":"https://example.com"}]` {
		t.Error(got)
	}
}

func TestBlueprints(t *testing.T) {
	t.Parallel()
	bp := func(address, action string) openapi.Route {
		return openapi.Route{Address: address, Action: action, Blueprint: true}
	}
	at := describe(t,
		bp("GET /user/find", "user/find"), bp("GET /user/create", "user/create"), bp("GET /user", "user/find"), bp("GET /user/:id", "user/findone"), bp("POST /user", "user/create"),
		bp("PATCH /user/:id", "user/update"), bp("DELETE /user/:id?", "user/destroy"), bp("PUT /user/:id", "user/update"),
		bp("PUT /user/:parentid/pets/:childid", "user/add"), bp("PUT /user/:parentid/pets", "user/replace"), bp("GET /user/:parentid/pets/replace", "user/replace"),
		bp("DELETE /user/:parentid/pets/:childid", "user/remove"), bp("GET /user/:parentid/pets", "user/populate"), bp("GET /user/:parentid/manager", "user/populate"),
	)
	for place, want := range map[string]string{
		"/user get operationId":                                                        `"user_find_get"`,
		"/user/find get operationId":                                                   `"user_find"`,
		"/user get responses 200 content application/json":                             `{"schema":{"items":{"$ref":"#/components/schemas/user"},"type":["array"]}}`,
		"/user post requestBody":                                                       `{"content":{"application/json":{"schema":{"$ref":"#/components/schemas/user.new"}}},"required":true}`,
		"/user/create get requestBody":                                                 `nothing`,
		"/user/{id} patch requestBody content application/json":                        `{"schema":{"$ref":"#/components/schemas/user.change"}}`,
		"/user/{id} delete responses 404":                                              `{"$ref":"#/components/responses/notFound"}`,
		"/user delete parameters":                                                      `[{"in":"query","name":"id","required":true,"schema":{"type":["string"]}}]`,
		"/user/{parentid}/pets put requestBody content application/json":               `{"schema":{"items":{"type":["number"]},"type":["array"]}}`,
		"/user/{parentid}/pets get responses 200 content application/json schema type": `["array"]`,
		"/user/{parentid}/manager get responses 200 content application/json":          `{"schema":{"$ref":"#/components/schemas/user"}}`,
		"/user/{parentid}/pets/{childid} put summary":                                  `"Adds to the pets of a record of user"`,
		"/user/{parentid}/pets/{childid} delete operationId":                           `"user_remove"`,
	} {
		if got := at(append([]string{"paths"}, strings.Fields(place)...)...); got != want {
			t.Errorf("%s:\ngot  %s\nwant %s", place, got, want)
		}
	}
}

func TestOwnRoutes(t *testing.T) {
	t.Parallel()
	at := describe(t,
		openapi.Route{Address: "/echo", Action: "echo/all", Guarded: true},
		openapi.Route{Address: "GET /echo", Action: "other/one"}, // never reached
		openapi.Route{Address: "GET /go", Redirect: "/there"},
		openapi.Route{Address: "GET /old/:a", Action: "old/get", Closed: true},
		openapi.Route{Address: "POST /old/:b", Action: "old/post"}, // the same path to OpenAPI
		openapi.Route{Address: "ALL /", Action: "home"},
		openapi.Route{Address: "/wild/*", Action: "w"},
		openapi.Route{Address: "r|^/x(\\d+)$|n", Action: "w"},
		openapi.Route{Address: "GET /twice/:a/:a", Action: "w"},
	)
	for place, want := range map[string]string{
		"/echo get summary":                      `"Runs echo/all"`,
		"/echo delete responses 403":             `{"$ref":"#/components/responses/forbidden"}`,
		"/go get responses 302 headers Location": `{"schema":{"type":["string"]}}`,
		"/old/{a} get responses 501":             `{"$ref":"#/components/responses/closed"}`,
		"/old/{a} post parameters":               `[{"in":"path","name":"a","required":true,"schema":{"type":["string"]}}]`,
		"/ put operationId":                      `"home_put"`,
	} {
		if got := at(append([]string{"paths"}, strings.Fields(place)...)...); got != want {
			t.Errorf("%s: got %s, want %s", place, got, want)
		}
	}
	if got := at("x-sails-undescribed"); got != `["/wild/*","r|^/x(\\d+)$|n","GET /twice/:a/:a"]` {
		t.Error(got)
	}
	if got := at("tags"); got != `[{"name":"echo"},{"name":"other"},{"name":"old"}]` && got != `[{"name":"echo"},{"name":"old"}]` {
		t.Error(got)
	}
}

func TestNew_Mistakes(t *testing.T) {
	t.Parallel()
	schema := modeltest.Schema()
	for _, cfg := range []openapi.Config{
		{},
		{Title: "t"},
		{Title: "t", APIVersion: "1", Routes: []openapi.Route{{Address: "GET /a", Action: "a/find", Blueprint: true}}},
		{Title: "t", APIVersion: "1", Schema: schema, Routes: []openapi.Route{{Address: "GET /a", Action: "ghost/find", Blueprint: true}}},
		{Title: "t", APIVersion: "1", Schema: schema, Routes: []openapi.Route{{Address: "GET /a", Action: "user/fly", Blueprint: true}}},
		{Title: "t", APIVersion: "1", Schema: schema, Routes: []openapi.Route{{Address: "GET /a", Action: "user/add", Blueprint: true}}},
		{Title: "t", APIVersion: "1", Schema: schema, Routes: []openapi.Route{{Address: "DELETE /a/:id?", Action: "ghost/find", Blueprint: true}}},
	} {
		if _, err := openapi.New(cfg); err == nil {
			t.Errorf("%+v was accepted", cfg)
		}
	}
}

func FuzzAddress(f *testing.F) {
	for _, seed := range []string{"GET /user/:id?", "/a/*", "r|x|y", "ALL /:a/:b", " get /", "GET /{x}"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, address string) {
		text, err := openapi.New(openapi.Config{Title: "t", APIVersion: "1", Routes: []openapi.Route{{Address: address, Action: "a/b"}}})
		if err != nil || !json.Valid(text) {
			t.Error(err)
		}
	})
}

func ExampleNew() {
	schema, err := model.New(model.Definition{Identity: "task", Attributes: model.WithDefaults(model.Attribute{Name: "title", Type: model.String})})
	if err != nil {
		fmt.Println(err)
		return
	}
	text, err := openapi.New(openapi.Config{
		Title: "Tasks", APIVersion: "1.0.0", Schema: schema,
		Routes: []openapi.Route{{Address: "GET /task/:id", Action: "task/findone", Blueprint: true}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	var doc struct {
		OpenAPI string
		Paths   map[string]map[string]struct{ Summary string }
	}
	if err := json.Unmarshal(text, &doc); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(doc.OpenAPI, doc.Paths["/task/{id}"]["get"].Summary)
	// Output: 3.1.0 Finds one record of task
}
