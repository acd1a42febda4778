package compat_test

import (
	"crypto/rand"
	"database/sql"
	"maps"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"
	_ "github.com/jackc/pgx/v5/stdlib" // registers the driver "pgx"
)

// recordScenarios are those that read or write records.
var recordScenarios = []string{"v15", "v16", "v17", "v18", "v19", "v20", "v21", "v22", "v23", "v29", "v33", "v34", "w84", "w85", "w86", "w87", "w100", "w101", "w102", "w105"}

// TestDatabases plays the scenarios of the blueprints, which TestSails and
// TestSailsMore play on SQLite, on PostgreSQL and MariaDB: over WebSocket, polling
// and, where a scenario says so, plain HTTP.
func TestDatabases(t *testing.T) {
	for name, open := range map[string]func(*testing.T, string) string{"SAILS_TEST_POSTGRES": ownPostgres, "SAILS_TEST_MYSQL": ownMySQL} {
		for _, transport := range []string{"websocket", "polling"} {
			t.Run(strings.ToLower(strings.TrimPrefix(name, "SAILS_TEST_"))+"-"+transport, func(t *testing.T) {
				t.Parallel()
				address := os.Getenv(name)
				if address == "" {
					if os.Getenv("SAILS_TEST_DATABASES") == "all" {
						t.Fatalf("%s is not set", name)
					}
					t.Skipf("%s is not set; make test sets it", name)
				}
				address = open(t, address)
				sails1.playOn(t, address, transport)
				sailsMore.playOn(t, address, transport)
			})
		}
	}
}

// playOn plays the scenarios that concern records on the database at an address.
func (s sailsSuite) playOn(t *testing.T, address, transport string) {
	variants := loadVariants(t)
	byVariant := map[string][]scenario{}
	for _, sc := range s.load(t) {
		if slices.ContainsFunc(recordScenarios, func(prefix string) bool { return strings.HasPrefix(sc.name, prefix+"-") }) {
			byVariant[sc.Variant] = append(byVariant[sc.Variant], sc)
		}
	}
	for _, variant := range slices.Sorted(maps.Keys(byVariant)) {
		env := maps.Clone(variants[variant])
		if env == nil {
			env = map[string]string{}
		}
		env["CONF_DATABASE"] = address
		t.Run(variant, func(t *testing.T) {
			st := &stage{t: t, suite: s, client: s.main, transport: transport, env: env}
			defer st.close()
			for _, sc := range byVariant[variant] {
				t.Run(sc.name, func(t *testing.T) { st.scenario(t, sc) })
			}
		})
	}
}

// ownPostgres makes a schema that is gone when the test ends and returns its address.
func ownPostgres(t *testing.T, server string) string {
	name := "c" + strings.ToLower(rand.Text()[:10])
	administer(t, "pgx", server, `CREATE SCHEMA "`+name+`"`, `DROP SCHEMA "`+name+`" CASCADE`)
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	q.Set("search_path", name)
	u.RawQuery = q.Encode()
	return u.String()
}

// ownMySQL does so with a database.
func ownMySQL(t *testing.T, server string) string {
	name := "c" + strings.ToLower(rand.Text()[:10])
	administer(t, "mysql", server, "CREATE DATABASE "+name, "DROP DATABASE "+name)
	cfg, err := mysql.ParseDSN(server)
	if err != nil {
		t.Fatal(err)
	}
	cfg.DBName = name
	return cfg.FormatDSN()
}

// administer runs one statement now and one when the test ends.
func administer(t *testing.T, driver, server, now, later string) {
	t.Helper()
	db, err := sql.Open(driver, server)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	if _, err := db.ExecContext(t.Context(), now); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := db.Exec(later); err != nil {
			t.Error(err)
		}
	})
}
