package blueprint

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"

	"github.com/go-sails/sails/sailsio/model"
)

// Action is one of the nine blueprint actions.
type Action string

// The blueprint actions.
const (
	Find     Action = "find"
	FindOne  Action = "findOne"
	Create   Action = "create"
	Update   Action = "update"
	Destroy  Action = "destroy"
	Populate Action = "populate"
	Add      Action = "add"
	Remove   Action = "remove"
	Replace  Action = "replace"
)

// ReadOnly are the actions that change nothing.
var ReadOnly = []Action{Find, FindOne, Populate}

var everything = []Action{Find, FindOne, Create, Update, Destroy, Populate, Add, Remove, Replace}

// Store keeps records. sqlstore.Store is one. Queries are checked and refer to
// the models of Config.Schema.
type Store interface {
	Schema() *model.Schema
	// Find returns the records of a query, never nil.
	Find(ctx context.Context, q *model.Query) ([]model.Record, error)
	// FindOne returns the only record of a query, or nil.
	FindOne(ctx context.Context, q *model.Query) (model.Record, error)
	// Create checks and stores a record and returns it. Errors that are the
	// client's are *model.UsageError and *model.UniqueError, here and below.
	Create(ctx context.Context, m *model.Model, values model.Record) (model.Record, error)
	// UpdateOne sets values in the only record of a query and returns it, or nil.
	UpdateOne(ctx context.Context, q *model.Query, values model.Record) (model.Record, error)
	// Destroy deletes the records of a query and returns them.
	Destroy(ctx context.Context, q *model.Query) ([]model.Record, error)
	AddToCollection(ctx context.Context, m *model.Model, ids any, alias string, members any) error
	RemoveFromCollection(ctx context.Context, m *model.Model, ids any, alias string, members any) error
	ReplaceCollection(ctx context.Context, m *model.Model, ids any, alias string, members any) error
	// Transaction makes one of the calls that use the context fn gets.
	Transaction(ctx context.Context, fn func(ctx context.Context) error) error
}

// Config says which models are served, where and how.
type Config struct {
	// Store keeps the records. Required.
	Store Store

	// Notifier tells sockets what happens and subscribes them; App makes one. Nil
	// means nobody is told (BP-17).
	Notifier Notifier

	// Expose names the models that get actions and says which. Models it does not
	// name get none, unless ExposeAll is set.
	Expose map[string]Exposure

	// ExposeAll gives every model all nine actions, apart from what Expose says
	// about it. It is for development: anyone who reaches the server can then read
	// and change every record.
	ExposeAll bool

	// REST, Shortcuts and ActionRoutes switch on the three kinds of routes
	// (BP-1..3). Shortcuts change records by GET requests, which other sites can
	// make a browser send: they are for development too.
	REST, Shortcuts, ActionRoutes bool

	// Custom are the application's own actions by identity, like "user/promote".
	// One that has the name of a blueprint action takes its place (BP-5); with
	// ActionRoutes the others get routes of their own.
	Custom map[string]http.Handler

	// Prefix comes before all paths, RestPrefix after it before those of REST
	// routes: "/api", "/v1". A missing slash at the beginning is added.
	Prefix, RestPrefix string
	// Pluralize makes the paths' names plural: /users.
	Pluralize bool

	// NoAutoWatch stops find, findOne and populate from making the requester
	// watch models, which they do to tell it of new records.
	NoAutoWatch bool
	// Mirror sends the notifications of destroy and remove to the requester too,
	// MirrorAll those of all actions (BP-14, SU-27).
	Mirror, MirrorAll bool

	// Parse takes the place of reading the request, as parseBlueprintOptions does
	// (BP-19). parse does what is done without it; its result may be changed and
	// returned. An error that is a *model.UsageError is answered with 400.
	Parse func(r *http.Request, parse func() (*Options, error)) (*Options, error)

	// Limits bound what queries ask for. The zero value means model.ClientLimits.
	Limits model.Limits

	// Production leaves the tips for developers out of error messages.
	Production bool

	// Strict reproduces what Sails does where that is a mistake: the status 500 for
	// unparsable parameters and keys (SU-15), a removedFrom for a record that was added
	// to the collection it is in already (SU-16), and messages of replace that take an id
	// sent twice, or as the text of a number, for a new one.
	Strict bool

	// RawMessages publishes what Sails does to the letter: records without
	// ToJSON, which an application may count on to hide attributes, and changed
	// values under the names of their columns. Attributes that are not readable are
	// left out all the same.
	RawMessages bool

	// UnsafeAutomatic lets clients set what the server gives by itself: times and
	// auto-increment keys. It is what Sails does, and lets anyone choose the key of a
	// record and predate it (SEC-86). New logs a warning.
	UnsafeAutomatic bool

	// Sails012 serves the routes and the actions of Sails 0.12 instead of 1.x
	// (spec 7.7). The models should be Sparse, and the app of the Notifier have
	// Sails012 too. Mirror then counts for all actions (PO-36).
	Sails012 bool

	// Logger hears about errors that are not the client's. Nil: nothing.
	Logger *slog.Logger
}

// Exposure says what a model serves. Its associations show records of other
// models, and change to whom these belong, whether those are exposed or not: an
// association that clients must not see or change has no place in the model's
// Readable or Writable.
type Exposure struct {
	// Actions lists the actions; nil means all nine, an empty list none.
	Actions []Action
	// NoREST and NoShortcuts switch these routes off for the model (BP-4).
	NoREST, NoShortcuts bool
	// Parse is Config.Parse for this model, and is used instead of it.
	Parse func(r *http.Request, parse func() (*Options, error)) (*Options, error)
}

// API serves blueprints. It is safe for concurrent use.
type API struct {
	cfg    Config
	schema *model.Schema
	models []*exposed
	byName map[string]*exposed
	log    *slog.Logger
	order  order
}

// exposed is a model with what it serves.
type exposed struct {
	Exposure
	m       *model.Model
	actions map[Action]bool
}

// New checks the configuration.
func New(cfg Config) (*API, error) {
	if cfg.Store == nil {
		return nil, errors.New("blueprint: Config needs Store")
	}
	if cfg.Limits == (model.Limits{}) {
		cfg.Limits = model.ClientLimits()
	}
	for _, prefix := range []*string{&cfg.Prefix, &cfg.RestPrefix} {
		if *prefix != "" && (*prefix)[0] != '/' {
			*prefix = "/" + *prefix
		}
		*prefix = strings.TrimRight(*prefix, "/")
	}
	api := &API{schema: cfg.Store.Schema(), byName: map[string]*exposed{}, log: cfg.Logger}
	if api.log == nil {
		api.log = slog.New(slog.DiscardHandler)
	}
	if cfg.Sails012 && cfg.Mirror {
		cfg.MirrorAll = true
	}
	if cfg.UnsafeAutomatic {
		api.log.Warn("blueprint: Config.UnsafeAutomatic lets clients set keys and times of records")
	}
	for identity := range cfg.Expose {
		if _, ok := api.schema.Model(identity); !ok {
			return nil, fmt.Errorf("blueprint: Expose names the unknown model %q", identity)
		}
	}
	for _, m := range api.schema.Models() {
		exposure, named := cfg.Expose[m.Identity]
		if !named && !cfg.ExposeAll {
			continue
		}
		e := &exposed{Exposure: exposure, m: m, actions: map[Action]bool{}}
		if e.Actions == nil {
			e.Actions = everything
		}
		if e.Parse == nil {
			e.Parse = cfg.Parse
		}
		for _, action := range e.Actions {
			if !slices.Contains(everything, action) {
				return nil, fmt.Errorf("blueprint: %s: there is no action %q", m.Identity, action)
			}
			e.actions[action] = true
		}
		api.models = append(api.models, e)
		api.byName[m.Identity] = e
	}
	api.cfg = cfg
	return api, nil
}
