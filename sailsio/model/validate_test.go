package model_test

import (
	"encoding/json"
	"errors"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/go-sails/sails/sailsio/model"
)

// testTime is when the records of tests are written.
var testTime = time.UnixMilli(1_600_000_000_123)

// probe makes a model with one attribute and returns how it takes a value: ""
// when it does, else the details of the error.
func probe(t *testing.T, a model.Attribute) func(v any) string {
	t.Helper()
	a.Name = "x"
	s, err := model.New(model.Definition{Identity: "thing", Attributes: model.WithDefaults(a)})
	if err != nil {
		t.Fatal(err)
	}
	m, _ := s.Model("thing")
	return func(v any) string {
		_, err := m.CheckNew(model.Record{"x": v}, time.Now())
		var usage *model.UsageError
		if err != nil && (!errors.As(err, &usage) || usage.Code != model.InvalidNewRecord || usage.Model != "thing") {
			t.Errorf("%v: %v", v, err)
		}
		if usage == nil {
			return ""
		}
		return usage.Details
	}
}

// The verdicts of Waterline's own rules (anchor with validator 13.15), recorded.
func TestValidations_recorded(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/validations.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases [][3]any
	if err := json.Unmarshal(text, &cases); err != nil {
		t.Fatal(err)
	}
	probes := map[string]func(any) string{}
	for name, v := range map[string]model.Validations{"isEmail": {IsEmail: true}, "isURL": {IsURL: true}, "isIP": {IsIP: true}, "isUUID": {IsUUID: true}, "isHexColor": {IsHexColor: true}, "isCreditCard": {IsCreditCard: true}} {
		probes[name] = probe(t, model.Attribute{Type: model.String, Validations: v})
	}
	for _, c := range cases {
		got := probes[c[0].(string)](c[1])
		if (got == "") != c[2].(bool) {
			t.Errorf("%s(%.80q): valid %v, want %v", c[0], c[1], got == "", c[2])
		}
	}
}

func TestValidations(t *testing.T) {
	t.Parallel()
	noon := time.Date(2020, 1, 2, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name string
		a    model.Attribute
		good []any
		bad  []any
		says string
	}{
		{"isBoolean", model.Attribute{Type: model.JSON, Validations: model.Validations{IsBoolean: true}}, []any{true}, []any{"true", 1}, "was not a boolean."},
		{"isNumber", model.Attribute{Type: model.JSON, Validations: model.Validations{IsNumber: true}}, []any{1.5}, []any{"1", true}, "was not a number."},
		{"isString", model.Attribute{Type: model.Ref, Validations: model.Validations{IsString: true}}, []any{"", "x"}, []any{1, []any{}}, "was not a string."},
		{"isInteger", model.Attribute{Type: model.Number, Validations: model.Validations{IsInteger: true}}, []any{1, "2", 1e15}, []any{1.5, "2.5", 1e21}, "was not an integer."},
		{"isNotEmptyString", model.Attribute{Type: model.String, Validations: model.Validations{IsNotEmptyString: true}}, []any{" "}, []any{""}, "Value ('') was an empty string."},
		{"max", model.Attribute{Type: model.Number, Validations: model.Validations{Max: new(10.0)}}, []any{10, -1}, []any{10.5}, "greater than the configured maximum (10)"},
		{"min", model.Attribute{Type: model.JSON, Validations: model.Validations{Min: new(1.5)}}, []any{1.5, 9}, []any{1, "2"}, ""},
		{"isIn", model.Attribute{Type: model.String, Validations: model.Validations{IsIn: []any{"a", 2}}}, []any{"a", ""}, []any{"b", "2"}, "was not in the configured whitelist (a, 2)"},
		{"isNotIn", model.Attribute{Type: model.Number, Validations: model.Validations{IsNotIn: []any{1}}}, []any{2}, []any{1, "1"}, "was in the configured blacklist (1)"},
		{"minLength", model.Attribute{Type: model.String, Validations: model.Validations{MinLength: new(2)}}, []any{"", "ab", "👍"}, []any{"a"}, "shorter than the configured minimum length (2)"},
		{"maxLength", model.Attribute{Type: model.String, Validations: model.Validations{MaxLength: new(2)}}, []any{"ab", "👍"}, []any{"abc", "👍a"}, "Value was -1 characters longer than the configured maximum length (2)"},
		{"isAfter", model.Attribute{Type: model.String, Validations: model.Validations{IsAfter: noon}}, []any{"2020-01-03", "2020-01-02T13:00:00Z", ""}, []any{"2019", "never"}, "was before the configured time"},
		{"isBefore", model.Attribute{Type: model.Number, Validations: model.Validations{IsBefore: noon}}, []any{0, noon.UnixMilli() - 1}, []any{noon.UnixMilli(), 1e300}, "was after the configured time"},
		{"regex", model.Attribute{Type: model.String, Validations: model.Validations{Regex: regexp.MustCompile("^a%s$")}}, []any{"a%s", ""}, []any{"b"}, "Value ('b') did not match the configured regular expression (/^a%s$/)"},
		{"custom", model.Attribute{Type: model.String, Validations: model.Validations{Custom: func(v any) error {
			if v == "bad" {
				return errors.New("too bad")
			}
			return nil
		}}}, []any{"x"}, []any{"bad"}, "too bad"},
	} {
		take := probe(t, c.a)
		for _, v := range c.good {
			if got := take(v); got != "" {
				t.Errorf("%s: %v refused: %s", c.name, v, got)
			}
		}
		for _, v := range c.bad {
			if got := take(v); got == "" || !strings.Contains(got, c.says) || !strings.HasPrefix(got, "Could not use specified `x`.  Violated one or more validation rules:\n  • ") {
				t.Errorf("%s: %v: %q", c.name, v, got)
			}
		}
	}
}

// BP-37: conversions that lose nothing, and what clients are told otherwise.
func TestCheckNew_types(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a         model.Attribute
		good, bad []any
		says      string
	}{
		{model.Attribute{Type: model.String}, []any{"", "x", 5, 1.5, true}, []any{[]any{}, map[string]any{}}, "doesn't match the expected type: 'string'"},
		{model.Attribute{Type: model.Number}, []any{1, "1", "1e3", "0012", "-1.5", "0x10", true, ".5"}, []any{"", " 1", "x", "1_0", "1e999", "Infinity", []any{1}, "0x", "1,5"}, "doesn't match the expected type: 'number'"},
		{model.Attribute{Type: model.Boolean}, []any{true, "true", "0", 1, 0}, []any{"yes", 2, "", []any{}}, "doesn't match the expected type: 'boolean'"},
		{model.Attribute{Type: model.String}, nil, []any{nil}, "Even though this attribute is optional"},
		{model.Attribute{Type: model.Number}, nil, []any{nil}, "`0` (zero)"},
		{model.Attribute{Type: model.Boolean, Default: true}, nil, []any{nil}, "`false`"},
		{model.Attribute{Type: model.Number, AllowNull: true}, []any{nil, 1}, []any{"x"}, ""},
		{model.Attribute{Type: model.JSON}, []any{nil, 1, "x", []any{nil}, map[string]any{"a": 1}, struct{ A int }{1}}, []any{make(chan int), deep(101)}, "JSON"},
		{model.Attribute{Type: model.String, Required: true}, []any{"x"}, []any{"", nil}, ""},
		{model.Attribute{Type: model.JSON, Required: true}, []any{0}, []any{nil}, "Cannot set `null`"},
		{model.Attribute{Type: model.Number, AutoCreatedAt: true}, []any{5}, []any{"", "x"}, ""},
		{model.Attribute{Type: model.String, AutoUpdatedAt: true}, []any{"2020"}, []any{""}, "JSON timestamp"},
		{model.Attribute{Model: "thing"}, []any{nil, 1, "7"}, []any{0, -1, 1.5, "x", "", true, 1e300, "99999999999999999999", map[string]any{"id": 1}}, "Expecting an id"},
		{model.Attribute{Model: "thing", Required: true}, []any{1}, []any{nil}, "required association"},
		{model.Attribute{Collection: "thing"}, []any{1, "1", []any{1, "2"}, []any{}, []int{1}, []string{"1"}, []float64{1}, []int64{1}}, []any{nil, map[string]any{}, []any{"x"}, true}, "array of ids"},
	} {
		take := probe(t, c.a)
		for _, v := range c.good {
			if got := take(v); got != "" {
				t.Errorf("%s: %#v refused: %s", c.a.Type, v, got)
			}
		}
		for _, v := range c.bad {
			if got := take(v); got == "" || !strings.Contains(got, c.says) {
				t.Errorf("%s: %#v: %q", c.a.Type, v, got)
			}
		}
	}
}

func deep(n int) any {
	var v any = 1.0
	for range n {
		v = []any{v}
	}
	return v
}

// The texts that clients of Sails know, as recorded from it.
func TestCheckNew_texts(t *testing.T) {
	t.Parallel()
	s, err := model.New(
		model.Definition{Identity: "user", Attributes: model.WithDefaults(
			model.Attribute{Name: "name", Type: model.String, Required: true},
			model.Attribute{Name: "boss", Model: "user", Required: true},
			model.Attribute{Name: "age", Type: model.Number},
		)},
		model.Definition{Identity: "room", PrimaryKey: "code", Attributes: []model.Attribute{{Name: "code", Type: model.String, Required: true}}},
	)
	if err != nil {
		t.Fatal(err)
	}
	user, _ := s.Model("user")
	room, _ := s.Model("room")
	for _, c := range []struct {
		m    *model.Model
		in   model.Record
		want string
	}{
		{user, model.Record{}, "Missing value for required attribute `name`.  Expected a string, but instead, got: undefined"},
		{user, model.Record{"name": "x"}, "Missing value for required attribute `boss`.  Expected a number (the id of a user), but instead, got: undefined"},
		{user, model.Record{"age": "old"}, "New record contains the wrong type of data for property `age`.  Specified value is not a valid `age`.  1 error validating value: \n • Specified value (a string: 'old') doesn't match the expected type: 'number'"},
		{user, model.Record{"name": map[string]any{"a": 1, "b-c": "x"}}, "New record contains the wrong type of data for property `name`.  Specified value is not a valid `name`.  1 error validating value: \n • Specified value (a dictionary: { a: 1, 'b-c': 'x' }) doesn't match the expected type: 'string'"},
		{user, model.Record{"name": ""}, "Could not use specified `name`.  Cannot set \"\" (empty string) for a required attribute."},
		{user, model.Record{"id": 0}, "Could not use specified `id`.  Invalid primary key value.  Cannot use zero (0) as a primary key value."},
		{room, model.Record{"code": 5}, "Could not use specified `code`.  Invalid primary key value.  Instead of a string (the expected pk type), the provided value is: 5"},
		{room, model.Record{"code": ""}, "Could not use specified `code`.  Invalid primary key value.  Cannot use empty string ('') as a primary key value."},
	} {
		_, err := c.m.CheckNew(c.in, time.Now())
		var usage *model.UsageError
		if !errors.As(err, &usage) || usage.Details != c.want {
			t.Errorf("got %v\nwant %s", err, c.want)
		}
	}
}

func TestCheckNew_completes(t *testing.T) {
	t.Parallel()
	list := []any{"a"}
	s, err := model.New(model.Definition{Identity: "thing", Attributes: model.WithDefaults(
		model.Attribute{Name: "s", Type: model.String}, model.Attribute{Name: "n", Type: model.Number}, model.Attribute{Name: "b", Type: model.Boolean},
		model.Attribute{Name: "j", Type: model.JSON, Default: list}, model.Attribute{Name: "o", Type: model.String, AllowNull: true},
		model.Attribute{Name: "up", Type: model.Ref, AutoUpdatedAt: true}, model.Attribute{Name: "one", Model: "thing"}, model.Attribute{Name: "many", Collection: "thing"},
	)})
	if err != nil {
		t.Fatal(err)
	}
	m, _ := s.Model("thing")
	now := time.UnixMilli(1_600_000_000_123)
	got, err := m.CheckNew(model.Record{"unknown": 1}, now)
	if err != nil {
		t.Fatal(err)
	}
	want := model.Record{"createdAt": 1.600000000123e12, "updatedAt": 1.600000000123e12, "id": nil, "s": "", "n": 0.0, "b": false, "j": []any{"a"}, "o": nil, "up": "2020-09-13T12:26:40.123Z", "one": nil, "many": []any{}}
	if !model.Equal(got, want) {
		t.Errorf("got %v", got)
	}
	got["j"].([]any)[0] = "changed"
	if again, _ := m.CheckNew(nil, now); again["j"].([]any)[0] != "a" {
		t.Error("the default is shared")
	}
	set, err := m.CheckSet(model.Record{"n": "4", "many": []any{1, "1", 2}}, now)
	if err != nil || !model.Equal(set, model.Record{"n": 4.0, "many": []any{1.0, 2.0}, "updatedAt": 1.600000000123e12, "up": "2020-09-13T12:26:40.123Z"}) {
		t.Errorf("got %v %v", set, err)
	}
	if _, err := m.CheckSet(model.Record{"n": "x"}, now); err == nil || !strings.Contains(err.Error(), model.InvalidValuesToSet) {
		t.Errorf("got %v", err)
	}
	a, _ := m.Attribute("n")
	if v, err := a.Convert("12"); v != 12.0 || err != nil || a.Base() != 0.0 {
		t.Errorf("%v %v", v, err)
	}
	if _, err := a.Convert("x"); err == nil {
		t.Error("no error")
	}
	if unique := (&model.UniqueError{Model: "thing", Attributes: []string{"s"}}); !strings.Contains(unique.Error(), "E_UNIQUE") {
		t.Error(unique)
	}
}
