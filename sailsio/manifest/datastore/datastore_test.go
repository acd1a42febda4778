package datastore_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-sails/sails/internal/leakcheck"
	"github.com/go-sails/sails/sailsio/manifest"
	"github.com/go-sails/sails/sailsio/manifest/datastore"
	"github.com/go-sails/sails/sailsio/sqlstore"
)

func TestMain(m *testing.M) { leakcheck.Main(m) }

func TestOpen_SQLite(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for path, file := range map[string]string{"": datastore.DefaultPath, "data/own.db": "data/own.db", ":memory:": ""} {
		db, dialect, err := datastore.Open(manifest.Datastore{Path: path}, dir)
		if err != nil || dialect != sqlstore.SQLite {
			t.Fatal(dialect, err)
		}
		if _, err := db.ExecContext(t.Context(), "CREATE TABLE t (a)"); err != nil {
			t.Error(path, err)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
		if file == "" {
			continue
		}
		info, err := os.Stat(filepath.Join(dir, filepath.Dir(file)))
		if err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("%s: %v %v", path, info, err)
		}
	}
	if _, _, err := datastore.Open(manifest.Datastore{Path: filepath.Join(dir, "data/own.db/x/y")}, dir); err == nil {
		t.Error("a folder below a file was made")
	}
}

func TestOpen_Servers(t *testing.T) {
	const password = "hunter2-secret"
	for _, c := range []struct{ adapter, address, problem string }{
		{"postgres", "postgres://u:" + password + "@127.0.0.1/db", ""},
		{"mysql", "mysql://u:" + password + "@127.0.0.1/db", ""},
		{"mysql", "mariadb://u:" + password + "@127.0.0.1:3307/db", ""},
		{"mysql", "u:" + password + "@tcp(127.0.0.1:3306)/db", ""},
		{"mysql", "mysql://u:" + password + "%zz@/db", "no address"},
		{"mysql", password, "no address"},
		{"mongo", "mongodb://" + password, "unknown adapter"},
		{"postgres", "", "TEST_DATABASE is empty"},
	} {
		t.Setenv("TEST_DATABASE", c.address)
		db, dialect, err := datastore.Open(manifest.Datastore{Adapter: c.adapter, URLEnv: "TEST_DATABASE"}, ".")
		switch {
		case c.problem == "" && (err != nil || string(dialect) != c.adapter):
			t.Errorf("%v: %v", c, err)
		case c.problem != "" && (err == nil || !strings.Contains(err.Error(), c.problem) || strings.Contains(err.Error(), password)):
			t.Errorf("%v: %v", c, err) // SEC-75: no password in what is shown
		}
		if db != nil {
			db.Close()
		}
	}
}
