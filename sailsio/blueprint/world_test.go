package blueprint_test

import (
	"database/sql"
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/go-sails/sails/internal/leakcheck"
	"github.com/go-sails/sails/sailsio"
	"github.com/go-sails/sails/sailsio/blueprint"
	"github.com/go-sails/sails/sailsio/model"
	"github.com/go-sails/sails/sailsio/model/modeltest"
	"github.com/go-sails/sails/sailsio/route"
	"github.com/go-sails/sails/sailsio/sailstest"
	"github.com/go-sails/sails/sailsio/sqlstore"
	"github.com/go-sails/sails/sailsio/sqlstore/sqltest"
)

func TestMain(m *testing.M) { leakcheck.Main(m) }

// world is an application with blueprints in memory.
type world struct {
	t      *testing.T
	db     *sql.DB
	store  *sqlstore.Store
	server *sailstest.Server
	routes []blueprint.Route
}

// newWorld serves all models of modeltest with REST routes and shortcuts, unless
// change says otherwise.
func newWorld(t *testing.T, change func(*blueprint.Config)) *world {
	t.Helper()
	return newWorldOn(t, sqltest.Open(t, sqlstore.SQLite), sqlstore.SQLite, change)
}

// newWorldOn does so on an empty database.
func newWorldOn(t *testing.T, db *sql.DB, dialect sqlstore.Dialect, change func(*blueprint.Config)) *world {
	t.Helper()
	schema := modeltest.Schema()
	store, err := sqlstore.New(sqlstore.Config{DB: db, Dialect: dialect, Schema: schema})
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Migrate(t.Context(), sqlstore.Alter, nil); err != nil {
		t.Fatal(err)
	}
	var handler http.Handler
	app, err := sailsio.New(sailsio.Config{Models: schema, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler.ServeHTTP(w, r) })})
	if err != nil {
		t.Fatal(err)
	}
	cfg := blueprint.Config{Store: store, Notifier: blueprint.App(app), ExposeAll: true, REST: true, Shortcuts: true}
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

func (w *world) connect() *client {
	w.t.Helper()
	c, err := w.server.Connect(w.t.Context(), sailstest.Options{})
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(c.Close)
	return &client{w.t, c}
}

type client struct {
	t *testing.T
	*sailstest.Client
}

// do sends "METHOD /path {json}" and returns the answer as text: status and
// body, times replaced by 0.
func (c *client) do(line string) string {
	c.t.Helper()
	method, path, data := split(line)
	var body any
	if data != "" {
		body = json.RawMessage(data)
	}
	res, err := c.Do(c.t.Context(), sailstest.Request{Method: method, URL: path, Data: body})
	if err != nil {
		c.t.Fatalf("%s: %v", line, err)
	}
	return masked(http.StatusText(res.StatusCode) + " " + string(res.Body))
}

// events returns what came since the last call.
func (c *client) events() []string {
	c.t.Helper()
	if _, err := c.Get(c.t.Context(), "/nowhere", nil); err != nil { // after its answer all is here
		c.t.Fatal(err)
	}
	var list []string
	for _, e := range c.Received() {
		list = append(list, masked(e.String()))
	}
	return list
}

// http sends a plain request.
func (w *world) http(line string) string {
	w.t.Helper()
	method, path, data := split(line)
	req, err := http.NewRequestWithContext(w.t.Context(), method, sailstest.URL+path, strings.NewReader(data))
	if err != nil {
		w.t.Fatal(err)
	}
	if data != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := w.server.Client().Do(req)
	if err != nil {
		w.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return masked(http.StatusText(res.StatusCode) + " " + compact(string(b)))
}

func split(line string) (method, path, data string) {
	method, rest, _ := strings.Cut(line, " ")
	path, data, _ = strings.Cut(rest, " ")
	return method, path, data
}

func compact(s string) string {
	var v any
	if json.Unmarshal([]byte(s), &v) != nil {
		return s
	}
	b, _ := json.Marshal(v)
	return string(b)
}

var times = regexp.MustCompile(`"(createdAt|updatedAt)":\d+`)

func masked(s string) string { return times.ReplaceAllString(s, `"$1":0`) }

func (w *world) seed(lines ...string) {
	w.t.Helper()
	for _, line := range lines {
		if got := w.http(line); !strings.HasPrefix(got, "OK ") {
			w.t.Fatalf("%s: %s", line, got)
		}
	}
}

func wantEvents(t *testing.T, got []string, want ...string) {
	t.Helper()
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func wantAnswer(t *testing.T, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func get(t *testing.T, s *model.Schema, identity string) *model.Model {
	t.Helper()
	m, ok := s.Model(identity)
	if !ok {
		t.Fatalf("no model %s", identity)
	}
	return m
}

func (w *world) execute(statement string) {
	w.t.Helper()
	if _, err := w.db.ExecContext(w.t.Context(), statement); err != nil {
		w.t.Fatal(err)
	}
}
