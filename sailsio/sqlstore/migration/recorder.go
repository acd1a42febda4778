package migration

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pressly/goose/v3/database"

	"github.com/go-sails/sails/sailsio/sqlstore"
)

// recorder is goose's record of what was applied, for whoever holds the lock only,
// and for drivers that give times as text.
type recorder struct {
	database.Store
	table   string
	dialect sqlstore.Dialect
	lock    locker
}

// Insert records a version, in the transaction of its migration.
func (r *recorder) Insert(ctx context.Context, db database.DBTxConn, req database.InsertRequest) error {
	if req.Version > 0 {
		if err := r.lock.confirm(ctx, db); err != nil {
			return err
		}
	}
	return r.Store.Insert(ctx, db, req)
}

// Delete forgets a version, in the transaction that undoes it.
func (r *recorder) Delete(ctx context.Context, db database.DBTxConn, version int64) error {
	if err := r.lock.confirm(ctx, db); err != nil {
		return err
	}
	return r.Store.Delete(ctx, db, version)
}

// GetMigration tells about one version.
func (r *recorder) GetMigration(ctx context.Context, db database.DBTxConn, version int64) (*database.GetMigrationResult, error) {
	var n int
	if err := db.QueryRowContext(ctx, fmt.Sprintf("SELECT COUNT(*) FROM %s WHERE version_id = %d", r.table, version)).Scan(&n); err != nil {
		return nil, err
	}
	if n == 0 {
		return nil, fmt.Errorf("%w: %d", database.ErrVersionNotFound, version)
	}
	return &database.GetMigrationResult{IsApplied: true}, nil
}

// TableExists reports whether anything was ever recorded.
func (r *recorder) TableExists(ctx context.Context, db database.DBTxConn) (bool, error) {
	query := map[sqlstore.Dialect]string{
		sqlstore.SQLite:     "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = '%s'",
		sqlstore.PostgreSQL: "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = current_schema() AND table_name = '%s'",
		sqlstore.MySQL:      "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = '%s'",
	}[r.dialect]
	var n int
	if err := db.QueryRowContext(ctx, fmt.Sprintf(query, r.table)).Scan(&n); err != nil {
		return false, err
	}
	return n > 0, nil
}

// applied returns when each version was applied.
func (r *recorder) applied(ctx context.Context, db database.DBTxConn) (found map[int64]time.Time, err error) {
	found = map[int64]time.Time{}
	if exists, err := r.TableExists(ctx, db); err != nil {
		return nil, fmt.Errorf("migration: looking for the table %s: %w", r.table, err)
	} else if !exists {
		return found, nil
	}
	rows, err := db.QueryContext(ctx, "SELECT version_id, tstamp FROM "+r.table+" WHERE version_id > 0")
	if err != nil {
		return nil, fmt.Errorf("migration: reading the table %s: %w", r.table, err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var version int64
		var at any
		if err := rows.Scan(&version, &at); err != nil {
			return nil, fmt.Errorf("migration: reading the table %s: %w", r.table, err)
		}
		found[version] = moment(at)
	}
	return found, rows.Err()
}

// moment reads a time as drivers give it. One that is not understood becomes the
// epoch: the version is applied all the same.
func moment(v any) time.Time {
	switch v := v.(type) {
	case time.Time:
		return v.UTC()
	case []byte:
		return moment(string(v))
	case string:
		for _, layout := range []string{time.DateTime, time.RFC3339Nano, "2006-01-02 15:04:05.999999"} {
			if t, err := time.Parse(layout, v); err == nil {
				return t.UTC()
			}
		}
	}
	return time.Unix(0, 0).UTC()
}
