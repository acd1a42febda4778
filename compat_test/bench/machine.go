package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/go-sails/sails/compat_test/bench/report"
	"github.com/go-sails/sails/compat_test/internal/program"
)

// cores are the processors of the server and of the load; -1 means any.
type cores struct {
	server, load int
	allowed      int
}

// onServer puts a program on the server's processor.
func (c cores) onServer(s program.Spec) program.Spec {
	if c.server >= 0 {
		s.Processors = []int{c.server}
	}
	return s
}

// onLoad puts a program on the processor of the load.
func (c cores) onLoad(s program.Spec) program.Spec {
	if c.load >= 0 {
		s.Processors = []int{c.load}
	}
	return s
}

// onBoth lets a program use both.
func (c cores) onBoth(s program.Spec) program.Spec {
	if c.load >= 0 {
		s.Processors = []int{c.server, c.load}
	}
	return s
}

const pinnedEnv = "BENCH_CORES"

// pin moves the whole process to a processor of its own by starting it again there:
// only a process with one thread can be moved as a whole.
func pin() (cores, error) {
	if v := os.Getenv(pinnedEnv); v != "" {
		var c cores
		if _, err := fmt.Sscanf(v, "%d,%d,%d", &c.server, &c.load, &c.allowed); err != nil {
			return c, fmt.Errorf("bench: %s=%q: %w", pinnedEnv, v, err)
		}
		return c, nil
	}
	var allowed unix.CPUSet
	if err := unix.SchedGetaffinity(0, &allowed); err != nil {
		return cores{}, fmt.Errorf("bench: sched_getaffinity: %w", err)
	}
	c := cores{server: -1, load: -1, allowed: allowed.Count()}
	for i := range 1024 {
		switch {
		case !allowed.IsSet(i):
		case c.server < 0:
			c.server = i
		case c.load < 0:
			c.load = i
		}
	}
	if c.load < 0 { // one processor: nothing to part
		c.server = -1
		return c, nil
	}
	var mine unix.CPUSet
	mine.Set(c.load)
	if err := unix.SchedSetaffinity(0, &mine); err != nil {
		return cores{}, fmt.Errorf("bench: sched_setaffinity: %w", err)
	}
	self, err := os.Executable()
	if err != nil {
		return cores{}, err
	}
	env := append(os.Environ(), fmt.Sprintf("%s=%d,%d,%d", pinnedEnv, c.server, c.load, c.allowed))
	return cores{}, syscall.Exec(self, os.Args, env)
}

// spareFiles are descriptors that are not connections of a load.
const spareFiles = 1000

// raiseFiles allows as many descriptors as it can, for the servers too, and returns
// how many connections that is good for.
func raiseFiles(want int) (int, error) {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return 0, err
	}
	need := uint64(want + spareFiles)
	if limit.Max < need { // needs a privilege
		_ = unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: need, Max: need})
	} else {
		_ = unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: limit.Max, Max: limit.Max})
	}
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return 0, err
	}
	if limit.Cur < 2000 {
		return 0, errors.New("bench: fewer than 2,000 open files are allowed; raise ulimit -n")
	}
	return int(min(limit.Cur, need)) - spareFiles, nil
}

func machine(c cores) (report.Machine, error) {
	m := report.Machine{Cores: c.allowed, Pinned: c.load >= 0, Go: strings.TrimPrefix(runtime.Version(), "go")}
	info, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return m, err
	}
	for line := range bytes.Lines(info) {
		if name, value, ok := strings.Cut(string(line), ":"); ok && strings.TrimSpace(name) == "model name" {
			m.CPU = strings.TrimSpace(value)
			break
		}
	}
	var u unix.Utsname
	if err := unix.Uname(&u); err == nil {
		m.Kernel, _, _ = strings.Cut("Linux "+unix.ByteSliceToString(u.Release[:]), "-")
	}
	var s unix.Sysinfo_t
	if err := unix.Sysinfo(&s); err == nil {
		m.MemoryGiB = int((s.Totalram*uint64(s.Unit) + 1<<29) >> 30)
	}
	m.Load = loadAverage()
	if out, err := exec.Command("node", "--version").Output(); err == nil {
		m.Node = strings.TrimSpace(strings.TrimPrefix(string(out), "v"))
	}
	return m, nil
}

// kernelMemory is what the kernel holds in its caches of objects, sockets among them,
// and in buffers of TCP.
func kernelMemory() (int64, error) {
	sum := int64(0)
	for file, field := range map[string]string{"/proc/meminfo": "SUnreclaim:", "/proc/net/sockstat": "TCP:"} {
		data, err := os.ReadFile(file)
		if err != nil {
			return 0, err
		}
		for line := range bytes.Lines(data) {
			rest, ok := strings.CutPrefix(string(line), field)
			if !ok {
				continue
			}
			words := strings.Fields(rest)
			unit := int64(1 << 10) // of meminfo
			if field == "TCP:" {
				unit = int64(os.Getpagesize())
			}
			n, err := strconv.ParseInt(words[0], 10, 64)
			if at := slices.Index(words, "mem"); at >= 0 && at+1 < len(words) {
				n, err = strconv.ParseInt(words[at+1], 10, 64)
			}
			if err != nil {
				return 0, fmt.Errorf("bench: %s: %w", file, err)
			}
			sum += n * unit
		}
	}
	return sum, nil
}

// loadAverage is that of the last minute, "" where it is not known.
func loadAverage() string {
	data, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return ""
	}
	first, _, _ := strings.Cut(string(data), " ")
	if _, err := strconv.ParseFloat(first, 64); err != nil {
		return ""
	}
	return first
}
