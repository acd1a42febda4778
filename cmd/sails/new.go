package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"github.com/go-sails/sails/examples/records"
	"github.com/go-sails/sails/sailsio/manifest"
)

var appName = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,99}$`)

func newNew() *cobra.Command {
	return &cobra.Command{
		Use: "new dir", GroupID: "run",
		Short: "Make a new application",
		Long: `Makes the folder dir with an application to begin with: a manifest with two models,
and a page that shows their records changing live in every tab. It needs no Go and no
code on the server; "npm install" fetches the browser's client, sails.io.js.`,
		Example: "  sails new todo && cd todo && npm install\n  sails lift --dev",
		Args:    asUsage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := create(args[0]); err != nil {
				return err
			}
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "%s is ready:\n\n  cd %s\n  npm install        the browser's client\n  sails lift --dev   then open http://localhost:%d in two tabs\n", args[0], args[0], defaultPort)
			return err
		},
	}
}

// create copies the example into a folder that does not exist or is empty.
func create(dir string) error {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	name := strings.ToLower(filepath.Base(abs))
	if !appName.MatchString(name) {
		return &usageError{fmt.Errorf("%q is no name for an application: use letters, digits, dots, dashes and underscores", name)}
	}
	if entries, err := os.ReadDir(dir); err == nil && len(entries) > 0 {
		return fmt.Errorf("%s is not empty", dir)
	}
	files := map[string][]byte{".gitignore": []byte("/.tmp/\n/node_modules/\n")}
	err = fs.WalkDir(records.Files, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files[path], err = records.Files.ReadFile(path)
		return err
	})
	if err != nil {
		return err
	}
	files["package.json"] = bytes.Replace(files["package.json"], []byte("sails-example-records"), []byte(name), 1)
	files[manifest.FileName] = bytes.Replace(files[manifest.FileName], []byte(`"name": "records"`), []byte(`"name": "`+name+`"`), 1)
	return writeFiles(dir, files)
}

// writeFiles writes files below dir, and none that exists already.
func writeFiles(dir string, files map[string][]byte) error {
	var failed error
	for path, text := range files {
		target := filepath.Join(dir, filepath.FromSlash(path))
		if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
			return err
		}
		f, err := os.OpenFile(target, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
		if err != nil {
			return err
		}
		_, err = f.Write(text)
		failed = errors.Join(failed, err, f.Close())
	}
	return failed
}
