package main

import (
	"context"
	"database/sql"
	"log/slog"
	"os"
	"strings"

	"github.com/gorilla/mux"
	_ "github.com/jackc/pgx/v5/stdlib" // registers the driver "pgx"

	"github.com/go-sails/sails/sailsio"
	"github.com/go-sails/sails/sailsio/action"
	"github.com/go-sails/sails/sailsio/blueprint"
	"github.com/go-sails/sails/sailsio/model"
	"github.com/go-sails/sails/sailsio/sqlstore"
	"github.com/go-sails/sails/sailsio/sqlstore/sqlite"
)

// widgetSchema declares the only model.
func widgetSchema() (*model.Schema, error) {
	return model.New(model.Definition{Identity: "widget", Attributes: []model.Attribute{
		{Name: "id", Type: model.Number, AutoIncrement: true},
		{Name: "name", Type: model.String},
		{Name: "size", Type: model.Number},
	}})
}

// widgets mounts the blueprint resource on the router.
func widgets(router *mux.Router, app *sailsio.App, schema *model.Schema) error {
	db, dialect, err := openDatabase()
	if err != nil {
		return err
	}
	store, err := sqlstore.New(sqlstore.Config{Schema: schema, DB: db, Dialect: dialect})
	if err != nil {
		return err
	}
	if err := store.Migrate(context.Background(), sqlstore.Alter, nil); err != nil {
		return err
	}
	api, err := blueprint.New(blueprint.Config{
		Store: store, Notifier: blueprint.App(app), REST: true, Production: true,
		Expose: map[string]blueprint.Exposure{"widget": {}}, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return err
	}
	vars := action.Vars(mux.Vars)
	for _, r := range api.Routes() {
		for _, path := range muxPaths(r.Path) {
			router.Handle(path, vars(r.Handler)).Methods(r.Method)
		}
	}
	return nil
}

// openDatabase opens DATABASE: the address of a PostgreSQL or the file of an SQLite
// database; by default one in memory.
func openDatabase() (*sql.DB, sqlstore.Dialect, error) {
	address := os.Getenv("DATABASE")
	switch {
	case address == "":
		db, err := sqlite.Memory()
		return db, sqlstore.SQLite, err
	case strings.HasPrefix(address, "postgres://"):
		db, err := sql.Open("pgx", address)
		if err != nil {
			return nil, "", err
		}
		db.SetMaxOpenConns(10) // as many as Sails takes
		db.SetMaxIdleConns(10)
		return db, sqlstore.PostgreSQL, nil
	default:
		db, err := sqlite.Open(address)
		return db, sqlstore.SQLite, err
	}
}

// muxPaths writes a path of a blueprint in gorilla/mux's way: two paths when its
// last parameter may be missing.
func muxPaths(path string) []string {
	var paths []string
	parts := strings.Split(path, "/")
	if last := parts[len(parts)-1]; strings.HasSuffix(last, "?") {
		paths = append(paths, muxPaths(strings.Join(parts[:len(parts)-1], "/"))...)
		parts[len(parts)-1] = strings.TrimSuffix(last, "?")
	}
	for i, part := range parts {
		if name, ok := strings.CutPrefix(part, ":"); ok {
			parts[i] = "{" + name + "}"
		}
	}
	return append(paths, strings.Join(parts, "/"))
}
