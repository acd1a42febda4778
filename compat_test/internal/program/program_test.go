package program_test

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/go-sails/sails/compat_test/internal/program"
	"github.com/go-sails/sails/internal/leakcheck"
)

func TestMain(m *testing.M) { leakcheck.Main(m) }

func shell(script string) program.Spec {
	return program.Spec{Path: "/bin/sh", Args: []string{"-c", script}}
}

func TestRun_SaysWhatItDid(t *testing.T) {
	spec := shell(`echo "port $PORT, $EXTRA"; echo ready now; read nothing`)
	spec.Ready, spec.Env = "ready now", []string{"EXTRA=more"}
	p, err := program.Run(spec)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Kill()
	<-p.Ended()
	if out := p.Output(); !strings.Contains(out, ", more") || strings.Contains(out, "port 0,") || !strings.HasPrefix(p.URL, "http://127.0.0.1:") {
		t.Errorf("%s says %q", p.URL, out)
	}
	if err := p.Failure(); err == nil || !strings.Contains(err.Error(), "ready now") {
		t.Errorf("its end: %v", err)
	}
}

func TestRun_EndedBeforeItWasReady(t *testing.T) {
	_, err := program.Run(shell("echo broken; exit 3"))
	if err == nil || !strings.Contains(err.Error(), "exit status 3") || !strings.Contains(err.Error(), "broken") {
		t.Errorf("error %v", err)
	}
}

func TestProgram_Stop(t *testing.T) {
	for script, want := range map[string]string{
		`trap "exit 0" TERM; echo listening; while :; do sleep 0.05; done`: "",
		`trap "exit 4" TERM; echo listening; while :; do sleep 0.05; done`: "exit status 4",
	} {
		p, err := program.Run(shell(script))
		if err != nil {
			t.Fatal(err)
		}
		if rss, err := p.RSS(); err != nil || rss <= 0 {
			t.Errorf("RSS %d, %v", rss, err)
		}
		if _, err := p.FamilyCPU(); err != nil {
			t.Error(err)
		}
		if _, err := p.Waited(); err != nil {
			t.Error(err)
		}
		err = p.Stop()
		if want == "" && err != nil || want != "" && (err == nil || err.Error() != want) {
			t.Errorf("stopped with %v, want %q", err, want)
		}
		if err := p.Stop(); err == nil {
			t.Error("stopped twice")
		}
	}
}

func TestRun_OtherSignal(t *testing.T) {
	spec := shell(`trap "exit 0" INT; echo listening; while :; do sleep 0.05; done`)
	spec.End = syscall.SIGINT
	p, err := program.Run(spec)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Stop(); err != nil {
		t.Error(err)
	}
}

func TestFind(t *testing.T) {
	if path, err := program.Find("sh"); err != nil || !filepath.IsAbs(path) {
		t.Errorf("sh: %s, %v", path, err)
	}
	if _, err := program.Find("no-such-program"); err == nil {
		t.Error("a program that does not exist was found")
	}
}
