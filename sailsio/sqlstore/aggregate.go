package sqlstore

import (
	"context"
	"fmt"
	"iter"

	"github.com/go-sails/sails/sailsio/model"
)

// Count returns the number of records of a query, whatever its limit and skip.
func (s *Store) Count(ctx context.Context, q *model.Query) (int64, error) {
	if q.Void {
		return 0, nil
	}
	n, err := s.aggregate(ctx, q, "COUNT(*)")
	return int64(n), err
}

// Sum adds up a number attribute over the records of a query; 0 when there are
// none. The error is a *model.UsageError with InvalidNumericName when the
// attribute is no number.
func (s *Store) Sum(ctx context.Context, q *model.Query, attribute string) (float64, error) {
	return s.fold(ctx, q, "SUM", attribute)
}

// Avg is the mean of a number attribute over the records of a query; 0 when
// there are none. Errors are those of Sum.
func (s *Store) Avg(ctx context.Context, q *model.Query, attribute string) (float64, error) {
	return s.fold(ctx, q, "AVG", attribute)
}

func (s *Store) fold(ctx context.Context, q *model.Query, function, attribute string) (float64, error) {
	a, ok := q.Model.Attribute(attribute)
	if !ok || a.Type != model.Number || a.Model != "" || a.Encrypt {
		return 0, &model.UsageError{Code: model.InvalidNumericName, Model: q.Model.Identity,
			Details: fmt.Sprintf("The model has no number attribute named %q.", attribute)}
	}
	if q.Void {
		return 0, nil
	}
	return s.aggregate(ctx, q, "COALESCE("+function+"("+base+"."+s.d.quote(a.Column)+"), 0)")
}

func (s *Store) aggregate(ctx context.Context, q *model.Query, expression string) (float64, error) {
	ctx, cancel := s.bounded(ctx)
	defer cancel()
	st := &statement{d: s.d}
	st.add("SELECT ", expression, " FROM ")
	st.name(q.Model.Table)
	st.add(" ", base)
	if q.Where != nil {
		st.add(" WHERE ")
		if err := st.where(base, q.Where); err != nil {
			return 0, err
		}
	}
	var raw any
	if err := s.queryRow(ctx, st, &raw); err != nil {
		return 0, s.failed(err, q.Model, model.InvalidCriteria, "aggregating")
	}
	v, err := decode(&model.Attribute{Name: expression, Type: model.Number}, raw)
	if err != nil {
		return 0, err
	}
	f, _ := v.(float64)
	return f, nil
}

// streamBatch is how many records Stream holds at a time.
const streamBatch = 100

// Stream yields the records of a query one after the other without holding all
// of them. It reads in batches and keeps nothing open in between, so the loop
// may call the store; records that change meanwhile may be missed or come twice
// when the query has an order or a skip. An error ends it.
func (s *Store) Stream(ctx context.Context, q *model.Query) iter.Seq2[model.Record, error] {
	return func(yield func(model.Record, error) bool) {
		batch := *q
		left, endless := q.Limit, q.Limit == 0
		key := q.Model.PrimaryKey
		for endless || left > 0 {
			batch.Limit = streamBatch
			if !endless {
				batch.Limit = min(streamBatch, left)
			}
			records, err := s.Find(ctx, &batch)
			if err != nil {
				yield(nil, err)
				return
			}
			for _, r := range records {
				if !yield(r, nil) {
					return
				}
			}
			if len(records) < batch.Limit {
				return
			}
			left -= len(records)
			if len(q.Sort) > 0 {
				batch.Skip += len(records)
				continue
			}
			// Without an order the records come by key: go on behind the last one.
			after := &model.Where{Op: model.Greater, Attribute: key, Value: records[len(records)-1][key.Name]}
			batch.Skip, batch.Where = 0, after
			if q.Where != nil {
				batch.Where = &model.Where{Op: model.And, Terms: []*model.Where{q.Where, after}}
			}
		}
	}
}
