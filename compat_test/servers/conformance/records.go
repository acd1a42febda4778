package main

import (
	"context"
	"database/sql"
	"log/slog"
	"net/http"
	"os"

	"github.com/go-sails/sails/sailsio/blueprint"
	"github.com/go-sails/sails/sailsio/model"
	"github.com/go-sails/sails/sailsio/route"
	"github.com/go-sails/sails/sailsio/sqlstore"
	"github.com/go-sails/sails/sailsio/sqlstore/sqlite"
)

// records keeps the records of the models in memory.
type records struct {
	db    *sql.DB
	store *sqlstore.Store
}

func openRecords(schema *model.Schema) (*records, error) {
	db, err := sqlite.Memory()
	if err != nil {
		return nil, err
	}
	store, err := sqlstore.New(sqlstore.Config{Schema: schema, DB: db, Dialect: sqlstore.SQLite})
	if err != nil {
		return nil, err
	}
	d := &records{db, store}
	return d, d.reset(context.Background())
}

// reset empties all tables and starts all sequences anew.
func (d *records) reset(ctx context.Context) error {
	return d.store.Migrate(ctx, sqlstore.Drop, nil)
}

func (d *records) close() error { return d.db.Close() }

// blueprints answers what no route of the application does.
func (a *application) blueprints(production bool, policies *route.Policies, log *slog.Logger) (http.Handler, error) {
	api, err := blueprint.New(blueprint.Config{
		Store:       a.data.store,
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
		Logger:      log,
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
