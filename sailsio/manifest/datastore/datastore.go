// Package datastore opens the database a manifest asks for: embedded SQLite,
// PostgreSQL, MySQL or MariaDB. It links the drivers of all of them; a program that
// knows its database opens it with package database/sql instead.
package datastore

import (
	"cmp"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"
	_ "github.com/jackc/pgx/v5/stdlib" // registers the driver "pgx"

	"github.com/go-sails/sails/sailsio/manifest"
	"github.com/go-sails/sails/sailsio/sqlstore"
	"github.com/go-sails/sails/sailsio/sqlstore/sqlite"
)

// DefaultPath is where an embedded database is kept, below the application.
const DefaultPath = ".tmp/sails.db"

// DefaultURLEnv names the variable with the address of a database server.
const DefaultURLEnv = "DATABASE_URL"

// Open opens the database of an application in the folder dir. It makes the folder
// of an embedded database, readable for its owner only, and connects to nothing
// yet. Addresses are URLs (postgres://user:password@host/name,
// mysql://user:password@host:3306/name) or what the driver takes. Close the database
// when everything that uses it has ended.
func Open(d manifest.Datastore, dir string) (*sql.DB, sqlstore.Dialect, error) {
	dialect := sqlstore.Dialect(cmp.Or(d.Adapter, string(sqlstore.SQLite)))
	if dialect == sqlstore.SQLite {
		db, err := openSQLite(cmp.Or(d.Path, DefaultPath), dir)
		return db, dialect, err
	}
	variable := cmp.Or(d.URLEnv, DefaultURLEnv)
	address := os.Getenv(variable)
	if address == "" {
		return nil, "", fmt.Errorf("datastore: the environment variable %s is empty; it has to hold the address of the %s server", variable, dialect)
	}
	var db *sql.DB
	var err error
	switch dialect {
	case sqlstore.PostgreSQL:
		db, err = sql.Open("pgx", address)
	case sqlstore.MySQL:
		db, err = openMySQL(address)
	default:
		return nil, "", fmt.Errorf("datastore: unknown adapter %q; use sqlite, postgres or mysql", d.Adapter)
	}
	if err != nil {
		// The driver's error may repeat the address, and with it the password.
		return nil, "", fmt.Errorf("datastore: %s holds no address of a %s server", variable, dialect)
	}
	db.SetMaxOpenConns(max(16, 4*runtime.GOMAXPROCS(0)))
	db.SetMaxIdleConns(max(16, 4*runtime.GOMAXPROCS(0)))
	db.SetConnMaxIdleTime(5 * time.Minute)
	return db, dialect, nil
}

func openSQLite(path, dir string) (*sql.DB, error) {
	if path == ":memory:" {
		return sqlite.Memory()
	}
	if !filepath.IsAbs(path) {
		path = filepath.Join(dir, path)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("datastore: %w", err)
	}
	return sqlite.Open(path)
}

// openMySQL takes URLs besides what the driver takes.
func openMySQL(address string) (*sql.DB, error) {
	if rest, ok := strings.CutPrefix(address, "mariadb://"); ok {
		address = "mysql://" + rest
	}
	if !strings.HasPrefix(address, "mysql://") {
		return sql.Open("mysql", address)
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return nil, errors.New("datastore: no address")
	}
	cfg := mysql.NewConfig()
	cfg.Net, cfg.Addr = "tcp", u.Host
	if u.Port() == "" {
		cfg.Addr = u.Host + ":3306"
	}
	cfg.User = u.User.Username()
	cfg.Passwd, _ = u.User.Password()
	cfg.DBName = strings.TrimPrefix(u.Path, "/")
	connector, err := mysql.NewConnector(cfg)
	if err != nil {
		return nil, err
	}
	return sql.OpenDB(connector), nil
}
