package sqlstore_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/go-sails/sails/sailsio/model"
	"github.com/go-sails/sails/sailsio/model/modeltest"
	"github.com/go-sails/sails/sailsio/sqlstore"
)

// BP-12: what collided is named, but not the primary key, and nothing of the
// rejected write stays.
func TestCreate_unique(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s *sqlstore.Store) {
		create(t, s, "user", model.Record{"name": "a", "email": "a@b.co"})
		create(t, s, "room", model.Record{"code": "r"})
		create(t, s, "user", model.Record{"name": "b", "email": "b@b.co"})
		_, err := s.Create(t.Context(), get(t, s, "user"), model.Record{"name": "x", "email": "a@b.co", "reports": []any{1}})
		var unique *model.UniqueError
		if !errors.As(err, &unique) || unique.Model != "user" || fmt.Sprint(unique.Attributes) != "[email]" || unique.Code() != "E_UNIQUE" {
			t.Errorf("got %v", err)
		}
		_, err = s.Create(t.Context(), get(t, s, "room"), model.Record{"code": "r"})
		if !errors.As(err, &unique) || len(unique.Attributes) != 0 {
			t.Errorf("got %v", err)
		}
		_, err = s.Update(t.Context(), query(t, s, "user", model.Criteria{Where: 2}), model.Record{"email": "a@b.co"})
		if !errors.As(err, &unique) || fmt.Sprint(unique.Attributes) != "[email]" {
			t.Errorf("got %v", err)
		}
		if got := names(find(t, s, "user", model.Criteria{}), "manager"); got != "<nil> <nil>" {
			t.Errorf("managers %s", got)
		}
	})
}

// A key that was given does not collide with the next generated one.
func TestCreate_keys(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s *sqlstore.Store) {
		create(t, s, "vet", model.Record{"name": "a", "id": 2})
		create(t, s, "vet", model.Record{"name": "b"})
		create(t, s, "vet", model.Record{"name": "c", "id": 1})
		create(t, s, "vet", model.Record{"name": "d"})
		if got := names(find(t, s, "vet", model.Criteria{}), "name"); got != "c a b d" {
			t.Error(got)
		}
	})
}

func TestCreate_refused(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s *sqlstore.Store) {
		for _, c := range []struct {
			identity string
			values   model.Record
			want     string
		}{
			{"user", model.Record{}, "Missing value for required attribute `name`"},
			{"user", model.Record{"name": "x", "email": "no"}, "valid email"},
			{"vet", model.Record{"name": func() {}}, "no JSON value"},
			{"widget", model.Record{"str": "explode"}, modeltest.ErrRefused.Error()},
			{"student", model.Record{}, "Missing value"},
		} {
			_, err := s.Create(t.Context(), get(t, s, c.identity), c.values)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s %v: got %v", c.identity, c.values, err)
			}
		}
		_, err := s.Create(t.Context(), get(t, s, "widget"), model.Record{"str": "explode"})
		if !errors.Is(err, modeltest.ErrRefused) {
			t.Errorf("got %v", err)
		}
		// Clients' text must never be a server error (SEC-81).
		_, err = s.Create(t.Context(), get(t, s, "vet"), model.Record{"name": "nul\x00 \xff"})
		var usage *model.UsageError
		if err != nil && !errors.As(err, &usage) {
			t.Errorf("got %v", err)
		}
		q := query(t, s, "vet", model.Criteria{Where: model.Record{"name": model.Record{"contains": "\x00"}}})
		if _, err = s.Find(t.Context(), q); err != nil && !errors.As(err, &usage) {
			t.Errorf("got %v", err)
		}
		long := strings.Repeat("x", 300)
		if _, err = s.Create(t.Context(), get(t, s, "room"), model.Record{"code": long}); err != nil && !errors.As(err, &usage) {
			t.Errorf("got %v", err)
		}
	})
}

func TestUpdate(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s *sqlstore.Store) {
		ctx := t.Context()
		for _, n := range []string{"a", "b", "c"} {
			create(t, s, "pet", model.Record{"name": n})
		}
		create(t, s, "user", model.Record{"name": "u", "email": "u@b.co"})
		records, err := s.Update(ctx, query(t, s, "pet", model.Criteria{Where: where(t, `{"id":{"<":3}}`), Sort: "id DESC"}), model.Record{"species": "dog", "owner": 1, "nope": 3})
		if err != nil || names(records, "id") != "2 1" || names(records, "species") != "dog dog" || names(records, "owner") != "1 1" {
			t.Errorf("%v %v", records, err)
		}
		one, err := s.UpdateOne(ctx, query(t, s, "user", model.Criteria{Where: 1}), model.Record{"pets": []any{3}, "profile": []any{1}})
		if err != nil || !model.Equal(one["profile"], []any{1.0}) {
			t.Errorf("%v %v", one, err)
		}
		if got := names(find(t, s, "pet", model.Criteria{}), "owner"); got != "<nil> <nil> 1" {
			t.Error(got)
		}
		if one, err = s.UpdateOne(ctx, query(t, s, "user", model.Criteria{Where: 9}), model.Record{"name": "x"}); one != nil || err != nil {
			t.Errorf("%v %v", one, err)
		}
		var usage *model.UsageError
		if _, err = s.UpdateOne(ctx, query(t, s, "pet", model.Criteria{}), model.Record{"name": "same"}); !errors.As(err, &usage) {
			t.Errorf("got %v", err)
		}
		if got := names(find(t, s, "pet", model.Criteria{}), "name"); got != "a b c" {
			t.Errorf("rolled back: %s", got)
		}
		if _, err = s.Update(ctx, query(t, s, "pet", model.Criteria{}), model.Record{"id": 7}); !errors.As(err, &usage) || usage.Code != model.InvalidValuesToSet {
			t.Errorf("got %v", err)
		}
		if _, err = s.Update(ctx, query(t, s, "user", model.Criteria{}), model.Record{"age": "old"}); !errors.As(err, &usage) || usage.Code != model.InvalidValuesToSet {
			t.Errorf("got %v", err)
		}
		if moved, err := s.UpdateOne(ctx, query(t, s, "pet", model.Criteria{Where: 3}), model.Record{"id": 30}); err != nil || moved["id"] != 30.0 {
			t.Errorf("%v %v", moved, err)
		}
		none, err := s.Update(ctx, query(t, s, "pet", model.Criteria{Where: []any{}}), model.Record{"name": "x"})
		if err != nil || none == nil || len(none) != 0 {
			t.Errorf("%v %v", none, err)
		}
	})
}

func TestDestroy(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s *sqlstore.Store) {
		ctx := t.Context()
		for _, n := range []string{"a", "b", "c"} {
			create(t, s, "tag", model.Record{"label": n})
		}
		create(t, s, "pet", model.Record{"name": "p", "tags": []any{1, 2}})
		gone, err := s.Destroy(ctx, query(t, s, "tag", model.Criteria{Where: []any{1, 3}}))
		if err != nil || names(gone, "label") != "a c" {
			t.Errorf("%v %v", gone, err)
		}
		pet := find(t, s, "pet", model.Criteria{}, model.Populate{Alias: "tags"})[0]
		if got := names(pet["tags"].([]model.Record), "label"); got != "b" {
			t.Error(got)
		}
		if gone, err = s.Destroy(ctx, query(t, s, "tag", model.Criteria{Where: []any{}})); err != nil || len(gone) != 0 {
			t.Errorf("%v %v", gone, err)
		}
	})
}

// One-to-many, many-to-many, one-way, reflexive and through a model.
func TestCollections(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s *sqlstore.Store) {
		ctx := t.Context()
		create(t, s, "user", model.Record{"name": "u1", "email": "u1@b.co"})
		create(t, s, "user", model.Record{"name": "u2", "email": "u2@b.co"})
		for _, n := range []string{"1", "2", "3"} {
			create(t, s, "pet", model.Record{"name": n, "owner": 2})
			create(t, s, "tag", model.Record{"label": n})
			create(t, s, "friend", model.Record{"name": n})
			create(t, s, "student", model.Record{"ref": "s" + n})
			create(t, s, "course", model.Record{"title": n})
		}
		for _, c := range []struct {
			identity, alias string
			id              any
			members         [3]any
		}{
			{"user", "pets", 1, [3]any{1, 2, 3}},
			{"user", "bookmarks", 1, [3]any{1, 2, 3}},
			{"user", "reports", 2, [3]any{1, 2, 2}},
			{"pet", "tags", 1, [3]any{1, 2, 3}},
			{"friend", "likes", 1, [3]any{1, 2, 3}},
			{"friend", "likedBy", 3, [3]any{1, 2, 3}},
			{"student", "courses", "s1", [3]any{1, 2, 3}},
			{"course", "students", 1, [3]any{"s1", "s2", "s3"}},
		} {
			m := get(t, s, c.identity)
			key := ""
			check := func(want ...any) {
				t.Helper()
				r := find(t, s, c.identity, model.Criteria{Where: c.id}, model.Populate{Alias: c.alias})[0]
				assoc, _ := m.Association(c.alias)
				key = assoc.Target.PrimaryKey.Name
				wanted := strings.TrimSpace(fmt.Sprintln(want...))
				if got := names(r[c.alias].([]model.Record), key); got != wanted {
					t.Errorf("%s.%s: got %q, want %q", c.identity, c.alias, got, wanted)
				}
			}
			try := func(err error) {
				t.Helper()
				if err != nil {
					t.Fatal(err)
				}
			}
			a, b, z := c.members[0], c.members[1], c.members[2]
			try(s.ReplaceCollection(ctx, m, c.id, c.alias, []any{}))
			check()
			try(s.AddToCollection(ctx, m, c.id, c.alias, a))
			try(s.AddToCollection(ctx, m, c.id, c.alias, []any{a, b}))
			check(a, b)
			try(s.RemoveFromCollection(ctx, m, c.id, c.alias, a))
			try(s.RemoveFromCollection(ctx, m, c.id, c.alias, a))
			check(b)
			if b != z {
				try(s.ReplaceCollection(ctx, m, c.id, c.alias, []any{a, z}))
				check(a, z)
			}
			try(s.AddToCollection(ctx, m, c.id, c.alias, []any{}))
		}
		for _, c := range []struct {
			ids, members any
			alias, code  string
		}{
			{1, 1, "nope", model.InvalidCollectionName}, {1, 1, "manager", model.InvalidCollectionName},
			{"x", 1, "pets", model.InvalidTargetIDs}, {[]int{1, 2}, 1, "pets", model.InvalidTargetIDs},
			{1, "x", "pets", model.InvalidAssociatedIDs}, {1, nil, "pets", model.InvalidAssociatedIDs}, {1, -1, "pets", model.InvalidAssociatedIDs},
		} {
			err := s.AddToCollection(ctx, get(t, s, "user"), c.ids, c.alias, c.members)
			var usage *model.UsageError
			if !errors.As(err, &usage) || usage.Code != c.code {
				t.Errorf("%+v: got %v", c, err)
			}
		}
	})
}

func TestAggregates(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s *sqlstore.Store) {
		ctx := t.Context()
		for _, n := range []float64{1, 2.5, 4} {
			create(t, s, "widget", model.Record{"num": n})
		}
		all := query(t, s, "widget", model.Criteria{})
		some := query(t, s, "widget", model.Criteria{Where: where(t, `{"num":{">":2}}`)})
		void := query(t, s, "widget", model.Criteria{Where: []any{}})
		none := query(t, s, "widget", model.Criteria{Where: 99})
		for _, c := range []struct {
			q         *model.Query
			count     int64
			sum, mean float64
		}{{all, 3, 7.5, 2.5}, {some, 2, 6.5, 3.25}, {void, 0, 0, 0}, {none, 0, 0, 0}} {
			count, err1 := s.Count(ctx, c.q)
			sum, err2 := s.Sum(ctx, c.q, "num")
			mean, err3 := s.Avg(ctx, c.q, "num")
			if count != c.count || sum != c.sum || mean != c.mean || errors.Join(err1, err2, err3) != nil {
				t.Errorf("got %d %v %v %v", count, sum, mean, errors.Join(err1, err2, err3))
			}
		}
		var usage *model.UsageError
		if _, err := s.Sum(ctx, all, "str"); !errors.As(err, &usage) || usage.Code != model.InvalidNumericName {
			t.Errorf("got %v", err)
		}
		if _, err := s.FindOne(ctx, all); !errors.As(err, &usage) {
			t.Errorf("got %v", err)
		}
		if r, err := s.FindOne(ctx, none); r != nil || err != nil {
			t.Errorf("got %v %v", r, err)
		}
	})
}

// A transaction is all or nothing, callbacks are part of it, and a panic rolls
// back.
func TestTransaction(t *testing.T) {
	t.Parallel()
	var s *sqlstore.Store
	schema, err := model.New(model.Definition{Identity: "log", Attributes: model.WithDefaults(model.Attribute{Name: "text", Type: model.String})},
		model.Definition{Identity: "job", Attributes: model.WithDefaults(model.Attribute{Name: "title", Type: model.String}),
			Lifecycle: model.Lifecycle{
				BeforeCreate: note(&s, "before create"), AfterCreate: note(&s, "after create"),
				BeforeUpdate: note(&s, "before update"), AfterUpdate: note(&s, "after update"),
				BeforeDestroy: func(ctx context.Context, c model.Criteria) error {
					return note(&s, "before destroy")(ctx, model.Record{})
				},
				AfterDestroy: func(ctx context.Context, r model.Record) error {
					if r["title"] == "keep" {
						return errors.New("kept")
					}
					return note(&s, "after destroy")(ctx, r)
				},
			}})
	if err != nil {
		t.Fatal(err)
	}
	s = migrated(t, open(t, sqlstore.SQLite), sqlstore.SQLite, schema)
	ctx := t.Context()
	create(t, s, "job", model.Record{"title": "one"})
	create(t, s, "job", model.Record{"title": "keep"})
	if _, err := s.Update(ctx, query(t, s, "job", model.Criteria{Where: 1}), model.Record{"title": "uno"}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Destroy(ctx, query(t, s, "job", model.Criteria{})); err == nil || err.Error() != "kept" {
		t.Fatal(err)
	}
	if _, err := s.Destroy(ctx, query(t, s, "job", model.Criteria{Where: 1})); err != nil {
		t.Fatal(err)
	}
	boom := errors.New("boom")
	err = s.Transaction(ctx, func(ctx context.Context) error {
		if _, err := s.Create(ctx, get(t, s, "job"), model.Record{"title": "lost"}); err != nil {
			return err
		}
		return s.Transaction(ctx, func(context.Context) error { return boom })
	})
	if err != boom {
		t.Error(err)
	}
	func() {
		defer func() { recover() }()
		s.Transaction(ctx, func(ctx context.Context) error {
			if _, err := s.Create(ctx, get(t, s, "log"), model.Record{"text": "never"}); err != nil {
				t.Error(err)
			}
			panic("rolls back")
		})
	}()
	if got := names(find(t, s, "job", model.Criteria{}), "title"); got != "keep" {
		t.Error(got)
	}
	want := "before create,after create,before create,after create,before update,after update,before destroy,after destroy"
	var got []string
	for _, r := range find(t, s, "log", model.Criteria{}) {
		got = append(got, r["text"].(string))
	}
	if strings.Join(got, ",") != want {
		t.Errorf("got  %s\nwant %s", strings.Join(got, ","), want)
	}
}

func note(s **sqlstore.Store, text string) func(context.Context, model.Record) error {
	return func(ctx context.Context, _ model.Record) error {
		m, _ := (*s).Schema().Model("log")
		_, err := (*s).Create(ctx, m, model.Record{"text": text})
		return err
	}
}

// A cascade leaves nothing that refers to what is gone.
func TestDestroy_cascade(t *testing.T) {
	t.Parallel()
	defs := modeltest.App()
	for i := range defs {
		defs[i].CascadeOnDestroy = true
	}
	schema, err := model.New(defs...)
	if err != nil {
		t.Fatal(err)
	}
	s := migrated(t, open(t, sqlstore.SQLite), sqlstore.SQLite, schema)
	create(t, s, "user", model.Record{"name": "u", "email": "u@b.co"})
	create(t, s, "tag", model.Record{"label": "t"})
	create(t, s, "pet", model.Record{"name": "p", "owner": 1, "tags": 1})
	for _, identity := range []string{"user", "tag"} {
		if _, err := s.Destroy(t.Context(), query(t, s, identity, model.Criteria{})); err != nil {
			t.Fatal(err)
		}
	}
	pet := find(t, s, "pet", model.Criteria{})[0]
	if pet["owner"] != nil {
		t.Errorf("owner %v", pet["owner"])
	}
	create(t, s, "tag", model.Record{"label": "t", "id": 1})
	tag := find(t, s, "tag", model.Criteria{}, model.Populate{Alias: "pets"})[0]
	if n := len(tag["pets"].([]model.Record)); n != 0 {
		t.Errorf("%d pets", n)
	}
}

func TestNew_mistakes(t *testing.T) {
	t.Parallel()
	db := open(t, sqlstore.SQLite)
	odd, err := model.New(model.Definition{Identity: "a", PrimaryKey: "k", Attributes: []model.Attribute{{Name: "k", Type: model.String}, {Name: "n", Type: model.Number, AutoIncrement: true}}})
	if err != nil {
		t.Fatal(err)
	}
	for _, cfg := range []sqlstore.Config{{}, {DB: db, Schema: modeltest.Schema()}, {DB: db, Schema: modeltest.Schema(), Dialect: "oracle"}, {DB: db, Dialect: sqlstore.SQLite, Schema: odd}} {
		if _, err := sqlstore.New(cfg); err == nil {
			t.Errorf("%+v: no error", cfg)
		}
	}
}
