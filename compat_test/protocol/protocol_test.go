package protocol_test

import (
	"encoding/json"
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/go-sails/sails/compat_test/internal/program"
	"github.com/go-sails/sails/compat_test/protocol"
	"github.com/go-sails/sails/internal/conformance/transcript"
	"github.com/go-sails/sails/internal/leakcheck"
)

var (
	update = flag.Bool("update", false, "record the transcripts of the original software anew")
	live   = flag.Bool("live", os.Getenv("PROTOCOL_LIVE") != "", "compare with the original software as it runs, not with the recordings")
	only   = flag.String("only", "", "play only the cases whose names contain this")
)

func TestMain(m *testing.M) { leakcheck.Main(m) }

// attempts is how often a case that differs is played again, alone: a busy machine
// can stop a client for longer than a heartbeat allows.
const attempts = 3

// TestProtocol plays every case against our server and compares with the original.
func TestProtocol(t *testing.T) {
	rules, err := transcript.ReadRules(filepath.Join(program.Root(t), "differences.md"))
	if err != nil {
		t.Fatal(err)
	}
	path := program.Build(t, "./servers/protocol")
	ours := &server{programs: map[string]*program.Program{"": program.Start(t, nil, path)}}
	direct := &server{programs: map[string]*program.Program{}} // beneath net/http: there a server has one path
	for mount, road := range map[string]string{
		"": "1", "/ext/": "/ext/", "/strict/": "/strict/", "/recovery/": "/recovery/", "/engine.io/": "/engine.io/",
	} {
		direct.programs[mount] = program.Start(t, []string{"DIRECT=" + road}, path)
	}
	var original *server
	if *update || *live {
		node := program.Start(t, nil, "node", filepath.Join(program.Root(t), "peers", "node-protocol", "server.mjs"))
		original = &server{programs: map[string]*program.Program{"": node}}
	}
	t.Run("cases", func(t *testing.T) {
		for _, g := range protocol.Groups() {
			t.Run(g.Name, func(t *testing.T) {
				t.Parallel()
				playGroup(t, g, ours, original, rules)
			})
			if *update {
				continue
			}
			t.Run(g.Name+" direct", func(t *testing.T) {
				t.Parallel()
				playGroup(t, g, direct, original, rules)
			})
		}
	})
	for _, r := range rules {
		if strings.HasPrefix(r.Scenario, "p:") && !r.Used() && *only == "" && !t.Failed() {
			t.Errorf("differences.md: no case needs this row any more: %s", r.Text)
		}
	}
}

// server is a program under test, or several: one for each mount, and "" for the others.
type server struct {
	programs map[string]*program.Program
	alone    sync.RWMutex
}

func (s *server) play(c protocol.Case, alone bool) []string {
	if alone {
		s.alone.Lock()
		defer s.alone.Unlock()
	} else {
		s.alone.RLock()
		defer s.alone.RUnlock()
	}
	site := protocol.Site{}
	for mount, p := range s.programs {
		site[mount] = strings.TrimPrefix(p.URL, "http://")
	}
	return protocol.Play(site, c)
}

// died returns what a program said that has ended.
func (s *server) died() (output string, dead bool) {
	for _, p := range s.programs {
		if !p.Alive() {
			return p.Output(), true
		}
	}
	return "", false
}

func playGroup(t *testing.T, g protocol.Group, ours, original *server, rules []*transcript.Rule) {
	path := filepath.Join(program.Root(t), "..", "testdata", "protocol", g.Name+".json")
	recorded, err := readRecording(path)
	if err != nil && !(*update && errors.Is(err, fs.ErrNotExist)) {
		t.Fatal(err)
	}
	var mu sync.Mutex
	fresh := map[string][]string{}
	t.Run("group", func(t *testing.T) {
		for _, c := range g.Cases {
			if !strings.Contains(g.Name+"/"+c.Name, *only) {
				continue
			}
			t.Run(c.Name, func(t *testing.T) {
				t.Parallel()
				want := recorded[c.Name]
				if original != nil {
					want = original.play(c, g.Alone)
					mu.Lock()
					if fresh[c.Name] != nil {
						t.Errorf("two cases have this name")
					}
					fresh[c.Name] = want
					mu.Unlock()
				}
				if want == nil {
					t.Fatal("there is no recording: make golden")
				}
				check(t, g, c, ours, original, want, rules)
			})
		}
	})
	if *update && *only == "" {
		if err := writeRecording(path, fresh); err != nil {
			t.Fatal(err)
		}
	} else if *update {
		for name, lines := range fresh {
			recorded[name] = lines
		}
		if err := writeRecording(path, recorded); err != nil {
			t.Fatal(err)
		}
	}
}

// check plays a case against ours and reports the differences that no rule allows.
func check(t *testing.T, g protocol.Group, c protocol.Case, ours, original *server, want []string, rules []*transcript.Rule) {
	var got []string
	var problems []string
	for i := range attempts {
		got = ours.play(c, g.Alone || i > 0)
		if output, dead := ours.died(); dead {
			t.Fatalf("the server has ended:\n%s", output)
		}
		if problems = compare(g.Name+"/"+c.Name, want, got, rules); len(problems) == 0 {
			return
		}
		if original != nil && i > 0 {
			want = original.play(c, true)
		}
	}
	t.Errorf("%s\noriginal:\n  %s\nours:\n  %s", strings.Join(problems, "\n"), strings.Join(want, "\n  "), strings.Join(got, "\n  "))
}

func compare(name string, want, got []string, rules []*transcript.Rule) []string {
	var problems []string
	for i := range min(len(want), len(got)) {
		if want[i] == got[i] {
			continue
		}
		// A case that goes another way differs in all that follows.
		rest := transcript.Difference{
			Scenario: "p:" + name, Step: i + 1, Path: "rest",
			Want: strings.Join(want[i:], " ⏎ "), Got: strings.Join(got[i:], " ⏎ "),
		}
		if slices.ContainsFunc(rules, func(r *transcript.Rule) bool { return r.Allows(rest) }) {
			return nil
		}
		break
	}
	for i := range max(len(want), len(got)) {
		d := transcript.Difference{Scenario: "p:" + name, Step: i + 1, Path: "line", Want: "(nothing)", Got: "(nothing)"}
		if i < len(want) {
			d.Want = want[i]
		}
		if i < len(got) {
			d.Got = got[i]
		}
		if d.Want == d.Got || slices.ContainsFunc(rules, func(r *transcript.Rule) bool { return r.Allows(d) }) {
			continue
		}
		problems = append(problems, "- "+d.Want, "+ "+d.Got)
	}
	return problems
}

func readRecording(path string) (map[string][]string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return map[string][]string{}, err
	}
	var all map[string][]string
	return all, json.Unmarshal(text, &all)
}

func writeRecording(path string, all map[string][]string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(all); err != nil {
		return err
	}
	return os.WriteFile(path, []byte(b.String()), 0o644)
}
