// Command lifted serves a manifest exported from the reference application, with no
// code of that application but the plumbing the scenarios themselves need: GET
// /test/ping, POST /test/reset, and /sock/rooms, by which they look at subscriptions.
//
// MANIFEST is the file. The variables CONF_… of a variant change the manifest as
// they change the reference application's own configuration. With UPSTREAM the
// application at that address answers what the manifest names only, and with
// SESSION_REDIS sessions are kept where it keeps them. With PORTED some of its actions
// are answered by Go, with SOCKETS_REDIS its broadcasts reach sockets of this server, and
// ASSETS is a folder of files to serve.
package main

import (
	"context"
	"database/sql"
	"errors"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/go-sails/sails/compat_test/internal/serve"
	"github.com/go-sails/sails/sailsio"
	"github.com/go-sails/sails/sailsio/action"
	"github.com/go-sails/sails/sailsio/frontdoor"
	"github.com/go-sails/sails/sailsio/manifest"
	"github.com/go-sails/sails/sailsio/manifest/datastore"
	"github.com/go-sails/sails/sailsio/redissession"
	"github.com/go-sails/sails/sailsio/route"
	"github.com/go-sails/sails/sailsio/sqlstore"
)

type lifted struct {
	db  *sql.DB
	app *manifest.Application
}

func main() {
	l := &lifted{}
	if err := l.start(context.Background()); err != nil {
		serve.Exit(err)
	}
	serve.Main(l.app, func(ctx context.Context) error { return errors.Join(l.app.Shutdown(ctx), l.db.Close()) })
}

func (l *lifted) start(ctx context.Context) error {
	m, err := manifest.ReadFile(os.Getenv("MANIFEST"))
	if err != nil {
		return err
	}
	vary(&m.Blueprints)
	var dialect sqlstore.Dialect
	if l.db, dialect, err = datastore.Open(m.Datastore, os.TempDir()); err != nil {
		return err
	}
	m.Routes = slices.DeleteFunc(m.Routes, func(r manifest.Route) bool {
		return strings.HasPrefix(r.Address, "GET /test/ping") || strings.HasPrefix(r.Address, "POST /test/reset") || strings.HasSuffix(r.Address, "/sock/rooms")
	})
	options := manifest.Options{
		DB: l.db, Dialect: dialect,
		SessionSecrets: []string{"conformance-secret-conformance-secret"},
		Routes: []route.Route{
			{Address: "GET /test/ping", Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { action.Send(w, r, "pong") })},
			{Address: "POST /test/reset", Handler: http.HandlerFunc(l.reset), CSRF: route.Off},
			{Address: "/sock/rooms", Handler: http.HandlerFunc(rooms)},
		},
	}
	if err := l.share(&options); err != nil {
		return err
	}
	if os.Getenv("PORTED") != "" {
		l.port(&options)
	}
	if dir := os.Getenv("ASSETS"); dir != "" {
		options.Assets = os.DirFS(dir)
	}
	start := func(context.Context) error { return nil }
	if address := os.Getenv("SOCKETS_REDIS"); address != "" {
		if start, err = l.cluster(&options, address); err != nil {
			return err
		}
	}
	if l.app, err = manifest.Build(m, options); err != nil {
		return err
	}
	if err := start(ctx); err != nil {
		return err
	}
	return l.app.Store().Migrate(ctx, sqlstore.Alter, nil)
}

// share puts the other application behind this one, and sessions where both find
// them.
func (l *lifted) share(o *manifest.Options) error {
	if address := os.Getenv("UPSTREAM"); address != "" {
		old, err := frontdoor.New(frontdoor.Config{Target: address})
		if err != nil {
			return err
		}
		o.Upstream = old
	}
	address := os.Getenv("SESSION_REDIS")
	if address == "" {
		return nil
	}
	settings, err := redis.ParseURL(address)
	if err != nil {
		return err
	}
	o.SessionStore, err = redissession.New(redissession.Config{Client: redis.NewClient(settings)})
	return err
}

// vary reads the variables of the variants that concern blueprints.
func vary(b *manifest.Blueprints) {
	b.Prefix, b.RestPrefix = os.Getenv("CONF_PREFIX"), os.Getenv("CONF_REST_PREFIX")
	b.Pluralize, b.Mirror = os.Getenv("CONF_PLURALIZE") != "", os.Getenv("CONF_MIRROR") != ""
	if os.Getenv("CONF_NO_AUTOWATCH") != "" {
		b.AutoWatch = new(false)
	}
}

// reset prepares the server for the next scenario.
func (l *lifted) reset(w http.ResponseWriter, r *http.Request) {
	ns := l.app.App().IO().Of("/")
	if ns.Len() > 0 {
		if err := ns.DisconnectSockets(r.Context(), true); err != nil {
			action.ServerError(w, r, err)
			return
		}
		select {
		case <-time.After(60 * time.Millisecond):
		case <-r.Context().Done():
		}
	}
	if err := l.app.Store().Migrate(r.Context(), sqlstore.Drop, nil); err != nil {
		action.ServerError(w, r, err)
		return
	}
	action.JSON(w, r, map[string]bool{"reset": true})
}

// rooms tells a socket which rooms it is in.
func rooms(w http.ResponseWriter, r *http.Request) {
	socket, ok := sailsio.SocketFromContext(r.Context())
	if !ok {
		action.BadRequest(w, r, "not a socket")
		return
	}
	names := []string{}
	own := false
	for _, name := range socket.Rooms() {
		if name == socket.ID() {
			own = true
			continue
		}
		names = append(names, name)
	}
	slices.Sort(names)
	action.JSON(w, r, map[string]any{"rooms": names, "ownRoom": own})
}
