package sqlstore

import (
	"context"

	"github.com/go-sails/sails/sailsio/model"
)

// Destroy deletes the records of a query and returns them as they were, with
// the attributes the query selects. With CascadeOnDestroy they are taken out of
// their collections first; without it, as in Waterline, foreign keys and
// junction rows that refer to them stay and lead nowhere. The error is a
// *model.UsageError when the database refuses, or what a lifecycle callback
// returned.
func (s *Store) Destroy(ctx context.Context, q *model.Query) (records []model.Record, err error) {
	m := q.Model
	if q.Void {
		return []model.Record{}, nil
	}
	err = s.write(ctx, func(ctx context.Context) error {
		ids, err := s.lock(ctx, q)
		if err != nil {
			return err
		}
		if before := m.Lifecycle.BeforeDestroy; before != nil {
			if err := before(ctx, model.Criteria{Where: ids}); err != nil {
				return err
			}
		}
		if records, err = s.byIDs(ctx, q, ids); err != nil {
			return err
		}
		if err := s.delete(ctx, m, ids); err != nil {
			return err
		}
		if after := m.Lifecycle.AfterDestroy; after != nil {
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

func (s *Store) delete(ctx context.Context, m *model.Model, ids []any) error {
	if m.CascadeOnDestroy && len(ids) > 0 {
		for _, assoc := range m.Associations {
			if assoc.Kind != model.ToMany {
				continue
			}
			if err := s.replace(ctx, assoc, ids, nil); err != nil {
				return err
			}
		}
	}
	for len(ids) > 0 {
		n := min(chunk, len(ids))
		st := &statement{d: s.d}
		st.add("DELETE FROM ")
		st.name(m.Table)
		st.add(" WHERE ")
		if err := s.keysIn(st, m.PrimaryKey, m.PrimaryKey.Column, ids[:n]); err != nil {
			return err
		}
		if _, err := s.exec(ctx, st); err != nil {
			return s.failed(err, m, model.InvalidCriteria, "destroying records")
		}
		ids = ids[n:]
	}
	return nil
}
