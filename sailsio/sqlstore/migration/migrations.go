package migration

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"time"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/database"

	"github.com/go-sails/sails/sailsio/sqlstore"
)

// Config says what to apply to which database.
type Config struct {
	// DB is the database, and Dialect what it speaks. Both are required. PostgreSQL
	// and MySQL need a pool of two connections: one holds the lock.
	DB      *sql.DB
	Dialect sqlstore.Dialect

	// FS holds the SQL files, as the package comment says; nil means none. Files that
	// do not end in .sql are ignored. At most 10,000 files of 16 MiB are read.
	FS fs.FS
	// Steps are migrations in Go. Their versions are in one order with those of files.
	Steps []Step

	// Table records what was applied, in goose's layout. Empty means
	// "sails_migrations". Lower-case letters, digits and underscores, at most 50.
	Table string

	// Wait bounds how long a node waits for another that is migrating. Zero means
	// 5 minutes.
	Wait time.Duration

	// Progress, when not nil, is told when a migration begins and whatever its Go step
	// reports. It is called by one goroutine at a time.
	Progress func(Event)
}

// Step is a migration in Go.
type Step struct {
	// Version is its place in the order, at least 1.
	Version int64
	// Name says what it does, as the name of a file does.
	Name string
	// Up and Down run in the transaction in which the version is recorded; an error
	// undoes it all, and a panic counts as one. They must not end the transaction.
	// report may be told how far they are. sqlstore's Store.Within lets them use
	// models. Up is required. Without Down the step cannot be undone.
	Up, Down func(ctx context.Context, tx *sql.Tx, report func(done, total int64)) error
}

// Direction says which way a change goes.
type Direction string

// The two directions.
const (
	Up   Direction = "up"
	Down Direction = "down"
)

// Event is a report on the migration that is being made. Total is 0 when it begins,
// and when its length is not known.
type Event struct {
	Version     int64
	Name        string
	Direction   Direction
	Done, Total int64
}

// Status is what is known about one version.
type Status struct {
	Version int64  `json:"version"`
	Name    string `json:"name,omitempty"`
	// Go tells a step in Go from a file.
	Go bool `json:"go,omitempty"`
	// Applied is when it was applied; zero while it is pending.
	Applied time.Time `json:"applied,omitzero"`
	// Missing says that the database records a version which has neither a file nor a
	// step here: another release of the application applied it.
	Missing bool `json:"missing,omitempty"`
}

// Change is a migration that was made.
type Change struct {
	Version   int64         `json:"version"`
	Name      string        `json:"name"`
	Direction Direction     `json:"direction"`
	Duration  time.Duration `json:"nanoseconds"`
}

// ErrOutOfOrder says that a version is pending although a later one was applied.
// Give its file a later number, or go down to before it first.
var ErrOutOfOrder = errors.New("migration: a version is older than one that was applied already")

// ErrMissing says that an applied version has to be undone whose file or step is not
// here.
var ErrMissing = errors.New("migration: the version to undo has neither a file nor a step here")

// ErrNoDown says that a step cannot be undone.
var ErrNoDown = errors.New("migration: the step has no Down")

// Migrations are the migrations of one application on one database. Its methods are
// safe for concurrent use, by several processes too.
type Migrations struct {
	cfg      Config
	store    *recorder
	provider *goose.Provider // nil without migrations
	known    map[int64]source
	versions []int64 // of known, ascending
	lock     locker
}

// source is where a migration comes from.
type source struct {
	name string
	step *Step // nil for a file
}

var tableForm = regexp.MustCompile(`^[a-z_][a-z0-9_]{0,49}$`)

// New reads and checks the migrations. It does not connect.
func New(cfg Config) (*Migrations, error) {
	if cfg.DB == nil {
		return nil, errors.New("migration: Config needs DB")
	}
	dialect, ok := map[sqlstore.Dialect]goose.Dialect{
		sqlstore.SQLite: goose.DialectSQLite3, sqlstore.PostgreSQL: goose.DialectPostgres, sqlstore.MySQL: goose.DialectMySQL,
	}[cfg.Dialect]
	if !ok {
		return nil, fmt.Errorf("migration: unknown dialect %q; use sqlite, postgres or mysql", cfg.Dialect)
	}
	cfg.Table = cmp.Or(cfg.Table, "sails_migrations")
	cfg.Wait = cmp.Or(cfg.Wait, 5*time.Minute)
	if !tableForm.MatchString(cfg.Table) {
		return nil, fmt.Errorf("migration: table %q: use lower-case letters, digits and underscores, at most 50", cfg.Table)
	}
	if cfg.Progress == nil {
		cfg.Progress = func(Event) {}
	}
	m := &Migrations{cfg: cfg, known: map[int64]source{}, lock: newLocker(cfg)}
	files, err := collect(cfg.FS, cfg.Dialect)
	if err != nil {
		return nil, err
	}
	for version, f := range files {
		m.known[version] = source{name: f.name}
	}
	var steps []*goose.Migration
	for i := range cfg.Steps {
		step := cfg.Steps[i]
		if step.Version < 1 || step.Up == nil {
			return nil, fmt.Errorf("migration: step %d %q needs a version of at least 1, and Up", step.Version, step.Name)
		}
		if other, taken := m.known[step.Version]; taken {
			return nil, fmt.Errorf("migration: version %d is given twice, by %q and %q", step.Version, other.name, step.Name)
		}
		m.known[step.Version] = source{name: step.Name, step: &step}
		steps = append(steps, goose.NewGoMigration(step.Version, m.function(&step, Up), m.function(&step, Down)))
	}
	for version := range m.known {
		m.versions = append(m.versions, version)
	}
	slices.Sort(m.versions)
	base, err := database.NewStore(dialect, cfg.Table)
	if err != nil {
		return nil, fmt.Errorf("migration: %w", err)
	}
	m.store = &recorder{Store: base, table: cfg.Table, dialect: cfg.Dialect, lock: m.lock}
	if len(m.known) == 0 {
		return m, nil
	}
	m.provider, err = goose.NewProvider(goose.DialectCustom, cfg.DB, inMemory(files), goose.WithStore(m.store), goose.WithGoMigrations(steps...),
		goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()), goose.WithAllowOutofOrder(true))
	if err != nil {
		return nil, fmt.Errorf("migration: %w", err)
	}
	return m, nil
}

// function makes goose's form of one direction of a step.
func (m *Migrations) function(step *Step, d Direction) *goose.GoFunc {
	run := step.Up
	if d == Down {
		run = step.Down
	}
	return &goose.GoFunc{RunTx: func(ctx context.Context, tx *sql.Tx) error {
		if run == nil {
			return ErrNoDown
		}
		return run(ctx, tx, func(done, total int64) {
			m.cfg.Progress(Event{Version: step.Version, Name: step.Name, Direction: d, Done: done, Total: total})
		})
	}}
}

// Status tells about every version there is, here or in the database, in order. It
// changes nothing and waits for no lock.
func (m *Migrations) Status(ctx context.Context) ([]Status, error) {
	applied, err := m.store.applied(ctx, m.cfg.DB)
	if err != nil {
		return nil, err
	}
	list := make([]Status, 0, len(m.versions))
	for _, version := range m.versions {
		s := m.known[version]
		list = append(list, Status{Version: version, Name: s.name, Go: s.step != nil, Applied: applied[version]})
	}
	for version, at := range applied {
		if _, ok := m.known[version]; !ok {
			list = append(list, Status{Version: version, Applied: at, Missing: true})
		}
	}
	slices.SortFunc(list, func(a, b Status) int { return cmp.Compare(a.Version, b.Version) })
	return list, nil
}

// Up applies every pending version in order and returns what it applied, on an error
// too. ErrOutOfOrder means that nothing was.
func (m *Migrations) Up(ctx context.Context) ([]Change, error) {
	if len(m.versions) == 0 {
		return nil, nil
	}
	return m.UpTo(ctx, m.versions[len(m.versions)-1])
}

// UpTo is Up for the versions up to and including this one.
func (m *Migrations) UpTo(ctx context.Context, version int64) ([]Change, error) {
	return m.change(ctx, Up, func(applied map[int64]time.Time) ([]int64, error) {
		var newest int64
		for v := range applied {
			newest = max(newest, v)
		}
		var pending []int64
		for _, v := range m.versions {
			if _, done := applied[v]; done || v > version {
				continue
			}
			if v < newest {
				return nil, fmt.Errorf("%w: %d %s, after %d", ErrOutOfOrder, v, m.known[v].name, newest)
			}
			pending = append(pending, v)
		}
		return pending, nil
	})
}

// Down undoes the newest version that is applied. Nothing is done when there is none.
func (m *Migrations) Down(ctx context.Context) ([]Change, error) {
	return m.undo(ctx, 0, 1)
}

// DownTo undoes all versions above this one, newest first; 0 undoes everything. What
// was undone before an error is returned with it.
func (m *Migrations) DownTo(ctx context.Context, version int64) ([]Change, error) {
	return m.undo(ctx, version, 0)
}

func (m *Migrations) undo(ctx context.Context, above int64, most int) ([]Change, error) {
	return m.change(ctx, Down, func(applied map[int64]time.Time) ([]int64, error) {
		var list []int64
		for v := range applied {
			if v > above {
				list = append(list, v)
			}
		}
		slices.SortFunc(list, func(a, b int64) int { return cmp.Compare(b, a) })
		if most > 0 && len(list) > most {
			list = list[:most]
		}
		for _, v := range list {
			s, ok := m.known[v]
			if !ok {
				return nil, fmt.Errorf("%w: %d", ErrMissing, v)
			}
			if s.step != nil && s.step.Down == nil {
				return nil, fmt.Errorf("%w: %d %s", ErrNoDown, v, s.name)
			}
		}
		return list, nil
	})
}

// change makes the migrations that choose picks, under the lock.
func (m *Migrations) change(ctx context.Context, d Direction, choose func(applied map[int64]time.Time) ([]int64, error)) (made []Change, err error) {
	unlock, err := m.lock.acquire(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	applied, err := m.store.applied(ctx, m.cfg.DB)
	if err != nil {
		return nil, err
	}
	versions, err := choose(applied)
	if err != nil {
		return nil, err
	}
	for _, v := range versions {
		name := m.known[v].name
		m.cfg.Progress(Event{Version: v, Name: name, Direction: d})
		result, err := m.provider.ApplyVersion(ctx, v, d == Up)
		if err != nil {
			if partial := (*goose.PartialError)(nil); errors.As(err, &partial) {
				err = partial.Err
			}
			return made, fmt.Errorf("migration: %d %s, %s: %w", v, name, d, err)
		}
		made = append(made, Change{Version: v, Name: name, Direction: d, Duration: result.Duration})
	}
	return made, nil
}
