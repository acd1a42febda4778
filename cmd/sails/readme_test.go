package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Every line that the documents show of this command is one it understands.
func TestDocuments(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"README.md", "docs/moving-from-sails.md"} {
		text, err := os.ReadFile(filepath.Join("..", "..", filepath.FromSlash(name)))
		if err != nil {
			t.Fatal(err)
		}
		checked := 0
		for i, block := range strings.Split(string(text), "```") {
			if i%2 == 0 {
				continue
			}
			for line := range strings.Lines(block) {
				line, _, _ = strings.Cut(line, "#")
				for part := range strings.SplitSeq(line, "&&") {
					words := strings.Fields(part)
					for len(words) > 0 && strings.Contains(words[0], "=") {
						words = words[1:] // of the environment
					}
					if len(words) == 0 || words[0] != "sails" {
						continue
					}
					checked++
					cmd, rest, err := newRoot().Find(words[1:])
					if err == nil {
						err = cmd.ParseFlags(rest)
					}
					if err == nil {
						err = cmd.ValidateArgs(cmd.Flags().Args())
					}
					if err != nil || !cmd.HasParent() {
						t.Errorf("%s: %s: %v", name, part, err)
					}
				}
			}
		}
		if checked < 3 {
			t.Errorf("%s shows the command %d times", name, checked)
		}
	}
}
