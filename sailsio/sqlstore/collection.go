package sqlstore

import (
	"context"
	"fmt"

	"github.com/go-sails/sails/sailsio/model"
)

// AddToCollection links members to a collection of the given records; those
// already linked stay so. A member whose foreign key says where it belongs is
// taken from where it was. Keys that belong to no record are accepted, as in
// Waterline. The error is a *model.UsageError with InvalidCollectionName,
// InvalidTargetIDs or InvalidAssociatedIDs for bad arguments.
func (s *Store) AddToCollection(ctx context.Context, m *model.Model, ids any, alias string, members any) error {
	assoc, owners, added, err := s.collection(m, ids, alias, members)
	if err != nil || len(owners) == 0 || len(added) == 0 {
		return err
	}
	if err := exclusive(assoc, owners, added); err != nil {
		return err
	}
	return s.write(ctx, func(ctx context.Context) error { return s.link(ctx, assoc, owners, added) })
}

// RemoveFromCollection unlinks members from a collection of the given records;
// those not linked are left alone. Errors are those of AddToCollection.
func (s *Store) RemoveFromCollection(ctx context.Context, m *model.Model, ids any, alias string, members any) error {
	assoc, owners, removed, err := s.collection(m, ids, alias, members)
	if err != nil || len(owners) == 0 || len(removed) == 0 {
		return err
	}
	return s.write(ctx, func(ctx context.Context) error { return s.unlink(ctx, assoc, owners, removed, false) })
}

// ReplaceCollection makes members the only members of a collection of the given
// records. Errors are those of AddToCollection.
func (s *Store) ReplaceCollection(ctx context.Context, m *model.Model, ids any, alias string, members any) error {
	assoc, owners, kept, err := s.collection(m, ids, alias, members)
	if err != nil || len(owners) == 0 {
		return err
	}
	if err := exclusive(assoc, owners, kept); err != nil {
		return err
	}
	return s.write(ctx, func(ctx context.Context) error { return s.replace(ctx, assoc, owners, kept) })
}

func (s *Store) collection(m *model.Model, ids any, alias string, members any) (assoc *model.Association, owners, others []any, err error) {
	usage := func(code, details string) error {
		return &model.UsageError{Code: code, Model: m.Identity, Details: details}
	}
	assoc, ok := m.Association(alias)
	if !ok || assoc.Kind != model.ToMany {
		return nil, nil, nil, usage(model.InvalidCollectionName, fmt.Sprintf("The model has no collection named %q.", alias))
	}
	if owners, err = m.IDs(ids); err != nil {
		return nil, nil, nil, usage(model.InvalidTargetIDs, err.Error())
	}
	if others, err = assoc.Target.IDs(members); err != nil {
		return nil, nil, nil, usage(model.InvalidAssociatedIDs, err.Error())
	}
	return assoc, owners, others, nil
}

// exclusive refuses to put a record into collections of several owners when its
// foreign key can name only one.
func exclusive(assoc *model.Association, owners, members []any) error {
	if assoc.Junction != nil || len(owners) < 2 || len(members) == 0 {
		return nil
	}
	return &model.UsageError{Code: model.InvalidTargetIDs, Model: assoc.Owner.Identity,
		Details: "The `" + assoc.Alias + "` association is exclusive: a record cannot be in the collection of more than one `" + assoc.Owner.Identity + "`."}
}

// link adds every member to every owner.
func (s *Store) link(ctx context.Context, assoc *model.Association, owners, members []any) error {
	if assoc.Junction == nil {
		via, _ := assoc.Target.Attribute(assoc.Via)
		return s.refer(ctx, assoc, members, via, owners[0])
	}
	present, err := s.pairs(ctx, assoc, owners, members)
	if err != nil {
		return err
	}
	for _, owner := range owners {
		for _, member := range members {
			if !present[[2]any{owner, member}] {
				if err := s.insertPair(ctx, assoc, owner, member); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// refer sets the foreign key of members to an owner, or to null.
func (s *Store) refer(ctx context.Context, assoc *model.Association, members []any, via *model.Attribute, owner any) error {
	values := model.Record{via.Name: owner}
	for _, a := range assoc.Target.Attributes {
		if a.AutoUpdatedAt {
			stamped, err := assoc.Target.CheckSet(model.Record{}, s.now())
			if err != nil {
				return err
			}
			values[a.Name] = stamped[a.Name]
		}
	}
	_, err := s.set(ctx, assoc.Target, members, values)
	return err
}

// pairs tells which pairs of owner and member the junction holds.
func (s *Store) pairs(ctx context.Context, assoc *model.Association, owners, members []any) (map[[2]any]bool, error) {
	present := map[[2]any]bool{}
	ownerKey, memberKey := assoc.Owner.PrimaryKey, assoc.Target.PrimaryKey
	for _, owner := range owners {
		for rest := members; len(rest) > 0; {
			n := min(chunk, len(rest))
			st := &statement{d: s.d}
			st.add("SELECT ")
			st.name(assoc.TargetColumn)
			st.add(" FROM ")
			st.name(assoc.Junction.Table)
			st.add(" WHERE ")
			if err := s.keysIn(st, ownerKey, assoc.OwnerColumn, []any{owner}); err != nil {
				return nil, err
			}
			st.add(" AND ")
			if err := s.keysIn(st, memberKey, assoc.TargetColumn, rest[:n]); err != nil {
				return nil, err
			}
			_, found, err := s.read(ctx, st, assoc.Target, nil, memberKey)
			if err != nil {
				return nil, s.failed(err, assoc.Owner, model.InvalidAssociatedIDs, "reading "+assoc.Alias)
			}
			for _, member := range found {
				present[[2]any{owner, member}] = true
			}
			rest = rest[n:]
		}
	}
	return present, nil
}

func (s *Store) insertPair(ctx context.Context, assoc *model.Association, owner, member any) error {
	ownerArg, err := encode(assoc.Owner.PrimaryKey, owner)
	if err != nil {
		return err
	}
	memberArg, err := encode(assoc.Target.PrimaryKey, member)
	if err != nil {
		return err
	}
	if through := assoc.Junction.Model; through != nil {
		return s.insertThrough(ctx, assoc, through, owner, member)
	}
	st := &statement{d: s.d}
	st.add(s.d.insertIgnore, " INTO ")
	st.name(assoc.Junction.Table)
	st.add(" (")
	st.name(assoc.OwnerColumn)
	st.add(", ")
	st.name(assoc.TargetColumn)
	st.add(") VALUES (")
	st.value(ownerArg)
	st.add(", ")
	st.value(memberArg)
	st.add(")", s.d.onConflict)
	if _, err := s.exec(ctx, st); err != nil {
		return s.failed(err, assoc.Owner, model.InvalidAssociatedIDs, "adding to "+assoc.Alias)
	}
	return nil
}

// insertThrough adds a pair as a record of the junction model, with its
// defaults.
func (s *Store) insertThrough(ctx context.Context, assoc *model.Association, through *model.Model, owner, member any) error {
	values := model.Record{}
	for _, a := range through.Attributes {
		switch {
		case a.Collection != "":
		case a.Column == assoc.OwnerColumn:
			values[a.Name] = owner
		case a.Column == assoc.TargetColumn:
			values[a.Name] = member
		}
	}
	checked, err := through.CheckNew(values, s.now())
	if err != nil {
		return err
	}
	_, err = s.insert(ctx, through, checked)
	return err
}

// unlink removes members from owners: the given ones, or with keep all but
// those.
func (s *Store) unlink(ctx context.Context, assoc *model.Association, owners, members []any, keep bool) error {
	if assoc.Junction == nil {
		via, _ := assoc.Target.Attribute(assoc.Via)
		found, err := s.linked(ctx, assoc, owners, members, keep)
		if err != nil || len(found) == 0 {
			return err
		}
		if via.Required {
			return &model.UsageError{Code: model.InvalidAssociatedIDs, Model: assoc.Owner.Identity,
				Details: "Cannot take records out of `" + assoc.Alias + "`: their `" + via.Name + "` is required."}
		}
		return s.refer(ctx, assoc, found, via, nil)
	}
	found, err := s.linked(ctx, assoc, owners, members, keep)
	if err != nil {
		return err
	}
	for len(found) > 0 {
		n := min(chunk, len(found))
		st := &statement{d: s.d}
		st.add("DELETE FROM ")
		st.name(assoc.Junction.Table)
		st.add(" WHERE ")
		if err := s.keysIn(st, assoc.Owner.PrimaryKey, assoc.OwnerColumn, owners); err != nil {
			return err
		}
		st.add(" AND ")
		if err := s.keysIn(st, assoc.Target.PrimaryKey, assoc.TargetColumn, found[:n]); err != nil {
			return err
		}
		if _, err := s.exec(ctx, st); err != nil {
			return s.failed(err, assoc.Owner, model.InvalidAssociatedIDs, "removing from "+assoc.Alias)
		}
		found = found[n:]
	}
	return nil
}

// linked returns the members of any of the owners: those among the given keys,
// or with keep those that are not among them.
func (s *Store) linked(ctx context.Context, assoc *model.Association, owners, members []any, keep bool) ([]any, error) {
	listed := make(map[any]bool, len(members))
	for _, id := range members {
		listed[id] = true
	}
	key := assoc.Target.PrimaryKey
	var found []any
	seen := map[any]bool{}
	for rest := owners; len(rest) > 0; {
		n := min(chunk, len(rest))
		st := &statement{d: s.d}
		table, ownerColumn, column := assoc.Target.Table, "", key.Column
		if assoc.Junction != nil {
			table, ownerColumn, column = assoc.Junction.Table, assoc.OwnerColumn, assoc.TargetColumn
		} else {
			via, _ := assoc.Target.Attribute(assoc.Via)
			ownerColumn = via.Column
		}
		st.add("SELECT ")
		st.name(column)
		st.add(" FROM ")
		st.name(table)
		st.add(" WHERE ")
		if err := s.keysIn(st, assoc.Owner.PrimaryKey, ownerColumn, rest[:n]); err != nil {
			return nil, err
		}
		st.add(s.d.forUpdate)
		_, ids, err := s.read(ctx, st, assoc.Target, nil, key)
		if err != nil {
			return nil, s.failed(err, assoc.Owner, model.InvalidAssociatedIDs, "reading "+assoc.Alias)
		}
		for _, id := range ids {
			if id != nil && listed[id] != keep && !seen[id] {
				seen[id] = true
				found = append(found, id)
			}
		}
		rest = rest[n:]
	}
	return found, nil
}

// replace makes members the only ones of each owner.
func (s *Store) replace(ctx context.Context, assoc *model.Association, owners, members []any) error {
	for rest := owners; len(rest) > 0; {
		n := min(chunk, len(rest))
		if err := s.unlink(ctx, assoc, rest[:n], members, true); err != nil {
			return err
		}
		rest = rest[n:]
	}
	if len(members) == 0 {
		return nil
	}
	return s.link(ctx, assoc, owners, members)
}
