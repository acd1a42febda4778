// Command lint checks the rules of this repository that no ready-made tool knows:
//
//	lint DIR
//
// reports, for the module in DIR, time.Sleep in tests, printing, logging and
// panics in library code, and imports that point upwards in the tree of packages.
package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

const module = "github.com/go-sails/sails/"

// forbidden lists, for a package and everything below it, what it must not know.
// The longest matching prefix counts.
var forbidden = map[string][]string{
	"internal":        {"engineio", "socketio", "virtualrequest", "sailsio"},
	"engineio":        {"socketio", "virtualrequest", "sailsio"},
	"socketio":        {"virtualrequest", "sailsio"},
	"virtualrequest":  {"engineio", "socketio", "sailsio"},
	"sailsio":         {"sailsio/blueprint", "sailsio/sqlstore"},
	"sailsio/model":   {"engineio", "socketio", "virtualrequest", "sailsio/blueprint", "sailsio/sqlstore"},
	"sailsio/session": {"engineio", "socketio", "sailsio/blueprint", "sailsio/sqlstore"},
	"sailsio/action":  {"engineio", "socketio", "sailsio/blueprint", "sailsio/sqlstore"},
	"sailsio/route":   {"engineio", "socketio", "sailsio/blueprint", "sailsio/sqlstore"},
	// These stand on top of all of sailsio.
	"sailsio/blueprint": {"sailsio/sqlstore"},
	"sailsio/sqlstore":  {},
	"sailsio/manifest":  {},
	"sailsio/openapi":   {},
}

// forbiddenCalls are not for library code: it returns errors and logs to the
// *slog.Logger it is given.
var forbiddenCalls = []string{"fmt.Print", "fmt.Printf", "fmt.Println", "log.Print", "log.Printf", "log.Println", "log.Fatal", "log.Fatalf", "log.Fatalln", "log.Panic", "log.Panicf", "os.Exit"}

type linter struct {
	fset     *token.FileSet
	problems []string
}

func main() {
	root := "."
	if len(os.Args) > 1 {
		root = os.Args[1]
	}
	l := &linter{fset: token.NewFileSet()}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if name := d.Name(); path != root && (name == "node_modules" || name == "testdata" || strings.HasPrefix(name, ".")) {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(path, ".go") {
			return nil
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		return l.file(path, filepath.ToSlash(rel))
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, "lint:", err)
		os.Exit(2)
	}
	for _, p := range l.problems {
		fmt.Println(p)
	}
	if len(l.problems) > 0 {
		os.Exit(1)
	}
}

func (l *linter) file(path, rel string) error {
	f, err := parser.ParseFile(l.fset, path, nil, parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	test := strings.HasSuffix(rel, "_test.go")
	pkg := filepath.ToSlash(filepath.Dir(rel))
	library := slices.Contains([]string{"engineio", "socketio", "virtualrequest", "sailsio", "internal"}, strings.Split(pkg, "/")[0])
	if library && !test {
		l.imports(f, pkg)
	}
	if strings.HasPrefix(pkg, "internal/leakcheck") {
		return nil // it ends the test binary and speaks to the person running it
	}
	bubbles := test && slices.ContainsFunc(f.Imports, func(s *ast.ImportSpec) bool { return s.Path.Value == `"testing/synctest"` })
	code := library && !test && f.Name.Name != "main" && !strings.HasSuffix(pkg, "test") // modeltest and the like run in tests
	ast.Inspect(f, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		switch name := callee(call); {
		case test && !bubbles && name == "time.Sleep":
			l.report(call.Pos(), "time.Sleep in a test: wait for the event, or use testing/synctest")
		case code && slices.Contains(forbiddenCalls, name):
			l.report(call.Pos(), name+" in library code: return an error, or use the configured *slog.Logger")
		case code && name == "panic" && !repanic(call):
			l.report(call.Pos(), "panic in library code: return an error")
		}
		return true
	})
	return nil
}

func (l *linter) imports(f *ast.File, pkg string) {
	rules, owner := []string(nil), ""
	for prefix, list := range forbidden {
		if within(pkg, prefix) && len(prefix) > len(owner) {
			rules, owner = list, prefix
		}
	}
	for _, spec := range f.Imports {
		path, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			continue
		}
		target, ours := strings.CutPrefix(path, module)
		if !ours {
			continue
		}
		for _, bad := range rules {
			if within(target, bad) && !within(target, owner) {
				l.report(spec.Pos(), fmt.Sprintf("%s must not import %s", pkg, target))
			}
		}
	}
}

func within(pkg, prefix string) bool { return pkg == prefix || strings.HasPrefix(pkg, prefix+"/") }

// callee returns "pkg.Name" or "name" of a call to a plain name.
func callee(call *ast.CallExpr) string {
	switch f := call.Fun.(type) {
	case *ast.Ident:
		return f.Name
	case *ast.SelectorExpr:
		if x, ok := f.X.(*ast.Ident); ok {
			return x.Name + "." + f.Sel.Name
		}
	}
	return ""
}

// repanic reports whether a panic passes on a value it was given: one that was
// recovered, or http.ErrAbortHandler, which net/http asks for.
func repanic(call *ast.CallExpr) bool {
	switch arg := call.Args[0].(type) {
	case *ast.Ident:
		return true
	case *ast.SelectorExpr:
		x, ok := arg.X.(*ast.Ident)
		return ok && x.Name == "http" && arg.Sel.Name == "ErrAbortHandler"
	}
	return false
}

func (l *linter) report(pos token.Pos, text string) {
	l.problems = append(l.problems, fmt.Sprintf("%s: %s", l.fset.Position(pos), text))
}
