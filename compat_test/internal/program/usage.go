package program

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// CPU returns the processor time all threads have used, to the nanosecond.
func (p *Program) CPU() (time.Duration, error) {
	d, err := cpu(p.PID)
	if err != nil {
		return 0, errors.Join(err, p.Failure())
	}
	return d, nil
}

func cpu(pid int) (time.Duration, error) {
	// The clock of another process (clock_getcpuclockid): its scheduler's account.
	const sched = 2
	var ts unix.Timespec
	if err := unix.ClockGettime(int32(^pid<<3|sched), &ts); err != nil {
		return 0, fmt.Errorf("program: CPU time of process %d: %w", pid, err)
	}
	return time.Duration(ts.Nano()), nil
}

// FamilyCPU is CPU with that of the program's living children: databases work in
// those. Children that end take theirs along.
func (p *Program) FamilyCPU() (time.Duration, error) {
	sum, err := p.CPU()
	if err != nil {
		return 0, err
	}
	lists, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", p.PID))
	if err != nil {
		return 0, err
	}
	for _, list := range lists {
		data, err := os.ReadFile(list)
		if err != nil {
			continue // the thread has ended
		}
		for text := range strings.FieldsSeq(string(data)) {
			pid, err := strconv.Atoi(text)
			if err != nil {
				return 0, fmt.Errorf("program: %s: %w", list, err)
			}
			if d, err := cpu(pid); err == nil { // it may have ended
				sum += d
			}
		}
	}
	return sum, nil
}

// Waited returns how long the program's threads were ready but had no processor.
func (p *Program) Waited() (time.Duration, error) { return Waited(p.PID) }

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
			return 0, fmt.Errorf("program: %s: %w", file, err)
		}
		sum += time.Duration(waited)
	}
	return sum, nil
}

// RSS returns the resident memory in bytes.
func (p *Program) RSS() (int64, error) {
	data, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(p.PID), "smaps_rollup"))
	if err != nil {
		return 0, errors.Join(fmt.Errorf("program: memory of %s: %w", p.spec.Path, err), p.Failure())
	}
	for line := range bytes.Lines(data) {
		if rest, ok := bytes.CutPrefix(line, []byte("Rss:")); ok {
			kib, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(string(rest)), " kB"), 10, 64)
			return kib << 10, err
		}
	}
	return 0, errors.New("program: no Rss in smaps_rollup")
}

// Quiet waits until the program uses less than a twentieth of a processor, for at
// most limit.
func (p *Program) Quiet(limit time.Duration) error {
	const slice = 100 * time.Millisecond
	for end := time.Now().Add(limit); time.Now().Before(end); {
		before, err := p.CPU()
		if err != nil {
			return err
		}
		time.Sleep(slice)
		after, err := p.CPU()
		if err != nil {
			return err
		}
		if after-before < slice/20 {
			return nil
		}
	}
	return nil
}
