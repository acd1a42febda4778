package host

import (
	"bytes"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/go-sails/sails/compat_test/bench/report"
)

// Describe says what is measured on.
func Describe(c Processors) (report.Machine, error) {
	m := report.Machine{Cores: c.Allowed, Pinned: c.Load >= 0, Go: strings.TrimPrefix(runtime.Version(), "go")}
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
