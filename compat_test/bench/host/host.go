// Package host is what the measuring commands know of the machine: which processor
// is the server's and which the load's, how many files may be open, and what to say
// about all of it on a page.
package host

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/go-sails/sails/compat_test/internal/program"
)

// Processors are the numbers of those of the server and of the load; -1 means any.
type Processors struct {
	Server, Load int
	Allowed      int // how many this process may use
}

// OnServer puts a program on the server's processor.
func (c Processors) OnServer(s program.Spec) program.Spec {
	if c.Server >= 0 {
		s.Processors = []int{c.Server}
	}
	return s
}

// OnLoad puts a program on the processor of the load.
func (c Processors) OnLoad(s program.Spec) program.Spec {
	if c.Load >= 0 {
		s.Processors = []int{c.Load}
	}
	return s
}

// OnBoth lets a program use both.
func (c Processors) OnBoth(s program.Spec) program.Spec {
	if c.Load >= 0 {
		s.Processors = []int{c.Server, c.Load}
	}
	return s
}

const pinnedEnv = "BENCH_CORES"

// Env tells a copy of this command, started on the load's processor, that Pin has
// nothing to do.
func (c Processors) Env() string {
	return fmt.Sprintf("%s=%d,%d,%d", pinnedEnv, c.Server, c.Load, c.Allowed)
}

// Pin moves the whole process to the load's processor by starting it again there:
// only a process with one thread can be moved as a whole. Call it first of all, on
// the main thread.
func Pin() (Processors, error) {
	if v := os.Getenv(pinnedEnv); v != "" {
		var c Processors
		if _, err := fmt.Sscanf(v, "%d,%d,%d", &c.Server, &c.Load, &c.Allowed); err != nil {
			return c, fmt.Errorf("host: %s=%q: %w", pinnedEnv, v, err)
		}
		return c, nil
	}
	var allowed unix.CPUSet
	if err := unix.SchedGetaffinity(0, &allowed); err != nil {
		return Processors{}, fmt.Errorf("host: sched_getaffinity: %w", err)
	}
	c := Processors{Server: -1, Load: -1, Allowed: allowed.Count()}
	for i := range 1024 {
		switch {
		case !allowed.IsSet(i):
		case c.Server < 0:
			c.Server = i
		case c.Load < 0:
			c.Load = i
		}
	}
	if c.Load < 0 { // one processor: nothing to part
		c.Server = -1
		return c, nil
	}
	var mine unix.CPUSet
	mine.Set(c.Load)
	if err := unix.SchedSetaffinity(0, &mine); err != nil {
		return Processors{}, fmt.Errorf("host: sched_setaffinity: %w", err)
	}
	self, err := os.Executable()
	if err != nil {
		return Processors{}, err
	}
	return Processors{}, syscall.Exec(self, os.Args, append(os.Environ(), c.Env()))
}

// SpareFiles are descriptors that are not connections of a load.
const SpareFiles = 1000

// RaiseFiles allows as many descriptors as it can, for the servers too, and returns
// how many connections, of want, that is good for.
func RaiseFiles(want int) (int, error) {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return 0, err
	}
	need := uint64(want + SpareFiles)
	if limit.Max < need { // needs a privilege
		_ = unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: need, Max: need})
	} else {
		_ = unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: limit.Max, Max: limit.Max})
	}
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return 0, err
	}
	if limit.Cur < 2000 {
		return 0, errors.New("host: fewer than 2,000 open files are allowed; raise ulimit -n")
	}
	return int(min(limit.Cur, need)) - SpareFiles, nil
}

// Wide does something on the main thread, which must be the caller's, with both
// processors: programs that it starts may use either.
func (c Processors) Wide(do func() error) error {
	if c.Load < 0 {
		return do()
	}
	var narrow, wide unix.CPUSet
	if err := unix.SchedGetaffinity(0, &narrow); err != nil {
		return fmt.Errorf("host: sched_getaffinity: %w", err)
	}
	wide.Set(c.Server)
	wide.Set(c.Load)
	if err := unix.SchedSetaffinity(0, &wide); err != nil {
		return fmt.Errorf("host: sched_setaffinity: %w", err)
	}
	return errors.Join(do(), unix.SchedSetaffinity(0, &narrow))
}
