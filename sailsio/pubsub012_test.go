package sailsio_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/go-sails/sails/sailsio"
	"github.com/go-sails/sails/sailsio/model"
)

// old is a world with the pubsub of Sails 0.12.
func old(t *testing.T) *world {
	t.Helper()
	return newWorld(t, sailsio.Config{Handler: routes(), Models: schema(t), Sails012: &sailsio.Sails012{
		Autosubscribe: map[string][]string{"group": {"update", "destroy"}, "tag": {}},
	}})
}

// rooms returns the rooms of a socket without its own and without the common part.
func (c *client) rooms() []string {
	c.w.t.Helper()
	all, err := c.w.app.Sockets().SocketRooms(c.ID())
	if err != nil {
		c.w.t.Fatal(err)
	}
	var rooms []string
	for _, r := range all {
		if r != c.ID() {
			rooms = append(rooms, strings.TrimPrefix(r, "sails_model_"))
		}
	}
	return rooms
}

func roomsAre(t *testing.T, c *client, want ...string) {
	t.Helper()
	slices.Sort(want)
	if got := c.rooms(); !slices.Equal(got, want) {
		t.Errorf("rooms %q, want %q", got, want)
	}
}

var allOfUser = []string{"update", "destroy", "message", "add:pets", "remove:pets", "add:groups", "remove:groups", "add:tags", "remove:tags"}

func in(record string, contexts ...string) []string {
	var rooms []string
	for _, c := range contexts {
		rooms = append(rooms, record+":"+c)
	}
	return rooms
}

func Test012_Contexts(t *testing.T) { // PO-1..3, PO-5, PO-10, PO-11, PO-12, o02, o03
	w := old(t)
	user, pet, group, tag := w.app.Model("user"), w.app.Model("pet"), w.app.Model("group"), w.app.Model("tag")
	if got := user.Contexts(); !slices.Equal(got, allOfUser) {
		t.Errorf("contexts %q", got)
	}
	if got := w.app.Model("article").Contexts(); !slices.Equal(got, []string{"update", "destroy", "message"}) {
		t.Errorf("contexts %q", got)
	}
	if got := user.RoomName("x", "update"); got != "sails_model_user_x:update" {
		t.Errorf("room %q", got)
	}
	if got := user.RoomName(7); got != "sails_model_user_7:message" {
		t.Errorf("room %q", got)
	}
	a := w.connect()
	check(t, user.Subscribe(w.ctx, a.ID(), 1))
	roomsAre(t, a, in("user_1", allOfUser...)...)
	check(t, user.UnsubscribeFrom(w.ctx, a.ID(), []string{"message", "add:pets"}, 1))
	check(t, user.Unsubscribe(w.ctx, a.ID(), rec{"id": 1}))
	roomsAre(t, a)
	check(t, pet.SubscribeTo(w.ctx, a.ID(), []string{"destroy", "anything"}, []int{1, 2}))
	check(t, pet.SubscribeTo(w.ctx, a.ID(), []string{}, 3))
	roomsAre(t, a, "pet_1:destroy", "pet_1:anything", "pet_2:destroy", "pet_2:anything")
	check(t, pet.Unsubscribe(w.ctx, a.ID(), 1)) // only the contexts of the model
	roomsAre(t, a, "pet_1:anything", "pet_2:destroy", "pet_2:anything")
	check(t, pet.UnsubscribeFrom(w.ctx, a.ID(), []string{"anything", "destroy"}, 1, 2))
	check(t, group.Subscribe(w.ctx, a.ID(), 5))
	check(t, tag.Subscribe(w.ctx, a.ID(), "red")) // autosubscribe: false
	roomsAre(t, a, "group_5:update", "group_5:destroy")
	check(t, tag.SubscribeTo(w.ctx, a.ID(), []string{"message"}, "red"))
	check(t, tag.UnsubscribeFrom(w.ctx, a.ID(), []string{"message"}, "red"))
	check(t, group.Unsubscribe(w.ctx, a.ID(), 5, 0))
	check(t, user.Subscribe(w.ctx, a.ID())) // without records: watch
	roomsAre(t, a, "create_user")
	check(t, user.Unsubscribe(w.ctx, a.ID(), nil)) // SU-13
	roomsAre(t, a)
	for _, err := range []error{user.Subscribe(w.ctx, ""), user.Unsubscribe(w.ctx, "")} {
		if !errors.Is(err, sailsio.ErrNotSocket) {
			t.Errorf("%v, want ErrNotSocket", err)
		}
	}
	for _, err := range []error{user.Subscribe(w.ctx, a.ID(), rec{}), user.Unsubscribe(w.ctx, a.ID(), []any{nil})} {
		if err == nil {
			t.Error("a record without a key was taken")
		}
	}
}

func Test012_Publish(t *testing.T) { // PO-13..20, PO-30..34, o04..o08
	for _, c := range []struct {
		name string
		call func(context.Context, func(string) *sailsio.Model) error
		want []string
	}{
		{"PO-13 created", func(ctx context.Context, m func(string) *sailsio.Model) error {
			return errors.Join(
				m("pet").PublishCreate(ctx, []rec{{"id": 5, "extra": []any{1}}, {"id": "6"}}),
				m("tag").PublishCreate(ctx, "green"),
			)
		}, []string{
			`["pet",{"verb":"created","data":{"id":5,"extra":[1]},"id":5}]`,
			`["pet",{"verb":"created","data":{"id":"6"},"id":"6"}]`,
			`["tag",{"verb":"created","data":{"code":"green"},"id":"green"}]`,
		}},
		{"PO-13 PO-32 reverse first, objects skipped, NoReverse ignored", func(ctx context.Context, m func(string) *sailsio.Model) error {
			return errors.Join(
				m("pet").PublishCreate(ctx, rec{"id": 5, "owner": 1}, sailsio.NoReverse()),
				m("pet").PublishCreate(ctx, rec{"id": 6, "owner": rec{"id": 1}}),
				m("user").PublishCreate(ctx, rec{"id": 7, "pets": []any{1, rec{"id": 2}}, "groups": []any{3}}),
			)
		}, []string{
			`["user",{"id":1,"verb":"addedTo","attribute":"pets","addedId":5}]`,
			`["pet",{"verb":"created","data":{"id":5,"owner":1},"id":5}]`,
			`["pet",{"verb":"created","data":{"id":6,"owner":{"id":1}},"id":6}]`,
			`["pet",{"verb":"updated","data":{"owner":7},"id":1}]`,
			`["group",{"id":3,"verb":"addedTo","attribute":"members","addedId":7}]`,
			`["user",{"verb":"created","data":{"id":7,"pets":[1,{"id":2}],"groups":[3]},"id":7}]`,
		}},
		{"PO-14 PO-30 ids as given", func(ctx context.Context, m func(string) *sailsio.Model) error {
			return errors.Join(
				m("user").PublishUpdate(ctx, "2", rec{"name": "n"}),
				m("user").PublishUpdate(ctx, 1, nil),
				m("pet").PublishUpdate(ctx, "3", rec{"owner": "1"}, sailsio.Previous(rec{"owner": 2})),
				m("pet").PublishUpdate(ctx, 3, rec{"owner": "1"}, sailsio.Previous(rec{"owner": 1})), // PO-31: equal
			)
		}, []string{
			`["user",{"verb":"updated","data":{"name":"n"},"id":"2"}]`,
			`["user",{"verb":"updated","id":1}]`,
			`["user",{"id":2,"verb":"removedFrom","attribute":"pets","removedId":"3"}]`,
			`["user",{"id":"1","verb":"addedTo","attribute":"pets","addedId":"3"}]`,
			`["pet",{"verb":"updated","data":{"owner":"1"},"id":"3","previous":{"owner":2}}]`,
			`["pet",{"verb":"updated","data":{"owner":"1"},"id":3,"previous":{"owner":1}}]`,
		}},
		{"PO-15 PO-33 destroyed", func(ctx context.Context, m func(string) *sailsio.Model) error {
			return errors.Join(
				m("user").PublishDestroy(ctx, "1", sailsio.NoReverse(), sailsio.Previous(rec{"pets": []any{rec{"id": 2}}, "groups": []any{}, "tags": []any{}})),
				m("desk").PublishDestroy(ctx, 1, sailsio.Previous(rec{"occupant": rec{"id": 2}})),
			)
		}, []string{
			`["user",{"verb":"destroyed","id":"1","previous":{"pets":[{"id":2}],"groups":[],"tags":[]}}]`,
			`["pet",{"verb":"updated","data":{"owner":null},"id":2}]`,
			`["desk",{"verb":"destroyed","id":1,"previous":{"occupant":{"id":2}}}]`,
			`["clerk",{"verb":"updated","data":{"desk":null},"id":2}]`,
		}},
		{"PO-16 PO-17", func(ctx context.Context, m func(string) *sailsio.Model) error {
			return errors.Join(
				m("user").PublishAdd(ctx, "1", "pets", rec{"id": 1, "name": "Rex"}),
				m("user").PublishRemove(ctx, 1, "pets", "1"),
				m("user").PublishAdd(ctx, 1, "pets", 1, sailsio.NoReverse()),
			)
		}, []string{
			`["user",{"id":"1","verb":"addedTo","attribute":"pets","addedId":1,"added":{"id":1,"name":"Rex"}}]`,
			`["pet",{"verb":"updated","data":{"owner":"1"},"id":1}]`,
			`["user",{"id":1,"verb":"removedFrom","attribute":"pets","removedId":"1"}]`,
			`["pet",{"verb":"updated","data":{"owner":null},"id":"1"}]`,
			`["user",{"id":1,"verb":"addedTo","attribute":"pets","addedId":1}]`,
		}},
		{"PO-18 PO-19 message and publish", func(ctx context.Context, m func(string) *sailsio.Model) error {
			return errors.Join(
				m("user").Message(ctx, 1, map[string]any{"a": nil}),
				m("user").Message(ctx, "1", nil),
				m("user").Publish(ctx, 1, "raw"),
				m("user").PublishTo(ctx, "update", "", []int{1, 2}, "ctx"),
				m("user").PublishTo(ctx, "", "", 1, "no context"),
				m("user").PublishTo(ctx, "update", "own", nil, "class"),
			)
		}, []string{
			`["user",{"verb":"messaged","id":1,"data":{"a":null}}]`,
			`["user",{"verb":"messaged","id":"1"}]`,
			`["user","raw"]`,
			`["user","ctx"]`, `["user","ctx"]`, `["user","no context"]`,
			`["own","class"]`,
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, sailsio.Config{Handler: routes(), Models: schema(t), Sails012: &sailsio.Sails012{}})
			a := w.connect()
			everyone(w, a)
			check(t, c.call(w.ctx, w.app.Model))
			a.sees(c.want...)
		})
	}
}

func Test012_ContextsAreKeptApart(t *testing.T) { // PO-34, o03
	w := old(t)
	user := w.app.Model("user")
	a, b := w.connect(), w.connect()
	check(t, user.SubscribeTo(w.ctx, a.ID(), []string{"update"}, 1))
	check(t, user.SubscribeTo(w.ctx, b.ID(), []string{"destroy", "message"}, 1))
	check(t, user.PublishUpdate(w.ctx, 1, rec{"age": 4}))
	check(t, user.Message(w.ctx, 1, "plain"))
	check(t, user.PublishAdd(w.ctx, 1, "pets", 7))
	check(t, user.PublishDestroy(w.ctx, 1))
	a.sees(`["user",{"verb":"updated","data":{"age":4},"id":1}]`)
	b.sees(`["user",{"verb":"messaged","id":1,"data":"plain"}]`, `["user",{"verb":"destroyed","id":1}]`)
	roomsAre(t, b, "user_1:destroy", "user_1:message") // only watchers leave
	if got := user.Subscribers(1, "destroy"); !slices.Equal(got, []string{b.ID()}) {
		t.Errorf("subscribers %q", got)
	}
	if got := user.Subscribers(model.Record{"id": 1}); len(got) != 2 { // PO-20
		t.Errorf("subscribers %q", got)
	}
	if got := user.Subscribers(""); got != nil {
		t.Errorf("subscribers %q", got)
	}
}

func Test012_IntroduceAndRetire(t *testing.T) { // PO-22, o06
	w := old(t)
	group, tag := w.app.Model("group"), w.app.Model("tag")
	a := w.connect()
	check(t, group.Watch(w.ctx, a.ID()))
	check(t, group.PublishCreate(w.ctx, []any{rec{"id": 1}, rec{"id": "2"}}))
	roomsAre(t, a, "create_group", "group_1:update", "group_1:destroy", "group_2:update", "group_2:destroy")
	check(t, group.PublishDestroy(w.ctx, 1))
	check(t, group.Retire(w.ctx, "2"))
	roomsAre(t, a, "create_group")
	check(t, tag.Watch(w.ctx, a.ID()))
	check(t, tag.Introduce(w.ctx, "red")) // autosubscribe: false
	check(t, tag.Retire(w.ctx, "red"))
	roomsAre(t, a, "create_group", "create_tag")
}

func Test012_RequesterOfAddIsSubscribed(t *testing.T) { // PO-16, PS-23
	for _, cfg := range []sailsio.Config{{Models: schema(t)}, {Models: schema(t), Sails012: &sailsio.Sails012{}}} {
		mux := routes()
		var app *sailsio.App
		mux.HandleFunc("/add", handleError(t, func(ctx context.Context, by sailsio.Option) error {
			return app.Model("user").PublishAdd(ctx, 1, "groups", 2, by)
		}))
		mux.HandleFunc("/quiet", handleError(t, func(ctx context.Context, by sailsio.Option) error {
			return app.Model("user").PublishAdd(ctx, 1, "groups", 3, by, sailsio.NoReverse())
		}))
		cfg.Handler = mux
		w := newWorld(t, cfg)
		app = w.app
		a, b := w.connect(), w.connect()
		everyone(w, b)
		a.do("POST", "/add", nil)
		a.do("POST", "/quiet", nil)
		a.got() // omitted, also from what the group is told
		_, _ = fetch(t, w, "POST", "/add", nil)
		added := `["user",{"id":1,"verb":"addedTo","attribute":"groups","addedId":2}]`
		other := `["group",{"id":2,"verb":"addedTo","attribute":"members","addedId":1}]`
		b.sees(added, other, `["user",{"id":1,"verb":"addedTo","attribute":"groups","addedId":3}]`, added, other)
		// It is subscribed to the group; HTTP omits nobody.
		a.sees(other)
		for _, room := range a.rooms() {
			if !strings.HasPrefix(room, "group_2:") {
				t.Errorf("in room %q", room)
			}
		}
	}
}

func Test012_PreviousMustHaveCollections(t *testing.T) { // PO-33
	w := old(t)
	a := w.connect()
	everyone(w, a)
	if err := w.app.Model("user").PublishDestroy(w.ctx, 1, sailsio.Previous(rec{"id": 1})); err == nil {
		t.Error("no error for a previous record without its collections")
	}
	a.sees(`["user",{"verb":"destroyed","id":1,"previous":{"id":1}}]`)
}
