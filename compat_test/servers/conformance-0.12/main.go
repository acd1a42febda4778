// Command conformance-0.12 is the reference application of the scenarios in
// conformance/scenarios-0.12: the pubsub and the blueprints of Sails 0.12.
package main

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"strings"

	"github.com/go-sails/sails/compat_test/internal/serve"
	"github.com/go-sails/sails/engineio"
	"github.com/go-sails/sails/sailsio"
	"github.com/go-sails/sails/sailsio/action"
	"github.com/go-sails/sails/sailsio/blueprint"
	"github.com/go-sails/sails/sailsio/model"
	"github.com/go-sails/sails/sailsio/route"
	"github.com/go-sails/sails/sailsio/session"
	"github.com/go-sails/sails/sailsio/sqlstore"
	"github.com/go-sails/sails/sailsio/sqlstore/sqlite"
	"github.com/go-sails/sails/socketio"
)

const secret = "conformance-secret-conformance-secret"

// application holds what the handlers share.
type application struct {
	app    *sailsio.App
	schema *model.Schema
	db     *sql.DB
	store  *sqlstore.Store
}

func main() {
	a, err := newApplication()
	if err != nil {
		serve.Exit(err)
	}
	serve.Main(oldHeaders(a.app), func(ctx context.Context) error {
		return errors.Join(a.app.Shutdown(ctx), a.db.Close())
	})
}

func newApplication() (*application, error) {
	production := os.Getenv("NODE_ENV") == "production"
	log := slog.New(slog.DiscardHandler)
	if os.Getenv("CONF_VERBOSE") != "" {
		log = slog.New(slog.NewTextHandler(os.Stderr, nil))
	}
	a := &application{}
	var err error
	if a.schema, err = newSchema(); err != nil {
		return nil, err
	}
	if a.db, err = sqlite.Memory(); err != nil {
		return nil, err
	}
	if a.store, err = sqlstore.New(sqlstore.Config{Schema: a.schema, DB: a.db, Dialect: sqlstore.SQLite}); err != nil {
		return nil, err
	}
	if err := a.store.Migrate(context.Background(), sqlstore.Drop, nil); err != nil {
		return nil, err
	}
	sessions, err := session.New(session.Config{Secrets: []string{secret}, Production: production, Logger: log})
	if err != nil {
		return nil, err
	}
	var router http.Handler // made last: its blueprints need the app
	late := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { router.ServeHTTP(w, r) })
	a.app, err = sailsio.New(sailsio.Config{
		Handler:  emptyCORS((&action.Config{Production: production, Logger: log}).Handler(late)),
		Sessions: sessions,
		Models:   a.schema,
		Sails012: &sailsio.Sails012{Autosubscribe: map[string][]string{"note": {"update", "destroy"}, "sealed": {}}},
		// 0.12 lets any page connect.
		SocketIO:   socketio.Config{Engine: engineio.Config{AllowOrigins: []string{"*"}}},
		Production: production,
		Logger:     log,
	})
	if err != nil {
		return nil, err
	}
	router, err = a.routes(production, log)
	return a, err
}

func (a *application) routes(production bool, log *slog.Logger) (http.Handler, error) {
	api, err := blueprint.New(blueprint.Config{
		Store:        a.store,
		Notifier:     blueprint.App(a.app),
		ExposeAll:    true,
		REST:         true,
		Shortcuts:    true,
		ActionRoutes: true,
		Custom:       map[string]http.Handler{"user/hello": http.HandlerFunc(hello)},
		Sails012:     true,
		RawMessages:  true,
		// What is recorded here is what the original does, also where we advise against it.
		UnsafeAutomatic: true,
		Prefix:          os.Getenv("CONF_PREFIX"),
		RestPrefix:      os.Getenv("CONF_REST_PREFIX"),
		Pluralize:       os.Getenv("CONF_PLURALIZE") != "",
		NoAutoWatch:     os.Getenv("CONF_NO_AUTOWATCH") != "",
		Mirror:          os.Getenv("CONF_MIRROR") != "",
		Production:      production,
		Logger:          log,
	})
	if err != nil {
		return nil, err
	}
	table := []route.Route{
		{Address: "GET /test/ping", Handler: http.HandlerFunc(ping)},
		{Address: "POST /test/reset", Handler: http.HandlerFunc(a.reset)},
		{Address: "POST /seed/user", Handler: http.HandlerFunc(a.seedUser)},
		{Address: "POST /sock/join", Handler: http.HandlerFunc(a.join)},
		{Address: "POST /sock/leave", Handler: http.HandlerFunc(a.leave)},
		{Address: "POST /sock/broadcast", Handler: http.HandlerFunc(a.broadcast)},
		{Address: "POST /sock/blast", Handler: http.HandlerFunc(a.blast)},
		{Address: "GET /sock/rooms", Handler: http.HandlerFunc(rooms)},
	}
	for name, h := range pubsubMethods {
		table = append(table, route.Route{Address: "POST /rps/" + name, Handler: a.onModel(h)})
	}
	var blueprints []route.Route
	for _, r := range api.Routes() {
		blueprints = append(blueprints, route.Route{Address: r.Method + " " + r.Path, Action: r.Action, Handler: r.Handler})
	}
	rest, err := route.New(route.Config{Routes: blueprints, KeepOrder: true, NotFound: http.HandlerFunc(notFound), Logger: log})
	if err != nil {
		return nil, err
	}
	return route.New(route.Config{Routes: table, NotFound: rest, Logger: log})
}

// notFound answers as 0.12 does: without a body.
func notFound(w http.ResponseWriter, r *http.Request) {
	action.End(action.Status(w, http.StatusNotFound), r)
}

// corsHeaders are sent with every answer, empty, when CORS is not configured.
var corsHeaders = []string{
	"Access-Control-Allow-Origin", "Access-Control-Allow-Credentials", "Access-Control-Allow-Methods",
	"Access-Control-Allow-Headers", "Access-Control-Expose-Headers",
}

func emptyCORS(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, name := range corsHeaders {
			action.SetHeader(w, name, "")
		}
		next.ServeHTTP(w, r)
	})
}

// oldHeaders adds what 0.12 is known by to answers over plain HTTP.
func oldHeaders(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, "/socket.io/") {
			w.Header().Set("X-Powered-By", "Sails <sailsjs.org>")
			if r.Method == http.MethodPost {
				w.Header().Add("Vary", "X-HTTP-Method-Override")
			}
		}
		next.ServeHTTP(w, r)
	})
}
