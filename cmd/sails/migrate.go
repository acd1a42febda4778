package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/go-sails/sails/sailsio/sqlstore"
)

func newMigrate() *cobra.Command {
	var mode string
	var yes, asJSON bool
	cmd := &cobra.Command{
		Use: "migrate [dir]", GroupID: "run",
		Short: "Bring the tables of the database up to date",
		Long: `Makes the tables of the application's database fit its models:

  alter   makes what is missing and converts columns of another type; keeps all
          records, and columns that no attribute names
  drop    deletes the tables of the models with all records, and makes new ones
  safe    changes nothing: tells whether the database answers

Long tables show a progress bar. SQLite and PostgreSQL undo everything when it fails.

That is for development and for small databases. Where tables are somebody's care, keep
"migrate" at "safe" in the manifest, and write each change as a version: a file in the
folder migrations, which "sails migrate up" applies once, in order, wherever it runs.`,
		Example: `  sails migrate
  DATABASE_URL=postgres://… sails migrate ./todo --mode alter
  sails migrate new add_phone     then write its SQL
  sails migrate status
  sails migrate up`,
		Args: asUsage(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			m := sqlstore.Migration(mode)
			if m != sqlstore.Safe && m != sqlstore.Alter && m != sqlstore.Drop {
				return &usageError{fmt.Errorf("--mode %s: use safe, alter or drop", mode)}
			}
			return migrate(cmd, folder(args), m, yes, asJSON)
		},
	}
	cmd.Flags().StringVar(&mode, "mode", string(sqlstore.Alter), "safe, alter or drop")
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask before records are deleted")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	_ = cmd.RegisterFlagCompletionFunc("mode", cobra.FixedCompletions([]string{"safe", "alter", "drop"}, cobra.ShellCompDirectiveNoFileComp))
	cmd.AddCommand(newMigrateNew(), newMigrateStatus(), newMigrateUp(), newMigrateDown())
	return cmd
}

func migrate(cmd *cobra.Command, dir string, mode sqlstore.Migration, yes, asJSON bool) (err error) {
	a, err := open(dir, settings{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.close(cmd.Context())) }()
	if a.Store() == nil {
		return errors.New("the application has no models")
	}
	if mode == sqlstore.Drop && !yes && !confirmed(cmd, fmt.Sprintf("This deletes all records of %s.", count(len(a.m.Models), "model"))) {
		return errors.New("nothing was changed")
	}
	if err := a.db.PingContext(cmd.Context()); err != nil {
		return fmt.Errorf("the database does not answer: %w", err)
	}
	bar := newBar(cmd.ErrOrStderr(), asJSON)
	err = a.Store().Migrate(cmd.Context(), mode, bar.progress)
	bar.done()
	if err != nil {
		return err
	}
	if asJSON {
		return writeJSON(cmd.OutOrStdout(), map[string]any{"mode": mode, "models": len(a.m.Models)})
	}
	fmt.Fprintf(cmd.OutOrStdout(), "%s: %s\n", mode, count(len(a.m.Models), "model"))
	return nil
}
