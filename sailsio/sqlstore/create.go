package sqlstore

import (
	"context"
	"fmt"
	"maps"

	"github.com/go-sails/sails/sailsio/model"
)

// Create checks and stores a new record and returns it as stored, without its
// collections. Collections among the values are set in the same transaction.
// The error is a *model.UsageError for values the model does not allow, a
// *model.UniqueError, or what a lifecycle callback returned.
func (s *Store) Create(ctx context.Context, m *model.Model, values model.Record) (record model.Record, err error) {
	checked, err := m.CheckNew(values, s.now())
	if err != nil {
		return nil, err
	}
	values = checked
	err = s.write(ctx, func(ctx context.Context) error {
		checked := values
		if before := m.Lifecycle.BeforeCreate; before != nil {
			checked = maps.Clone(values)
			if err := before(ctx, checked); err != nil {
				return err
			}
		}
		if record, err = s.insert(ctx, m, checked); err != nil {
			return err
		}
		id := record[m.PrimaryKey.Name]
		for _, assoc := range m.Associations {
			if assoc.Kind != model.ToMany {
				continue
			}
			ids, err := assoc.Target.IDs(checked[assoc.Alias])
			if err != nil {
				return &model.UsageError{Code: model.InvalidNewRecord, Model: m.Identity, Details: err.Error()}
			}
			if len(ids) > 0 { // not link: others may have referred to the key before it existed
				if err := s.replace(ctx, assoc, []any{id}, ids); err != nil {
					return err
				}
			}
		}
		if after := m.Lifecycle.AfterCreate; after != nil {
			return after(ctx, record)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return record, nil
}

// CreateEach creates several records in one transaction and returns them in
// order.
func (s *Store) CreateEach(ctx context.Context, m *model.Model, list []model.Record) ([]model.Record, error) {
	records := make([]model.Record, 0, len(list))
	err := s.write(ctx, func(ctx context.Context) error {
		records = records[:0]
		for _, values := range list {
			r, err := s.Create(ctx, m, values)
			if err != nil {
				return err
			}
			records = append(records, r)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return records, nil
}

// insert stores the columns of a record and returns them with the key.
func (s *Store) insert(ctx context.Context, m *model.Model, values model.Record) (model.Record, error) {
	record := make(model.Record, len(m.Attributes))
	st := &statement{d: s.d}
	st.add("INSERT INTO ")
	st.name(m.Table)
	st.add(" (")
	var args []any
	for _, a := range m.Attributes {
		if a.Collection != "" {
			continue
		}
		v := values[a.Name]
		if a == m.PrimaryKey && v == nil {
			if !a.AutoIncrement && s.d.name == MySQL {
				return nil, &model.UsageError{Code: model.InvalidNewRecord, Model: m.Identity, Details: "Missing value for the primary key `" + a.Name + "`."}
			}
			continue
		}
		sealed, err := s.seal(ctx, a, v)
		if err != nil {
			return nil, err
		}
		arg, err := encode(a, sealed)
		if err != nil {
			return nil, err
		}
		if record[a.Name] = v; ctx.Value(decryptKey{}) == nil {
			record[a.Name] = sealed
		}
		if len(args) > 0 {
			st.add(", ")
		}
		st.name(a.Column)
		args = append(args, arg)
	}
	if len(args) == 0 {
		return nil, fmt.Errorf("sqlstore: %s has no column to insert", m.Identity)
	}
	st.add(") VALUES (")
	for i, arg := range args {
		if i > 0 {
			st.add(", ")
		}
		st.value(arg)
	}
	st.add(")")
	if err := s.runInsert(ctx, m, st, record); err != nil {
		return nil, s.failed(err, m, model.InvalidNewRecord, "creating a record")
	}
	return record, nil
}

func (s *Store) runInsert(ctx context.Context, m *model.Model, st *statement, record model.Record) error {
	key := m.PrimaryKey
	if record[key.Name] != nil {
		if _, err := s.exec(ctx, st); err != nil {
			return err
		}
		return s.advance(ctx, m, record[key.Name])
	}
	if s.d.returning {
		st.add(" RETURNING ")
		st.name(key.Column)
		var raw any
		if err := s.queryRow(ctx, st, &raw); err != nil {
			return err
		}
		id, err := decode(key, raw)
		record[key.Name] = id
		return err
	}
	result, err := s.exec(ctx, st)
	if err != nil {
		return err
	}
	id, err := result.LastInsertId()
	record[key.Name] = float64(id)
	return err
}

// advance lets the next generated key come after one that was given. Other
// databases do so by themselves.
func (s *Store) advance(ctx context.Context, m *model.Model, id any) error {
	n, ok := id.(float64)
	if s.d.name != PostgreSQL || !m.PrimaryKey.AutoIncrement || !ok {
		return nil
	}
	st := &statement{d: s.d}
	st.add("SELECT setval(pg_get_serial_sequence(")
	st.value(s.d.quote(m.Table))
	st.add(", ")
	st.value(m.PrimaryKey.Column)
	st.add("), GREATEST(")
	st.value(int64(n))
	st.add(", (SELECT MAX(")
	st.name(m.PrimaryKey.Column)
	st.add(") FROM ")
	st.name(m.Table)
	st.add("))) WHERE pg_get_serial_sequence(")
	st.value(s.d.quote(m.Table))
	st.add(", ")
	st.value(m.PrimaryKey.Column)
	st.add(") IS NOT NULL")
	rows, err := s.query(ctx, st)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() { // the row says what is known
	}
	return rows.Err()
}

func (s *Store) queryRow(ctx context.Context, st *statement, targets ...any) error {
	rows, err := s.query(ctx, st)
	if err != nil {
		return err
	}
	defer rows.Close()
	if !rows.Next() {
		if err := rows.Err(); err != nil {
			return err
		}
		return fmt.Errorf("sqlstore: the database returned no row")
	}
	if err := rows.Scan(targets...); err != nil {
		return err
	}
	rows.Close()
	return rows.Err()
}
