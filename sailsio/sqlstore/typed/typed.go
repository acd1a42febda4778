// Package typed is Waterline's methods for a Go type: Find, Create, Update and
// the rest with structs instead of records, over a sqlstore.Store.
//
//	users, err := typed.New[User](store, "user")
//	adults, err := users.Find(ctx, model.Criteria{Where: model.Record{"age": model.Record{">=": 18}}})
//	ann, err := users.Create(ctx, User{Name: "Ann"})
//
// Values become structs and back as package encoding/json would do it: attributes
// have the names of their JSON fields. model.Of makes a definition of the same
// struct.
//
// Encrypted attributes hold text unless the context is sqlstore.Decrypt's: read those of
// other types with that.
//
// Publishing tells subscribed sockets of what is written, after it has been
// committed, as the blueprints do.
package typed

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"reflect"
	"strings"

	"github.com/go-sails/sails/sailsio/blueprint"
	"github.com/go-sails/sails/sailsio/model"
	"github.com/go-sails/sails/sailsio/sqlstore"
)

// Collection is the records of one model as values of T. It is immutable and
// safe for concurrent use.
type Collection[T any] struct {
	store  *sqlstore.Store
	m      *model.Model
	notify blueprint.Notifier
	by     *http.Request
}

// ErrTransaction says that what publishes was called inside a transaction, which
// may yet be undone.
var ErrTransaction = errors.New("typed: cannot publish inside a transaction; publish after it, or use the collection that does not")

// New returns the records of a model. T must be a struct.
func New[T any](store *sqlstore.Store, identity string) (*Collection[T], error) {
	m, ok := store.Schema().Model(identity)
	if !ok {
		return nil, fmt.Errorf("typed: there is no model %q", identity)
	}
	if t := reflect.TypeFor[T](); t.Kind() != reflect.Struct {
		return nil, fmt.Errorf("typed: %s is no struct", t)
	}
	return &Collection[T]{store: store, m: m}, nil
}

// Publishing returns the same collection, whose writes tell the subscribers of
// the records. by is the request on whose behalf it is, whose socket is left out;
// nil leaves nobody out.
func (c *Collection[T]) Publishing(n blueprint.Notifier, by *http.Request) *Collection[T] {
	publishing := *c
	publishing.notify, publishing.by = n, by
	return &publishing
}

// Find returns the records that match, never nil.
func (c *Collection[T]) Find(ctx context.Context, criteria model.Criteria, populates ...model.Populate) ([]T, error) {
	q, err := c.m.Query(criteria, populates, model.Limits{})
	if err != nil {
		return nil, err
	}
	records, err := c.store.Find(ctx, q)
	if err != nil {
		return nil, err
	}
	return decodeAll[T](records)
}

// FindOne returns the only record that matches, nil when there is none. A primary
// key alone will do for criteria.Where. Several are a *model.UsageError.
func (c *Collection[T]) FindOne(ctx context.Context, criteria model.Criteria, populates ...model.Populate) (*T, error) {
	q, err := c.m.Query(criteria, populates, model.Limits{})
	if err != nil {
		return nil, err
	}
	record, err := c.store.FindOne(ctx, q)
	if err != nil || record == nil {
		return nil, err
	}
	v, err := decode[T](record)
	return &v, err
}

// Create stores a new record and returns it as it is stored. Fields that have
// their zero value count as not given; use pointers, or CreateRecord, to store
// zero where there is a default.
func (c *Collection[T]) Create(ctx context.Context, v T) (T, error) {
	values, err := encode(v)
	if err != nil {
		var zero T
		return zero, err
	}
	return c.CreateRecord(ctx, values)
}

// CreateRecord stores a new record with exactly these attributes.
func (c *Collection[T]) CreateRecord(ctx context.Context, values model.Record) (T, error) {
	var zero T
	if err := c.outside(ctx); err != nil {
		return zero, err
	}
	var created, populated model.Record
	err := c.store.Transaction(ctx, func(ctx context.Context) error {
		var err error
		if created, err = c.store.Create(ctx, c.m, values); err != nil || c.notify == nil {
			return err
		}
		populated, err = c.populated(ctx, created[c.m.PrimaryKey.Name])
		return err
	})
	if err != nil {
		return zero, err
	}
	if c.notify != nil {
		if err := c.notify.PublishCreate(ctx, c.m, c.m.Public(populated), c.by); err != nil {
			return zero, err
		}
	}
	return decode[T](created)
}

// populated reads a record with all its associations, for notifications.
func (c *Collection[T]) populated(ctx context.Context, id any) (model.Record, error) {
	var populates []model.Populate
	for _, a := range c.m.Associations {
		populates = append(populates, model.Populate{Alias: a.Alias})
	}
	q, err := c.m.ByID(id, populates...)
	if err != nil {
		return nil, err
	}
	return c.store.FindOne(ctx, q)
}

func (c *Collection[T]) outside(ctx context.Context) error {
	if c.notify != nil && c.store.InTransaction(ctx) {
		return ErrTransaction
	}
	return nil
}

// change is a record before and after.
type change struct{ before, after model.Record }

// Update sets values in the records that match and returns them. Publishing, it
// tells of each.
func (c *Collection[T]) Update(ctx context.Context, criteria model.Criteria, values model.Record) ([]T, error) {
	if err := c.outside(ctx); err != nil {
		return nil, err
	}
	q, err := c.m.Query(criteria, nil, model.Limits{})
	if err != nil {
		return nil, err
	}
	var records []model.Record
	var changes []change
	err = c.store.Transaction(ctx, func(ctx context.Context) error {
		if c.notify == nil {
			records, err = c.store.Update(ctx, q, values)
			return err
		}
		before, err := c.store.Find(ctx, q)
		if err != nil {
			return err
		}
		key := c.m.PrimaryKey.Name
		for _, r := range before {
			previous, err := c.populated(ctx, r[key])
			if err != nil {
				return err
			}
			one, err := c.m.ByID(r[key])
			if err != nil {
				return err
			}
			after, err := c.store.UpdateOne(ctx, one, values)
			if err != nil {
				return err
			}
			records = append(records, after)
			changes = append(changes, change{previous, after})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, ch := range changes {
		told := model.Record{}
		for _, a := range c.m.Attributes {
			_, set := values[a.Name]
			if a.Collection == "" && (set || a.AutoUpdatedAt || a == c.m.PrimaryKey) && c.m.Readable(a.Name) {
				told[a.Name] = ch.after[a.Name]
			}
		}
		err = errors.Join(err, c.notify.PublishUpdate(ctx, c.m, ch.before[c.m.PrimaryKey.Name], told, c.m.Public(ch.before), c.by))
	}
	list, decodeErr := decodeAll[T](records)
	return list, errors.Join(err, decodeErr)
}

// Destroy deletes the records that match and returns them as they were.
func (c *Collection[T]) Destroy(ctx context.Context, criteria model.Criteria) ([]T, error) {
	if err := c.outside(ctx); err != nil {
		return nil, err
	}
	q, err := c.m.Query(criteria, nil, model.Limits{})
	if err != nil {
		return nil, err
	}
	var records, before []model.Record
	err = c.store.Transaction(ctx, func(ctx context.Context) error {
		if c.notify != nil {
			found, err := c.store.Find(ctx, q)
			if err != nil {
				return err
			}
			for _, r := range found {
				previous, err := c.populated(ctx, r[c.m.PrimaryKey.Name])
				if err != nil {
					return err
				}
				before = append(before, previous)
			}
		}
		records, err = c.store.Destroy(ctx, q)
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, r := range before {
		err = errors.Join(err, c.notify.PublishDestroy(ctx, c.m, r[c.m.PrimaryKey.Name], c.m.Public(r), c.by))
	}
	list, decodeErr := decodeAll[T](records)
	return list, errors.Join(err, decodeErr)
}

// AddToCollection links members, one key or a list, to a collection of one
// record.
func (c *Collection[T]) AddToCollection(ctx context.Context, id any, alias string, members any) error {
	return c.collection(ctx, id, alias, members, c.store.AddToCollection, func(member any) error {
		return c.notify.PublishAdd(ctx, c.m, id, alias, member, c.by, false)
	})
}

// RemoveFromCollection unlinks members from a collection of one record.
func (c *Collection[T]) RemoveFromCollection(ctx context.Context, id any, alias string, members any) error {
	return c.collection(ctx, id, alias, members, c.store.RemoveFromCollection, func(member any) error {
		return c.notify.PublishRemove(ctx, c.m, id, alias, member, c.by, false)
	})
}

func (c *Collection[T]) collection(ctx context.Context, id any, alias string, members any, change func(context.Context, *model.Model, any, string, any) error, publish func(any) error) error {
	if err := c.outside(ctx); err != nil {
		return err
	}
	if err := change(ctx, c.m, id, alias, members); err != nil || c.notify == nil {
		return err
	}
	assoc, _ := c.m.Association(alias)
	ids, err := assoc.Target.IDs(members)
	for _, member := range ids {
		err = errors.Join(err, publish(member))
	}
	return err
}

// ReplaceCollection makes members the only ones of a collection of one record.
// Publishing, it tells who came and who went.
func (c *Collection[T]) ReplaceCollection(ctx context.Context, id any, alias string, members any) error {
	if c.notify == nil {
		return c.store.ReplaceCollection(ctx, c.m, id, alias, members)
	}
	if err := c.outside(ctx); err != nil {
		return err
	}
	was := map[any]bool{}
	var before []model.Record
	err := c.store.Transaction(ctx, func(ctx context.Context) error {
		q, err := c.m.ByID(id, model.Populate{Alias: alias})
		if err != nil {
			return err
		}
		owner, err := c.store.FindOne(ctx, q)
		if err != nil {
			return err
		}
		before, _ = owner[alias].([]model.Record)
		return c.store.ReplaceCollection(ctx, c.m, id, alias, members)
	})
	if err != nil {
		return err
	}
	assoc, _ := c.m.Association(alias)
	key := assoc.Target.PrimaryKey.Name
	for _, r := range before {
		was[r[key]] = true
	}
	ids, err := assoc.Target.IDs(members)
	is := map[any]bool{}
	for _, member := range ids {
		is[member] = true
		if !was[member] {
			err = errors.Join(err, c.notify.PublishAdd(ctx, c.m, id, alias, member, c.by, false))
		}
	}
	for _, r := range before {
		if !is[r[key]] {
			err = errors.Join(err, c.notify.PublishRemove(ctx, c.m, id, alias, r[key], c.by, false))
		}
	}
	return err
}

// Count, Sum and Avg aggregate over the records that match; see sqlstore.Store.
func (c *Collection[T]) Count(ctx context.Context, criteria model.Criteria) (int64, error) {
	q, err := c.m.Query(criteria, nil, model.Limits{})
	if err != nil {
		return 0, err
	}
	return c.store.Count(ctx, q)
}

// Sum adds up a number attribute.
func (c *Collection[T]) Sum(ctx context.Context, criteria model.Criteria, attribute string) (float64, error) {
	q, err := c.m.Query(criteria, nil, model.Limits{})
	if err != nil {
		return 0, err
	}
	return c.store.Sum(ctx, q, attribute)
}

// Avg is the mean of a number attribute.
func (c *Collection[T]) Avg(ctx context.Context, criteria model.Criteria, attribute string) (float64, error) {
	q, err := c.m.Query(criteria, nil, model.Limits{})
	if err != nil {
		return 0, err
	}
	return c.store.Avg(ctx, q, attribute)
}

// Stream yields the records that match one after the other; see
// sqlstore.Store.Stream.
func (c *Collection[T]) Stream(ctx context.Context, criteria model.Criteria) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var zero T
		q, err := c.m.Query(criteria, nil, model.Limits{})
		if err != nil {
			yield(zero, err)
			return
		}
		for r, err := range c.store.Stream(ctx, q) {
			if err != nil {
				yield(zero, err)
				return
			}
			v, err := decode[T](r)
			if !yield(v, err) || err != nil {
				return
			}
		}
	}
}

func decode[T any](r model.Record) (v T, err error) {
	b, err := json.Marshal(r)
	if err == nil {
		err = json.Unmarshal(b, &v)
	}
	if err != nil {
		return v, fmt.Errorf("typed: a record does not fit %T: %w", v, err)
	}
	return v, nil
}

func decodeAll[T any](records []model.Record) ([]T, error) {
	list := make([]T, len(records))
	for i, r := range records {
		var err error
		if list[i], err = decode[T](r); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// encode makes a record of the fields that have a value.
func encode(v any) (model.Record, error) {
	record := model.Record{}
	rv := reflect.ValueOf(v)
	for _, f := range reflect.VisibleFields(rv.Type()) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Anonymous || !f.IsExported() || name == "-" {
			continue
		}
		if name == "" {
			name = f.Name
		}
		field, err := rv.FieldByIndexErr(f.Index)
		if err != nil || field.IsZero() {
			continue
		}
		b, err := json.Marshal(field.Interface())
		if err != nil {
			return nil, fmt.Errorf("typed: encoding %s: %w", name, err)
		}
		var value any
		if err := json.Unmarshal(b, &value); err != nil {
			return nil, fmt.Errorf("typed: encoding %s: %w", name, err)
		}
		record[name] = value
	}
	return record, nil
}
