package blueprint_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/go-sails/sails/sailsio/action"
	"github.com/go-sails/sails/sailsio/blueprint"
	"github.com/go-sails/sails/sailsio/model"
)

// refused checks that each request is answered with one of the statuses and that
// nothing of the server shows in it.
func refused(t *testing.T, w *world, want string, lines ...string) {
	t.Helper()
	c := w.connect()
	for _, line := range lines {
		for how, got := range map[string]string{"socket": c.do(line), "http": w.http(line)} {
			ok := false
			for status := range strings.SplitSeq(want, "|") {
				ok = ok || strings.HasPrefix(got, status)
			}
			if !ok || strings.Contains(got, ".go:") || strings.Contains(strings.ToLower(got), "sqlite") {
				t.Errorf("%s %s: %s", how, line, got)
			}
		}
	}
}

func q(path string, params ...string) string {
	v := url.Values{}
	for i := 0; i+1 < len(params); i += 2 {
		v.Add(params[i], params[i+1])
	}
	return "GET " + path + "?" + v.Encode()
}

// SEC-81: what cannot be parsed, and the wrong type for any parameter.
func TestSEC81_unparsable(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.seed(`POST /user {"name":"a","email":"a@b.co"}`, `POST /pet {"name":"p"}`)
	refused(t, w, "Bad Request", "GET /user?where=notjson", "GET /user?where=", "GET /user?where={", "GET /user?where=null", "GET /user?where=true",
		"GET /user?select=a&select=b", "GET /user?omit=a&omit=b", "GET /user?populate=a&populate=b", "GET /user?limit=x", "GET /user?limit=1&limit=2", "GET /user?skip=x", "GET /user?skip=-1",
		"GET /user?sort=5", "GET /user?sort=a%20b%20c", "GET /user/1/pets?where=x", "GET /user/1/pets?limit=x", "GET /user/1/manager?limit=1",
		"PUT /user/1/pets?pets=x", `PUT /user/1/pets ["x"]`, `PUT /user/1/pets [{"id":1}]`, `PUT /user/1/pets {"pets":[1]}`, "PUT /user/1/pets",
		"PUT /user/abc/pets/1", "PUT /user/1/pets/abc", "DELETE /user/abc/pets/1", "PUT /user/abc/pets [1]", "GET /user/abc", "PATCH /user/abc {}",
		`POST /user [1]`, `POST /user {"name":{},"email":[]}`, `POST /pet {"name":"x","owner":{"id":1}}`)
	strict := newWorld(t, func(c *blueprint.Config) { c.Strict = true })
	refused(t, strict, "Internal Server Error", "GET /user?where=notjson", "GET /user?select=a&select=b") // SU-15
}

// SEC-82, SEC-83, SEC-85: operators, names and SQL.
func TestSEC82_injection(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.seed(`POST /account {"login":"ann"}`, `POST /user {"name":"a","email":"a@b.co"}`)
	refused(t, w, "Bad Request",
		q("/user", "where", `{"name":{"$gt":""}}`), q("/user", "where", `{"name":{"$where":"1"}}`), q("/user", "where", `{"$or":[]}`), q("/user", "where", `{"not":{"name":"a"}}`),
		q("/user", "where", `{"name":{"regex":".*"}}`), q("/user", "where", `{"name\" OR 1=1 --":1}`), q("/user", "sort", `name; DROP TABLE user`), q("/user", "sort", `__proto__`),
		q("/user", "select", `name" FROM user --`), q("/user", "omit", "__proto__"), q("/user", "populate", "constructor"), q("/user", "password", "x"), q("/user", "where", `{"__proto__":{"x":1}}`),
		q("/account", "password", "hash"), q("/account", "where", `{"password":{"startsWith":"h"}}`), q("/account", "sort", "password"), q("/account", "select", "password"), q("/account", "omit", "password"))
	if got := w.http(q("/user", "where", `{"name":{"contains":"' OR '1'='1"}}`)); got != "OK []" {
		t.Error(got)
	}
	if got := w.http("GET /account"); strings.Contains(got, "hash") || !strings.Contains(got, "ann") {
		t.Error(got)
	}
}

// SEC-84: bounds.
func TestSEC84_bounds(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *blueprint.Config) {
		c.Limits = model.ClientLimits()
		c.Limits.Limit = 3
	})
	for range 5 {
		w.seed(`POST /vet {"name":"v"}`)
	}
	deep := strings.Repeat(`{"or":[`, 12) + `{"name":"x"}` + strings.Repeat(`]}`, 12)
	many := `{"or":[` + strings.TrimSuffix(strings.Repeat(`{"name":"x"},`, 101), ",") + `]}`
	in := `{"id":[` + strings.TrimSuffix(strings.Repeat(`1,`, 1001), ",") + `]}`
	c := w.connect()
	for _, where := range []string{deep, many, in, `{"name":{"contains":"` + strings.Repeat("x", 10_001) + `"}}`} {
		if got := c.do(`GET /vet {"where":` + where + `}`); !strings.HasPrefix(got, "Bad Request") {
			t.Errorf("%.60s: %.100s", where, got)
		}
	}
	refused(t, w, "Bad Request", "GET /vet?skip=1000001", "GET /user?populate=a,b,c,d,e,f,g,h,i,j,k")
	for _, line := range []string{"GET /vet?limit=4", "GET /vet?limit=-1", "GET /vet?limit=9007199254740991", "GET /vet"} {
		if got := w.http(line); strings.Count(got, `"id"`) != 3 {
			t.Errorf("%s: %s", line, got)
		}
	}
	if got := c.do(`PUT /pet/1/tags [` + strings.TrimSuffix(strings.Repeat("1,", 1001), ",") + `]`); !strings.HasPrefix(got, "Not Found") { // 1001 times the same id
		t.Error(got)
	}
	if got := c.do(`PUT /pet/1/tags [` + numbers(1001) + `]`); !strings.HasPrefix(got, "Bad Request") {
		t.Error(got)
	}
}

func numbers(n int) string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprint(i + 1)
	}
	return strings.Join(list, ",")
}

// SEC-86: what clients may not set is ignored.
func TestSEC86_massAssignment(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	got := w.http(`POST /account {"login":"ann","id":7,"createdAt":1,"updatedAt":1,"password":"mine","admin":true,"nope":1,"__proto__":{"admin":true}}`)
	wantAnswer(t, got, `OK {"admin":false,"createdAt":0,"id":1,"joined":"","login":"ann","updatedAt":0}`)
	got = w.http(`PATCH /account/1 {"login":"bob","id":7,"createdAt":1,"password":"mine","admin":true,"nope":1}`)
	wantAnswer(t, got, `OK {"admin":false,"createdAt":0,"id":1,"joined":"","login":"bob","updatedAt":0}`)
	record, err := w.store.FindOne(t.Context(), mustQuery(t, w, "account", model.Criteria{Where: 1}))
	if err != nil || record["password"] != "hash" || record["createdAt"].(float64) < 1e12 {
		t.Errorf("%v %v", record, err)
	}
	w = newWorld(t, func(c *blueprint.Config) { c.UnsafeAutomatic = true })
	if got := w.http(`POST /vet {"name":"v","id":7}`); !strings.Contains(got, `"id":7`) {
		t.Error(got)
	}
}

func mustQuery(t *testing.T, w *world, identity string, c model.Criteria) *model.Query {
	t.Helper()
	query, err := get(t, w.store.Schema(), identity).Query(c, nil, model.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return query
}

// SEC-87: no id, or something that is none, changes nothing.
func TestSEC87_noID(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.seed(`POST /user {"name":"a","email":"a@b.co"}`, `POST /user {"name":"b","email":"b@b.co"}`)
	refused(t, w, "Not Found", "DELETE /user", "PATCH /user {}", "DELETE /user/9", "PATCH /user/9 {}")
	refused(t, w, "Bad Request|Not Found", `DELETE /user {"id":{">":0}}`, `DELETE /user {"id":[1,2]}`, "DELETE /user?id=1&id=2", "DELETE /user/x", "DELETE /user?id=", "PATCH /user/x {}",
		"DELETE /user/0", "DELETE /user/-1", "DELETE /user/1.5", "DELETE /user/1e300", `DELETE /user {"id":null}`, `DELETE /user {"id":true}`)
	if n, err := w.store.Count(t.Context(), mustQuery(t, w, "user", model.Criteria{})); n != 1 && n != 2 || err != nil {
		t.Errorf("%d users left, %v", n, err)
	}
	for _, line := range []string{"GET /account/1", "DELETE /account/1"} {
		w.http(`POST /account {"login":"x"}`)
		if got := w.http(line); strings.Contains(got, "password") {
			t.Error(got)
		}
	}
}

// Nothing is served unless asked for, by model and by action.
func TestExpose(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *blueprint.Config) {
		c.ExposeAll = false
		c.Expose = map[string]blueprint.Exposure{"user": {Actions: blueprint.ReadOnly}, "tag": {NoShortcuts: true}, "vet": {NoREST: true}, "pet": {Actions: []blueprint.Action{}}}
	})
	wantAnswer(t, w.http("GET /user"), "OK []")
	wantAnswer(t, w.http("GET /tag"), "OK []")
	wantAnswer(t, w.http("GET /vet/find"), "OK []")
	refused(t, w, "Not Found", "GET /room", "GET /pet", `POST /user {"name":"x","email":"x@b.co"}`, "PATCH /user/1 {}", "DELETE /user/1", "PUT /user/1/pets/1", "GET /vet", "POST /vet {}")
	refused(t, w, "Bad Request", "GET /tag/find", "GET /user/create?name=x") // findOne, with the ids find and create
	var none blueprint.Config
	if _, err := blueprint.New(none); err == nil {
		t.Error("no error without a store")
	}
	for _, expose := range []map[string]blueprint.Exposure{{"nope": {}}, {"user": {Actions: []blueprint.Action{"drop"}}}} {
		if _, err := blueprint.New(blueprint.Config{Store: w.store, Expose: expose}); err == nil {
			t.Errorf("%v: no error", expose)
		}
	}
	api, err := blueprint.New(blueprint.Config{Store: w.store})
	if err != nil || len(api.Routes()) != 0 {
		t.Errorf("%v, %d routes", err, len(api.Routes()))
	}
}

// BP-19: options from the application, and records narrowed to a scope.
func TestParse(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *blueprint.Config) {
		c.Parse = func(r *http.Request, parse func() (*blueprint.Options, error)) (*blueprint.Options, error) {
			if action.Param(r, "stop").Defined() {
				return nil, &model.UsageError{Code: "E_STOP", Details: "stop"}
			}
			if action.Param(r, "fail").Defined() {
				return nil, errors.New("the application's own")
			}
			o, err := parse()
			if err == nil && o.Model.Identity == "account" {
				o.Scope = model.Record{"admin": false, "password": "hash"}
			}
			return o, err
		}
	})
	for i, admin := range []bool{false, true} {
		m := get(t, w.store.Schema(), "account")
		if _, err := w.store.Create(t.Context(), m, model.Record{"login": fmt.Sprint("u", i), "admin": admin}); err != nil {
			t.Fatal(err)
		}
	}
	if got := w.http("GET /account"); strings.Count(got, `"id"`) != 1 {
		t.Error(got)
	}
	refused(t, w, "Not Found", "GET /account/2", `PATCH /account/2 {"login":"x"}`, "DELETE /account/2")
	wantAnswer(t, w.http(`PATCH /account/1 {"login":"x"}`), `OK {"admin":false,"createdAt":0,"id":1,"joined":"","login":"x","updatedAt":0}`)
	if got := w.http("GET /account?stop=1"); !strings.HasPrefix(got, `Bad Request {"code":"E_STOP"`) {
		t.Error(got)
	}
	refused(t, w, "Internal Server Error", "GET /account?fail=1")
}

// FuzzRequests: no request is answered with a server error, whatever its path
// parameters, query and body are (SEC-81).
func FuzzRequests(f *testing.F) {
	for _, seed := range []struct{ route, id, query, body string }{
		{"GET /user", "", "where={}", ""}, {"GET /user/:id", "1", "select=name", ""}, {"POST /user", "", "", `{"name":"a","email":"a@b.co","pets":[1]}`},
		{"PATCH /user/:id", "1", "", `{"age":1e999}`}, {"DELETE /user", "", "id=1", ""}, {"PUT /user/:id/pets", "1", "pets=[1]", `[1,"2"]`},
		{"PUT /pet/:id/tags/1", "1", "", ""}, {"GET /user/:id/pets", "%00", "where=[1]&limit=0&sort=name", ""}, {"POST /widget", "", "", `{"doc":{"a":[[[]]]},"str":"\u0000"}`},
		{"GET /room/:id", "a", "populate=messages&omit=code", ""}, {"GET /user/create", "", "name=x&email=a@b.co&pets=[", ""},
	} {
		f.Add(seed.route, seed.id, seed.query, seed.body)
	}
	f.Fuzz(fuzzRequest(f))
}
