package blueprint

import (
	"context"
	"fmt"

	"github.com/go-sails/sails/sailsio/action"
	"github.com/go-sails/sails/sailsio/model"
)

// answer012 ends an action of Sails 0.12 with a status and a body; with nil
// there is no body. In production there is none either (BO-6, BO-8).
type answer012 struct {
	status int
	body   any
}

func (a *answer012) Error() string { return fmt.Sprintf("blueprint: status %d", a.status) }

func (c *call) find012(ctx context.Context) (any, error) {
	if c.o.ID != nil { // BO-5
		return c.findOne012(ctx)
	}
	return c.find(ctx)
}

func (c *call) findOne012(ctx context.Context) (any, error) {
	record, err := c.findOne(ctx)
	return record, c.missing012(err, "No record found with the specified `id`.")
}

func (c *call) destroy012(ctx context.Context) (any, error) {
	record, err := c.destroy(ctx)
	return record, c.missing012(err, "No record found with the specified `id`.")
}

// missing012 gives a 404 its text.
func (c *call) missing012(err error, body any) error {
	if err == errNotFound {
		return &answer012{404, body}
	}
	return err
}

func (c *call) create012(ctx context.Context) (any, error) {
	list := []model.Record{c.o.Values}
	items, many := decode(action.Body(c.r)).([]any)
	if many { // BO-4
		if most := c.api.cfg.Limits.In; most > 0 && len(items) > most {
			return nil, c.usage(model.InvalidNewRecord, "There are too many records in this request.")
		}
		list = list[:0]
		for _, item := range items {
			values, _ := item.(map[string]any)
			list = append(list, record012(c.m, values, c.api.cfg.UnsafeAutomatic))
		}
	}
	records := make([]model.Record, 0, len(list))
	store := c.api.cfg.Store
	err := store.Transaction(ctx, func(ctx context.Context) error {
		for _, values := range list {
			r, err := store.Create(ctx, c.m, values)
			if err != nil {
				return c.invalid(c.m, values, false, err)
			}
			records = append(records, r)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	public := make([]model.Record, len(records))
	for i, r := range records {
		public[i] = withNulls(c.m, c.m.Public(r), list[i])
		c.announce012(c.m, r, withNulls(c.m, c.m.Public(r), list[i]))
	}
	if many {
		return public, nil
	}
	return public[0], nil
}

// withNulls adds to a new record the nulls it was created with, which a Sparse model does
// not have once they are stored.
func withNulls(m *model.Model, public, sent model.Record) model.Record {
	for name, v := range sent {
		if _, known := public[name]; v == nil && !known && m.Readable(name) {
			if a, ok := m.Attribute(name); ok && a.Collection == "" {
				public[name] = nil
			}
		}
	}
	return public
}

// announce012 tells of a new record and subscribes the requester to it.
func (c *call) announce012(m *model.Model, r, told model.Record) {
	c.subscribe(m, r[m.PrimaryKey.Name])
	c.then(func(ctx context.Context, n Notifier) error { return n.PublishCreate(ctx, m, told, c.by(false)) })
}

func (c *call) populate012(ctx context.Context) (any, error) {
	record, err := c.one(ctx)
	if err != nil {
		return nil, c.missing012(err, "No record found with the specified id.")
	}
	if record[c.o.Alias] == nil {
		return nil, &answer012{404, fmt.Sprintf("Specified record (%v) is missing relation `%s`", c.o.ID, c.o.Alias)}
	}
	c.subscribe(c.m, record[c.m.PrimaryKey.Name])
	c.subscribeDeep(record)
	return c.m.Public(record)[c.o.Alias], nil
}

// parent012 reads the record whose collection is changed.
func (c *call) parent012(ctx context.Context, missing any) error {
	q, err := c.target(model.Criteria{}, nil)
	if err != nil {
		return err
	}
	parent, err := c.read(ctx, q)
	if err != nil {
		return c.missing012(err, missing)
	}
	c.o.ID = parent[c.m.PrimaryKey.Name]
	return nil
}

// add012 links a record, or creates one from the remaining parameters when there
// is none with the key or no key was sent (BO-9).
func (c *call) add012(ctx context.Context) (any, error) {
	assoc, err := c.association()
	if err != nil {
		return nil, err
	}
	store, target := c.api.cfg.Store, assoc.Target
	var child, record model.Record
	created := false
	err = store.Transaction(ctx, func(ctx context.Context) error {
		if err := c.parent012(ctx, map[string]any{"status": 404}); err != nil {
			return err
		}
		values := c.o.Values
		if c.o.AssociatedIDs != nil {
			// What cannot be a key is no record's, and none becomes it.
			_, err := target.IDs(c.o.AssociatedIDs)
			values = record012(target, map[string]any{target.PrimaryKey.Name: c.o.AssociatedIDs}, c.api.cfg.UnsafeAutomatic && err == nil)
			if q, err := target.ByID(c.o.AssociatedIDs); err == nil {
				if child, err = store.FindOne(ctx, q); err != nil {
					return err
				}
			}
		}
		if child == nil {
			var err error
			if !c.mayCreate(target) {
				return errNotFound
			}
			if child, err = store.Create(ctx, target, values); err != nil {
				return c.invalid(target, values, false, err)
			}
			created = true
		}
		if err := store.AddToCollection(ctx, c.m, c.o.ID, assoc.Alias, child[target.PrimaryKey.Name]); err != nil {
			return err
		}
		var err error
		record, err = c.one(ctx)
		return err
	})
	if err != nil {
		return nil, err
	}
	id, childID := c.o.ID, child[target.PrimaryKey.Name]
	if created {
		told := target.Public(child)
		for _, a := range target.Associations {
			if a.Kind == model.ToMany && target.Readable(a.Alias) {
				told[a.Alias] = []model.Record{} // PO-13
			}
		}
		c.announce012(target, child, told)
	}
	c.subscribe(c.m, id)
	c.then(func(ctx context.Context, n Notifier) error {
		return n.PublishAdd(ctx, c.m, id, assoc.Alias, childID, c.by(false), created)
	})
	return c.m.Public(record), nil
}

// mayCreate reports whether clients may create records of a model: adding must
// not be a way around what is exposed.
func (c *call) mayCreate(m *model.Model) bool {
	e := c.api.byName[m.Identity]
	return e != nil && e.actions[Create]
}

func (c *call) remove012(ctx context.Context) (any, error) {
	assoc, err := c.association()
	if err != nil {
		return nil, err
	}
	sent := c.o.AssociatedIDs
	if sent == nil {
		return nil, &answer012{500, "Missing required child PK."}
	}
	store := c.api.cfg.Store
	var record model.Record
	err = store.Transaction(ctx, func(ctx context.Context) error {
		if err := c.parent012(ctx, nil); err != nil {
			return err
		}
		// What cannot be a key is no member's, and that is told like any other.
		if _, err := assoc.Target.IDs([]any{sent}); err == nil {
			if err := store.RemoveFromCollection(ctx, c.m, c.o.ID, assoc.Alias, sent); err != nil {
				return err
			}
		}
		var err error
		record, err = c.one(ctx)
		return err
	})
	if err != nil {
		return nil, err
	}
	id := c.o.ID
	c.then(func(ctx context.Context, n Notifier) error {
		return n.PublishRemove(ctx, c.m, id, assoc.Alias, sent, c.by(c.api.cfg.Mirror), false)
	})
	return c.m.Public(record), nil
}
