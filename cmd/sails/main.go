// Command sails serves Sails applications, and moves them from Node to Go.
//
//	sails new myapp          # a new application
//	sails lift --dev         # serve the application in this folder
//	sails export             # describe the Node application in this folder
//
// `sails help` explains the rest.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

// Exit codes, as `sails help` lists them.
const (
	exitFailed = 1 // what was asked for did not work
	exitUsage  = 2 // it was asked for wrongly, or nothing could be tried
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// After the first signal the next one ends the process at once.
	context.AfterFunc(ctx, stop)
	code := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run is the program without the process around it.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	root := newRoot()
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	cmd, err := root.ExecuteContextC(ctx)
	if err == nil {
		return 0
	}
	fmt.Fprintln(stderr, "sails:", err)
	var usage *usageError
	if errors.As(err, &usage) {
		fmt.Fprintf(stderr, "See: %s --help\n", cmd.CommandPath())
		return exitUsage
	}
	var setup *setupError
	if errors.As(err, &setup) {
		return exitUsage
	}
	return exitFailed
}

// usageError is a mistake in the command line.
type usageError struct{ error }

func (e *usageError) Unwrap() error { return e.error }

const rootHelp = `sails serves realtime applications with Sails' conventions, and moves them from
Node to Go one route at a time.

Start something new:

  sails new todo && cd todo && npm install
  sails lift --dev              open http://localhost:1337 in two tabs

Move an application from Node:

  cd my-sails-app
  sails export                  writes sails.manifest.json and says what is left to do
  sails lift --dev --upstream http://localhost:1338
                                serves what is data from Go, the rest from Node

Exit codes: 0 it worked, 1 it did not, 2 the command line makes no sense
("sails help exit-codes" says more).`

const exitCodesHelp = `The exit code of every command:

  0   it did what was asked for. For lift: it served until it was told to end, by Ctrl-C
      or SIGTERM, and said goodbye to every client
  1   it did not; what went wrong is the last line of standard error. Also: scenarios
      failed (conformance), the database is behind (migrate status --check)
  2   nothing was tried: the command line makes no sense, or, for conformance, there is no
      Node, no client, or no server to play with

With --json, standard output has one JSON value and nothing else, and a failure still
explains itself on standard error.`

// newExitCodes is a help topic, no command: it cannot be run.
func newExitCodes() *cobra.Command {
	return &cobra.Command{Use: "exit-codes", Short: "What the exit codes of all commands mean", Long: exitCodesHelp}
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:                        "sails",
		Short:                      "Serve Sails applications, and move them from Node to Go",
		Long:                       rootHelp,
		Version:                    versionOf().Version,
		SilenceErrors:              true,
		SilenceUsage:               true,
		SuggestionsMinimumDistance: 2,
		Args:                       noArgs,
		RunE:                       func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return &usageError{err} })
	root.SetVersionTemplate("sails {{.Version}}\n")
	root.AddGroup(
		&cobra.Group{ID: "run", Title: "Run an application:"},
		&cobra.Group{ID: "move", Title: "Move an application from Node:"},
		&cobra.Group{ID: "check", Title: "Check a server:"},
	)
	root.AddCommand(newNew(), newLift(), newRoutes(), newMigrate(), newExport(), newGenerate(), newConformance(), newVersion(), newExitCodes())
	return root
}

// noArgs and its like make cobra's complaints usage errors.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 && !cmd.HasParent() {
		text := fmt.Sprintf("there is no command %q", args[0])
		if similar := cmd.SuggestionsFor(args[0]); len(similar) > 0 {
			text += "; did you mean " + similar[0] + "?"
		}
		return &usageError{errors.New(text)}
	}
	return asUsage(cobra.NoArgs)(cmd, args)
}

func asUsage(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if err := check(cmd, args); err != nil {
			return &usageError{err}
		}
		return nil
	}
}

// folder is the argument [dir] of a command.
func folder(args []string) string {
	if len(args) > 0 {
		return args[0]
	}
	return "."
}
