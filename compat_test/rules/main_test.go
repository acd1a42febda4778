package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/go-sails/sails/internal/leakcheck"
)

func TestMain(m *testing.M) { leakcheck.Main(m) }

func TestRun(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"a/a_test.go":                           "package a\n\n// ID-1..3: a comment.\nfunc TestA(t *testing.T) {\n\t_ = \"ID-7\"\n} // ID-5\n\nfunc helper() {} // ID-6\n",
		"a/a.go":                                "package a // ID-8\n",
		"conformance/scenarios/v1-x.mjs":        "// Rules: ID-9, ID-10.\nexport default {}; // ID-11\n",
		"node_modules/p/conformance/x/v2-y.mjs": "// Rules: ID-12.\n",
		"differences.md":                        "| Scenario | ID-13 |\n| `v1*` | `body` | `1` | `2` | ID-14 | because |\n",
	} {
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	cited, err := citations(dir)
	if err != nil {
		t.Fatal(err)
	}
	families, untested, err := parse("# comment\nID: 1-14: Things\nno ID-4: A remark.\nno ID-1: Not used, it has a test.\n")
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := write(&out, families, untested, cited); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"8 of 14 rules are cited by a test. 1 say nothing that a test could hold; the reason stands beside them. No test cites: ID-6, ID-8, ID-11, ID-12, ID-13.\n",
		"| ID-2 | `a/TestA` |\n", "| ID-4 | – A remark. |\n", "| ID-6 | – |\n", "| ID-10 | `compat_test/TestSails v1-x` |\n", "| ID-14 | `compat_test/TestSails v1*` |\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in:\n%s", want, out.String())
		}
	}
}

func TestRulesIn(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		"VR-4..VR-6, CN-50..52": {"VR-4", "VR-5", "VR-6", "CN-50", "CN-51", "CN-52"},
		"SEC_46":                {"SEC-46"},
		"AB12 UTF-8x A-1":       nil,
	} {
		if got := rulesIn(text); !slices.Equal(got, want) {
			t.Errorf("%s: %v", text, got)
		}
	}
}

func TestParse_errors(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"VR", "VR: x: y", "VR: 1-x: y", "no VR-1"} {
		if _, _, err := parse(text); err == nil {
			t.Errorf("%q was taken", text)
		}
	}
}

// The guide for those who come from Sails names the test of each difference.
func TestGuideNamesTests(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/moving-from-sails.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := 0
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(line, " | ")
		if len(cells) != 3 || !strings.Contains(cells[0], "(SU-") {
			continue
		}
		rows++
		dir := ""
		for word := range strings.FieldsFuncSeq(cells[2], func(r rune) bool { return strings.ContainsRune(" ,|\n", r) }) {
			switch {
			case word[0] == '`':
				dir = strings.Trim(word, "`")
			case strings.HasPrefix(word, "Test"):
				if !declares(t, filepath.Join("..", "..", dir), word) {
					t.Errorf("%s has no %s", dir, word)
				}
			case word != "scenario" && word != "scenarios":
				found, err := filepath.Glob("../../internal/conformance/scenarios*/" + word + "-*.mjs")
				if err != nil || len(found) != 1 {
					t.Errorf("scenario %s: %q, %v", word, found, err)
				}
			}
		}
	}
	if rows < 20 {
		t.Errorf("only %d rows", rows)
	}
}

// declares reports whether a test of the package in dir has that name.
func declares(t *testing.T, dir, name string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	return slices.ContainsFunc(files, func(file string) bool {
		text, err := os.ReadFile(file)
		return err == nil && bytes.Contains(text, []byte("\nfunc "+name+"("))
	})
}
