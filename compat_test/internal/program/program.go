// Package program builds and runs the programs the tests talk to.
package program

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

const (
	startLimit = 60 * time.Second
	stopLimit  = 10 * time.Second
	keepOutput = 64 << 10
)

// Root returns the folder of the compat_test module.
func Root(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "driver", "package.json")); err == nil {
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

// A Program is a running server. Methods may be called from one goroutine at a
// time.
type Program struct {
	URL  string // http://127.0.0.1:PORT
	Port int

	cmd     *exec.Cmd
	output  *tail
	exited  chan struct{}
	waitErr error // valid once exited is closed
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
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	ready := make(chan struct{})
	p := &Program{
		URL:    "http://127.0.0.1:" + strconv.Itoa(port),
		Port:   port,
		cmd:    exec.Command(path, args...),
		output: &tail{ready: ready},
		exited: make(chan struct{}),
	}
	for _, kv := range os.Environ() {
		if !strings.HasPrefix(kv, "CONF_") && !strings.HasPrefix(kv, "NODE_ENV=") {
			p.cmd.Env = append(p.cmd.Env, kv)
		}
	}
	p.cmd.Env = append(append(p.cmd.Env, "PORT="+strconv.Itoa(port)), env...)
	p.cmd.Stdout, p.cmd.Stderr = p.output, p.output
	p.cmd.WaitDelay = time.Second
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		p.waitErr = p.cmd.Wait()
		close(p.exited)
	}()
	limit, cancel := context.WithTimeout(context.Background(), startLimit)
	defer cancel()
	select {
	case <-ready:
		return p, nil
	case <-p.exited:
		return nil, fmt.Errorf("program: %s ended before it was listening: %w\n%s", path, p.waitErr, p.Output())
	case <-limit.Done():
		_ = p.cmd.Process.Kill()
		<-p.exited
		return nil, fmt.Errorf("program: %s did not print \"listening\" within %v\n%s", path, startLimit, p.Output())
	}
}

// Alive reports whether the program still runs.
func (p *Program) Alive() bool {
	select {
	case <-p.exited:
		return false
	default:
		return true
	}
}

// Output returns the end of what the program printed.
func (p *Program) Output() string { return p.output.String() }

// Stop sends SIGTERM and waits for the program to end with code 0.
func (p *Program) Stop() error {
	if !p.Alive() {
		return fmt.Errorf("program: it had ended before: %w", p.waitErr)
	}
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	limit, cancel := context.WithTimeout(context.Background(), stopLimit)
	defer cancel()
	select {
	case <-p.exited:
		return p.waitErr
	case <-limit.Done():
		_ = p.cmd.Process.Kill()
		<-p.exited
		return errors.New("program: did not stop within " + stopLimit.String() + " after SIGTERM")
	}
}

func freePort() (int, error) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// tail keeps the last bytes written and closes ready at the first "listening".
type tail struct {
	mu    sync.Mutex
	kept  []byte
	ready chan struct{} // nil once closed
}

var _ io.Writer = (*tail)(nil)

func (w *tail) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.kept = append(w.kept, p...)
	if w.ready != nil && bytes.Contains(w.kept, []byte("listening")) {
		close(w.ready)
		w.ready = nil
	}
	if extra := len(w.kept) - keepOutput; extra > 0 {
		w.kept = append(w.kept[:0], w.kept[extra:]...)
	}
	return len(p), nil
}

func (w *tail) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return string(w.kept)
}
