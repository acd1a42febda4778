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
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	startLimit = 60 * time.Second
	stopLimit  = 10 * time.Second
	keepOutput = 64 << 10
)

// Spec says how a program is run. Only Path is required.
type Spec struct {
	Path string
	Args []string
	Dir  string
	// Env ("NAME=value") is added to this process's environment, of which variables
	// CONF_… and NODE_ENV are left out.
	Env []string
	// Port is told to the program as PORT; 0 means a free one.
	Port int
	// Ready is what the program prints when it can be used: "listening" if empty.
	Ready string
	// Probe makes the program ready when Port accepts connections, whatever it prints.
	Probe bool
	// Limit is how long it may take to be ready: a minute if zero.
	Limit time.Duration
	// Processors are the numbers of those it runs on; nil means this process's.
	Processors []int
	// As is the user it runs as; nil means this process's.
	As *syscall.Credential
	// End is the signal that asks it to end: SIGTERM if zero.
	End syscall.Signal
}

// A Program is a running program. Methods may be called from one goroutine at a
// time.
type Program struct {
	URL  string // http://127.0.0.1:PORT
	Port int
	PID  int

	spec    Spec
	cmd     *exec.Cmd
	output  *tail
	exited  chan struct{}
	waitErr error // valid once exited is closed
}

// Run starts a program and returns when it is ready.
func Run(spec Spec) (*Program, error) {
	if spec.Port == 0 {
		port, err := FreePort()
		if err != nil {
			return nil, err
		}
		spec.Port = port
	}
	if spec.Ready == "" {
		spec.Ready = "listening"
	}
	if spec.Limit == 0 {
		spec.Limit = startLimit
	}
	if spec.End == 0 {
		spec.End = syscall.SIGTERM
	}
	cmd := exec.Command(spec.Path, spec.Args...)
	for _, kv := range os.Environ() {
		if !strings.HasPrefix(kv, "CONF_") && !strings.HasPrefix(kv, "NODE_ENV=") {
			cmd.Env = append(cmd.Env, kv)
		}
	}
	cmd.Env = append(append(cmd.Env, "PORT="+strconv.Itoa(spec.Port)), spec.Env...)
	cmd.Dir = spec.Dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: spec.As}
	ready := make(chan struct{})
	p, err := follow(cmd, spec, &tail{ready: ready, word: []byte(spec.Ready)})
	if err != nil {
		return nil, err
	}
	limit, cancel := context.WithTimeout(context.Background(), spec.Limit)
	defer cancel()
	if spec.Probe {
		ready = p.probe(limit)
	}
	select {
	case <-ready:
		return p, nil
	case <-p.exited:
		return nil, fmt.Errorf("program: %s ended before it was ready: %w\n%s", spec.Path, p.waitErr, p.Output())
	case <-limit.Done():
		p.Kill()
		return nil, fmt.Errorf("program: %s was not ready within %v\n%s", spec.Path, spec.Limit, p.Output())
	}
}

// Follow starts a command as it is, without waiting for anything. What it prints is
// kept unless it has an output of its own.
func Follow(cmd *exec.Cmd) (*Program, error) {
	return follow(cmd, Spec{Path: cmd.Path, End: syscall.SIGTERM}, new(tail))
}

func follow(cmd *exec.Cmd, spec Spec, output *tail) (*Program, error) {
	p := &Program{URL: "http://127.0.0.1:" + strconv.Itoa(spec.Port), Port: spec.Port, spec: spec, cmd: cmd, output: output, exited: make(chan struct{})}
	if cmd.Stdout == nil {
		cmd.Stdout = output
	}
	cmd.Stderr = output
	cmd.WaitDelay = time.Second
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL
	if err := startOn(spec, cmd); err != nil {
		return nil, fmt.Errorf("program: %s: %w", spec.Path, err)
	}
	p.PID = cmd.Process.Pid
	go func() {
		p.waitErr = cmd.Wait()
		close(p.exited)
	}()
	return p, nil
}

// startOn forks with the thread on the processors, so that the program begins there.
func startOn(spec Spec, cmd *exec.Cmd) error {
	if spec.Processors == nil {
		return cmd.Start()
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var before, set unix.CPUSet
	if err := unix.SchedGetaffinity(0, &before); err != nil {
		return err
	}
	for _, n := range spec.Processors {
		set.Set(n)
	}
	if err := unix.SchedSetaffinity(0, &set); err != nil {
		return err
	}
	return errors.Join(cmd.Start(), unix.SchedSetaffinity(0, &before))
}

// probe returns a channel that is closed when the port accepts connections.
func (p *Program) probe(ctx context.Context) chan struct{} {
	ready := make(chan struct{})
	go func() {
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for {
			if c, err := net.DialTimeout("tcp4", net.JoinHostPort("127.0.0.1", strconv.Itoa(p.Port)), time.Second); err == nil {
				_ = c.Close()
				close(ready)
				return
			}
			select {
			case <-tick.C:
			case <-p.exited:
				return
			case <-ctx.Done():
				return
			}
		}
	}()
	return ready
}

// Ended is closed when the program has ended.
func (p *Program) Ended() <-chan struct{} { return p.exited }

// Alive reports whether the program still runs.
func (p *Program) Alive() bool {
	select {
	case <-p.exited:
		return false
	default:
		return true
	}
}

// Failure is nil while the program runs, then how it ended and what it said last.
func (p *Program) Failure() error {
	if p.Alive() {
		return nil
	}
	return fmt.Errorf("program: %s ended: %w\n%s", p.spec.Path, p.ended(), p.Output())
}

// ended is how an exited program ended, never nil.
func (p *Program) ended() error {
	if p.waitErr != nil {
		return p.waitErr
	}
	return errors.New("exit status 0")
}

// Output returns the end of what the program printed.
func (p *Program) Output() string { return p.output.String() }

// Stop asks the program to end and waits for it to end with code 0.
func (p *Program) Stop() error {
	if !p.Alive() {
		return fmt.Errorf("program: it had ended before: %w", p.ended())
	}
	if err := p.cmd.Process.Signal(p.spec.End); err != nil {
		return err
	}
	limit, cancel := context.WithTimeout(context.Background(), stopLimit)
	defer cancel()
	select {
	case <-p.exited:
		return p.waitErr
	case <-limit.Done():
		p.Kill()
		return errors.New("program: did not stop within " + stopLimit.String() + " when asked to")
	}
}

// Signal sends a signal to the program, which may have ended.
func (p *Program) Signal(s syscall.Signal) { _ = p.cmd.Process.Signal(s) }

// Kill ends the program at once. It may have ended before.
func (p *Program) Kill() {
	_ = p.cmd.Process.Kill()
	<-p.exited
}

// FreePort returns a loopback port nobody listens on at the moment.
func FreePort() (int, error) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// tail keeps the last bytes written and closes ready at the first word.
type tail struct {
	mu    sync.Mutex
	kept  []byte
	word  []byte
	ready chan struct{} // nil once closed
}

var _ io.Writer = (*tail)(nil)

func (w *tail) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.kept = append(w.kept, p...)
	if w.ready != nil && bytes.Contains(w.kept, w.word) {
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
