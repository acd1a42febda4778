package compat_test

import (
	"io"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/go-sails/sails/compat_test/internal/program"
)

// blueprintScenarios are those that need no code of the application.
var blueprintScenarios = []string{"v15", "v16", "v17", "v18", "v19", "v20", "v21", "v22", "v23", "v29", "v34"}

// exported runs `sails export` on the original application of the scenarios and
// returns the manifest's path.
func exported(t *testing.T) string {
	t.Helper()
	root := program.Root(t)
	path := filepath.Join(t.TempDir(), "sails.manifest.json")
	cmd := exec.CommandContext(t.Context(), program.Build(t, "../cmd/sails"), "export", filepath.Join(root, "peers", "sails-app"), "--output", path)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("sails export: %v\n%s", err, out)
	}
	if !strings.Contains(string(out), "policies.needLogin") || strings.Contains(string(out), "parseBlueprintOptions") {
		t.Errorf("the report is not what it should be:\n%s", out)
	}
	return path
}

// TestExport exports the original application and plays the blueprint scenarios
// against the manifest, in a server that also tells which rooms a socket is in.
// TestLift does without that, over polling too.
func TestExport(t *testing.T) {
	t.Parallel()
	path := exported(t)
	lifted := sails1
	lifted.server = "./servers/lifted"
	variants := loadVariants(t)
	playSome(t, lifted, blueprintScenarios, "websocket", func(variant string) map[string]string {
		env := map[string]string{"MANIFEST": path}
		for name, value := range variants[variant] {
			env[name] = value
		}
		return env
	})
}

// TestFrontDoor plays scenarios against a Go server that has the blueprints, with the
// original application in Node behind it for everything else. Both keep sessions in
// one Redis.
func TestFrontDoor(t *testing.T) {
	t.Parallel()
	address := startRedis(t)
	root := program.Root(t)
	env := []string{"SESSION_REDIS=redis://" + address + "/0"}
	old := program.Start(t, env, "node", filepath.Join(root, "..", "internal", "conformance", "driver", "reference.mjs"), filepath.Join(root, "peers", "sails-app"))
	hybrid := sails1
	hybrid.server = "./servers/lifted"
	path := exported(t)
	// Helpers, errors, sessions and policies in Node, blueprints in Go. Not those that
	// look at Set-Cookie of an answer from Go: here only Node gives visitors a cookie.
	some := []string{"v05", "v06", "v16", "v17", "v18", "v19", "v20", "v21", "v22", "v23", "v24", "v28"}
	playSome(t, hybrid, some, "websocket", func(string) map[string]string {
		return map[string]string{"MANIFEST": path, "UPSTREAM": old.URL, "SESSION_REDIS": "redis://" + address + "/0"}
	})
	if !old.Alive() {
		t.Error("the old application ended")
	}
}

// playSome plays the scenarios whose names begin like this.
func playSome(t *testing.T, suite sailsSuite, names []string, transport string, env func(variant string) map[string]string) {
	t.Helper()
	played := 0
	stages := map[string]*stage{}
	defer func() {
		for _, st := range stages {
			st.close()
		}
	}()
	for _, sc := range suite.load(t) {
		prefix, _, _ := strings.Cut(sc.name, "-")
		if !slices.Contains(names, prefix) {
			continue
		}
		st := stages[sc.Variant]
		if st == nil {
			st = &stage{t: t, suite: suite, client: suite.main, transport: transport, env: env(sc.Variant)}
			stages[sc.Variant] = st
		}
		t.Run(sc.name, func(t *testing.T) { played++; st.scenario(t, sc) })
	}
	if played != len(names) {
		t.Errorf("%d of %d scenarios were there", played, len(names))
	}
}

// startRedis runs a Redis of its own and returns its address.
func startRedis(t *testing.T) string {
	t.Helper()
	server, err := program.Redis(program.Spec{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
	})
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(server.Port))
}

// send posts JSON and returns status and body.
func send(t *testing.T, url, body string) (int, string) {
	t.Helper()
	res, err := http.Post(url, "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(text)
}
