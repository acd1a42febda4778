package sqlstore_test

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/go-sails/sails/sailsio/model"
	"github.com/go-sails/sails/sailsio/sqlstore"
)

// criteriaMaker makes criteria of all forms with odd values.
type criteriaMaker struct{ *rand.Rand }

var (
	oddNames  = []string{"id", "name", "email", "role", "age", "nickname", "active", "profile", "manager", "createdAt", "pets", "nope", "__proto__", "a.b", "name\" --", "", "and", "or"}
	oddOps    = []string{"<", "<=", ">", ">=", "!=", "in", "nin", "contains", "startsWith", "endsWith", "like", "not", "!", "$gt", "constructor", ""}
	oddValues = []any{nil, true, false, 0.0, 1.0, -1.0, 1.5, 1e308, -1e308, 5e-324, 9007199254740993.0, 1e19, -9.3e18, "", "a", "1", "01", "1e400", "NaN", "x\x00y", "\xff", "😀", "%", "_", "\\", "%\\", "[", "*", "!", "' OR 1=1 --", "$1", "?", "null", "true",
		[]any{}, []any{1.0, "a", nil}, []any{[]any{1.0}}, map[string]any{}, map[string]any{"a": 1.0}, strings.Repeat("a%", 60), strings.Repeat("é", 300)}
)

func pick[T any](m criteriaMaker, list []T) T { return list[m.IntN(len(list))] }

// mostly picks one of the first n, and now and then any.
func mostly(m criteriaMaker, n int, list []string) string {
	if m.IntN(20) > 0 {
		list = list[:n]
	}
	return pick(m, list)
}

func (m criteriaMaker) where(depth int) any {
	clause := map[string]any{}
	for range 1 + m.IntN(2) {
		switch n := m.IntN(10); {
		case n < 2 && depth < 4:
			var list []any
			for range m.IntN(3) {
				list = append(list, m.where(depth+1))
			}
			clause[pick(m, []string{"and", "or"})] = list
		case n < 5:
			clause[mostly(m, 10, oddNames)] = pick(m, oddValues)
		default:
			complex := map[string]any{}
			complex[mostly(m, 13, oddOps)] = pick(m, oddValues)
			clause[mostly(m, 10, oddNames)] = complex
		}
	}
	return clause
}

func (m criteriaMaker) criteria() model.Criteria {
	c := model.Criteria{Where: m.where(0)}
	if m.IntN(2) == 0 {
		c.Sort = pick(m, []any{"id", "name DESC", "nope", []any{"profile", "id"}, map[string]any{"age": -1.0}, "manager", "active DESC"})
	}
	if m.IntN(2) == 0 {
		c.Limit, c.Skip = pick(m, []any{nil, 1.0, 0.0, "3", 1e6, -1.0}), pick(m, []any{nil, 0.0, 1.0, "2", 1e6})
	}
	return c
}

// SEC-81, SEC-85: random criteria find records or are refused as the client's mistake, on
// every database, with values of every type everywhere.
func TestFind_random(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s *sqlstore.Store) {
		create(t, s, "user", model.Record{"name": "Ann", "email": "a@b.co", "age": 3, "profile": "x"})
		create(t, s, "user", model.Record{"name": "b%_\\", "email": "b@b.co", "manager": 1, "profile": map[string]any{"a": 1}})
		create(t, s, "pet", model.Record{"name": "p", "owner": 1})
		maker := criteriaMaker{rand.New(rand.NewPCG(1, 2))}
		user, ran := get(t, s, "user"), 0
		for range 2000 {
			c := maker.criteria()
			var populates []model.Populate
			if maker.IntN(4) == 0 {
				populates = []model.Populate{{Alias: "reports", Criteria: maker.criteria()}, {Alias: "manager"}}
			}
			q, err := user.Query(c, populates, model.ClientLimits())
			if err == nil {
				ran++
				if _, err = s.Find(t.Context(), q); err == nil {
					_, err = s.Count(t.Context(), q)
				}
			}
			var usage *model.UsageError
			if err != nil && !errors.As(err, &usage) {
				t.Errorf("%s %v: %v", text(c), populates, err)
			}
		}
		t.Logf("%d queries", ran)
		if ran < 200 {
			t.Errorf("only %d queries reached the database", ran)
		}
	})
}
