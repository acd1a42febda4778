// Package process starts servers under test on a processor of their own and reads
// what they use.
//
// Start must be called from a goroutine locked to the main thread: the processor is
// inherited from the thread that forks, and children end with it.
package process

import (
	"bufio"
	"bytes"
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
	"time"

	"golang.org/x/sys/unix"
)

// Spec says how a server is started.
type Spec struct {
	Name string
	Dir  string
	Args []string // program and arguments
	Env  []string // besides PORT
}

// Server is a running server.
type Server struct {
	Spec
	Port int
	PID  int

	cmd     *exec.Cmd
	exited  chan struct{}
	exitErr error // once exited is closed
	log     tail
}

// startTimeout is how long a server may take to listen.
const startTimeout = 30 * time.Second

// Start starts a server on the given processor (negative: any) and waits until it
// listens.
func Start(spec Spec, processor int) (*Server, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	s := &Server{Spec: spec, Port: port, exited: make(chan struct{})}
	s.cmd = exec.Command(spec.Args[0], spec.Args[1:]...)
	s.cmd.Dir = spec.Dir
	s.cmd.Env = append(append(os.Environ(), "PORT="+strconv.Itoa(port)), spec.Env...)
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	s.cmd.Stderr = &s.log
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := startOn(processor, s.cmd); err != nil {
		return nil, fmt.Errorf("process: %s: %w", spec.Name, err)
	}
	s.PID = s.cmd.Process.Pid
	listening := make(chan struct{})
	go func() {
		told := false
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			if !told && strings.TrimSpace(lines.Text()) == "listening" {
				told = true
				close(listening)
			}
		}
		_, _ = io.Copy(io.Discard, out) // a line too long to scan
		s.exitErr = s.cmd.Wait()
		close(s.exited)
	}()
	select {
	case <-listening:
		return s, nil
	case <-s.exited:
		return nil, fmt.Errorf("process: %s ended before it listened: %w\n%s", spec.Name, s.exitErr, s.log.text())
	case <-time.After(startTimeout):
		s.Stop()
		return nil, fmt.Errorf("process: %s did not listen within %v\n%s", spec.Name, startTimeout, s.log.text())
	}
}

// startOn forks with the thread on the processor, so that the child begins there.
func startOn(processor int, cmd *exec.Cmd) error {
	if processor < 0 {
		return cmd.Start()
	}
	var before, set unix.CPUSet
	if err := unix.SchedGetaffinity(0, &before); err != nil {
		return err
	}
	set.Set(processor)
	if err := unix.SchedSetaffinity(0, &set); err != nil {
		return err
	}
	err := cmd.Start()
	return errors.Join(err, unix.SchedSetaffinity(0, &before))
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// Stop asks the server to end, and insists after three seconds.
func (s *Server) Stop() {
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-s.exited:
		return
	case <-time.After(3 * time.Second):
	}
	_ = s.cmd.Process.Kill()
	<-s.exited
}

// Alive returns an error when the server has ended.
func (s *Server) Alive() error {
	select {
	case <-s.exited:
		return fmt.Errorf("process: %s ended: %w\n%s", s.Name, s.exitErr, s.log.text())
	default:
		return nil
	}
}

// CPU returns the processor time all threads have used, to the nanosecond.
func (s *Server) CPU() (time.Duration, error) {
	// The clock of another process (clock_getcpuclockid): its scheduler's account.
	const sched = 2
	var ts unix.Timespec
	if err := unix.ClockGettime(int32(^s.PID<<3|sched), &ts); err != nil {
		if dead := s.Alive(); dead != nil {
			return 0, dead
		}
		return 0, fmt.Errorf("process: CPU time of %s: %w", s.Name, err)
	}
	return time.Duration(ts.Nano()), nil
}

// Waited returns how long the server's threads were ready but had no processor.
func (s *Server) Waited() (time.Duration, error) { return Waited(s.PID) }

// Waited returns how long the threads of a process were ready but had no processor.
func Waited(pid int) (time.Duration, error) {
	files, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
	if err != nil {
		return 0, err
	}
	var sum time.Duration
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			continue // the thread has ended
		}
		var ran, waited int64
		if _, err := fmt.Sscan(string(data), &ran, &waited); err != nil {
			return 0, fmt.Errorf("process: %s: %w", file, err)
		}
		sum += time.Duration(waited)
	}
	return sum, nil
}

// RSS returns the resident memory in bytes.
func (s *Server) RSS() (int64, error) {
	data, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(s.PID), "smaps_rollup"))
	if err != nil {
		return 0, fmt.Errorf("process: memory of %s: %w", s.Name, err)
	}
	for line := range bytes.Lines(data) {
		if rest, ok := bytes.CutPrefix(line, []byte("Rss:")); ok {
			kib, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(string(rest)), " kB"), 10, 64)
			return kib << 10, err
		}
	}
	return 0, errors.New("process: no Rss in smaps_rollup")
}

// Quiet waits until the server uses less than a twentieth of a processor, for at
// most limit.
func (s *Server) Quiet(limit time.Duration) error {
	const slice = 100 * time.Millisecond
	for end := time.Now().Add(limit); time.Now().Before(end); {
		before, err := s.CPU()
		if err != nil {
			return err
		}
		time.Sleep(slice)
		after, err := s.CPU()
		if err != nil {
			return err
		}
		if after-before < slice/20 {
			return nil
		}
	}
	return nil
}

// tail keeps the end of what a server says.
type tail struct {
	mu  sync.Mutex
	end []byte
}

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.end = append(t.end, p...)
	if over := len(t.end) - 4096; over > 0 {
		t.end = append(t.end[:0], t.end[over:]...)
	}
	return len(p), nil
}

func (t *tail) text() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.end)
}
