// Package leakcheck fails a test binary that leaves goroutines or file
// descriptors behind. Call Main from TestMain.
package leakcheck

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"
)

// patience is how long goroutines and descriptors may take to go away after the
// last test.
const patience = 5 * time.Second

// Main runs the tests of m and exits the process: with the tests' own code when
// they fail, with 1 when they pass but goroutines or descriptors stay.
func Main(m *testing.M) {
	before := descriptors()
	code := m.Run()
	if code == 0 {
		if left := wait(before); left != "" {
			fmt.Fprintln(os.Stderr, "leakcheck:", left)
			code = 1
		}
	}
	os.Exit(code)
}

func wait(descriptorsBefore int) string {
	deadline := time.Now().Add(patience)
	for pause := time.Millisecond; ; pause *= 2 {
		runtime.GC() // finalizers close what tests dropped without closing
		stacks := Goroutines()
		extra := descriptors() - descriptorsBefore
		if len(stacks) == 0 && extra <= 0 {
			return ""
		}
		if time.Now().After(deadline) {
			if len(stacks) > 0 {
				return fmt.Sprintf("%d goroutines left behind:\n\n%s", len(stacks), strings.Join(stacks, "\n\n"))
			}
			return fmt.Sprintf("%d file descriptors left behind", extra)
		}
		time.Sleep(min(pause, 100*time.Millisecond))
	}
}

// Goroutines returns the stacks of all goroutines that are not part of the
// runtime or the testing framework.
func Goroutines() []string {
	buf := make([]byte, 1<<20)
	buf = buf[:runtime.Stack(buf, true)]
	var left []string
	for stack := range strings.SplitSeq(string(buf), "\n\n") {
		if !expected(stack) {
			left = append(left, stack)
		}
	}
	return left
}

func expected(stack string) bool {
	for _, mark := range []string{
		"internal/leakcheck.Goroutines",
		"testing.Main(", "testing.(*M).", "testing.tRunner.func", "testing.runTests", "testing.runFuzzing", "testing/internal",
		"internal/fuzz.",
		"runtime.goexit0", "created by runtime", "signal.signal_recv", "os/signal.loop", "runtime.ensureSigM",
		"net/http.(*Transport).dialConn", // idle client connections end by themselves
		"(*persistConn).readLoop", "(*persistConn).writeLoop",
	} {
		if strings.Contains(stack, mark) {
			return true
		}
	}
	return strings.TrimSpace(stack) == ""
}

// descriptors counts open file descriptors; 0 where the system does not tell.
func descriptors() int {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return 0
	}
	n := 0
	for _, e := range entries {
		target, err := os.Readlink("/proc/self/fd/" + e.Name())
		// The poller's own descriptors appear with first use and stay.
		if err == nil && !strings.HasPrefix(target, "anon_inode:") {
			n++
		}
	}
	return n
}
