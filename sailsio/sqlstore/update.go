package sqlstore

import (
	"context"
	"maps"

	"github.com/go-sails/sails/sailsio/model"
)

// Update checks values, sets them in the records of a query and returns these
// as they are then, with the attributes the query selects. Collections among the
// values replace those of the records, in the same transaction. Errors are those
// of Create.
func (s *Store) Update(ctx context.Context, q *model.Query, values model.Record) (records []model.Record, err error) {
	m := q.Model
	checked, err := m.CheckSet(values, s.now())
	if err != nil || q.Void {
		return []model.Record{}, err
	}
	values = checked
	err = s.write(ctx, func(ctx context.Context) error {
		checked := values
		if before := m.Lifecycle.BeforeUpdate; before != nil {
			checked = maps.Clone(values)
			if err := before(ctx, checked); err != nil {
				return err
			}
		}
		ids, err := s.lock(ctx, q)
		if err != nil {
			return err
		}
		if ids, err = s.set(ctx, m, ids, checked); err != nil {
			return err
		}
		if err := s.setCollections(ctx, m, ids, checked); err != nil {
			return err
		}
		if records, err = s.byIDs(ctx, q, ids); err != nil {
			return err
		}
		if after := m.Lifecycle.AfterUpdate; after != nil {
			for _, r := range records {
				if err := after(ctx, r); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return records, nil
}

// UpdateOne updates the record of a query and returns it, nil when there is
// none. When there are several it changes nothing and returns a
// *model.UsageError.
func (s *Store) UpdateOne(ctx context.Context, q *model.Query, values model.Record) (record model.Record, err error) {
	err = s.write(ctx, func(ctx context.Context) error {
		record = nil
		records, err := s.Update(ctx, q, values)
		if err != nil {
			return err
		}
		if len(records) > 1 { // the error rolls back
			return &model.UsageError{Code: model.InvalidCriteria, Model: q.Model.Identity, Details: "More than one matching record found: the criteria of UpdateOne must be unique."}
		}
		if len(records) == 1 {
			record = records[0]
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return record, nil
}

// lock returns the keys of the records of a query and locks these until the
// transaction ends.
func (s *Store) lock(ctx context.Context, q *model.Query) ([]any, error) {
	keys := *q
	keys.Select = []*model.Attribute{q.Model.PrimaryKey}
	st := &statement{d: s.d}
	if err := s.selectStatement(st, &keys, s.d.forUpdate); err != nil {
		return nil, err
	}
	records, _, err := s.read(ctx, st, q.Model, keys.Select, nil)
	if err != nil {
		return nil, s.failed(err, q.Model, model.InvalidCriteria, "finding records to change")
	}
	ids := make([]any, len(records))
	for i, r := range records {
		ids[i] = r[q.Model.PrimaryKey.Name]
	}
	return ids, nil
}

// set updates the columns of the records with these keys and returns the keys
// they have then.
func (s *Store) set(ctx context.Context, m *model.Model, ids []any, values model.Record) ([]any, error) {
	type assignment struct {
		column string
		arg    any
	}
	var assignments []assignment
	for _, a := range m.Attributes {
		v, given := values[a.Name]
		if !given || a.Collection != "" {
			continue
		}
		if a == m.PrimaryKey {
			if len(ids) == 1 && ids[0] == v {
				continue
			}
			if len(ids) > 1 {
				return nil, &model.UsageError{Code: model.InvalidValuesToSet, Model: m.Identity, Details: "Cannot set the same primary key for several records."}
			}
		}
		v, err := s.seal(ctx, a, v)
		if err != nil {
			return nil, err
		}
		arg, err := encode(a, v)
		if err != nil {
			return nil, err
		}
		assignments = append(assignments, assignment{a.Column, arg})
	}
	if len(assignments) == 0 {
		return ids, nil
	}
	for rest := ids; len(rest) > 0; {
		n := min(chunk, len(rest))
		st := &statement{d: s.d}
		st.add("UPDATE ")
		st.name(m.Table)
		st.add(" SET ")
		for i, as := range assignments {
			if i > 0 {
				st.add(", ")
			}
			st.name(as.column)
			st.add(" = ")
			st.value(as.arg)
		}
		st.add(" WHERE ")
		if err := s.keysIn(st, m.PrimaryKey, m.PrimaryKey.Column, rest[:n]); err != nil {
			return nil, err
		}
		if _, err := s.exec(ctx, st); err != nil {
			return nil, s.failed(err, m, model.InvalidValuesToSet, "updating records")
		}
		rest = rest[n:]
	}
	if id, given := values[m.PrimaryKey.Name]; given && len(ids) == 1 {
		return []any{id}, nil
	}
	return ids, nil
}

// keysIn adds "column IN (keys)", the keys being values of the attribute.
func (s *Store) keysIn(st *statement, a *model.Attribute, column string, keys []any) error {
	args := make([]any, len(keys))
	for i, id := range keys {
		var err error
		if args[i], err = encode(a, id); err != nil {
			return err
		}
	}
	st.name(column)
	if len(args) == 1 {
		st.add(" = ")
		st.value(args[0])
		return nil
	}
	st.add(" IN ")
	st.values(args)
	return nil
}

func (s *Store) setCollections(ctx context.Context, m *model.Model, ids []any, values model.Record) error {
	for _, assoc := range m.Associations {
		v, given := values[assoc.Alias]
		if !given || assoc.Kind != model.ToMany || len(ids) == 0 {
			continue
		}
		members, err := assoc.Target.IDs(v)
		if err != nil {
			return &model.UsageError{Code: model.InvalidValuesToSet, Model: m.Identity, Details: err.Error()}
		}
		if err := s.replace(ctx, assoc, ids, members); err != nil {
			return err
		}
	}
	return nil
}

// byIDs reads the records with these keys, with the attributes and the order of
// a query.
func (s *Store) byIDs(ctx context.Context, q *model.Query, ids []any) ([]model.Record, error) {
	records := []model.Record{}
	for len(ids) > 0 {
		n := min(chunk, len(ids))
		one := model.Query{Model: q.Model, Select: q.Select, Sort: q.Sort,
			Where: &model.Where{Op: model.In, Attribute: q.Model.PrimaryKey, Values: ids[:n]}}
		part, err := s.Find(ctx, &one)
		if err != nil {
			return nil, err
		}
		records = append(records, part...)
		ids = ids[n:]
	}
	return records, nil
}
