package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/go-sails/sails/internal/leakcheck"
	_ "github.com/go-sails/sails/sailsio" // so that its changes, and those beneath it, run the tests again
)

func TestMain(m *testing.M) { leakcheck.Main(m) }

// Every patch fits the code as it is now. With LEVERS=build, which make test-long
// sets, the servers they make are built too.
func TestPatches_Fit(t *testing.T) {
	root, err := filepath.Abs("../../..")
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range levers {
		if l.before != nil {
			continue
		}
		t.Run(l.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			overlay, err := patched(t.Context(), root, dir, l.name)
			if err != nil {
				t.Fatal(err)
			}
			if os.Getenv("LEVERS") != "build" {
				return
			}
			if err := compile(t.Context(), root, overlay, filepath.Join(dir, "server")); err != nil {
				t.Error(err)
			}
		})
	}
}

// Each patch is a lever's, each lever has a record, rows that exist and a load to
// profile among them.
func TestLevers_Complete(t *testing.T) {
	files, err := fs.Glob(undo, "undo/*.patch")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".patch")
		if !slices.Contains(names(), name) {
			t.Errorf("%s belongs to no lever", file)
		}
	}
	known := map[string]bool{}
	for _, row := range newRows() {
		known[row.ID] = true
		if sceneOf(row.ID) == nil {
			t.Errorf("%s: no scene plays it", row.ID)
		}
	}
	for _, l := range levers {
		if _, err := os.Stat(filepath.Join("../../../docs/decisions", l.record)); err != nil {
			t.Errorf("%s: %v", l.name, err)
		}
		for _, id := range l.rows {
			if !known[id] {
				t.Errorf("%s: no row %s", l.name, id)
			}
		}
		if l.profiled != "" && !slices.Contains(l.rows, l.profiled) {
			t.Errorf("%s: %s is profiled, but not measured", l.name, l.profiled)
		}
	}
	for _, id := range collectorRows {
		if !known[id] {
			t.Errorf("collectors: no row %s", id)
		}
	}
}

func TestPatched_DoesNotFit(t *testing.T) {
	root := t.TempDir() // a checkout without the files
	if _, err := patched(t.Context(), root, t.TempDir(), levers[0].name); err == nil {
		t.Error("a patch fits files that do not exist")
	}
}

func TestChoose(t *testing.T) {
	list, gc, err := choose("stack-kept,gc")
	if err != nil || len(list) != 1 || list[0].name != "stack-kept" || !gc {
		t.Errorf("%v, %v, %v", list, gc, err)
	}
	if _, _, err := choose("no-such-lever"); err == nil {
		t.Error("an unknown lever is taken")
	}
}
