package main

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/go-sails/sails/sailsio/manifest"
)

func newRoutes() *cobra.Command {
	var asJSON, dev, gaps bool
	var upstream string
	cmd := &cobra.Command{
		Use: "routes [dir]", GroupID: "run",
		Short: "List the routes of an application and who answers them",
		Long: `Lists the routes of the application in the order in which they are tried: its own,
then blueprints. ANSWER is "go" for what this program serves, "closed" for what
was JavaScript and has no counterpart, "upstream" for what the old application
answers. --gaps lists what is missing instead.

Without --dev these are the routes of production.`,
		Example: "  sails routes --dev\n  sails routes --json | jq -r '.routes[] | select(.answer == \"closed\").address'",
		Args:    asUsage(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			a, err := open(folder(args), settings{production: !dev, detached: true, upstream: upstream})
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, a.close(cmd.Context())) }()
			switch {
			case asJSON:
				return writeJSON(cmd.OutOrStdout(), struct {
					Routes []manifest.RouteInfo `json:"routes"`
					Gaps   []manifest.Gap       `json:"gaps"`
				}{append([]manifest.RouteInfo{}, a.Routes()...), append([]manifest.Gap{}, a.Gaps()...)})
			case gaps:
				return listGaps(cmd, a)
			}
			return listRoutes(cmd, a)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON: routes and gaps")
	cmd.Flags().BoolVar(&dev, "dev", false, "as in development")
	cmd.Flags().StringVar(&upstream, "upstream", "", "as with this address of the old application")
	cmd.Flags().BoolVar(&gaps, "gaps", false, "list what was not carried over")
	return cmd
}

func listRoutes(cmd *cobra.Command, a *application) error {
	t := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 4, 2, ' ', 0)
	fmt.Fprintln(t, "ROUTE\tACTION\tKIND\tANSWER\tPOLICIES")
	for _, r := range a.Routes() {
		what := r.Action
		if r.Redirect != "" {
			what = "→ " + r.Redirect
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", r.Address, cmp.Or(what, "-"), r.Kind, r.Answer, cmp.Or(strings.Join(r.Policies, ", "), "-"))
	}
	return t.Flush()
}

func listGaps(cmd *cobra.Command, a *application) error {
	if len(a.Gaps()) == 0 {
		_, err := fmt.Fprintln(cmd.OutOrStdout(), "Nothing is missing.")
		return err
	}
	t := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 4, 2, ' ', 0)
	fmt.Fprintln(t, "MISSING\tNAME\tUNTIL THEN")
	for _, g := range a.Gaps() {
		fmt.Fprintf(t, "%s\t%s\t%s\n", g.Kind, g.Name, g.Closes)
	}
	return t.Flush()
}
