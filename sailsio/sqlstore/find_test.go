package sqlstore_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"database/sql"
	"github.com/go-sails/sails/sailsio/model"
	"github.com/go-sails/sails/sailsio/model/modeltest"
	"github.com/go-sails/sails/sailsio/sqlstore"
	"github.com/go-sails/sails/sailsio/sqlstore/sqltest"
)

// names joins one attribute of records.
func names(records []model.Record, attribute string) string {
	var list []string
	for _, r := range records {
		list = append(list, fmt.Sprint(r[attribute]))
	}
	return strings.Join(list, " ")
}

func where(t *testing.T, text string) any {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// Spec 7.4: every element of the criteria language, BP-37 coercion.
func TestFind_where(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, db *sql.DB, dialect sqlstore.Dialect) {
		s := migrated(t, db, dialect, modeltest.Schema())
		create(t, s, "user", model.Record{"name": "Ann", "email": "a@b.co", "age": 3, "profile": map[string]any{"k": []any{1}}})
		create(t, s, "user", model.Record{"name": "bob", "email": "b@b.co", "manager": 1, "active": false, "profile": "text_%!*?[x]"})
		create(t, s, "user", model.Record{"name": "Cy_x%!*?[", "email": "c@b.co", "manager": 1, "nickname": "n ", "profile": 7})
		// Behind a bar is what PostgreSQL and MySQL answer, as Waterline on them does:
		// null is not unequal to anything, and an underscore in like is a wildcard.
		for _, c := range []struct{ where, want string }{
			{`{}`, "1 2 3"}, {`null`, "1 2 3"}, {`2`, "2"}, {`"2"`, "2"}, {`[3,1]`, "1 3"},
			{`{"name":"Ann"}`, "1"}, {`{"name":"ann"}`, ""}, {`{"age":"3"}`, "1"}, {`{"age":3.5}`, ""},
			{`{"id":1e300}`, ""}, {`{"id":1.5}`, ""}, {`{"id":{">":1.5}}`, "2 3"}, {`{"id":{"<":1e300}}`, "1 2 3"},
			{`{"name":["Ann","bob"]}`, "1 2"}, {`{"name":{"in":["bob"]}}`, "2"}, {`{"name":{"nin":["bob"]}}`, "1 3"},
			{`{"age":{"nin":[3]}}`, "2 3|"}, {`{"age":{"!=":3}}`, "2 3|"}, {`{"age":{"!":3}}`, "2 3|"}, {`{"age":{"not":3}}`, "2 3|"}, {`{"age":{"!==":[3]}}`, "2 3|"},
			{`{"age":null}`, "2 3"}, {`{"age":{"!=":null}}`, "1"},
			{`{"id":{">":1,"<":3}}`, "2"}, {`{"id":{">=":2}}`, "2 3"}, {`{"id":{"<=":"2"}}`, "1 2"},
			{`{"name":{"lessThan":"b"}}`, "1 3"}, {`{"id":{"greaterThanOrEqual":3}}`, "3"},
			{`{"name":{"contains":"n"}}`, "1"}, {`{"name":{"contains":"N"}}`, ""}, {`{"name":{"startsWith":"a"}}`, ""}, {`{"name":{"startsWith":"A"}}`, "1"},
			{`{"name":{"endsWith":"b"}}`, "2"}, {`{"name":{"contains":"_x"}}`, "3"}, {`{"name":{"contains":"%"}}`, "3"}, {`{"name":{"contains":"*"}}`, "3"},
			{`{"name":{"contains":"?["}}`, "3"}, {`{"name":{"contains":"!"}}`, "3"}, {`{"name":{"contains":""}}`, "1 2 3"}, {`{"name":{"contains":5}}`, ""},
			{`{"name":{"like":"%n%"}}`, "1"}, {`{"name":{"like":"A_n"}}`, "|1"}, {`{"name":{"like":"A%n"}}`, "1"}, {`{"name":{"like":"Ann"}}`, "1"}, {`{"name":{"like":"%x\\%%"}}`, "3"}, {`{"name":{"like":"%%"}}`, "1 2 3"},
			{`{"or":[{"name":"Ann"},{"id":2}]}`, "1 2"}, {`{"and":[{"name":"Ann"},{"id":2}]}`, ""}, {`{"or":[]}`, ""}, {`{"and":[]}`, "1 2 3"}, {`{"or":[{}]}`, "1 2 3"},
			{`{"and":[{"or":[{"id":1},{"id":2}]},{"active":false}]}`, "2"}, {`{"name":[]}`, ""}, {`{"name":{"nin":[]}}`, "1 2 3"}, {`{"or":[{"name":[]},{"id":3}]}`, "3"},
			{`{"active":"false"}`, "2"}, {`{"active":1}`, "1 3"}, {`{"manager":1}`, "2 3"}, {`{"manager":null}`, "1"}, {`{"manager":{"!=":1}}`, "1|"}, {`{"manager":"1"}`, "2 3"},
			{`{"profile":"x"}`, ""}, {`{"profile":7}`, "3"}, {`{"profile":"7"}`, ""}, {`{"profile":{"!=":7}}`, "1 2"}, {`{"profile":{"in":[7,"text_%!*?[x]"]}}`, "2 3"},
			{`{"profile":{"nin":[7]}}`, "1 2"}, {`{"profile":{"contains":"_%!"}}`, "2"}, {`{"profile":{"contains":"7"}}`, ""}, {`{"profile":{">":6}}`, "3"}, {`{"profile":{">":"a"}}`, "2"}, {`{"profile":null}`, ""},
			{`{"nickname":"n"}`, ""}, {`{"nickname":"n "}`, "3"}, {`{"nickname":""}`, "1 2"},
		} {
			got := names(find(t, s, "user", model.Criteria{Where: where(t, c.where)}), "id")
			want, elsewhere, differs := strings.Cut(c.want, "|")
			if differs && dialect != sqlstore.SQLite {
				want = elsewhere
			}
			if got != want {
				t.Errorf("%s: got %q, want %q", c.where, got, want)
			}
		}
	})
}

// BP-34, BP-35, BP-36: limit, skip, sort, select and omit.
func TestFind_pages(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, db *sql.DB, dialect sqlstore.Dialect) {
		s := migrated(t, db, dialect, modeltest.Schema())
		for i, name := range []string{"Ada", "bo", "Cy", "Di", "ed"} {
			values := model.Record{"str": name, "num": 5 - i, "short": "ab"}
			if i%2 == 0 {
				values["nullable"] = name
			}
			create(t, s, "widget", values)
		}
		for _, c := range []struct {
			criteria model.Criteria
			want     string
		}{
			{model.Criteria{}, "1 2 3 4 5"},
			{model.Criteria{Limit: 2}, "1 2"}, {model.Criteria{Limit: "2", Skip: "1"}, "2 3"}, {model.Criteria{Skip: 3}, "4 5"},
			{model.Criteria{Limit: 0}, ""}, {model.Criteria{Limit: ""}, ""}, {model.Criteria{Limit: -1}, "1 2 3 4 5"}, {model.Criteria{Skip: 9}, ""},
			{model.Criteria{Sort: "str"}, "1 3 4 2 5"}, {model.Criteria{Sort: "str DESC"}, "5 2 4 3 1"}, {model.Criteria{Sort: "num"}, "5 4 3 2 1"},
			{model.Criteria{Sort: map[string]any{"num": 1.0}}, "5 4 3 2 1"}, {model.Criteria{Sort: map[string]any{"num": -1.0}}, "1 2 3 4 5"},
			{model.Criteria{Sort: []any{map[string]any{"nullable": "ASC"}}}, "2 4 1 3 5|1 3 5 2 4"}, {model.Criteria{Sort: []any{map[string]any{"nullable": "desc"}, "id desc"}}, "5 3 1 4 2|4 2 5 3 1"},
			{model.Criteria{Sort: []string{"flag", "id DESC"}}, "5 4 3 2 1"},
		} {
			want, elsewhere, differs := strings.Cut(c.want, "|") // PostgreSQL has null last
			if differs && dialect == sqlstore.PostgreSQL {
				want = elsewhere
			}
			if got := names(find(t, s, "widget", c.criteria), "id"); got != want {
				t.Errorf("%+v: got %q, want %q", c.criteria, got, want)
			}
		}
		one := find(t, s, "widget", model.Criteria{Limit: 1, Select: []string{"num", "str"}})
		if got := fmt.Sprint(one); got != "[map[id:1 num:5 str:Ada]]" {
			t.Error(got)
		}
		one = find(t, s, "widget", model.Criteria{Limit: 1, Omit: []string{"num"}})
		if _, has := one[0]["num"]; has || len(one[0]) != 21 {
			t.Errorf("%d attributes: %v", len(one[0]), one)
		}
	})
}

// Values come back as they went in, with the base values of what was left out.
func TestCreate_values(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s *sqlstore.Store) {
		in := model.Record{"str": "Zażółć 日本 👩‍🚀 \" ' ` \\ %", "num": 1e20, "flag": true, "doc": map[string]any{"b": []any{1.5, nil, "<&>"}, "a": true},
			"any": []any{"x"}, "ranged": 9.25, "even": -4}
		created := create(t, s, "widget", in)
		found := find(t, s, "widget", model.Criteria{})[0]
		for _, r := range []model.Record{created, found} {
			for name, want := range map[string]any{"id": 1.0, "str": in["str"], "num": 1e20, "flag": true, "nullable": nil, "link": "", "whole": 0.0, "ranged": 9.25, "even": -4.0, "secret": "", "slug": "za-"} {
				if name == "slug" {
					continue
				}
				if r[name] != want {
					t.Errorf("%s = %#v, want %#v", name, r[name], want)
				}
			}
			if got, _ := json.Marshal(r["doc"]); string(got) != `{"a":true,"b":[1.5,null,"\u003c\u0026\u003e"]}` {
				t.Errorf("doc = %s", got)
			}
			if !model.Equal(r["any"], []any{"x"}) {
				t.Errorf("any = %v", r["any"])
			}
			if at, _ := r["createdAt"].(float64); at < 1e12 || r["updatedAt"] != r["createdAt"] {
				t.Errorf("times %v %v", r["createdAt"], r["updatedAt"])
			}
		}
	})
}

// One statement per association, with the criteria counted for each owner.
func TestFind_populate(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s *sqlstore.Store) {
		for _, n := range []string{"t1", "t2", "t3"} {
			create(t, s, "tag", model.Record{"label": n})
		}
		create(t, s, "vet", model.Record{"name": "v"})
		create(t, s, "user", model.Record{"name": "u1", "email": "u1@b.co", "bookmarks": []any{1, "3"}})
		create(t, s, "user", model.Record{"name": "u2", "email": "u2@b.co", "manager": 1})
		for i := range 5 {
			create(t, s, "pet", model.Record{"name": fmt.Sprint("p", i+1), "owner": 1 + i%2, "vet": 1 + i%2, "tags": []any{1 + i%3, 3}})
		}
		users := find(t, s, "user", model.Criteria{}, model.Populate{Alias: "manager"}, model.Populate{Alias: "reports"},
			model.Populate{Alias: "pets", Criteria: model.Criteria{Sort: "name DESC", Limit: 1, Skip: 1, Select: []string{"name"}}},
			model.Populate{Alias: "bookmarks", Criteria: model.Criteria{Select: []string{"label"}}})
		for i, want := range []string{"u1 - u2 [map[id:3 name:p3 owner:1]] [map[id:1 label:t1] map[id:3 label:t3]]", "u2 u1  [map[id:2 name:p2 owner:2]] []"} {
			u := users[i]
			manager := "-"
			if m, ok := u["manager"].(model.Record); ok {
				manager = m["name"].(string)
				if _, deep := m["reports"]; deep {
					t.Error("a populated record must not have collections")
				}
			}
			got := fmt.Sprint(u["name"], " ", manager, " ", names(u["reports"].([]model.Record), "name"), " ", u["pets"], " ", u["bookmarks"])
			if got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
		}
		pets := find(t, s, "pet", model.Criteria{}, model.Populate{Alias: "tags", Criteria: model.Criteria{Where: model.Record{"label": "t3"}}}, model.Populate{Alias: "vet"})
		for i, p := range pets {
			if got := names(p["tags"].([]model.Record), "id"); got != "3" {
				t.Errorf("tags of pet %d: %s", i+1, got)
			}
			if vet, ok := p["vet"].(model.Record); ok != (i%2 == 0) || ok && vet["name"] != "v" {
				t.Errorf("vet of pet %d: %v", i+1, p["vet"])
			}
		}
		none := find(t, s, "user", model.Criteria{Where: 1}, model.Populate{Alias: "pets", Criteria: model.Criteria{Limit: 0}})
		if pets := none[0]["pets"].([]model.Record); pets == nil || len(pets) != 0 {
			t.Errorf("limit 0: %#v", pets)
		}
		one := find(t, s, "user", model.Criteria{Where: 1}, model.Populate{Alias: "pets", Criteria: model.Criteria{Limit: 2, Sort: "id DESC"}})
		if got := names(one[0]["pets"].([]model.Record), "id"); got != "5 3" {
			t.Error(got)
		}
	})
}

// A page of any size takes one statement more for each association.
func TestFind_manyOwners(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s *sqlstore.Store) {
		ctx := t.Context()
		var users, pets []model.Record
		for i := range 1203 {
			users = append(users, model.Record{"name": "u", "email": fmt.Sprintf("u%d@b.co", i)})
			pets = append(pets, model.Record{"name": "p", "owner": i + 1})
		}
		if _, err := s.CreateEach(ctx, get(t, s, "user"), users); err != nil {
			t.Fatal(err)
		}
		if _, err := s.CreateEach(ctx, get(t, s, "pet"), pets); err != nil {
			t.Fatal(err)
		}
		for _, u := range find(t, s, "user", model.Criteria{}, model.Populate{Alias: "pets", Criteria: model.Criteria{Limit: 3}}) {
			if n := len(u["pets"].([]model.Record)); n != 1 {
				t.Fatalf("user %v has %d pets", u["id"], n)
			}
		}
		for _, p := range find(t, s, "pet", model.Criteria{}, model.Populate{Alias: "owner"}) {
			if _, ok := p["owner"].(model.Record); !ok {
				t.Fatalf("pet %v has no owner", p["id"])
			}
		}
		seen := 0
		for r, err := range s.Stream(ctx, query(t, s, "user", model.Criteria{Where: where(t, `{"id":{">":3}}`)})) {
			if err != nil {
				t.Fatal(err)
			}
			if r["id"] != float64(seen+4) {
				t.Fatalf("record %d is %v", seen, r["id"])
			}
			seen++
		}
		if seen != 1200 {
			t.Errorf("streamed %d", seen)
		}
		seen = 0
		for _, err := range s.Stream(ctx, query(t, s, "user", model.Criteria{Sort: "email DESC", Limit: 250, Skip: 10})) {
			if err != nil {
				t.Fatal(err)
			}
			seen++
		}
		if seen != 250 {
			t.Errorf("streamed %d of 250", seen)
		}
	})
}
