package migration

import (
	"context"
	"crypto/rand"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"hash/fnv"
	"time"

	"github.com/pressly/goose/v3/database"

	"github.com/go-sails/sails/sailsio/sqlstore"
)

// ErrBusy says that another node kept migrating for longer than Config.Wait.
var ErrBusy = errors.New("migration: another node is migrating; try again when it has finished")

// errLost ends a migration whose lock another node has taken.
var errLost = errors.New("migration: the lock expired and another node has taken it; nothing was recorded")

// locker lets one node at a time migrate.
type locker interface {
	// acquire waits for the lock. unlock gives it back.
	acquire(ctx context.Context) (unlock func() error, err error)
	// confirm fails when the lock has been lost. It is called in the transaction that
	// records a migration.
	confirm(ctx context.Context, db database.DBTxConn) error
}

func newLocker(cfg Config) locker {
	if cfg.Dialect == sqlstore.SQLite {
		return &lease{db: cfg.DB, table: cfg.Table + "_lock", wait: cfg.Wait, owner: rand.Text()}
	}
	l := &session{db: cfg.DB, wait: cfg.Wait}
	if cfg.Dialect == sqlstore.PostgreSQL {
		h := fnv.New64a()
		h.Write([]byte("sails migration " + cfg.Table))
		key := int64(h.Sum64())
		l.take = fmt.Sprintf("SELECT CASE WHEN pg_try_advisory_lock(%d) THEN 1 ELSE 0 END", key)
		l.give = fmt.Sprintf("SELECT CASE WHEN pg_advisory_unlock(%d) THEN 1 ELSE 0 END", key)
		return l
	}
	// Names of locks belong to the server, and are short.
	name := "SHA1(CONCAT('sails migration ', DATABASE(), ' " + cfg.Table + "'))"
	l.take = "SELECT COALESCE(GET_LOCK(" + name + ", 0), 0)"
	l.give = "SELECT COALESCE(RELEASE_LOCK(" + name + "), 0)"
	return l
}

// retry calls try until it succeeds, at least once, with pauses that grow to a second.
func retry(ctx context.Context, wait time.Duration, try func(ctx context.Context) (bool, error)) error {
	over := time.NewTimer(wait)
	defer over.Stop()
	for pause := 20 * time.Millisecond; ; pause = min(2*pause, time.Second) {
		ok, err := try(ctx)
		switch {
		case ok:
			return nil
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case err != nil:
			return fmt.Errorf("migration: taking the lock: %w", err)
		}
		select {
		case <-time.After(pause):
		case <-over.C:
			return ErrBusy
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// session is a lock of the server that belongs to a connection and ends with it.
type session struct {
	db         *sql.DB
	wait       time.Duration
	take, give string
}

func (l *session) acquire(ctx context.Context) (func() error, error) {
	if l.db.Stats().MaxOpenConnections == 1 {
		return nil, errors.New("migration: the lock takes a connection of its own; let the pool have two (SetMaxOpenConns)")
	}
	conn, err := l.db.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("migration: %w", err)
	}
	err = retry(ctx, l.wait, func(ctx context.Context) (bool, error) {
		var got int
		err := conn.QueryRowContext(ctx, l.take).Scan(&got)
		return got == 1, err
	})
	if err != nil {
		return nil, errors.Join(err, discard(conn))
	}
	return func() error {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		var gave int
		if err := conn.QueryRowContext(ctx, l.give).Scan(&gave); err != nil || gave != 1 {
			return discard(conn) // the lock ends with the connection
		}
		return conn.Close()
	}, nil
}

// discard closes a connection instead of giving it back to the pool.
func discard(conn *sql.Conn) error {
	err := conn.Raw(func(any) error { return driver.ErrBadConn })
	if errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) {
		return nil
	}
	return err
}

func (l *session) confirm(context.Context, database.DBTxConn) error { return nil }

const (
	leaseTime  = time.Minute
	leaseRenew = leaseTime / 4
)

// lease is a row that names who migrates, until a time. SQLite has no other lock
// that outlives a transaction. The owner renews it in every transaction that records
// a migration, which fails when another has taken it, and in between.
type lease struct {
	db    *sql.DB
	table string
	wait  time.Duration
	owner string
}

func (l *lease) acquire(ctx context.Context) (func() error, error) {
	owner := l.owner
	err := retry(ctx, l.wait, func(ctx context.Context) (bool, error) {
		// Whoever writes makes SQLite wait for longer than we may want to.
		limited, cancel := context.WithTimeout(ctx, max(l.wait, time.Second))
		defer cancel()
		err := l.exec(limited, l.db, "CREATE TABLE IF NOT EXISTS "+l.table+" (id INTEGER PRIMARY KEY CHECK (id = 1), owner TEXT NOT NULL, until INTEGER NOT NULL)", nil)
		var changed int64
		if err == nil {
			now := time.Now()
			err = l.exec(limited, l.db, "INSERT INTO "+l.table+" (id, owner, until) VALUES (1, ?, ?) ON CONFLICT (id) DO UPDATE SET owner = excluded.owner, until = excluded.until WHERE until < ?",
				&changed, owner, now.Add(leaseTime).UnixMilli(), now.UnixMilli())
		}
		if busy(err) || err != nil && limited.Err() != nil {
			return false, nil
		}
		return changed == 1, err
	})
	if err != nil {
		return nil, err
	}
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		l.renew(ctx, stop)
	}()
	return func() error {
		close(stop)
		<-stopped
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		if err := l.exec(ctx, l.db, "DELETE FROM "+l.table+" WHERE owner = ?", nil, owner); err != nil {
			return fmt.Errorf("migration: giving the lock back: %w", err)
		}
		return nil
	}, nil
}

// renew keeps the lease while a migration works outside a transaction. It cannot
// while one writes in a transaction, and need not: nobody else can write then.
func (l *lease) renew(ctx context.Context, stop <-chan struct{}) {
	tick := time.NewTicker(leaseRenew)
	defer tick.Stop()
	for {
		select {
		case <-stop:
			return
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		limited, cancel := context.WithTimeout(ctx, leaseRenew)
		_ = l.confirm(limited, l.db) // the transaction that records finds out
		cancel()
	}
}

func (l *lease) confirm(ctx context.Context, db database.DBTxConn) error {
	var changed int64
	err := l.exec(ctx, db, "UPDATE "+l.table+" SET until = ? WHERE owner = ?", &changed, time.Now().Add(leaseTime).UnixMilli(), l.owner)
	if err == nil && changed != 1 {
		err = errLost
	}
	return err
}

// exec runs a statement and tells how many rows it changed.
func (l *lease) exec(ctx context.Context, db database.DBTxConn, statement string, changed *int64, args ...any) error {
	result, err := db.ExecContext(ctx, statement, args...)
	if err != nil || changed == nil {
		return err
	}
	*changed, err = result.RowsAffected()
	return err
}

// busy reports whether another connection writes.
func busy(err error) bool {
	var coded interface{ Code() int }
	return errors.As(err, &coded) && (coded.Code()&0xff == 5 || coded.Code()&0xff == 6)
}
