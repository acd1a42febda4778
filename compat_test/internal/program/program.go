// Package program builds and runs the programs the tests and benchmarks talk to, and
// reads what they use. Programs end with the process that started them.
package program

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// Root returns the folder of the compat_test module.
func Root(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "setup", "install.sh")); err == nil {
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			t.Fatal("program: not inside compat_test")
		}
		dir = parent
	}
}

var builds sync.Map // package path -> func() (string, error)

// Build compiles the main package in the folder pkg (relative to the module, such
// as "./servers/protocol") once per test binary and returns the program's path.
func Build(t testing.TB, pkg string) string {
	t.Helper()
	root := Root(t)
	build, _ := builds.LoadOrStore(pkg, sync.OnceValues(func() (string, error) {
		out := filepath.Join(root, "bin", filepath.Base(pkg))
		cmd := exec.Command("go", "build", "-o", out, ".")
		cmd.Dir = filepath.Join(root, filepath.FromSlash(pkg)) // peers are modules of their own
		if text, err := cmd.CombinedOutput(); err != nil {
			return "", fmt.Errorf("go build %s: %w\n%s", pkg, err, text)
		}
		return out, nil
	}))
	path, err := build.(func() (string, error))()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// Start runs a program with PORT and env ("NAME=value") in its environment and
// returns when it has printed "listening". The program is stopped, and checked to
// stop cleanly, when the test ends.
func Start(t testing.TB, env []string, path string, args ...string) *Program {
	t.Helper()
	p, err := Launch(env, path, args...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Stop(); err != nil {
			t.Errorf("%s: %v\n%s", filepath.Base(path), err, p.Output())
		}
	})
	return p
}

// Launch is Start without a test: the caller stops the program.
func Launch(env []string, path string, args ...string) (*Program, error) {
	return Run(Spec{Path: path, Args: args, Env: env})
}
