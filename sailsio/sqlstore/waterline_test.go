package sqlstore_test

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/go-sails/sails/sailsio/model"
	"github.com/go-sails/sails/sailsio/sqlstore"
	"github.com/go-sails/sails/sailsio/sqlstore/sqltest"
)

// waterlineCase is one of testdata/waterline/cases.json.
type waterlineCase struct {
	Model     string         `json:"model"`
	Method    string         `json:"method"`
	Attribute string         `json:"attribute"`
	Criteria  any            `json:"criteria"`
	Populate  map[string]any `json:"populate"`
}

func load(t *testing.T, name string, into any) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "waterline", name))
	if err == nil {
		err = json.Unmarshal(text, into)
	}
	if err != nil {
		t.Fatal(name, err)
	}
}

// loadMeant reads the answers that are meant to differ from Waterline's, by dialect
// and case.
func loadMeant(t *testing.T) map[string]any {
	t.Helper()
	var groups []struct {
		Why         string
		Differences []struct {
			On     string
			Case   waterlineCase
			Answer any
		}
	}
	load(t, "meant.json", &groups)
	meant := map[string]any{}
	for _, g := range groups {
		for _, d := range g.Differences {
			if key := d.On + " " + text(d.Case); meant[key] == nil && g.Why != "" {
				meant[key] = d.Answer
			} else if !reflect.DeepEqual(meant[key], d.Answer) {
				t.Errorf("meant.json: %s: no reason, or two answers", key)
			}
		}
	}
	return meant
}

func waterlineSchema(t *testing.T) *model.Schema {
	t.Helper()
	key := model.Attribute{Name: "id", Type: model.Number, AutoIncrement: true}
	schema, err := model.New(
		model.Definition{Identity: "person", Attributes: []model.Attribute{key,
			{Name: "name", Type: model.String}, {Name: "things", Collection: "thing", Via: "owner"}}},
		model.Definition{Identity: "thing", Attributes: []model.Attribute{key,
			{Name: "name", Type: model.String}, {Name: "note", Type: model.String, AllowNull: true},
			{Name: "num", Type: model.Number}, {Name: "numn", Type: model.Number, AllowNull: true}, {Name: "big", Type: model.Number},
			{Name: "flag", Type: model.Boolean}, {Name: "doc", Type: model.JSON},
			{Name: "owner", Model: "person"}, {Name: "tags", Collection: "tag", Via: "things"}}},
		model.Definition{Identity: "tag", Attributes: []model.Attribute{key,
			{Name: "label", Type: model.String}, {Name: "things", Collection: "thing", Via: "tags"}}},
	)
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// TestWaterline compares what a store answers with what the original Waterline does
// on sails-disk (for SQLite, which has no adapter for Sails 1.x), sails-postgresql and
// sails-mysql, for every form of criteria.
func TestWaterline(t *testing.T) {
	var cases []waterlineCase
	var answers map[string][]any
	var records map[string][]model.Record
	load(t, "cases.json", &cases)
	load(t, "answers.json", &answers)
	load(t, "records.json", &records)
	meant := loadMeant(t)
	sqltest.Each(t, func(t *testing.T, db *sql.DB, dialect sqlstore.Dialect) {
		s := migrated(t, db, dialect, waterlineSchema(t))
		for _, list := range []struct{ key, identity string }{{"people", "person"}, {"tags", "tag"}, {"things", "thing"}} {
			for _, r := range records[list.key] {
				create(t, s, list.identity, r)
			}
		}
		if len(answers[string(dialect)]) != len(cases) {
			t.Fatalf("%d answers to %d cases: record again", len(answers[string(dialect)]), len(cases))
		}
		used := 0
		for i, c := range cases {
			got, want := play(t, s, c), answers[string(dialect)][i]
			key := string(dialect) + " " + text(c)
			ours, differs := meant[key]
			if differs {
				used++
				if reflect.DeepEqual(want, ours) {
					t.Errorf("%s\n  is the same in Waterline; remove it from meant.json", text(c))
				}
				want = ours
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("%s\n  got  %s\n  want %s", text(c), text(got), text(want))
			}
		}
		for key := range meant {
			if strings.HasPrefix(key, string(dialect)+" ") {
				used--
			}
		}
		if used < 0 { // cases that are there twice count twice
			t.Errorf("meant.json has %d differences of cases that do not exist", -used)
		}
	})
}

func text(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(b)
}

// criteria reads criteria as Waterline takes them: a dictionary of clauses, or of
// attributes, or a key.
func (c waterlineCase) criteria(v any) model.Criteria {
	clauses, ok := v.(map[string]any)
	if !ok {
		return model.Criteria{Where: v}
	}
	var out model.Criteria
	known := false
	names := func(v any) []string {
		list, _ := v.([]any)
		out := []string{}
		for _, item := range list {
			out = append(out, fmt.Sprint(item))
		}
		return out
	}
	for name, v := range clauses {
		switch name {
		case "where":
			out.Where = v
		case "limit":
			out.Limit = v
		case "skip":
			out.Skip = v
		case "sort":
			out.Sort = v
		case "select":
			out.Select = names(v)
		case "omit":
			out.Omit = names(v)
		default:
			continue
		}
		known = true
	}
	if !known {
		out.Where = clauses
	}
	return out
}

// play runs a case and gives the answer the shape of the recorded ones.
func play(t *testing.T, s *sqlstore.Store, c waterlineCase) any {
	m := get(t, s, c.Model)
	var populates []model.Populate
	for alias, sub := range c.Populate {
		populates = append(populates, model.Populate{Alias: alias, Criteria: c.criteria(sub)})
	}
	q, err := m.Query(c.criteria(c.Criteria), populates, model.Limits{})
	var out any
	if err == nil {
		switch c.Method {
		case "find":
			var found []model.Record
			if found, err = s.Find(t.Context(), q); err == nil {
				list := make([]any, len(found))
				for i := range found {
					list[i] = c.shape(found[i])
				}
				out = list
			}
		case "findOne":
			var found model.Record
			if found, err = s.FindOne(t.Context(), q); err == nil && found != nil {
				out = c.shape(found)
			}
		case "count":
			var n int64
			n, err = s.Count(t.Context(), q)
			out = float64(n)
		case "sum":
			out, err = s.Sum(t.Context(), q, c.Attribute)
		case "avg":
			out, err = s.Avg(t.Context(), q, c.Attribute)
		}
	}
	if err == nil {
		return out
	}
	if usage := (*model.UsageError)(nil); errors.As(err, &usage) {
		return map[string]any{"error": usage.Code}
	}
	return map[string]any{"error": err.Error()}
}

func chosen(criteria any) bool {
	clauses, _ := criteria.(map[string]any)
	return clauses["select"] != nil || clauses["omit"] != nil
}

func (c waterlineCase) shape(r model.Record) any {
	if c.Populate == nil && !chosen(c.Criteria) {
		return r["id"]
	}
	out := model.Record{"id": r["id"]}
	if chosen(c.Criteria) {
		for name, v := range r {
			out[name] = v
		}
	}
	for alias, sub := range c.Populate {
		switch v := r[alias].(type) {
		case []model.Record:
			list := make([]any, len(v))
			for i := range v {
				list[i] = v[i]["id"]
				if chosen(sub) {
					list[i] = v[i]
				}
			}
			out[alias] = list
		case model.Record:
			out[alias] = v["id"]
			if chosen(sub) {
				out[alias] = v
			}
		default:
			out[alias] = v
		}
	}
	return out
}
