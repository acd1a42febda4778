package migration_test

import (
	"context"
	"database/sql"
	"fmt"
	"log"
	"testing/fstest"

	"github.com/go-sails/sails/sailsio/sqlstore"
	"github.com/go-sails/sails/sailsio/sqlstore/migration"
	"github.com/go-sails/sails/sailsio/sqlstore/sqlite"
)

func Example() {
	db, err := sqlite.Memory()
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	m, err := migration.New(migration.Config{
		DB: db, Dialect: sqlstore.SQLite,
		// Usually os.DirFS("migrations"), or a folder that is embedded.
		FS: fstest.MapFS{"20261122180000_songs.sql": &fstest.MapFile{Data: []byte(`
-- +goose Up
CREATE TABLE song (id INTEGER PRIMARY KEY, title TEXT NOT NULL);

-- +goose Down
DROP TABLE song;
`)}},
		Steps: []migration.Step{{Version: 20261122190000, Name: "first_song",
			Up: func(ctx context.Context, tx *sql.Tx, report func(done, total int64)) error {
				_, err := tx.ExecContext(ctx, "INSERT INTO song (title) VALUES ('Hello')")
				return err
			}}},
	})
	if err != nil {
		log.Fatal(err)
	}
	changes, err := m.Up(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	for _, c := range changes {
		fmt.Println(c.Direction, c.Version, c.Name)
	}
	// Output:
	// up 20261122180000 songs
	// up 20261122190000 first_song
}
