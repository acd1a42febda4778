package sqlstore_test

import (
	"database/sql"
	"errors"
	"testing"

	"github.com/go-sails/sails/sailsio/model"
	"github.com/go-sails/sails/sailsio/sqlstore"
	"github.com/go-sails/sails/sailsio/sqlstore/sqltest"
)

// Columns of the database's types for times, as Sails' applications have them by
// {type: 'ref', columnType: 'datetime'}.
func TestTimes(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, db *sql.DB, dialect sqlstore.Dialect) {
		columnType := map[sqlstore.Dialect]string{sqlstore.SQLite: "DATETIME", sqlstore.PostgreSQL: "timestamptz", sqlstore.MySQL: "DATETIME(3)"}[dialect]
		schema, err := model.New(model.Definition{Identity: "event", Attributes: []model.Attribute{
			{Name: "id", Type: model.Number, AutoIncrement: true},
			{Name: "at", Type: model.Ref, ColumnType: columnType},
			{Name: "day", Type: model.Ref, ColumnType: "date"},
			{Name: "made", Type: model.Ref, ColumnType: columnType, AutoCreatedAt: true},
		}})
		if err != nil {
			t.Fatal(err)
		}
		s := migrated(t, db, dialect, schema)
		create(t, s, "event", model.Record{"at": "2026-01-31T12:00:00.250Z", "day": "2026-01-31"})
		create(t, s, "event", model.Record{"at": 1.7698608e12, "day": nil}) // 2026-01-31T12:00:00Z
		create(t, s, "event", model.Record{"at": "2026-01-31T14:00:01+02:00"})
		found := find(t, s, "event", model.Criteria{Sort: "at"})
		if names(found, "at") != "2026-01-31T12:00:00.000Z 2026-01-31T12:00:00.250Z 2026-01-31T12:00:01.000Z" || found[1]["day"] != "2026-01-31T00:00:00.000Z" || found[0]["day"] != nil {
			t.Errorf("%v", found)
		}
		if made, ok := found[0]["made"].(string); !ok || len(made) != len("2026-01-31T12:00:00.000Z") || made < "2026" {
			t.Errorf("made %v", found[0]["made"])
		}
		for text, want := range map[string]string{
			`{"at":"2026-01-31T12:00:00.250Z"}`: "1", `{"at":{">":"2026-01-31T12:00:00Z"}}`: "1 3", `{"at":{"<=":1769860800250}}`: "1 2", `{"day":null}`: "2 3",
			`{"at":{"in":["2026-01-31T12:00:01Z",1769860800000]}}`: "2 3", `{"day":{"<":"2026-02-01"}}`: "1",
		} {
			if got := names(find(t, s, "event", model.Criteria{Where: where(t, text)}), "id"); got != want {
				t.Errorf("%s: %s, want %s", text, got, want)
			}
		}
		m := get(t, s, "event")
		for _, bad := range []any{"yesterday", "", true, []any{}, map[string]any{}, 1e300, "99999-01-01T00:00:00Z", -1e15} {
			if _, err := s.Create(t.Context(), m, model.Record{"at": bad}); !isUsage(err) {
				t.Errorf("%v: %v", bad, err)
			}
			if _, err := m.Query(model.Criteria{Where: model.Record{"at": model.Record{"!=": bad}}}, nil, model.Limits{}); !isUsage(err) && bad != nil {
				if list, ok := bad.([]any); !ok || len(list) > 0 {
					t.Errorf("where %v: %v", bad, err)
				}
			}
		}
		if _, err := m.Query(model.Criteria{Where: model.Record{"at": model.Record{"contains": "2026"}}}, nil, model.Limits{}); !isUsage(err) {
			t.Error(err)
		}
	})
}

func isUsage(err error) bool {
	var usage *model.UsageError
	return errors.As(err, &usage)
}
