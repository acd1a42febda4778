package sqlstore_test

import (
	"database/sql"
	"testing"

	"github.com/go-sails/sails/internal/leakcheck"
	"github.com/go-sails/sails/sailsio/model"
	"github.com/go-sails/sails/sailsio/model/modeltest"
	"github.com/go-sails/sails/sailsio/sqlstore"
	"github.com/go-sails/sails/sailsio/sqlstore/sqlite"
	"github.com/go-sails/sails/sailsio/sqlstore/sqltest"
)

func TestMain(m *testing.M) { leakcheck.Main(m) }

// onEach runs a test on every database there is, with empty tables for the
// models of modeltest.
func onEach(t *testing.T, test func(t *testing.T, s *sqlstore.Store)) {
	t.Helper()
	sqltest.Each(t, func(t *testing.T, db *sql.DB, dialect sqlstore.Dialect) {
		test(t, migrated(t, db, dialect, modeltest.Schema()))
	})
}

func openMemory() (*sql.DB, error) { return sqlite.Memory() }

func migrated(t *testing.T, db *sql.DB, dialect sqlstore.Dialect, schema *model.Schema) *sqlstore.Store {
	t.Helper()
	s, err := sqlstore.New(sqlstore.Config{DB: db, Dialect: dialect, Schema: schema})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Migrate(t.Context(), sqlstore.Alter, nil); err != nil {
		t.Fatal(err)
	}
	return s
}

// open returns an empty database of its own.
func open(t *testing.T, dialect sqlstore.Dialect) *sql.DB {
	t.Helper()
	return sqltest.Open(t, dialect)
}

// Short ways to say things in tests.

func get(t *testing.T, s *sqlstore.Store, identity string) *model.Model {
	t.Helper()
	m, ok := s.Schema().Model(identity)
	if !ok {
		t.Fatalf("no model %s", identity)
	}
	return m
}

func create(t *testing.T, s *sqlstore.Store, identity string, values model.Record) model.Record {
	t.Helper()
	r, err := s.Create(t.Context(), get(t, s, identity), values)
	if err != nil {
		t.Fatalf("creating %s %v: %v", identity, values, err)
	}
	return r
}

func query(t *testing.T, s *sqlstore.Store, identity string, c model.Criteria, populates ...model.Populate) *model.Query {
	t.Helper()
	q, err := get(t, s, identity).Query(c, populates, model.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return q
}

func find(t *testing.T, s *sqlstore.Store, identity string, c model.Criteria, populates ...model.Populate) []model.Record {
	t.Helper()
	records, err := s.Find(t.Context(), query(t, s, identity, c, populates...))
	if err != nil {
		t.Fatal(err)
	}
	return records
}
