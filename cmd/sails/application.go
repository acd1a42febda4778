package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"

	"github.com/redis/go-redis/v9"

	"github.com/go-sails/sails/sailsio/frontdoor"
	"github.com/go-sails/sails/sailsio/manifest"
	"github.com/go-sails/sails/sailsio/manifest/datastore"
	"github.com/go-sails/sails/sailsio/redissession"
	"github.com/go-sails/sails/sailsio/route"
	"github.com/go-sails/sails/sailsio/session"
	"github.com/go-sails/sails/sailsio/sqlstore"
	"github.com/go-sails/sails/sailsio/sqlstore/sqlite"
	"github.com/go-sails/sails/virtualrequest"
)

// settings say how to open an application.
type settings struct {
	production bool
	// detached opens no database of the application's own: for commands that look
	// at routes only.
	detached bool
	upstream string // address of the old application, "" for none
	routes   []route.Route
	log      *slog.Logger
}

// application is an application with what has to be closed after it.
type application struct {
	*manifest.Application
	m   *manifest.Manifest
	dir string
	db  *sql.DB

	dialect sqlstore.Dialect
	stopped bool // Shutdown was called
	// What follows is nil when it is not there.
	assets *os.Root // the folder of files
	old    *frontdoor.Proxy
	redis  redis.UniversalClient // of the sessions
}

// locate finds the manifest: the argument is a folder or the file itself.
func locate(arg string) (dir string, m *manifest.Manifest, err error) {
	path := arg
	info, err := os.Stat(arg)
	if err != nil {
		return "", nil, err
	}
	if info.IsDir() {
		path = filepath.Join(arg, manifest.FileName)
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			return "", nil, fmt.Errorf("there is no %s in %s: run \"sails export\" there if it is a Sails application, or \"sails new\" for a new one", manifest.FileName, arg)
		}
	}
	m, err = manifest.ReadFile(path)
	return filepath.Dir(path), m, err
}

// open builds the application in a folder.
func open(arg string, s settings) (*application, error) {
	dir, m, err := locate(arg)
	if err != nil {
		return nil, err
	}
	a := &application{m: m, dir: dir}
	if err := a.build(s); err != nil {
		return nil, errors.Join(err, a.release())
	}
	return a, nil
}

func (a *application) build(s settings) error {
	o := manifest.Options{
		Production: s.production, Routes: s.routes, Logger: s.log, SessionSecrets: secrets(a.m.Session, s),
	}
	var err error
	if s.upstream != "" {
		if err := a.oldApplication(&o, s); err != nil {
			return err
		}
	}
	if !s.detached {
		if o.SessionStore, err = a.sessionStore(); err != nil {
			return err
		}
	}
	if s.detached {
		o.Dialect = sqlstore.SQLite
		a.db, err = sqlite.Memory()
	} else {
		a.db, o.Dialect, err = datastore.Open(a.m.Datastore, a.dir)
	}
	if err != nil {
		return err
	}
	o.DB, a.dialect = a.db, o.Dialect
	if o.DataEncryptionKeys, err = a.keys(s); err != nil {
		return err
	}
	if s.production && a.m.Sockets.OnlyAllowOrigins == nil {
		// Only pages of this server may connect: a decision, and the safe one (CN-21).
		o.BeforeConnect = sameOriginOnly(a.m)
	}
	if !s.detached {
		if o.Assets, err = a.files(); err != nil {
			return err
		}
	}
	a.Application, err = manifest.Build(a.m, o)
	return err
}

// keys are those of encrypted attributes. Who only looks at routes needs none.
func (a *application) keys(s settings) (map[string]string, error) {
	if s.detached {
		return map[string]string{"default": base64.StdEncoding.EncodeToString(make([]byte, 32))}, nil
	}
	return a.m.DataEncryptionKeys()
}

// oldApplication puts the front door to it in place.
func (a *application) oldApplication(o *manifest.Options, s settings) error {
	proxies, err := virtualrequest.ParseProxies(a.m.TrustProxies...)
	if err != nil {
		return err
	}
	a.old, err = frontdoor.New(frontdoor.Config{Target: s.upstream, TrustProxies: proxies, Logger: s.log})
	o.Upstream = a.old
	return err
}

// sessionStore is nil for sessions in memory.
func (a *application) sessionStore() (session.Store, error) {
	m := a.m.Session
	switch {
	case m.Disabled || m.Store == "" || m.Store == "memory":
		return nil, nil
	case m.Store != "redis":
		return nil, fmt.Errorf("session.store %q is none of memory, redis", m.Store)
	}
	variable := cmp.Or(m.StoreURLEnv, "REDIS_URL")
	options, err := redis.ParseURL(os.Getenv(variable))
	if err != nil {
		return nil, fmt.Errorf("the environment variable %s has to hold the address of the sessions' Redis, redis://…", variable)
	}
	a.redis = redis.NewClient(options)
	return redissession.New(redissession.Config{Client: a.redis, Prefix: m.Prefix})
}

// sameOriginOnly lets everyone in whom the check of the origin let in, unless the
// old application had a check that is missing.
func sameOriginOnly(m *manifest.Manifest) func(*http.Request) error {
	for _, hook := range m.Sockets.Unported {
		if hook == "beforeConnect" {
			return nil
		}
	}
	return func(*http.Request) error { return nil }
}

// secrets reads the secrets of the sessions. In production a missing one is made up,
// which ends sessions with the process; in development it is Sails' well-known one.
func secrets(m manifest.Session, s settings) []string {
	list := m.Secrets()
	if len(list) == 0 && s.production && !m.Disabled {
		if s.log != nil {
			s.log.Warn("no session secret: one was made up, and sessions end with this process", "variable", cmp.Or(m.SecretEnv, manifest.DefaultSecretEnv))
		}
		list = []string{rand.Text() + rand.Text()}
	}
	return list
}

// files are those of the folder assets, and the client of the npm package, under
// the path that Sails gives it.
func (a *application) files() (fs.FS, error) {
	const client = "node_modules/sails.io.js/dist/sails.io.js"
	own := withClient{}
	if _, err := os.Stat(filepath.Join(a.dir, client)); err == nil {
		own.client = filepath.Join(a.dir, client)
	}
	root, err := os.OpenRoot(filepath.Join(a.dir, "assets"))
	switch {
	case err == nil:
		a.assets, own.FS = root, root.FS()
	case !errors.Is(err, fs.ErrNotExist):
		return nil, err
	case own.client == "":
		return nil, nil
	}
	return own, nil
}

// withClient is a folder with one more file.
type withClient struct {
	fs.FS         // nil is an empty folder
	client string // path of sails.io.js, "" for none
}

const clientName = "dependencies/sails.io.js"

func (f withClient) Open(name string) (fs.File, error) {
	err := error(&fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist})
	if f.FS != nil {
		var file fs.File
		if file, err = f.FS.Open(name); err == nil {
			return file, nil
		}
	}
	if name == clientName && f.client != "" && errors.Is(err, fs.ErrNotExist) {
		return os.Open(f.client)
	}
	return nil, err
}

// Shutdown ends the realtime side, the first time it is called.
func (a *application) Shutdown(ctx context.Context) error {
	if a.stopped {
		return nil
	}
	a.stopped = true
	return a.Application.Shutdown(ctx)
}

// close ends the application.
func (a *application) close(ctx context.Context) error {
	return errors.Join(a.Shutdown(ctx), a.release())
}

// release closes what was opened.
func (a *application) release() error {
	var err error
	if a.db != nil {
		err = a.db.Close()
	}
	if a.assets != nil {
		err = errors.Join(err, a.assets.Close())
	}
	if a.redis != nil {
		err = errors.Join(err, a.redis.Close())
	}
	if a.old != nil {
		a.old.Close()
	}
	return err
}

// migration decides what happens to the tables before serving.
func (a *application) migration(asked string, production bool) (sqlstore.Migration, error) {
	mode := cmp.Or(sqlstore.Migration(asked), a.m.Migration())
	if mode == sqlstore.Drop && production {
		return "", errors.New(`the migration "drop" deletes all records and is not done in production; use "sails migrate --mode drop" if that is what you want`)
	}
	return mode, nil
}
