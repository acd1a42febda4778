package main

import (
	"context"
	"net/http"

	"github.com/go-sails/sails/sailsio/action"
	"github.com/go-sails/sails/sailsio/route"
	"github.com/go-sails/sails/sailsio/session"
)

type stampKey struct{}

// reached answers how often the stamp policy ran.
func reached(w http.ResponseWriter, r *http.Request) {
	stamp, _ := r.Context().Value(stampKey{}).(int)
	action.JSON(w, r, object{"reached": true, "stamp": stamp})
}

func newPolicies() (*route.Policies, error) {
	return route.NewPolicies(route.PolicyConfig{
		Registry: map[string]route.Policy{"needLogin": needLogin, "stamp": stamp, "deny401": deny401, "failing": failing},
		Rules: map[string][]string{
			"policy/open":      {route.Allow},
			"policy/closed":    {route.Deny},
			"policy/login":     {"needLogin"},
			"policy/chain":     {"stamp", "stamp"},
			"policy/chaindeny": {"stamp", "deny401"},
			"policy/failing":   {"failing"},
			"vet/destroy":      {route.Deny},
			"vet/update":       {"needLogin"},
		},
	})
}

func needLogin(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s, ok := session.FromContext(r.Context()); !ok || session.Value[float64](s, "userId") == 0 {
			action.Forbidden(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func stamp(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n, _ := r.Context().Value(stampKey{}).(int)
		action.SetHeader(w, "X-Stamped", "yes")
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), stampKey{}, n+1)))
	})
}

func deny401(http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		action.JSON(action.Status(w, http.StatusUnauthorized), r, object{"error": "login required", "path": action.Path(r)})
	})
}

func failing(http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		action.ServerError(w, r, jsonError(`{"error":"policy failed"}`))
	})
}
