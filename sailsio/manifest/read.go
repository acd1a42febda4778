package manifest

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"strings"
)

// MaxBytes bounds a manifest.
const MaxBytes = 16 << 20

// Read reads a manifest. It refuses members it does not know, so that a typing error
// in a setting of security does not switch it off, other versions of the format, and
// more than MaxBytes.
func Read(r io.Reader) (*Manifest, error) {
	text, err := io.ReadAll(io.LimitReader(r, MaxBytes+1))
	if err != nil {
		return nil, fmt.Errorf("manifest: %w", err)
	}
	if len(text) > MaxBytes {
		return nil, fmt.Errorf("manifest: larger than %d bytes", MaxBytes)
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	m := &Manifest{}
	if err := dec.Decode(m); err != nil {
		return nil, explain(text, err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("manifest: something follows the end of the manifest")
	}
	if m.Version != Version {
		return nil, fmt.Errorf("manifest: version %d of the format; this program reads version %d", m.Version, Version)
	}
	return m, nil
}

// ReadFile reads the manifest at path.
func ReadFile(path string) (*Manifest, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("manifest: %w", err)
	}
	defer f.Close()
	m, err := Read(f)
	if err != nil {
		return nil, fmt.Errorf("%w, in %s", err, path)
	}
	return m, nil
}

// Write writes a manifest as indented JSON.
func (m *Manifest) Write(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(m)
}

// explain says where in the text the decoder stumbled, and over what.
func explain(text []byte, err error) error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return fmt.Errorf("manifest: line %d: no JSON: %w", line(text, syntax.Offset), err)
	case errors.As(err, &kind):
		return fmt.Errorf("manifest: line %d: %s is a JSON %s, and has to be %s", line(text, kind.Offset), cmp.Or(kind.Field, "the manifest"), kind.Value, inWords(kind.Type))
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("manifest: line %d: the text ends too early", line(text, int64(len(text))))
	}
	if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		// The decoder does not say where; a member of that name is not likely elsewhere.
		offset := max(bytes.Index(text, []byte(name)), 0)
		return fmt.Errorf("manifest: line %d: unknown field %s; package manifest lists those there are", line(text, int64(offset)), name)
	}
	return fmt.Errorf("manifest: %w", err)
}

func line(text []byte, offset int64) int {
	return 1 + bytes.Count(text[:min(max(offset, 0), int64(len(text)))], []byte("\n"))
}

// inWords names the JSON that a type of Go takes.
func inWords(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "a string"
	case reflect.Bool:
		return "true or false"
	case reflect.Slice:
		return "a list"
	case reflect.Struct, reflect.Map:
		return "an object"
	}
	return "a number"
}
