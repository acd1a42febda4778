package conformance

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/go-sails/sails/internal/conformance/transcript"
)

// How long clients wait, as in the tests of compat_test.
const (
	quietTime     = 100 * time.Millisecond // silence that counts as "nothing more will come"
	replyTime     = 3 * time.Second
	scenarioLimit = 20 * time.Second
	graceLimit    = 5 * time.Second // for a driver to say that the limit was met
)

// Releases lists the releases of sails.io.js that the driver can run, oldest first.
func Releases() ([]string, error) {
	text, err := Files.ReadFile("driver/package.json")
	if err != nil {
		return nil, err
	}
	var manifest struct{ Dependencies map[string]string }
	if err := json.Unmarshal(text, &manifest); err != nil {
		return nil, err
	}
	var found []string
	for alias := range manifest.Dependencies {
		if version, ok := strings.CutPrefix(alias, "sails.io.js-"); ok {
			found = append(found, version)
		}
	}
	slices.SortFunc(found, compareVersions)
	return found, nil
}

func compareVersions(a, b string) int {
	parse := func(s string) (v [3]int) {
		_, _ = fmt.Sscanf(s, "%d.%d.%d", &v[0], &v[1], &v[2])
		return v
	}
	x, y := parse(a), parse(b)
	return slices.Compare(x[:], y[:])
}

// A Scenario is one file of a suite.
type Scenario struct {
	Name    string `json:"name"`
	Title   string `json:"title"`
	Variant string `json:"variant"` // the settings of the server it was recorded with
	// Transport is the one it has to be played over, "" for any.
	Transport string `json:"transport,omitempty"`

	file string
}

// Options configure a Player.
type Options struct {
	Suite Suite
	// Node is the program, by its name or path.
	Node string
	// Packages is a folder with the node_modules of the driver; "" installs them into
	// the user's cache folder with npm.
	Packages string
	// Differences is the path of a table of differences that are meant, "" for none.
	Differences string
	// Progress is told what takes long.
	Progress func(line string)
}

// A Player plays scenarios. It is not safe for concurrent use.
type Player struct {
	o         Options
	dir       string   // Files, unpacked
	env       []string // of Node
	scenarios []Scenario
	allowed   []*transcript.Rule
	driver    *Driver // nil or running
	client    string  // of driver
}

// NewPlayer unpacks the scenarios, installs the clients where that is needed, and
// asks the scenarios what they are. Close it.
func NewPlayer(ctx context.Context, o Options) (*Player, error) {
	p := &Player{o: o}
	if err := p.open(ctx); err != nil {
		return nil, errors.Join(err, p.Close())
	}
	return p, nil
}

func (p *Player) open(ctx context.Context) error {
	var err error
	if p.o.Differences != "" {
		if p.allowed, err = transcript.ReadRules(p.o.Differences); err != nil {
			return err
		}
	}
	if p.o.Node, err = findNode(ctx, p.o.Node); err != nil {
		return err
	}
	modules, err := packages(ctx, p.o)
	if err != nil {
		return err
	}
	p.env = []string{"NODE_PATH=" + modules}
	if p.dir, err = os.MkdirTemp("", "sails-conformance-"); err != nil {
		return err
	}
	if err := os.CopyFS(p.dir, Files); err != nil {
		return err
	}
	return p.describe()
}

// describe asks the scenarios what they are.
func (p *Player) describe() error {
	files, err := filepath.Glob(filepath.Join(p.dir, p.o.Suite.Scenarios, "*.mjs"))
	if err != nil {
		return err
	}
	if err := p.start(p.o.Suite.Client); err != nil {
		return err
	}
	var answer struct {
		Wishes  []Scenario `json:"wishes"`
		Problem string     `json:"problem"`
	}
	if err := p.driver.Do(map[string]any{"describe": files}, &answer, scenarioLimit); err != nil {
		return err
	}
	if len(answer.Wishes) != len(files) {
		return errors.New("conformance: " + answer.Problem)
	}
	for i, sc := range answer.Wishes {
		sc.file, sc.Name = files[i], strings.TrimSuffix(filepath.Base(files[i]), ".mjs")
		p.scenarios = append(p.scenarios, sc)
	}
	return nil
}

// Scenarios lists the scenarios of the suite in order.
func (p *Player) Scenarios() []Scenario { return p.scenarios }

// start runs the driver of a client, unless it runs.
func (p *Player) start(client string) error {
	if p.driver != nil && p.client == client {
		return nil
	}
	p.stop()
	d, err := StartDriver(p.o.Node, p.env, filepath.Join(p.dir, "driver", "scenarios.mjs"), client)
	if err != nil {
		return err
	}
	p.driver, p.client = d, client
	return nil
}

func (p *Player) stop() {
	if p.driver != nil {
		p.driver.Close()
		p.driver = nil
	}
}

// Play plays a scenario against the server at url and lists what a client saw and
// should not have seen, or the other way round. An error means that it could not be
// played; a client that crashed or hung is a difference of the outcome.
func (p *Player) Play(ctx context.Context, sc Scenario, url, client, transport string) ([]transcript.Difference, error) {
	if sc.Transport != "" {
		transport = sc.Transport
	}
	want, err := transcript.ReadFor(filepath.Join(p.dir, p.o.Suite.Golden), sc.Name, client, transport)
	if err != nil {
		return nil, err
	}
	if err := p.start(client); err != nil {
		return nil, err
	}
	got := transcript.Transcript{Scenario: sc.Name}
	ended := context.AfterFunc(ctx, p.driver.kill)
	defer ended()
	err = p.driver.Do(map[string]any{
		"file": sc.file, "url": url, "transport": transport,
		"quietMs": quietTime.Milliseconds(), "replyMs": replyTime.Milliseconds(), "timeoutMs": scenarioLimit.Milliseconds(),
	}, &got, scenarioLimit+graceLimit)
	if err != nil {
		p.stop()
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return []transcript.Difference{{Scenario: sc.Name, Name: "outcome", Path: "status", Want: want.Status, Got: err.Error()}}, nil
	}
	return slices.DeleteFunc(transcript.Diff(want, &got), func(d transcript.Difference) bool {
		return slices.ContainsFunc(p.allowed, func(r *transcript.Rule) bool { return r.Allows(d) })
	}), nil
}

// Close ends the clients and removes what was unpacked.
func (p *Player) Close() error {
	p.stop()
	if p.dir == "" {
		return nil
	}
	return os.RemoveAll(p.dir)
}
