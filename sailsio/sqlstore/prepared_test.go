package sqlstore_test

import (
	"context"
	"database/sql"
	"fmt"
	"sync"
	"testing"

	"github.com/go-sails/sails/sailsio/model"
	"github.com/go-sails/sails/sailsio/model/modeltest"
	"github.com/go-sails/sails/sailsio/sqlstore"
	"github.com/go-sails/sails/sailsio/sqlstore/sqltest"
)

// More different statements than are kept prepared, at the same time, in transactions
// and out of them, and over a migration: all find what there is.
func TestPrepared(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, db *sql.DB, dialect sqlstore.Dialect) {
		s := migrated(t, db, dialect, modeltest.Schema())
		find := func(round, n int) {
			var all sync.WaitGroup
			for worker := range 4 {
				all.Go(func() {
					for i := range n {
						ids := make([]any, 1+worker*70+i) // 280 texts
						for j := range ids {
							ids[j] = float64(j + 1)
						}
						q, err := get(t, s, "vet").Query(model.Criteria{Where: model.Record{"id": ids}}, nil, model.Limits{})
						if err != nil {
							t.Error(err)
							return
						}
						read := s.Find
						if i%5 == 0 {
							read = func(ctx context.Context, q *model.Query) (records []model.Record, err error) {
								err = s.Transaction(ctx, func(ctx context.Context) error {
									records, err = s.Find(ctx, q)
									return err
								})
								return records, err
							}
						}
						if records, err := read(t.Context(), q); err != nil || len(records) != min(round, len(ids)) {
							t.Errorf("%d records of %d, %v", len(records), len(ids), err)
							return
						}
					}
				})
			}
			all.Wait()
		}
		create(t, s, "vet", model.Record{"name": "a"})
		find(1, 70)
		if err := s.Migrate(t.Context(), sqlstore.Drop, nil); err != nil {
			t.Fatal(err)
		}
		find(0, 3)
		for i := range 3 {
			create(t, s, "vet", model.Record{"name": fmt.Sprint(i)})
		}
		find(3, 3)
	})
}
