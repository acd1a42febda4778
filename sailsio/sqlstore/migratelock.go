package sqlstore

import (
	"context"
	"database/sql/driver"
	"fmt"
	"time"
)

// lockMigration lets one node at a time migrate a database that has no transactions
// over tables: MySQL's. The lock belongs to a connection and ends with it. A pool of one
// connection has none to spare, and goes without.
func (s *Store) lockMigration(ctx context.Context) (unlock func(), err error) {
	if s.d.name != MySQL || s.db.Stats().MaxOpenConnections == 1 {
		return func() {}, nil
	}
	conn, err := s.db.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("sqlstore: beginning a migration: %w", err)
	}
	const name = "SHA1(CONCAT('sails migrate ', DATABASE()))" // names belong to the server
	for got := 0; got != 1; {
		if err := conn.QueryRowContext(ctx, "SELECT COALESCE(GET_LOCK("+name+", 5), 0)").Scan(&got); err != nil {
			_ = conn.Close() // the error to report is that of the lock
			return nil, fmt.Errorf("sqlstore: waiting for another migration: %w", err)
		}
	}
	return func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		if _, err := conn.ExecContext(ctx, "DO RELEASE_LOCK("+name+")"); err != nil {
			_ = conn.Raw(func(any) error { return driver.ErrBadConn }) // so that it is not used again
		}
		_ = conn.Close()
	}, nil
}
