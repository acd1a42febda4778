package conformance

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"
)

// A Driver is a running Node process that gets one line of JSON for each job and
// answers with one line of JSON. It does one job at a time and is not safe for
// concurrent use.
type Driver struct {
	cmd     *exec.Cmd
	in      io.WriteCloser
	answers chan []byte // closed when the process ends
	stderr  *os.File
}

// ErrTimeout means that the process did not answer in time; it has been killed.
var ErrTimeout = errors.New("conformance: no answer in time")

// StartDriver runs a script with the Node at this path. The environment gets env on
// top of the process's own.
func StartDriver(node string, env []string, script string, args ...string) (*Driver, error) {
	stderr, err := os.CreateTemp("", "driver-*.log")
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(node, append([]string{script}, args...)...)
	cmd.Env = append(os.Environ(), env...)
	cmd.Stderr = stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, errors.Join(err, discard(stderr))
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, errors.Join(err, discard(stderr))
	}
	if err := cmd.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("conformance: cannot start node: %w", err), discard(stderr))
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
		return fmt.Errorf("conformance: %w\n%s", err, d.log())
	}
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case line, ok := <-d.answers:
		if !ok {
			return fmt.Errorf("conformance: the process ended\n%s", d.log())
		}
		return json.Unmarshal(line, answer)
	case <-timer.C:
		d.kill()
		return ErrTimeout
	}
}

// kill ends the process at once; Do then fails. Safe from any goroutine.
func (d *Driver) kill() { _ = d.cmd.Process.Kill() }

// Close ends the process.
func (d *Driver) Close() {
	_ = d.in.Close()
	kill := time.AfterFunc(3*time.Second, d.kill)
	defer kill.Stop()
	for range d.answers { // until the process has closed its output
	}
	_ = d.cmd.Wait()
	_ = discard(d.stderr)
}

func discard(f *os.File) error { return errors.Join(f.Close(), os.Remove(f.Name())) }

// log returns what the process wrote to standard error.
func (d *Driver) log() string {
	text, _ := os.ReadFile(d.stderr.Name())
	return string(text[max(0, len(text)-4096):])
}
