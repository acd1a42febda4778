package blueprint

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/go-sails/sails/sailsio/model"
)

// stolen is a record that left the collection of its former owner because it
// was put into another's.
type stolen struct {
	alias         string
	owner, member any
}

// owners finds the members of a collection that belong to somebody. Only records
// with a foreign key can be stolen.
func (c *call) owners(ctx context.Context, assoc *model.Association, ids []any) ([]stolen, error) {
	if assoc.Junction != nil || len(ids) == 0 {
		return nil, nil
	}
	key := assoc.Target.PrimaryKey.Name
	q, err := assoc.Target.Query(model.Criteria{Where: model.Record{key: ids}, Select: []string{key, assoc.Via}}, nil, model.Limits{})
	if err != nil {
		return nil, err
	}
	members, err := c.api.cfg.Store.Find(ctx, q)
	if err != nil {
		return nil, err
	}
	var list []stolen
	for _, member := range members {
		if owner := member[assoc.Via]; owner != nil {
			list = append(list, stolen{assoc.Alias, owner, member[key]})
		}
	}
	return list, nil
}

func (c *call) announceStolen(list []stolen) {
	for _, s := range list {
		c.then(func(ctx context.Context, n Notifier) error {
			return n.PublishRemove(ctx, c.m, s.owner, s.alias, s.member, c.by(false), true)
		})
	}
}

// told is a record as notifications have it.
func (c *call) told(record model.Record) model.Record {
	if c.api.cfg.RawMessages {
		return c.m.ReadableOnly(record)
	}
	return c.m.Public(record)
}

func (c *call) create(ctx context.Context) (any, error) {
	store := c.api.cfg.Store
	var record model.Record
	var taken []stolen
	err := c.write(ctx, func(ctx context.Context) (any, error) {
		for _, assoc := range c.m.Associations {
			list, isList := c.o.Values[assoc.Alias].([]any)
			if assoc.Kind != model.ToMany || !isList {
				continue
			}
			ids, err := assoc.Target.IDs(list)
			if lookup := c.lookup(assoc, list, nil); err != nil && lookup != nil {
				return nil, lookup
			} else if err != nil {
				break // Create says what is wrong
			}
			found, err := c.owners(ctx, assoc, ids)
			if err != nil {
				return nil, err
			}
			taken = append(taken, found...)
		}
		created, err := store.Create(ctx, c.m, c.o.Values)
		if err != nil {
			return nil, c.firstMistake(err)
		}
		c.o.ID = created[c.m.PrimaryKey.Name]
		taken = slices.DeleteFunc(taken, func(s stolen) bool { return s.owner == c.o.ID })
		c.o.Scope = nil // the new record is the client's own
		record, err = c.one(ctx)
		return c.o.ID, err
	})
	if err != nil {
		return nil, err
	}
	told := c.told(record)
	c.subscribe(c.m, record[c.m.PrimaryKey.Name])
	c.then(func(ctx context.Context, n Notifier) error {
		return n.PublishCreate(ctx, c.m, told, c.by(false))
	})
	c.announceStolen(taken)
	return c.m.Public(record), nil
}

func (c *call) update(ctx context.Context) (any, error) {
	store := c.api.cfg.Store
	var previous, record, changes model.Record
	sent := c.o.ID
	err := c.write(ctx, func(ctx context.Context) (any, error) {
		var err error
		if previous, err = c.one(ctx); err != nil {
			return nil, err
		}
		key := c.m.PrimaryKey.Name
		c.o.ID = previous[key]
		if c.o.Values == nil {
			c.o.Values = model.Record{}
		}
		c.o.Values[key] = previous[key]
		if changes, err = c.m.CheckSet(c.o.Values, time.Now()); err != nil {
			return nil, c.invalid(c.m, c.o.Values, true, c.firstMistake(err))
		}
		q, err := c.target(model.Criteria{}, nil)
		if err != nil {
			return nil, err
		}
		if updated, err := store.UpdateOne(ctx, q, changes); err == nil && updated == nil {
			return nil, errNotFound // somebody destroyed it meanwhile
		} else if err != nil {
			return nil, c.invalid(c.m, c.o.Values, true, err)
		}
		c.o.Scope = nil // the change may have taken the record out of it
		record, err = c.one(ctx)
		return c.o.ID, err
	})
	if err != nil {
		return nil, err
	}
	told := make(model.Record, len(changes))
	for name, v := range changes {
		a, _ := c.m.Attribute(name)
		if a.Collection != "" && !c.api.cfg.Sails012 || !c.m.Readable(name) { // SU-18, BO-11
			continue
		}
		if a.Encrypt {
			v = record[name] // as others may read it
		}
		if c.api.cfg.RawMessages && a.Column != "" { // collections have none
			name = a.Column
		}
		told[name] = v
	}
	before, id := c.told(previous), record[c.m.PrimaryKey.Name]
	c.subscribe(c.m, id)
	if c.api.cfg.Sails012 {
		id = sent // BO-11
	}
	c.then(func(ctx context.Context, n Notifier) error {
		return n.PublishUpdate(ctx, c.m, id, told, before, c.by(false))
	})
	return c.m.Public(record), nil
}

func (c *call) destroy(ctx context.Context) (any, error) {
	store := c.api.cfg.Store
	var record model.Record
	sent := c.o.ID
	err := c.write(ctx, func(ctx context.Context) (any, error) {
		var err error
		if record, err = c.one(ctx); err != nil {
			return nil, err
		}
		q, err := c.target(model.Criteria{}, nil)
		if err != nil {
			return nil, err
		}
		destroyed, err := store.Destroy(ctx, q)
		if err == nil && len(destroyed) == 0 {
			err = errNotFound // somebody was faster
		}
		return record[c.m.PrimaryKey.Name], err
	})
	if err != nil {
		return nil, err
	}
	told, id := c.told(record), record[c.m.PrimaryKey.Name]
	named := id
	if c.api.cfg.Sails012 {
		named = sent // BO-11
	}
	c.then(func(ctx context.Context, n Notifier) error {
		return n.PublishDestroy(ctx, c.m, named, told, c.by(c.api.cfg.Mirror))
	})
	c.then(func(_ context.Context, n Notifier) error { return n.Unsubscribe(c.r, c.m, []any{id}) })
	return c.m.Public(record), nil
}

// firstMistake is the error of the value that was sent first among those a model
// refuses, for a client that makes several mistakes.
func (c *call) firstMistake(err error) error {
	usage := (*model.UsageError)(nil)
	if !errors.As(err, &usage) || usage.Code != model.InvalidNewRecord && usage.Code != model.InvalidValuesToSet {
		return err
	}
	for _, name := range c.o.sent {
		v, ok := c.o.Values[name]
		if !ok {
			continue
		}
		one := model.Record{name: v}
		_, mistake := c.m.CheckSet(one, time.Now())
		if mistake == nil {
			continue
		}
		if usage.Code == model.InvalidNewRecord {
			_, mistake = c.m.CheckNew(one, time.Now())
		}
		return mistake
	}
	return err
}
