package blueprint_test

import (
	"database/sql"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/go-sails/sails/sailsio/blueprint"
	"github.com/go-sails/sails/sailsio/model"
	"github.com/go-sails/sails/sailsio/sqlstore"
	"github.com/go-sails/sails/sailsio/sqlstore/sqltest"
)

// onEach runs a test of the blueprints on every database there is.
func onEach(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	sqltest.Each(t, func(t *testing.T, db *sql.DB, dialect sqlstore.Dialect) {
		test(t, newWorldOn(t, db, dialect, func(c *blueprint.Config) { c.Limits = model.ClientLimits() }))
	})
}

// ids lists the numbers from 1 to n as JSON.
func ids(n int) string { return "[" + numbers(n) + "]" }

// SEC-81..85: what a stranger may try, over HTTP and sockets, is refused as his mistake
// on every database, and never an error of the server's.
func TestSEC84_strangers(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		w.seed(`POST /user {"name":"a","email":"a@b.co"}`, `POST /pet {"name":"p","owner":1}`, `POST /tag {"label":"t"}`)
		or := func(n int, branch string) string {
			return `{"or":[` + strings.TrimSuffix(strings.Repeat(branch+",", n), ",") + `]}`
		}
		nested := func(n int) string { return strings.Repeat(`{"and":[`, n) + `{"id":1}` + strings.Repeat(`]}`, n) }
		refused(t, w, "Bad Request",
			q("/user", "where", or(101, `{"id":1}`)), q("/user", "where", or(3, nested(11))), q("/user", "where", nested(500)), q("/user", "where", `{"id":`+ids(1001)+`}`),
			q("/user", "where", `{"name":{"like":"`+strings.Repeat("%a", 2000)+`"}}`), q("/user", "where", `{"name":{"contains":"`+strings.Repeat("a", 10_001)+`"}}`),
			q("/user", "where", `{"name":{"like":{"a":1}}}`), q("/user", "where", `{"name":{"like":["%"]}}`), q("/user", "where", `{"name":{"!=":{"a":1}}}`),
			q("/user", "where", `{"id":{"in":"1"}}`), q("/user", "where", `{"id":{"in":{"length":3}}}`), q("/user", "where", `{"id":{"<":[1]}}`), q("/user", "where", `{"age":{">":"x"}}`),
			q("/user", "where", `{"id":{"__proto__":1}}`), q("/user", "where", `{"constructor":{"name":"x"}}`), q("/user", "where", `{"id":{"constructor":1}}`), q("/user", "toString", "1"), q("/user", "hasOwnProperty", "1"),
			q("/user", "where", `{"profile->>'a'":1}`), q("/user", "where", `{"profile.a":1}`), q("/user", "where", `{"profile#>>'{}'":"x"}`), q("/user", "sort", "profile->a"), q("/user", "sort", "(SELECT 1)"), q("/user", "sort", "id; SELECT 1"),
			q("/user", "sort", `[{"id":"ASC NULLS LAST"}]`), q("/user", "sort", `[["id","ASC"]]`), q("/user", "sort", `{"id":"1; DROP TABLE user"}`), q("/user", "sort", "1"), q("/user", "select", "1"), q("/user", "select", "COUNT(*)"), q("/user", "select", "t.name"),
			q("/user", "omit", "name,1=1"), q("/user", "populate", "pets.owner"), q("/user", "populate", "pets;"), q("/user", "populate", strings.Repeat("pets", 1000)), q("/user", "populate", "name"),
			q("/user", "limit", "1e400"), q("/user", "limit", "NaN"), q("/user", "limit", "Infinity"), q("/user", "limit", "1.5"), q("/user", "limit", "1; DROP TABLE user"), q("/user", "skip", "1e300"), q("/user", "skip", "-9223372036854775808"), q("/user", "skip", "NaN"),
			`POST /user {"name":["a"],"email":"b@b.co"}`, `POST /user {"name":{"$gt":""},"email":"b@b.co"}`, `POST /user {"name":"b","email":"b@b.co","age":{"valueOf":1}}`, `POST /user {"name":"b","email":"b@b.co","age":-1}`, `POST /user {"name":"b","email":"b@b.co","age":1e308}`,
			`POST /user {"name":"b","email":"b@b.co","age":0.1}`, `POST /user {"name":"b","email":"b@b.co","active":"maybe"}`, `POST /user {"name":"b","email":"b@b.co","manager":{"id":1}}`, `POST /user {"name":"b","email":"b@b.co","manager":[1]}`,
			`POST /user {"name":"b","email":"b@b.co","manager":-1}`, `POST /user {"name":"b","email":"b@b.co","manager":"1 OR 1=1"}`, `POST /user {"name":"b","email":"b@b.co","manager":9007199254740993}`, `POST /user {"name":"b","email":"b@b.co","pets":"all"}`, `POST /user {"name":"b","email":"b@b.co","pets":[{"id":1}]}`,
			`POST /user {"name":"b","email":"b@b.co","pets":`+ids(1001)+`}`, `PATCH /user/1 {"pets":`+ids(1001)+`}`, `PUT /user/1/pets `+ids(1001), `PUT /user/1/pets [[1]]`, `PUT /user/1/pets [null]`, `PUT /user/1/pets {"length":1}`,
			`PATCH /user/1 {"age":"NaN"}`, `PATCH /user/1 {"name":null}`, `PATCH /user/1 {"email":"a"}`)
		refused(t, w, "Bad Request|Not Found", `PUT /user/1/pets/1%20OR%201=1`, "GET /user/1%20OR%201=1", "DELETE /user/1;DROP", "DELETE /user/%27%20OR%20%271%27=%271", "PUT /user/1/pets/%00", "GET /user/%F0%9F%98%80", "GET /user/99999999999999999999", "PATCH /user/-0 {}")
		refused(t, w, "OK|Bad Request", q("/user", "where", `{"name":"\u0000"}`)) // PostgreSQL cannot hold it
		c := w.connect()
		for where, want := range map[string]string{or(5, `{"id":`+ids(900)+`}`): "OK", or(6, `{"id":`+ids(900)+`}`): "Bad Request", or(90, or(90, `{"id":1}`)): "Bad Request"} {
			if got := c.do(`GET /user {"where":` + where + `}`); !strings.HasPrefix(got, want) { // too long for a URL
				t.Errorf("%.60s: %.300s", where, got)
			}
		}
		// The data of a GET are parameters over sockets, and over HTTP nothing.
		for _, line := range []string{`GET /user {"where":{"nope":1}}`, `GET /account {"where":{"password":"hash"}}`, `GET /account {"password":"hash"}`, `GET /account {"select":"password"}`,
			`GET /account {"sort":[{"password":"ASC"}]}`, `GET /user {"sort":null}`, `GET /user {"limit":{"a":1}}`, `GET /user {"select":["password"]}`} {
			if got := c.do(line); !strings.HasPrefix(got, "Bad Request") {
				t.Errorf("socket %s: %.300s", line, got)
			}
			path, _, _ := strings.Cut(line, " {")
			if got := w.http(line); got != w.http(path) {
				t.Errorf("http %s: %.300s", line, got)
			}
		}
		// Odd, but nothing wrong with them; the strings find nothing.
		refused(t, w, "OK", q("/user", "limit", "0x10"), q("/user", "limit", "-0"), q("/user", "sort", "id  DESC"), q("/user", "where", `{"name":"' OR 1=1 --"}`), q("/user", "where", `{"name":{"contains":"%"}}`),
			q("/user", "where", `{"name":{"startsWith":"\ud800"}}`), q("/user", "where", `{"id":1e300}`), q("/user", "where", `{"id":-1e300}`), q("/user", "where", `{"id":1.5}`), q("/user", "where", `{"age":{"<":1e308}}`), q("/user", "where", `{"profile":"x"}`),
			q("/user", "where", or(100, `{"id":1}`)), q("/user", "where", `{"name":{"like":"`+strings.Repeat("%a", 50)+`"}}`), q("/user", "limit", "9007199254740991", "skip", "1000000"))
		if n, err := w.store.Count(t.Context(), mustQuery(t, w, "user", model.Criteria{})); n != 1 || err != nil {
			t.Errorf("%d users, %v", n, err)
		}
	})
}

// SEC-84: the records of populated collections are bounded together.
func TestSEC84_populateBomb(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, db *sql.DB, dialect sqlstore.Dialect) {
		w := newWorldOn(t, db, dialect, func(c *blueprint.Config) {
			c.Limits = model.ClientLimits()
			c.Limits.Populated, c.Limits.Limit = 40, 20
		})
		for i := range 20 {
			w.seed(fmt.Sprintf(`POST /tag {"label":"t%d"}`, i))
		}
		all := ids(20)
		for range 10 {
			w.seed(`POST /pet {"name":"p","tags":` + all + `}`)
		}
		got := w.http("GET /pet?limit=20&populate=tags")
		if n := strings.Count(got, `"label"`); n != 20 { // 40 for 20 records are 2 for each of the 10
			t.Errorf("%d populated records", n)
		}
		if n := strings.Count(w.http("GET /pet/1?populate=tags"), `"label"`); n != 20 {
			t.Errorf("%d populated records of one", n)
		}
	})
}

// Writes of the same records at the same time are all answered as if one came after the
// other: no error of the server's, no pair twice, no record lost.
func TestParallelWrites(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, w *world) {
		for i := range 4 {
			w.seed(fmt.Sprintf(`POST /user {"name":"u","email":"u%d@b.co"}`, i), fmt.Sprintf(`POST /tag {"label":"t%d"}`, i), `POST /pet {"name":"p"}`)
		}
		lines := []string{"PUT /pet/1/tags [1,2,3,4]", "PUT /pet/1/tags [4,3,2]", "PUT /pet/1/tags/1", "DELETE /pet/1/tags/1", "PUT /pet/2/tags [3,4]", "PUT /tag/1/pets [4,3,2,1]", "PUT /tag/2/pets []",
			"PUT /user/1/pets [1,2,3]", "PUT /user/2/pets [3,2,1]", "PUT /user/3/pets/1", "DELETE /user/1/pets/2", `PATCH /pet/3 {"owner":4,"tags":[1,2]}`, `PATCH /user/4 {"pets":[1,4]}`, `POST /pet {"name":"n","tags":[4,1],"owner":1}`}
		var all sync.WaitGroup
		for i := range 4 {
			all.Go(func() {
				for j := range lines {
					line := lines[(i*5+j)%len(lines)]
					if got := w.http(line); !strings.HasPrefix(got, "OK") {
						t.Errorf("%s: %.300s", line, got)
					}
				}
			})
		}
		all.Wait()
		records, err := w.store.Find(t.Context(), mustPopulate(t, w, "pet", "tags"))
		if err != nil || len(records) != 8 {
			t.Fatalf("%d pets, %v", len(records), err)
		}
		if got := w.http("PUT /pet/1/tags [1,2]"); strings.Count(got, `"label"`) != 2 {
			t.Error(got)
		}
	})
}

func mustPopulate(t *testing.T, w *world, identity, alias string) *model.Query {
	t.Helper()
	query, err := get(t, w.store.Schema(), identity).Query(model.Criteria{}, []model.Populate{{Alias: alias}}, model.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return query
}
