// Package cluster_test checks servers that are joined by real brokers, beside
// servers of the original software. The tests start everything themselves, on free
// loopback ports, and stop it by its process id.
package cluster_test

import (
	"bytes"
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/go-sails/sails/internal/leakcheck"
)

func TestMain(m *testing.M) { leakcheck.Main(m) }

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
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

func address(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }

// program returns the path of a program, looking where Debian hides some.
func program(t testing.TB, name string) string {
	t.Helper()
	if path, err := exec.LookPath(name); err == nil {
		return path
	}
	hidden, _ := filepath.Glob("/usr/lib/postgresql/*/bin/" + name)
	hidden = append(hidden, "/usr/sbin/"+name)
	for i := len(hidden) - 1; i >= 0; i-- {
		if _, err := os.Stat(hidden[i]); err == nil {
			return hidden[i]
		}
	}
	t.Fatalf("%s is not installed; run: make setup", name)
	return ""
}

// process is a program under the test's control.
type process struct {
	t      testing.TB
	cmd    *exec.Cmd
	ended  chan struct{}
	output *tail
}

// tail keeps what a process has written last.
type tail struct {
	mu sync.Mutex
	b  []byte
}

func (x *tail) Write(p []byte) (int, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.b = append(x.b, p...)
	if n := len(x.b) - 1<<16; n > 0 {
		x.b = x.b[n:]
	}
	return len(p), nil
}

func (x *tail) String() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return string(bytes.TrimSpace(x.b))
}

// start runs a command until the test ends.
func start(t testing.TB, cmd *exec.Cmd) *process {
	t.Helper()
	p := &process{t: t, cmd: cmd, ended: make(chan struct{}), output: new(tail)}
	if cmd.Stdout == nil {
		cmd.Stdout = p.output
	}
	cmd.Stderr = p.output
	cmd.WaitDelay = time.Second
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL // not to outlive a test that is killed
	check(t, cmd.Start())
	go func() {
		_ = cmd.Wait()
		close(p.ended)
	}()
	t.Cleanup(func() {
		p.kill()
		if t.Failed() {
			t.Logf("%s said:\n%s", filepath.Base(cmd.Path), p.output)
		}
	})
	return p
}

func (p *process) signal(s syscall.Signal) {
	_ = p.cmd.Process.Signal(s) // it may have ended
}

// kill ends the process at once.
func (p *process) kill() {
	p.signal(syscall.SIGCONT)
	p.signal(syscall.SIGKILL)
	<-p.ended
}

// listening waits until a port accepts connections.
func (p *process) listening(port int) {
	p.t.Helper()
	eventually(p.t, filepath.Base(p.cmd.Path)+" to listen", func() bool {
		select {
		case <-p.ended:
			p.t.Fatalf("%s ended: %s", p.cmd.Path, p.output)
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
