package conformance

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/go-sails/sails/internal/leakcheck"
)

func TestMain(m *testing.M) { leakcheck.Main(m) }

// programs makes a folder with a node and an npm that do what the scripts say.
func programs(t *testing.T, node, npm string) (path string) {
	t.Helper()
	dir := t.TempDir()
	for name, script := range map[string]string{"node": node, "npm": npm} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+script), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "node")
}

// The clients are installed once, from the lockfile, without their scripts.
func TestPackages_InstalledOnce(t *testing.T) {
	cache := t.TempDir()
	t.Setenv("XDG_CACHE_HOME", cache)
	t.Setenv("HOME", cache)
	calls := filepath.Join(t.TempDir(), "calls")
	node := programs(t, "echo v20.1.0", `echo "$@" >>`+calls+`; test -s package-lock.json && mkdir node_modules`)
	var said []string
	o := Options{Node: node, Progress: func(line string) { said = append(said, line) }}
	first, err := packages(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	second, err := packages(t.Context(), o)
	if err != nil || first != second || len(said) != 1 {
		t.Errorf("%s, %s, %v, %q", first, second, err, said)
	}
	text, err := os.ReadFile(calls)
	if err != nil || !strings.HasPrefix(string(text), "ci --ignore-scripts") || strings.Count(string(text), "\n") != 1 {
		t.Errorf("npm was called with %q %v", text, err)
	}
	left, err := filepath.Glob(filepath.Join(filepath.Dir(filepath.Dir(first)), "installing-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left over: %q %v", left, err)
	}
}

// A failed installation leaves nothing that the next run would take for clients.
func TestPackages_Failed(t *testing.T) {
	cache := t.TempDir()
	t.Setenv("XDG_CACHE_HOME", cache)
	t.Setenv("HOME", cache)
	node := programs(t, "", "mkdir node_modules; echo no network >&2; exit 1\n")
	_, err := packages(t.Context(), Options{Node: node, Progress: func(string) {}})
	if err == nil || !strings.Contains(err.Error(), "no network") {
		t.Errorf("%v", err)
	}
	left, err := filepath.Glob(filepath.Join(cache, "*", "*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left over: %q %v", left, err)
	}
}

func TestFindNode(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"v16.20.2", "nonsense"} {
		_, err := findNode(t.Context(), programs(t, "echo "+version, ""))
		if err == nil || !strings.Contains(err.Error(), "need 18 or newer") {
			t.Errorf("%s: %v", version, err)
		}
	}
	if _, err := findNode(t.Context(), programs(t, "echo v22.0.0", "")); err != nil {
		t.Error(err)
	}
}

// Every suite has scenarios, each with a recording, and every client a package.
func TestFiles(t *testing.T) {
	t.Parallel()
	for _, suite := range Suites {
		scenarios, err := Files.ReadDir(suite.Scenarios)
		if err != nil || len(scenarios) == 0 {
			t.Errorf("%s: %d scenarios, %v", suite.Name, len(scenarios), err)
		}
		for _, sc := range scenarios {
			if _, err := Files.Open(suite.Golden + "/" + strings.TrimSuffix(sc.Name(), ".mjs") + ".json"); err != nil {
				t.Error(err)
			}
		}
		if releases, err := Releases(); err != nil || !slices.Contains(releases, suite.Client) || !slices.IsSortedFunc(releases, compareVersions) {
			t.Errorf("%s: %q %v", suite.Name, releases, err)
		}
	}
}
