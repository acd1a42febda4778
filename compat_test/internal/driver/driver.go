// Package driver runs the JavaScript programs of the driver folder for tests.
package driver

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/go-sails/sails/internal/conformance"
)

// Driver is a running Node process.
type Driver = conformance.Driver

// Start runs node on a script of the driver folder, which is below the folder of
// the repository that compat_test is in.
func Start(root, script string, args ...string) (*Driver, error) {
	dir := filepath.Join(root, "..", "internal", "conformance", "driver")
	if _, err := os.Stat(filepath.Join(dir, "node_modules")); err != nil {
		return nil, fmt.Errorf("driver: the npm packages are not installed; run \"make setup\": %w", err)
	}
	if !filepath.IsLocal(script) { // of another folder of compat_test
		dir = filepath.Join(root, "driver")
	}
	return conformance.StartDriver("node", nil, filepath.Join(dir, script), args...)
}

// ForTest starts a driver that is closed at the end of the test.
func ForTest(t testing.TB, root, script string, args ...string) *Driver {
	t.Helper()
	d, err := Start(root, script, args...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	return d
}
