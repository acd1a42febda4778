// Command rules tells which test pins which rule of the behaviour that this
// repository reproduces:
//
//	rules DIR >docs/rules.md
//
// reads the rules of rules.txt and all tests of the modules in DIR, and prints a
// table: a rule, and the tests whose name, comment or text cites it, scenarios and
// meant differences among them. Ranges
// ("VR-4..VR-6", "CN-50..55") cite everything between. Rules that say nothing a test
// could hold are in rules.txt with the reason.
package main

import (
	_ "embed"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

//go:embed rules.txt
var known string

// A family is a group of rules with the same prefix.
type family struct {
	prefix, about string
	numbers       []int
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: rules DIR")
		os.Exit(2)
	}
	if err := run(os.Stdout, os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "rules:", err)
		os.Exit(1)
	}
}

func run(w io.Writer, root string) error {
	families, untested, err := parse(known)
	if err != nil {
		return err
	}
	cited, err := citations(root)
	if err != nil {
		return err
	}
	return write(w, families, untested, cited)
}

// parse reads lines like "VR: 1-13 20-22 30: Virtual requests", and the reasons
// why there is no test: "no VR-99: It is only a remark."
func parse(text string) (families []family, untested map[string]string, err error) {
	untested = map[string]string{}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		if rest, ok := strings.CutPrefix(line, "no "); ok {
			rule, reason, ok := strings.Cut(rest, ": ")
			if !ok {
				return nil, nil, fmt.Errorf("not no RULE: REASON: %q", line)
			}
			untested[rule] = reason
			continue
		}
		parts := strings.SplitN(line, ": ", 3)
		if len(parts) != 3 {
			return nil, nil, fmt.Errorf("not PREFIX: NUMBERS: ABOUT: %q", line)
		}
		f := family{prefix: parts[0], about: parts[2]}
		for _, field := range strings.Fields(parts[1]) {
			first, last, isRange := strings.Cut(field, "-")
			if !isRange {
				last = first
			}
			from, err1 := strconv.Atoi(first)
			to, err2 := strconv.Atoi(last)
			if err := errors.Join(err1, err2); err != nil {
				return nil, nil, err
			}
			for n := from; n <= to; n++ {
				f.numbers = append(f.numbers, n)
			}
		}
		families = append(families, f)
	}
	return families, untested, nil
}

// citations maps rules to the tests that cite them, sorted.
func citations(root string) (map[string][]string, error) {
	found := map[string]map[string]bool{}
	cite := func(test, text string) {
		for _, rule := range rulesIn(text) {
			if found[rule] == nil {
				found[rule] = map[string]bool{}
			}
			found[rule][test] = true
		}
	}
	fset := token.NewFileSet()
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "node_modules" || d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".") && name != root):
			return fs.SkipDir
		case d.Name() == "differences.md":
			return differences(name, cite)
		case strings.HasSuffix(name, ".mjs") && filepath.Base(filepath.Dir(filepath.Dir(name))) == "conformance":
			return scenario(name, cite)
		case !strings.HasSuffix(name, "_test.go"):
			return nil
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		file, err := parser.ParseFile(fset, name, text, parser.ParseComments)
		if err != nil {
			return err
		}
		dir, err := filepath.Rel(root, filepath.Dir(name))
		if err != nil {
			return err
		}
		for _, decl := range file.Decls {
			fn, ok := decl.(*ast.FuncDecl)
			if !ok || fn.Recv != nil || !isTest(fn.Name.Name) {
				continue
			}
			from, to := fn.Pos(), fn.End()
			if fn.Doc != nil {
				from = fn.Doc.Pos()
			}
			start := fset.Position(from).Offset
			end := fset.Position(to).Offset
			for end < len(text) && text[end] != '\n' {
				end++ // a comment behind the brace
			}
			cite(path.Join(filepath.ToSlash(dir), fn.Name.Name), string(text[start:end]))
		}
		return nil
	})
	out := make(map[string][]string, len(found))
	for rule, tests := range found {
		out[rule] = slices.Sorted(maps.Keys(tests))
	}
	return out, err
}

func isTest(name string) bool {
	return strings.HasPrefix(name, "Test") || strings.HasPrefix(name, "Fuzz") || strings.HasPrefix(name, "Example")
}

// differences takes the rows of the table of meant differences, each of which
// TestSails checks.
func differences(name string, cite func(test, text string)) error {
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(line, " | ")
		if !strings.HasPrefix(line, "| `") || len(cells) != 6 {
			continue
		}
		cite("compat_test/TestSails "+strings.Trim(cells[0], "| `"), cells[4])
	}
	return nil
}

// scenario takes the rules that a scenario names in its first line. TestSails plays
// it and compares every step with a recording.
func scenario(name string, cite func(test, text string)) error {
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	first, _, _ := strings.Cut(string(text), "\n")
	if strings.HasPrefix(first, "// Rules:") {
		cite("compat_test/TestSails "+strings.TrimSuffix(filepath.Base(name), ".mjs"), first)
	}
	return nil
}

var citation = regexp.MustCompile(`\b([A-Z]{2,3})-?_?(\d{1,2})(?:(?:\.\.| to |–)(?:[A-Z]{2,3}-)?(\d{1,2}))?\b`)

// rulesIn finds the rules that a text names.
func rulesIn(text string) []string {
	var rules []string
	for _, m := range citation.FindAllStringSubmatch(text, -1) {
		if !strings.Contains(m[0], "-") && !strings.Contains(m[0], "_") {
			continue
		}
		from, _ := strconv.Atoi(m[2])
		to := from
		if m[3] != "" {
			to, _ = strconv.Atoi(m[3])
		}
		for n := from; n <= to; n++ {
			rules = append(rules, m[1]+"-"+strconv.Itoa(n))
		}
	}
	return rules
}

// shown is how many tests a row names.
const shown = 4

func write(w io.Writer, families []family, untested map[string]string, cited map[string][]string) error {
	var b strings.Builder
	b.WriteString("# Rules and the tests that pin them\n\nMade by `make rules` from the names and comments of the tests; do not edit.\n")
	var total, pinned, nothing int
	var missing []string
	var tables strings.Builder
	for _, f := range families {
		fmt.Fprintf(&tables, "\n## %s: %s\n\n| Rule | Tests |\n| --- | --- |\n", f.prefix, f.about)
		for _, n := range f.numbers {
			rule := f.prefix + "-" + strconv.Itoa(n)
			tests := cited[rule]
			total++
			row := "–"
			switch reason, none := untested[rule]; {
			case len(tests) == 0 && none:
				row += " " + reason
				nothing++
			case len(tests) == 0:
				missing = append(missing, rule)
			default:
				pinned++
				row = "`" + strings.Join(tests[:min(len(tests), shown)], "`, `") + "`"
			}
			if more := len(tests) - shown; more > 0 {
				row += fmt.Sprintf(" and %d more", more)
			}
			fmt.Fprintf(&tables, "| %s | %s |\n", rule, row)
		}
	}
	fmt.Fprintf(&b, "\n%d of %d rules are cited by a test.", pinned, total)
	if nothing > 0 {
		fmt.Fprintf(&b, " %d say nothing that a test could hold; the reason stands beside them.", nothing)
	}
	if len(missing) > 0 {
		fmt.Fprintf(&b, " No test cites: %s.", strings.Join(missing, ", "))
	}
	b.WriteString("\n")
	_, err := io.WriteString(w, b.String()+tables.String())
	return err
}
