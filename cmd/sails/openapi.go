package main

import (
	"cmp"
	"net/http"
	"sync"

	"github.com/go-sails/sails/sailsio/action"
	"github.com/go-sails/sails/sailsio/openapi"
	"github.com/go-sails/sails/sailsio/route"
)

// document describes an application's routes and models.
func document(a *application, url string) ([]byte, error) {
	cfg := openapi.Config{Title: cmp.Or(a.m.Name, "application"), APIVersion: "1.0.0", ServerURL: url, Schema: a.Schema()}
	for _, r := range a.Routes() {
		if r.Kind == "option" {
			continue // of this program, not of the application
		}
		cfg.Routes = append(cfg.Routes, openapi.Route{
			Address: r.Address, Action: r.Action, Redirect: r.Redirect,
			Blueprint: r.Kind == "blueprint", Closed: r.Answer == "closed", Guarded: len(r.Policies) > 0,
		})
	}
	return openapi.New(cfg)
}

// documentRoute serves the document of an application that is opened later.
func documentRoute(a func() *application) route.Route {
	text := sync.OnceValues(func() ([]byte, error) { return document(a(), "") })
	return route.Route{Address: "GET /openapi.json", Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		doc, err := text()
		if err != nil {
			action.ServerError(w, r, err)
			return
		}
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		_, _ = w.Write(doc)
	})}
}
