package sailsio

import (
	"context"
	"errors"

	"github.com/go-sails/sails/sailsio/model"
)

// Sails012 turns the pubsub of an App into that of Sails 0.12 (spec section 6):
// a record has one room per context, ids are sent as they were given, and a
// broadcast to several rooms reaches each socket once.
type Sails012 struct {
	// Autosubscribe has, by identity, the contexts that Subscribe, Introduce and
	// Retire use when none are named. A model that is not in it uses all of its
	// contexts; one with an empty list uses none (PO-3).
	Autosubscribe map[string][]string
}

var errOnly012 = errors.New("sailsio: contexts exist with Config.Sails012 only")

// Contexts returns the contexts of the model: update, destroy, message, and for
// each collection add:<alias> and remove:<alias> (PO-2).
func (m *Model) Contexts() []string {
	contexts := []string{"update", "destroy", "message"}
	if m.def == nil {
		return contexts
	}
	for _, a := range m.def.Associations {
		if a.Kind == model.ToMany {
			contexts = append(contexts, "add:"+a.Alias, "remove:"+a.Alias)
		}
	}
	return contexts
}

// SubscribeTo subscribes a socket to some contexts of records; nil contexts are
// those the model subscribes to by itself. Unknown contexts are joined as they are
// (PO-11). Contexts need Config.Sails012.
func (m *Model) SubscribeTo(ctx context.Context, socketID string, contexts []string, records ...any) error {
	if socketID == "" {
		return ErrNotSocket
	}
	if m.all.old && noRecords(records) {
		return m.Watch(ctx, socketID)
	}
	if contexts == nil {
		contexts = m.autosubscribe
	}
	rooms, err := m.rooms(contexts, records)
	if err != nil || len(rooms) == 0 {
		return err
	}
	return m.all.sockets.subscribe(ctx, socketID, rooms)
}

// UnsubscribeFrom undoes SubscribeTo; nil contexts are all of the model (PO-12).
func (m *Model) UnsubscribeFrom(ctx context.Context, socketID string, contexts []string, records ...any) error {
	if socketID == "" {
		return ErrNotSocket
	}
	if m.all.old && noRecords(records) {
		return m.Unwatch(ctx, socketID)
	}
	if contexts == nil && m.all.old {
		contexts = m.Contexts()
	}
	rooms, err := m.rooms(contexts, records)
	if err != nil || len(rooms) == 0 {
		return err
	}
	return m.all.sockets.Leave(ctx, socketID, rooms...)
}

func noRecords(records []any) bool {
	return len(records) == 0 || len(records) == 1 && records[0] == nil
}

// rooms returns the rooms of records, in 0.12 one for each context.
func (m *Model) rooms(contexts []string, records []any) ([]string, error) {
	if contexts != nil && !m.all.old {
		return nil, errOnly012
	}
	ids, err := m.ids(records)
	if err != nil {
		return nil, err
	}
	var rooms []string
	for _, id := range ids {
		if idString(id) == "" {
			continue // PS-7
		}
		if !m.all.old {
			rooms = append(rooms, m.RoomName(id))
			continue
		}
		for _, c := range contexts {
			rooms = append(rooms, m.RoomName(id, c))
		}
	}
	return rooms, nil
}

// PublishTo sends an event with data, unwrapped, to a context of records; nil
// records are the room of the model, an empty event is its identity, an empty
// context is "message" (PO-19). It needs Config.Sails012.
func (m *Model) PublishTo(ctx context.Context, context, event string, records any, data any, opts ...Option) error {
	if !m.all.old {
		return errOnly012
	}
	if event == "" {
		event = m.identity
	}
	if context == "" {
		context = "message"
	}
	event, err := eventName(event)
	if err != nil {
		return err
	}
	rooms := []string{m.ClassRoom()}
	if records != nil {
		if rooms, err = m.rooms([]string{context}, []any{records}); err != nil {
			return err
		}
	}
	o := newOptions(opts)
	for _, room := range rooms {
		if m.hooks.Broadcast != nil {
			err = errors.Join(err, m.hooks.Broadcast(ctx, room, event, data, Omit(o.omit...)))
			continue
		}
		err = errors.Join(err, m.all.sockets.send(ctx, room, event, data, o.omit))
	}
	return err
}

// Message sends {"verb":"messaged","id":…,"data":data} to the context message of
// a record, in 0.12; in 1.x to the record's room (PO-18).
func (m *Model) Message(ctx context.Context, record any, data any, opts ...Option) error {
	id := m.coerce(m.key(record))
	if idString(id) == "" {
		return m.invalid("Message needs a record or its id")
	}
	o := newOptions(opts)
	return m.around(ctx, Publication{Verb: "messaged", ID: id, Data: data}, func() error {
		return m.send(ctx, m.room(id, "message"), messagedMessage{"messaged", id, data}, o)
	})
}

// Subscribers returns the ids of the sockets of this node that are subscribed to a
// record, sorted; in 0.12 to one of contexts, or to any when none is named (PO-20).
func (m *Model) Subscribers(record any, contexts ...string) []string {
	id := m.key(record)
	if idString(id) == "" {
		return nil
	}
	if !m.all.old {
		return m.all.sockets.Subscribers(m.RoomName(id))
	}
	if len(contexts) == 0 {
		contexts = m.Contexts()
	}
	rooms := make([]string, len(contexts))
	for i, c := range contexts {
		rooms[i] = m.RoomName(id, c)
	}
	return m.all.sockets.subscribers(rooms...)
}

// Watchers returns the ids of the sockets of this node that watch the model, sorted
// (PO-21).
func (m *Model) Watchers() []string { return m.all.sockets.Subscribers(m.ClassRoom()) }
