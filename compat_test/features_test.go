package compat_test

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// Each link of docs/features.md leads to the test or Example it names.
func TestFeatureLinks(t *testing.T) {
	docs := filepath.Join("..", "docs")
	text, err := os.ReadFile(filepath.Join(docs, "features.md"))
	if err != nil {
		t.Fatal(err)
	}
	links := regexp.MustCompile(`\[((?:Test|Example|Fuzz)\w*)\]\(([^)]+)\)`).FindAllSubmatch(text, -1)
	if len(links) < 100 {
		t.Fatalf("only %d links", len(links))
	}
	for _, m := range links {
		name, file := string(m[1]), filepath.Join(docs, filepath.FromSlash(string(m[2])))
		code, err := os.ReadFile(file)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if !regexp.MustCompile(`(?m)^func ` + name + `\(`).Match(code) {
			t.Errorf("%s has no %s", file, name)
		}
	}
}
