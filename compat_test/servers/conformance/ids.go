package main

import (
	"context"
	"errors"

	"github.com/go-sails/sails/sailsio/model"
	"github.com/go-sails/sails/sailsio/sqlstore"
)

// A spendingStore spends a number on a record that is not unique, as the database
// of the Sails application does, and PostgreSQL and MySQL do. SQLite takes it back.
type spendingStore struct {
	*sqlstore.Store
	records *records
}

// spent is the error of a record that got a number and was refused.
type spent struct {
	error
	table string
}

func (e *spent) Unwrap() error { return e.error }

func (s spendingStore) Create(ctx context.Context, m *model.Model, values model.Record) (model.Record, error) {
	r, err := s.Store.Create(ctx, m, values)
	if unique := (*model.UniqueError)(nil); errors.As(err, &unique) {
		err = &spent{err, m.Table}
	}
	return r, err
}

func (s spendingStore) Transaction(ctx context.Context, fn func(ctx context.Context) error) error {
	err := s.Store.Transaction(ctx, fn)
	if refused := (*spent)(nil); errors.As(err, &refused) {
		_, failed := s.records.db.ExecContext(ctx, "UPDATE sqlite_sequence SET seq = seq + 1 WHERE name = ?", refused.table)
		err = errors.Join(err, failed)
	}
	return err
}
