package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-sails/sails/sailsio/manifest"
)

func TestGenerateOpenAPI(t *testing.T) {
	t.Parallel()
	out, errs, code := sails(t, "generate", "openapi", app(t, nil), "--url", "https://example.com")
	var doc struct {
		OpenAPI string
		Paths   map[string]map[string]any
	}
	if err := json.Unmarshal([]byte(out), &doc); err != nil || code != 0 || doc.OpenAPI != "3.1.0" || doc.Paths["/task/{id}"]["patch"] == nil {
		t.Errorf("%d %s %s %v", code, out, errs, err)
	}
	url, _ := lifted(t, app(t, nil), "--dev")
	if status, text := fetch(t, "GET", url+"/openapi.json", ""); status != 200 || !strings.Contains(text, `"/task/{id}/promote"`) || strings.Contains(text, "openapi.json") {
		t.Errorf("%d %s", status, text)
	}
}

func TestGenerateTypes(t *testing.T) {
	t.Parallel()
	dir := app(t, func(m *manifest.Manifest) {
		m.Name = "a\n*/ b"
		m.Models = append(m.Models, manifest.Model{Identity: "blog_post", PrimaryKey: "slug", Hidden: []string{"secret"}, Attributes: []manifest.Attribute{
			{Name: "slug", Type: "string", Required: true}, {Name: "secret", Type: "string"}, {Name: "doc", Type: "json"},
			{Name: "state", Type: "string", Validations: manifest.Validations{IsIn: []json.RawMessage{[]byte(`"new"`)}}},
			{Name: "rank", Type: "number", AllowNull: true}, {Name: "task", Model: "task"}, {Name: "tasks", Collection: "task"},
		}})
	})
	file := filepath.Join(t.TempDir(), "types.ts")
	out, errs, code := sails(t, "generate", "types", dir, "-o", file)
	if code != 0 || !strings.Contains(out, "2 models") {
		t.Fatal(out, errs)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	want(t, string(text), "// Types of a */ b, made by", "export interface BlogPost {", `  state: "new" | '';`, "  rank: number | null;", "  doc: Json;",
		"  task: number | Task | null;", "  tasks?: Task[];", "export interface BlogPostInput {", "  slug: string;", "  tasks?: number[];",
		`  blog_post: RecordMessage<BlogPost, string, "tasks">;`, "  task: RecordMessage<Task, number, never>;")
	if strings.Contains(string(text), "secret") {
		t.Error("a hidden attribute is declared")
	}
	if out, _, code := sails(t, "generate"); code != 0 || !strings.Contains(out, "types") {
		t.Error(out)
	}
	if _, _, code := sails(t, "generate", "types", t.TempDir()); code != exitFailed {
		t.Error("types of nothing")
	}
	if _, _, code := sails(t, "generate", "types", dir, "-o", filepath.Join(file, "x")); code != exitFailed {
		t.Error("a file below a file was written")
	}
}

// What internal/project makes is compiled there; here is the command around it.
func TestGenerateApp(t *testing.T) {
	t.Parallel()
	dir := app(t, nil)
	target := filepath.Join(t.TempDir(), "Todo-Go")
	out, errs, code := sails(t, "generate", "app", dir, "--output", target, "--replace", ".")
	if code != 0 {
		t.Fatal(errs)
	}
	want(t, out, "files created, 0 updated", "go mod tidy")
	text, err := os.ReadFile(filepath.Join(target, "go.mod"))
	if err != nil || !strings.HasPrefix(string(text), "module todo-go\n") || !strings.Contains(string(text), "replace github.com/go-sails/sails => /") {
		t.Errorf("%s %v", text, err)
	}
	stub := filepath.Join(target, "actions", "task-promote.go")
	if err := os.WriteFile(stub, []byte("package actions // mine\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	out, _, code = sails(t, "generate", "app", dir, "--output", target, "--replace", ".")
	want(t, out, "0 files created", "kept actions/task-promote.go, which was edited", "--force")
	if code != 0 || strings.Contains(out, "Next:") {
		t.Errorf("%d %s", code, out)
	}
	out, _, _ = sails(t, "generate", "app", dir, "--output", target, "--replace", ".", "--force", "--json")
	var outcome struct{ Updated, Kept []string }
	if err := json.Unmarshal([]byte(out), &outcome); err != nil || len(outcome.Updated) != 1 || len(outcome.Kept) != 0 {
		t.Errorf("%s %v", out, err)
	}
	for _, c := range []struct {
		part string
		code int
		args []string
	}{
		{"--output says", exitUsage, []string{dir}},
		{"no path of a Go module", exitUsage, []string{dir, "-o", target, "--module", "a b"}},
		{"is the folder of the manifest", exitFailed, []string{dir, "-o", dir}},
		{"there is no sails.manifest.json", exitFailed, []string{target, "-o", t.TempDir()}},
	} {
		if _, errs, code := sails(t, append([]string{"generate", "app"}, c.args...)...); code != c.code || !strings.Contains(errs, c.part) {
			t.Errorf("%s: %d %s", c.part, code, errs)
		}
	}
}
