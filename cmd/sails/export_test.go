package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-sails/sails/sailsio/manifest"
)

// node makes a program that behaves like Node with the script does: it gets -, the
// folder and the file to write. compat_test runs the real one.
func node(t *testing.T, script string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "node")
	if err := os.WriteFile(path, []byte("#!/bin/sh\ncat >/dev/null\n"+script), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

const described = `{"version":1,"name":"old","models":[{"identity":"user","attributes":[
	{"name":"id","type":"number","autoIncrement":true},
	{"name":"name","type":"string","validations":{"regex":"^(?=x)"}},
	{"name":"code","type":"string","validations":{"regex":"^[a-z]+$"}}]}],
	"report":[{"where":"policies.isAdmin","what":"it is a function","do":"write it in Go"},{"where":"actions","what":"3 actions are code"}]}`

func TestExport(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	fake := node(t, "echo loading; cat > \"$3\" <<'E'\n"+described+"\nE\n")
	out, errs, code := sails(t, "export", dir, "--node", fake)
	if code != 0 {
		t.Fatal(errs)
	}
	want(t, errs, "loading")
	want(t, out, "1 model, 0 routes", "policies.isAdmin\n      it is a function\n      write it in Go", "models.user.name", "linear time", "sails lift --dev")
	m, err := manifest.ReadFile(filepath.Join(dir, manifest.FileName))
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(m.Models[0].Unported, " "); got != "regex:name" {
		t.Errorf("unported: %s", got)
	}

	if _, errs, code = sails(t, "export", dir, "--node", fake); code != exitFailed || !strings.Contains(errs, "--force replaces it") {
		t.Errorf("a second time: %d %s", code, errs)
	}
	out, _, code = sails(t, "export", dir, "--node", fake, "--force", "--json")
	var report struct {
		Models int
		Report []manifest.Note
	}
	if err := json.Unmarshal([]byte(out), &report); err != nil || code != 0 || report.Models != 1 || len(report.Report) != 3 {
		t.Errorf("%d %s %v", code, out, err)
	}
	if out, _, _ = sails(t, "export", dir, "--node", fake, "--output", "-"); !strings.HasPrefix(out, "{\n  \"version\": 1") {
		t.Error(out)
	}
}

func TestExport_Failures(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ node, part string }{
		{filepath.Join(t.TempDir(), "no-node"), "no-node"},
		{"no-such-node-anywhere", "needs Node"},
		{node(t, "echo no Sails here >&2; exit 1\n"), "no Sails here"},
		{node(t, "echo nonsense > \"$3\"\n"), "invalid character"},
		{node(t, `echo '{"version":1,"models":[{"identity":"a","attributes":[],"unported":["magic"]}]}' > "$3"`), "unknown entry"},
	} {
		if _, errs, code := sails(t, "export", t.TempDir(), "--node", c.node); code != exitFailed || !strings.Contains(errs, c.part) {
			t.Errorf("%s: %d %s", c.part, code, errs)
		}
	}
	// A manifest that needs mending is written all the same.
	dir := t.TempDir()
	out, _, code := sails(t, "export", dir, "--node", node(t, `echo '{"version":1,"models":[{"identity":"a","attributes":[{"name":"b","model":"ghost"}]}]}' > "$3"`))
	if code != 0 || !strings.Contains(out, "mend the manifest") {
		t.Errorf("%d %s", code, out)
	}
}
