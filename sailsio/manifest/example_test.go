package manifest_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"strings"

	"github.com/go-sails/sails/sailsio/manifest"
	"github.com/go-sails/sails/sailsio/sqlstore"
	"github.com/go-sails/sails/sailsio/sqlstore/sqlite"
)

// A manifest served without any code.
func ExampleBuild() {
	m, err := manifest.Read(strings.NewReader(`{
		"version": 1,
		"models": [{"identity": "task", "attributes": [
			{"name": "id", "type": "number", "autoIncrement": true},
			{"name": "title", "type": "string", "required": true}
		]}],
		"blueprints": {"rest": true, "expose": {"task": {"actions": ["find", "create"]}}},
		"session": {"disabled": true}
	}`))
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
	app, err := manifest.Build(m, manifest.Options{DB: db, Dialect: sqlstore.SQLite})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer app.Shutdown(context.Background())
	if err := app.Store().Migrate(context.Background(), sqlstore.Alter, nil); err != nil {
		fmt.Println(err)
		return
	}
	r := httptest.NewRequest("POST", "/task", strings.NewReader(`{"title":"port the app"}`))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	app.ServeHTTP(w, r)
	fmt.Println(w.Code, strings.Join(strings.Fields(w.Body.String()), " "))
	for _, route := range app.Routes() {
		fmt.Println(route.Address, route.Action)
	}
	// Output:
	// 200 { "id": 1, "title": "port the app" }
	// GET /task task/find
	// POST /task task/create
}
