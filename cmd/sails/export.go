package main

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/go-sails/sails/sailsio/manifest"
	"github.com/go-sails/sails/sailsio/model"
)

// What Node runs, one behind the other.
var (
	//go:embed export.js
	exportScript []byte
	//go:embed export_models.js
	exportModels []byte
)

const exportLimit = 2 * time.Minute

func newExport() *cobra.Command {
	e := &export{}
	cmd := &cobra.Command{
		Use: "export [dir]", GroupID: "move",
		Short: "Describe the Node application in a folder as a manifest",
		Long: `Loads the Sails application in dir with its own Sails, in your own Node, and writes
sails.manifest.json: models with their associations and validations, routes, policies
by name, blueprint, session and socket settings. It says what is code and therefore
was not carried over; "sails routes --gaps" repeats it later.

The application is loaded, not lifted: it does not listen, its bootstrap does not run
and its tables are not migrated. It does connect to its databases. Secrets and
addresses of databases are not exported.`,
		Example: "  sails export\n  sails export ../my-sails-app --output app/sails.manifest.json\n  NODE_ENV=production sails export",
		Args:    asUsage(cobra.MaximumNArgs(1)),
		RunE:    func(cmd *cobra.Command, args []string) error { return e.run(cmd, folder(args)) },
	}
	f := cmd.Flags()
	f.StringVarP(&e.output, "output", "o", "", "file to write, - for standard output (default sails.manifest.json in dir)")
	f.StringVar(&e.node, "node", "node", "the Node to use")
	f.BoolVar(&e.force, "force", false, "replace a manifest that exists")
	f.BoolVar(&e.asJSON, "json", false, "print the report as JSON")
	return cmd
}

type export struct {
	output, node  string
	force, asJSON bool
}

func (e *export) run(cmd *cobra.Command, dir string) error {
	output := e.output
	if output == "" {
		output = filepath.Join(dir, manifest.FileName)
	}
	if _, err := os.Stat(output); err == nil && output != "-" && !e.force {
		return fmt.Errorf("%s exists; --force replaces it", output)
	}
	m, err := e.load(cmd.Context(), cmd.ErrOrStderr(), dir)
	if err != nil {
		return err
	}
	if err := complete(m); err != nil {
		return err
	}
	if output == "-" {
		return m.Write(cmd.OutOrStdout())
	}
	if err := writeManifest(m, output); err != nil {
		return err
	}
	if e.asJSON {
		return writeJSON(cmd.OutOrStdout(), map[string]any{"manifest": output, "models": len(m.Models), "routes": len(m.Routes), "report": m.Report})
	}
	return e.report(cmd.OutOrStdout(), m, output)
}

// load runs the script in the application's folder.
func (e *export) load(ctx context.Context, stderr io.Writer, dir string) (*manifest.Manifest, error) {
	temp, err := os.MkdirTemp("", "sails-export-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(temp)
	file := filepath.Join(temp, manifest.FileName)
	limited, cancel := context.WithTimeout(ctx, exportLimit)
	defer cancel()
	node := exec.CommandContext(limited, e.node, "-", dir, file)
	node.Stdin = io.MultiReader(bytes.NewReader(exportScript), bytes.NewReader(exportModels))
	node.Stdout, node.Stderr = stderr, stderr // the application may print while it loads
	node.WaitDelay = 5 * time.Second
	err = node.Run()
	switch {
	case errors.Is(err, exec.ErrNotFound):
		return nil, fmt.Errorf("%s was not found: export runs your application's own Sails and needs Node (--node names it)", e.node)
	case limited.Err() != nil && ctx.Err() == nil:
		return nil, fmt.Errorf("the application did not load within %v", exportLimit)
	case err != nil:
		return nil, fmt.Errorf("the application was not exported: %w", err)
	}
	return manifest.ReadFile(file)
}

// complete checks what only Go can: regular expressions, and the models as a whole.
func complete(m *manifest.Manifest) error {
	for i := range m.Models {
		md := &m.Models[i]
		for j := range md.Attributes {
			a := &md.Attributes[j]
			if a.Validations.Regex == "" {
				continue
			}
			if _, err := manifest.Pattern(a.Validations.Regex, a.Validations.RegexFlags); err != nil {
				md.Unported = append(md.Unported, "regex:"+a.Name)
				m.Report = append(m.Report, manifest.Note{
					Where: "models." + md.Identity + "." + a.Name, What: strings.TrimPrefix(err.Error(), "manifest: "),
					Do: "write it otherwise or in Go (Options.Models); until then create and update are closed",
				})
			}
		}
	}
	definitions, err := m.Definitions()
	if err != nil {
		return err
	}
	if _, err := model.New(definitions...); err != nil {
		// The manifest is worth having all the same: people can mend it.
		m.Report = append(m.Report, manifest.Note{Where: "models", What: err.Error(), Do: "mend the manifest; until then it cannot be lifted"})
	}
	slices.SortStableFunc(m.Report, func(a, b manifest.Note) int { return strings.Compare(a.Where, b.Where) })
	return nil
}

// writeManifest replaces a file as a whole, or not at all.
func writeManifest(m *manifest.Manifest, path string) error {
	temp, err := os.CreateTemp(filepath.Dir(path), ".manifest-")
	if err != nil {
		return err
	}
	defer os.Remove(temp.Name()) // fails once it was renamed
	err = errors.Join(temp.Chmod(0o644), m.Write(temp), temp.Close())
	if err != nil {
		return err
	}
	return os.Rename(temp.Name(), path)
}

func (e *export) report(w io.Writer, m *manifest.Manifest, output string) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s, %s, %s\n\n", output, count(len(m.Models), "model"), count(len(m.Routes), "route"), plural(len(m.Policies), "policy rule", "policy rules"))
	if len(m.Report) > 0 {
		b.WriteString("What was not carried over, and what to do:\n\n")
		for _, n := range m.Report {
			fmt.Fprintf(&b, "  %s\n      %s\n", n.Where, n.What)
			if n.Do != "" {
				fmt.Fprintf(&b, "      %s\n", n.Do)
			}
		}
		b.WriteByte('\n')
	}
	b.WriteString("Next: \"sails lift --dev\" serves it; \"sails routes --dev\" shows who answers what.\n")
	_, err := io.WriteString(w, b.String())
	return err
}
