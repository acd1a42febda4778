package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-sails/sails/sailsio/sqlstore/migration"
)

func TestMigrateVersions(t *testing.T) {
	t.Parallel()
	dir := app(t, nil)
	out, errs, code := sails(t, "migrate", "status", dir)
	if code != 0 || !strings.Contains(out, "sails migrate new") {
		t.Fatal(code, out, errs)
	}
	if _, errs, code = sails(t, "migrate", "up", dir); code != 0 {
		t.Fatal(errs)
	}
	out, errs, code = sails(t, "migrate", "new", "add_phone", dir)
	path := strings.TrimSpace(out)
	if code != 0 || filepath.Dir(path) != filepath.Join(dir, "migrations") {
		t.Fatal(out, errs)
	}
	sql := "-- +goose Up\nCREATE TABLE phone (id INTEGER);\n-- +goose Down\nDROP TABLE phone;\n"
	if err := os.WriteFile(path, []byte(sql), 0o600); err != nil {
		t.Fatal(err)
	}
	out, errs, code = sails(t, "migrate", "status", dir, "--check")
	if code != exitFailed || !strings.Contains(out, "add_phone") || !strings.Contains(out, "pending") || !strings.Contains(errs, "1 version is pending") {
		t.Errorf("%d %s %s", code, out, errs)
	}
	out, _, code = sails(t, "migrate", "up", dir)
	if code != 0 || !strings.HasPrefix(out, "up ") {
		t.Errorf("%d %s", code, out)
	}
	if out, _, _ = sails(t, "migrate", "up", dir); out != "Nothing to do.\n" {
		t.Error(out)
	}
	out, _, code = sails(t, "migrate", "status", dir, "--check", "--json")
	var list []migration.Status
	if err := json.Unmarshal([]byte(out), &list); err != nil || code != 0 || len(list) != 1 || list[0].Applied.IsZero() {
		t.Errorf("%d %s %v", code, out, err)
	}
	if _, errs, code = sails(t, "migrate", "down", dir); code != exitFailed || !strings.Contains(errs, "nothing was changed") {
		t.Errorf("without an answer: %d %s", code, errs)
	}
	out, _, code = sails(t, "migrate", "down", dir, "--to", "0", "--yes", "--json")
	var changes []migration.Change
	if err := json.Unmarshal([]byte(out), &changes); err != nil || code != 0 || len(changes) != 1 || changes[0].Direction != migration.Down {
		t.Errorf("%d %s %v", code, out, err)
	}
	if err := os.WriteFile(path, []byte("-- +goose Up\nCREATE TABEL phone;\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, errs, code = sails(t, "migrate", "up", dir); code != exitFailed || !strings.Contains(errs, "add_phone") {
		t.Errorf("%d %s", code, errs)
	}
}

func TestMigrateVersions_Mistakes(t *testing.T) {
	t.Parallel()
	dir := app(t, nil)
	for _, c := range []struct {
		line, part string
		code       int
	}{
		{"migrate new", "accepts between 1 and 2", exitUsage},
		{"migrate new ... " + dir, "name", exitUsage},
		{"migrate up --to soon " + dir, "invalid argument", exitUsage},
		{"migrate status " + t.TempDir(), "there is no sails.manifest.json", exitFailed},
	} {
		if _, errs, code := sails(t, strings.Fields(c.line)...); code != c.code || !strings.Contains(errs, c.part) {
			t.Errorf("%s: %d %s", c.line, code, errs)
		}
	}
}

// A server says that its database is behind, and serves all the same.
func TestLift_PendingMigrations(t *testing.T) {
	t.Parallel()
	dir := app(t, nil)
	if _, errs, code := sails(t, "migrate", "new", "later", dir); code != 0 {
		t.Fatal(errs)
	}
	a, err := open(dir, settings{})
	if err != nil {
		t.Fatal(err)
	}
	defer a.close(t.Context())
	if n := a.pending(t.Context()); n != 1 {
		t.Errorf("%d pending", n)
	}
}
