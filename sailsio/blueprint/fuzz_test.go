package blueprint_test

import (
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/go-sails/sails/sailsio/blueprint"
	"github.com/go-sails/sails/sailsio/model/modeltest"
	"github.com/go-sails/sails/sailsio/route"
	"github.com/go-sails/sails/sailsio/sqlstore"
	"github.com/go-sails/sails/sailsio/sqlstore/sqlite"
)

// fuzzRequest serves the models without sockets and returns a fuzz function that
// sends one plain request.
func fuzzRequest(f *testing.F) func(t *testing.T, address, id, query, body string) {
	db, err := sqlite.Memory()
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { db.Close() })
	store, err := sqlstore.New(sqlstore.Config{DB: db, Dialect: sqlstore.SQLite, Schema: modeltest.Schema()})
	if err != nil {
		f.Fatal(err)
	}
	if err := store.Migrate(f.Context(), sqlstore.Alter, nil); err != nil {
		f.Fatal(err)
	}
	api, err := blueprint.New(blueprint.Config{Store: store, ExposeAll: true, REST: true, Shortcuts: true})
	if err != nil {
		f.Fatal(err)
	}
	var routes []route.Route
	for _, r := range api.Routes() {
		routes = append(routes, route.Route{Address: r.Method + " " + r.Path, Handler: r.Handler})
	}
	handler, err := route.New(route.Config{Routes: routes})
	if err != nil {
		f.Fatal(err)
	}
	return func(t *testing.T, address, id, query, body string) {
		method, path, _ := strings.Cut(address, " ")
		switch method {
		case "GET", "POST", "PUT", "PATCH", "DELETE":
		default:
			return
		}
		target := &url.URL{Path: strings.Replace(path, ":id", id, 1), RawQuery: query}
		if !strings.HasPrefix(target.Path, "/") {
			return
		}
		req := httptest.NewRequest(method, "/", strings.NewReader(body)).WithContext(t.Context())
		req.URL, req.RequestURI = target, target.RequestURI()
		req.Header.Set("Content-Type", "application/json")
		answer := httptest.NewRecorder()
		handler.ServeHTTP(answer, req)
		if answer.Code >= 500 && !strings.Contains(answer.Body.String(), modeltest.ErrRefused.Error()) {
			t.Fatalf("%s %s %q: %d %s", method, target, body, answer.Code, answer.Body)
		}
	}
}
