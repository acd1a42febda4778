package migration

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/go-sails/sails/sailsio/sqlstore"
)

const (
	maxFiles    = 10_000
	maxFileSize = 16 << 20
)

// file is an SQL file that was chosen for the dialect.
type file struct {
	path, name string
	text       []byte
}

var fileForm = regexp.MustCompile(`^([0-9]{1,18})_([^/]+)\.sql$`)

// collect reads the files for a dialect, by version.
func collect(fsys fs.FS, dialect sqlstore.Dialect) (map[int64]file, error) {
	files := map[int64]file{}
	if fsys == nil {
		return files, nil
	}
	own := string(dialect)
	for _, dir := range []string{".", own} {
		entries, err := fs.ReadDir(fsys, dir)
		if errors.Is(err, fs.ErrNotExist) && dir == own {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("migration: %w", err)
		}
		seen := map[int64]string{}
		for _, e := range entries {
			if e.IsDir() || path.Ext(e.Name()) != ".sql" {
				continue
			}
			parts := fileForm.FindStringSubmatch(e.Name())
			if parts == nil {
				return nil, fmt.Errorf("migration: %s: the name has to be a number, an underscore and words, like 0001_users.sql", path.Join(dir, e.Name()))
			}
			version, err := strconv.ParseInt(parts[1], 10, 64)
			if err != nil || version < 1 {
				return nil, fmt.Errorf("migration: %s: versions begin with 1", path.Join(dir, e.Name()))
			}
			if other, taken := seen[version]; taken {
				return nil, fmt.Errorf("migration: version %d is given twice, by %s and %s", version, other, e.Name())
			}
			seen[version] = e.Name()
			f := file{path: path.Join(dir, e.Name()), name: parts[2]}
			if f.text, err = read(fsys, f.path); err != nil {
				return nil, err
			}
			files[version] = f
		}
		if len(files) > maxFiles {
			return nil, fmt.Errorf("migration: there are more than %d files", maxFiles)
		}
	}
	return files, nil
}

func read(fsys fs.FS, name string) ([]byte, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, fmt.Errorf("migration: %w", err)
	}
	defer func() { _ = f.Close() }() // it was only read
	text, err := io.ReadAll(io.LimitReader(f, maxFileSize+1))
	if err != nil {
		return nil, fmt.Errorf("migration: %w", err)
	}
	if len(text) > maxFileSize {
		return nil, fmt.Errorf("migration: %s is longer than %d bytes", name, maxFileSize)
	}
	if !strings.Contains(string(text), "+goose Up") {
		return nil, fmt.Errorf(`migration: %s: a line "-- +goose Up" has to begin what is applied`, name)
	}
	return text, nil
}

// memory holds the chosen files for goose, which lists and opens them and nothing
// else.
type memory map[string][]byte

func inMemory(files map[int64]file) memory {
	all := memory{}
	for version, f := range files {
		all[fmt.Sprintf("%d_%s.sql", version, f.name)] = f.text
	}
	return all
}

// Glob lists the files.
func (m memory) Glob(pattern string) ([]string, error) {
	var names []string
	for name := range m {
		ok, err := path.Match(pattern, name)
		if err != nil {
			return nil, err
		}
		if ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names, nil
}

// Open opens a file for reading.
func (m memory) Open(name string) (fs.File, error) {
	text, ok := m[name]
	if !ok {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return opened{bytes.NewReader(text)}, nil
}

type opened struct{ *bytes.Reader }

func (opened) Close() error               { return nil }
func (opened) Stat() (fs.FileInfo, error) { return nil, errors.ErrUnsupported }
