package main

import (
	"bufio"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/go-sails/sails/sailsio/sqlstore"
)

func newMigrate() *cobra.Command {
	var mode string
	var yes, asJSON bool
	cmd := &cobra.Command{
		Use: "migrate [dir]", GroupID: "run",
		Short: "Make the tables of the database fit the models",
		Long: `Makes the tables of the application's database fit its models:

  alter   makes what is missing and converts columns of another type; keeps all
          records, and columns that no attribute names
  drop    deletes the tables of the models with all records, and makes new ones
  safe    changes nothing: tells whether the database answers

Long tables show a progress bar. SQLite and PostgreSQL undo everything when it fails.`,
		Example: "  sails migrate\n  DATABASE_URL=postgres://… sails migrate ./todo --mode alter",
		Args:    asUsage(cobra.MaximumNArgs(1)),
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
	if mode == sqlstore.Drop && !yes {
		fmt.Fprintf(cmd.ErrOrStderr(), "This deletes all records of %s. Go on? [y/N] ", count(len(a.m.Models), "model"))
		answer, _ := bufio.NewReader(cmd.InOrStdin()).ReadString('\n')
		if answer = strings.ToLower(strings.TrimSpace(answer)); answer != "y" && answer != "yes" {
			return errors.New("nothing was changed")
		}
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
