package compat_test

import (
	"bytes"
	"errors"
	"fmt"
	"html"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/go-sails/sails/compat_test/internal/program"
)

// A backend is a server for the pages of several sites. It may end and begin again
// without them changing their addresses, and counts what the pages ask it for. Safe
// for concurrent use.
type backend struct {
	start func() (*program.Program, error)

	getCookies atomic.Int64           // requests for the script that brings the cookie
	handshakes atomic.Int64           // Engine.IO sessions asked for
	first      atomic.Pointer[string] // header X-First of the last handshake that had one

	mu      sync.Mutex
	running *program.Program // nil while it is down; guarded by mu
}

// up starts the server when it is down.
func (b *backend) up() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.running != nil {
		return nil
	}
	p, err := b.start()
	b.running = p
	return err
}

// down ends the server.
func (b *backend) down() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.running == nil {
		return nil
	}
	p := b.running
	b.running = nil
	if err := p.Stop(); err != nil {
		return fmt.Errorf("%w\n%s", err, p.Output())
	}
	return nil
}

// count notices what a request is for.
func (b *backend) count(r *http.Request) {
	switch {
	case strings.HasPrefix(r.URL.Path, "/__getcookie"):
		b.getCookies.Add(1)
	case r.URL.Path == "/socket.io/" && r.URL.Query().Get("sid") == "" && r.Method == http.MethodGet:
		b.handshakes.Add(1)
		if header := r.Header.Get("X-First"); header != "" {
			b.first.Store(&header)
		}
	}
}

// forget forgets the counts.
func (b *backend) forget() {
	b.getCookies.Store(0)
	b.handshakes.Store(0)
	b.first.Store(nil)
}

// address returns where the server listens, nil while it is down.
func (b *backend) address() *url.URL {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.running == nil {
		return nil
	}
	return &url.URL{Scheme: "http", Host: "127.0.0.1:" + strconv.Itoa(b.running.Port)}
}

// A site is an origin with the pages of the folder pages and, for every other path,
// the backend.
type site struct {
	url string // http://127.0.0.1:PORT

	t       *testing.T
	backend *backend
	proxy   *httputil.ReverseProxy
}

func newSite(t *testing.T, b *backend) *site {
	t.Helper()
	transport := &http.Transport{}
	s := &site{t: t, backend: b}
	s.proxy = &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			if to := b.address(); to != nil {
				r.SetURL(to)
			}
			r.Out.Host = r.In.Host
		},
		Transport:     transport,
		FlushInterval: -1,
		ErrorLog:      log.New(io.Discard, "", 0),
		// The page sees what it sees of a server that is not there: no answer.
		ErrorHandler: func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
	}
	server := httptest.NewUnstartedServer(s)
	server.Config.ErrorLog = s.proxy.ErrorLog
	server.Start()
	s.url = server.URL
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
		transport.CloseIdleConnections()
	})
	return s
}

// ServeHTTP implements http.Handler.
func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch act, staged := strings.CutPrefix(r.URL.Path, "/stage/"); {
	case staged:
		s.act(w, act)
	case r.URL.Path == "/page":
		s.page(w, r)
	case r.URL.Path == "/client.js":
		s.client(w, r)
	case r.URL.Path == "/favicon.ico":
		w.WriteHeader(http.StatusNoContent)
	default:
		s.backend.count(r)
		if s.backend.address() == nil {
			panic(http.ErrAbortHandler)
		}
		s.proxy.ServeHTTP(w, r)
	}
}

// act does what a page has asked for.
func (s *site) act(w http.ResponseWriter, name string) {
	var err error
	switch name {
	case "down":
		err = s.backend.down()
	case "up":
		err = s.backend.up()
	case "getcookies":
		_, _ = fmt.Fprint(w, s.backend.getCookies.Load())
	case "handshakes":
		_, _ = fmt.Fprint(w, s.backend.handshakes.Load())
	case "first":
		header := s.backend.first.Load()
		if header == nil {
			header = new("has no such header")
		}
		_, _ = fmt.Fprint(w, *header)
	default:
		err = errors.New("no such act: " + name)
	}
	if err != nil {
		s.t.Error(err)
		http.Error(w, err.Error(), http.StatusInternalServerError)
	}
}

// page answers with a page that plays "scenario" with release "client". What follows
// the script's address, and further attributes of its element, are in "suffix" and
// "attributes".
func (s *site) page(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	src := "/client.js?" + url.Values{"client": {q.Get("client")}, "scenario": {q.Get("scenario")}}.Encode() + q.Get("suffix")
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = fmt.Fprintf(w, "<!doctype html><title>%s</title><script src=\"%s\" %s></script>",
		html.EscapeString(q.Get("scenario")), html.EscapeString(src), q.Get("attributes"))
}

// client answers with the kit, the unmodified client, and the scenario, in this order
// and as one script: the client connects once the scenario had its turn.
func (s *site) client(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	root := program.Root(s.t)
	files := append([]string{filepath.Join(root, "pages", "kit.js")}, browserBuild(root, q.Get("client"))...)
	files = append(files, filepath.Join(root, "pages", filepath.Base(q.Get("scenario"))+".js"))
	var text bytes.Buffer
	for _, file := range files {
		part, err := os.ReadFile(file)
		if err != nil {
			s.t.Errorf("%v; run \"make setup\"", err)
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		text.Write(part)
		text.WriteString(";\n")
	}
	w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
	_, _ = w.Write(text.Bytes())
}

// browserBuild returns the files of a sails.io.js release for browsers: its own
// bundle, or for releases without one what the bundle was made of.
func browserBuild(root, release string) []string {
	packages := filepath.Join(driverDir(root), "node_modules")
	switch release {
	case "0.11.7":
		return []string{filepath.Join(packages, "socket.io-client-1.2.1", "socket.io.js"), filepath.Join(packages, "sails.io.js-0.11.7", "sails.io.js")}
	case "0.13.8":
		return []string{filepath.Join(packages, "socket.io-client-1.4.8", "socket.io.js"), filepath.Join(packages, "sails.io.js-0.13.8", "sails.io.js")}
	default:
		return []string{filepath.Join(packages, "sails.io.js-"+release, "dist", "sails.io.js")}
	}
}

// driverDir returns the folder with the released clients.
func driverDir(root string) string {
	return filepath.Join(root, "..", "internal", "conformance", "driver")
}
