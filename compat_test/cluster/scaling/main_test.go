package main

import (
	"os"
	"strings"
	"testing"
)

// The table in docs/cluster.md is what the defaults give.
func TestDocs(t *testing.T) {
	text, err := os.ReadFile("../../../docs/cluster.md")
	if err != nil {
		t.Fatal(err)
	}
	if want := table(rates{400_000, 40_000, 4_000, 3, 2}); !strings.Contains(string(text), want) {
		t.Errorf("docs/cluster.md should have\n%s", want)
	}
}
