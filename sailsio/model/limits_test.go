package model_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/go-sails/sails/sailsio/model"
)

// SEC-84: values of all lists together, wildcards, and populated records are bounded
// for clients, and unbounded without limits.
func TestLimits_together(t *testing.T) {
	t.Parallel()
	m := userModel(t)
	list := func(n int) []any {
		ids := make([]any, n)
		for i := range ids {
			ids[i] = float64(i + 1)
		}
		return ids
	}
	refused := func(where any) {
		t.Helper()
		var usage *model.UsageError
		if _, err := m.Query(model.Criteria{Where: where}, nil, model.ClientLimits()); !errors.As(err, &usage) || usage.Code != model.InvalidCriteria {
			t.Errorf("%.80v: %v", where, err)
		}
		if _, err := m.Query(model.Criteria{Where: where}, nil, model.Limits{}); err != nil {
			t.Errorf("without limits: %v", err)
		}
	}
	var or []any
	for range 6 {
		or = append(or, map[string]any{"id": list(900)})
	}
	refused(map[string]any{"or": or})
	if _, err := m.Query(model.Criteria{Where: map[string]any{"or": or[:5]}}, nil, model.ClientLimits()); err != nil {
		t.Error(err)
	}
	refused(map[string]any{"name": map[string]any{"like": strings.Repeat("%a", 101)}})
	refused(map[string]any{"name": map[string]any{"like": strings.Repeat("_", 101)}})
	if _, err := m.Query(model.Criteria{Where: map[string]any{"name": map[string]any{"contains": strings.Repeat("%_", 101)}}}, nil, model.ClientLimits()); err != nil {
		t.Error(err) // it is no pattern
	}
	for _, c := range []struct {
		limit any
		sub   any
		want  int
	}{{1, nil, 1000}, {1, 30, 30}, {1000, nil, 25}, {1000, 10, 10}, {nil, 30, 25}, {500, 100, 50}} {
		q, err := m.Query(model.Criteria{Limit: c.limit}, []model.Populate{{Alias: "pets", Criteria: model.Criteria{Limit: c.sub}}, {Alias: "reports"}, {Alias: "manager"}}, model.ClientLimits())
		if err != nil {
			t.Fatal(err)
		}
		if got := q.Populates[0].Query.Limit; got != c.want {
			t.Errorf("limit %v of %v records: %d, want %d", c.sub, c.limit, got, c.want)
		}
	}
}
