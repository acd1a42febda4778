package main

import (
	"context"
	"log/slog"
	"net/http"

	"github.com/go-sails/sails/sailsio/model"
	"github.com/go-sails/sails/sailsio/route"
)

// records keeps the records of the models.
type records struct{}

func openRecords(*model.Schema) (*records, error) { return &records{}, nil }

func (*records) reset(context.Context) error { return nil }

func (*records) close() error { return nil }

// blueprints answers what no route does.
func (a *application) blueprints(*route.Policies, *slog.Logger) (http.Handler, error) {
	return http.HandlerFunc(notFound), nil
}
