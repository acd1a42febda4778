package blueprint_test

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/go-sails/sails/sailsio/blueprint"
	"github.com/go-sails/sails/sailsio/model"
	"github.com/go-sails/sails/sailsio/sqlstore"
	"github.com/go-sails/sails/sailsio/sqlstore/sqltest"
)

// heard is a Notifier that dawdles and writes down what it is told about vets.
type heard struct {
	blueprint.Notifier
	mu   sync.Mutex
	list []string
}

func (h *heard) PublishCreate(context.Context, *model.Model, model.Record, *http.Request) error {
	return h.add("created")
}

func (h *heard) PublishUpdate(_ context.Context, _ *model.Model, _ any, changes, _ model.Record, _ *http.Request) error {
	return h.add(fmt.Sprint(changes["name"]))
}

func (h *heard) PublishDestroy(context.Context, *model.Model, any, model.Record, *http.Request) error {
	return h.add("destroyed")
}

func (h *heard) add(what string) error {
	for range len(what) * 7 % 50 { // some take longer than others
		runtime.Gosched()
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.list = append(h.list, what)
	return nil
}

// What happens to a record is told in the order in which it is committed: after any
// number of updates at once the last that is told is the one that lasts, and nothing is
// told after its end.
func TestCommitOrder(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, db *sql.DB, dialect sqlstore.Dialect) {
		var h heard
		w := newWorldOn(t, db, dialect, func(c *blueprint.Config) {
			h.Notifier = c.Notifier
			c.Notifier = &h
		})
		for round := range 5 {
			h.list = nil
			id := round + 1
			w.seed(`POST /vet {"name":"new"}`)
			var all sync.WaitGroup
			for i := range 8 {
				all.Go(func() {
					if got := w.http(fmt.Sprintf(`PATCH /vet/%d {"name":"%s"}`, id, strings.Repeat("x", i+1))); !strings.HasPrefix(got, "OK") {
						t.Error(got)
					}
				})
			}
			all.Wait()
			got := w.http(fmt.Sprintf("GET /vet/%d", id))
			if last := h.list[len(h.list)-1]; len(h.list) != 9 || h.list[0] != "created" || !strings.Contains(got, `"name":"`+last+`"`) {
				t.Errorf("told %q, is %s", h.list, got)
			}
			all.Go(func() { w.http(fmt.Sprintf(`PATCH /vet/%d {"name":"late"}`, id)) })
			all.Go(func() { w.http(fmt.Sprintf("DELETE /vet/%d", id)) })
			all.Wait()
			if last := h.list[len(h.list)-1]; last != "destroyed" {
				t.Errorf("told %q last", last)
			}
		}
	})
}

// A transaction that is undone is told nobody, whatever made it fail.
func TestUndone(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, db *sql.DB, dialect sqlstore.Dialect) {
		var h heard
		w := newWorldOn(t, db, dialect, func(c *blueprint.Config) {
			h.Notifier = c.Notifier
			c.Notifier = &h
			c.Store = failing{c.Store}
		})
		refused(t, w, "Internal Server Error", `POST /vet {"name":"a"}`)
		if len(h.list) != 0 || w.http("GET /vet") != "OK []" {
			t.Errorf("told %q of what was undone; %s", h.list, w.http("GET /vet"))
		}
	})
}

// failing is a store whose transactions fail when everything is done.
type failing struct{ blueprint.Store }

func (f failing) Transaction(ctx context.Context, fn func(ctx context.Context) error) error {
	return f.Store.Transaction(ctx, func(ctx context.Context) error {
		if err := fn(ctx); err != nil {
			return err
		}
		return fmt.Errorf("the connection was lost")
	})
}
