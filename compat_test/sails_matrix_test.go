package compat_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/go-sails/sails/compat_test/internal/program"
	"github.com/go-sails/sails/internal/conformance/transcript"
)

// scores says how many scenarios each client has played. Safe for concurrent use.
type scores struct {
	mu    sync.Mutex
	count map[string]int // by client and transport; guarded by mu
}

func (s *scores) set(client, transport string, n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.count == nil {
		s.count = map[string]int{}
	}
	s.count[client+" "+transport] = n
}

func (s *scores) get(client, transport string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.count[client+" "+transport]
}

// publish makes a table of the scores when every client has played every scenario.
func (s *scores) publish(t *testing.T, name string, suite sailsSuite, clients []string, transports ...string) {
	t.Helper()
	if t.Failed() || *update || *suite.reference != "" {
		return
	}
	all := suite.load(t)
	complete := !testing.Short()
	for _, client := range clients {
		for _, transport := range transports {
			complete = complete && s.get(client, transport) == len(all)
		}
	}
	var b strings.Builder
	b.WriteString("\nScenarios that show this client exactly what the original Sails shows it, but for the\ndifferences in compat_test/differences.md.\n\n")
	fmt.Fprintf(&b, "| Release | socket.io-client | %s |\n|%s\n", strings.Join(transports, " | "), strings.Repeat(" --- |", len(transports)+2))
	bundles := bundled(t)
	var noted []int
	for _, client := range clients {
		fmt.Fprintf(&b, "| %s | %s |", client, bundles[client])
		for _, transport := range transports {
			fmt.Fprintf(&b, " %d of %d", s.get(client, transport), len(all))
			for _, i := range limitsOf(t, suite, all, client, transport) {
				if !slices.Contains(noted, i) {
					noted = append(noted, i)
				}
				b.WriteString(" " + clientLimits[i].mark)
			}
			b.WriteString(" |")
		}
		b.WriteString("\n")
	}
	if slices.Sort(noted); len(noted) > 0 {
		b.WriteString("\nWhat a release cannot do, with the original as little as here:\n\n")
		for _, i := range noted {
			fmt.Fprintf(&b, "- %s %s\n", clientLimits[i].mark, clientLimits[i].text)
		}
	}
	matrixReport{name: name, whole: b.String(), ours: b.String(), played: complete}.publish(t)
}

// clientLimits are what old releases cannot do, each with the step of a recording that
// shows it: there it says this, where the recording of the main client does not.
var clientLimits = []struct {
	mark, text     string
	scenario, step string // the beginning of the scenario's name, and of the step's label
	sign           string // the member the step has
}{
	{"ᵃ", "answers with text beyond ASCII, or bytes, break the connection", "v04", "a: GET /res/unicode", "noReply"},
	{"ᵇ", "there is no `patch()`", "v02", "a: PATCH /echo", "threw"},
	{"ᶜ", "`request()` needs a method", "v02", "a: (default) /echo/only-get", "threw"},
	{"ᵈ", "callbacks are never called when the connection is lost", "v26", "a: in flight", "noReply"},
	{"ᵉ", "there is no `reconnect()`, and what was asked while away is lost", "v26", "a: GET /echo?after=reconnect", "noReply"},
	{"ᶠ", "there are no `headers`, `query` and `initialConnectionHeaders` of a socket", "v32", "good: GET /echo/headers", "noReply"},
}

// limitsOf returns the limits, by index, that the recordings of a client show.
func limitsOf(t *testing.T, suite sailsSuite, all []scenario, client, transport string) (shown []int) {
	t.Helper()
	dir := filepath.Join(program.Root(t), "..", "internal", "conformance", suite.golden)
	for i, limit := range clientLimits {
		for _, sc := range all {
			if !strings.HasPrefix(sc.name, limit.scenario) {
				continue
			}
			own, err := transcript.ReadFor(dir, sc.name, client, transport)
			if err != nil {
				t.Fatal(err)
			}
			main, err := transcript.Read(filepath.Join(dir, sc.name+".json"))
			if err != nil {
				t.Fatal(err)
			}
			if hasSign(own, limit.step, limit.sign) && !hasSign(main, limit.step, limit.sign) {
				shown = append(shown, i)
			}
		}
	}
	return shown
}

func hasSign(r *transcript.Transcript, label, sign string) bool {
	return slices.ContainsFunc(r.Steps, func(step any) bool {
		m, _ := step.(map[string]any)
		request, _ := m["request"].(string)
		_, there := m[sign]
		return there && strings.HasPrefix(request, label)
	})
}

// bundled returns which socket.io-client each release is built with, from the driver.
func bundled(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(driverDir(program.Root(t)), "lib", "releases.mjs"))
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for _, m := range regexp.MustCompile(`'([\d.]+)': '([\d.]+)'`).FindAllStringSubmatch(string(text), -1) {
		found[m[1]] = m[2]
	}
	return found
}
