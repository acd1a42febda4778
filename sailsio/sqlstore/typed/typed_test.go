package typed_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/go-sails/sails/internal/leakcheck"
	"github.com/go-sails/sails/sailsio/model"
	"github.com/go-sails/sails/sailsio/sqlstore"
	"github.com/go-sails/sails/sailsio/sqlstore/sqlite"
	"github.com/go-sails/sails/sailsio/sqlstore/typed"
)

func TestMain(m *testing.M) { leakcheck.Main(m) }

type user struct {
	ID    int64  `json:"id" sails:"key,auto"`
	Name  string `json:"name" sails:"required"`
	Age   int    `json:"age"`
	Admin *bool  `json:"admin" sails:"default=true"`
	Pets  []pet  `json:"pets,omitempty" sails:"collection=pet,via=owner"`
}

type pet struct {
	ID    int64  `json:"id" sails:"key,auto"`
	Name  string `json:"name" sails:"required"`
	Owner any    `json:"owner,omitempty" sails:"model=user"`
}

func open(t testing.TB) *sqlstore.Store {
	t.Helper()
	users, err1 := model.Of[user]("user")
	pets, err2 := model.Of[pet]("pet")
	schema, err3 := model.New(users, pets)
	db, err4 := sqlite.Memory()
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	store, err := sqlstore.New(sqlstore.Config{Schema: schema, DB: db, Dialect: sqlstore.SQLite})
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Migrate(t.Context(), sqlstore.Alter, nil); err != nil {
		t.Fatal(err)
	}
	return store
}

// recorder notes what is published.
type recorder []string

func (r *recorder) note(format string, args ...any) error {
	*r = append(*r, fmt.Sprintf(format, args...))
	return nil
}

func (r *recorder) Subscribe(*http.Request, *model.Model, []any) error   { return nil }
func (r *recorder) Unsubscribe(*http.Request, *model.Model, []any) error { return nil }
func (r *recorder) Watch(*http.Request, *model.Model) error              { return nil }
func (r *recorder) PublishCreate(_ context.Context, m *model.Model, record model.Record, _ *http.Request) error {
	return r.note("created %s %v", m.Identity, record["id"])
}
func (r *recorder) PublishUpdate(_ context.Context, m *model.Model, id any, changes, previous model.Record, _ *http.Request) error {
	return r.note("updated %s %v %v was %v", m.Identity, id, changes, previous["name"])
}
func (r *recorder) PublishDestroy(_ context.Context, m *model.Model, id any, previous model.Record, _ *http.Request) error {
	return r.note("destroyed %s %v %v", m.Identity, id, previous["name"])
}
func (r *recorder) PublishAdd(_ context.Context, m *model.Model, id any, alias string, added any, _ *http.Request, _ bool) error {
	return r.note("added %s %v %s %v", m.Identity, id, alias, added)
}
func (r *recorder) PublishRemove(_ context.Context, m *model.Model, id any, alias string, removed any, _ *http.Request, _ bool) error {
	return r.note("removed %s %v %s %v", m.Identity, id, alias, removed)
}

func must[V any](v V, err error) V {
	if err != nil {
		panic(err)
	}
	return v
}

func TestCollection(t *testing.T) {
	t.Parallel()
	ctx, store := t.Context(), open(t)
	var said recorder
	quiet := must(typed.New[user](store, "user"))
	users := quiet.Publishing(&said, nil)
	pets := must(typed.New[pet](store, "pet"))
	ann := must(users.Create(ctx, user{Name: "Ann", Age: 30}))
	if ann.ID != 1 || ann.Age != 30 || ann.Admin == nil || !*ann.Admin {
		t.Errorf("%+v", ann)
	}
	bob := must(users.Create(ctx, user{Name: "Bob", Admin: new(false)}))
	if *bob.Admin {
		t.Error("a pointer to false is a value")
	}
	must(quiet.CreateRecord(ctx, model.Record{"name": "Cy", "age": 5}))
	for _, n := range []string{"rex", "tom"} {
		must(pets.Create(ctx, pet{Name: n, Owner: 1}))
	}
	adults := must(users.Find(ctx, model.Criteria{Where: model.Record{"age": model.Record{">": 18}}}, model.Populate{Alias: "pets"}))
	if len(adults) != 1 || len(adults[0].Pets) != 2 || adults[0].Pets[1].Name != "tom" {
		t.Errorf("%+v", adults)
	}
	if one := must(users.FindOne(ctx, model.Criteria{Where: 2})); one == nil || one.Name != "Bob" {
		t.Errorf("%+v", one)
	}
	if one := must(users.FindOne(ctx, model.Criteria{Where: 9})); one != nil {
		t.Errorf("%+v", one)
	}
	if changed := must(users.Update(ctx, model.Criteria{Where: 2}, model.Record{"name": "Bo"})); len(changed) != 1 || changed[0].Name != "Bo" {
		t.Errorf("%+v", changed)
	}
	must(quiet.Update(ctx, model.Criteria{}, model.Record{"age": 7}))
	for _, err := range []error{
		users.AddToCollection(ctx, 2, "pets", 1), users.RemoveFromCollection(ctx, 2, "pets", []int{1}),
		users.ReplaceCollection(ctx, 2, "pets", []int{1, 2}), users.ReplaceCollection(ctx, 2, "pets", []int{2}), quiet.ReplaceCollection(ctx, 2, "pets", []int{}),
	} {
		if err != nil {
			t.Error(err)
		}
	}
	if n := must(users.Count(ctx, model.Criteria{})); n != 3 {
		t.Error(n)
	}
	if sum, mean := must(users.Sum(ctx, model.Criteria{}, "age")), must(users.Avg(ctx, model.Criteria{}, "age")); sum != 21 || mean != 7 {
		t.Error(sum, mean)
	}
	var names []string
	for u, err := range users.Stream(ctx, model.Criteria{Sort: "name DESC"}) {
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, u.Name)
	}
	if got := strings.Join(names, " "); got != "Cy Bo Ann" {
		t.Error(got)
	}
	if gone := must(users.Destroy(ctx, model.Criteria{Where: []int{1, 3}})); len(gone) != 2 {
		t.Errorf("%+v", gone)
	}
	want := "created user 1|created user 2|updated user 2 map[id:2 name:Bo] was Bob|added user 2 pets 1|removed user 2 pets 1|added user 2 pets 1|added user 2 pets 2|removed user 2 pets 1|destroyed user 1 Ann|destroyed user 3 Cy"
	if got := strings.Join(said, "|"); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestCollection_errors(t *testing.T) {
	t.Parallel()
	ctx, store := t.Context(), open(t)
	if _, err := typed.New[user](store, "nope"); err == nil {
		t.Error("unknown model")
	}
	if _, err := typed.New[int](store, "user"); err == nil {
		t.Error("no struct")
	}
	users := must(typed.New[user](store, "user")).Publishing(&recorder{}, nil)
	var usage *model.UsageError
	bad := model.Criteria{Where: model.Record{"nope": 1}}
	_, err1 := users.Find(ctx, bad)
	_, err2 := users.FindOne(ctx, bad)
	_, err3 := users.Update(ctx, bad, nil)
	_, err4 := users.Destroy(ctx, bad)
	_, err5 := users.Count(ctx, bad)
	_, err6 := users.Sum(ctx, bad, "age")
	_, err7 := users.Avg(ctx, bad, "age")
	_, err8 := users.Create(ctx, user{})
	err9 := users.AddToCollection(ctx, 1, "nope", 1)
	err10 := users.ReplaceCollection(ctx, 1, "nope", 1)
	for i, err := range []error{err1, err2, err3, err4, err5, err6, err7, err8, err9, err10} {
		if !errors.As(err, &usage) {
			t.Errorf("%d: %v", i+1, err)
		}
	}
	for _, err := range users.Stream(ctx, bad) {
		if !errors.As(err, &usage) {
			t.Error(err)
		}
	}
	err := store.Transaction(ctx, func(ctx context.Context) error {
		_, err := users.Create(ctx, user{Name: "x"})
		return err
	})
	if !errors.Is(err, typed.ErrTransaction) {
		t.Error(err)
	}
	type wrong struct {
		Name []int `json:"name"`
	}
	must(must(typed.New[user](store, "user")).Create(ctx, user{Name: "x"}))
	if _, err := must(typed.New[wrong](store, "user")).Find(ctx, model.Criteria{}); err == nil {
		t.Error("a string became a list")
	}
}

func Example() {
	type Task struct {
		ID    int64  `json:"id" sails:"key,auto"`
		Title string `json:"title" sails:"required"`
		Done  bool   `json:"done"`
	}
	ctx := context.Background()
	definition, err := model.Of[Task]("task")
	if err != nil {
		fmt.Println(err)
		return
	}
	schema, err := model.New(definition)
	if err != nil {
		fmt.Println(err)
		return
	}
	db, err := sqlite.Memory()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer db.Close()
	store, err := sqlstore.New(sqlstore.Config{Schema: schema, DB: db, Dialect: sqlstore.SQLite})
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := store.Migrate(ctx, sqlstore.Alter, nil); err != nil {
		fmt.Println(err)
		return
	}
	tasks, err := typed.New[Task](store, "task")
	if err != nil {
		fmt.Println(err)
		return
	}
	if _, err := tasks.Create(ctx, Task{Title: "write"}); err != nil {
		fmt.Println(err)
		return
	}
	open, err := tasks.Find(ctx, model.Criteria{Where: model.Record{"done": false}})
	fmt.Println(open, err)
	// Output: [{1 write false}] <nil>
}
