package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"github.com/go-sails/sails/cmd/sails/internal/project"
)

var modulePath = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._~/-]{0,200}$`)

const generateAppHelp = `Generates a Go project from the manifest in dir: models as structs with typed queries,
the routes, settings and policy rules as Go tables, and one stub per action and per
policy. The project compiles, its tests pass, and it serves what "sails lift" does.

A stub answers 501 with its name; with UPSTREAM, the address of the old application, it
hands the request to that. Fill in one after the other.

Running it again brings what is new in the manifest, and leaves files alone that you
have edited: it says which it kept. --force replaces them too.`

type generateApp struct {
	output, module, replace string
	force, asJSON           bool
}

func newGenerateApp() *cobra.Command {
	g := &generateApp{}
	cmd := &cobra.Command{
		Use:   "app [dir]",
		Short: "Generate a Go project: models, routes, a stub for each action and policy",
		Long:  generateAppHelp,
		Example: `  sails generate app --output ../todo-go --module example.com/todo
  cd ../todo-go && go mod tidy && go test ./... && GO_ENV=development go run .`,
		Args: asUsage(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error { return g.run(cmd.OutOrStdout(), folder(args)) },
	}
	f := cmd.Flags()
	f.StringVarP(&g.output, "output", "o", "", "folder of the project (required)")
	f.StringVar(&g.module, "module", "", "path of the Go module (default the folder's name)")
	f.StringVar(&g.replace, "replace", "", "folder with the source of this library, to build with instead of a release")
	f.BoolVar(&g.force, "force", false, "replace edited files too")
	f.BoolVar(&g.asJSON, "json", false, "print what became of each file as JSON")
	return cmd
}

func (g *generateApp) run(w io.Writer, dir string) error {
	if g.output == "" {
		return &usageError{errors.New("--output says which folder to write the project to")}
	}
	abs, err := filepath.Abs(g.output)
	if err != nil {
		return err
	}
	module := cmp.Or(g.module, strings.ToLower(filepath.Base(abs)))
	if !modulePath.MatchString(module) || strings.Contains(module, "//") || strings.HasSuffix(module, "/") {
		return &usageError{fmt.Errorf("%q is no path of a Go module: --module names one, such as example.com/todo", module)}
	}
	source, m, err := locate(dir)
	if err != nil {
		return err
	}
	if inside, err := filepath.Abs(source); err != nil || inside == abs {
		return errors.Join(err, errors.New("--output is the folder of the manifest: choose another, or a new folder below it"))
	}
	cfg := project.Config{Manifest: m, Module: module, Version: libraryVersion()}
	if g.replace != "" {
		if cfg.Replace, err = filepath.Abs(g.replace); err != nil {
			return err
		}
	}
	files, err := project.Files(cfg)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(abs, 0o755); err != nil {
		return err
	}
	out, err := project.Write(abs, files, g.force)
	if err != nil {
		return err
	}
	if g.asJSON {
		return writeJSON(w, out)
	}
	return g.report(w, out)
}

func (g *generateApp) report(w io.Writer, out *project.Outcome) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s created, %d updated, %d as they were\n", g.output, count(len(out.Created), "file"), len(out.Updated), len(out.Unchanged))
	for _, name := range out.Kept {
		fmt.Fprintf(&b, "  kept %s, which was edited\n", name)
	}
	for _, name := range out.Obsolete {
		fmt.Fprintf(&b, "  left %s, which the manifest does not need any more\n", name)
	}
	if len(out.Kept) > 0 {
		b.WriteString("--force replaces what was kept.\n")
	}
	if len(out.Created) > 0 {
		fmt.Fprintf(&b, "\nNext:\n\n  cd %s\n  go mod tidy\n  go test ./...\n  GO_ENV=development go run .\n\nREADME.md lists what is left to write.\n", g.output)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

var release = regexp.MustCompile(`^v\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$`)

// libraryVersion is the version to require: that of this program, where it has one.
func libraryVersion() string {
	version, _, _ := strings.Cut(versionOf().Version, "+")
	if release.MatchString(version) {
		return version
	}
	return "v0.0.0" // with --replace
}
