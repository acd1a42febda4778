package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/go-sails/sails/internal/conformance"
)

const conformanceHelp = `Makes released sails.io.js clients, in Node, do what the scenarios say to the server at
url, and compares what they see with what the original Sails showed them, step by
step: answers, headers, notifications, their order, and who got none.

The scenarios call the routes and models of the reference application, so the server
has to offer them; compat_test/servers/conformance of this module is one that does,
and compat_test/peers/sails-app the original in Node. Between scenarios the server is
asked to forget its records (POST /test/reset): do not aim this at a server whose
records matter. --list shows the scenarios.

A scenario may need a server that was started with other settings, a variant: it is
not played unless --variant says that this server has them.

The clients come from npm, at first use, with the versions and checksums this program
was built with, and are kept in the user's cache folder. --packages names a folder
that has them already, so that nothing is fetched.

Exit codes: 0 all that were played passed, 1 some failed, 2 nothing could be played.`

type conformer struct {
	clients, transports, scenarios []string
	suite, variant, differences    string
	node, packages                 string
	asJSON, verbose, list          bool
	url                            string
	stdout, stderr                 io.Writer
}

func newConformance() *cobra.Command {
	c := &conformer{}
	cmd := &cobra.Command{
		Use: "conformance url", GroupID: "check",
		Short: "Play recorded scenarios with JavaScript clients against a server",
		Long:  conformanceHelp,
		Example: `  sails conformance http://localhost:1337
  sails conformance http://localhost:1337 --client all --transport websocket,polling
  sails conformance http://localhost:1337 --scenario v15 --scenario 'v2*' --verbose
  sails conformance http://localhost:1337 --json | jq '.plays[] | select(.result == "failed")'`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 && !c.list {
				return &usageError{errors.New("give the address of the server, http://host:port")}
			}
			return asUsage(cobra.MaximumNArgs(1))(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			c.stdout, c.stderr = cmd.OutOrStdout(), cmd.ErrOrStderr()
			if len(args) > 0 {
				c.url = args[0]
			}
			return c.run(cmd.Context())
		},
	}
	f := cmd.Flags()
	f.StringSliceVar(&c.clients, "client", nil, `releases of sails.io.js, or "all" (default the one the scenarios were recorded with)`)
	f.StringSliceVar(&c.transports, "transport", []string{"websocket"}, "websocket, polling")
	f.StringSliceVar(&c.scenarios, "scenario", nil, `scenarios to play: the beginning of a name, or a pattern like 'v2*' (default all)`)
	f.StringVar(&c.suite, "suite", "sails", "sails, more or 0.12: see --list")
	f.StringVar(&c.variant, "variant", "default", "the settings that the server was started with")
	f.StringVar(&c.differences, "differences", "", "Markdown table of differences that are meant, such as compat_test/differences.md of this module")
	f.StringVar(&c.node, "node", "node", "the Node to run the clients with, 18 or newer")
	f.StringVar(&c.packages, "packages", "", "folder with the clients' node_modules, instead of fetching them")
	f.BoolVar(&c.list, "list", false, "list the scenarios instead of playing them")
	f.BoolVar(&c.asJSON, "json", false, "print JSON")
	f.BoolVarP(&c.verbose, "verbose", "v", false, "show every difference, not only the first of each scenario")
	_ = cmd.RegisterFlagCompletionFunc("transport", cobra.FixedCompletions([]string{"websocket", "polling"}, cobra.ShellCompDirectiveNoFileComp))
	_ = cmd.RegisterFlagCompletionFunc("suite", cobra.FixedCompletions([]string{"sails", "more", "0.12"}, cobra.ShellCompDirectiveNoFileComp))
	_ = cmd.RegisterFlagCompletionFunc("client", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		list, _ := conformance.Releases()
		return append(list, "all"), cobra.ShellCompDirectiveNoFileComp
	})
	return cmd
}

// setupError means that nothing could be tried.
type setupError struct{ error }

func (e *setupError) Unwrap() error { return e.error }

func (c *conformer) run(ctx context.Context) (err error) {
	suite, err := c.check()
	if err != nil {
		return err
	}
	if !c.list {
		if err := answers(ctx, c.url); err != nil {
			return &setupError{err}
		}
	}
	p, err := c.player(ctx, suite)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.Close()) }()
	wanted, err := c.choose(p.Scenarios())
	if err != nil {
		return err
	}
	if c.list {
		return c.listScenarios(wanted)
	}
	s := &score{URL: c.url, Suite: suite.Name, Variant: c.variant}
	for _, client := range c.clients {
		for _, transport := range c.transports {
			if err := c.play(ctx, p, s, wanted, client, transport); err != nil {
				return err
			}
		}
	}
	if c.asJSON {
		err = writeJSON(c.stdout, s)
	} else {
		_, err = io.WriteString(c.stdout, s.table(c.verbose))
	}
	if err == nil && s.Passed+s.Failed == 0 {
		return &setupError{fmt.Errorf("none of the scenarios was played: all of them need another variant than %s", c.variant)}
	}
	if err == nil && s.Failed > 0 {
		err = fmt.Errorf("%d of %d failed", s.Failed, s.Passed+s.Failed)
	}
	return err
}

// check completes the settings.
func (c *conformer) check() (conformance.Suite, error) {
	i := slices.IndexFunc(conformance.Suites, func(s conformance.Suite) bool { return s.Name == c.suite })
	if i < 0 {
		return conformance.Suite{}, &usageError{fmt.Errorf("--suite %s: use sails, more or 0.12", c.suite)}
	}
	suite := conformance.Suites[i]
	releases, err := conformance.Releases()
	if err != nil {
		return suite, err
	}
	if len(c.clients) == 0 {
		c.clients = []string{suite.Client}
	}
	if slices.Contains(c.clients, "all") {
		c.clients = releases
	}
	for _, client := range c.clients {
		if !slices.Contains(releases, client) {
			return suite, &usageError{fmt.Errorf("--client %s: use one of %s, or all", client, strings.Join(releases, ", "))}
		}
	}
	for _, transport := range c.transports {
		if transport != "websocket" && transport != "polling" {
			return suite, &usageError{fmt.Errorf("--transport %s: use websocket or polling", transport)}
		}
	}
	for _, pattern := range c.scenarios {
		if _, err := path.Match(pattern, ""); err != nil {
			return suite, &usageError{fmt.Errorf("--scenario %s: %w", pattern, err)}
		}
	}
	if c.list {
		return suite, nil
	}
	u, err := url.Parse(c.url)
	if err != nil || u.Scheme != "http" || u.Host == "" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.User != nil {
		return suite, &usageError{fmt.Errorf("%q is no address of a server: give http://host:port (scenarios speak plain HTTP)", c.url)}
	}
	c.url = "http://" + u.Host
	return suite, nil
}

// choose returns the scenarios that were asked for.
func (c *conformer) choose(all []conformance.Scenario) ([]conformance.Scenario, error) {
	if len(c.scenarios) == 0 {
		return all, nil
	}
	var wanted []conformance.Scenario
	for _, sc := range all {
		if slices.ContainsFunc(c.scenarios, func(pattern string) bool {
			whole, _ := path.Match(pattern, sc.Name)
			return whole || strings.HasPrefix(sc.Name, pattern)
		}) {
			wanted = append(wanted, sc)
		}
	}
	if len(wanted) == 0 {
		return nil, &usageError{fmt.Errorf("--scenario %s: there is none like it; --list shows all", strings.Join(c.scenarios, ", "))}
	}
	return wanted, nil
}

func (c *conformer) listScenarios(list []conformance.Scenario) error {
	if c.asJSON {
		return writeJSON(c.stdout, list)
	}
	var b strings.Builder
	for _, sc := range list {
		fmt.Fprintf(&b, "%-24s %s", sc.Name, sc.Title)
		if sc.Variant != "default" {
			fmt.Fprintf(&b, " [--variant %s]", sc.Variant)
		}
		b.WriteByte('\n')
	}
	_, err := io.WriteString(c.stdout, b.String())
	return err
}

// player makes the clients ready.
func (c *conformer) player(ctx context.Context, suite conformance.Suite) (*conformance.Player, error) {
	p, err := conformance.NewPlayer(ctx, conformance.Options{
		Suite: suite, Node: c.node, Packages: c.packages, Differences: c.differences,
		Progress: func(line string) { fmt.Fprintln(c.stderr, line) },
	})
	if err != nil {
		return nil, &setupError{err}
	}
	return p, nil
}

// play plays the scenarios with one client over one transport.
func (c *conformer) play(ctx context.Context, p *conformance.Player, s *score, list []conformance.Scenario, client, transport string) error {
	live := isTerminal(c.stderr)
	for _, sc := range list {
		if sc.Variant != c.variant {
			s.add(sc, client, transport, nil, true)
			continue
		}
		if live {
			fmt.Fprintf(c.stderr, "\r\x1b[K%s over %s: %s", client, transport, sc.Name)
		}
		found, err := p.Play(ctx, sc, c.url, client, transport)
		if live {
			fmt.Fprint(c.stderr, "\r\x1b[K")
		}
		if ctx.Err() != nil {
			return errors.New("interrupted")
		}
		if err != nil {
			return &setupError{fmt.Errorf("%s with %s over %s: %w", sc.Name, client, transport, err)}
		}
		s.add(sc, client, transport, found, false)
	}
	return nil
}

const lookLimit = 10 * time.Second

// answers checks that the server is one to play with.
func answers(ctx context.Context, address string) error {
	ctx, cancel := context.WithTimeout(ctx, lookLimit)
	defer cancel()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for _, route := range [][2]string{{http.MethodGet, "/test/ping"}, {http.MethodPost, "/test/reset"}} {
		req, err := http.NewRequestWithContext(ctx, route[0], address+route[1], nil)
		if err != nil {
			return err
		}
		res, err := client.Do(req)
		if err != nil {
			return fmt.Errorf("no server answers at %s: %w", address, errors.Unwrap(err))
		}
		status := res.StatusCode
		if err := res.Body.Close(); err != nil {
			return err
		}
		if status != http.StatusOK {
			return fmt.Errorf("%s %s of the server answers %s: it does not offer the reference application (see \"sails conformance --help\")", route[0], route[1], cmp.Or(http.StatusText(status), fmt.Sprint(status)))
		}
	}
	return nil
}
