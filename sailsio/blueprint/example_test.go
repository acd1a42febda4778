package blueprint_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/go-sails/sails/sailsio"
	"github.com/go-sails/sails/sailsio/blueprint"
	"github.com/go-sails/sails/sailsio/model"
	"github.com/go-sails/sails/sailsio/sqlstore"
	"github.com/go-sails/sails/sailsio/sqlstore/sqlite"
)

// A resource in memory, served over HTTP and sockets by net/http's own mux.
func ExampleNew() {
	schema, err := model.New(model.Definition{Identity: "task", Attributes: []model.Attribute{
		{Name: "id", Type: model.Number, AutoIncrement: true},
		{Name: "title", Type: model.String, Required: true},
		{Name: "done", Type: model.Boolean},
	}})
	if err != nil {
		fmt.Println(err)
		return
	}
	db, err := sqlite.Memory()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer db.Close()
	store, err := sqlstore.New(sqlstore.Config{Schema: schema, DB: db, Dialect: sqlstore.SQLite})
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := store.Migrate(context.Background(), sqlstore.Alter, nil); err != nil {
		fmt.Println(err)
		return
	}
	mux := http.NewServeMux()
	app, err := sailsio.New(sailsio.Config{Handler: mux, Models: schema})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer app.Shutdown(context.Background())
	api, err := blueprint.New(blueprint.Config{Store: store, Notifier: blueprint.App(app), REST: true, Expose: map[string]blueprint.Exposure{"task": {}}})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, route := range api.Routes() {
		path := strings.NewReplacer("/:id?", "/{id}", ":id", "{id}").Replace(route.Path)
		mux.Handle(route.Method+" "+path, route.Handler)
	}

	for _, r := range []*http.Request{
		httptest.NewRequest("POST", "/task", strings.NewReader(`{"title":"write the example"}`)),
		httptest.NewRequest("GET", "/task?where={\"title\":{\"contains\":\"example\"}}&select=title", nil),
	} {
		r.Header.Set("Content-Type", "application/json")
		answer := httptest.NewRecorder()
		app.ServeHTTP(answer, r)
		fmt.Println(answer.Code, strings.Join(strings.Fields(answer.Body.String()), " "))
	}
	// Output:
	// 200 { "done": false, "id": 1, "title": "write the example" }
	// 200 [ { "id": 1, "title": "write the example" } ]
}
