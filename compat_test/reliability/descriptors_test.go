package reliability

import (
	"net"
	"testing"
	"time"

	"github.com/go-sails/sails/compat_test/internal/program"
)

// Bar 12, SEC-43: a server whose descriptors are used up by connections that say
// nothing goes on serving those it has; when some are free again it takes new ones at
// once, those that waited first, and holds no more than before.
func TestDescriptors(t *testing.T) { roads(t, testDescriptors) }

func testDescriptors(t *testing.T, road string) {
	t.Parallel()
	const descriptors, more = "64", 120
	s := &server{t: t, Program: program.Start(t, []string{road, "PPROF=1"}, "sh", "-c", "ulimit -n "+descriptors+" && exec "+program.Build(t, "./servers/bench"))}
	steady := s.join(overWebSocket)
	before := s.usage()
	silent := make([]net.Conn, more)
	for i := range silent {
		silent[i] = s.dial(t) // the kernel takes them, the server cannot
	}
	for deadline := time.Now().Add(patience); s.openFiles() < 60; pause(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("the server holds %d descriptors, want nearly %s", s.openFiles(), descriptors)
		}
	}
	for range 20 {
		if took, err := echo(within(t, patience), steady); err != nil || took > time.Second {
			t.Fatalf("an answer beside it after %v: %v", took, err)
		}
	}
	for _, c := range silent {
		_ = c.Close()
	}
	began := time.Now()
	if _, err := echo(within(t, patience), s.join(overWebSocket)); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("a new client waited %v", took)
	}
	after := s.settles(before, 10*time.Second)
	t.Logf("before %v, after %v", before, after)
}
