package blueprint_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"strings"
	"sync"
	"testing"

	"github.com/go-sails/sails/sailsio/blueprint"
	"github.com/go-sails/sails/sailsio/model"
	"github.com/go-sails/sails/sailsio/sqlstore"
	"github.com/go-sails/sails/sailsio/sqlstore/sqltest"
)

// spy is a driver that writes down the texts of all statements.
type spy struct {
	driver.Driver
	mu    sync.Mutex
	texts []string
}

func (s *spy) Open(name string) (driver.Conn, error) {
	c, err := s.Driver.Open(name)
	return &spyConn{c, s}, err
}

// Connect opens a database in memory.
func (s *spy) Connect(context.Context) (driver.Conn, error) { return s.Open("file::memory:") }

func (s *spy) note(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.texts = append(s.texts, text)
}

// spyConn passes on what the store uses of a connection.
type spyConn struct {
	driver.Conn
	spy *spy
}

func (c *spyConn) BeginTx(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
	return c.Conn.(driver.ConnBeginTx).BeginTx(ctx, o)
}

func (c *spyConn) QueryContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Rows, error) {
	c.spy.note(text)
	return c.Conn.(driver.QueryerContext).QueryContext(ctx, text, args)
}

func (c *spyConn) ExecContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Result, error) {
	c.spy.note(text)
	return c.Conn.(driver.ExecerContext).ExecContext(ctx, text, args)
}

// SEC-85: whatever is sent wherever, no statement has it in its text, of all the
// statements that all actions make. Only limit and skip are numbers in the text.
func TestSEC85_statements(t *testing.T) {
	t.Parallel()
	real := sqltest.Open(t, sqlstore.SQLite)
	s := &spy{Driver: real.Driver()}
	db := sql.OpenDB(spyConnector{s})
	defer db.Close()
	db.SetMaxOpenConns(1)
	w := newWorldOn(t, db, sqlstore.SQLite, func(c *blueprint.Config) { c.Limits = model.ClientLimits() })
	s.texts = nil
	c := w.connect()
	const word, n = "canary", "4815162342"
	for _, line := range []string{
		`POST /user {"name":"canary'\"","email":"canary@b.co","age":42,"profile":{"canary":[4815162342]},"nickname":"canary%_"}`, `POST /user {"name":"b","email":"b@b.co","manager":1,"canary":1}`,
		`POST /pet {"name":"canary","weight":4815162342,"owner":1}`, `POST /pet {"name":"b","tags":[4815162342]}`, `POST /tag {"label":"canary"}`, `POST /room {"code":"canary-4815162342"}`, `POST /widget {"any":"canary","doc":4815162342,"num":4815162342}`,
		`GET /user {"where":{"name":"canary","age":{"<":4815162342},"profile":{"!=":"canary"},"nickname":{"contains":"canary"},"email":{"in":["canary","x"]},"id":{"nin":[4815162342]}}}`,
		`GET /user {"where":{"or":[{"name":{"like":"%canary_%"}},{"profile":{">":4815162342}},{"profile":{"startsWith":"canary"}},{"manager":4815162342}]},"sort":"name DESC","limit":7,"skip":0,"select":"name,profile","populate":"pets,manager"}`,
		`GET /user/1`, `GET /user/1/pets {"where":{"name":"canary"},"sort":[{"weight":"ASC"}],"limit":3,"skip":1}`, `GET /room/canary-4815162342`, `GET /room?title=canary`, `GET /pet/4815162342`, `GET /user?canary=1`, `GET /user?sort=canary`, `GET /user?select=canary`, `GET /user?populate=canary`,
		`PATCH /user/1 {"name":"canary2","age":4,"profile":"canary","pets":[1,4815162342]}`, `PUT /pet/1/tags [1,4815162342]`, `PUT /pet/1/tags/1`, `PUT /user/1/pets/1`, `PUT /user/2/pets [1,4815162342]`, `DELETE /pet/1/tags/1`, `DELETE /user/2/pets/1`,
		`PATCH /room/canary-4815162342 {"code":"canary-5"}`, `DELETE /room/canary-5`, `DELETE /user/1`, `DELETE /pet/4815162342`,
	} {
		if got := c.do(line); strings.HasPrefix(got, "Internal") {
			t.Errorf("%s: %s", line, got)
		}
	}
	kinds := map[string]int{}
	for _, text := range s.texts {
		kinds[text[:6]]++
		if strings.Contains(text, word) || strings.Contains(text, n) || strings.Contains(text, "'c") {
			t.Errorf("a value is in the text of %s", text)
		}
	}
	if kinds["SELECT"] < 30 || kinds["INSERT"] < 8 || kinds["UPDATE"] < 5 || kinds["DELETE"] < 2 {
		t.Errorf("statements: %v", kinds) // or nothing was tested
	}
}

// spyConnector opens databases in memory.
type spyConnector struct{ *spy }

func (c spyConnector) Driver() driver.Driver { return c.spy }
