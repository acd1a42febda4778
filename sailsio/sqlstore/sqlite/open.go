// Package sqlite opens embedded SQLite databases for package sqlstore with the
// settings it wants. It is the only package that links the driver, which is
// written in Go and needs no C compiler.
package sqlite

import (
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"runtime"
	"strings"

	_ "modernc.org/sqlite" // registers the driver "sqlite"
)

// Open opens the database file at path, which is created when it does not
// exist. Readers and one writer work at the same time (write-ahead logging);
// writers wait up to 5 s for each other. Nothing is read before the first use.
func Open(path string) (*sql.DB, error) {
	if path == "" || strings.ContainsRune(path, 0) {
		return nil, errors.New("sqlite: the path of the database file is empty or no path")
	}
	db, err := sql.Open("sqlite", dsn("file:"+(&url.URL{Path: path}).EscapedPath(), "journal_mode(wal)", "synchronous(normal)"))
	if err != nil {
		return nil, fmt.Errorf("sqlite: opening %s: %w", path, err)
	}
	db.SetMaxOpenConns(max(4, runtime.GOMAXPROCS(0)))
	db.SetMaxIdleConns(max(4, runtime.GOMAXPROCS(0)))
	return db, nil
}

// Memory opens a new, empty database in memory. Each call gives a separate one,
// which lives until it is closed. It has a single connection: an in-memory
// database belongs to its connection, and sharing one between connections would
// only trade a queue for lock errors.
func Memory() (*sql.DB, error) {
	db, err := sql.Open("sqlite", dsn("file::memory:", "journal_mode(memory)", "synchronous(off)"))
	if err != nil {
		return nil, fmt.Errorf("sqlite: opening a database in memory: %w", err)
	}
	db.SetMaxOpenConns(1)
	db.SetMaxIdleConns(1)
	db.SetConnMaxIdleTime(0)
	db.SetConnMaxLifetime(0)
	return db, nil
}

// dsn gives the pragmas of every connection. Transactions lock at once, so that
// one that reads before it writes cannot lose against another in between.
func dsn(file string, pragmas ...string) string {
	q := url.Values{"_txlock": {"immediate"}}
	for _, p := range append([]string{"busy_timeout(5000)"}, pragmas...) {
		q.Add("_pragma", p)
	}
	return file + "?" + q.Encode()
}
