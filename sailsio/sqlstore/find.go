package sqlstore

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/go-sails/sails/sailsio/model"
)

// Aliases of tables in statements: the one records come from, a junction, and a
// derived table.
const (
	base     = "t"
	junction = "j"
	derived  = "d"
)

// Find returns the records of a query in its order, without an order by primary
// key. The result is never nil.
func (s *Store) Find(ctx context.Context, q *model.Query) ([]model.Record, error) {
	ctx, cancel := s.bounded(ctx)
	defer cancel()
	if q.Void {
		return []model.Record{}, nil
	}
	st := &statement{d: s.d}
	if err := s.selectStatement(st, q, ""); err != nil {
		return nil, err
	}
	records, _, err := s.read(ctx, st, q.Model, q.Select, nil)
	if err != nil {
		return nil, s.failed(err, q.Model, model.InvalidCriteria, "finding records")
	}
	return records, s.populate(ctx, q, records)
}

// FindOne returns the record of a query, nil when there is none. When there are
// several it returns a *model.UsageError: criteria for one record are not unique.
func (s *Store) FindOne(ctx context.Context, q *model.Query) (model.Record, error) {
	one := *q
	one.Limit, one.Skip = 2, 0
	records, err := s.Find(ctx, &one)
	switch {
	case err != nil || len(records) == 0:
		return nil, err
	case len(records) > 1:
		return nil, &model.UsageError{Code: model.InvalidCriteria, Model: q.Model.Identity, Details: "More than one matching record found: the criteria of FindOne must be unique."}
	}
	return records[0], nil
}

// selectStatement builds the statement of a query without its populates.
func (s *Store) selectStatement(st *statement, q *model.Query, lock string) error {
	st.add("SELECT ")
	st.columns(base, q.Select)
	st.add(" FROM ")
	st.name(q.Model.Table)
	st.add(" ", base)
	if q.Where != nil {
		st.add(" WHERE ")
		if err := st.where(base, q.Where); err != nil {
			return err
		}
	}
	st.add(" ORDER BY ")
	st.order(q)
	st.page(q)
	st.add(lock)
	return nil
}

func (st *statement) columns(alias string, attributes []*model.Attribute) {
	for i, a := range attributes {
		if i > 0 {
			st.add(", ")
		}
		st.column(alias, a)
	}
}

// order adds the terms of a sort and, to make it total, the primary key.
func (st *statement) order(q *model.Query) {
	total := false
	for _, o := range q.Sort {
		st.column(base, o.Attribute)
		if o.Descending {
			st.add(" DESC")
		}
		st.add(", ")
		total = total || o.Attribute == q.Model.PrimaryKey
	}
	st.column(base, q.Model.PrimaryKey)
}

func (st *statement) page(q *model.Query) {
	if q.Limit > 0 {
		st.add(" LIMIT ")
		st.number(q.Limit)
	} else if q.Skip > 0 {
		st.add(" LIMIT ", st.d.noLimit)
	}
	if q.Skip > 0 {
		st.add(" OFFSET ")
		st.number(q.Skip)
	}
}

func (s *Store) conn(ctx context.Context) conn {
	if tx := s.inTransaction(ctx); tx != nil {
		return tx
	}
	return s.db
}

func plainArgs(args []any) []any {
	for i, arg := range args {
		if j, ok := arg.(jsonArg); ok {
			args[i] = string(j)
		}
	}
	return args
}

func (s *Store) exec(ctx context.Context, st *statement) (sql.Result, error) {
	return s.conn(ctx).ExecContext(ctx, st.text.String(), plainArgs(st.args)...)
}

func (s *Store) query(ctx context.Context, st *statement) (*sql.Rows, error) {
	text, args := st.text.String(), plainArgs(st.args)
	if !s.d.keepsPrepared {
		return s.conn(ctx).QueryContext(ctx, text, args...)
	}
	tx := s.inTransaction(ctx)
	k, err := s.prepared.use(ctx, text, tx == nil)
	if err != nil {
		return nil, err
	}
	defer s.prepared.giveBack(k)
	switch {
	case tx == nil:
		return k.stmt.QueryContext(ctx, args...)
	case k == nil:
		return tx.QueryContext(ctx, text, args...)
	}
	return tx.StmtContext(ctx, k.stmt).QueryContext(ctx, args...)
}

// read runs a statement whose columns are those of the attributes, followed by
// that of extra when it is not nil; the values of extra are returned beside the
// records.
func (s *Store) read(ctx context.Context, st *statement, m *model.Model, attributes []*model.Attribute, extra *model.Attribute) (records []model.Record, extras []any, err error) {
	rows, err := s.query(ctx, st)
	if err != nil {
		return nil, nil, err
	}
	defer rows.Close()
	all := attributes
	if extra != nil {
		all = append(append([]*model.Attribute{}, attributes...), extra)
	}
	values := make([]any, len(all))
	targets := make([]any, len(all))
	for i := range values {
		targets[i] = &values[i]
	}
	records = []model.Record{}
	for rows.Next() {
		if err := rows.Scan(targets...); err != nil {
			return nil, nil, fmt.Errorf("sqlstore: reading a %s: %w", m.Identity, err)
		}
		record := make(model.Record, len(attributes)+len(m.Associations))
		for i, a := range all {
			v, err := decode(a, values[i])
			if err == nil && ctx.Value(decryptKey{}) != nil {
				v, err = s.unseal(a, v)
			}
			if err != nil {
				return nil, nil, err
			}
			if i < len(attributes) {
				record[a.Name] = v
			} else {
				extras = append(extras, v)
			}
		}
		records = append(records, record)
	}
	return records, extras, rows.Err()
}
