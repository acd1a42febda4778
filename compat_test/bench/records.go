package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/go-sails/sails/compat_test/bench/load"
	"github.com/go-sails/sails/compat_test/bench/report"
	"github.com/go-sails/sails/compat_test/internal/program"
)

// Records of a table before anything is measured; find answers with the first 30.
const seededRecords = 100

// subscriberSteps are how many sockets are told of what create makes.
var subscriberSteps = []int{1, 100, 10_000}

// stores are where records are kept: ours and that of Sails.
var stores = []struct{ id, title string }{
	{"embedded", "SQLite in a file; Sails: sails-disk"},
	{"postgres", "PostgreSQL"},
}

// playRecords measures the blueprint actions of one model on a database.
func (b *bench) playRecords() error {
	for _, store := range stores {
		for _, column := range []string{report.Ours, report.NodeSails} {
			name := column
			if column == report.NodeSails {
				name = report.Records
			}
			if !b.wants("records", column) || b.missing[name] {
				continue
			}
			b.total++
			label := fmt.Sprintf("records, %s, %s", store.id, name)
			err := b.part("records", label, column, func() error { return b.records(store.id, name, column) })
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// library is a server with records, and its database.
type library struct {
	b      *bench
	store  string
	column string
	server *program.Program
	tables *program.Postgres // nil where the server keeps the records itself
	target *load.Target
	loop   *load.Loop
}

func (b *bench) records(store, name, column string) (err error) {
	r := &library{b: b, store: store, column: column}
	dir, err := os.MkdirTemp("", "bench")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	database := dir // sails-disk
	if name != report.Records {
		database = filepath.Join(dir, "records.db")
	}
	if store == "postgres" {
		if r.tables, err = program.StartPostgres(b.cores.OnLoad(program.Spec{})); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, r.tables.Close()) }()
		if database, err = r.tables.Create("bench"); err != nil {
			return err
		}
	}
	// Each record is a room of all who watch the model: more than a client may join.
	if r.server, err = b.start(name, "DATABASE="+database, "MAX_ROOMS=100000000"); err != nil {
		return err
	}
	defer b.end(r.server)
	r.target = &load.Target{Port: r.server.Port, Revision: 4, Query: sdk}
	if r.loop, err = load.NewLoop(b.ctx); err != nil {
		return err
	}
	defer r.loop.Close()
	if err := r.play(); err != nil {
		return errors.Join(err, r.server.Failure())
	}
	return r.server.Failure()
}

const widget = `{"name":"a widget","size":17}`

var creating = load.Request("post", "/widget", widget, `"name":"a widget"`)

func (r *library) play() error {
	clients, err := r.dial(50)
	if err != nil {
		return err
	}
	seed := load.Window{Measure: 10 * time.Second, MaxOps: seededRecords, CPU: r.server.CPU}
	s, err := r.loop.Closed(clients[:1], creating, 1, seed)
	if err != nil {
		return err
	}
	if s.Ops < seededRecords || s.Wrong > 0 {
		return fmt.Errorf("bench: %d of %d records were made (%s)", s.Ops, seededRecords, s.Faults())
	}
	ok := func(want string) func([]byte) bool {
		return func(body []byte) bool { return bytes.Contains(body, []byte(want)) }
	}
	for _, x := range []struct {
		id string
		load.Exchange
	}{
		{"find", load.Request("get", "/widget", "{}", `"id":30,`)},
		{"findone", load.Request("get", "/widget/7", "{}", `"id":7,`)},
	} {
		if err := r.measure(x.id, func(w load.Window) (*load.Sample, error) { return r.loop.Closed(clients, x.Exchange, 1, w) }); err != nil {
			return err
		}
	}
	for _, page := range []struct {
		id string
		load.Page
	}{
		{"http-find", load.Page{Method: "GET", Path: "/widget", Accept: ok(`"id":30,`)}},
		{"http-findone", load.Page{Method: "GET", Path: "/widget/7", Accept: ok(`"id":7,`)}},
		{"http-create", load.Page{Method: "POST", Path: "/widget", Body: widget, Accept: ok(`"name":"a widget"`)}},
	} {
		if err := r.measure(page.id, func(w load.Window) (*load.Sample, error) { return r.loop.ClosedPages(r.target, 50, page.Page, w) }); err != nil {
			return err
		}
	}
	for _, c := range clients { // they have subscribed by reading
		c.Close()
	}
	return r.creates()
}

func (r *library) dial(n int) ([]*load.Client, error) {
	return r.loop.Dial(r.target, n, 64, idleSink{}, 2*time.Minute)
}

// creates measures create with more and more subscribers, each of whom has to be
// told of each record.
func (r *library) creates() error {
	told := &load.Counter{Prefix: `42["widget",{"verb":"created"`}
	subscribers := 0
	for _, want := range subscriberSteps {
		if want > r.b.maxClients-1000 || r.b.results.Short && want > 1000 {
			continue
		}
		fresh, err := r.dial(want - subscribers)
		if err != nil {
			return err
		}
		subscribers = want
		// To the model only: there is no such record.
		if err := r.loop.Ask(fresh, load.Request("get", "/widget?id=2000000000", "{}", `"statusCode":200`)); err != nil {
			return err
		}
		load.SetSink(fresh, told)
		many := want > 1000
		n := 4
		if many { // each create takes long: what is under way at the end has to end in time
			n = 1
		}
		writers, err := r.dial(n)
		if err != nil {
			return err
		}
		before := told.N
		x, made := counted(creating)
		err = r.measure(fmt.Sprintf("create-%d", want), func(w load.Window) (*load.Sample, error) {
			if many {
				w.Measure, w.MinOps = 2*w.Measure, 4
			}
			s, err := r.loop.Closed(writers, x, 1, w)
			if err != nil {
				return nil, err
			}
			asked := *made + s.Lost // answers may still come
			due := func() int64 { return *made * int64(want) }
			all := func() bool { return *made >= asked && told.N-before >= due() }
			if err := r.loop.Run(time.Now().Add(20*time.Second), all); err != nil {
				return nil, err
			}
			s.Lost = max(asked-*made, 0) + max(due()-(told.N-before), 0)
			s.Doubled += max(told.N-before-due(), 0)
			return s, nil
		})
		if err != nil {
			return err
		}
		for _, c := range writers {
			c.Close()
		}
	}
	return nil
}

// counted counts the answers to an exchange.
func counted(x load.Exchange) (load.Exchange, *int64) {
	n := new(int64)
	accept := x.Accept
	x.Accept = func(i int, args []byte) bool {
		*n++
		return accept(i, args)
	}
	return x, n
}

// measure records what an action costs the server and, where there is one, the
// database.
func (r *library) measure(action string, do func(load.Window) (*load.Sample, error)) error {
	var tables meter
	if r.tables != nil {
		tables.read = r.tables.FamilyCPU
	}
	w := load.Window{Warm: r.b.warm / 3, Measure: r.b.measure * 2 / 3, MinOps: 100, CPU: func() (time.Duration, error) {
		if r.tables != nil {
			if err := tables.tick(); err != nil {
				return 0, err
			}
		}
		return r.server.CPU()
	}}
	name := r.column
	if name == report.NodeSails {
		name = report.Records
	}
	r.b.profile(r.server, name, strings.Join([]string{"records", r.store, action}, "-")+".profile", "profile", w.Warm+w.Measure)
	s, err := do(w)
	r.b.profiling.Wait()
	if err != nil {
		return err
	}
	if s.Ops == 0 {
		return fmt.Errorf("bench: nothing was done by %s (%s)", action, s.Faults())
	}
	id := strings.Join([]string{"records", r.store, action}, "-")
	r.b.add(id, r.column, s.PerOp().Seconds()*1e6, s, s.Faults())
	if row := r.b.results.Row(id + "-database"); row != nil && r.tables != nil {
		r.b.add(id+"-database", r.column, tables.spent().Seconds()*1e6/float64(s.Ops), nil, "")
	}
	return nil
}
