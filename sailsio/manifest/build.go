package manifest

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/go-sails/sails/engineio"
	"github.com/go-sails/sails/sailsio"
	"github.com/go-sails/sails/sailsio/action"
	"github.com/go-sails/sails/sailsio/blueprint"
	"github.com/go-sails/sails/sailsio/model"
	"github.com/go-sails/sails/sailsio/route"
	"github.com/go-sails/sails/sailsio/session"
	"github.com/go-sails/sails/sailsio/sqlstore"
	"github.com/go-sails/sails/socketio"
	"github.com/go-sails/sails/virtualrequest"
)

// Options are what a manifest cannot say: the database, code, and secrets.
type Options struct {
	// DB and Dialect are the database; package datastore opens what the manifest
	// asks for. Required when the manifest has models. Build does not close it.
	DB      *sql.DB
	Dialect sqlstore.Dialect

	// DataEncryptionKeys are the keys of encrypted attributes; see
	// Manifest.DataEncryptionKeys.
	DataEncryptionKeys map[string]string

	// Actions are handlers by identity ("user/promote"), in any letter case. One
	// called like a blueprint action takes its place (BP-5). Those that the manifest
	// does not name are fine too.
	Actions map[string]http.Handler
	// Policies are the policies by name.
	Policies map[string]route.Policy
	// Routes are tried before the manifest's own.
	Routes []route.Route
	// Models may change the definitions of the models: add callbacks, validations,
	// ToJSON. It also says which entries of a model's Unported it makes up for. Nil
	// changes nothing.
	Models func(definitions []model.Definition) (ported map[string][]string)
	// Definitions are models that are written in Go; they come after the manifest's.
	// Unported says of them, by identity, what Model.Unported says of the others.
	Definitions []model.Definition
	Unported    map[string][]string
	// BeforeConnect decides on handshakes; see sailsio.Config.
	BeforeConnect func(*http.Request) error

	// Configure, when not nil, may change the configuration of the realtime side that
	// the manifest gives: an adapter for a cluster, AfterDisconnect, limits. The handler,
	// the sessions and the models stay what they are.
	Configure func(*sailsio.Config)

	// Upstream answers what has no counterpart here, usually a frontdoor.Proxy to the
	// old application. Nil: such requests are refused.
	Upstream http.Handler

	// SessionSecrets sign cookies, the first of them; in production there has to be
	// one. SessionStore keeps the sessions; nil is a store in memory.
	SessionSecrets []string
	SessionStore   session.Store

	// Assets are files to serve over plain HTTP, for paths that no route answers
	// (VR-11): Sails' assets folder. Nil is none. Names that begin with a dot are
	// never served.
	Assets fs.FS

	// Production has safe settings only: explanations are withheld, blueprints are
	// served as far as the manifest exposes them, and what is missing (a secret, a
	// decision about origins) is an error.
	Production bool
	// Logger receives one line per lifecycle fact; nil discards.
	Logger *slog.Logger
}

// Application is a running application. It is an http.Handler, immutable but for
// its connections, and safe for concurrent use.
type Application struct {
	app    *sailsio.App
	store  *sqlstore.Store // nil without models
	schema *model.Schema
	api    *blueprint.API // nil without models
	table  []RouteInfo
	gaps   []Gap

	poweredBy, socketPath string
}

// ServeHTTP serves plain HTTP and the sockets.
func (a *Application) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if a.poweredBy != "" && !strings.HasPrefix(r.URL.Path, a.socketPath) {
		w.Header().Set("X-Powered-By", a.poweredBy)
	}
	a.app.ServeHTTP(w, r)
}

// App returns the realtime side: rooms, broadcasts, pubsub.
func (a *Application) App() *sailsio.App { return a.app }

// Store returns the records, nil when the manifest has no models.
func (a *Application) Store() *sqlstore.Store { return a.store }

// Schema returns the models.
func (a *Application) Schema() *model.Schema { return a.schema }

// Routes lists the routes in the order in which kinds are tried. The slice must not
// be changed.
func (a *Application) Routes() []RouteInfo { return a.table }

// Gaps lists what the manifest names and nothing in Go answers. The slice must not
// be changed.
func (a *Application) Gaps() []Gap { return a.gaps }

// Shutdown ends the realtime side as sailsio.App.Shutdown does.
func (a *Application) Shutdown(ctx context.Context) error { return a.app.Shutdown(ctx) }

// Build makes an application of a manifest. It does not migrate the database; see
// Application.Store. Mistakes of the manifest are reported all at once.
func Build(m *Manifest, o Options) (*Application, error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if strings.ContainsAny(m.PoweredBy, "\r\n\x00") {
		return nil, errors.New("manifest: poweredBy holds a line break")
	}
	b := &builder{m: m, o: o}
	return b.build()
}

// builder holds what the steps of Build share.
type builder struct {
	m        *Manifest
	o        Options
	schema   *model.Schema
	store    *sqlstore.Store
	models   []string            // identities, in order
	unported map[string][]string // by model; what Options made up for is gone
	policies *route.Policies
	registry map[string]route.Policy // by name in lower case
	absent   map[string]bool         // those of registry that only refuse
	api      *blueprint.API
	actions  map[string]http.Handler // by identity in lower case; the gaps too
	gaps     []Gap
	table    []RouteInfo
}

func (b *builder) build() (*Application, error) {
	if err := b.collectModels(); err != nil {
		return nil, err
	}
	if err := b.collectActions(); err != nil {
		return nil, err
	}
	if err := b.collectPolicies(); err != nil {
		return nil, err
	}
	sessions, err := b.sessions()
	if err != nil {
		return nil, err
	}
	// The app and its handler need each other: blueprints notify through the app.
	late := &lateHandler{}
	cfg, err := b.config(late, sessions)
	if err != nil {
		return nil, err
	}
	handler := cfg.Handler
	if b.o.Configure != nil {
		b.o.Configure(&cfg)
		cfg.Handler, cfg.Sessions, cfg.Models = handler, sessions, b.schema
	}
	app, err := sailsio.New(cfg)
	if err != nil {
		return nil, err
	}
	router, err := b.router(app)
	if err != nil {
		return nil, errors.Join(err, app.Shutdown(context.Background()))
	}
	late.Handler = router
	return &Application{
		app: app, store: b.store, schema: b.schema, api: b.api, table: b.table, gaps: b.gaps,
		poweredBy: b.m.PoweredBy, socketPath: strings.TrimSuffix(cmp.Or(b.m.Sockets.Path, "/socket.io"), "/") + "/",
	}, nil
}

type lateHandler struct{ http.Handler }

func (b *builder) collectModels() error {
	definitions, err := b.m.Definitions()
	if err != nil {
		return err
	}
	b.unported = map[string][]string{}
	for i := range b.m.Models {
		md := &b.m.Models[i]
		b.unported[md.Identity] = slices.Clone(md.Unported)
	}
	for _, d := range b.o.Definitions {
		entries := b.o.Unported[d.Identity]
		if d, err = withhold(d, entries); err != nil {
			return err
		}
		definitions = append(definitions, d)
		b.unported[d.Identity] = slices.Clone(entries)
	}
	for i := range definitions {
		b.models = append(b.models, definitions[i].Identity)
	}
	if b.o.Models != nil {
		for identity, ported := range b.o.Models(definitions) {
			b.unported[identity] = slices.DeleteFunc(b.unported[identity], func(entry string) bool { return slices.Contains(ported, entry) })
		}
	}
	if b.schema, err = model.New(definitions...); err != nil {
		return err
	}
	if len(definitions) == 0 {
		return nil
	}
	if b.o.DB == nil {
		return errors.New("manifest: the models need a database: set Options.DB and Options.Dialect")
	}
	b.store, err = sqlstore.New(sqlstore.Config{Schema: b.schema, DB: b.o.DB, Dialect: b.o.Dialect, DataEncryptionKeys: b.o.DataEncryptionKeys})
	return err
}

// config is the configuration of the realtime side.
func (b *builder) config(h http.Handler, sessions *session.Manager) (sailsio.Config, error) {
	s := &b.m.Sockets
	proxies, err := virtualrequest.ParseProxies(b.m.TrustProxies...)
	if err != nil {
		return sailsio.Config{}, fmt.Errorf("manifest: trustProxies: %w", err)
	}
	if slices.Contains(s.Unported, "beforeConnect") && b.o.BeforeConnect == nil {
		return sailsio.Config{}, errors.New(`manifest: sockets.beforeConnect decided who may connect and was JavaScript: give its counterpart in Options.BeforeConnect, or delete it from sockets.unported to let everyone in whom the origins let in`)
	}
	var transports []engineio.Transport
	for _, name := range s.Transports {
		transports = append(transports, engineio.Transport(name))
	}
	var sails012 *sailsio.Sails012
	if b.m.Sails012 != nil {
		sails012 = &sailsio.Sails012{Autosubscribe: b.m.Sails012.Autosubscribe}
	}
	answers := &action.Config{Production: b.o.Production, TrustedProxies: proxies, Logger: b.o.Logger}
	return sailsio.Config{
		Handler:  answers.Handler(h),
		Sessions: sessions,
		Models:   b.schema,
		Sails012: sails012,
		SocketIO: socketio.Config{
			Path: s.Path,
			Engine: engineio.Config{
				Transports:   transports,
				PingInterval: time.Duration(s.PingInterval) * time.Millisecond,
				PingTimeout:  time.Duration(s.PingTimeout) * time.Millisecond,
				MaxPayload:   int64(s.MaxHTTPBufferSize),
			},
		},
		OnlyAllowOrigins:    s.OnlyAllowOrigins,
		BeforeConnect:       b.o.BeforeConnect,
		OmitStatusCode:      isFalse(s.SendStatusCode),
		OmitResponseHeaders: isFalse(s.SendResponseHeaders),
		NoThirdPartyCookie:  isFalse(s.Grant3rdPartyCookie) || b.o.Upstream != nil, // so does it on /__getcookie
		TrustProxies:        proxies,
		Production:          b.o.Production,
		Logger:              b.o.Logger,
	}, nil
}

func (b *builder) sessions() (*session.Manager, error) {
	s := &b.m.Session
	if s.Disabled {
		return nil, nil
	}
	sameSite, ok := map[string]http.SameSite{
		"": 0, "lax": http.SameSiteLaxMode, "strict": http.SameSiteStrictMode, "none": http.SameSiteNoneMode,
	}[strings.ToLower(s.Cookie.SameSite)]
	if !ok {
		return nil, fmt.Errorf("manifest: session.cookie.sameSite %q is none of lax, strict, none", s.Cookie.SameSite)
	}
	return session.New(session.Config{
		Secrets: b.o.SessionSecrets, Production: b.o.Production, Name: s.Name, Store: b.o.SessionStore,
		Cookie: session.CookieConfig{
			Path: s.Cookie.Path, Domain: s.Cookie.Domain, MaxAge: time.Duration(s.Cookie.MaxAge) * time.Millisecond,
			Secure: s.Cookie.Secure, ScriptAccess: isFalse(s.Cookie.HTTPOnly), SameSite: sameSite,
		},
		Rolling: s.Rolling,
		// The old application gives visitors their cookie; two would be one too many.
		OnlyModified: isFalse(s.SaveUninitialized) || b.o.Upstream != nil,
		TrustProxy:   len(b.m.TrustProxies) > 0, Logger: b.o.Logger,
	})
}

// blueprints makes the blueprint API.
func (b *builder) blueprints(app *sailsio.App) (*blueprint.API, error) {
	bp := &b.m.Blueprints
	cfg := blueprint.Config{
		Store: b.store, Notifier: blueprint.App(app),
		REST: bp.REST, ActionRoutes: bp.Actions,
		Shortcuts: bp.Shortcuts && (!b.o.Production || bp.ProductionShortcuts),
		Prefix:    bp.Prefix, RestPrefix: bp.RestPrefix, Pluralize: bp.Pluralize,
		NoAutoWatch: isFalse(bp.AutoWatch), Mirror: bp.Mirror,
		ExposeAll:  bp.Expose == nil && !b.o.Production,
		Expose:     map[string]blueprint.Exposure{},
		Custom:     b.actions,
		Sails012:   b.m.Sails012 != nil,
		Production: b.o.Production, Logger: b.o.Logger,
	}
	if bp.Shortcuts && !cfg.Shortcuts {
		b.o.Logger.Warn("shortcut routes are off in production: they change records by GET", "setting", "blueprints.productionShortcuts")
	}
	if bp.Expose == nil && b.o.Production && (bp.REST || bp.Shortcuts) {
		b.o.Logger.Warn("no blueprints in production: name the models in blueprints.expose")
	}
	for identity, e := range bp.Expose {
		cfg.Expose[identity] = blueprint.Exposure{Actions: e.Actions, NoREST: isFalse(e.REST), NoShortcuts: isFalse(e.Shortcuts)}
	}
	return blueprint.New(cfg)
}

func isFalse(b *bool) bool { return b != nil && !*b }
