package sailsio_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/go-sails/sails/sailsio"
	"github.com/go-sails/sails/sailsio/model"
	"github.com/go-sails/sails/socketio"
)

func schema(t *testing.T) *model.Schema {
	t.Helper()
	s, err := model.New(
		model.Definition{Identity: "user", Attributes: model.WithDefaults(
			model.Attribute{Name: "name", Type: model.String},
			model.Attribute{Name: "profile", Model: "profile"},
			model.Attribute{Name: "pets", Collection: "pet", Via: "owner"},
			model.Attribute{Name: "groups", Collection: "group", Via: "members"},
			model.Attribute{Name: "tags", Collection: "tag"},
		)},
		model.Definition{Identity: "profile", Attributes: model.WithDefaults(
			model.Attribute{Name: "user", Collection: "user", Via: "profile"},
		)},
		model.Definition{Identity: "pet", Attributes: model.WithDefaults(
			model.Attribute{Name: "name", Type: model.String},
			model.Attribute{Name: "owner", Model: "user"},
			model.Attribute{Name: "sitter", Model: "user"},
		)},
		model.Definition{Identity: "group", Attributes: model.WithDefaults(
			model.Attribute{Name: "members", Collection: "user", Via: "groups"},
		)},
		model.Definition{Identity: "tag", PrimaryKey: "code", Attributes: []model.Attribute{
			{Name: "code", Type: model.String, Required: true},
		}},
		model.Definition{Identity: "desk", Attributes: model.WithDefaults(
			model.Attribute{Name: "occupant", Model: "clerk", Via: "desk"},
		)},
		model.Definition{Identity: "clerk", Attributes: model.WithDefaults(
			model.Attribute{Name: "desk", Model: "desk"},
		)},
	)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestModel_RoomNames(t *testing.T) { // PS-1, PO-1, PO-5
	w := newWorld(t, sailsio.Config{Models: schema(t)})
	user, free := w.app.Model("User"), w.app.Model("article")
	for _, c := range []struct {
		got, want string
	}{
		{user.RoomName(3), "sails_model_user_3:user"},
		{user.RoomName("3"), "sails_model_user_3:user"},
		{user.RoomName(float64(3)), "sails_model_user_3:user"},
		{user.RoomName(model.Record{"id": float64(4)}), "sails_model_user_4:user"},
		{user.RoomName(struct {
			ID int `json:"id"`
		}{5}), "sails_model_user_5:user"},
		{user.RoomName(0), ""},
		{user.RoomName(int64(0)), ""},
		{user.RoomName(""), ""},
		{user.RoomName(nil), ""},
		{user.RoomName(true), ""},
		{user.RoomName(func() {}), ""},
		{user.RoomName(1e21), "sails_model_user_1e+21:user"},
		{user.RoomName(int64(9007199254740993)), "sails_model_user_9007199254740993:user"},
		{user.RoomName(uint8(7)), "sails_model_user_7:user"},
		{user.ClassRoom(), "sails_model_create_user"},
		{w.app.Model("tag").RoomName(model.Record{"code": "red"}), "sails_model_tag_red:tag"},
		{free.RoomName("a-b"), "sails_model_article_a-b:article"},
		{free.ClassRoom(), "sails_model_create_article"},
		{user.RoomName(1, "update"), "sails_model_user_1:update"},
	} {
		if c.got != c.want {
			t.Errorf("room %q, want %q", c.got, c.want)
		}
	}
}

// SEC-57: reading records does not fill the server with rooms; those who watch a model
// learn of its records all the same.
func TestModel_MaxSubscriptions(t *testing.T) {
	w := newWorld(t, sailsio.Config{Handler: routes(), Models: schema(t), MaxSubscriptions: 3})
	user, a := w.app.Model("user"), w.connect()
	check(t, user.Watch(w.ctx, a.ID()))
	check(t, user.Subscribe(w.ctx, a.ID(), 1, 2))
	check(t, user.Subscribe(w.ctx, a.ID(), 1, 2))
	if err := user.Subscribe(w.ctx, a.ID(), 3); !errors.Is(err, socketio.ErrTooManyRooms) {
		t.Errorf("a third record: %v", err)
	}
	check(t, user.Introduce(w.ctx, 4))
	check(t, user.Publish(w.ctx, []any{3, 4}, "news"))
	a.sees(`["user","news"]`)
	check(t, user.Unsubscribe(w.ctx, a.ID(), 1, 2))
	check(t, user.Subscribe(w.ctx, a.ID(), 3))
}

func TestModel_SubscribePublish(t *testing.T) { // PS-2..7, v14
	w := newWorld(t, sailsio.Config{Handler: routes(), Models: schema(t)})
	user := w.app.Model("user")
	a, b := w.connect(), w.connect()
	check(t, user.Subscribe(w.ctx, a.ID(), 1, []int{2}))
	check(t, user.Subscribe(w.ctx, b.ID(), []model.Record{{"id": float64(2)}}, 0, ""))
	check(t, user.Subscribe(w.ctx, b.ID(), []any{}))
	check(t, user.Subscribe(w.ctx, b.ID()))
	check(t, user.Publish(w.ctx, 1, map[string]any{"verb": "custom"}))
	check(t, user.Publish(w.ctx, []any{1, 2}, "both"))
	check(t, user.Publish(w.ctx, []string{"2"}, nil, sailsio.Omit(b.ID())))
	check(t, user.Publish(w.ctx, 0, "nobody"))
	check(t, user.Unsubscribe(w.ctx, a.ID(), 2))
	check(t, user.Publish(w.ctx, 2, 4))
	a.sees(`["user",{"verb":"custom"}]`, `["user","both"]`, `["user","both"]`, `["user",null]`)
	b.sees(`["user","both"]`, `["user",4]`)
	if got := user.Subscribers(2); !slices.Equal(got, []string{b.ID()}) {
		t.Errorf("subscribers %q", got)
	}
	for name, err := range map[string]error{
		"socket": user.Subscribe(w.ctx, "", 1), "unsubscribe": user.Unsubscribe(w.ctx, "", 1), "watch": user.Watch(w.ctx, ""),
	} {
		if !errors.Is(err, sailsio.ErrNotSocket) {
			t.Errorf("%s: %v, want ErrNotSocket", name, err)
		}
	}
	for _, bad := range []any{nil, []any{1, nil}, model.Record{"name": "x"}, func() {}} {
		if err := user.Subscribe(w.ctx, a.ID(), bad); err == nil {
			t.Errorf("Subscribe(%v) succeeded", bad)
		}
		if err := user.Publish(w.ctx, bad, 1); err == nil {
			t.Errorf("Publish(%v) succeeded", bad)
		}
	}
}

// everyone subscribes a socket to records 1 to 9 of all models and to their classes.
func everyone(w *world, c *client) {
	w.t.Helper()
	for _, identity := range []string{"user", "profile", "pet", "group", "desk", "clerk", "tag"} {
		m := w.app.Model(identity)
		check(w.t, m.Watch(w.ctx, c.ID()))
		for id := range 9 {
			check(w.t, m.Subscribe(w.ctx, c.ID(), id+1))
		}
	}
}

type rec = model.Record

func TestModel_Notifications(t *testing.T) { // PS-20..24, PS-40..54
	for _, c := range []struct {
		name string
		call func(context.Context, func(string) *sailsio.Model) error
		want []string
	}{
		{"PS-20 PS-40 created with an owner", func(ctx context.Context, m func(string) *sailsio.Model) error {
			return m("pet").PublishCreate(ctx, rec{"id": 7, "owner": 1, "sitter": 2})
		}, []string{
			`["user",{"id":1,"verb":"addedTo","attribute":"pets","addedId":7}]`,
			`["pet",{"verb":"created","data":{"id":7,"owner":1,"sitter":2},"id":7}]`,
		}},
		{"PS-40 populated owner, string id", func(ctx context.Context, m func(string) *sailsio.Model) error {
			return m("pet").PublishCreate(ctx, rec{"id": "7", "owner": rec{"id": float64(1)}})
		}, []string{
			`["user",{"id":1,"verb":"addedTo","attribute":"pets","addedId":7}]`,
			`["pet",{"verb":"created","data":{"id":"7","owner":{"id":1}},"id":"7"}]`,
		}},
		{"PS-41 PS-42 created with collections, spec 7.5 order", func(ctx context.Context, m func(string) *sailsio.Model) error {
			return m("user").PublishCreate(ctx, rec{"id": 4, "profile": 2, "tags": []rec{{"code": "x"}}, "groups": []any{5}, "pets": []rec{{"id": float64(1)}, {"id": float64(2)}}})
		}, []string{
			`["pet",{"verb":"updated","data":{"owner":4},"id":1}]`,
			`["pet",{"verb":"updated","data":{"owner":4},"id":2}]`,
			`["group",{"id":5,"verb":"addedTo","attribute":"members","addedId":4}]`,
			`["profile",{"id":2,"verb":"addedTo","attribute":"user","addedId":4}]`,
			`["user",{"verb":"created","data":{"id":4,"profile":2,"tags":[{"code":"x"}],"groups":[5],"pets":[{"id":1},{"id":2}]},"id":4}]`,
		}},
		{"PS-40 one-to-one: nothing", func(ctx context.Context, m func(string) *sailsio.Model) error {
			return m("desk").PublishCreate(ctx, []rec{{"id": 1, "occupant": 2}, {"id": 2, "occupant": nil}})
		}, []string{
			`["desk",{"verb":"created","data":{"id":1,"occupant":2},"id":1}]`,
			`["desk",{"verb":"created","data":{"id":2,"occupant":null},"id":2}]`,
		}},
		{"PS-21 updated", func(ctx context.Context, m func(string) *sailsio.Model) error {
			return m("user").PublishUpdate(ctx, "1", rec{"name": "x"})
		}, []string{`["user",{"verb":"updated","data":{"name":"x"},"id":1}]`}},
		{"PS-21 nothing given", func(ctx context.Context, m func(string) *sailsio.Model) error {
			return errors.Join(m("user").PublishUpdate(ctx, 1, nil), m("user").PublishUpdate(ctx, 1, rec(nil), sailsio.Previous(rec(nil))))
		}, []string{`["user",{"verb":"updated","id":1}]`, `["user",{"verb":"updated","id":1}]`}},
		{"PS-43 owner changed", func(ctx context.Context, m func(string) *sailsio.Model) error {
			return m("pet").PublishUpdate(ctx, 3, rec{"owner": 1}, sailsio.Previous(rec{"id": 3, "owner": rec{"id": float64(4)}}))
		}, []string{
			`["user",{"id":4,"verb":"removedFrom","attribute":"pets","removedId":3}]`,
			`["user",{"id":1,"verb":"addedTo","attribute":"pets","addedId":3}]`,
			`["pet",{"verb":"updated","data":{"owner":1},"id":3,"previous":{"id":3,"owner":{"id":4}}}]`,
		}},
		{"PS-43 owner same, removed, set", func(ctx context.Context, m func(string) *sailsio.Model) error {
			pet := m("pet")
			return errors.Join(
				pet.PublishUpdate(ctx, 3, rec{"owner": float64(4)}, sailsio.Previous(rec{"owner": 4})),
				pet.PublishUpdate(ctx, 3, rec{"owner": nil}, sailsio.Previous(rec{"owner": 4})),
				pet.PublishUpdate(ctx, 3, rec{"owner": 5}, sailsio.Previous(rec{"owner": nil})),
				pet.PublishUpdate(ctx, 3, rec{"owner": 6}, sailsio.Previous(rec{"owner": 5}), sailsio.NoReverse()),
			)
		}, []string{
			`["pet",{"verb":"updated","data":{"owner":4},"id":3,"previous":{"owner":4}}]`,
			`["user",{"id":4,"verb":"removedFrom","attribute":"pets","removedId":3}]`,
			`["pet",{"verb":"updated","data":{"owner":null},"id":3,"previous":{"owner":4}}]`,
			`["user",{"id":5,"verb":"addedTo","attribute":"pets","addedId":3}]`,
			`["pet",{"verb":"updated","data":{"owner":5},"id":3,"previous":{"owner":null}}]`,
			`["pet",{"verb":"updated","data":{"owner":6},"id":3,"previous":{"owner":5}}]`,
		}},
		{"PS-45 PS-46 collections changed", func(ctx context.Context, m func(string) *sailsio.Model) error {
			return m("user").PublishUpdate(ctx, 1, rec{"pets": []any{2, 3}, "groups": []any{1}, "tags": []any{"x"}},
				sailsio.Previous(rec{"pets": []rec{{"id": 1}, {"id": 2}}, "groups": []rec{{"id": 2}}}))
		}, []string{
			`["pet",{"verb":"updated","data":{"owner":null},"id":1}]`,
			`["pet",{"verb":"updated","data":{"owner":1},"id":3}]`,
			`["group",{"id":2,"verb":"removedFrom","attribute":"members","removedId":1}]`,
			`["group",{"id":1,"verb":"addedTo","attribute":"members","addedId":1}]`,
			`["user",{"verb":"updated","data":{"pets":[2,3],"groups":[1],"tags":["x"]},"id":1,"previous":{"pets":[{"id":1},{"id":2}],"groups":[{"id":2}]}}]`,
		}},
		{"PS-22 destroyed", func(ctx context.Context, m func(string) *sailsio.Model) error {
			return m("user").PublishDestroy(ctx, 1)
		}, []string{`["user",{"verb":"destroyed","id":1}]`}},
		{"PS-47..49 destroyed with previous, spec 7.5", func(ctx context.Context, m func(string) *sailsio.Model) error {
			return m("user").PublishDestroy(ctx, 1, sailsio.NoReverse(), sailsio.Previous(rec{
				"profile": rec{"id": 1}, "pets": []rec{{"id": 2, "owner": 1}}, "groups": []rec{{"id": 3}}, "tags": []rec{{"code": "x"}}}))
		}, []string{
			`["user",{"verb":"destroyed","id":1,"previous":{"profile":{"id":1},"pets":[{"id":2,"owner":1}],"groups":[{"id":3}],"tags":[{"code":"x"}]}}]`,
			`["profile",{"id":1,"verb":"removedFrom","attribute":"user","removedId":1}]`,
			`["pet",{"verb":"updated","data":{"owner":null},"id":2}]`,
			`["group",{"id":3,"verb":"removedFrom","attribute":"members","removedId":1}]`,
		}},
		{"PS-47 one-to-one", func(ctx context.Context, m func(string) *sailsio.Model) error {
			return m("desk").PublishDestroy(ctx, 1, sailsio.Previous(rec{"occupant": 2}))
		}, []string{
			`["desk",{"verb":"destroyed","id":1,"previous":{"occupant":2}}]`,
			`["clerk",{"verb":"updated","data":{"desk":null},"id":2}]`,
		}},
		{"PS-23 PS-51 added", func(ctx context.Context, m func(string) *sailsio.Model) error {
			return m("user").PublishAdd(ctx, "1", "pets", "2")
		}, []string{
			`["user",{"id":1,"verb":"addedTo","attribute":"pets","addedId":2}]`,
			`["pet",{"verb":"updated","data":{"owner":1},"id":2}]`,
		}},
		{"PS-23 PS-50 added record", func(ctx context.Context, m func(string) *sailsio.Model) error {
			return m("user").PublishAdd(ctx, 1, "groups", rec{"id": 3, "title": "t"})
		}, []string{
			`["user",{"id":1,"verb":"addedTo","attribute":"groups","addedId":3,"added":{"id":3,"title":"t"}}]`,
			`["group",{"id":3,"verb":"addedTo","attribute":"members","addedId":1}]`,
		}},
		{"PS-23 no reverse, PS-54", func(ctx context.Context, m func(string) *sailsio.Model) error {
			return errors.Join(m("user").PublishAdd(ctx, 1, "pets", 2, sailsio.NoReverse()), m("user").PublishAdd(ctx, 1, "tags", "red"))
		}, []string{
			`["user",{"id":1,"verb":"addedTo","attribute":"pets","addedId":2}]`,
			`["user",{"id":1,"verb":"addedTo","attribute":"tags","addedId":"red"}]`,
		}},
		{"PS-24 PS-53 removed", func(ctx context.Context, m func(string) *sailsio.Model) error {
			return m("user").PublishRemove(ctx, 1, "pets", rec{"id": "2"})
		}, []string{
			`["user",{"id":1,"verb":"removedFrom","attribute":"pets","removedId":2}]`,
			`["pet",{"verb":"updated","data":{"owner":null},"id":2}]`,
		}},
		{"PS-24 PS-52 removed, no reverse", func(ctx context.Context, m func(string) *sailsio.Model) error {
			return errors.Join(m("user").PublishRemove(ctx, 1, "groups", 2), m("user").PublishRemove(ctx, 1, "groups", 3, sailsio.NoReverse()))
		}, []string{
			`["user",{"id":1,"verb":"removedFrom","attribute":"groups","removedId":2}]`,
			`["group",{"id":2,"verb":"removedFrom","attribute":"members","removedId":1}]`,
			`["user",{"id":1,"verb":"removedFrom","attribute":"groups","removedId":3}]`,
		}},
		{"PO-18 message in 1.x", func(ctx context.Context, m func(string) *sailsio.Model) error {
			return m("user").Message(ctx, rec{"id": "1"}, "hi")
		}, []string{`["user",{"verb":"messaged","id":1,"data":"hi"}]`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, sailsio.Config{Handler: routes(), Models: schema(t)})
			a, omitted := w.connect(), w.connect()
			everyone(w, a)
			everyone(w, omitted)
			check(t, c.call(w.ctx, w.app.Model))
			a.sees(c.want...)
			omitted.sees(c.want...)
		})
	}
}

func TestModel_RequesterIsOmittedEverywhere(t *testing.T) { // PS-32, BP-15
	w := newWorld(t, sailsio.Config{Handler: routes(), Models: schema(t)})
	a := w.connect()
	everyone(w, a)
	omit := sailsio.Omit(a.ID())
	check(t, w.app.Model("pet").PublishCreate(w.ctx, rec{"id": 7, "owner": 1}, omit))
	check(t, w.app.Model("pet").PublishUpdate(w.ctx, 3, rec{"owner": 1}, sailsio.Previous(rec{"owner": 2}), omit))
	check(t, w.app.Model("user").PublishAdd(w.ctx, 1, "groups", 3, omit))
	check(t, w.app.Model("user").PublishRemove(w.ctx, 1, "pets", 3, omit))
	check(t, w.app.Model("user").PublishDestroy(w.ctx, 1, sailsio.Previous(rec{"pets": []rec{{"id": 2}}}), omit))
	a.sees()
}

func TestModel_IntroduceAndRetire(t *testing.T) { // PS-25..27, SU-10, SU-28
	for _, strict := range []bool{false, true} {
		t.Run(fmt.Sprint("strict=", strict), func(t *testing.T) {
			w := newWorld(t, sailsio.Config{Handler: routes(), Models: schema(t), Strict: strict})
			user := w.app.Model("user")
			watcher, subscriber := w.connect(), w.connect()
			check(t, user.Watch(w.ctx, watcher.ID()))
			if got := user.Watchers(); !slices.Equal(got, []string{watcher.ID()}) {
				t.Errorf("watchers %q", got)
			}
			check(t, user.PublishCreate(w.ctx, rec{"id": 1}))
			check(t, user.PublishUpdate(w.ctx, 1, rec{"v": 1})) // at once
			check(t, user.PublishCreate(w.ctx, rec{"id": 2}, sailsio.NoIntroduce()))
			check(t, user.PublishUpdate(w.ctx, 2, rec{"v": 2}))
			check(t, user.Subscribe(w.ctx, subscriber.ID(), 1))
			check(t, user.PublishDestroy(w.ctx, 1))
			check(t, user.PublishUpdate(w.ctx, 1, rec{"again": true}))
			check(t, user.Unwatch(w.ctx, watcher.ID()))
			check(t, user.PublishCreate(w.ctx, rec{"id": 3}))
			watcher.sees(
				`["user",{"verb":"created","data":{"id":1},"id":1}]`,
				`["user",{"verb":"updated","data":{"v":1},"id":1}]`,
				`["user",{"verb":"created","data":{"id":2},"id":2}]`,
				`["user",{"verb":"destroyed","id":1}]`,
			)
			want := []string{`["user",{"verb":"destroyed","id":1}]`}
			if strict {
				want = append(want, `["user",{"verb":"updated","data":{"again":true},"id":1}]`)
			}
			subscriber.sees(want...)
		})
	}
}

func TestModel_DestroyedInverse(t *testing.T) { // SU-12
	// Two associations between the same models: pet.sitter has no inverse, and the
	// reference takes pets for it.
	for strict, want := range map[bool][]string{
		false: {`["user",{"id":1,"verb":"removedFrom","attribute":"pets","removedId":3}]`},
		true: {
			`["user",{"id":1,"verb":"removedFrom","attribute":"pets","removedId":3}]`,
			`["user",{"id":2,"verb":"removedFrom","attribute":"pets","removedId":3}]`,
		},
	} {
		w := newWorld(t, sailsio.Config{Handler: routes(), Models: schema(t), Strict: strict})
		a := w.connect()
		check(t, w.app.Model("user").Subscribe(w.ctx, a.ID(), 1, 2))
		check(t, w.app.Model("pet").PublishDestroy(w.ctx, 3, sailsio.Previous(rec{"owner": 1, "sitter": 2})))
		a.sees(want...)
	}
}

func TestModel_InvalidUse(t *testing.T) { // PS-30
	w := newWorld(t, sailsio.Config{Handler: routes(), Models: schema(t)})
	a := w.connect()
	everyone(w, a)
	user, free := w.app.Model("user"), w.app.Model("article")
	for name, err := range map[string]error{
		"create without id": user.PublishCreate(w.ctx, rec{"name": "x"}),
		"create of nil":     user.PublishCreate(w.ctx, nil),
		"update without id": user.PublishUpdate(w.ctx, nil, rec{}),
		"update of id 0":    user.PublishUpdate(w.ctx, 0, rec{}),
		"update, no number": user.PublishUpdate(w.ctx, "abc", rec{}),
		"destroy":           user.PublishDestroy(w.ctx, ""),
		"retire":            user.Retire(w.ctx, ""),
		"introduce":         user.Introduce(w.ctx, nil),
		"add, no alias":     user.PublishAdd(w.ctx, 1, "nope", 1),
		"add, to-one":       user.PublishAdd(w.ctx, 1, "profile", 1),
		"add nothing":       user.PublishAdd(w.ctx, 1, "pets", nil),
		"add to nobody":     user.PublishAdd(w.ctx, 0, "pets", 1),
		"remove, no alias":  user.PublishRemove(w.ctx, 1, "nope", 1),
		"remove nothing":    user.PublishRemove(w.ctx, 1, "pets", ""),
		"message":           user.Message(w.ctx, "", "x"),
		"undeclared add":    free.PublishAdd(w.ctx, 1, "pets", 1),
		"undeclared remove": free.PublishRemove(w.ctx, 1, "pets", 1),
		"contexts":          user.SubscribeTo(w.ctx, a.ID(), []string{"update"}, 1),
		"PublishTo":         user.PublishTo(w.ctx, "update", "", 1, nil),
	} {
		if err == nil || !strings.HasPrefix(err.Error(), "sailsio: ") {
			t.Errorf("%s: error %v", name, err)
		}
	}
	a.sees()
}

func TestModel_Undeclared(t *testing.T) {
	w := newWorld(t, sailsio.Config{Handler: routes()})
	m := w.app.Model("article")
	a := w.connect()
	check(t, m.Watch(w.ctx, a.ID()))
	check(t, m.PublishCreate(w.ctx, struct {
		ID    string `json:"id"`
		Title string `json:"title"`
	}{"x-1", "t"}))
	check(t, m.PublishUpdate(w.ctx, "x-1", rec{"title": "u"}, sailsio.Previous(rec{"title": "t"})))
	check(t, m.PublishDestroy(w.ctx, "x-1", sailsio.Previous(rec{"title": "u"})))
	a.sees(
		`["article",{"verb":"created","data":{"id":"x-1","title":"t"},"id":"x-1"}]`,
		`["article",{"verb":"updated","data":{"title":"u"},"id":"x-1","previous":{"title":"t"}}]`,
		`["article",{"verb":"destroyed","id":"x-1","previous":{"title":"u"}}]`,
	)
}

func TestModel_Hooks(t *testing.T) { // PS-31, PO-23, PO-24
	var told []string
	note := func(when string) func(context.Context, *sailsio.Publication) {
		return func(_ context.Context, p *sailsio.Publication) {
			told = append(told, fmt.Sprint(when, " ", p.Model, " ", p.Verb, " ", p.ID, " ", p.Attribute, " ", p.OtherID))
		}
	}
	hooks := sailsio.ModelHooks{Before: note("before"), After: note("after")}
	var app *sailsio.App
	redirected := sailsio.ModelHooks{Broadcast: func(ctx context.Context, room, event string, data any, opts ...sailsio.Option) error {
		return app.Sockets().Broadcast(ctx, room, "wrapped", map[string]any{"event": event, "data": data}, opts...)
	}}
	w := newWorld(t, sailsio.Config{Handler: routes(), Models: schema(t),
		ModelHooks: map[string]sailsio.ModelHooks{"user": hooks, "pet": redirected, "article": hooks}})
	app = w.app
	a := w.connect()
	everyone(w, a)
	check(t, w.app.Model("user").PublishAdd(w.ctx, 1, "pets", 2))
	check(t, w.app.Model("pet").PublishUpdate(w.ctx, 2, rec{"owner": nil}, sailsio.Previous(rec{"owner": 1})))
	check(t, w.app.Model("article").PublishDestroy(w.ctx, 9))
	want := []string{
		"before user addedTo 1 pets 2", "after user addedTo 1 pets 2",
		"before user removedFrom 1 pets 2", "after user removedFrom 1 pets 2",
		"before article destroyed 9  <nil>", "after article destroyed 9  <nil>",
	}
	if !slices.Equal(told, want) {
		t.Errorf("told %q, want %q", told, want)
	}
	a.sees(
		`["user",{"id":1,"verb":"addedTo","attribute":"pets","addedId":2}]`,
		`["wrapped",{"event":"pet","data":{"verb":"updated","data":{"owner":1},"id":2}}]`,
		`["user",{"id":1,"verb":"removedFrom","attribute":"pets","removedId":2}]`,
		`["wrapped",{"event":"pet","data":{"verb":"updated","data":{"owner":null},"id":2,"previous":{"owner":1}}}]`,
	)
}
