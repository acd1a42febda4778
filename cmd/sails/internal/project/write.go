package project

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
)

// SumsName is the file that says what a project's files were when they were made.
const SumsName = "sails.generated.json"

// Outcome says what became of each file.
type Outcome struct {
	Created   []string `json:"created"`
	Updated   []string `json:"updated"`   // nobody had edited them
	Unchanged []string `json:"unchanged"` // they were as they should be
	Kept      []string `json:"kept"`      // edited, and different from what would be made
	Obsolete  []string `json:"obsolete"`  // made before, and not any more; left alone
}

// Write writes files below dir. A file that was edited since it was made, or was
// never made by Write, is kept, unless force is set. So is every go.mod.
func Write(dir string, files map[string][]byte, force bool) (*Outcome, error) {
	sums, err := readSums(filepath.Join(dir, SumsName))
	if err != nil {
		return nil, err
	}
	out := &Outcome{Created: []string{}, Updated: []string{}, Unchanged: []string{}, Kept: []string{}, Obsolete: []string{}}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		target := filepath.Join(dir, filepath.FromSlash(name))
		there, err := os.ReadFile(target)
		list := &out.Updated
		switch {
		case errors.Is(err, fs.ErrNotExist):
			list = &out.Created
		case err != nil:
			return nil, err
		case bytes.Equal(there, files[name]), name == "go.mod" && !force: // which the go command edits
			out.Unchanged = append(out.Unchanged, name)
			sums[name] = sum(there)
			continue
		case sums[name] != sum(there) && !force:
			out.Kept = append(out.Kept, name)
			continue
		}
		if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
			return nil, err
		}
		if err := os.WriteFile(target, files[name], 0o644); err != nil {
			return nil, err
		}
		*list = append(*list, name)
		sums[name] = sum(files[name])
	}
	for _, name := range slices.Sorted(maps.Keys(sums)) {
		if files[name] == nil {
			if _, err := os.Stat(filepath.Join(dir, filepath.FromSlash(name))); err == nil {
				out.Obsolete = append(out.Obsolete, name)
			} else {
				delete(sums, name)
			}
		}
	}
	text, err := json.MarshalIndent(sums, "", "  ")
	if err != nil {
		return nil, err
	}
	return out, os.WriteFile(filepath.Join(dir, SumsName), append(text, '\n'), 0o644)
}

func readSums(path string) (map[string]string, error) {
	sums := map[string]string{}
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return sums, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &sums)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w; without it every file counts as edited: delete it if that is what you want", path, err)
	}
	for name := range sums {
		if !filepath.IsLocal(filepath.FromSlash(name)) {
			return nil, fmt.Errorf("%s: %q is outside of the project", path, name)
		}
	}
	return sums, nil
}

func sum(text []byte) string {
	s := sha256.Sum256(text)
	return hex.EncodeToString(s[:])
}
