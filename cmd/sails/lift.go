package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/go-sails/sails/engineio"
	"github.com/go-sails/sails/sailsio/route"
)

const (
	defaultPort   = 1337
	shutdownLimit = 15 * time.Second // of all
	// Of that, what clients have to take leave.
	goodbyeLimit    = 10 * time.Second
	goodbyeLimitDev = time.Second
)

const liftHelp = `Serves the application that sails.manifest.json in dir describes: its models and
their blueprint routes over HTTP and over sockets, its redirects, and the files of
the folder assets. Without a datastore, records live in an embedded SQLite database,
.tmp/sails.db below dir.

Production is the default: only what blueprints.expose names is served, shortcut
routes are off, errors are not explained, and only pages of this server may open
sockets (sockets.onlyAllowOrigins lists others). With --dev, or NODE_ENV=development,
everything is open and explained, on the loopback interface only, and /openapi.json
describes it.

What the manifest names and nothing in Go answers is closed: see "sails routes". With
--upstream the old Node application answers it, so that both run as one while routes
move over.

Environment:
  PORT                  the port, where --port says nothing
  SAILS_SESSION_SECRET  signs session cookies; 32 random bytes or more
  DATABASE_URL          address of the database server, if the manifest has one
  NO_COLOR              no colours in the banner`

type lift struct {
	port                int
	host, level         string
	dev, asJSON         bool
	upstream, migration string
}

func newLift() *cobra.Command {
	l := &lift{}
	cmd := &cobra.Command{
		Use: "lift [dir]", Aliases: []string{"serve"}, GroupID: "run",
		Short: "Serve the application in a folder",
		Long:  liftHelp,
		Example: `  sails lift --dev
  sails lift ./todo --port 8080 --log verbose
  SAILS_SESSION_SECRET=… sails lift --host 0.0.0.0
  sails lift --upstream http://127.0.0.1:1338`,
		Args: asUsage(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error { return l.run(cmd, folder(args)) },
	}
	f := cmd.Flags()
	f.IntVarP(&l.port, "port", "p", -1, "port to listen on; 0 takes any free one (default $PORT or 1337)")
	f.StringVar(&l.host, "host", "localhost", "interface to listen on; 0.0.0.0 for all of them")
	f.StringVar(&l.level, "log", "info", "how much to say: silent, error, warn, info or verbose")
	f.BoolVar(&l.dev, "dev", false, "development: everything is open and explained")
	f.StringVar(&l.upstream, "upstream", "", "address of the old Node application, for what is not carried over")
	f.StringVar(&l.migration, "migrate", "", "what to do to the tables first: safe, alter or drop (default the manifest's, else alter for an embedded database)")
	f.BoolVar(&l.asJSON, "json", false, "print one JSON object when listening, and the log as JSON")
	_ = cmd.RegisterFlagCompletionFunc("log", cobra.FixedCompletions([]string{"silent", "error", "warn", "info", "verbose"}, cobra.ShellCompDirectiveNoFileComp))
	_ = cmd.RegisterFlagCompletionFunc("migrate", cobra.FixedCompletions([]string{"safe", "alter", "drop"}, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

// levels are Sails' names of log levels.
var levels = map[string]slog.Level{
	"silent": slog.LevelError + 100, "error": slog.LevelError, "warn": slog.LevelWarn,
	"info": slog.LevelInfo, "debug": slog.LevelDebug, "verbose": slog.LevelDebug, "silly": slog.LevelDebug,
}

func (l *lift) check() error {
	if _, ok := levels[l.level]; !ok {
		return &usageError{fmt.Errorf("--log %s: use silent, error, warn, info or verbose", l.level)}
	}
	if l.port < 0 {
		l.port = defaultPort
		if text := os.Getenv("PORT"); text != "" {
			n, err := strconv.ParseUint(text, 10, 16)
			if err != nil {
				return fmt.Errorf("PORT=%s is no port", text)
			}
			l.port = int(n)
		}
	}
	if l.port > 65535 {
		return &usageError{fmt.Errorf("--port %d: a port is at most 65535", l.port)}
	}
	l.dev = l.dev || os.Getenv("NODE_ENV") == "development"
	if l.dev && !isLoopback(l.host) {
		return &usageError{fmt.Errorf("--dev on %s: development settings let everyone read and change everything; leave --host out or --dev", l.host)}
	}
	return nil
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func (l *lift) run(cmd *cobra.Command, dir string) error {
	if err := l.check(); err != nil {
		return err
	}
	ctx := cmd.Context()
	options := &slog.HandlerOptions{Level: levels[l.level]}
	log := slog.New(slog.NewTextHandler(cmd.ErrOrStderr(), options))
	if l.asJSON {
		log = slog.New(slog.NewJSONHandler(cmd.ErrOrStderr(), options))
	}
	var a *application
	s := settings{production: !l.dev, upstream: l.upstream, log: log}
	if l.dev {
		s.routes = []route.Route{documentRoute(func() *application { return a })}
	}
	var err error
	if a, err = open(dir, s); err != nil {
		return err
	}
	err = l.serve(ctx, cmd, a, log)
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownLimit)
	defer cancel()
	return errors.Join(err, a.close(stopping))
}

// serve migrates, and listens until ctx ends.
func (l *lift) serve(ctx context.Context, cmd *cobra.Command, a *application, log *slog.Logger) error {
	if err := l.prepare(ctx, cmd, a, log); err != nil {
		return err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", net.JoinHostPort(l.host, strconv.Itoa(l.port)))
	if err != nil {
		return fmt.Errorf("%w (--port chooses another port)", err)
	}
	srv := &http.Server{Handler: requestLog(a, log), ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug)}
	url := "http://" + net.JoinHostPort(shown(l.host), strconv.Itoa(listener.Addr().(*net.TCPAddr).Port))
	if l.asJSON {
		err = writeJSON(cmd.OutOrStdout(), map[string]any{"url": url, "pid": os.Getpid(), "name": a.m.Name, "development": l.dev, "gaps": len(a.Gaps())})
	} else if l.level != "silent" {
		_, err = cmd.OutOrStdout().Write([]byte(banner(a, url, l.dev, colours(cmd.OutOrStdout()))))
	}
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	return engineio.Serve(ctx, listener, srv, func(ctx context.Context) error { return l.goodbye(ctx, a, log) }, shutdownLimit)
}

// goodbye ends the clients. One that polls hears of it when it asks again; those that
// never do are no reason to wait for longer, or to fail.
func (l *lift) goodbye(ctx context.Context, a *application, log *slog.Logger) error {
	log.Info("stopping")
	limit := goodbyeLimit
	if l.dev {
		limit = goodbyeLimitDev
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	err := a.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		log.Info("some clients did not take leave in time", "limit", limit)
		return nil
	}
	return err
}

// prepare brings the tables up to date.
func (l *lift) prepare(ctx context.Context, cmd *cobra.Command, a *application, log *slog.Logger) error {
	if a.Store() == nil {
		return nil
	}
	mode, err := a.migration(l.migration, !l.dev)
	if err != nil {
		return err
	}
	bar := newBar(cmd.ErrOrStderr(), l.asJSON || l.level == "silent")
	defer bar.done()
	if err := a.Store().Migrate(ctx, mode, bar.progress); err != nil {
		return err
	}
	if n := a.pending(ctx); n > 0 {
		log.Warn("versioned migrations are pending: \"sails migrate up\" applies them", "versions", n)
	}
	return nil
}

// shown is the host to put into a URL.
func shown(host string) string {
	if host == "" || host == "0.0.0.0" || host == "::" {
		return "localhost"
	}
	return host
}

// requestLog logs plain requests at the level verbose.
func requestLog(next http.Handler, log *slog.Logger) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if log.Enabled(r.Context(), slog.LevelDebug) && !strings.HasPrefix(r.URL.Path, "/socket.io/") {
			log.Debug("request", "method", r.Method, "path", r.URL.Path)
		}
		next.ServeHTTP(w, r)
	})
}
