package migration

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

var notWord = regexp.MustCompile(`[^a-z0-9]+`)

const template = `-- %s
--
-- Applied by "sails migrate up", in a transaction, once. Statements end with a
-- semicolon; around one that contains semicolons write the annotations StatementBegin
-- and StatementEnd, as Up below. A file of the same name in the folder sqlite,
-- postgres or mysql takes the place of this one there.

-- +goose Up


-- +goose Down
-- Undoes it, for "sails migrate down".

`

// Create writes a new, empty migration into a folder, which is made when it does
// not exist, and returns the path of the file. Its version is the time in UTC, down
// to the second. It never overwrites a file.
func Create(dir, name string, now time.Time) (path string, err error) {
	words := strings.Trim(notWord.ReplaceAllString(strings.ToLower(name), "_"), "_")
	if words == "" || len(words) > 100 {
		return "", fmt.Errorf("migration: %q: name what it does in a few words of letters and digits", name)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("migration: %w", err)
	}
	path = filepath.Join(dir, now.UTC().Format("20060102150405")+"_"+words+".sql")
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return "", fmt.Errorf("migration: %w", err)
	}
	_, err = fmt.Fprintf(f, template, strings.ReplaceAll(words, "_", " "))
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return "", fmt.Errorf("migration: %w", err)
	}
	return path, nil
}
