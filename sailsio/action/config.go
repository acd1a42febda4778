package action

import (
	"bufio"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"

	"github.com/go-sails/sails/internal/attach"
	"github.com/go-sails/sails/virtualrequest"
)

// Config says how the package's functions behave for the requests whose context
// carries it; put it there with Handler or WithConfig. The zero value is what
// they do without one. It must not change after its first use.
type Config struct {
	// Production withholds error details: ServerError sends no data and errors
	// are answered with their status text (table 3.3). It also sends JSON over
	// HTTP without indentation. Stack traces are never sent (SEC-75, SU-30).
	Production bool
	// TrustedProxies are the proxies whose X-Forwarded-* headers count for plain
	// HTTP requests; see [virtualrequest.ParseProxies]. For virtual requests the
	// list given to [virtualrequest.NewOrigin] counts.
	TrustedProxies []netip.Prefix
	// MaxBody bounds the body of a plain HTTP request that is read for
	// parameters, in bytes; a larger one is an error of ParseBody. 0 means
	// 1,000,000, negative no limit.
	MaxBody int64
	// ParseBodies makes Handler read the bodies of plain HTTP requests before the
	// handler runs, and answer those that ParseBody refuses with 400, as Sails does.
	// Without it bodies are read when a parameter is asked for.
	ParseBodies bool
	// Logger gets the errors given to ServerError and answers that were ignored
	// because there was one already. Nil: nothing.
	Logger *slog.Logger
}

// refuseBody answers a request whose body cannot be used, in the words of Sails.
func (c *Config) refuseBody(w http.ResponseWriter, r *http.Request, err error) {
	c.log().Debug("action: body refused", "path", r.URL.Path, "error", err)
	w = Status(w, http.StatusBadRequest)
	if c.Production {
		End(w, r)
		return
	}
	Send(w, r, "Unable to parse HTTP body- error occurred :: "+err.Error())
}

type configKey struct{}

var defaults Config

// WithConfig returns a context whose requests are handled as c says.
func WithConfig(ctx context.Context, c *Config) context.Context {
	return context.WithValue(ctx, configKey{}, c)
}

// Handler makes next handle its requests as c says. For plain HTTP it also sees
// to it that only the first answer of a request counts (RS-9), and reads bodies
// if ParseBodies is set; virtual requests do both by themselves.
func (c *Config) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, virtual := virtualrequest.FromContext(r.Context()); !virtual {
			w = &onceWriter{ResponseWriter: w}
		}
		r = attach.With(r, configKey{}, c)
		if c.ParseBodies {
			if err := ParseBody(r); err != nil {
				c.refuseBody(w, r, err)
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

func config(r *http.Request) *Config {
	if c, ok := r.Context().Value(configKey{}).(*Config); ok {
		return c
	}
	return &defaults
}

func (c *Config) log() *slog.Logger {
	if c.Logger == nil {
		return slog.New(slog.DiscardHandler)
	}
	return c.Logger
}

func (c *Config) maxBody() int64 {
	switch {
	case c.MaxBody == 0:
		return 1_000_000
	case c.MaxBody < 0:
		return 1<<63 - 1
	}
	return c.MaxBody
}

// onceWriter remembers that the response was started.
type onceWriter struct {
	http.ResponseWriter
	started bool
}

func (w *onceWriter) WriteHeader(status int) {
	if status >= 200 || status == http.StatusSwitchingProtocols {
		w.started = true
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *onceWriter) Write(p []byte) (int, error) {
	w.started = true
	return w.ResponseWriter.Write(p)
}

// Flush serves handlers that ask for an http.Flusher.
func (w *onceWriter) Flush() {
	w.started = true
	_ = http.NewResponseController(w.ResponseWriter).Flush()
}

// FlushError serves http.ResponseController.
func (w *onceWriter) FlushError() error {
	w.started = true
	return http.NewResponseController(w.ResponseWriter).Flush()
}

// Hijack serves handlers that ask for an http.Hijacker, WebSocket libraries
// among them.
func (w *onceWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	w.started = true
	return http.NewResponseController(w.ResponseWriter).Hijack()
}

// ReadFrom keeps what net/http can do for files.
func (w *onceWriter) ReadFrom(src io.Reader) (int64, error) {
	w.started = true
	if rf, ok := w.ResponseWriter.(io.ReaderFrom); ok {
		return rf.ReadFrom(src)
	}
	return io.Copy(struct{ io.Writer }{w.ResponseWriter}, src)
}

// Unwrap serves http.ResponseController.
func (w *onceWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// started reports whether a plain HTTP response is known to be on its way.
func started(w http.ResponseWriter) bool {
	for range 64 {
		switch t := w.(type) {
		case *onceWriter:
			return t.started
		case interface{ Unwrap() http.ResponseWriter }:
			w = t.Unwrap()
		default:
			return false
		}
	}
	return false
}
