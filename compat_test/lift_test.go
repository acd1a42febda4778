package compat_test

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/go-sails/sails/compat_test/internal/program"
	"github.com/go-sails/sails/internal/conformance"
	"github.com/go-sails/sails/internal/conformance/transcript"
	"github.com/go-sails/sails/sailsio/manifest"
)

// TestLift plays the blueprint scenarios against `sails lift` itself, with nothing but
// what `sails export` wrote of the original application: over WebSocket, and over polling.
func TestLift(t *testing.T) {
	t.Parallel()
	path := exported(t)
	for _, transport := range []string{"websocket", "polling"} {
		t.Run(transport, func(t *testing.T) {
			t.Parallel()
			root := program.Root(t)
			player, err := conformance.NewPlayer(t.Context(), conformance.Options{
				Suite: conformance.Suites[0], Node: "node", Packages: filepath.Join(root, "..", "internal", "conformance", "driver"),
				Differences: filepath.Join(root, "differences.md"),
			})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if err := player.Close(); err != nil {
					t.Error(err)
				}
			})
			dock := map[string]*dock{}
			played := 0
			for _, sc := range player.Scenarios() {
				prefix, _, _ := strings.Cut(sc.Name, "-")
				if !slices.Contains(blueprintScenarios, prefix) {
					continue
				}
				if dock[sc.Variant] == nil {
					dock[sc.Variant] = newDock(t, inVariant(t, path, sc.Variant))
				}
				found, err := player.Play(t.Context(), sc, dock[sc.Variant].URL, conformance.Suites[0].Client, transport)
				if err != nil {
					t.Fatal(err)
				}
				played++
				found = slices.DeleteFunc(found, func(d transcript.Difference) bool {
					return strings.Contains(d.Name, "/sock/rooms") // by which they look on, and which is code
				})
				if len(found) > 0 {
					t.Error(report(sc.Title, found))
				}
			}
			if played != len(blueprintScenarios) {
				t.Errorf("%d of %d scenarios were there", played, len(blueprintScenarios))
			}
		})
	}
}

// inVariant is the manifest with the settings of a variant of the original.
func inVariant(t *testing.T, path, variant string) string {
	t.Helper()
	if variant == "default" {
		return path
	}
	m, err := manifest.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	env := loadVariants(t)[variant]
	m.Blueprints.Prefix, m.Blueprints.RestPrefix, m.Blueprints.Pluralize = env["CONF_PREFIX"], env["CONF_REST_PREFIX"], env["CONF_PLURALIZE"] != ""
	f, err := os.Create(filepath.Join(t.TempDir(), manifest.FileName))
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Write(f); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return f.Name()
}

// dock stands before `sails lift`, answers the requests that scenarios make of the
// harness, and starts it afresh, with its records in memory, for each of them.
type dock struct {
	*httptest.Server
	t        *testing.T
	manifest string

	mu   sync.Mutex
	ship *program.Program // guarded by mu
}

func newDock(t *testing.T, manifest string) *dock {
	d := &dock{t: t, manifest: manifest}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		d.mu.Lock()
		defer d.mu.Unlock()
		target, err := url.Parse(d.ship.URL)
		if err != nil {
			t.Error(err)
			return
		}
		r.SetURL(target)
		r.Out.Host = r.In.Host
	}}
	d.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/test/reset" {
			d.relaunch()
			return
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(func() {
		d.CloseClientConnections()
		d.Close()
		d.end()
	})
	return d
}

func (d *dock) relaunch() {
	d.end()
	ship, err := program.Launch(nil, program.Build(d.t, "../cmd/sails"), "lift", "--dev", d.manifest)
	if err != nil {
		d.t.Error(err)
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.ship = ship
}

func (d *dock) end() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.ship != nil {
		if err := d.ship.Stop(); err != nil {
			d.t.Error(err)
		}
		d.ship = nil
	}
}
