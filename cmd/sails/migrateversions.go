package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/go-sails/sails/sailsio/manifest/datastore"
	"github.com/go-sails/sails/sailsio/sqlstore/migration"
)

// migrationsDir is the folder of versioned migrations, below the application.
const migrationsDir = "migrations"

// versions are the settings of the subcommands of migrate.
type versions struct {
	to                 int64
	yes, asJSON, check bool
}

func newMigrateStatus() *cobra.Command {
	v := &versions{}
	cmd := &cobra.Command{
		Use:   "status [dir]",
		Short: "List the versioned migrations and which of them were applied",
		Long: `Lists the versions that the folder migrations has and those the database records.
"missing" is one that was applied and whose file is not here. Nothing is changed.

--check makes the exit code 1 when a version is pending or missing, for scripts.`,
		Args: asUsage(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error { return v.status(cmd, folder(args)) },
	}
	cmd.Flags().BoolVar(&v.asJSON, "json", false, "print JSON")
	cmd.Flags().BoolVar(&v.check, "check", false, "fail when the database is not up to date")
	return cmd
}

func newMigrateUp() *cobra.Command {
	v := &versions{}
	cmd := &cobra.Command{
		Use:   "up [dir]",
		Short: "Apply the versioned migrations that are pending",
		Long: `Applies every version that is pending, in order, each in a transaction of its own.
Several servers may do so at once: one applies, the others wait and find nothing left.
MySQL and MariaDB commit with every change to a table: there a file should hold one.`,
		Example: "  sails migrate up\n  DATABASE_URL=postgres://… sails migrate up ./todo --to 20261122180000",
		Args:    asUsage(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			return v.change(cmd, folder(args), func(m *migration.Migrations) ([]migration.Change, error) {
				if cmd.Flags().Changed("to") {
					return m.UpTo(cmd.Context(), v.to)
				}
				return m.Up(cmd.Context())
			})
		},
	}
	cmd.Flags().Int64Var(&v.to, "to", 0, "the last version to apply (default all)")
	cmd.Flags().BoolVar(&v.asJSON, "json", false, "print JSON")
	return cmd
}

func newMigrateDown() *cobra.Command {
	v := &versions{}
	cmd := &cobra.Command{
		Use:   "down [dir]",
		Short: "Undo the newest versioned migration",
		Long: `Undoes the newest version that was applied by the Down section of its file, or with --to
every version above that one; --to 0 undoes all. What the section deletes is gone, so
it asks first.`,
		Args: asUsage(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			question := "This undoes the newest migration, and what it deletes is gone."
			if cmd.Flags().Changed("to") {
				question = fmt.Sprintf("This undoes all migrations above %d, and what they delete is gone.", v.to)
			}
			return v.change(cmd, folder(args), func(m *migration.Migrations) ([]migration.Change, error) {
				if !v.yes && !confirmed(cmd, question) {
					return nil, errors.New("nothing was changed")
				}
				if cmd.Flags().Changed("to") {
					return m.DownTo(cmd.Context(), v.to)
				}
				return m.Down(cmd.Context())
			})
		},
	}
	cmd.Flags().Int64Var(&v.to, "to", 0, "the version to go back to")
	cmd.Flags().BoolVar(&v.yes, "yes", false, "do not ask")
	cmd.Flags().BoolVar(&v.asJSON, "json", false, "print JSON")
	return cmd
}

func newMigrateNew() *cobra.Command {
	return &cobra.Command{
		Use:   "new name [dir]",
		Short: "Write an empty versioned migration to fill in",
		Long: `Writes migrations/TIME_name.sql below dir, with a section for each direction. A file in
migrations/sqlite, migrations/postgres or migrations/mysql takes the place of the
general one of the same version on that database.`,
		Example: "  sails migrate new add_phone",
		Args:    asUsage(cobra.RangeArgs(1, 2)),
		RunE: func(cmd *cobra.Command, args []string) error {
			dir, _, err := locate(folder(args[1:]))
			if err != nil {
				return err
			}
			path, err := migration.Create(filepath.Join(dir, migrationsDir), args[0], time.Now())
			if err != nil {
				return &usageError{err}
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), path)
			return err
		},
	}
}

// confirmed asks a question that "y" answers.
func confirmed(cmd *cobra.Command, question string) bool {
	fmt.Fprintf(cmd.ErrOrStderr(), "%s Go on? [y/N] ", question)
	answer, _ := bufio.NewReader(cmd.InOrStdin()).ReadString('\n')
	answer = strings.ToLower(strings.TrimSpace(answer))
	return answer == "y" || answer == "yes"
}

// with opens the database of the application in dir for do.
func (v *versions) with(cmd *cobra.Command, dir string, do func(*migration.Migrations) error) error {
	dir, m, err := locate(dir)
	if err != nil {
		return err
	}
	db, dialect, err := datastore.Open(m.Datastore, dir)
	if err != nil {
		return err
	}
	bar := newBar(cmd.ErrOrStderr(), v.asJSON)
	migrations, err := migration.New(migration.Config{
		DB: db, Dialect: dialect, FS: versionFiles(dir),
		Progress: func(e migration.Event) { bar.progress(fmt.Sprintf("%d %s", e.Version, e.Name), e.Done, e.Total) },
	})
	if err == nil {
		err = db.PingContext(cmd.Context())
		if err != nil {
			err = fmt.Errorf("the database does not answer: %w", err)
		}
	}
	if err == nil {
		err = do(migrations)
		bar.done()
	}
	return errors.Join(err, db.Close())
}

// versionFiles are those of the application in dir, nil for none.
func versionFiles(dir string) fs.FS {
	files := filepath.Join(dir, migrationsDir)
	if _, err := os.Stat(files); err != nil {
		return nil
	}
	return os.DirFS(files)
}

func (v *versions) status(cmd *cobra.Command, dir string) error {
	return v.with(cmd, dir, func(m *migration.Migrations) error {
		list, err := m.Status(cmd.Context())
		if err != nil {
			return err
		}
		behind := 0
		for _, s := range list {
			if s.Missing || s.Applied.IsZero() {
				behind++
			}
		}
		if v.asJSON {
			err = writeJSON(cmd.OutOrStdout(), append([]migration.Status{}, list...))
		} else {
			err = listVersions(cmd.OutOrStdout(), list)
		}
		if err == nil && v.check && behind > 0 {
			err = fmt.Errorf("the database is not up to date: %s pending or missing", plural(behind, "version is", "versions are"))
		}
		return err
	})
}

func listVersions(w io.Writer, list []migration.Status) error {
	if len(list) == 0 {
		_, err := fmt.Fprintf(w, "There are no versioned migrations: \"sails migrate new\" writes one into %s.\n", migrationsDir)
		return err
	}
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintln(t, "VERSION\tNAME\tAPPLIED")
	for _, s := range list {
		applied := "pending"
		switch {
		case s.Missing:
			applied = "missing here, " + s.Applied.Format(time.RFC3339)
		case !s.Applied.IsZero():
			applied = s.Applied.Format(time.RFC3339)
		}
		fmt.Fprintf(t, "%d\t%s\t%s\n", s.Version, s.Name, applied)
	}
	return t.Flush()
}

// change makes changes and tells which were made, also those before an error.
func (v *versions) change(cmd *cobra.Command, dir string, do func(*migration.Migrations) ([]migration.Change, error)) error {
	return v.with(cmd, dir, func(m *migration.Migrations) error {
		changes, err := do(m)
		if v.asJSON {
			return errors.Join(err, writeJSON(cmd.OutOrStdout(), append([]migration.Change{}, changes...)))
		}
		for _, c := range changes {
			fmt.Fprintf(cmd.OutOrStdout(), "%-4s %d %s (%v)\n", c.Direction, c.Version, c.Name, c.Duration.Round(time.Millisecond))
		}
		if err == nil && len(changes) == 0 {
			fmt.Fprintln(cmd.OutOrStdout(), "Nothing to do.")
		}
		return err
	})
}

// pending counts the versions that were not applied, 0 when there are none or nobody
// can tell.
func (a *application) pending(ctx context.Context) int {
	files := versionFiles(a.dir)
	if files == nil || a.Store() == nil {
		return 0
	}
	m, err := migration.New(migration.Config{DB: a.db, Dialect: a.dialect, FS: files})
	if err != nil {
		return 0
	}
	list, err := m.Status(ctx)
	if err != nil {
		return 0
	}
	n := 0
	for _, s := range list {
		if s.Applied.IsZero() {
			n++
		}
	}
	return n
}
