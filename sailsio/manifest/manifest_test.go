package manifest_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/go-sails/sails/internal/leakcheck"
	"github.com/go-sails/sails/sailsio/action"
	"github.com/go-sails/sails/sailsio/manifest"
	"github.com/go-sails/sails/sailsio/model"
	"github.com/go-sails/sails/sailsio/route"
	"github.com/go-sails/sails/sailsio/sailstest"
	"github.com/go-sails/sails/sailsio/sqlstore"
	"github.com/go-sails/sails/sailsio/sqlstore/sqlite"
)

func TestMain(m *testing.M) { leakcheck.Main(m) }

const secret = "a-secret-for-tests-0123456789-abcdefgh"

// exported is the manifest of the conformance application, as `sails export` wrote it.
func exported(t *testing.T) *manifest.Manifest {
	t.Helper()
	m, err := manifest.ReadFile("testdata/conformance.json")
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// lift builds a manifest on a database in memory.
func lift(t *testing.T, m *manifest.Manifest, change func(*manifest.Options)) *manifest.Application {
	t.Helper()
	db, err := sqlite.Memory()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	o := manifest.Options{DB: db, Dialect: sqlstore.SQLite, SessionSecrets: []string{secret}}
	if change != nil {
		change(&o)
	}
	app, err := manifest.Build(m, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := app.Shutdown(t.Context()); err != nil && t.Context().Err() == nil {
			t.Error(err)
		}
	})
	if app.Store() != nil {
		if err := app.Store().Migrate(t.Context(), sqlstore.Alter, nil); err != nil {
			t.Fatal(err)
		}
	}
	return app
}

// do sends "METHOD /path {json}" over plain HTTP.
func do(t *testing.T, h http.Handler, line string) *httptest.ResponseRecorder {
	t.Helper()
	method, rest, _ := strings.Cut(line, " ")
	path, body, _ := strings.Cut(rest, " ")
	r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func wantStatus(t *testing.T, h http.Handler, line string, status int) string {
	t.Helper()
	w := do(t, h, line)
	if w.Code != status {
		t.Errorf("%s: got %d, want %d: %s", line, w.Code, status, w.Body)
	}
	return w.Body.String()
}

func TestConformanceManifest(t *testing.T) {
	t.Parallel()
	app := lift(t, exported(t), nil)
	if w := do(t, app, "GET /user"); w.Header().Get("X-Powered-By") != "Sails <sailsjs.com>" { // RS-13
		t.Errorf("headers %v", w.Header())
	}
	wantStatus(t, app, `POST /user {"name":"Ann","email":"ann@example.com"}`, 200)
	wantStatus(t, app, `POST /user {"name":"Ann","email":"no mail"}`, 400)
	wantStatus(t, app, `POST /room {"code":"UPPER"}`, 400) // the regular expression
	wantStatus(t, app, `POST /room {"code":"lobby"}`, 200)
	wantStatus(t, app, "GET /user/find", 200) // shortcut

	// PL-2, PL-3: vet/destroy is false; needLogin was not carried over.
	wantStatus(t, app, `POST /vet {"name":"Own"}`, 200)
	wantStatus(t, app, "DELETE /vet/1", 403)
	wantStatus(t, app, `PATCH /vet/1 {"name":"X"}`, 403)

	// The model's JavaScript is missing: create and update are closed, the rest not.
	if body := wantStatus(t, app, `POST /widget {"str":"x"}`, 501); !strings.Contains(body, "E_NOT_PORTED") {
		t.Error(body)
	}
	wantStatus(t, app, `PATCH /widget/1 {"str":"x"}`, 501)
	wantStatus(t, app, "GET /widget", 200)
	wantStatus(t, app, "GET /widget?secret=x", 400) // SEC-83: hidden is not filterable

	wantStatus(t, app, "GET /sock/id", 501)
	wantStatus(t, app, "GET /go/response", 501)
	wantStatus(t, app, "GET /policy/closed", 403)
	if w := do(t, app, "GET /go/redirect"); w.Code != 302 || w.Header().Get("Location") != "/echo?from=static-redirect" {
		t.Errorf("redirect: %d %v", w.Code, w.Header())
	}
	wantStatus(t, app, "GET /nowhere/at/all", 404)

	// Kinds and answers of what routes lists, and gaps.
	answers := map[string]string{}
	for _, r := range app.Routes() {
		answers[r.Address] = r.Kind + " " + r.Answer
	}
	for address, want := range map[string]string{
		"GET /user": "blueprint go", "POST /widget": "blueprint closed", "PATCH /vet/:id": "blueprint closed",
		"GET /go/redirect": "custom go", "/sock/id": "custom closed", "GET /csrf": "custom go", "GET /go/response": "custom closed",
	} {
		if answers[address] != want {
			t.Errorf("%s: %q, want %q", address, answers[address], want)
		}
	}
	for _, want := range []manifest.Gap{
		{Kind: "policy", Name: "needLogin", Closes: "403 for the actions it guards"},
		{Kind: "model", Name: "widget.beforeCreate", Closes: "501 for create"},
		{Kind: "action", Name: "sock/id", Closes: "501 for its routes"},
		{Kind: "route", Name: "GET /go/response", Closes: "501"},
	} {
		if !slices.Contains(app.Gaps(), want) {
			t.Errorf("no gap %v", want)
		}
	}
}

// The same application once its code exists in Go.
func TestCounterparts(t *testing.T) {
	t.Parallel()
	app := lift(t, exported(t), func(o *manifest.Options) {
		o.Actions = map[string]http.Handler{
			"SockController.id": http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { action.JSON(w, r, "ported") }),
			"tag/find":          http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { action.JSON(w, r, "my own") }), // BP-5
		}
		o.Policies = map[string]route.Policy{"needlogin": func(next http.Handler) http.Handler { return next }}
		o.Models = func(list []model.Definition) map[string][]string {
			for i := range list {
				if list[i].Identity == "widget" {
					list[i].ToJSON = func(r model.Record) model.Record { r["seen"] = true; return r }
				}
			}
			return map[string][]string{"widget": {"custom:even", "beforeCreate"}}
		}
	})
	wantStatus(t, app, "GET /sock/id", 200)
	if body := wantStatus(t, app, "GET /tag", 200); !strings.Contains(body, "my own") {
		t.Error(body)
	}
	wantStatus(t, app, `POST /vet {"name":"Own"}`, 200)
	wantStatus(t, app, `PATCH /vet/1 {"name":"X"}`, 200)
	if body := wantStatus(t, app, `POST /widget {"str":"x"}`, 200); !strings.Contains(body, `"seen": true`) {
		t.Error(body)
	}
}

func TestUpstream(t *testing.T) {
	t.Parallel()
	m := exported(t)
	m.CSRF = true
	app := lift(t, m, func(o *manifest.Options) {
		o.Upstream = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-Old", r.Method+" "+r.URL.Path)
			w.WriteHeader(http.StatusTeapot)
		})
	})
	// Unported actions, policies and unknown paths; and CSRF is theirs.
	for _, line := range []string{"GET /sock/id", "POST /sock/id", "GET /nowhere", "OPTIONS /nowhere", "GET /policy/login", "GET /vet/update/1"} {
		if w := do(t, app, line); w.Code != http.StatusTeapot || w.Header().Get("X-Old") != line {
			t.Errorf("%s: %d %v", line, w.Code, w.Header())
		}
	}
	wantStatus(t, app, "GET /user", 200)
	wantStatus(t, app, `POST /user {"name":"Ann"}`, 403) // SEC-78
	for _, r := range app.Routes() {
		if r.Address == "/sock/id" && r.Answer != "upstream" {
			t.Errorf("%+v", r)
		}
	}
}

func TestProduction(t *testing.T) {
	t.Parallel()
	m := exported(t)
	production := func(o *manifest.Options) {
		o.Production = true
		o.BeforeConnect = func(*http.Request) error { return nil }
	}
	app := lift(t, m, production)
	wantStatus(t, app, "GET /user", 200)
	wantStatus(t, app, "GET /user/create?name=x&email=y@example.com", 400) // findOne: shortcuts are off
	if body := wantStatus(t, app, "GET /sock/id", 501); strings.Contains(body, "ported") {
		t.Error("an explanation in production: " + body)
	}
	m.Blueprints.Expose = nil
	app = lift(t, m, production)
	wantStatus(t, app, "GET /user", 404)

	_, err := manifest.Build(m, manifest.Options{Production: true, SessionSecrets: []string{secret}, DB: nil})
	if err == nil || !strings.Contains(err.Error(), "Options.DB") {
		t.Errorf("without a database: %v", err)
	}
}

// A serialiser that is missing hides everything but keys, in other models too.
func TestMissingSerialiser(t *testing.T) {
	t.Parallel()
	m := &manifest.Manifest{
		Version: 1, Blueprints: manifest.Blueprints{REST: true},
		Models: []manifest.Model{
			{Identity: "pet", Attributes: []manifest.Attribute{{Name: "id", Type: "number", AutoIncrement: true}, {Name: "name", Type: "string"}, {Name: "owner", Model: "user"}}},
			{Identity: "user", Unported: []string{"customToJSON", "encrypt:password"}, Attributes: []manifest.Attribute{
				{Name: "id", Type: "number", AutoIncrement: true}, {Name: "password", Type: "string"}, {Name: "name", Type: "string"},
			}},
		},
	}
	app := lift(t, m, nil)
	user, _ := app.Schema().Model("user")
	if _, err := app.Store().Create(t.Context(), user, model.Record{"name": "Ann", "password": "pw"}); err != nil {
		t.Fatal(err)
	}
	wantStatus(t, app, "GET /user", 501)
	body := wantStatus(t, app, `POST /pet {"name":"rex","owner":1}`, 200)
	if strings.Contains(body, "Ann") || strings.Contains(body, "pw") || !strings.Contains(body, `"owner": {`) {
		t.Error(body)
	}
}

func TestMissingParser(t *testing.T) {
	t.Parallel()
	m := exported(t)
	m.Blueprints.Unported = []string{"parseBlueprintOptions"}
	app := lift(t, m, nil)
	wantStatus(t, app, "GET /user", 501)
	wantStatus(t, app, "GET /user/1", 501)
}

func TestAssets(t *testing.T) {
	t.Parallel()
	files := fstest.MapFS{
		"index.html": {Data: []byte("<h1>hello</h1>")}, "js/app.js": {Data: []byte("1")},
		".env": {Data: []byte("SECRET=1")}, ".git/config": {Data: []byte("x")}, "empty/file": {Data: []byte("x")},
	}
	app := lift(t, exported(t), func(o *manifest.Options) { o.Assets = files })
	if body := wantStatus(t, app, "GET /", 200); !strings.Contains(body, "hello") {
		t.Error(body)
	}
	wantStatus(t, app, "GET /js/app.js", 200)
	for _, path := range []string{"/.env", "/js/../.env", "/.git/config", "/empty/", "/js", "/nothing.js"} {
		wantStatus(t, app, "GET "+path, 404)
	}
	wantStatus(t, app, "POST /js/app.js", 404)

	server := sailstest.NewServer(app.App())
	defer server.Close()
	c, err := server.Connect(t.Context(), sailstest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	res, err := c.Get(t.Context(), "/js/app.js", nil) // VR-11
	if err != nil || res.StatusCode != 404 {
		t.Errorf("over a socket: %v %v", res, err)
	}
}

func TestRouteKinds(t *testing.T) {
	t.Parallel()
	m := exported(t)
	m.Routes = []manifest.Route{
		{Address: "GET /me/pets", Action: "PetController.find"},
		{Address: "GET /guarded", Action: "test/ping", Policies: []string{"nobodyKnows"}},
		{Address: "GET /nothing", Action: "no/such"},
		{Address: "GET /open", Action: "user/find", CORS: &manifest.CORS{AllowOrigins: []string{"http://a.example"}}, SkipAssets: new(true), CSRF: new(true)},
		{Address: "GET /closed", Action: "user/find", NoCORS: true},
	}
	m.Policies = map[string][]string{"*": {"true"}, "pet/*": {"false"}}
	m.CORS = manifest.CORS{AllRoutes: true}
	app := lift(t, m, nil)
	wantStatus(t, app, "GET /me/pets", 403) // PL-1: by the action, whatever the route
	wantStatus(t, app, "GET /guarded", 403)
	wantStatus(t, app, "GET /nothing", 501)
	r := httptest.NewRequest("GET", "/open", nil)
	r.Header.Set("Origin", "http://a.example")
	w := httptest.NewRecorder()
	app.ServeHTTP(w, r)
	if got := w.Header().Get("Access-Control-Allow-Origin"); got != "http://a.example" { // CO-2
		t.Errorf("origin %q", got)
	}
	if w := do(t, app, "GET /closed"); w.Header().Get("Access-Control-Allow-Origin") != "" {
		t.Error("noCors has CORS headers")
	}
	m.Routes = []manifest.Route{{Address: "GET /x", Action: "a/b", Redirect: "/c"}}
	if _, err := build(t, m); err == nil {
		t.Error("a route with action and redirect was accepted")
	}
}

func build(t *testing.T, m *manifest.Manifest) (*manifest.Application, error) {
	t.Helper()
	db, err := sqlite.Memory()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return manifest.Build(m, manifest.Options{DB: db, Dialect: sqlstore.SQLite, SessionSecrets: []string{secret}})
}

func TestBuild_Mistakes(t *testing.T) {
	t.Parallel()
	for want, change := range map[string]func(*manifest.Manifest){
		"trustProxies":      func(m *manifest.Manifest) { m.TrustProxies = []string{"nonsense"} },
		"sameSite":          func(m *manifest.Manifest) { m.Session.Cookie.SameSite = "sometimes" },
		"beforeConnect":     func(m *manifest.Manifest) { m.Sockets.Unported = []string{"beforeConnect"} },
		"line break":        func(m *manifest.Manifest) { m.PoweredBy = "a\r\nSet-Cookie: b" },
		"unknown entry":     func(m *manifest.Manifest) { m.Models[0].Unported = []string{"magic"} },
		"no such attribute": func(m *manifest.Manifest) { m.Models[0].Hidden = []string{"nothing"} },
		"isIn": func(m *manifest.Manifest) {
			m.Models[0].Attributes[3].Validations.IsIn = []json.RawMessage{[]byte("{")}
		},
		"isNotIn": func(m *manifest.Manifest) {
			m.Models[0].Attributes[3].Validations.IsNotIn = []json.RawMessage{[]byte("{")}
		},
		"isAfter":           func(m *manifest.Manifest) { m.Models[0].Attributes[3].Validations.IsAfter = "yesterday" },
		"defaultsTo":        func(m *manifest.Manifest) { m.Models[0].Attributes[3].DefaultsTo = []byte("{") },
		"look":              func(m *manifest.Manifest) { m.Models[0].Attributes[3].Validations.Regex = "(?=x)" },
		"unknown model":     func(m *manifest.Manifest) { m.Blueprints.Expose["ghost"] = manifest.Exposure{} },
		"unknown verb":      func(m *manifest.Manifest) { m.Routes[0].Address = "FETCH /x" },
		"there is no model": func(m *manifest.Manifest) { m.Models = m.Models[1:] },
		"polling":           func(m *manifest.Manifest) { m.Sockets.Transports = []string{"pigeon"} },
	} {
		m := exported(t)
		change(m)
		if _, err := build(t, m); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}

func TestReadOnly(t *testing.T) {
	t.Parallel()
	m := exported(t)
	for i := range m.Models {
		if m.Models[i].Identity == "user" {
			m.Models[i].ReadOnly = []string{"role"} // SEC-86
		}
	}
	app := lift(t, m, nil)
	body := wantStatus(t, app, `POST /user {"name":"Ann","email":"ann@example.com","role":"admin"}`, 200)
	if !strings.Contains(body, `"role": "guest"`) {
		t.Error(body)
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	m := exported(t)
	m.Session = manifest.Session{Disabled: true}
	m.Sockets.Grant3rdPartyCookie = new(false)
	m.Blueprints.Expose["user"] = manifest.Exposure{REST: new(false), Shortcuts: new(false)}
	m.Blueprints.AutoWatch = new(false)
	app := lift(t, m, nil)
	wantStatus(t, app, "GET /__getcookie", 404) // CN-50
	wantStatus(t, app, "GET /user", 404)        // BP-4
	if w := do(t, app, "GET /tag"); len(w.Result().Cookies()) != 0 {
		t.Error("a cookie without sessions")
	}
}

func TestRead(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/conformance.json")
	if err != nil {
		t.Fatal(err)
	}
	m, err := manifest.Read(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	var again bytes.Buffer
	if err := m.Write(&again); err != nil {
		t.Fatal(err)
	}
	var a, b any
	if json.Unmarshal(text, &a) != nil || json.Unmarshal(again.Bytes(), &b) != nil {
		t.Fatal("no JSON")
	}
	x, _ := json.Marshal(a)
	y, _ := json.Marshal(b)
	if !bytes.Equal(x, y) {
		t.Errorf("reading and writing changes the manifest:\n%s\n%s", x, y)
	}
	for text, want := range map[string]string{
		`{"version":1,"csrff":true}`:                  `unknown field "csrff"`,
		`{"version":2}`:                               "version 2",
		`{}`:                                          "version 0",
		"{\"version\":1,\n\"csrf\":\"yes\"}":          "line 2: csrf is a JSON string, and has to be true or false",
		"{\"version\":1,\n\"models\":{}}":             "line 2: models is a JSON object, and has to be a list",
		"{\"version\":1,\n\n\"modles\":[]}":           `line 3: unknown field "modles"`,
		"{\"version\":1,\n":                           "line 2: the text ends too early",
		"{\"version\":1,\n\n}":                        "line 3: no JSON",
		`{"version":1} {}`:                            "follows the end",
		strings.Repeat(" ", manifest.MaxBytes) + "{}": "larger",
	} {
		if _, err := manifest.Read(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: %v, want %q", text, err, want)
		}
	}
	if _, err := manifest.ReadFile("testdata/nothing.json"); err == nil {
		t.Error("a file that does not exist was read")
	}
}

func FuzzRead(f *testing.F) {
	text, err := os.ReadFile("testdata/conformance.json")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte(`{"version":1,"models":[{"identity":"a","attributes":[{"name":"id","type":"number"}]}]}`))
	f.Add([]byte(`{"version":1,"routes":[{"address":"r|(|a","action":"b"}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		m, err := manifest.Read(bytes.NewReader(text))
		if err != nil {
			return
		}
		if app, err := build(t, m); err == nil {
			do(t, app, "GET /a")
			if err := app.Shutdown(t.Context()); err != nil {
				t.Error(err)
			}
		}
	})
}
