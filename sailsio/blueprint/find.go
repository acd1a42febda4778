package blueprint

import (
	"context"

	"github.com/go-sails/sails/sailsio/model"
)

// scoped narrows a query by the scope of the options, which may name any
// attribute.
func (c *call) scoped(q *model.Query) (*model.Query, error) {
	if c.o.Scope == nil {
		return q, nil
	}
	scope, err := c.m.Query(model.Criteria{Where: c.o.Scope}, nil, model.Limits{})
	if err != nil {
		return nil, err
	}
	narrowed := *q
	narrowed.Void = q.Void || scope.Void
	switch {
	case q.Where == nil:
		narrowed.Where = scope.Where
	case scope.Where != nil:
		narrowed.Where = &model.Where{Op: model.And, Terms: []*model.Where{q.Where, scope.Where}}
	}
	return &narrowed, nil
}

func (c *call) limits() model.Limits {
	limits := c.api.cfg.Limits
	if c.o.DefaultPopulates {
		limits.Populate = 0
	}
	return limits
}

// target is the query for the record the request is about. Without a key there
// is no such record (SEC-87).
func (c *call) target(criteria model.Criteria, populates []model.Populate) (*model.Query, error) {
	if c.o.ID == nil {
		return nil, errNotFound
	}
	if !isKey(c.o.ID) {
		return nil, c.usage(model.InvalidCriteria, "The primary key of a record is a string or a number.")
	}
	criteria.Where = model.Record{c.m.PrimaryKey.Name: c.o.ID}
	limits := c.limits()
	limits.Public = false // the primary key is readable; names are checked below
	q, err := c.m.Query(model.Criteria{Where: criteria.Where}, nil, limits)
	if err != nil && c.api.cfg.Sails012 {
		return nil, errNotFound // what cannot be a key is no record's
	} else if err != nil {
		return nil, err
	}
	limits = c.limits()
	shape, err := c.m.Query(model.Criteria{Select: criteria.Select, Omit: criteria.Omit, Limit: 1}, populates, limits)
	if err != nil {
		return nil, err
	}
	q.Select, q.Populates, q.Limit = shape.Select, shape.Populates, 0
	return c.scoped(q)
}

// isKey reports whether a value can be a key. An object or a list would be a
// predicate, which reaches several records.
func isKey(v any) bool {
	switch v.(type) {
	case string, float64, int, int64:
		return true
	}
	return false
}

func (c *call) usage(code, details string) error {
	return &model.UsageError{Code: code, Model: c.m.Identity, Details: details}
}

// one reads the record the request is about, with the associations of the
// answer.
func (c *call) one(ctx context.Context) (model.Record, error) {
	q, err := c.target(model.Criteria{}, c.o.Populates)
	if err != nil {
		return nil, err
	}
	return c.read(ctx, q)
}

func (c *call) read(ctx context.Context, q *model.Query) (model.Record, error) {
	r, err := c.api.cfg.Store.FindOne(ctx, q)
	if err == nil && r == nil {
		err = errNotFound
	}
	return r, err
}

func (c *call) find(ctx context.Context) (any, error) {
	q, err := c.m.Query(c.o.Criteria, c.o.Populates, c.limits())
	if err != nil {
		return nil, err
	}
	if q, err = c.scoped(q); err != nil {
		return nil, err
	}
	records, err := c.api.cfg.Store.Find(ctx, q)
	if err != nil {
		return nil, err
	}
	ids := make([]any, len(records))
	for i, r := range records {
		ids[i] = r[c.m.PrimaryKey.Name]
	}
	c.subscribe(c.m, ids...)
	if !c.api.cfg.NoAutoWatch {
		c.then(func(_ context.Context, n Notifier) error { return n.Watch(c.r, c.m) })
	}
	c.subscribeDeep(records...)
	public := make([]model.Record, len(records))
	for i, r := range records {
		public[i] = c.m.Public(r)
	}
	return public, nil
}

// subscribeDeep subscribes the requester to the records that records are
// populated with, in 0.12 also to those they only name, and lets it watch their models.
func (c *call) subscribeDeep(records ...model.Record) {
	if len(records) == 0 {
		return
	}
	for _, assoc := range c.m.Associations {
		if !c.m.Readable(assoc.Alias) {
			continue
		}
		var ids []any
		for _, r := range records {
			switch v := r[assoc.Alias].(type) {
			case []model.Record:
				for _, member := range v {
					ids = append(ids, member[assoc.Target.PrimaryKey.Name])
				}
			case model.Record:
				ids = append(ids, v[assoc.Target.PrimaryKey.Name])
			default: // 0.12 does not mind whether it is populated
				if c.api.cfg.Sails012 && assoc.Kind == model.ToOne && !falsy(v) {
					ids = append(ids, v)
				}
			}
		}
		target := assoc.Target
		c.then(func(_ context.Context, n Notifier) error {
			if !c.api.cfg.NoAutoWatch {
				if err := n.Watch(c.r, target); err != nil {
					return err
				}
			}
			return n.Subscribe(c.r, target, ids)
		})
	}
}

func (c *call) findOne(ctx context.Context) (any, error) {
	q, err := c.target(c.o.Criteria, c.o.Populates)
	if err != nil {
		return nil, err
	}
	record, err := c.read(ctx, q)
	if err != nil {
		return nil, err
	}
	c.subscribe(c.m, record[c.m.PrimaryKey.Name])
	c.subscribeDeep(record)
	return c.m.Public(record), nil
}

func (c *call) populate(ctx context.Context) (any, error) {
	record, err := c.one(ctx)
	if err != nil {
		return nil, err
	}
	if record[c.o.Alias] == nil {
		return nil, errNotFound
	}
	c.subscribe(c.m, record[c.m.PrimaryKey.Name])
	c.subscribeDeep(record)
	return c.m.Public(record)[c.o.Alias], nil
}
