package compat_test

import (
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/go-sails/sails/compat_test/internal/program"
	"github.com/go-sails/sails/internal/conformance/transcript"
)

// A pageScenario is one file of the folder pages, and what the page is like.
type pageScenario struct {
	name     string // of the scenario in the recordings
	title    string // in the client matrix
	file     string // below pages, without ".js"; "" is the name
	first    string // the first release that can play it; "" is every one
	suffix   string // of the script's address
	attrs    string // of the script's element
	query    string // of the page
	abroad   bool   // the page is opened at the other origin
	origins  bool   // only the first origin may connect
	oneCarry bool   // does not depend on the transport: played over the first only
	mixed    bool   // played over every way to connect, not only over one transport
	newest   bool   // played with the newest release only
}

var pageScenarios = []pageScenario{
	{name: "requests", title: "requests of every verb, some before connecting", mixed: true},
	{name: "unicode", title: "text beyond ASCII", mixed: true},
	{name: "large", title: "long bodies", mixed: true},
	{name: "events", title: "events, rooms, order", mixed: true},
	{name: "reconnect", title: "the connection is lost", mixed: true},
	{name: "restart", title: "the server restarts, requests wait", mixed: true},
	{name: "kick", title: "the server says goodbye"},
	{name: "headers", title: "headers of requests and handshake", first: "0.13.0"},
	{name: "sockets", title: "several sockets, a foreign namespace", first: "0.13.0"},
	{name: "abroad", title: "server at another port, with `/__getcookie`"},
	{name: "abroad-plain", title: "the same without the cookie"},
	{name: "allowed", title: "page of the origin that is allowed", origins: true},
	{name: "stranger", title: "page of one that is not: refused", origins: true, abroad: true},
	{name: "manual", title: "`autoConnect: false`", oneCarry: true},
	{name: "environment", title: "development: banner and errors on the console", oneCarry: true},
	{name: "environment-address", title: "production by the script's address", file: "environment", suffix: "#production", oneCarry: true, newest: true},
	{name: "environment-attribute", title: "production by an attribute", file: "environment", attrs: `environment="production"`, oneCarry: true, newest: true},
	{name: "environment-script", title: "production by the page", file: "environment", query: "&environment=script", oneCarry: true, newest: true},
	{name: "unreadable", title: "connects"},
	{name: "attributes", title: "settings as attributes", first: "0.13.8", oneCarry: true,
		attrs: `data-autoConnect="false" environment="production" transports='["polling"]' headers='{"x-tag":"from the tag"}'`},
}

// pagePlays are the releases in the browser, each with the transports it is told. The
// first of a release plays what does not depend on transports, too.
var pagePlays = []struct{ client, carry string }{
	{"1.2.1", "websocket"}, {"1.2.1", "polling"}, {"1.2.1", "polling,websocket"},
	{"0.13.8", "websocket"}, {"0.13.8", "polling"},
	{"0.11.7", "websocket"}, {"0.11.7", "polling"},
}

// pageLimit bounds one page: most take a second, on a machine with nothing else to do.
const pageLimit = 40 * time.Second

// plays reports whether a release and transport play the scenario; first says that it
// is the first transport of the release.
func (sc pageScenario) plays(client, carry string, first bool) bool {
	if client == "0.11.7" && carry == "polling" || sc.name == "unreadable" {
		return client == "0.11.7" && carry == "polling" && sc.name == "unreadable"
	}
	if !sc.mixed && (carry == "polling,websocket" || carry == "polling" && client != pagePlays[0].client) || sc.newest && client != pagePlays[0].client {
		return false
	}
	return (first || !sc.oneCarry) && compareVersions(client, sc.first) >= 0
}

// TestBrowser_Sails plays the pages of the folder pages in a real Chromium, with
// unmodified releases of sails.io.js over each transport, and compares what they note
// with what they noted before the original Sails (CL-1 to CL-5, CL-8, CL-11 to CL-14).
//
// -update plays before the original and records; -reference compares the original
// itself with the recordings.
func TestBrowser_Sails(t *testing.T) {
	t.Parallel()
	open := startBrowser(t)
	recordings := &pageRecordings{fresh: map[string]map[string][]string{}, played: map[[2]string]bool{}}
	t.Run("play", func(t *testing.T) {
		for i, p := range pagePlays {
			first := i == 0 || pagePlays[i-1].client != p.client
			t.Run(p.client+" "+p.carry, func(t *testing.T) {
				t.Parallel()
				everyone, chosen := &pageStage{}, &pageStage{origins: true}
				for _, sc := range pageScenarios {
					if !sc.plays(p.client, p.carry, first) {
						continue
					}
					st := everyone
					if sc.origins {
						st = chosen
					}
					if st.home == nil {
						st.setUp(t)
					}
					t.Run(sc.name, func(t *testing.T) {
						recordings.check(t, sc.name, p.client+" "+p.carry, st.play(t, open, sc, p.client, p.carry))
					})
				}
			})
		}
	})
	if *update {
		recordings.write(t)
	}
	recordings.checkRules(t)
	recordings.publish(t)
}

// A pageStage is a server behind two origins.
type pageStage struct {
	origins      bool // only home may connect
	home, abroad *site
}

func (st *pageStage) setUp(t *testing.T) {
	t.Helper()
	b := &backend{}
	st.home, st.abroad = newSite(t, b), newSite(t, b)
	var env []string
	if st.origins {
		env = append(env, "CONF_ORIGINS="+st.home.url)
	}
	root := program.Root(t)
	original := *reference
	if *update && original == "" {
		original = filepath.Join(root, "peers", "sails-app")
	}
	server := ""
	if original == "" {
		server = program.Build(t, "./servers/conformance")
	}
	b.start = func() (*program.Program, error) {
		if original != "" {
			return program.Launch(env, "node", filepath.Join(driverDir(root), "reference.mjs"), original)
		}
		return program.Launch(env, server)
	}
	if err := b.up(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.down(); err != nil {
			t.Error(err)
		}
	})
}

// play opens the page in a tab of its own, without cookies, and returns its notes.
func (st *pageStage) play(t *testing.T, open openTab, sc pageScenario, client, carry string) []string {
	t.Helper()
	st.home.backend.forget()
	if err := st.home.backend.up(); err != nil {
		t.Fatal(err)
	}
	origin := st.home
	if sc.abroad {
		origin = st.abroad
	}
	file := sc.file
	if file == "" {
		file = sc.name
	}
	q := url.Values{
		"scenario": {file}, "client": {client}, "transports": {carry}, "home": {st.home.url}, "abroad": {st.abroad.url},
		"suffix": {sc.suffix}, "attributes": {sc.attrs},
	}
	tb := open(sc.name, chromedp.WithNewBrowserContext())
	tb.t = t
	defer func() { _ = chromedp.Cancel(tb.ctx) }()
	tb.do(chromedp.Navigate(origin.url + "/page?" + q.Encode() + sc.query))
	defer func() {
		if t.Failed() {
			notes, _ := chromedp.Run(tb.ctx, chromedp.Evaluate[[]string]("results"))
			t.Log("so far: ", strings.Join(notes, "\n"))
		}
	}()
	tb.awaitWithin(pageLimit, "the end", "over")
	notes, err := chromedp.Run(tb.ctx, chromedp.Evaluate[[]string]("results"))
	if err != nil {
		t.Fatal(err)
	}
	return notes
}

// pageRecordings are the notes of the pages before the original Sails: one file for
// each scenario, in it one list for each release and transport.
type pageRecordings struct {
	mu     sync.Mutex
	fresh  map[string]map[string][]string // by scenario and play; guarded by mu
	played map[[2]string]bool             // scenario and play: with what was recorded; guarded by mu
}

// complete reports whether all pages were played.
func (p *pageRecordings) complete() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, play := range pagePlays {
		for _, sc := range pageScenarios {
			if sc.plays(play.client, play.carry, i == 0 || pagePlays[i-1].client != play.client) && !p.played[[2]string{sc.name, play.client + " " + play.carry}] {
				return false
			}
		}
	}
	return true
}

// checkRules finds rows of differences.md about pages that no page needs, when all of
// them were played.
func (p *pageRecordings) checkRules(t *testing.T) {
	t.Helper()
	if !p.complete() || *update || *reference != "" || t.Failed() {
		return
	}
	for _, r := range rules(t) {
		if strings.HasPrefix(r.Scenario, "b:") && !r.Used() {
			t.Errorf("differences.md: no page differs like this any more, remove the row:\n%s", r.Text)
		}
	}
}

func pageRecording(t *testing.T, scenario string) string {
	return filepath.Join(program.Root(t), "..", "testdata", "pages", scenario+".json")
}

// check compares the notes with the recorded ones, or keeps them with -update.
func (p *pageRecordings) check(t *testing.T, scenario, play string, got []string) {
	t.Helper()
	for _, line := range got {
		if strings.HasPrefix(line, "stopped ") {
			t.Error(strings.Join(got, "\n"))
		}
	}
	if *update {
		p.mu.Lock()
		defer p.mu.Unlock()
		if t.Failed() {
			return
		}
		if p.fresh[scenario] == nil {
			p.fresh[scenario] = map[string][]string{}
		}
		p.fresh[scenario][play] = got
		return
	}
	p.mu.Lock()
	p.played[[2]string{scenario, play}] = true
	p.mu.Unlock()
	want, ok := readPageRecording(t, scenario)[play]
	if !ok {
		t.Fatal("there is no recording: make golden")
	}
	for i := range max(len(want), len(got)) {
		d := transcript.Difference{Scenario: "b:" + scenario, Step: i + 1, Path: "line", Want: "(nothing)", Got: "(nothing)"}
		if i < len(want) {
			d.Want = want[i]
		}
		if i < len(got) {
			d.Got = got[i]
		}
		if d.Want != d.Got && (*reference != "" || !slices.ContainsFunc(rules(t), func(r *transcript.Rule) bool { return r.Allows(d) })) {
			t.Errorf("line %d\n- %s\n+ %s", d.Step, d.Want, d.Got)
		}
	}
}

// readPageRecording returns the notes by play; nothing for a scenario that was never
// recorded.
func readPageRecording(t *testing.T, scenario string) map[string][]string {
	t.Helper()
	all := map[string][]string{}
	text, err := os.ReadFile(pageRecording(t, scenario))
	if errors.Is(err, fs.ErrNotExist) {
		return all
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

// write puts what was recorded into the files; other plays in them stay.
func (p *pageRecordings) write(t *testing.T) {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, scenario := range slices.Sorted(maps.Keys(p.fresh)) {
		var b strings.Builder
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		all := readPageRecording(t, scenario)
		maps.Copy(all, p.fresh[scenario])
		if err := enc.Encode(all); err != nil {
			t.Fatal(err)
		}
		path := pageRecording(t, scenario)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
