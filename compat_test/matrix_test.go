package compat_test

import (
	"errors"
	"flag"
	"io/fs"
	"os"
	"strings"
	"sync"
	"testing"
)

var matrixFile = flag.String("matrix", "", "file to write the results to, as tables")

const matrixTitle = `# Client matrix

Made by "make matrix" from the results of the tests in compat_test; do not edit.
`

var matrixMu sync.Mutex // the file is written by several tests

// writeSection puts the results of a test that has passed into the file of the flag
// -matrix, in place of what it wrote there before.
func writeSection(t *testing.T, name, text string) {
	t.Helper()
	if *matrixFile == "" || t.Failed() {
		return
	}
	matrixMu.Lock()
	defer matrixMu.Unlock()
	old, err := os.ReadFile(*matrixFile)
	if errors.Is(err, fs.ErrNotExist) {
		old, err = []byte(matrixTitle), nil
	}
	if err != nil {
		t.Error(err)
		return
	}
	begin, end := "<!-- "+name+" -->\n", "<!-- /"+name+" -->\n"
	section := begin + "\n## " + name + "\n" + text + "\n" + end
	before, rest, found := strings.Cut(string(old), begin)
	if !found {
		before, rest = string(old)+"\n", ""
	}
	if _, after, ok := strings.Cut(rest, end); ok {
		rest = after
	}
	if err := os.WriteFile(*matrixFile, []byte(before+section+rest), 0o644); err != nil {
		t.Error(err)
	}
}
