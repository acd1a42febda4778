package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/go-sails/sails/sailsio/model"
)

// Config configures a Store.
type Config struct {
	// Schema are the models. Required.
	Schema *model.Schema
	// DB is the database. Required. The Store does not close it.
	DB *sql.DB
	// Dialect says what DB talks to. Required.
	Dialect Dialect
	// Timeout bounds each call, a whole transaction being one. Zero means 10 s
	// (SEC-84), negative means no bound but the context's.
	Timeout time.Duration
	// DataEncryptionKeys are the keys for attributes that are encrypted, base64 of 32
	// random bytes each, by name; "default" is the one new values are encrypted with.
	// They are those of Sails' config/models.js, and so are the values they encrypt.
	DataEncryptionKeys map[string]string
	// Now tells the time for automatic attributes; nil means time.Now.
	Now func() time.Time
}

// Store reads and writes the records of a schema. It is safe for concurrent
// use; calls that carry the same transaction in their context run one after the
// other.
type Store struct {
	schema   *model.Schema
	db       *sql.DB
	d        *dialect
	timeout  time.Duration
	now      func() time.Time
	keys     keyring
	prepared *prepared
}

// New checks the configuration. It does not connect.
func New(cfg Config) (*Store, error) {
	if cfg.Schema == nil || cfg.DB == nil {
		return nil, errors.New("sqlstore: Config needs Schema and DB")
	}
	d := dialects[cfg.Dialect]
	if d == nil {
		return nil, fmt.Errorf("sqlstore: unknown dialect %q; use SQLite, PostgreSQL or MySQL", cfg.Dialect)
	}
	keys, err := newKeyring(cfg.DataEncryptionKeys)
	if err != nil {
		return nil, err
	}
	for _, m := range cfg.Schema.Models() {
		for _, a := range m.Attributes {
			if a.Encrypt && keys[defaultKey] == nil {
				return nil, fmt.Errorf("sqlstore: %s.%s is encrypted: give the key %q in Config.DataEncryptionKeys", m.Identity, a.Name, defaultKey)
			}
			if a.AutoIncrement && a != m.PrimaryKey {
				return nil, fmt.Errorf("sqlstore: %s.%s: only the primary key can be AutoIncrement", m.Identity, a.Name)
			}
		}
	}
	if cfg.Timeout == 0 {
		cfg.Timeout = 10 * time.Second
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Store{schema: cfg.Schema, db: cfg.DB, d: d, timeout: cfg.Timeout, now: cfg.Now, keys: keys, prepared: newPrepared(cfg.DB)}, nil
}

// Schema returns the schema of the store.
func (s *Store) Schema() *model.Schema { return s.schema }

// conn is what both a database and a transaction can do.
type conn interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

// transaction is what a context carries; store tells whose it is.
type transaction struct {
	store *Store
	tx    *sql.Tx
}

type transactionKey struct{}

func (s *Store) inTransaction(ctx context.Context) *sql.Tx {
	if t, ok := ctx.Value(transactionKey{}).(*transaction); ok && t.store == s {
		return t.tx
	}
	return nil
}

// InTransaction reports whether a call with this context would be part of a
// transaction of the store.
func (s *Store) InTransaction(ctx context.Context) bool { return s.inTransaction(ctx) != nil }

// Within returns a context whose calls are part of a transaction that somebody else
// began on the same database, and ends: a migration's, for example. It must not be
// used after that.
func (s *Store) Within(ctx context.Context, tx *sql.Tx) context.Context {
	return context.WithValue(ctx, transactionKey{}, &transaction{s, tx})
}

// Transaction runs fn in a transaction: calls with the context it gets are part
// of it. It commits when fn returns nil and otherwise rolls back and returns
// fn's error. Inside another transaction of the same store it joins that one. A
// panic in fn rolls back and goes on. The transaction must not be used after fn
// has returned. model.ErrConflict in the error means that all of it may be tried
// again, which is up to the caller, who knows what else fn does.
func (s *Store) Transaction(ctx context.Context, fn func(ctx context.Context) error) error {
	if s.inTransaction(ctx) != nil {
		return fn(ctx)
	}
	ctx, cancel := s.bounded(ctx)
	defer cancel()
	return s.transact(ctx, fn)
}

// transact is Transaction outside of any other, in a context that is bounded.
func (s *Store) transact(ctx context.Context, fn func(ctx context.Context) error) (err error) {
	tx, err := s.db.BeginTx(ctx, &sql.TxOptions{Isolation: s.d.isolation})
	if err != nil {
		return s.conflicting(fmt.Errorf("sqlstore: beginning a transaction: %w", err))
	}
	committed := false
	defer func() {
		if !committed {
			tx.Rollback() // the error that led here says more than a failing rollback
		}
	}()
	if err := fn(s.Within(ctx, tx)); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return s.conflicting(fmt.Errorf("sqlstore: committing: %w", err))
	}
	committed = true
	return nil
}

// attempts bounds how often a write is tried that conflicts with others.
const attempts = 5

// write is Transaction for the store's own writes: fn may be called again, and must
// not leave anything behind that it would stumble over.
func (s *Store) write(ctx context.Context, fn func(ctx context.Context) error) error {
	if s.inTransaction(ctx) != nil {
		return fn(ctx)
	}
	ctx, cancel := s.bounded(ctx)
	defer cancel()
	for try := 1; ; try++ {
		err := s.transact(ctx, fn)
		if !errors.Is(err, model.ErrConflict) || try == attempts {
			return err
		}
		pause := time.NewTimer(rand.N(time.Duration(try) * 10 * time.Millisecond))
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			return err
		}
	}
}

func (s *Store) bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	if s.timeout < 0 || s.inTransaction(ctx) != nil {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, s.timeout)
}
