package sqlstore

import (
	"context"

	"github.com/go-sails/sails/sailsio/model"
)

// chunk is how many keys one statement looks for; databases bound the number of
// parameters.
const chunk = 500

// populate puts the records the query's associations refer to into records: one
// statement for each association and chunk of keys.
func (s *Store) populate(ctx context.Context, q *model.Query, records []model.Record) error {
	for _, p := range q.Populates {
		var err error
		switch {
		case p.Association.Kind == model.ToOne:
			err = s.populateOne(ctx, p.Association, records)
		case len(records) > 0:
			err = s.populateMany(ctx, q.Model, p, records)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) populateOne(ctx context.Context, assoc *model.Association, records []model.Record) error {
	target := assoc.Target
	var keys []any
	seen := map[any]bool{}
	for _, r := range records {
		if id := r[assoc.Alias]; id != nil && !seen[id] {
			seen[id] = true
			keys = append(keys, id)
		}
	}
	found := make(map[any]model.Record, len(keys))
	for len(keys) > 0 {
		n := min(chunk, len(keys))
		q, err := target.ByID(keys[:n])
		if err != nil {
			return err
		}
		keys = keys[n:]
		others, err := s.Find(ctx, q)
		if err != nil {
			return err
		}
		for _, other := range others {
			found[other[target.PrimaryKey.Name]] = other
		}
	}
	for _, r := range records {
		if other, ok := found[r[assoc.Alias]]; ok && r[assoc.Alias] != nil {
			r[assoc.Alias] = other
		} else {
			r[assoc.Alias] = nil // also when the other record is gone
		}
	}
	return nil
}

func (s *Store) populateMany(ctx context.Context, owner *model.Model, p model.Population, records []model.Record) error {
	assoc, key := p.Association, owner.PrimaryKey
	byKey := make(map[any][]model.Record, len(records))
	keys := make([]any, 0, len(records))
	for _, r := range records {
		id := r[key.Name]
		r[assoc.Alias] = []model.Record{}
		if byKey[id] == nil {
			keys = append(keys, id)
		}
		byKey[id] = append(byKey[id], r)
	}
	if p.Query.Void {
		return nil
	}
	for len(keys) > 0 {
		n := min(chunk, len(keys))
		members, owners, err := s.members(ctx, assoc, p.Query, keys[:n])
		keys = keys[n:]
		if err != nil {
			return s.failed(err, assoc.Target, model.InvalidPopulates, "populating "+assoc.Alias)
		}
		type pair struct{ owner, member any }
		seen := make(map[pair]bool, len(members))
		for i, member := range members {
			// A junction table that nothing keeps unique may hold a pair twice.
			this := pair{owners[i], member[assoc.Target.PrimaryKey.Name]}
			if seen[this] {
				continue
			}
			seen[this] = true
			for _, r := range byKey[owners[i]] {
				r[assoc.Alias] = append(r[assoc.Alias].([]model.Record), member)
			}
		}
	}
	return nil
}

// members returns the members of a collection of several owners, in the query's
// order for each, and beside each member the key of its owner. Limit and skip
// count for each owner on its own.
func (s *Store) members(ctx context.Context, assoc *model.Association, q *model.Query, owners []any) ([]model.Record, []any, error) {
	ownerKey := assoc.Owner.PrimaryKey
	args := make([]any, len(owners))
	for i, id := range owners {
		var err error
		if args[i], err = encode(ownerKey, id); err != nil {
			return nil, nil, err
		}
	}
	windowed := len(owners) > 1 && (q.Limit > 0 || q.Skip > 0)
	st := &statement{d: s.d}
	ownerColumn := base + "."
	if assoc.Junction != nil {
		ownerColumn = junction + "." + s.d.quote(assoc.OwnerColumn)
	} else {
		via, _ := assoc.Target.Attribute(assoc.Via)
		ownerColumn += s.d.quote(via.Column)
	}
	if windowed {
		st.add("SELECT ")
		for i := range q.Select {
			st.add(derived, ".c", itoa(i), ", ")
		}
		st.add(derived, ".o FROM (")
	}
	st.add("SELECT ")
	for i, a := range q.Select {
		st.column(base, a)
		if windowed {
			st.add(" AS c", itoa(i))
		}
		st.add(", ")
	}
	st.add(ownerColumn)
	if windowed {
		st.add(" AS o, ROW_NUMBER() OVER (PARTITION BY ", ownerColumn, " ORDER BY ")
		st.order(q)
		st.add(") AS n")
	}
	st.add(" FROM ")
	st.name(assoc.Target.Table)
	st.add(" ", base)
	if assoc.Junction != nil {
		st.add(" JOIN ")
		st.name(assoc.Junction.Table)
		st.add(" ", junction, " ON ", junction, ".", s.d.quote(assoc.TargetColumn), " = ")
		st.column(base, assoc.Target.PrimaryKey)
	}
	st.add(" WHERE ", ownerColumn)
	if len(args) == 1 {
		st.add(" = ")
		st.value(args[0])
	} else {
		st.add(" IN ")
		st.values(args)
	}
	if q.Where != nil {
		st.add(" AND ")
		if err := st.where(base, q.Where); err != nil {
			return nil, nil, err
		}
	}
	if windowed {
		st.add(") ", derived, " WHERE ", derived, ".n > ")
		st.number(q.Skip)
		if q.Limit > 0 {
			st.add(" AND ", derived, ".n <= ")
			st.number(q.Skip + q.Limit)
		}
		st.add(" ORDER BY ", derived, ".n")
	} else {
		st.add(" ORDER BY ")
		st.order(q)
		st.page(q)
	}
	return s.read(ctx, st, assoc.Target, q.Select, ownerKey)
}
