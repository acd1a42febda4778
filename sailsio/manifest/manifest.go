package manifest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/go-sails/sails/sailsio/blueprint"
	"github.com/go-sails/sails/sailsio/sqlstore"
)

// FileName is the name of a manifest in the folder of an application.
const FileName = "sails.manifest.json"

// Version is the version of the format that this package reads and writes.
const Version = 1

// Manifest describes an application. The zero value of a field is Sails' default
// unless the field says otherwise; names are those of Sails' configuration. It is
// plain data: copy it as you like, and do not change it while it is being built.
type Manifest struct {
	// Version is the version of the format; it has to be the constant Version.
	Version int `json:"version"`
	// Name is the application's name, for the banner and the OpenAPI document.
	Name string `json:"name,omitempty"`
	// ExportedFrom says which software the manifest was exported from.
	ExportedFrom *Origin `json:"exportedFrom,omitempty"`

	Datastore Datastore `json:"datastore,omitzero"`
	// Migrate says what `sails lift` does to the tables before it serves: "safe"
	// (nothing), "alter" or "drop". Empty is "alter" for an embedded database, else
	// "safe". In production "drop" is refused.
	Migrate sqlstore.Migration `json:"migrate,omitempty"`

	Models     []Model    `json:"models,omitempty"`
	Blueprints Blueprints `json:"blueprints,omitzero"`

	// Routes are the application's own, config/routes.js, in order.
	Routes []Route `json:"routes,omitempty"`
	// Actions are the identities of the application's own actions, such as
	// "user/promote": what the old application had in api/controllers.
	Actions []string `json:"actions,omitempty"`
	// Policies are names by action, config/policies.js: "user/find", "user/*" or
	// "*" to names of policies, or to ["true"] or ["false"] (PL-3).
	Policies map[string][]string `json:"policies,omitempty"`

	// Sails012 makes records, blueprints and notifications those of Sails 0.12. Nil is 1.x.
	Sails012 *Sails012 `json:"sails012,omitempty"`
	// DataEncryptionKeysEnv names the environment variable with the keys of attributes
	// that are encrypted: name=key, several separated by commas, each key base64 of 32
	// bytes; new values get the one called default. Default SAILS_DATA_ENCRYPTION_KEYS.
	DataEncryptionKeysEnv string `json:"dataEncryptionKeysEnv,omitempty"`

	Sockets Sockets `json:"sockets,omitzero"`
	Session Session `json:"session,omitzero"`
	CORS    CORS    `json:"cors,omitzero"`
	CSRF    bool    `json:"csrf,omitempty"`
	// TrustProxies are the proxies whose X-Forwarded-For counts: addresses and
	// networks, see virtualrequest.ParseProxies.
	TrustProxies []string `json:"trustProxies,omitempty"`
	// PoweredBy is the header X-Powered-By of plain HTTP answers. Empty is none;
	// Sails sends "Sails <sailsjs.com>" (RS-13).
	PoweredBy string `json:"poweredBy,omitempty"`

	// Report lists what the export could not carry over, for people. It has no
	// effect; compare Model.Unported.
	Report []Note `json:"report,omitempty"`
}

// Migration is what happens to the tables before the application serves: Migrate, or
// what its empty value means.
func (m *Manifest) Migration() sqlstore.Migration {
	switch {
	case m.Migrate != "":
		return m.Migrate
	case m.Datastore.Embedded():
		return sqlstore.Alter
	}
	return sqlstore.Safe
}

// Sails012 are settings that only Sails 0.12 has.
type Sails012 struct {
	// Autosubscribe has, by model, the contexts that subscribers get when they name
	// none; see sailsio.Sails012.
	Autosubscribe map[string][]string `json:"autosubscribe,omitempty"`
}

// DefaultKeysEnv names the variable with the keys of encrypted attributes.
const DefaultKeysEnv = "SAILS_DATA_ENCRYPTION_KEYS"

// DataEncryptionKeys reads the keys of encrypted attributes from the environment, for
// Options.DataEncryptionKeys. It is an error when the models need some and there are
// none.
func (m *Manifest) DataEncryptionKeys() (map[string]string, error) {
	variable := cmp.Or(m.DataEncryptionKeysEnv, DefaultKeysEnv)
	keys := map[string]string{}
	for part := range strings.SplitSeq(os.Getenv(variable), ",") {
		if name, key, ok := strings.Cut(strings.TrimSpace(part), "="); ok {
			keys[name] = key
		}
	}
	if len(keys) == 0 && m.Encrypts() {
		return nil, fmt.Errorf("manifest: the environment variable %s has to hold the keys of the attributes that are encrypted: default=…, the dataEncryptionKeys of config/models.js", variable)
	}
	return keys, nil
}

// Encrypts reports whether any attribute is encrypted.
func (m *Manifest) Encrypts() bool {
	return slices.ContainsFunc(m.Models, func(md Model) bool {
		return slices.ContainsFunc(md.Attributes, func(a Attribute) bool { return a.Encrypt })
	})
}

// Origin is the software a manifest was exported from.
type Origin struct {
	Sails   string `json:"sails,omitempty"`
	Sockets string `json:"sockets,omitempty"`
	ORM     string `json:"orm,omitempty"`
	Node    string `json:"node,omitempty"`
}

// Note is one line of the report of an export.
type Note struct {
	// Where is what it is about: "models.user", "routes", "policies.isAdmin".
	Where string `json:"where"`
	// What says what was not carried over, and Do what to do about it.
	What string `json:"what"`
	Do   string `json:"do,omitempty"`
}

// Datastore is the database of all models.
type Datastore struct {
	// Adapter is "sqlite" (the default), "postgres" or "mysql", which serves MariaDB
	// too.
	Adapter string `json:"adapter,omitempty"`
	// Path is the file of an SQLite database, relative to the manifest's folder;
	// ":memory:" keeps everything in memory. Default ".tmp/sails.db".
	Path string `json:"path,omitempty"`
	// URLEnv names the environment variable with the address of the database
	// server. Default DATABASE_URL.
	URLEnv string `json:"urlEnv,omitempty"`
}

// Embedded reports whether the database is a file of ours or in memory.
func (d Datastore) Embedded() bool { return d.Adapter == "" || d.Adapter == string(sqlstore.SQLite) }

// Model is one model.
type Model struct {
	Identity   string `json:"identity"`
	TableName  string `json:"tableName,omitempty"`
	PrimaryKey string `json:"primaryKey,omitempty"`
	// CascadeOnDestroy unlinks a record from its collections when it is destroyed.
	CascadeOnDestroy bool `json:"cascadeOnDestroy,omitempty"`
	// Attributes are all of them in order, createdAt, updatedAt and the primary
	// key included: nothing is added.
	Attributes []Attribute `json:"attributes"`
	// Hidden attributes are left out of every answer and notification, and nobody
	// can filter by them: what a customToJSON left out.
	Hidden []string `json:"hidden,omitempty"`
	// ReadOnly attributes cannot be set by clients. createdAt, updatedAt and
	// auto-increment keys never can.
	ReadOnly []string `json:"readOnly,omitempty"`
	// Unported names JavaScript of the model that has no counterpart, and so
	// closes blueprint actions (see the package comment):
	//
	//	customToJSON                            all; other models show its keys only
	//	beforeCreate, afterCreate               create
	//	beforeUpdate, afterUpdate               update
	//	beforeDestroy, afterDestroy             destroy
	//	custom:<attribute>, regex:<attribute>   create and update
	//	encrypt:<attribute>                     create and update; the attribute is hidden
	//
	// Delete an entry to accept that the code does not run any more, or give its
	// counterpart in Options.Models.
	Unported []string `json:"unported,omitempty"`
}

// Attribute is one attribute, in Waterline's words: a value with Type, or an
// association with Model or Collection.
type Attribute struct {
	Name       string `json:"name"`
	Type       string `json:"type,omitempty"`
	Model      string `json:"model,omitempty"`
	Collection string `json:"collection,omitempty"`
	Via        string `json:"via,omitempty"`
	Through    string `json:"through,omitempty"`
	Dominant   bool   `json:"dominant,omitempty"`

	ColumnName    string          `json:"columnName,omitempty"`
	Description   string          `json:"description,omitempty"`
	Required      bool            `json:"required,omitempty"`
	AllowNull     bool            `json:"allowNull,omitempty"`
	DefaultsTo    json.RawMessage `json:"defaultsTo,omitempty"` // any JSON value
	AutoCreatedAt bool            `json:"autoCreatedAt,omitempty"`
	AutoUpdatedAt bool            `json:"autoUpdatedAt,omitempty"`
	AutoIncrement bool            `json:"autoIncrement,omitempty"`
	Unique        bool            `json:"unique,omitempty"`
	Encrypt       bool            `json:"encrypt,omitempty"` // see Manifest.DataEncryptionKeysEnv

	Validations Validations `json:"validations,omitzero"`
}

// Validations are Waterline's validation rules.
type Validations struct {
	IsBoolean        bool              `json:"isBoolean,omitempty"`
	IsNumber         bool              `json:"isNumber,omitempty"`
	IsString         bool              `json:"isString,omitempty"`
	IsInteger        bool              `json:"isInteger,omitempty"`
	IsNotEmptyString bool              `json:"isNotEmptyString,omitempty"`
	IsCreditCard     bool              `json:"isCreditCard,omitempty"`
	IsEmail          bool              `json:"isEmail,omitempty"`
	IsHexColor       bool              `json:"isHexColor,omitempty"`
	IsIP             bool              `json:"isIP,omitempty"`
	IsURL            bool              `json:"isURL,omitempty"`
	IsUUID           bool              `json:"isUUID,omitempty"`
	IsIn             []json.RawMessage `json:"isIn,omitempty"`
	IsNotIn          []json.RawMessage `json:"isNotIn,omitempty"`
	Min              *float64          `json:"min,omitempty"`
	Max              *float64          `json:"max,omitempty"`
	MinLength        *int              `json:"minLength,omitempty"`
	MaxLength        *int              `json:"maxLength,omitempty"`
	// IsAfter and IsBefore are times in RFC 3339.
	IsAfter  string `json:"isAfter,omitempty"`
	IsBefore string `json:"isBefore,omitempty"`
	// Regex is a JavaScript regular expression; see Pattern for what of them works.
	Regex string `json:"regex,omitempty"`
	// RegexFlags are its flags; only i, s and u have an effect.
	RegexFlags string `json:"regexFlags,omitempty"`
}

// Blueprints are the settings of the blueprint API. Unlike in Sails, nothing is on
// that is not switched on here.
type Blueprints struct {
	Actions   bool `json:"actions,omitempty"`
	Shortcuts bool `json:"shortcuts,omitempty"`
	REST      bool `json:"rest,omitempty"`
	// ProductionShortcuts serves shortcuts in production too. They change records by
	// GET requests, which any other site can make a visitor's browser send.
	ProductionShortcuts bool `json:"productionShortcuts,omitempty"`

	Prefix     string `json:"prefix,omitempty"`
	RestPrefix string `json:"restPrefix,omitempty"`
	Pluralize  bool   `json:"pluralize,omitempty"`
	// AutoWatch defaults to true.
	AutoWatch *bool `json:"autoWatch,omitempty"`
	Mirror    bool  `json:"mirror,omitempty"`

	// Expose names the models that get blueprint actions. Nil exposes every model
	// with all actions in development, and none in production.
	Expose map[string]Exposure `json:"expose,omitempty"`
	// Unported is ["parseBlueprintOptions"] when requests were read by JavaScript,
	// which may have narrowed them: all blueprint actions are closed while it is
	// listed.
	Unported []string `json:"unported,omitempty"`
}

// Exposure says which blueprint actions a model has.
type Exposure struct {
	// Actions lists the actions; nil means all nine.
	Actions []blueprint.Action `json:"actions,omitempty"`
	// Shortcuts and REST set to false switch these routes off for the model (BP-4).
	Shortcuts *bool `json:"shortcuts,omitempty"`
	REST      *bool `json:"rest,omitempty"`
}

// Route is one line of config/routes.js. One of Action and Redirect says what it
// does; a route with neither was JavaScript and is closed.
type Route struct {
	// Address is "GET /user/:id", as in Sails; see route.Route.
	Address  string `json:"address"`
	Action   string `json:"action,omitempty"`
	Redirect string `json:"redirect,omitempty"`
	// Was says what the route was when it is neither: "function", "view pages/home".
	Was string `json:"was,omitempty"`

	Policies   []string `json:"policies,omitempty"`
	CSRF       *bool    `json:"csrf,omitempty"`
	SkipAssets *bool    `json:"skipAssets,omitempty"`
	// CORS are settings of the route; NoCORS is `cors: false`.
	CORS   *CORS `json:"cors,omitempty"`
	NoCORS bool  `json:"noCors,omitempty"`
}

// CORS are settings of Cross-Origin Resource Sharing; see route.CORSConfig.
type CORS struct {
	AllRoutes                bool     `json:"allRoutes,omitempty"`
	AllowOrigins             []string `json:"allowOrigins,omitempty"`
	AllowCredentials         bool     `json:"allowCredentials,omitempty"`
	AnyOriginWithCredentials bool     `json:"allowAnyOriginWithCredentialsUnsafe,omitempty"`
	AllowMethods             []string `json:"allowRequestMethods,omitempty"`
	AllowHeaders             []string `json:"allowRequestHeaders,omitempty"`
	ExposeHeaders            []string `json:"allowResponseHeaders,omitempty"`
}

// Sockets are the settings of the realtime side, config/sockets.js.
type Sockets struct {
	// Path defaults to "/socket.io".
	Path string `json:"path,omitempty"`
	// Transports are "websocket" and "polling". Default websocket only (CN-3).
	Transports []string `json:"transports,omitempty"`
	// PingInterval and PingTimeout are in milliseconds; defaults 25,000 and 60,000.
	PingInterval int `json:"pingInterval,omitempty"`
	PingTimeout  int `json:"pingTimeout,omitempty"`
	// MaxHTTPBufferSize bounds a message in bytes. Default 1,000,000, where Node has
	// a hundred times that.
	MaxHTTPBufferSize int `json:"maxHttpBufferSize,omitempty"`
	// OnlyAllowOrigins are the origins pages may connect from; nil is that of the
	// server itself. In production it has to be set (CN-21).
	OnlyAllowOrigins []string `json:"onlyAllowOrigins,omitempty"`
	// SendStatusCode, SendResponseHeaders and Grant3rdPartyCookie default to true.
	SendStatusCode      *bool `json:"sendStatusCode,omitempty"`
	SendResponseHeaders *bool `json:"sendResponseHeaders,omitempty"`
	Grant3rdPartyCookie *bool `json:"grant3rdPartyCookie,omitempty"`
	// Unported names hooks that were JavaScript. "beforeConnect" decided who may
	// connect: Build refuses without Options.BeforeConnect while it is listed.
	Unported []string `json:"unported,omitempty"`
}

// Session are the settings of sessions, config/session.js.
type Session struct {
	Disabled bool `json:"disabled,omitempty"`
	// Name of the cookie; default "sails.sid".
	Name string `json:"name,omitempty"`
	// SecretEnv names the environment variable with the secret that signs cookies,
	// or several separated by commas, the first of which signs. Default
	// SAILS_SESSION_SECRET. Secrets are never part of a manifest.
	SecretEnv string `json:"secretEnv,omitempty"`
	// Store is "memory", the default, or "redis".
	Store string `json:"store,omitempty"`
	// StoreURLEnv names the environment variable with the address of Redis
	// (redis://…). Default REDIS_URL. Prefix of the keys: default "sess:".
	StoreURLEnv string `json:"storeUrlEnv,omitempty"`
	Prefix      string `json:"prefix,omitempty"`

	Cookie SessionCookie `json:"cookie,omitzero"`
	// Rolling renews the cookie with each answer; SaveUninitialized defaults to true.
	Rolling           bool  `json:"rolling,omitempty"`
	SaveUninitialized *bool `json:"saveUninitialized,omitempty"`
}

// Secrets reads the secrets from the environment; nil when the variable is empty.
func (s Session) Secrets() []string {
	var list []string
	for part := range strings.SplitSeq(os.Getenv(cmp.Or(s.SecretEnv, DefaultSecretEnv)), ",") {
		if part = strings.TrimSpace(part); part != "" {
			list = append(list, part)
		}
	}
	return list
}

// DefaultSecretEnv names the variable with the secrets of sessions.
const DefaultSecretEnv = "SAILS_SESSION_SECRET"

// SessionCookie are the attributes of the session cookie.
type SessionCookie struct {
	Path   string `json:"path,omitempty"`
	Domain string `json:"domain,omitempty"`
	// MaxAge is in milliseconds; 0 lasts until the browser ends.
	MaxAge   int64 `json:"maxAge,omitempty"`
	Secure   bool  `json:"secure,omitempty"`
	HTTPOnly *bool `json:"httpOnly,omitempty"` // default true
	// SameSite is "lax", "strict" or "none".
	SameSite string `json:"sameSite,omitempty"`
}
