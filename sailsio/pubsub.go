package sailsio

import (
	"context"
	"errors"

	"github.com/go-sails/sails/sailsio/model"
)

// The messages, with their keys in the order the reference writes them.
type (
	createdMessage struct {
		Verb string `json:"verb"`
		Data any    `json:"data"`
		ID   any    `json:"id"`
	}
	updatedMessage struct {
		Verb     string `json:"verb"`
		Data     any    `json:"data,omitempty"`
		ID       any    `json:"id"`
		Previous any    `json:"previous,omitempty"`
	}
	destroyedMessage struct {
		Verb     string `json:"verb"`
		ID       any    `json:"id"`
		Previous any    `json:"previous,omitempty"`
	}
	addedMessage struct {
		ID        any    `json:"id"`
		Verb      string `json:"verb"`
		Attribute string `json:"attribute"`
		AddedID   any    `json:"addedId"`
		Added     any    `json:"added,omitempty"`
	}
	removedMessage struct {
		ID        any    `json:"id"`
		Verb      string `json:"verb"`
		Attribute string `json:"attribute"`
		RemovedID any    `json:"removedId"`
	}
	messagedMessage struct {
		Verb string `json:"verb"`
		ID   any    `json:"id"`
		Data any    `json:"data,omitempty"`
	}
)

// around calls the hooks of the model before and after fn.
func (m *Model) around(ctx context.Context, p Publication, fn func() error) error {
	if m.hooks.Before == nil && m.hooks.After == nil {
		return fn()
	}
	p.Model = m.identity
	if m.hooks.Before != nil {
		m.hooks.Before(ctx, &p)
	}
	err := fn()
	if m.hooks.After != nil {
		m.hooks.After(ctx, &p)
	}
	return err
}

// room is where the message of a verb goes: the record's room, in 0.12 that of
// the verb's context.
func (m *Model) room(id any, context string) string {
	if m.all.old {
		return m.RoomName(id, context)
	}
	return m.RoomName(id)
}

// PublishCreate tells who watches the model that a record was created, with
// {"verb":"created","data":record,"id":…}, and subscribes them to it. Before
// that the records it refers to are told: the owner of a collection that gained it,
// and the records in its own collections (PS-20, PS-40..42). A record without its
// primary key is an error; a bare key stands for {<primary key>: key}; a slice
// publishes each of its elements.
func (m *Model) PublishCreate(ctx context.Context, record any, opts ...Option) error {
	o := newOptions(opts)
	var err error
	for _, element := range elements(record) {
		err = errors.Join(err, m.created(ctx, element, o))
	}
	return err
}

func (m *Model) created(ctx context.Context, data any, o *options) error {
	record, ok := asRecord(data)
	if !ok {
		record = model.Record{m.keyName(): data}
		data = record
	}
	sent := record[m.keyName()]
	if sent == nil {
		return m.invalid("PublishCreate needs a record with its %q", m.keyName())
	}
	id := m.coerce(sent)
	return m.around(ctx, Publication{Verb: "created", ID: id, Data: data}, func() error {
		err := m.createdElsewhere(ctx, id, record, o)
		err = errors.Join(err, m.send(ctx, m.ClassRoom(), createdMessage{"created", data, sent}, o))
		if !o.noIntroduce {
			err = errors.Join(err, m.Introduce(ctx, sent))
		}
		return err
	})
}

// createdElsewhere tells the records that a new one refers to.
func (m *Model) createdElsewhere(ctx context.Context, id any, record model.Record, o *options) error {
	var errs []error
	for _, a := range m.associations() {
		value, given := record[a.Alias]
		if !given || value == nil || a.Inverse == nil {
			continue
		}
		other := m.all.of(a.Target)
		if a.Kind == model.ToOne {
			if _, populated := asRecord(value); populated && m.all.old {
				continue // PO-32
			}
			errs = append(errs, other.linked(ctx, other.key(value), a.Inverse, id, o))
			continue
		}
		for _, child := range elements(value) {
			if _, populated := asRecord(child); populated && m.all.old {
				continue
			}
			errs = append(errs, other.linked(ctx, other.key(child), a.Inverse, id, o))
		}
	}
	return errors.Join(errs...)
}

// associations returns them in the order in which the values of a new record are
// looked at: as a populated record of the reference has them, collections first.
func (m *Model) associations() []*model.Association {
	if m.def == nil || m.all.old {
		if m.def == nil {
			return nil
		}
		return m.def.Associations
	}
	ordered := make([]*model.Association, 0, len(m.def.Associations))
	for _, kind := range []model.Kind{model.ToMany, model.ToOne} {
		for _, a := range m.def.Associations {
			if a.Kind == kind {
				ordered = append(ordered, a)
			}
		}
	}
	return ordered
}

// PublishUpdate tells the subscribers of a record what has changed, with
// {"verb":"updated","data":changes,"id":…}. With Previous the message has that
// too, and the records that lost or gained this one are told before (PS-21,
// PS-43, PS-45, PS-46).
func (m *Model) PublishUpdate(ctx context.Context, id any, changes any, opts ...Option) error {
	o := newOptions(opts)
	return m.updated(ctx, m.key(id), given(changes), o.previous, o, !o.noReverse)
}

func (m *Model) updated(ctx context.Context, id, changes, previous any, o *options, reverse bool) error {
	id = m.coerce(id)
	if idString(id) == "" {
		return m.invalid("PublishUpdate needs the id of a record")
	}
	p := Publication{Verb: "updated", ID: id, Data: changes, Previous: previous}
	return m.around(ctx, p, func() error {
		var err error
		if reverse && previous != nil {
			err = m.updatedElsewhere(ctx, id, changes, previous, o)
		}
		return errors.Join(err, m.send(ctx, m.room(id, "update"), updatedMessage{"updated", changes, id, previous}, o))
	})
}

func (m *Model) updatedElsewhere(ctx context.Context, id, changes, previous any, o *options) error {
	now, _ := asRecord(changes)
	before, _ := asRecord(previous)
	if m.def == nil || now == nil || before == nil {
		return nil
	}
	var errs []error
	for _, a := range m.def.Associations {
		value, changed := now[a.Alias]
		if !changed || a.Inverse == nil {
			continue
		}
		other := m.all.of(a.Target)
		old, known := before[a.Alias]
		var lost, gained []any
		if a.Kind == model.ToOne {
			was, is := other.key(old), other.key(value)
			if m.same(was, is) {
				continue
			}
			lost, gained = nonEmpty(was), nonEmpty(is)
		} else {
			if !known {
				continue
			}
			were, are := other.keys(old), other.keys(value)
			lost, gained = m.without(were, are), m.without(are, were)
		}
		for _, key := range lost {
			errs = append(errs, other.unlinked(ctx, key, a.Inverse, id, o))
		}
		for _, key := range gained {
			errs = append(errs, other.linked(ctx, key, a.Inverse, id, o))
		}
	}
	return errors.Join(errs...)
}

// linked tells record key of m that id has come to its attribute a.
func (m *Model) linked(ctx context.Context, key any, a *model.Association, id any, o *options) error {
	if a.Kind == model.ToMany {
		return m.added(ctx, key, a.Alias, id, nil, o, false)
	}
	return m.updated(ctx, key, map[string]any{a.Alias: id}, nil, o, false)
}

// unlinked tells record key of m that id has gone from its attribute a.
func (m *Model) unlinked(ctx context.Context, key any, a *model.Association, id any, o *options) error {
	if a.Kind == model.ToMany {
		return m.removed(ctx, key, a.Alias, id, o, false)
	}
	return m.updated(ctx, key, map[string]any{a.Alias: nil}, nil, o, false)
}

// PublishDestroy tells the subscribers of a record that it is gone, with
// {"verb":"destroyed","id":…}, and ends their subscriptions. With Previous the
// message has that too, and the records it belonged to are told after it (PS-22,
// PS-47..49).
func (m *Model) PublishDestroy(ctx context.Context, id any, opts ...Option) error {
	o := newOptions(opts)
	id = m.coerce(m.key(id))
	if idString(id) == "" {
		return m.invalid("PublishDestroy needs the id of a record")
	}
	p := Publication{Verb: "destroyed", ID: id, Previous: o.previous}
	return m.around(ctx, p, func() error {
		err := m.send(ctx, m.room(id, "destroy"), destroyedMessage{"destroyed", id, o.previous}, o)
		// NoReverse has no effect here, in neither generation (PO-15). The reference begins
		// to retire the record before and is done after it: a record that belonged to
		// itself is told.
		err = errors.Join(err, m.destroyedElsewhere(ctx, id, o))
		return errors.Join(err, m.Retire(ctx, id))
	})
}

func (m *Model) destroyedElsewhere(ctx context.Context, id any, o *options) error {
	before, ok := asRecord(o.previous)
	if m.def == nil || !ok {
		return nil
	}
	var errs []error
	for _, a := range m.def.Associations {
		value, known := before[a.Alias]
		if m.all.old && a.Kind == model.ToMany && !known {
			// PO-33: the reference throws here.
			return errors.Join(append(errs, m.invalid("the previous record lacks %q", a.Alias))...)
		}
		back := m.backReference(a)
		if back == nil {
			continue
		}
		other := m.all.of(a.Target)
		for _, key := range other.keys(value) {
			errs = append(errs, other.unlinked(ctx, key, back, id, o))
		}
	}
	return errors.Join(errs...)
}

// backReference returns the association by which the other side of a knows of a
// record that is destroyed. The reference looks at the model only, so with two
// associations between the same models it takes the wrong one (SU-12).
func (m *Model) backReference(a *model.Association) *model.Association {
	switch {
	case m.all.old, m.all.strict && a.Kind == model.ToOne:
		return a.BackReference
	case a.Inverse != nil || a.Kind == model.ToMany:
		return a.Inverse
	case a.OneToOne != nil:
		return a.OneToOne
	}
	if back := a.BackReference; back != nil && back.Inverse == nil && back.OneToOne == nil {
		return back // not the pair of another association
	}
	return nil
}

// PublishAdd tells the subscribers of a record that another came to its collection
// alias, with {"id":…,"verb":"addedTo","attribute":alias,"addedId":…}. added is
// that record's key, or the record itself, which is then part of the message. Unless
// NoReverse is given, a requester named by By is subscribed to the added record, and
// its subscribers are told (PS-23, PS-50, PS-51).
func (m *Model) PublishAdd(ctx context.Context, id any, alias string, added any, opts ...Option) error {
	o := newOptions(opts)
	other, err := m.childModel("PublishAdd", alias)
	if err != nil {
		return err
	}
	var record any
	if _, ok := asRecord(added); ok {
		record = added
	}
	return m.added(ctx, m.key(id), alias, other.key(added), record, o, !o.noReverse)
}

func (m *Model) added(ctx context.Context, id any, alias string, otherID, record any, o *options, reverse bool) error {
	other, err := m.childModel("PublishAdd", alias)
	if err != nil {
		return err
	}
	id, otherID = m.coerce(id), other.coerce(otherID)
	if idString(id) == "" || idString(otherID) == "" {
		return m.invalid("PublishAdd to %q needs the ids of two records", alias)
	}
	p := Publication{Verb: "addedTo", ID: id, Attribute: alias, OtherID: otherID}
	return m.around(ctx, p, func() error {
		err := m.send(ctx, m.room(id, "add:"+alias), addedMessage{id, "addedTo", alias, otherID, record}, o)
		if !reverse {
			return err
		}
		if o.requester != "" {
			err = errors.Join(err, other.Subscribe(ctx, o.requester, otherID))
		}
		if a, _ := m.def.Association(alias); a.Inverse != nil {
			err = errors.Join(err, other.linked(ctx, otherID, a.Inverse, id, o))
		}
		return err
	})
}

// PublishRemove tells the subscribers of a record that another left its collection
// alias, with {"id":…,"verb":"removedFrom","attribute":alias,"removedId":…}, and,
// unless NoReverse is given, those of the other record (PS-24, PS-52, PS-53).
func (m *Model) PublishRemove(ctx context.Context, id any, alias string, removed any, opts ...Option) error {
	o := newOptions(opts)
	other, err := m.childModel("PublishRemove", alias)
	if err != nil {
		return err
	}
	return m.removed(ctx, m.key(id), alias, other.key(removed), o, !o.noReverse)
}

func (m *Model) removed(ctx context.Context, id any, alias string, otherID any, o *options, reverse bool) error {
	other, err := m.childModel("PublishRemove", alias)
	if err != nil {
		return err
	}
	id, otherID = m.coerce(id), other.coerce(otherID)
	if idString(id) == "" || idString(otherID) == "" {
		return m.invalid("PublishRemove from %q needs the ids of two records", alias)
	}
	p := Publication{Verb: "removedFrom", ID: id, Attribute: alias, OtherID: otherID}
	return m.around(ctx, p, func() error {
		err := m.send(ctx, m.room(id, "remove:"+alias), removedMessage{id, "removedFrom", alias, otherID}, o)
		if a, _ := m.def.Association(alias); reverse && a.Inverse != nil {
			err = errors.Join(err, other.unlinked(ctx, otherID, a.Inverse, id, o))
		}
		return err
	})
}

// childModel returns the model of a collection.
func (m *Model) childModel(method, alias string) (*Model, error) {
	if m.def == nil {
		return nil, m.invalid("%s needs the model in Config.Models", method)
	}
	a, ok := m.def.Association(alias)
	if !ok || a.Kind != model.ToMany {
		return nil, m.invalid("%s: %q is no collection", method, alias)
	}
	return m.all.of(a.Target), nil
}

// same compares ids as JavaScript does: strictly, or in 0.12 by their text (PO-31).
func (m *Model) same(a, b any) bool {
	if m.all.old {
		return idString(a) == idString(b)
	}
	if (a == nil) != (b == nil) {
		return false
	}
	return idString(a) == idString(b) && isText(a) == isText(b)
}

func isText(v any) bool {
	_, ok := v.(string)
	return ok
}

// without returns the ids in list that are not in other.
func (m *Model) without(list, other []any) []any {
	seen := make(map[string]bool, len(other))
	for _, id := range other {
		seen[idString(id)] = true
	}
	var left []any
	for _, id := range list {
		if !seen[idString(id)] {
			seen[idString(id)] = true
			left = append(left, id)
		}
	}
	return left
}

// keys returns the primary keys of a value of an association, populated or not.
func (m *Model) keys(value any) []any {
	var keys []any
	for _, v := range elements(value) {
		keys = append(keys, nonEmpty(m.key(v))...)
	}
	return keys
}

func nonEmpty(id any) []any {
	if idString(id) == "" {
		return nil
	}
	return []any{id}
}
