package sqlstore_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"database/sql"
	"github.com/go-sails/sails/sailsio/model"
	"github.com/go-sails/sails/sailsio/model/modeltest"
	"github.com/go-sails/sails/sailsio/sqlstore"
	"github.com/go-sails/sails/sailsio/sqlstore/sqltest"
	"sync"
)

func versions(t *testing.T, attributes ...[]model.Attribute) []*model.Schema {
	t.Helper()
	var list []*model.Schema
	for _, a := range attributes {
		s, err := model.New(model.Definition{Identity: "thing", Attributes: model.WithDefaults(a...)})
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, s)
	}
	return list
}

// Alter keeps the records: new columns are filled, other types converted.
func TestMigrate_alter(t *testing.T) {
	t.Parallel()
	for _, dialect := range []sqlstore.Dialect{sqlstore.SQLite, sqlstore.PostgreSQL, sqlstore.MySQL} {
		t.Run(string(dialect), func(t *testing.T) {
			t.Parallel()
			v := versions(t,
				[]model.Attribute{{Name: "size", Type: model.String}, {Name: "label", Type: model.String}, {Name: "old", Type: model.String}},
				[]model.Attribute{{Name: "size", Type: model.String}, {Name: "label", Type: model.String, Unique: true}, {Name: "color", Type: model.String, Default: "red"}, {Name: "doc", Type: model.JSON}, {Name: "n", Type: model.Number}},
				[]model.Attribute{{Name: "size", Type: model.Number}, {Name: "label", Type: model.String, Unique: true}, {Name: "color", Type: model.String}, {Name: "doc", Type: model.JSON}, {Name: "n", Type: model.String}, {Name: "on", Type: model.Boolean}},
			)
			db := open(t, dialect)
			s := migrated(t, db, dialect, v[0])
			var list []model.Record
			for i := range 1203 {
				list = append(list, model.Record{"size": fmt.Sprint(i), "label": fmt.Sprint("l", i), "old": "o"})
			}
			if _, err := s.CreateEach(t.Context(), get(t, s, "thing"), list); err != nil {
				t.Fatal(err)
			}
			s = migrated(t, db, dialect, v[1])
			last := find(t, s, "thing", model.Criteria{Where: 1203})[0]
			if last["color"] != "red" || last["size"] != "1202" || last["doc"] != nil || last["n"] != 0.0 || last["label"] != "l1202" {
				t.Errorf("%v", last)
			}
			if _, err := s.Create(t.Context(), get(t, s, "thing"), model.Record{"label": "l1"}); err == nil {
				t.Error("the new unique index does not work")
			}
			var reports []string
			third, err := sqlstore.New(sqlstore.Config{DB: db, Dialect: dialect, Schema: v[2]})
			if err != nil {
				t.Fatal(err)
			}
			if err := third.Migrate(t.Context(), sqlstore.Alter, func(table string, done, total int64) {
				reports = append(reports, fmt.Sprint(table, " ", done, "/", total))
			}); err != nil {
				t.Fatal(err)
			}
			if want := []string{"thing 500/1203", "thing 1000/1203", "thing 1203/1203"}; !slices.Equal(reports, want) {
				t.Errorf("progress %v", reports)
			}
			last = find(t, third, "thing", model.Criteria{Where: 1203})[0]
			if last["size"] != 1202.0 || last["n"] != "0" || last["on"] != false || last["color"] != "red" {
				t.Errorf("%v", last)
			}
			next := create(t, third, "thing", model.Record{"label": "new"})
			if id := next["id"].(float64); id <= 1203 {
				t.Errorf("next id %v", id)
			}
			if _, err := third.Create(t.Context(), get(t, third, "thing"), model.Record{"label": "new"}); err == nil {
				t.Error("the unique index was lost")
			}
			// Nothing to do, and nothing done.
			if err := third.Migrate(t.Context(), sqlstore.Alter, func(string, int64, int64) { t.Error("converted again") }); err != nil {
				t.Fatal(err)
			}
			if err := third.Migrate(t.Context(), sqlstore.Safe, nil); err != nil {
				t.Fatal(err)
			}
			if n := len(find(t, third, "thing", model.Criteria{})); n != 1204 {
				t.Errorf("%d records", n)
			}
			if err := third.Migrate(t.Context(), sqlstore.Drop, nil); err != nil {
				t.Fatal(err)
			}
			if r := create(t, third, "thing", model.Record{"label": "x"}); r["id"] != 1.0 {
				t.Errorf("first id %v", r["id"])
			}
		})
	}
}

// What cannot be converted without loss stops the migration, and the table stays.
func TestMigrate_lossy(t *testing.T) {
	t.Parallel()
	for _, dialect := range []sqlstore.Dialect{sqlstore.SQLite, sqlstore.PostgreSQL, sqlstore.MySQL} {
		t.Run(string(dialect), func(t *testing.T) {
			t.Parallel()
			v := versions(t, []model.Attribute{{Name: "size", Type: model.String}}, []model.Attribute{{Name: "size", Type: model.Number}})
			db := open(t, dialect)
			s := migrated(t, db, dialect, v[0])
			create(t, s, "thing", model.Record{"size": "large"})
			second, err := sqlstore.New(sqlstore.Config{DB: db, Dialect: dialect, Schema: v[1]})
			if err != nil {
				t.Fatal(err)
			}
			err = second.Migrate(t.Context(), sqlstore.Alter, nil)
			if err == nil || !strings.Contains(err.Error(), "thing") || !strings.Contains(err.Error(), "record 1: size") {
				t.Errorf("got %v", err)
			}
			if got := names(find(t, s, "thing", model.Criteria{}), "size"); got != "large" {
				t.Error(got)
			}
		})
	}
}

func TestMigrate_unknown(t *testing.T) {
	t.Parallel()
	s := migrated(t, open(t, sqlstore.SQLite), sqlstore.SQLite, modeltest.Schema())
	if err := s.Migrate(t.Context(), "sideways", nil); err == nil {
		t.Error("no error")
	}
}

// Column types that are given are used, and left alone afterwards.
func TestMigrate_columnType(t *testing.T) {
	t.Parallel()
	schema, err := model.New(model.Definition{Identity: "thing", PrimaryKey: "code", Attributes: []model.Attribute{
		{Name: "code", Type: model.String, ColumnType: "varchar(40)"},
		{Name: "at", Type: model.String, ColumnType: "varchar(30)"},
		{Name: "stamp", Type: model.String, AutoUpdatedAt: true},
	}})
	if err != nil {
		t.Fatal(err)
	}
	for _, dialect := range []sqlstore.Dialect{sqlstore.SQLite, sqlstore.PostgreSQL, sqlstore.MySQL} {
		t.Run(string(dialect), func(t *testing.T) {
			t.Parallel()
			db := open(t, dialect)
			s := migrated(t, db, dialect, schema)
			migrated(t, db, dialect, schema)
			r := create(t, s, "thing", model.Record{"code": "c", "at": "noon"})
			if stamp, _ := r["stamp"].(string); len(stamp) != 24 || !strings.HasSuffix(stamp, "Z") {
				t.Errorf("stamp %q", stamp)
			}
		})
	}
}

// A key of another column type, as databases that others made may have.
func TestColumnType_uuid(t *testing.T) {
	t.Parallel()
	schema, err := model.New(model.Definition{Identity: "thing", PrimaryKey: "code", Attributes: []model.Attribute{
		{Name: "code", Type: model.String, ColumnType: "uuid"}, {Name: "twin", Model: "thing", ColumnType: "uuid"}}})
	if err != nil {
		t.Fatal(err)
	}
	const id = "123e4567-e89b-12d3-a456-426614174000"
	s := migrated(t, open(t, sqlstore.PostgreSQL), sqlstore.PostgreSQL, schema)
	create(t, s, "thing", model.Record{"code": id, "twin": id})
	found := find(t, s, "thing", model.Criteria{Where: []any{id}}, model.Populate{Alias: "twin"})
	if len(found) != 1 || found[0]["twin"].(model.Record)["code"] != id {
		t.Errorf("%v", found)
	}
	var usage *model.UsageError
	if _, err := s.Find(t.Context(), query(t, s, "thing", model.Criteria{Where: "no uuid"})); !errors.As(err, &usage) {
		t.Errorf("got %v", err)
	}
	if _, err := s.Create(t.Context(), get(t, s, "thing"), model.Record{"code": "no uuid"}); !errors.As(err, &usage) {
		t.Errorf("got %v", err)
	}
}

// Nodes that start at once may all migrate: one makes the tables, the others find them.
func TestMigrate_nodes(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, db *sql.DB, dialect sqlstore.Dialect) {
		var nodes sync.WaitGroup
		for range 4 {
			nodes.Go(func() {
				s, err := sqlstore.New(sqlstore.Config{DB: db, Dialect: dialect, Schema: modeltest.Schema()})
				if err == nil {
					err = s.Migrate(t.Context(), sqlstore.Alter, nil)
				}
				if err != nil {
					t.Error(err)
				}
			})
		}
		nodes.Wait()
	})
}

// Collections are found by an index, from both sides, and migrating again makes no other.
func TestMigrate_indexes(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, db *sql.DB, dialect sqlstore.Dialect) {
		count := map[sqlstore.Dialect]string{
			sqlstore.SQLite:     "SELECT COUNT(*) FROM sqlite_master WHERE type = 'index' AND name IN (%s)",
			sqlstore.PostgreSQL: "SELECT COUNT(*) FROM pg_indexes WHERE schemaname = current_schema() AND indexname IN (%s)",
			sqlstore.MySQL:      "SELECT COUNT(DISTINCT index_name) FROM information_schema.statistics WHERE table_schema = DATABASE() AND index_name IN (%s)",
		}[dialect]
		names := "'pet_owner_index', 'pet_vet_index', 'message_room_index', 'enrolment_student_ref_index', 'pet_tags__tag_pets_tag_pets_index', 'person_passport_unique'"
		for range 2 {
			migrated(t, db, dialect, modeltest.Schema())
			var n int
			if err := db.QueryRowContext(t.Context(), fmt.Sprintf(count, names)).Scan(&n); err != nil || n != 6 {
				t.Fatalf("%d indexes, %v", n, err)
			}
			if err := db.QueryRowContext(t.Context(), fmt.Sprintf(count, "'person_passport_index', 'pet_tags__tag_pets_pet_tags_index'")).Scan(&n); err != nil || n != 0 {
				t.Fatalf("%d indexes too many, %v", n, err)
			}
		}
	})
}
