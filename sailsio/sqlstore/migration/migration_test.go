package migration_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/go-sails/sails/internal/leakcheck"
	"github.com/go-sails/sails/sailsio/model"
	"github.com/go-sails/sails/sailsio/sqlstore"
	"github.com/go-sails/sails/sailsio/sqlstore/migration"
	"github.com/go-sails/sails/sailsio/sqlstore/sqlite"
	"github.com/go-sails/sails/sailsio/sqlstore/sqltest"
)

func TestMain(m *testing.M) { leakcheck.Main(m) }

// files makes SQL files; one text for both directions is split at "--".
func files(texts map[string]string) fstest.MapFS {
	all := fstest.MapFS{}
	for name, text := range texts {
		up, down, _ := strings.Cut(text, "--")
		all[name] = &fstest.MapFile{Data: []byte("-- +goose Up\n" + up + "\n-- +goose Down\n" + down + "\n")}
	}
	return all
}

func count(t *testing.T, db *sql.DB, query string) (n int) {
	t.Helper()
	if err := db.QueryRowContext(t.Context(), query).Scan(&n); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return n
}

func versions(changes []migration.Change) (list []int64) {
	for _, c := range changes {
		list = append(list, c.Version)
	}
	return list
}

func wantVersions(t *testing.T, changes []migration.Change, err error, want ...int64) {
	t.Helper()
	if err != nil || !slices.Equal(versions(changes), want) {
		t.Fatalf("%v, %v; want %v", versions(changes), err, want)
	}
}

func mustNew(t *testing.T, cfg migration.Config) *migration.Migrations {
	t.Helper()
	m, err := migration.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

var table = map[string]string{
	"0001_song.sql":                     "CREATE TABLE song (id INT PRIMARY KEY, title VARCHAR(50)); -- DROP TABLE song;",
	"0003_rank.sql":                     "ALTER TABLE song ADD COLUMN place INT; -- ALTER TABLE song DROP COLUMN place;",
	"sqlite/0004_own.sql":               "INSERT INTO song (id, title, place) VALUES (4, 'sqlite', 0); -- DELETE FROM song WHERE id = 4;",
	"postgres/0004_own.sql":             "INSERT INTO song (id, title, place) VALUES (4, 'postgres', 0); -- DELETE FROM song WHERE id = 4;",
	"mysql/0004_own.sql":                "INSERT INTO song (id, title, place) VALUES (4, 'mysql', 0); -- DELETE FROM song WHERE id = 4;",
	"0004_general.sql":                  "INSERT INTO song (id, title, place) VALUES (4, 'any', 0); -- DELETE FROM song WHERE id = 4;",
	"README.md":                         "",
	"other/0009_of_another_program.sql": "nonsense",
}

func TestUpAndDown(t *testing.T) {
	sqltest.Each(t, func(t *testing.T, db *sql.DB, dialect sqlstore.Dialect) {
		var events []migration.Event
		step := migration.Step{Version: 2, Name: "fill",
			Up: func(ctx context.Context, tx *sql.Tx, report func(done, total int64)) error {
				for i := range 3 {
					if _, err := tx.ExecContext(ctx, fmt.Sprintf("INSERT INTO song (id, title) VALUES (%d, 'x')", i+1)); err != nil {
						return err
					}
					report(int64(i+1), 3)
				}
				return nil
			},
			Down: func(ctx context.Context, tx *sql.Tx, _ func(done, total int64)) error {
				_, err := tx.ExecContext(ctx, "DELETE FROM song WHERE id < 4")
				return err
			}}
		m := mustNew(t, migration.Config{DB: db, Dialect: dialect, FS: files(table), Steps: []migration.Step{step}, Progress: func(e migration.Event) { events = append(events, e) }})
		before, err := m.Status(t.Context())
		if err != nil || len(before) != 4 || !before[0].Applied.IsZero() || !before[1].Go || before[3].Name != "own" {
			t.Fatalf("%+v %v", before, err)
		}
		made, err := m.UpTo(t.Context(), 2)
		wantVersions(t, made, err, 1, 2)
		if len(events) != 5 || events[4] != (migration.Event{Version: 2, Name: "fill", Direction: migration.Up, Done: 3, Total: 3}) {
			t.Errorf("%+v", events)
		}
		made, err = m.Up(t.Context())
		wantVersions(t, made, err, 3, 4)
		made, err = m.Up(t.Context())
		wantVersions(t, made, err)
		if n := count(t, db, "SELECT COUNT(*) FROM song WHERE title = '"+string(dialect)+"'"); n != 1 {
			t.Errorf("%d records of the dialect's own file", n)
		}
		after, err := m.Status(t.Context())
		if err != nil || len(after) != 4 {
			t.Fatalf("%+v %v", after, err)
		}
		for _, s := range after {
			if time.Since(s.Applied).Abs() > 26*time.Hour { // servers may have a time zone of their own
				t.Errorf("%d was applied at %v", s.Version, s.Applied)
			}
		}
		made, err = m.Down(t.Context())
		wantVersions(t, made, err, 4)
		made, err = m.DownTo(t.Context(), 1)
		wantVersions(t, made, err, 3, 2)
		if n := count(t, db, "SELECT COUNT(*) FROM song"); n != 0 {
			t.Errorf("%d records left", n)
		}
		made, err = m.DownTo(t.Context(), 0)
		wantVersions(t, made, err, 1)
		made, err = m.Down(t.Context())
		wantVersions(t, made, err)
	})
}

// A file that fails is undone and not recorded; those before it stay.
func TestFailure(t *testing.T) {
	sqltest.Each(t, func(t *testing.T, db *sql.DB, dialect sqlstore.Dialect) {
		m := mustNew(t, migration.Config{DB: db, Dialect: dialect, FS: files(map[string]string{
			"1_song.sql": "CREATE TABLE song (id INT PRIMARY KEY);",
			"2_bad.sql":  "INSERT INTO song (id) VALUES (1); INSERT INTO song (id) VALUES (1);",
			"3_more.sql": "INSERT INTO song (id) VALUES (3);",
		})})
		made, err := m.Up(t.Context())
		if err == nil || !strings.Contains(err.Error(), "2 bad, up") || !slices.Equal(versions(made), []int64{1}) {
			t.Fatalf("%v %v", made, err)
		}
		if n := count(t, db, "SELECT COUNT(*) FROM song"); n != 0 {
			t.Errorf("%d records of a failed file", n)
		}
		panics := migration.Step{Version: 2, Name: "panics", Up: func(ctx context.Context, tx *sql.Tx, _ func(done, total int64)) error {
			if _, err := tx.ExecContext(ctx, "INSERT INTO song (id) VALUES (7)"); err != nil {
				return err
			}
			panic("here")
		}}
		m = mustNew(t, migration.Config{DB: db, Dialect: dialect, FS: files(map[string]string{"1_song.sql": "SELECT 1;"}), Steps: []migration.Step{panics}})
		if _, err := m.Up(t.Context()); err == nil || count(t, db, "SELECT COUNT(*) FROM song") != 0 {
			t.Errorf("a panic: %v", err)
		}
		good := migration.Step{Version: 2, Name: "one way", Up: func(context.Context, *sql.Tx, func(done, total int64)) error { return nil }}
		m = mustNew(t, migration.Config{DB: db, Dialect: dialect, Steps: []migration.Step{good}})
		made, err = m.Up(t.Context())
		wantVersions(t, made, err, 2)
		if _, err := m.Down(t.Context()); !errors.Is(err, migration.ErrNoDown) {
			t.Error(err)
		}
		if _, err := m.DownTo(t.Context(), 0); !errors.Is(err, migration.ErrMissing) && !errors.Is(err, migration.ErrNoDown) {
			t.Error(err)
		}
		status, err := m.Status(t.Context())
		if err != nil || len(status) != 2 || !status[0].Missing || status[1].Missing {
			t.Errorf("%+v %v", status, err)
		}
		late := mustNew(t, migration.Config{DB: db, Dialect: dialect, FS: files(map[string]string{"0_zero.txt": ""}), Steps: []migration.Step{good, {Version: 1, Up: good.Up}}})
		made, err = late.Up(t.Context())
		wantVersions(t, made, err) // 1 is recorded, whatever it was
		m = mustNew(t, migration.Config{DB: db, Dialect: dialect, Table: "another", Steps: []migration.Step{{Version: 5, Up: good.Up}}})
		made, err = m.Up(t.Context())
		wantVersions(t, made, err, 5)
		m = mustNew(t, migration.Config{DB: db, Dialect: dialect, Table: "another", Steps: []migration.Step{{Version: 5, Up: good.Up}, {Version: 4, Up: good.Up}, {Version: 6, Up: good.Up}}})
		if made, err := m.Up(t.Context()); !errors.Is(err, migration.ErrOutOfOrder) || made != nil {
			t.Errorf("%v %v", made, err)
		}
	})
}

// Two nodes that start at once apply everything once.
func TestNodes(t *testing.T) {
	sqltest.Each(t, func(t *testing.T, db *sql.DB, dialect sqlstore.Dialect) {
		texts := map[string]string{"1_song.sql": "CREATE TABLE song (id INT);"}
		for i := range 5 {
			texts[fmt.Sprintf("%d_more.sql", i+2)] = fmt.Sprintf("INSERT INTO song (id) VALUES (%d);", i)
		}
		var all [4][]migration.Change
		var errs [4]error
		var nodes sync.WaitGroup
		for i := range all {
			m := mustNew(t, migration.Config{DB: db, Dialect: dialect, FS: files(texts)})
			nodes.Go(func() { all[i], errs[i] = m.Up(t.Context()) })
		}
		nodes.Wait()
		n := 0
		for i := range all {
			n += len(all[i])
			if errs[i] != nil {
				t.Error(errs[i])
			}
		}
		if records := count(t, db, "SELECT COUNT(*) FROM song"); n != 6 || records != 5 {
			t.Errorf("%d changes, %d records", n, records)
		}
	})
}

// Who waits too long is told so, and a cancelled wait ends.
func TestBusy(t *testing.T) {
	sqltest.Each(t, func(t *testing.T, db *sql.DB, dialect sqlstore.Dialect) {
		if dialect == sqlstore.SQLite {
			var err error
			if db, err = sqlite.Open(filepath.Join(t.TempDir(), "x.db")); err != nil {
				t.Fatal(err)
			}
			defer db.Close()
		}
		entered, leave := make(chan struct{}), make(chan struct{})
		slow := migration.Step{Version: 1, Name: "slow", Up: func(context.Context, *sql.Tx, func(done, total int64)) error {
			close(entered)
			<-leave
			return nil
		}}
		first := mustNew(t, migration.Config{DB: db, Dialect: dialect, Steps: []migration.Step{slow}})
		done := make(chan error)
		go func() {
			_, err := first.Up(t.Context())
			done <- err
		}()
		<-entered
		second := mustNew(t, migration.Config{DB: db, Dialect: dialect, Steps: []migration.Step{slow}, Wait: time.Millisecond})
		if _, err := second.Up(t.Context()); !errors.Is(err, migration.ErrBusy) {
			t.Error(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := second.Up(ctx); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		close(leave)
		if err := <-done; err != nil {
			t.Error(err)
		}
		made, err := second.Up(t.Context())
		wantVersions(t, made, err)
	})
}

// A node that lost its lease records nothing.
func TestLostLease(t *testing.T) {
	t.Parallel()
	db, err := sqlite.Memory()
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	m := mustNew(t, migration.Config{DB: db, Dialect: sqlstore.SQLite, Steps: []migration.Step{{Version: 1, Name: "robbed", Up: func(ctx context.Context, tx *sql.Tx, _ func(done, total int64)) error {
		_, err := tx.ExecContext(ctx, "UPDATE sails_migrations_lock SET owner = 'another'")
		return err
	}}}})
	if made, err := m.Up(t.Context()); err == nil || len(made) != 0 || !strings.Contains(err.Error(), "expired") {
		t.Errorf("%v %v", made, err)
	}
	if n := count(t, db, "SELECT COUNT(*) FROM sails_migrations WHERE version_id = 1"); n != 0 {
		t.Error("recorded all the same")
	}
	// What a node that died left behind ends with its time.
	if _, err := db.ExecContext(t.Context(), "INSERT OR REPLACE INTO sails_migrations_lock (id, owner, until) VALUES (1, 'dead', 1)"); err != nil {
		t.Fatal(err)
	}
	made, err := mustNew(t, migration.Config{DB: db, Dialect: sqlstore.SQLite, FS: files(map[string]string{"1_x.sql": "SELECT 1;"})}).Up(t.Context())
	wantVersions(t, made, err, 1)
}

// Steps may use models, as part of their transaction.
func TestStepWithModels(t *testing.T) {
	sqltest.Each(t, func(t *testing.T, db *sql.DB, dialect sqlstore.Dialect) {
		schema, err := model.New(model.Definition{Identity: "song", Attributes: model.WithDefaults(model.Attribute{Name: "title", Type: model.String})})
		if err != nil {
			t.Fatal(err)
		}
		store, err := sqlstore.New(sqlstore.Config{Schema: schema, DB: db, Dialect: dialect})
		if err != nil {
			t.Fatal(err)
		}
		if err := store.Migrate(t.Context(), sqlstore.Alter, nil); err != nil {
			t.Fatal(err)
		}
		song, _ := schema.Model("song")
		fail := true
		m := mustNew(t, migration.Config{DB: db, Dialect: dialect, Steps: []migration.Step{{Version: 1, Name: "song", Up: func(ctx context.Context, tx *sql.Tx, _ func(done, total int64)) error {
			if _, err := store.Create(store.Within(ctx, tx), song, model.Record{"title": "a"}); err != nil {
				return err
			}
			if fail {
				return errors.New("not yet")
			}
			return nil
		}}}})
		if _, err := m.Up(t.Context()); err == nil || count(t, db, "SELECT COUNT(*) FROM song") != 0 {
			t.Errorf("%v", err)
		}
		fail = false
		made, err := m.Up(t.Context())
		wantVersions(t, made, err, 1)
		if count(t, db, "SELECT COUNT(*) FROM song") != 1 {
			t.Error("nothing was created")
		}
	})
}

func TestNew(t *testing.T) {
	t.Parallel()
	db, err := sqlite.Memory()
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	up := func(context.Context, *sql.Tx, func(done, total int64)) error { return nil }
	for want, change := range map[string]func(*migration.Config){
		"needs DB":              func(c *migration.Config) { c.DB = nil },
		"unknown dialect":       func(c *migration.Config) { c.Dialect = "oracle" },
		"lower-case":            func(c *migration.Config) { c.Table = "x; DROP TABLE y" },
		"the name has to be":    func(c *migration.Config) { c.FS = files(map[string]string{"song.sql": ""}) },
		"versions begin with 1": func(c *migration.Config) { c.FS = files(map[string]string{"0_song.sql": ""}) },
		"is given twice, by 01": func(c *migration.Config) { c.FS = files(map[string]string{"1_a.sql": "", "01_b.sql": ""}) },
		"+goose Up":             func(c *migration.Config) { c.FS = fstest.MapFS{"1_a.sql": {Data: []byte("SELECT 1;")}} },
		"needs a version":       func(c *migration.Config) { c.Steps = []migration.Step{{Up: up}} },
		`is given twice, by "a"`: func(c *migration.Config) {
			c.FS, c.Steps = files(map[string]string{"1_a.sql": ""}), []migration.Step{{Version: 1, Up: up}}
		},
		"file does not exist": func(c *migration.Config) { c.FS = os.DirFS(filepath.Join(t.TempDir(), "none")) },
	} {
		cfg := migration.Config{DB: db, Dialect: sqlstore.SQLite}
		change(&cfg)
		if _, err := migration.New(cfg); err == nil || !strings.Contains(err.Error(), want) && want != "file does not exist" {
			t.Errorf("%v; want %s", err, want)
		}
	}
	none := mustNew(t, migration.Config{DB: db, Dialect: sqlstore.SQLite})
	made, err := none.Up(t.Context())
	wantVersions(t, made, err)
	if status, err := none.Status(t.Context()); err != nil || len(status) != 0 {
		t.Errorf("%v %v", status, err)
	}
	if n := count(t, db, "SELECT COUNT(*) FROM sqlite_master"); n != 0 {
		t.Errorf("looking made %d tables", n)
	}
}

func TestCreate(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "migrations")
	now := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	path, err := migration.Create(dir, "  Add Phone, to users! ", now)
	if err != nil || filepath.Base(path) != "20260304050607_add_phone_to_users.sql" {
		t.Fatal(path, err)
	}
	if _, err := migration.Create(dir, "add phone to users", now); !errors.Is(err, os.ErrExist) {
		t.Error(err)
	}
	for _, name := range []string{"", "!!", "../..", strings.Repeat("x", 101)} {
		if path, err := migration.Create(dir, name, now); err == nil {
			t.Errorf("%q made %s", name, path)
		}
	}
	db, err := sqlite.Memory()
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	m := mustNew(t, migration.Config{DB: db, Dialect: sqlstore.SQLite, FS: os.DirFS(dir)})
	made, err := m.Up(t.Context())
	wantVersions(t, made, err, 20260304050607)
	made, err = m.Down(t.Context())
	wantVersions(t, made, err, 20260304050607)
}

// FuzzFile: no file ends the process, whatever its name and text are.
func FuzzFile(f *testing.F) {
	f.Add("0001_a.sql", "-- +goose Up\nSELECT 1;\n-- +goose Down\nSELECT 2;")
	f.Add("sqlite/1_a.sql", "-- +goose NO TRANSACTION\n-- +goose Up\n-- +goose StatementBegin\nSELECT 1;")
	f.Add("1_.sql", "-- +goose Down\n-- +goose Up\nx")
	f.Add("9999999999999999999_a.sql", "-- +goose ENVSUB ON\n-- +goose Up\nSELECT '${X:-y}';")
	f.Fuzz(func(t *testing.T, name, text string) {
		db, err := sqlite.Memory()
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		m, err := migration.New(migration.Config{DB: db, Dialect: sqlstore.SQLite, FS: fstest.MapFS{name: &fstest.MapFile{Data: []byte("-- +goose Up\nSELECT 1;\n" + text)}}})
		if err != nil {
			return
		}
		if strings.Contains(strings.ToLower(text), "attach") || strings.Contains(strings.ToLower(text), "recursive") {
			return // valid SQL may touch files and take for ever
		}
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		if _, err := m.Up(ctx); err == nil {
			_, _ = m.Down(ctx) // whatever it says, it ends
		}
	})
}
