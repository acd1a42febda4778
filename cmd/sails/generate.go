package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"
)

func newGenerate() *cobra.Command {
	cmd := &cobra.Command{
		Use: "generate", GroupID: "move",
		Short: "Generate code and documents from a manifest",
		Args:  noArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newGenerateApp(), newGenerateTypes(), newGenerateOpenAPI())
	return cmd
}

func newGenerateTypes() *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:   "types [dir]",
		Short: "Generate TypeScript types of records and of what sockets receive",
		Long: `Generates a TypeScript module with the types of an application's models: records as
they are answered, what create and update take, and the messages that sockets receive
about them, by event. It needs no other module.`,
		Example: "  sails generate types -o frontend/sails-types.ts",
		Args:    asUsage(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			return generate(cmd, folder(args), output, func(a *application) ([]byte, error) { return typeScript(a.m.Name, a.Schema()), nil })
		},
	}
	cmd.Flags().StringVarP(&output, "output", "o", "", "file to write (default standard output)")
	return cmd
}

func newGenerateOpenAPI() *cobra.Command {
	var output, url string
	cmd := &cobra.Command{
		Use:   "openapi [dir]",
		Short: "Generate the OpenAPI 3.1 document of an application",
		Long: `Generates the document that "sails lift --dev" serves at /openapi.json: blueprint
routes with the shapes of records, and the application's own routes.`,
		Example: "  sails generate openapi --url https://api.example.com -o openapi.json",
		Args:    asUsage(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			return generate(cmd, folder(args), output, func(a *application) ([]byte, error) { return document(a, url) })
		},
	}
	cmd.Flags().StringVarP(&output, "output", "o", "", "file to write (default standard output)")
	cmd.Flags().StringVar(&url, "url", "", "address of the server to put into it")
	return cmd
}

// generate writes what make makes of an application as in development.
func generate(cmd *cobra.Command, dir, output string, make func(*application) ([]byte, error)) (err error) {
	a, err := open(dir, settings{detached: true})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.close(cmd.Context())) }()
	text, err := make(a)
	if err != nil {
		return err
	}
	if cmp.Or(output, "-") == "-" {
		_, err = cmd.OutOrStdout().Write(text)
		return err
	}
	if err := os.WriteFile(output, text, 0o644); err != nil {
		return err
	}
	_, err = io.WriteString(cmd.OutOrStdout(), fmt.Sprintf("%s: %s\n", output, count(len(a.m.Models), "model")))
	return err
}
