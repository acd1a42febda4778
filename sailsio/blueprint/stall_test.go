package blueprint_test

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/go-sails/sails/sailsio/blueprint"
	"github.com/go-sails/sails/sailsio/model"
	"github.com/go-sails/sails/sailsio/sailstest"
	"github.com/go-sails/sails/sailsio/sqlstore"
	"github.com/go-sails/sails/sailsio/sqlstore/sqltest"
)

// waiting tells which calls of Find began and how they ended.
type waiting struct {
	blueprint.Store
	began chan struct{}
	ended chan error
}

func (s waiting) Find(ctx context.Context, q *model.Query) ([]model.Record, error) {
	s.began <- struct{}{}
	records, err := s.Store.Find(ctx, q)
	s.ended <- err
	return records, err
}

// SEC-72, SEC-80: a database that does not answer holds up neither other requests of the
// socket nor other sockets, and its queries end with the client that asked.
func TestStalledDatabase(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, db *sql.DB, dialect sqlstore.Dialect) {
		const n = 20
		s := waiting{began: make(chan struct{}, n+1), ended: make(chan error, n+1)}
		w := newWorldOn(t, db, dialect, func(c *blueprint.Config) {
			s.Store = c.Store
			c.Store = s
		})
		db.SetMaxOpenConns(1) // all connections of the pool are
		conn, err := db.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		one, two := w.connect(), w.connect()
		var asked sync.WaitGroup
		for range n {
			asked.Go(func() {
				if res, err := one.Do(t.Context(), sailstest.Request{Method: "GET", URL: "/vet"}); err == nil {
					t.Errorf("answered %d %s", res.StatusCode, res.Body)
				}
			})
		}
		for range n {
			<-s.began
		}
		for _, c := range []*client{one, two} {
			if got := c.do("GET /nowhere"); !strings.HasPrefix(got, "Not Found") {
				t.Error(got)
			}
		}
		one.Close()
		asked.Wait()
		for range n {
			if err := <-s.ended; !errors.Is(err, context.Canceled) {
				t.Errorf("a query of a client that went ended with %v", err)
			}
		}
		if err := conn.Close(); err != nil {
			t.Fatal(err)
		}
		if got := two.do("GET /vet"); got != "OK []" {
			t.Error(got)
		}
	})
}
