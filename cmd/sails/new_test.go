package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-sails/sails/sailsio/manifest"
)

// A new application can be lifted, and its page is there.
func TestNew(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "todo")
	out, errs, code := sails(t, "new", dir)
	if code != 0 {
		t.Fatal(errs)
	}
	want(t, out, "npm install", "sails lift --dev")
	m, err := manifest.ReadFile(filepath.Join(dir, manifest.FileName))
	if err != nil || m.Name != "todo" {
		t.Fatal(m, err)
	}
	url, _ := lifted(t, dir, "--dev")
	if status, text := fetch(t, "GET", url+"/", ""); status != 200 || !strings.Contains(text, "Records, live") {
		t.Errorf("%d %s", status, text)
	}
	if status, text := fetch(t, "POST", url+"/list", `{"name":"first"}`); status != 200 {
		t.Errorf("%d %s", status, text)
	}

	if _, errs, code = sails(t, "new", dir); code != exitFailed || !strings.Contains(errs, "not empty") {
		t.Errorf("again: %d %s", code, errs)
	}
	if _, _, code = sails(t, "new"); code != exitUsage {
		t.Errorf("without a name: %d", code)
	}
	if _, errs, code = sails(t, "new", filepath.Join(t.TempDir(), "a b")); code != exitUsage || !strings.Contains(errs, "no name") {
		t.Errorf("a blank: %d %s", code, errs)
	}
}
