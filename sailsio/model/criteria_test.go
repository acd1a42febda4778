package model_test

import (
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/go-sails/sails/sailsio/model"
	"github.com/go-sails/sails/sailsio/model/modeltest"
)

func userModel(t testing.TB) *model.Model {
	t.Helper()
	m, ok := modeltest.Schema().Model("user")
	if !ok {
		t.Fatal("no user")
	}
	return m
}

// Criteria with what Waterline said about them, recorded through the find
// blueprint (BP-33..39, spec 7.4).
func TestQuery_recorded(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/criteria.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		query map[string]string
		want  string
	}
	var raw [][2]json.RawMessage
	if err := json.Unmarshal(text, &raw); err != nil {
		t.Fatal(err)
	}
	for _, r := range raw {
		var c struct {
			query map[string]string
			want  string
		}
		if err := errors.Join(json.Unmarshal(r[0], &c.query), json.Unmarshal(r[1], &c.want)); err != nil {
			t.Fatal(err)
		}
		cases = append(cases, c)
	}
	m := userModel(t)
	for _, c := range cases {
		var criteria model.Criteria
		var populates []model.Populate
		for name, v := range c.query {
			var parsed any = v
			if name == "where" || name == "sort" {
				if json.Unmarshal([]byte(v), &parsed) != nil {
					parsed = v
				}
			}
			switch name {
			case "where":
				criteria.Where = parsed
			case "sort":
				criteria.Sort = parsed
			case "limit":
				criteria.Limit = v
			case "skip":
				criteria.Skip = v
			case "select":
				criteria.Select = strings.Split(v, ",")
			case "omit":
				criteria.Omit = strings.Split(v, ",")
			case "populate":
				for alias := range strings.SplitSeq(v, ",") {
					if alias != "" && alias != "false" || strings.Contains(v, ",") {
						populates = append(populates, model.Populate{Alias: strings.TrimSpace(alias)})
					}
				}
			}
		}
		_, err := m.Query(criteria, populates, model.Limits{})
		got := ""
		if usage := (*model.UsageError)(nil); errors.As(err, &usage) {
			got = usage.Code + " " + usage.Details
		}
		if got != c.want {
			t.Errorf("%v:\ngot  %s\nwant %s", c.query, got, c.want)
		}
	}
}

func TestQuery_refused(t *testing.T) {
	t.Parallel()
	m := userModel(t)
	limits := model.ClientLimits()
	for _, c := range []struct {
		where any
		says  string
	}{
		{map[string]any{"age": map[string]any{">=": true}}, ""},
		{map[string]any{"profile": map[string]any{">": []any{}}}, "Only strings and numbers"},
		{map[string]any{"manager": "x"}, "primary key attribute for the associated model (`user`)"},
		{map[string]any{"name": map[string]any{"!=": []any{nil}}}, "Got unsupported value (`null`) in a `nin`"},
		{map[string]any{"age": map[string]any{"in": []any{"x"}}}, "Invalid item within `in`"},
		{map[string]any{"age": map[string]any{"nin": "x"}}, "A `nin` (\"not in\") modifier should always be provided as an array"},
		{map[string]any{"age": map[string]any{"!=": "x"}}, "Invalid `!=`"},
		{map[string]any{"name": map[string]any{"contains": []any{}}}, "Invalid `contains`"},
		{map[string]any{"name": map[string]any{"contains": func() {}}}, "Invalid `contains`"},
		{map[string]any{"name": func() {}}, "no JSON value"},
		{map[string]any{"or": []any{map[string]any{"nope": 1}, map[string]any{"id": []any{}}}, "id": []any{}}, "nope"},
		{map[string]any{"and": "x"}, "Expected an array at `and`"},
		{true, "should be a dictionary"},
	} {
		_, err := m.Query(model.Criteria{Where: c.where}, nil, limits)
		if c.says == "" {
			if err != nil {
				t.Errorf("%v: %v", c.where, err)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%v: %v", c.where, err)
		}
	}
	for _, sort := range []any{map[string]any{"name": 2.0, "age": 1.0}, []any{map[string]any{"a": 1, "b": 2}}, []any{5}, []any{map[string]any{"name": 1}}, "a.b", " name", []string{"name", "name"}, strings.Repeat("x", 5000)} {
		if _, err := m.Query(model.Criteria{Sort: sort}, nil, limits); err == nil || len(err.Error()) > 2000 {
			t.Errorf("sort %v: %v", sort, err)
		}
	}
	for _, c := range []model.Criteria{{Select: []string{"name"}, Omit: []string{"age"}}, {Limit: true}, {Skip: map[string]any{}}, {Limit: "1e400"}} {
		if _, err := m.Query(c, nil, limits); err == nil {
			t.Errorf("%+v: no error", c)
		}
	}
	many := make([]model.Populate, 11)
	for _, populates := range [][]model.Populate{many, {{Alias: "name"}}, {{Alias: "manager", Criteria: model.Criteria{Omit: []string{"x"}, Sort: "x", Where: 1}}}, {{Alias: "pets", Criteria: model.Criteria{Sort: "nope"}}}} {
		var usage *model.UsageError
		if _, err := m.Query(model.Criteria{}, populates, limits); !errors.As(err, &usage) || usage.Code != model.InvalidPopulates {
			t.Errorf("%v: %v", populates, err)
		}
	}
	if _, err := m.Query(model.Criteria{Sort: "manager"}, []model.Populate{{Alias: "manager"}}, limits); err == nil {
		t.Error("populate and sort by the same")
	}
	if _, err := m.Query(model.Criteria{Omit: []string{"manager"}}, []model.Populate{{Alias: "manager"}}, limits); err == nil {
		t.Error("populate and omit the same")
	}
}

// What a query became: equal criteria give equal queries.
func TestQuery_shape(t *testing.T) {
	t.Parallel()
	m := userModel(t)
	q, err := m.Query(model.Criteria{Where: []model.Record{}, Select: []string{"*"}}, nil, model.Limits{})
	if err == nil {
		t.Errorf("a list of records is no key: %+v", q)
	}
	q, err = m.Query(model.Criteria{Where: map[string]any{"or": []model.Record{{"name": "a"}, {"name": map[string]any{"contains": "x", "!=": nil}}}}, Limit: 5000, Select: []string{"name"}},
		[]model.Populate{{Alias: "pets"}, {Alias: "pets"}, {Alias: "manager"}}, model.ClientLimits())
	if err != nil {
		t.Fatal(err)
	}
	if q.Where.Op != model.Or || len(q.Where.Terms) != 2 || q.Where.Terms[1].Op != model.And || q.Limit != 1000 || len(q.Populates) != 2 || q.Populates[0].Query.Limit != 50 { // 50,000 records in all
		t.Errorf("%+v", q)
	}
	var names []string
	for _, a := range q.Select {
		names = append(names, a.Name)
	}
	if got := strings.Join(names, " "); got != "id name manager" {
		t.Error(got)
	}
	for _, c := range []struct {
		pattern string
		want    string
	}{{"%a%", "|a|"}, {"a", "a"}, {`a\%b%`, "a%b|"}, {`\`, `\`}, {"%", "|"}} {
		q, err := m.Query(model.Criteria{Where: map[string]any{"name": map[string]any{"like": c.pattern}}}, nil, model.Limits{})
		if err != nil || strings.Join(q.Where.Segments, "|") != c.want {
			t.Errorf("%q: %v %v", c.pattern, q, err)
		}
	}
}

// SEC-2, SEC-81: any JSON as criteria, values or keys gives an answer.
func FuzzModel(f *testing.F) {
	for _, seed := range []string{`{}`, `{"or":[{"name":{"in":["a"]}}]}`, `{"name":"x","email":"a@b.co","pets":[1]}`, `[[[[]]]]`, `{"age":{">":{}}}`, `"\ud800"`, `1e309`, `{"sort":[{"name":"x"}]}`} {
		f.Add(seed)
	}
	m := userModel(f)
	f.Fuzz(func(t *testing.T, text string) {
		var v any
		if json.Unmarshal([]byte(text), &v) != nil {
			v = text
		}
		var usage *model.UsageError
		for _, limits := range []model.Limits{{}, model.ClientLimits()} {
			q, err := m.Query(model.Criteria{Where: v, Sort: v, Limit: v, Skip: v}, []model.Populate{{Alias: "pets", Criteria: model.Criteria{Where: v}}}, limits)
			if (q == nil) == (err == nil) || err != nil && !errors.As(err, &usage) {
				t.Fatal(q, err)
			}
		}
		if r, ok := v.(map[string]any); ok {
			if _, err := m.CheckSet(r, testTime); err != nil && !errors.As(err, &usage) {
				t.Fatal(err)
			}
			m.Public(r)
		}
		if id := m.CoerceID(v); id != nil {
			if _, ok := id.(float64); !ok {
				t.Fatalf("%T", id)
			}
		}
		m.ID(v)
		model.Equal(v, v)
	})
}
