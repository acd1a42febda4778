package host_test

import (
	"slices"
	"testing"

	"github.com/go-sails/sails/compat_test/bench/host"
	"github.com/go-sails/sails/compat_test/internal/program"
	"github.com/go-sails/sails/internal/leakcheck"
)

func TestMain(m *testing.M) { leakcheck.Main(m) }

func TestProcessors_Programs(t *testing.T) {
	c := host.Processors{Server: 2, Load: 5, Allowed: 8}
	for _, p := range []struct{ got, want []int }{
		{c.OnServer(program.Spec{}).Processors, []int{2}},
		{c.OnLoad(program.Spec{}).Processors, []int{5}},
		{c.OnBoth(program.Spec{}).Processors, []int{2, 5}},
	} {
		if !slices.Equal(p.got, p.want) {
			t.Errorf("%v, want %v", p.got, p.want)
		}
	}
	one := host.Processors{Server: -1, Load: -1, Allowed: 1}
	if got := one.OnBoth(one.OnServer(program.Spec{})).Processors; got != nil {
		t.Errorf("with one processor: %v", got)
	}
}

// A copy that is started on its processor does not start itself again.
func TestPin_Copy(t *testing.T) {
	want := host.Processors{Server: 0, Load: 1, Allowed: 2}
	t.Setenv("BENCH_CORES", want.Env()[len("BENCH_CORES="):])
	if got, err := host.Pin(); err != nil || got != want {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestDescribe(t *testing.T) {
	m, err := host.Describe(host.Processors{Server: 0, Load: 1, Allowed: 2})
	if err != nil || !m.Pinned || m.Cores != 2 || m.Go == "" || m.MemoryGiB < 1 {
		t.Errorf("%+v, %v", m, err)
	}
}
