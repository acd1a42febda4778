package engineio_test

import (
	"context"
	"os"
	"os/exec"
	"testing"
)

// Every test of this package holds whichever way a WebSocket is read and a poll
// answered: they run once more, in a process of their own, over package direct.
func TestRoads(t *testing.T) {
	t.Parallel()
	if road != "" {
		return // this is that process
	}
	ctx, cancel := context.WithTimeout(t.Context(), 12*patience)
	defer cancel()
	again := exec.CommandContext(ctx, os.Args[0], "-test.timeout=2m")
	again.Env = append(os.Environ(), "ENGINEIO_TEST_ROAD=direct")
	if out, err := again.CombinedOutput(); err != nil {
		t.Fatalf("over package direct: %v\n%s", err, out)
	}
}
