package main

import (
	"context"
	"database/sql"
	"log/slog"
	"net/http"
	"os"
	"strings"

	_ "github.com/go-sql-driver/mysql" // registers the driver "mysql"
	_ "github.com/jackc/pgx/v5/stdlib" // registers the driver "pgx"

	"github.com/go-sails/sails/sailsio/blueprint"
	"github.com/go-sails/sails/sailsio/model"
	"github.com/go-sails/sails/sailsio/route"
	"github.com/go-sails/sails/sailsio/sqlstore"
	"github.com/go-sails/sails/sailsio/sqlstore/sqlite"
)

// records keeps the records of the models, in memory unless CONF_DATABASE says where.
type records struct {
	db    *sql.DB
	store *sqlstore.Store
	ids   counters
}

func openRecords(schema *model.Schema) (*records, error) {
	db, dialect, err := openDatabase(os.Getenv("CONF_DATABASE"))
	if err != nil {
		return nil, err
	}
	store, err := sqlstore.New(sqlstore.Config{Schema: schema, DB: db, Dialect: dialect})
	if err != nil {
		return nil, err
	}
	d := &records{db: db, store: store}
	return d, d.reset(context.Background())
}

// openDatabase opens the database at an address: postgres://…, what the MySQL driver
// takes, or "" for one in memory.
func openDatabase(address string) (*sql.DB, sqlstore.Dialect, error) {
	switch {
	case address == "":
		db, err := sqlite.Memory()
		return db, sqlstore.SQLite, err
	case strings.HasPrefix(address, "postgres://"):
		db, err := sql.Open("pgx", address)
		return db, sqlstore.PostgreSQL, err
	}
	db, err := sql.Open("mysql", address)
	return db, sqlstore.MySQL, err
}

// reset empties all tables and starts all sequences anew.
func (d *records) reset(ctx context.Context) error {
	d.ids.reset()
	return d.store.Migrate(ctx, sqlstore.Drop, nil)
}

func (d *records) close() error { return d.db.Close() }

// blueprints answers what no route of the application does.
func (a *application) blueprints(production bool, policies *route.Policies, log *slog.Logger) (http.Handler, error) {
	var store blueprint.Store = a.data.store
	if os.Getenv("CONF_DATABASE") == "" {
		store = spendingStore{a.data.store, &a.data.ids}
	}
	api, err := blueprint.New(blueprint.Config{
		Store:       store,
		Notifier:    blueprint.App(a.app),
		ExposeAll:   true,
		REST:        true,
		Shortcuts:   true,
		Prefix:      os.Getenv("CONF_PREFIX"),
		RestPrefix:  os.Getenv("CONF_REST_PREFIX"),
		Pluralize:   os.Getenv("CONF_PLURALIZE") != "",
		NoAutoWatch: os.Getenv("CONF_NO_AUTOWATCH") != "",
		Mirror:      os.Getenv("CONF_MIRROR") != "",
		RawMessages: true,
		Production:  production,
		// What is recorded here is what the original does, also where we advise against it.
		Strict:          true,
		UnsafeAutomatic: true,
		Logger:          log,
	})
	if err != nil {
		return nil, err
	}
	var table []route.Route
	for _, r := range api.Routes() {
		table = append(table, route.Route{Address: r.Method + " " + r.Path, Action: r.Action, Handler: r.Handler})
	}
	return route.New(route.Config{Routes: table, KeepOrder: true, Policies: policies, ForwardOptions: true, Logger: log})
}
