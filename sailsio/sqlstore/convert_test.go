package sqlstore

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/go-sails/sails/sailsio/model"
)

// What drivers may return for a column, also in databases that others made.
func TestDecode(t *testing.T) {
	t.Parallel()
	noon := time.Date(2020, 1, 2, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		t        model.Type
		in, want any
	}{
		{model.Number, int64(3), 3.0}, {model.Number, 1.5, 1.5}, {model.Number, []byte("2.50"), 2.5}, {model.Number, "7", 7.0}, {model.Number, true, 1.0}, {model.Number, false, 0.0}, {model.Number, noon, 1.5779664e12}, {model.Number, nil, nil},
		{model.Boolean, true, true}, {model.Boolean, int64(0), false}, {model.Boolean, 1.0, true}, {model.Boolean, []byte{1}, true}, {model.Boolean, []byte{0}, false}, {model.Boolean, "t", true}, {model.Boolean, "f", false}, {model.Boolean, []byte("0"), false},
		{model.String, "a", "a"}, {model.String, []byte("b"), "b"}, {model.String, int64(5), "5"}, {model.String, 1.5, "1.5"}, {model.String, true, "true"}, {model.String, noon, "2020-01-02T12:00:00.000Z"},
		{model.JSON, `{"a":[1]}`, map[string]any{"a": []any{1.0}}}, {model.Ref, []byte(`"x"`), "x"}, {model.Ref, "no json", "no json"}, {model.Ref, int64(4), 4.0}, {model.JSON, true, true}, {model.Ref, noon, "2020-01-02T12:00:00.000Z"},
	} {
		got, err := decode(&model.Attribute{Name: "x", Type: c.t}, c.in)
		if err != nil || !model.Equal(got, c.want) {
			t.Errorf("%s %#v: got %#v, %v", c.t, c.in, got, err)
		}
	}
	for _, c := range []struct {
		t  model.Type
		in any
	}{{model.Number, "x"}, {model.Number, struct{}{}}, {model.Boolean, noon}, {model.String, struct{}{}}} {
		if _, err := decode(&model.Attribute{Name: "x", Type: c.t}, c.in); err == nil {
			t.Errorf("%s %#v: no error", c.t, c.in)
		}
	}
	for _, c := range []struct {
		t  model.Type
		in any
	}{{model.Number, "x"}, {model.String, 1.0}, {model.Boolean, "true"}, {model.JSON, make(chan int)}} {
		if _, err := encode(&model.Attribute{Name: "x", Type: c.t}, c.in); err == nil {
			t.Errorf("%s %#v: no error", c.t, c.in)
		}
	}
}

type sqliteError struct {
	code int
	text string
}

func (e sqliteError) Error() string { return e.text }
func (e sqliteError) Code() int     { return e.code }

type postgresError struct{ state, text string }

func (e postgresError) Error() string    { return e.text }
func (e postgresError) SQLState() string { return e.state }

// Errors of drivers become those of Waterline, without their texts (SEC-81).
func TestFailed(t *testing.T) {
	t.Parallel()
	schema, err := model.New(model.Definition{Identity: "user", Table: "people", Attributes: model.WithDefaults(
		model.Attribute{Name: "email", Type: model.String, Column: "mail", Unique: true}, model.Attribute{Name: "nick", Type: model.String, Unique: true})})
	if err != nil {
		t.Fatal(err)
	}
	m, _ := schema.Model("user")
	for _, c := range []struct {
		dialect Dialect
		err     error
		want    string
	}{
		{SQLite, sqliteError{2067, "constraint failed: UNIQUE constraint failed: people.mail (2067)"}, "unique [email]"},
		{SQLite, sqliteError{2067, "constraint failed: UNIQUE constraint failed: people.mail, people.nick (2067)"}, "unique [email nick]"},
		{SQLite, sqliteError{1555, "constraint failed: UNIQUE constraint failed: people.id (1555)"}, "unique []"},
		{SQLite, sqliteError{787, "FOREIGN KEY constraint failed"}, "usage reference"}, {SQLite, sqliteError{1299, "NOT NULL"}, "usage cannot store"}, {SQLite, sqliteError{1, "syntax"}, "other"}, {SQLite, errors.New("x"), "other"},
		{PostgreSQL, postgresError{"23505", `duplicate key value violates unique constraint "people_mail_unique" (SQLSTATE 23505)`}, "unique [email]"},
		{PostgreSQL, postgresError{"23505", `duplicate key value violates unique constraint "people_nick_key" (SQLSTATE 23505)`}, "unique [nick]"},
		{PostgreSQL, postgresError{"23505", `no name`}, "unique []"},
		{PostgreSQL, postgresError{"23503", "fk"}, "usage reference"}, {PostgreSQL, postgresError{"22021", "bad byte"}, "usage cannot store"}, {PostgreSQL, postgresError{"23502", "null"}, "usage cannot store"}, {PostgreSQL, postgresError{"57014", "timeout"}, "other"}, {PostgreSQL, errors.New("x"), "other"},
		{MySQL, errors.New("Error 1062 (23000): Duplicate entry 'it's' for key 'people.people_mail_unique'"), "unique [email]"},
		{MySQL, errors.New("Error 1062 (23000): Duplicate entry 'x' for key 'nick'"), "unique [nick]"},
		{MySQL, errors.New("Error 1062 (23000): Duplicate entry '1' for key 'PRIMARY'"), "unique []"},
		{MySQL, errors.New("Error 1452 (23000): Cannot add"), "usage reference"}, {MySQL, errors.New("Error 1406 (22001): Data too long"), "usage cannot store"}, {MySQL, errors.New("Error X"), "other"}, {MySQL, errors.New("bad connection"), "other"},
	} {
		s := &Store{d: dialects[c.dialect]}
		got := s.failed(fmt.Errorf("wrapped: %w", c.err), m, model.InvalidNewRecord, "creating")
		var unique *model.UniqueError
		var usage *model.UsageError
		switch {
		case errors.As(got, &unique):
			if text := "unique " + fmt.Sprint(unique.Attributes); text != c.want {
				t.Errorf("%v: %s", c.err, text)
			}
		case errors.As(got, &usage):
			kind, says, _ := strings.Cut(c.want, " ")
			if kind != "usage" || !strings.Contains(usage.Details, says) || strings.Contains(got.Error(), c.err.Error()) {
				t.Errorf("%v: %v", c.err, got)
			}
		default:
			if c.want != "other" || !errors.Is(got, c.err) {
				t.Errorf("%v: %v", c.err, got)
			}
		}
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 60)
	if a, b := uniqueName(long, "a"), uniqueName(long, "b"); len(a) > 63 || a == b {
		t.Errorf("%s %s", a, b)
	}
	if got := doubleQuote(`a"b`) + backQuote("a`b"); got != "\"a\"\"b\"`a``b`" {
		t.Error(got)
	}
}
