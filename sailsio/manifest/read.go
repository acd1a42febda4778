package manifest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
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
		return nil, fmt.Errorf("manifest: %w%s", err, position(text, err))
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

// position names the line of an error, where the error knows its offset.
func position(text []byte, err error) string {
	var offset int64
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		offset = syntax.Offset
	case errors.As(err, &kind):
		offset = kind.Offset
	default:
		return ""
	}
	offset = min(max(offset, 0), int64(len(text)))
	return fmt.Sprintf(" (line %d)", 1+bytes.Count(text[:offset], []byte("\n")))
}
