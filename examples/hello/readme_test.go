package main

import (
	"os"
	"strings"
	"testing"
)

// The program in README is this one, so that it compiles.
func TestReadmeShowsThisProgram(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.ReadFile("main.go")
	if err != nil {
		t.Fatal(err)
	}
	_, program2, _ := strings.Cut(string(program), "\n") // without the command's comment
	if !strings.Contains(string(readme), "```go\n"+program2+"```") {
		t.Fatal("README.md does not show examples/hello/main.go as it is")
	}
}
