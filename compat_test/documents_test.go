package compat_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-sails/sails/compat_test/internal/program"
)

// TestDocuments has the tools of their readers check what `sails generate` makes of
// the original application, and that they would notice a mistake.
func TestDocuments(t *testing.T) {
	t.Parallel()
	root := program.Root(t)
	path := exported(t)
	sails := program.Build(t, "../cmd/sails")
	dir := t.TempDir()
	generate := func(kind, name string) string {
		file := filepath.Join(dir, name)
		if out, err := exec.CommandContext(t.Context(), sails, "generate", kind, path, "--output", file).CombinedOutput(); err != nil {
			t.Fatalf("sails generate %s: %v\n%s", kind, err, out)
		}
		return file
	}
	check := func(script string, files ...string) (string, bool) {
		args := append([]string{filepath.Join(root, "peers", "documents", script)}, files...)
		out, err := exec.CommandContext(t.Context(), "node", args...).CombinedOutput()
		return string(out), err == nil
	}
	broken := func(file, was, is string) string {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		changed := strings.Replace(string(text), was, is, 1)
		if changed == string(text) {
			t.Fatalf("%s is not in %s", was, file)
		}
		other := filepath.Join(dir, "broken-"+filepath.Base(file))
		if err := os.WriteFile(other, []byte(changed), 0o600); err != nil {
			t.Fatal(err)
		}
		return other
	}

	document := generate("openapi", "openapi.json")
	if out, ok := check("openapi.mjs", document); !ok {
		t.Errorf("the OpenAPI document is wrong:\n%s", out)
	}
	if out, ok := check("openapi.mjs", broken(document, `"responses": {`, `"responsive": {`)); ok {
		t.Errorf("a broken document was accepted: %s", out)
	}

	types := generate("types", "types.ts")
	use := filepath.Join(dir, "use.ts")
	text := `import type { SailsEvents, User, UserInput } from './types';
export function hear(message: SailsEvents['user']): string {
  switch (message.verb) {
    case 'created': return message.data.name;
    case 'updated': return message.data.email ?? String(message.id);
    case 'addedTo': { const alias: 'reports' | 'pets' | 'bookmarks' | 'messages' = message.attribute; return alias; }
    default: return message.verb;
  }
}
export const input: UserInput = { name: 'Ann', email: 'ann@example.com', role: 'admin', pets: [1] };
export const age = (user: User): number => user.age ?? 0;
`
	if err := os.WriteFile(use, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, ok := check("types.mjs", types, use); !ok {
		t.Errorf("the types are wrong:\n%s", out)
	}
	if out, ok := check("types.mjs", types, broken(use, "role: 'admin'", "role: 'king'")); ok {
		t.Errorf("a wrong use was accepted: %s", out)
	}
}
