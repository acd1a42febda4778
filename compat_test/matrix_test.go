package compat_test

import (
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

var matrixFile = flag.String("matrix", "", "file to write the results to, as tables; the README beside its folder gets those of this library")

const matrixTitle = `# Client matrix

Made by "make matrix" from the results of the tests in compat_test; do not edit.
`

var matrixMu sync.Mutex // the files are written by several tests

// section is the place of a table in a document: between two comments that name it.
type section struct{ begin, end string }

func sectionOf(name string) section {
	return section{"<!-- " + name + " -->\n", "<!-- /" + name + " -->\n"}
}

// find returns what the document has in the section.
func (s section) find(document string) (text string, found bool) {
	_, rest, found := strings.Cut(document, s.begin)
	if !found {
		return "", false
	}
	text, _, found = strings.Cut(rest, s.end)
	return text, found
}

// replace returns the document with another text in the section, which is added at
// the end when it is missing.
func (s section) replace(document, text string) string {
	before, rest, found := strings.Cut(document, s.begin)
	if !found {
		before, rest = document+"\n", ""
	}
	if _, after, ok := strings.Cut(rest, s.end); ok {
		rest = after
	}
	return before + s.begin + text + s.end + rest
}

// A matrixReport is the outcome of a test that makes up a part of the client matrix.
type matrixReport struct {
	name   string // of the section in docs/client-matrix.md
	whole  string // its text
	ours   string // the part about this library, which is in README.md too
	played bool   // nothing was left out, by -run or -short
}

// publish writes the report with -matrix. Without, it compares what this library has
// shown with what the committed documents say.
func (r matrixReport) publish(t *testing.T) {
	t.Helper()
	if t.Failed() || !r.played {
		return
	}
	doc := *matrixFile
	if doc == "" {
		doc = filepath.Join("..", "docs", "client-matrix.md")
	}
	readme := filepath.Join(filepath.Dir(doc), "..", "README.md")
	if *matrixFile == "" {
		r.compare(t, doc, true)
		r.compare(t, readme, false)
		return
	}
	matrixMu.Lock()
	defer matrixMu.Unlock()
	for file, text := range map[string]string{doc: "\n## " + r.name + "\n" + r.whole + "\n", readme: r.ours} {
		old, err := os.ReadFile(file)
		if errors.Is(err, fs.ErrNotExist) && file == doc {
			old, err = []byte(matrixTitle), nil
		}
		if err != nil {
			t.Fatal(err)
		}
		if _, there := sectionOf(r.name).find(string(old)); file == readme && !there {
			continue // README shows some of the tables
		}
		if err := os.WriteFile(file, []byte(sectionOf(r.name).replace(string(old), text)), 0o644); err != nil {
			t.Error(err)
		}
	}
}

// compare checks that the document shows what this run has shown about this library;
// a section may be missing where it is not required.
func (r matrixReport) compare(t *testing.T, file string, required bool) {
	t.Helper()
	committed, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	found, there := sectionOf(r.name).find(string(committed))
	if (there || required) && !strings.Contains(found, r.ours) {
		t.Errorf("%s does not show what this run has shown; run \"make matrix\". Now it is:\n%s", file, r.ours)
	}
}
