package main

import (
	"context"
	"errors"
	"maps"
	"sync"

	"github.com/go-sails/sails/sailsio/model"
	"github.com/go-sails/sails/sailsio/sqlstore"
)

// A spendingStore numbers records as the database of the Sails application does:
// it counts, spends a number on a record that is not unique, and learns nothing of the
// numbers that clients choose.
type spendingStore struct {
	*sqlstore.Store
	ids *counters
}

// counters are the last numbers given, by table.
type counters struct {
	mu   sync.Mutex
	last map[string]int
}

func (c *counters) reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last = map[string]int{}
}

func (s spendingStore) Create(ctx context.Context, m *model.Model, values model.Record) (model.Record, error) {
	key := m.PrimaryKey
	if _, chosen := values[key.Name]; chosen || !key.AutoIncrement {
		return s.Store.Create(ctx, m, values)
	}
	s.ids.mu.Lock()
	defer s.ids.mu.Unlock()
	numbered := maps.Clone(values)
	if numbered == nil {
		numbered = model.Record{}
	}
	numbered[key.Name] = s.ids.last[m.Table] + 1
	r, err := s.Store.Create(ctx, m, numbered)
	if unique := (*model.UniqueError)(nil); err == nil || errors.As(err, &unique) {
		s.ids.last[m.Table]++
	}
	return r, err
}
