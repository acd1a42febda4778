package compat_test

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-sails/sails/compat_test/internal/driver"
	"github.com/go-sails/sails/compat_test/internal/program"
	"github.com/go-sails/sails/internal/conformance/transcript"
)

var (
	update       = flag.Bool("update", false, "with -reference or -reference-0.12: record transcripts instead of comparing them")
	reference    = flag.String("reference", "", "folder of the original Sails application to run instead of servers/conformance")
	reference012 = flag.String("reference-0.12", "", "the same for servers/conformance-0.12")
)

// A sailsSuite is a set of scenarios with the server they are played against.
type sailsSuite struct {
	server    string  // package of the server
	scenarios string  // folder of internal/conformance
	golden    string  // folder of internal/conformance
	reference *string // folder of the original application
	main      string  // the client the main recordings were made with
	road      string  // of the server: DIRECT of internal/serve
}

var (
	sails1   = sailsSuite{"./servers/conformance", "scenarios", "golden", reference, "1.2.1", ""}
	sails012 = sailsSuite{"./servers/conformance-0.12", "scenarios-0.12", "golden-0.12", reference012, "0.13.8", ""}
)

const (
	quietTime     = 100 * time.Millisecond // silence that counts as "nothing more will come"
	replyTime     = 3 * time.Second
	scenarioLimit = 20 * time.Second
)

// TestSails (VS-4) plays every scenario, against the variant of the server that it
// wants, with every release of sails.io.js over both transports; with -short with the
// current one only.
func TestSails(t *testing.T) {
	clients := releases(t)
	var results scores
	t.Run("play", func(t *testing.T) {
		for _, client := range clients {
			for _, transport := range []string{"websocket", "polling"} {
				t.Run(client+"-"+transport, func(t *testing.T) {
					t.Parallel()
					results.set(client, transport, sails1.play(t, client, transport))
				})
			}
		}
	})
	results.publish(t, "sails.io.js", sails1, clients, "websocket", "polling")
}

// TestSails012 plays the scenarios of Sails 0.12 with a client of its time and
// the current one.
func TestSails012(t *testing.T) {
	clients := []string{"0.13.8", "1.2.1"}
	var results scores
	t.Run("play", func(t *testing.T) {
		for _, client := range clients {
			t.Run(client, func(t *testing.T) {
				t.Parallel()
				results.set(client, "websocket", sails012.play(t, client, "websocket"))
			})
		}
	})
	results.publish(t, "sails.io.js with the server of Sails 0.12", sails012, clients, "websocket")
}

// releases returns the sails.io.js releases of the driver, oldest first;
// with -short only the current one.
func releases(t *testing.T) []string {
	if testing.Short() {
		return []string{sails1.main}
	}
	text, err := os.ReadFile(filepath.Join(program.Root(t), "..", "internal", "conformance", "driver", "package.json"))
	if err != nil {
		t.Fatal(err)
	}
	var manifest struct{ Dependencies map[string]string }
	if err := json.Unmarshal(text, &manifest); err != nil {
		t.Fatal(err)
	}
	var found []string
	for alias := range manifest.Dependencies {
		if version, ok := strings.CutPrefix(alias, "sails.io.js-"); ok {
			found = append(found, version)
		}
	}
	slices.SortFunc(found, compareVersions)
	return found
}

func compareVersions(a, b string) int {
	parse := func(s string) (v [3]int) {
		_, _ = fmt.Sscanf(s, "%d.%d.%d", &v[0], &v[1], &v[2])
		return v
	}
	x, y := parse(a), parse(b)
	return slices.Compare(x[:], y[:])
}

// A scenario is one file of the suite with what it asks for.
type scenario struct {
	name, file string
	wishes
}

type wishes struct {
	Title     string `json:"title"`
	Variant   string `json:"variant"`
	Client    string `json:"client"`
	Transport string `json:"transport"`
}

// play runs the suite with one client and transport; a subtest for every
// scenario, grouped by the variant of the server. It returns how many were played.
func (s sailsSuite) play(t *testing.T, client, transport string) (played int) {
	all := s.load(t)
	variants := loadVariants(t)
	var names []string
	for _, sc := range all {
		if !slices.Contains(names, sc.Variant) {
			names = append(names, sc.Variant)
		}
	}
	for _, variant := range names {
		env, ok := variants[variant]
		if !ok {
			t.Errorf("variants.json does not describe %q", variant)
			continue
		}
		t.Run(variant, func(t *testing.T) {
			stage := &stage{t: t, suite: s, client: client, transport: transport, env: env}
			defer stage.close()
			for _, sc := range all {
				if sc.Variant == variant {
					t.Run(sc.name, func(t *testing.T) { played++; stage.scenario(t, sc) })
				}
			}
		})
	}
	if client == s.main && transport == "websocket" && played == len(all) && *s.reference == "" {
		s.checkRules(t, all)
	}
	return played
}

// checkRules finds rows of differences.md that describe this suite but nothing in
// it. It is called when all scenarios were played with the main client.
func (s sailsSuite) checkRules(t *testing.T, all []scenario) {
	for _, r := range rules(t) {
		if strings.HasPrefix(all[0].name, r.Scenario[:1]) && !r.Used() {
			t.Errorf("differences.md: no scenario differs like this any more, remove the row:\n%s", r.Text)
		}
	}
}

var loaded sync.Map // folder -> func() ([]scenario, error)

// load asks the driver what the scenarios of the suite want, once.
func (s sailsSuite) load(t *testing.T) []scenario {
	t.Helper()
	root := program.Root(t)
	load, _ := loaded.LoadOrStore(s.scenarios, sync.OnceValues(func() ([]scenario, error) {
		files, err := filepath.Glob(filepath.Join(root, "..", "internal", "conformance", s.scenarios, "*.mjs"))
		if err != nil || len(files) == 0 {
			return nil, fmt.Errorf("no scenarios in %s: %w", s.scenarios, err)
		}
		d, err := driver.Start(root, "scenarios.mjs", s.main)
		if err != nil {
			return nil, err
		}
		defer d.Close()
		var answer struct {
			Wishes  []wishes `json:"wishes"`
			Problem string   `json:"problem"`
		}
		if err := d.Do(map[string]any{"describe": files}, &answer, scenarioLimit); err != nil {
			return nil, err
		}
		if len(answer.Wishes) != len(files) {
			return nil, errors.New(answer.Problem)
		}
		var list []scenario
		for i, file := range files {
			list = append(list, scenario{strings.TrimSuffix(filepath.Base(file), ".mjs"), file, answer.Wishes[i]})
		}
		return list, nil
	}))
	list, err := load.(func() ([]scenario, error))()
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func loadVariants(t *testing.T) map[string]map[string]string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(program.Root(t), "..", "internal", "conformance", "variants.json"))
	if err != nil {
		t.Fatal(err)
	}
	var variants map[string]map[string]string
	if err := json.Unmarshal(text, &variants); err != nil {
		t.Fatal(err)
	}
	return variants
}

// A stage is a running server and a running client. Either is started when a
// scenario needs it, and again when it was lost in the scenario before.
type stage struct {
	t                 *testing.T
	suite             sailsSuite
	client, transport string
	env               map[string]string
	server            *program.Program
	driver            *driver.Driver
}

func (st *stage) scenario(t *testing.T, sc scenario) {
	st.setUp(t)
	transport := st.transport
	if sc.Transport != "" {
		transport = sc.Transport
	}
	got := transcript.Transcript{
		Scenario: sc.name, Title: sc.Title, Variant: sc.Variant,
		Client: "sails.io.js@" + st.client, Transport: transport,
	}
	job := map[string]any{
		"file": sc.file, "url": st.server.URL, "transport": transport,
		"quietMs": quietTime.Milliseconds(), "replyMs": replyTime.Milliseconds(), "timeoutMs": scenarioLimit.Milliseconds(),
	}
	err := st.driver.Do(job, &got, scenarioLimit+5*time.Second)
	if err != nil {
		st.dropDriver()
	}
	if !st.server.Alive() {
		t.Errorf("the server ended by itself:\n%s", st.server.Output())
		st.server = nil
	}
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(program.Root(t), "..", "internal", "conformance", st.suite.golden)
	if *update {
		st.record(t, dir, &got)
		return
	}
	want, err := transcript.ReadFor(dir, sc.name, st.client, transport)
	if err != nil {
		t.Fatal(err)
	}
	unexpected := slices.DeleteFunc(transcript.Diff(want, &got), func(d transcript.Difference) bool {
		return *st.suite.reference == "" && slices.ContainsFunc(rules(t), func(r *transcript.Rule) bool { return r.Allows(d) })
	})
	if len(unexpected) > 0 {
		t.Error(report(sc.Title, unexpected))
	}
}

var rulesOnce = sync.OnceValues(func() ([]*transcript.Rule, error) { return transcript.ReadRules("differences.md") })

// rules returns the differences that are meant.
func rules(t *testing.T) []*transcript.Rule {
	t.Helper()
	list, err := rulesOnce()
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// report lists differences, shortened.
func report(title string, list []transcript.Difference) string {
	var b strings.Builder
	b.WriteString(title)
	for _, d := range list {
		if len(d.Want) > 400 {
			d.Want = d.Want[:400] + "…"
		}
		if len(d.Got) > 400 {
			d.Got = d.Got[:400] + "…"
		}
		b.WriteString("\n    " + d.String())
	}
	return b.String()
}

// record stores a transcript of a client whose view differs from the main one.
func (st *stage) record(t *testing.T, dir string, got *transcript.Transcript) {
	if *st.suite.reference == "" {
		t.Fatal("-update records the original software: name its folder with -reference")
	}
	if got.Status != "ok" {
		t.Fatalf("not recorded: %s %s", got.Status, got.Problem)
	}
	own := filepath.Join(dir, st.client+"-"+got.Transport, got.Scenario+".json")
	want, err := transcript.Read(filepath.Join(dir, got.Scenario+".json"))
	if err != nil {
		t.Fatal(err)
	}
	if len(transcript.Diff(want, got)) == 0 {
		if err := os.Remove(own); err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
		return
	}
	if err := transcript.Write(own, got); err != nil {
		t.Fatal(err)
	}
}

func (st *stage) setUp(t *testing.T) {
	t.Helper()
	var err error
	if st.server == nil {
		env := []string{"DIRECT=" + st.suite.road}
		for name, value := range st.env {
			env = append(env, name+"="+value)
		}
		if dir := *st.suite.reference; dir != "" {
			st.server, err = program.Launch(env, "node", filepath.Join(program.Root(t), "..", "internal", "conformance", "driver", "reference.mjs"), dir)
		} else {
			st.server, err = program.Launch(env, program.Build(t, st.suite.server))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if st.driver == nil {
		if st.driver, err = driver.Start(program.Root(t), "scenarios.mjs", st.client); err != nil {
			t.Fatal(err)
		}
	}
}

func (st *stage) dropDriver() {
	st.driver.Close()
	st.driver = nil
}

func (st *stage) close() {
	if st.driver != nil {
		st.dropDriver()
	}
	if st.server != nil {
		if err := st.server.Stop(); err != nil {
			st.t.Error(err)
		}
	}
}
