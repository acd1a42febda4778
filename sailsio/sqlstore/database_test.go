package sqlstore_test

import (
	"crypto/rand"
	"database/sql"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"
	_ "github.com/jackc/pgx/v5/stdlib"

	"github.com/go-sails/sails/internal/leakcheck"
	"github.com/go-sails/sails/sailsio/model"
	"github.com/go-sails/sails/sailsio/model/modeltest"
	"github.com/go-sails/sails/sailsio/sqlstore"
	"github.com/go-sails/sails/sailsio/sqlstore/sqlite"
)

func TestMain(m *testing.M) { leakcheck.Main(m) }

// Servers to run the tests on besides SQLite: postgres://… and user:pw@tcp(…)/.
// With SAILS_TEST_DATABASES=all a missing one is a failure.
const (
	postgresVar = "SAILS_TEST_POSTGRES"
	mysqlVar    = "SAILS_TEST_MYSQL"
	requireVar  = "SAILS_TEST_DATABASES"
)

// onEach runs a test on every database there is, with empty tables for the
// models of modeltest.
func onEach(t *testing.T, test func(t *testing.T, s *sqlstore.Store)) {
	t.Helper()
	for _, dialect := range []sqlstore.Dialect{sqlstore.SQLite, sqlstore.PostgreSQL, sqlstore.MySQL} {
		t.Run(string(dialect), func(t *testing.T) {
			t.Parallel()
			db := open(t, dialect)
			test(t, migrated(t, db, dialect, modeltest.Schema()))
		})
	}
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
	var db *sql.DB
	var err error
	switch dialect {
	case sqlstore.SQLite:
		db, err = sqlite.Memory()
	case sqlstore.PostgreSQL:
		db, err = openPostgres(t, server(t, postgresVar))
	case sqlstore.MySQL:
		db, err = openMySQL(t, server(t, mysqlVar))
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func server(t *testing.T, variable string) string {
	t.Helper()
	address := os.Getenv(variable)
	if address == "" {
		if os.Getenv(requireVar) == "all" {
			t.Fatalf("%s is not set", variable)
		}
		t.Skipf("%s is not set; make test sets it", variable)
	}
	return address
}

func openPostgres(t *testing.T, address string) (*sql.DB, error) {
	admin, err := sql.Open("pgx", address)
	if err != nil {
		return nil, err
	}
	name := "t" + strings.ToLower(rand.Text()[:10])
	if _, err := admin.Exec(`CREATE SCHEMA "` + name + `"`); err != nil {
		return nil, err
	}
	t.Cleanup(func() {
		if _, err := admin.Exec(`DROP SCHEMA "` + name + `" CASCADE`); err != nil {
			t.Error(err)
		}
		admin.Close()
	})
	u, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	q := u.Query()
	q.Set("search_path", name)
	u.RawQuery = q.Encode()
	return sql.Open("pgx", u.String())
}

func openMySQL(t *testing.T, address string) (*sql.DB, error) {
	cfg, err := mysql.ParseDSN(address)
	if err != nil {
		return nil, err
	}
	admin, err := sql.Open("mysql", cfg.FormatDSN())
	if err != nil {
		return nil, err
	}
	name := "t" + strings.ToLower(rand.Text()[:10])
	if _, err := admin.Exec("CREATE DATABASE " + name); err != nil {
		return nil, err
	}
	t.Cleanup(func() {
		if _, err := admin.Exec("DROP DATABASE " + name); err != nil {
			t.Error(err)
		}
		admin.Close()
	})
	cfg.DBName = name
	return sql.Open("mysql", cfg.FormatDSN())
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
