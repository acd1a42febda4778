package sqlstore_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/go-sails/sails/sailsio/model"
	"github.com/go-sails/sails/sailsio/model/modeltest"
	"github.com/go-sails/sails/sailsio/sqlstore"
	"github.com/go-sails/sails/sailsio/sqlstore/sqlite"
)

// SEC-84: a call ends with its time or its context.
func TestTimeout(t *testing.T) {
	t.Parallel()
	db := open(t, sqlstore.SQLite)
	ready := migrated(t, db, sqlstore.SQLite, modeltest.Schema())
	hasty, err := sqlstore.New(sqlstore.Config{DB: db, Dialect: sqlstore.SQLite, Schema: modeltest.Schema(), Timeout: time.Nanosecond})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := hasty.Find(t.Context(), query(t, ready, "vet", model.Criteria{})); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	if _, err := hasty.Create(t.Context(), get(t, ready, "vet"), model.Record{"name": "x"}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := ready.Find(cancelled, query(t, ready, "vet", model.Criteria{})); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	endless, err := sqlstore.New(sqlstore.Config{DB: db, Dialect: sqlstore.SQLite, Schema: modeltest.Schema(), Timeout: -1})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := endless.Find(t.Context(), query(t, ready, "vet", model.Criteria{})); err != nil {
		t.Error(err)
	}
}

// A database in a file: writers take turns, and what was written is there when it
// is opened again.
func TestFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "odd name?#%.db")
	for round := range 2 {
		db, err := sqlite.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		s := migrated(t, db, sqlstore.SQLite, modeltest.Schema())
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				for j := range 5 {
					values := model.Record{"label": fmt.Sprint(round, i, j), "pets": []any{1}}
					if _, err := s.Create(t.Context(), get(t, s, "tag"), values); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		if n, err := s.Count(t.Context(), query(t, s, "tag", model.Criteria{})); n != int64(40*(round+1)) || err != nil {
			t.Errorf("%d tags, %v", n, err)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}
	for _, bad := range []string{"", "a\x00b"} {
		if _, err := sqlite.Open(bad); err == nil {
			t.Errorf("%q: no error", bad)
		}
	}
}

// Callers at the same time, on every database.
func TestConcurrent(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s *sqlstore.Store) {
		create(t, s, "user", model.Record{"name": "u", "email": "u@b.co"})
		create(t, s, "tag", model.Record{"label": "t"})
		var wg sync.WaitGroup
		for i := range 6 {
			wg.Go(func() {
				for range 5 {
					if err := s.AddToCollection(t.Context(), get(t, s, "user"), 1, "bookmarks", 1); err != nil {
						t.Error(err)
					}
					if _, err := s.Update(t.Context(), query(t, s, "user", model.Criteria{Where: 1}), model.Record{"age": i}); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		u := find(t, s, "user", model.Criteria{Where: 1}, model.Populate{Alias: "bookmarks"})[0]
		if n := len(u["bookmarks"].([]model.Record)); n != 1 {
			t.Errorf("%d bookmarks", n)
		}
	})
}

func Example() {
	schema, err := model.New(model.Definition{Identity: "task", Attributes: []model.Attribute{
		{Name: "id", Type: model.Number, AutoIncrement: true},
		{Name: "title", Type: model.String, Required: true},
	}})
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
	ctx := context.Background()
	if err := store.Migrate(ctx, sqlstore.Alter, nil); err != nil {
		fmt.Println(err)
		return
	}
	task, _ := schema.Model("task")
	for _, title := range []string{"read", "write"} {
		if _, err := store.Create(ctx, task, model.Record{"title": title}); err != nil {
			fmt.Println(err)
			return
		}
	}
	query, err := task.Query(model.Criteria{Where: model.Record{"title": model.Record{"startsWith": "w"}}}, nil, model.Limits{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(store.Find(ctx, query))
	// Output: [map[id:2 title:write]] <nil>
}
