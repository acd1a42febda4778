// Package sqltest gives tests empty databases of every kind: SQLite in memory, and
// PostgreSQL and MariaDB or MySQL where there are servers, as
// sailsio/sqlstore/testservers starts them. Without a server its tests are skipped,
// unless SAILS_TEST_DATABASES=all asks for all.
package sqltest

import (
	"crypto/rand"
	"database/sql"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"
	_ "github.com/jackc/pgx/v5/stdlib" // registers the driver "pgx"

	"github.com/go-sails/sails/sailsio/sqlstore"
	"github.com/go-sails/sails/sailsio/sqlstore/sqlite"
)

// Servers to run tests on besides SQLite: postgres://… and user:pw@tcp(…)/.
const (
	postgresVar = "SAILS_TEST_POSTGRES"
	mysqlVar    = "SAILS_TEST_MYSQL"
	requireVar  = "SAILS_TEST_DATABASES"
)

// Each runs a test on every kind of database there is, in parallel, with an empty
// one that is gone when the test ends.
func Each(t *testing.T, test func(t *testing.T, db *sql.DB, dialect sqlstore.Dialect)) {
	t.Helper()
	for _, dialect := range []sqlstore.Dialect{sqlstore.SQLite, sqlstore.PostgreSQL, sqlstore.MySQL} {
		t.Run(string(dialect), func(t *testing.T) {
			t.Parallel()
			test(t, Open(t, dialect), dialect)
		})
	}
}

// Open returns an empty database, which is gone when the test ends.
func Open(t testing.TB, dialect sqlstore.Dialect) *sql.DB {
	t.Helper()
	var db *sql.DB
	var err error
	switch dialect {
	case sqlstore.PostgreSQL:
		db, err = openPostgres(t, server(t, postgresVar))
	case sqlstore.MySQL:
		db, err = openMySQL(t, server(t, mysqlVar))
	default:
		db, err = sqlite.Memory()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func server(t testing.TB, variable string) string {
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

func openPostgres(t testing.TB, address string) (*sql.DB, error) {
	name := "t" + strings.ToLower(rand.Text()[:10])
	if err := administer(t, "pgx", address, `CREATE SCHEMA "`+name+`"`, `DROP SCHEMA "`+name+`" CASCADE`); err != nil {
		return nil, err
	}
	u, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	q := u.Query()
	q.Set("search_path", name)
	u.RawQuery = q.Encode()
	return sql.Open("pgx", u.String())
}

func openMySQL(t testing.TB, address string) (*sql.DB, error) {
	name := "t" + strings.ToLower(rand.Text()[:10])
	if err := administer(t, "mysql", address, "CREATE DATABASE "+name, "DROP DATABASE "+name); err != nil {
		return nil, err
	}
	cfg, err := mysql.ParseDSN(address)
	if err != nil {
		return nil, err
	}
	cfg.DBName = name
	return sql.Open("mysql", cfg.FormatDSN())
}

// administer runs one statement now and one when the test ends.
func administer(t testing.TB, driver, address, now, later string) error {
	admin, err := sql.Open(driver, address)
	if err != nil {
		return err
	}
	if _, err := admin.Exec(now); err != nil {
		_ = admin.Close()
		return err
	}
	t.Cleanup(func() {
		if _, err := admin.Exec(later); err != nil {
			t.Error(err)
		}
		if err := admin.Close(); err != nil {
			t.Error(err)
		}
	})
	return nil
}
