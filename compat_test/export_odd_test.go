package compat_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/go-sails/sails/compat_test/internal/program"
)

// TestExport_Odd exports an application that is mostly code, and wants a word about
// each thing that was left, and everything that was left closed.
func TestExport_Odd(t *testing.T) {
	t.Parallel()
	root := program.Root(t)
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Join(root, "peers", "sails-odd"))); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(root, "peers", "sails-app", "node_modules"), filepath.Join(dir, "node_modules")); err != nil {
		t.Fatal(err)
	}
	sails := func(args ...string) []byte {
		t.Helper()
		var out, errs bytes.Buffer
		cmd := exec.CommandContext(t.Context(), program.Build(t, "../cmd/sails"), args...)
		cmd.Stdout, cmd.Stderr = &out, &errs
		if err := cmd.Run(); err != nil {
			t.Fatalf("sails %s: %v\n%s", strings.Join(args, " "), err, errs.Bytes())
		}
		return out.Bytes()
	}
	var exported struct {
		Report []struct{ Where, What, Do string }
	}
	if err := json.Unmarshal(sails("export", dir, "--json"), &exported); err != nil {
		t.Fatal(err)
	}
	for where, what := range map[string]string{
		"models.person":         "customToJSON is a function",
		"models.person.ssn":     "keys are not exported",
		"models.person.photo":   "column type bytea",
		"models.person.shoe":    "custom validation",
		"models.person.code":    "looks ahead",
		"models.visit":          "schema: false",
		"routes":                "GET / was view pages/home",
		"policies.isAdmin":      "it is a function",
		"policies":              "person/greet has a policy that is a function",
		"blueprints":            "parseBlueprintOptions is a function",
		"sockets.beforeConnect": "it is a function",
		"http.trustProxy":       "by number",
		"http.middleware":       "guard",
		"hooks":                 "clock",
		"api/responses":         "1 custom responses",
		"api/helpers":           "1 helpers",
		"api/services":          "1 services",
		"views":                 "views are code",
		"bootstrap":             "did not run it",
		"actions":               "3 actions are code",
	} {
		if !slices.ContainsFunc(exported.Report, func(n struct{ Where, What, Do string }) bool {
			return n.Where == where && strings.Contains(n.What, what)
		}) {
			t.Errorf("nothing says of %s: %s", where, what)
		}
	}
	for _, what := range []string{"beforeCreate", "afterDestroy", "datastore archive", "/teapot was response teapot", "GET /inline was a function", "GET /twice was a list", "skipRegex", "option populate", "GET /blue was blueprint find", "/api/* has a policy that is a function"} {
		if !slices.ContainsFunc(exported.Report, func(n struct{ Where, What, Do string }) bool { return strings.Contains(n.What, what) }) {
			t.Errorf("nothing says: %s", what)
		}
	}

	// Nothing of it is open.
	manifest := filepath.Join(dir, "sails.manifest.json")
	mend(t, manifest)
	var table struct {
		Routes []struct{ Address, Answer, Redirect string }
	}
	if err := json.Unmarshal(sails("routes", manifest, "--dev", "--json"), &table); err != nil {
		t.Fatal(err)
	}
	if len(table.Routes) < 20 {
		t.Errorf("only %d routes", len(table.Routes))
	}
	for _, r := range table.Routes {
		if r.Answer != "closed" && r.Redirect == "" {
			t.Errorf("%s is answered by %s", r.Address, r.Answer)
		}
	}
	for _, line := range exported.Report {
		if strings.Contains(line.What+line.Do, "kAxGhxl9") || strings.Contains(line.What+line.Do, "a-secret") {
			t.Errorf("a secret is told: %+v", line)
		}
	}
}

// mend takes from the manifest what would keep it from being built at all: a decision
// that only a person can take.
func mend(t *testing.T, path string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(text, []byte("kAxGhxl9")) || bytes.Contains(text, []byte("a-secret")) {
		t.Error("the manifest holds a secret")
	}
	var m map[string]any
	if err := json.Unmarshal(text, &m); err != nil {
		t.Fatal(err)
	}
	delete(m, "sockets")
	if text, err = json.Marshal(m); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
}
