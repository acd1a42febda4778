package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-sails/sails/internal/leakcheck"
	"github.com/go-sails/sails/sailsio/manifest"
)

func TestMain(m *testing.M) { leakcheck.Main(m) }

// sails runs the program.
func sails(t *testing.T, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(t.Context(), args, strings.NewReader(""), &out, &errs)
	return out.String(), errs.String(), code
}

func want(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("no %q in\n%s", part, text)
		}
	}
}

// app makes a folder with a manifest.
func app(t *testing.T, change func(*manifest.Manifest)) string {
	t.Helper()
	dir := t.TempDir()
	m := &manifest.Manifest{
		Version: 1, Name: "todo",
		Models: []manifest.Model{{Identity: "task", Attributes: []manifest.Attribute{
			{Name: "id", Type: "number", AutoIncrement: true},
			{Name: "title", Type: "string", Required: true},
		}}},
		Blueprints: manifest.Blueprints{REST: true, Shortcuts: true},
		Routes:     []manifest.Route{{Address: "GET /home", Redirect: "/"}, {Address: "POST /task/:id/promote", Action: "task/promote"}},
		Actions:    []string{"task/promote"},
	}
	if change != nil {
		change(m)
	}
	if err := writeManifest(m, filepath.Join(dir, manifest.FileName)); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestHelp(t *testing.T) {
	t.Parallel()
	out, _, code := sails(t)
	if code != 0 {
		t.Errorf("code %d", code)
	}
	want(t, out, "sails new", "Exit codes", "lift", "export", "completion")
	for _, command := range newRoot().Commands() {
		if command.IsAdditionalHelpTopicCommand() {
			continue
		}
		out, _, code := sails(t, command.Name(), "--help")
		if code != 0 || command.Short == "" || !strings.Contains(out, "Usage:") {
			t.Errorf("help of %s: %d", command.Name(), code)
		}
	}
	if out, _, code := sails(t, "help", "exit-codes"); code != 0 || !strings.Contains(out, "SIGTERM") {
		t.Errorf("help exit-codes: %d %s", code, out)
	}
	if out, _, code := sails(t, "completion", "bash"); code != 0 || !strings.Contains(out, "__start_sails") {
		t.Error("no completion for bash")
	}
	if out, _, _ := sails(t, "__complete", "lift", "--log", ""); !strings.Contains(out, "verbose") {
		t.Errorf("completion of --log: %s", out)
	}
}

func TestUsageMistakes(t *testing.T) {
	t.Parallel()
	for line, part := range map[string]string{
		"lfit":                      `no command "lfit"; did you mean lift?`,
		"lift --prot 1":             "unknown flag: --prot",
		"lift a b":                  "accepts at most 1",
		"lift --log loud":           "--log loud",
		"lift --port 70000":         "65535",
		"lift --dev --host 0.0.0.0": "leave --host out",
		"migrate --mode sideways":   "--mode sideways",
		"version now":               "unknown command",
		"lift --port many":          "invalid argument",
	} {
		_, errs, code := sails(t, strings.Fields(line)...)
		if code != exitUsage || !strings.Contains(errs, part) || !strings.Contains(errs, "--help") {
			t.Errorf("%s: %d %s", line, code, errs)
		}
	}
}

func TestFailures(t *testing.T) {
	t.Parallel()
	broken := t.TempDir()
	if err := os.WriteFile(filepath.Join(broken, manifest.FileName), []byte(`{"version":1,"modles":[]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ dir, part string }{
		{filepath.Join(broken, "nowhere"), "no such file"},
		{t.TempDir(), `run "sails export"`},
		{broken, `unknown field "modles"`},
		{app(t, func(m *manifest.Manifest) { m.Datastore.Adapter = "postgres"; m.Datastore.URLEnv = "SAILS_TEST_UNSET" }), "SAILS_TEST_UNSET is empty"},
		{app(t, func(m *manifest.Manifest) { m.Session.Store = "redis"; m.Session.StoreURLEnv = "SAILS_TEST_UNSET" }), "SAILS_TEST_UNSET has to hold"},
		{app(t, func(m *manifest.Manifest) { m.Session.Store = "cloud" }), "none of memory, redis"},
		{app(t, func(m *manifest.Manifest) { m.Sockets.Unported = []string{"beforeConnect"} }), "beforeConnect"},
		{app(t, func(m *manifest.Manifest) { m.Migrate = "drop" }), "not done in production"},
	} {
		_, errs, code := sails(t, "lift", c.dir, "--port", "0")
		if code != exitFailed || !strings.Contains(errs, c.part) {
			t.Errorf("%s: %d %s", c.part, code, errs)
		}
	}
	if _, errs, code := sails(t, "lift", app(t, nil), "--upstream", "localhost"); code != exitFailed || !strings.Contains(errs, "http://host:port") {
		t.Errorf("--upstream: %d %s", code, errs)
	}
}

func TestVersion(t *testing.T) {
	t.Parallel()
	out, _, _ := sails(t, "version")
	want(t, out, "sails ", "go1.")
	out, _, _ = sails(t, "version", "--json")
	var b build
	if err := json.Unmarshal([]byte(out), &b); err != nil || b.Go == "" {
		t.Errorf("%s %v", out, err)
	}
}

func TestRoutes(t *testing.T) {
	t.Parallel()
	dir := app(t, nil)
	out, _, code := sails(t, "routes", dir, "--dev")
	if code != 0 {
		t.Fatal(out)
	}
	want(t, out, "GET /task ", "GET /task/find", "→ /", "closed")
	out, _, _ = sails(t, "routes", dir) // production: nothing is exposed
	if strings.Contains(out, "GET /task") {
		t.Error(out)
	}
	out, _, _ = sails(t, "routes", dir, "--gaps")
	want(t, out, "task/promote", "501")
	out, _, _ = sails(t, "routes", app(t, func(m *manifest.Manifest) { m.Actions, m.Routes = nil, nil }), "--gaps")
	want(t, out, "Nothing is missing")
	out, _, _ = sails(t, "routes", dir, "--json", "--upstream", "http://127.0.0.1:1")
	var list struct {
		Routes []manifest.RouteInfo
		Gaps   []manifest.Gap
	}
	if err := json.Unmarshal([]byte(out), &list); err != nil || len(list.Routes) != 2 || list.Routes[1].Answer != "upstream" || len(list.Gaps) != 1 {
		t.Errorf("%s %v", out, err)
	}
}

func TestMigrate(t *testing.T) {
	t.Parallel()
	dir := app(t, nil)
	out, errs, code := sails(t, "migrate", dir)
	if code != 0 || out != "alter: 1 model\n" {
		t.Errorf("%d %s %s", code, out, errs)
	}
	if _, errs, code = sails(t, "migrate", dir, "--mode", "drop"); code != exitFailed {
		t.Errorf("dropped without an answer: %s", errs)
	}
	out, _, code = sails(t, "migrate", dir, "--mode", "drop", "--yes", "--json")
	if code != 0 || !strings.Contains(out, `"mode": "drop"`) {
		t.Error(out)
	}
	if _, errs, _ := sails(t, "migrate", app(t, func(m *manifest.Manifest) { m.Models = nil })); !strings.Contains(errs, "no models") {
		t.Error(errs)
	}
	if _, _, code := sails(t, "migrate", t.TempDir()); code != exitFailed {
		t.Error("a folder without a manifest was migrated")
	}
}

func TestBar(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	b := newBar(&out, false)
	for _, done := range []int64{0, 50, 100} {
		b.progress("user", done, 100)
	}
	b.progress("pet", 1, 1)
	b.done()
	want(t, out.String(), "user [               ", "user [==============================] 100 of 100", "pet [")
	if strings.Contains(out.String(), "50 of") {
		t.Error("a log with every step")
	}
	out.Reset()
	b = &bar{w: &out, live: true}
	b.progress("user", 50, 100)
	b.progress("pet", 1, 1)
	b.done()
	want(t, out.String(), "\r   user [===============               ] 50 of 100 records\n", "\r   pet")
	newBar(&out, true).progress("quiet", 1, 1)
}

// console collects what a running program prints, and says when it is ready.
type console struct {
	mu    sync.Mutex
	text  bytes.Buffer
	ready chan struct{}
	mark  string
}

func (c *console) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.text.Write(p)
	if c.ready != nil && strings.Contains(c.text.String(), c.mark) {
		close(c.ready)
		c.ready = nil
	}
	return len(p), nil
}

// lifted runs `sails lift` until the test ends and returns its address.
func lifted(t *testing.T, dir string, args ...string) (url string, out *console) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	ready := make(chan struct{})
	out = &console{ready: ready, mark: "\n}\n"}
	var errs console
	ended := make(chan int, 1)
	go func() {
		ended <- run(ctx, append([]string{"lift", dir, "--port", "0", "--json"}, args...), strings.NewReader(""), out, &errs)
	}()
	t.Cleanup(func() {
		cancel()
		if code := <-ended; code != 0 {
			t.Errorf("lift ended with %d: %s", code, errs.text.String())
		}
	})
	limit, stop := context.WithTimeout(ctx, 30*time.Second)
	defer stop()
	select {
	case <-ready:
	case code := <-ended:
		ended <- code
		t.Fatalf("lift ended with %d: %s", code, errs.text.String())
	case <-limit.Done():
		t.Fatal("lift does not listen")
	}
	var info struct{ URL string }
	out.mu.Lock()
	defer out.mu.Unlock()
	if err := json.Unmarshal(out.text.Bytes(), &info); err != nil {
		t.Fatal(err)
	}
	return info.URL, out
}

// client keeps no connection, which would outlive the test.
var client = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}

func fetch(t *testing.T, method, url, body string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(text)
}

func TestLift_Development(t *testing.T) {
	t.Parallel()
	dir := app(t, nil)
	if err := os.MkdirAll(filepath.Join(dir, "assets"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(dir, "node_modules/sails.io.js/dist"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"assets/index.html": "<h1>todo</h1>", "node_modules/sails.io.js/dist/sails.io.js": "client"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	url, _ := lifted(t, dir, "--dev", "--log", "verbose")
	for _, c := range []struct {
		method, path, body string
		status             int
		part               string
	}{
		{"GET", "/", "", 200, "todo"},
		{"GET", "/dependencies/sails.io.js", "", 200, "client"},
		{"POST", "/task", `{"title":"write tests"}`, 200, `"id": 1`},
		{"GET", "/task/find", "", 200, "write tests"},
		{"POST", "/task/1/promote", "", 501, "E_NOT_PORTED"},
		{"GET", "/none.txt", "", 404, ""},
	} {
		if status, text := fetch(t, c.method, url+c.path, c.body); status != c.status || !strings.Contains(text, c.part) {
			t.Errorf("%s %s: %d %s", c.method, c.path, status, text)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, ".tmp/sails.db")); err != nil {
		t.Error(err)
	}
}

func TestLift_Production(t *testing.T) {
	dir := app(t, func(m *manifest.Manifest) { m.Blueprints.Expose = map[string]manifest.Exposure{"task": {Actions: nil}} })
	old := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, "old "+r.URL.Path) }))
	t.Cleanup(old.Close)
	t.Setenv("SAILS_SESSION_SECRET", "")
	url, _ := lifted(t, dir, "--upstream", old.URL)
	for path, part := range map[string]string{"/task": "[]", "/anything": "old /anything", "/task/find": "details"} {
		if _, text := fetch(t, "GET", url+path, ""); !strings.Contains(text, part) {
			t.Errorf("%s: %s", path, text)
		}
	}
	if _, text := fetch(t, "POST", url+"/task/1/promote", "{}"); text != "old /task/1/promote" {
		t.Error(text)
	}
}

func TestLift_Environment(t *testing.T) {
	t.Setenv("PORT", "nonsense")
	if _, errs, code := sails(t, "lift", app(t, nil)); code != exitFailed || !strings.Contains(errs, "PORT=nonsense") {
		t.Errorf("%d %s", code, errs)
	}
	t.Setenv("PORT", "0")
	t.Setenv("NODE_ENV", "development")
	ctx, cancel := context.WithCancel(t.Context())
	ready := make(chan struct{})
	out := &console{ready: ready, mark: "Ctrl-C"}
	ended := make(chan int)
	go func() { ended <- run(ctx, []string{"lift", app(t, nil)}, nil, out, io.Discard) }()
	<-ready
	cancel()
	if code := <-ended; code != 0 {
		t.Errorf("code %d", code)
	}
	want(t, out.text.String(), "todo", "development", "1 model in SQLite, .tmp/sails.db", "1 of them closed", "curl http://localhost:", "1 thing was not carried over")
}

func TestBanner(t *testing.T) {
	t.Parallel()
	a, err := open(app(t, func(m *manifest.Manifest) { m.Name = ""; m.Datastore.Path = ":memory:" }), settings{production: true, upstream: "http://127.0.0.1:1"})
	if err != nil {
		t.Fatal(err)
	}
	defer a.close(context.Background())
	text := banner(a, "http://localhost:1", false, true)
	want(t, text, "\x1b[1mapplication", "production", "in memory", "answered by the old application", "No model is exposed")
	if colours(&bytes.Buffer{}) {
		t.Error("colours in a buffer")
	}
	b, err := open(app(t, func(m *manifest.Manifest) { m.Models, m.Datastore.Adapter = nil, "" }), settings{})
	if err != nil {
		t.Fatal(err)
	}
	defer b.close(context.Background())
	want(t, banner(b, "http://localhost:1", true, false), "no models")
}
