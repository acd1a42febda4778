package sqlstore_test

import (
	"encoding/json"
	"errors"
	"regexp"
	"strings"
	"testing"

	"github.com/go-sails/sails/sailsio/model"
	"github.com/go-sails/sails/sailsio/model/modeltest"
	"github.com/go-sails/sails/sailsio/sqlstore"
)

// constants are the literals that the dialects put into statements.
var constants = strings.NewReplacer("'$'", "", "'text'", "", "'integer'", "", "'real'", "", "'!'", "", "'string'", "", "'number'", "", "'{}'", "",
	"'STRING'", "", "'INTEGER'", "", "'DOUBLE'", "", "'DECIMAL'", "", "'UNSIGNED INTEGER'", "", "0.0e0", "")

var statementForm = regexp.MustCompile(`^SELECT [A-Za-z_0-9 "().,?$<>=!:#+` + "`" + `-]*$`)

var number = regexp.MustCompile(`[0-9]+`)

// checkStatement fails when anything but the schema, the dialect and the page
// made it into the text of a statement.
func checkStatement(t *testing.T, s *sqlstore.Store, q *model.Query) {
	t.Helper()
	for _, dialect := range []sqlstore.Dialect{sqlstore.SQLite, sqlstore.PostgreSQL, sqlstore.MySQL} {
		text, args, err := sqlstore.Statement(s, dialect, q)
		if err != nil {
			t.Fatalf("%s: %v", dialect, err)
		}
		bare := constants.Replace(text)
		if !statementForm.MatchString(bare) {
			t.Fatalf("%s: a literal in %s", dialect, text)
		}
		placeholders := strings.Count(bare, "?")
		if dialect == sqlstore.PostgreSQL {
			placeholders = strings.Count(bare, "$")
		}
		if placeholders != len(args) {
			t.Fatalf("%s: %d placeholders, %d parameters in %s", dialect, placeholders, len(args), text)
		}
		where, _, _ := strings.Cut(bare, " ORDER BY ")
		if dialect != sqlstore.PostgreSQL && number.MatchString(where) {
			t.Fatalf("%s: a number in %s", dialect, text)
		}
	}
}

// SEC-81, SEC-82, SEC-84, SEC-85: whatever a client sends as criteria gives an
// answer or a usage error, and only ever becomes parameters.
func FuzzCriteria(f *testing.F) {
	for _, seed := range []struct{ where, sort, names string }{
		{`{"name":"Ann"}`, `name DESC`, "name,age"}, {`{"age":{">":1,"<=":"5"}}`, `[{"age":"ASC"},"name"]`, ""}, {`[1,2]`, `{"id":-1}`, "id"},
		{`{"or":[{"name":{"contains":"%' OR 1=1 --"}},{"and":[]},{"profile":{"in":[1,"x",true]}}]}`, "", ""},
		{`{"name":{"nin":["a\u0000b","\ud800"]}}`, "id; DROP TABLE user", "name\"; --"}, {`{"name":{"like":"_%[*?!\\%"}}`, "", ""},
		{`{"age":{"$gt":1}}`, "", "*"}, {`{"profile":{"contains":"x"}}`, "profile", ""}, {`{"profile":{">":1e308}}`, "", ""}, {`{"active":1}`, "", ""},
		{`{"manager":null,"age":{"!=":[1]}}`, "manager", ""}, {`{"id":1e300}`, "", ""}, {`"1"`, "", ""}, {`{"a.b":1}`, "", ""}, {`{"or":[{"or":[{"or":[]}]}]}`, "", ""},
	} {
		f.Add(seed.where, seed.sort, seed.names)
	}
	db, err := openMemory()
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { db.Close() })
	s, err := sqlstore.New(sqlstore.Config{DB: db, Dialect: sqlstore.SQLite, Schema: modeltest.Schema()})
	if err != nil {
		f.Fatal(err)
	}
	if err := s.Migrate(f.Context(), sqlstore.Alter, nil); err != nil {
		f.Fatal(err)
	}
	user, _ := s.Schema().Model("user")
	if _, err := s.Create(f.Context(), user, model.Record{"name": "Ann", "email": "a@b.co", "age": 3, "profile": "x"}); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, where, sort, names string) {
		c := model.Criteria{Where: where, Sort: sort}
		var v any
		if json.Unmarshal([]byte(where), &v) == nil {
			c.Where = v
		}
		if json.Unmarshal([]byte(sort), &v) == nil {
			c.Sort = v
		}
		if sort == "" {
			c.Sort = nil
		}
		if names != "" {
			c.Select = strings.Split(names, ",")
		}
		q, err := user.Query(c, []model.Populate{{Alias: "pets", Criteria: c}, {Alias: "reports", Criteria: c}}, model.ClientLimits())
		var usage *model.UsageError
		if err != nil {
			if !errors.As(err, &usage) {
				t.Fatalf("%v", err)
			}
			q, err = user.Query(c, nil, model.ClientLimits())
		}
		if err != nil {
			if !errors.As(err, &usage) || usage.Details == "" {
				t.Fatalf("%v", err)
			}
			return
		}
		checkStatement(t, s, q)
		if _, err := s.Find(t.Context(), q); err != nil && !errors.As(err, &usage) {
			text, args, _ := sqlstore.Statement(s, sqlstore.SQLite, q)
			t.Fatalf("%v\n%s\n%q", err, text, args)
		}
	})
}

// SEC-86: whatever a client sends as a record is stored or a usage error.
func FuzzCreate(f *testing.F) {
	for _, seed := range []string{`{}`, `{"str":"a","num":"1e3","doc":{"a":[1]},"any":null}`, `{"num":1e400}`, `{"str":"\u0000","flag":"1"}`, `{"nullable":null,"even":2,"ranged":5}`, `[1]`, `{"__proto__":1,"constructor":{"x":1}}`, `{"link":"http://a.b","uuid":"x"}`} {
		f.Add(seed)
	}
	db, err := openMemory()
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { db.Close() })
	s, err := sqlstore.New(sqlstore.Config{DB: db, Dialect: sqlstore.SQLite, Schema: modeltest.Schema()})
	if err != nil {
		f.Fatal(err)
	}
	if err := s.Migrate(f.Context(), sqlstore.Alter, nil); err != nil {
		f.Fatal(err)
	}
	widget, _ := s.Schema().Model("widget")
	f.Fuzz(func(t *testing.T, text string) {
		var values model.Record
		if json.Unmarshal([]byte(text), &values) != nil {
			return
		}
		created, err := s.Create(t.Context(), widget, values)
		var usage *model.UsageError
		var unique *model.UniqueError
		if err != nil {
			if !errors.As(err, &usage) && !errors.As(err, &unique) && !errors.Is(err, modeltest.ErrRefused) {
				t.Fatal(err)
			}
			return
		}
		q, err := widget.ByID(created["id"])
		if err != nil {
			t.Fatal(err)
		}
		found, err := s.FindOne(t.Context(), q)
		if err != nil || found == nil {
			t.Fatal(found, err)
		}
		for name, v := range created {
			if !model.Equal(found[name], v) {
				t.Errorf("%s: stored %#v, found %#v", name, v, found[name])
			}
		}
		if _, err := s.Destroy(t.Context(), q); err != nil {
			t.Fatal(err)
		}
	})
}
