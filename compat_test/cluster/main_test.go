// Package cluster_test checks servers that are joined by real brokers, beside
// servers of the original software. The tests start everything themselves, on free
// loopback ports, and stop it by its process id.
package cluster_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	programs "github.com/go-sails/sails/compat_test/internal/program"
	"github.com/go-sails/sails/internal/leakcheck"
)

func TestMain(m *testing.M) {
	if config := os.Getenv(nodeProcess); config != "" {
		if err := serveProcess(config); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	leakcheck.Main(m)
}

// patience bounds every wait.
const patience = 30 * time.Second

// testContext ends when the test should have.
func testContext(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*patience)
	t.Cleanup(cancel)
	return ctx
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// eventually waits for something that no message tells of.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	limit := time.NewTimer(patience)
	defer limit.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-limit.C:
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

// freePort returns a loopback port nobody listens on at the moment.
func freePort(t testing.TB) int {
	t.Helper()
	port, err := programs.FreePort()
	check(t, err)
	return port
}

func address(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }

// program returns the path of a program, looking where Debian hides some.
func program(t testing.TB, name string) string {
	t.Helper()
	path, err := programs.Find(name)
	check(t, err)
	return path
}

// process is a program under the test's control.
type process struct {
	*programs.Program
	t     testing.TB
	name  string
	ended <-chan struct{}
}

// start runs a command until the test ends.
func start(t testing.TB, cmd *exec.Cmd) *process {
	t.Helper()
	program, err := programs.Follow(cmd)
	check(t, err)
	p := &process{Program: program, t: t, name: filepath.Base(cmd.Path), ended: program.Ended()}
	t.Cleanup(func() {
		p.kill()
		if t.Failed() {
			t.Logf("%s said:\n%s", p.name, p.Output())
		}
	})
	return p
}

func (p *process) signal(s syscall.Signal) {
	p.Signal(s)
}

// kill ends the process at once.
func (p *process) kill() {
	p.signal(syscall.SIGCONT)
	p.Kill()
}

// listening waits until a port accepts connections.
func (p *process) listening(port int) {
	p.t.Helper()
	eventually(p.t, p.name+" to listen", func() bool {
		select {
		case <-p.ended:
			p.t.Fatalf("%s ended: %s", p.name, p.Output())
		default:
		}
		c, err := net.DialTimeout("tcp", address(port), time.Second)
		if err != nil {
			return false
		}
		_ = c.Close()
		return true
	})
}
