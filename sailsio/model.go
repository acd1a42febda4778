package sailsio

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strconv"

	"github.com/go-sails/sails/sailsio/model"
)

// Model is the resourceful pubsub of one model: sockets subscribe to records, and
// are told what happens to them by an event named like the model.
//
// Two kinds of room carry this. Each record has one,
// `sails_model_<identity>_<id>:<identity>`, joined by Subscribe. The model has one,
// `sails_model_create_<identity>`, joined by Watch: its members learn of new records
// and are subscribed to them. With Config.Sails012 a record has one room per context
// instead (see Contexts).
//
// Whether a record exists is never checked (PS-6). The publish methods say what has
// happened; nothing is read or written. Errors are those of the arguments and of
// the adapter; what can be sent is sent. Safe for concurrent use.
type Model struct {
	all           *pubsub
	identity      string
	def           *model.Model // nil for a model that is not declared
	autosubscribe []string     // 0.12: contexts of subscriptions that name none
	hooks         ModelHooks
}

// ModelHooks are called around every notification of a model, those that tell the
// other side of an association included (PS-31, PO-24). They run on the goroutine
// that publishes and must be safe for concurrent use.
type ModelHooks struct {
	Before, After func(ctx context.Context, p *Publication)
	// Broadcast replaces Sockets.Broadcast for all messages of the model (PO-23).
	Broadcast func(ctx context.Context, room, event string, data any, opts ...Option) error
}

// Publication is what a ModelHooks function is told.
type Publication struct {
	Verb      string // created, updated, destroyed, addedTo, removedFrom or messaged
	Model     string // identity
	ID        any    // primary key of the record concerned
	Data      any    // the new record, the changes, or the message
	Previous  any    // as given to PublishUpdate and PublishDestroy
	Attribute string // alias of the collection, for addedTo and removedFrom
	OtherID   any    // primary key of the child, for addedTo and removedFrom
}

// pubsub is what the models of an App share.
type pubsub struct {
	sockets *Sockets
	models  map[string]*Model // declared ones, by identity
	old     bool              // semantics of 0.12
	strict  bool
}

func newPubsub(s *Sockets, cfg *Config) *pubsub {
	ps := &pubsub{sockets: s, models: map[string]*Model{}, old: cfg.Sails012 != nil, strict: cfg.Strict}
	if cfg.Models != nil {
		for _, def := range cfg.Models.Models() {
			ps.models[def.Identity] = ps.model(def.Identity, def, cfg)
		}
	}
	return ps
}

func (ps *pubsub) model(identity string, def *model.Model, cfg *Config) *Model {
	m := &Model{all: ps, identity: identity, def: def, hooks: cfg.ModelHooks[identity]}
	if cfg.Sails012 == nil {
		return m
	}
	var named bool
	if m.autosubscribe, named = cfg.Sails012.Autosubscribe[identity]; !named {
		m.autosubscribe = m.Contexts()
	}
	return m
}

// of returns the model at the other end of an association. All models of a schema
// are declared together, so it is there.
func (ps *pubsub) of(def *model.Model) *Model { return ps.models[def.Identity] }

// RoomName returns the name of a record's room, "" for an id that is empty or zero
// (PS-1). With a context it is the room of that context, as 0.12 has it (PO-1);
// there, the default context is "message".
func (m *Model) RoomName(id any, context ...string) string {
	key := idString(m.key(id))
	if key == "" {
		return ""
	}
	suffix := m.identity
	switch {
	case len(context) > 0:
		suffix = context[0]
	case m.all.old:
		suffix = "message"
	}
	return modelRoom + m.identity + "_" + key + ":" + suffix
}

// ClassRoom returns the name of the room of those who watch the model.
func (m *Model) ClassRoom() string { return modelRoom + "create_" + m.identity }

// Watch makes a socket learn of new records of the model and subscribes it to them.
func (m *Model) Watch(ctx context.Context, socketID string) error {
	return m.all.sockets.subscribe(ctx, socketID, []string{m.ClassRoom()})
}

// Unwatch undoes Watch. Subscriptions to records stay.
func (m *Model) Unwatch(ctx context.Context, socketID string) error {
	return m.all.sockets.Leave(ctx, socketID, m.ClassRoom())
}

// Subscribe subscribes a socket to records, given by primary key or as records;
// slices of either are taken apart (PS-2). Empty and zero ids are skipped (PS-7). With
// Config.Sails012 it joins the contexts the model subscribes to by itself, and
// without any record it is Watch (PO-11).
func (m *Model) Subscribe(ctx context.Context, socketID string, records ...any) error {
	return m.SubscribeTo(ctx, socketID, nil, records...)
}

// Unsubscribe undoes Subscribe, in all contexts. With Config.Sails012 and without
// any record it is Unwatch (SU-13).
func (m *Model) Unsubscribe(ctx context.Context, socketID string, records ...any) error {
	return m.UnsubscribeFrom(ctx, socketID, nil, records...)
}

// Publish sends data to the subscribers of records, unwrapped: neither a verb nor
// an id is added (PS-4). Records are given as with Subscribe; who is subscribed to
// several of them receives data several times. With Config.Sails012 it goes to the
// context "message".
func (m *Model) Publish(ctx context.Context, records any, data any, opts ...Option) error {
	ids, err := m.ids([]any{records})
	if err != nil {
		return err
	}
	o := newOptions(opts)
	for _, id := range ids {
		if room := m.RoomName(id); room != "" {
			err = errors.Join(err, m.send(ctx, room, data, o))
		}
	}
	return err
}

// Introduce subscribes everyone who watches the model to a record (PS-26). It has
// happened on this node when it returns (SU-28).
func (m *Model) Introduce(ctx context.Context, record any) error {
	rooms, err := m.recordRooms(record)
	if err != nil || len(rooms) == 0 {
		return err
	}
	return m.all.sockets.AddRoomMembersToRooms(ctx, m.ClassRoom(), rooms...)
}

// Retire ends all subscriptions to a record that is gone (PS-27), those of sockets
// that do not watch the model too (SU-10). With Config.Strict and in 0.12 those stay.
func (m *Model) Retire(ctx context.Context, record any) error {
	rooms, err := m.recordRooms(record)
	if err != nil || len(rooms) == 0 {
		return err
	}
	if m.all.strict || m.all.old {
		return m.all.sockets.RemoveRoomMembersFromRooms(ctx, m.ClassRoom(), rooms...)
	}
	for _, room := range rooms {
		err = errors.Join(err, m.all.sockets.RemoveRoomMembersFromRooms(ctx, room, room))
	}
	return err
}

// recordRooms returns the rooms that watchers are introduced to.
func (m *Model) recordRooms(record any) ([]string, error) {
	ids, err := m.ids([]any{record})
	if err != nil {
		return nil, err
	}
	var rooms []string
	for _, id := range ids {
		if idString(id) == "" {
			return nil, m.invalid("the id is empty")
		}
		if !m.all.old {
			rooms = append(rooms, m.RoomName(id))
			continue
		}
		for _, c := range m.autosubscribe {
			rooms = append(rooms, m.RoomName(id, c))
		}
	}
	return rooms, nil
}

// send broadcasts a message of the model.
func (m *Model) send(ctx context.Context, room string, data any, o *options) error {
	if m.hooks.Broadcast != nil {
		return m.hooks.Broadcast(ctx, room, m.identity, data, Omit(o.omit...))
	}
	return m.all.sockets.send(ctx, room, m.identity, data, o.omit)
}

func (m *Model) invalid(format string, args ...any) error {
	return fmt.Errorf("sailsio: %s: %s", m.identity, fmt.Sprintf(format, args...))
}

// keyName is the name of the primary key attribute.
func (m *Model) keyName() string {
	if m.def == nil {
		return "id"
	}
	return m.def.PrimaryKey.Name
}

// coerce gives an id the type of the primary key, in 1.x (spec 5.3, PO-30).
func (m *Model) coerce(id any) any {
	if m.def == nil || m.all.old {
		return id
	}
	return m.def.CoerceID(id)
}

// key returns the primary key of what may be a record or already a key.
func (m *Model) key(v any) any {
	v = plain(v)
	if r, ok := v.(model.Record); ok {
		return r[m.keyName()]
	}
	return v
}

// ids takes slices apart and returns the primary keys of records.
func (m *Model) ids(list []any) ([]any, error) {
	var ids []any
	for _, v := range list {
		for _, element := range elements(v) {
			id := m.key(element)
			if id == nil {
				return nil, m.invalid("an id is nil or a record has no %q; give ids, records or slices of them", m.keyName())
			}
			ids = append(ids, id)
		}
	}
	return ids, nil
}

// elements returns the elements of a slice, or the value itself.
func elements(v any) []any {
	if list, ok := v.([]any); ok {
		return list
	}
	if rv := reflect.ValueOf(v); rv.Kind() == reflect.Slice && rv.Type().Elem().Kind() != reflect.Uint8 {
		list := make([]any, rv.Len())
		for i := range list {
			list[i] = rv.Index(i).Interface()
		}
		return list
	}
	if list, ok := plain(v).([]any); ok {
		return list
	}
	return []any{v}
}

// asRecord reports whether v is a record: a map, or what package encoding/json
// makes an object of.
func asRecord(v any) (model.Record, bool) {
	r, ok := plain(v).(model.Record)
	return r, ok && r != nil
}

// plain returns v as package encoding/json would read it back, so that structs,
// parameters of actions and types like UUIDs can stand for records and keys. Values
// that are plain already, and integers, stay as they are. What cannot be encoded is
// nil.
func plain(v any) any {
	switch v.(type) {
	case nil, bool, string, float64, int, int64, uint64, model.Record, []any:
		return v
	}
	text, err := json.Marshal(v)
	if err != nil {
		return nil
	}
	var out any
	if err := json.Unmarshal(text, &out); err != nil {
		return nil
	}
	return out
}

// idString writes an id, which is plain, as the names of rooms have it; "" for
// what JavaScript calls false, which identifies nothing (PS-7).
func idString(id any) string {
	switch id {
	case 0, int64(0), uint64(0), 0.0, nil, true, false:
		return ""
	}
	switch v := id.(type) {
	case int64:
		return strconv.FormatInt(v, 10)
	case uint64:
		return strconv.FormatUint(v, 10)
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return ""
		}
	}
	return model.FormatID(id)
}
