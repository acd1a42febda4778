package blueprint

import (
	"context"

	"github.com/go-sails/sails/sailsio/model"
)

// association returns the collection the request is about.
func (c *call) association() (*model.Association, error) {
	assoc, ok := c.m.Association(c.o.Alias)
	if !ok || assoc.Kind != model.ToMany {
		return nil, c.usage(model.InvalidCollectionName, "The model has no collection of that name.")
	}
	return assoc, nil
}

// both reads the two records of add and remove and leaves their keys, in their
// proper types, in the options.
func (c *call) both(ctx context.Context, assoc *model.Association) (parent, child model.Record, err error) {
	q, err := c.target(model.Criteria{}, nil)
	if err != nil {
		return nil, nil, thrown(err)
	}
	if parent, err = c.read(ctx, q); err != nil {
		return nil, nil, err
	}
	if c.o.AssociatedIDs == nil {
		return nil, nil, errNotFound
	}
	if !isKey(c.o.AssociatedIDs) {
		return nil, nil, c.usage(model.InvalidAssociatedIDs, "The primary key of a record is a string or a number.")
	}
	if q, err = assoc.Target.ByID(c.o.AssociatedIDs); err != nil {
		return nil, nil, thrown(err)
	}
	if child, err = c.read(ctx, q); err != nil {
		return nil, nil, err
	}
	// Criteria take more for a number than a collection does: "1e0".
	if _, err = c.m.IDs(c.o.ID); err != nil {
		return nil, nil, c.usage(model.InvalidTargetIDs, err.Error())
	}
	if _, err = assoc.Target.IDs(c.o.AssociatedIDs); err != nil {
		return nil, nil, c.usage(model.InvalidAssociatedIDs, err.Error())
	}
	c.o.ID, c.o.AssociatedIDs = parent[c.m.PrimaryKey.Name], child[assoc.Target.PrimaryKey.Name]
	return parent, child, nil
}

func (c *call) add(ctx context.Context) (any, error) {
	assoc, err := c.association()
	if err != nil {
		return nil, err
	}
	store := c.api.cfg.Store
	var child, record model.Record
	err = c.write(ctx, func(ctx context.Context) (any, error) {
		var err error
		if _, child, err = c.both(ctx, assoc); err != nil {
			return nil, err
		}
		if err = store.AddToCollection(ctx, c.m, c.o.ID, assoc.Alias, c.o.AssociatedIDs); err != nil {
			return nil, err
		}
		record, err = c.one(ctx)
		return c.o.ID, err
	})
	if err != nil {
		return nil, err
	}
	id, childID := c.o.ID, c.o.AssociatedIDs
	c.subscribe(c.m, id)
	c.then(func(ctx context.Context, n Notifier) error {
		return n.PublishAdd(ctx, c.m, id, assoc.Alias, childID, c.by(false), false)
	})
	if assoc.Junction == nil {
		if former := child[assoc.Via]; former != nil && (c.api.cfg.Strict || former != id) { // SU-16
			c.announceStolen([]stolen{{assoc.Alias, former, childID}})
		}
	}
	return c.m.Public(record), nil
}

func (c *call) remove(ctx context.Context) (any, error) {
	assoc, err := c.association()
	if err != nil {
		return nil, err
	}
	store := c.api.cfg.Store
	var record model.Record
	err = c.write(ctx, func(ctx context.Context) (any, error) {
		var err error
		if _, _, err = c.both(ctx, assoc); err != nil {
			return nil, err
		}
		if err = store.RemoveFromCollection(ctx, c.m, c.o.ID, assoc.Alias, c.o.AssociatedIDs); err != nil {
			return nil, err
		}
		record, err = c.one(ctx)
		return c.o.ID, err
	})
	if err != nil {
		return nil, err
	}
	id, childID := c.o.ID, c.o.AssociatedIDs
	c.then(func(ctx context.Context, n Notifier) error {
		return n.PublishRemove(ctx, c.m, id, assoc.Alias, childID, c.by(c.api.cfg.Mirror), false)
	})
	return c.m.Public(record), nil
}

func (c *call) replace(ctx context.Context) (any, error) {
	assoc, err := c.association()
	if err != nil {
		return nil, err
	}
	ids, err := assoc.Target.IDs(c.o.AssociatedIDs)
	if lookup := c.lookup(assoc, c.o.AssociatedIDs, c.o.ID); lookup != nil {
		return nil, lookup
	} else if err != nil {
		return nil, c.usage(model.InvalidAssociatedIDs, err.Error())
	}
	if most := c.api.cfg.Limits.In; most > 0 && len(ids) > most {
		return nil, c.usage(model.InvalidAssociatedIDs, "There are too many ids in this request.")
	}
	store := c.api.cfg.Store
	var record model.Record
	var taken []stolen
	var before []model.Record
	err = c.write(ctx, func(ctx context.Context) (any, error) {
		// The parent first: an unknown one changes nothing (SU-17).
		q, err := c.target(model.Criteria{}, nil)
		if err != nil {
			return nil, thrown(err)
		}
		key := assoc.Target.PrimaryKey.Name
		members, err := c.m.Query(model.Criteria{}, []model.Populate{{Alias: assoc.Alias, Criteria: model.Criteria{Select: []string{key}}}}, model.Limits{})
		if err != nil {
			return nil, err
		}
		q.Populates = members.Populates
		parent, err := c.read(ctx, q)
		if err != nil {
			return nil, err
		}
		if _, err = c.m.IDs(c.o.ID); err != nil {
			return nil, c.usage(model.InvalidTargetIDs, err.Error())
		}
		c.o.ID = parent[c.m.PrimaryKey.Name]
		before, _ = parent[assoc.Alias].([]model.Record)
		if taken, err = c.owners(ctx, assoc, ids); err != nil {
			return nil, err
		}
		if err = store.ReplaceCollection(ctx, c.m, c.o.ID, assoc.Alias, ids); err != nil {
			return nil, err
		}
		record, err = c.one(ctx)
		return c.o.ID, err
	})
	if err != nil {
		return nil, err
	}
	c.announceReplaced(assoc, ids, before, taken)
	return c.m.Public(record), nil
}

// announceReplaced tells who came, who lost a member to this collection, and who went,
// in this order.
func (c *call) announceReplaced(assoc *model.Association, ids []any, before []model.Record, taken []stolen) {
	parent := c.o.ID
	c.subscribe(c.m, parent)
	came, stays := difference(assoc, ids, before)
	if c.api.cfg.Strict {
		came, stays = differenceAsSent(assoc, c.o.AssociatedIDs, before)
	}
	for _, id := range came {
		c.then(func(ctx context.Context, n Notifier) error {
			return n.PublishAdd(ctx, c.m, parent, assoc.Alias, id, c.by(false), false)
		})
	}
	var others []stolen
	for _, s := range taken {
		if s.owner != parent {
			others = append(others, s)
		}
	}
	c.announceStolen(others)
	for _, member := range before {
		id := member[assoc.Target.PrimaryKey.Name]
		if stays[id] {
			continue
		}
		c.then(func(ctx context.Context, n Notifier) error {
			return n.PublishRemove(ctx, c.m, parent, assoc.Alias, id, c.by(false), false)
		})
	}
}

// difference tells which ids are new to a collection, and which of its members are
// among the ids.
func difference(assoc *model.Association, ids []any, before []model.Record) (came []any, stays map[any]bool) {
	stays = map[any]bool{}
	for _, member := range before {
		stays[member[assoc.Target.PrimaryKey.Name]] = false
	}
	for _, id := range ids {
		if _, was := stays[id]; was {
			stays[id] = true
		} else {
			came = append(came, id)
		}
	}
	return came, stays
}
