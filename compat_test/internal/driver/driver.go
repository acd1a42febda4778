// Package driver runs the JavaScript programs of the driver folder: one process,
// one line of JSON for each job, one line of JSON for each answer.
package driver

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// A Driver is a running Node process. It does one job at a time and is not safe
// for concurrent use.
type Driver struct {
	cmd     *exec.Cmd
	in      io.WriteCloser
	answers chan []byte // closed when the process ends
	stderr  *os.File
}

// ErrTimeout means that the process did not answer in time; it has been killed.
var ErrTimeout = errors.New("driver: no answer in time")

// Start runs node on a script of the driver folder.
func Start(root, script string, args ...string) (*Driver, error) {
	dir := filepath.Join(root, "driver")
	if _, err := os.Stat(filepath.Join(dir, "node_modules")); err != nil {
		return nil, fmt.Errorf("driver: the npm packages are not installed; run \"make setup\": %w", err)
	}
	stderr, err := os.CreateTemp("", "driver-*.log")
	if err != nil {
		return nil, err
	}
	cmd := exec.Command("node", append([]string{filepath.Join(dir, script)}, args...)...)
	cmd.Stderr = stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("driver: cannot start node; run \"make setup\": %w", err)
	}
	d := &Driver{cmd: cmd, in: in, answers: make(chan []byte), stderr: stderr}
	go d.read(out)
	return d, nil
}

func (d *Driver) read(out io.Reader) {
	defer close(d.answers)
	lines := bufio.NewReaderSize(out, 1<<16)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return
		}
		d.answers <- line
	}
}

// Do sends a job and decodes the answer to it.
func (d *Driver) Do(job, answer any, limit time.Duration) error {
	line, err := json.Marshal(job)
	if err != nil {
		return err
	}
	if _, err := d.in.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("driver: %w\n%s", err, d.log())
	}
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case line, ok := <-d.answers:
		if !ok {
			return fmt.Errorf("driver: the process ended\n%s", d.log())
		}
		return json.Unmarshal(line, answer)
	case <-timer.C:
		_ = d.cmd.Process.Kill()
		return ErrTimeout
	}
}

// Close ends the process.
func (d *Driver) Close() {
	_ = d.in.Close()
	kill := time.AfterFunc(3*time.Second, func() { _ = d.cmd.Process.Kill() })
	defer kill.Stop()
	for range d.answers { // until the process has closed its output
	}
	_ = d.cmd.Wait()
	_ = d.stderr.Close()
	_ = os.Remove(d.stderr.Name())
}

// log returns what the process wrote to standard error.
func (d *Driver) log() string {
	text, _ := os.ReadFile(d.stderr.Name())
	return string(text[max(0, len(text)-4096):])
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
