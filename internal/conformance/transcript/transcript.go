// Package transcript compares what a client saw with a recording.
package transcript

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
)

// A Transcript is one scenario as one client saw it.
type Transcript struct {
	Scenario  string `json:"scenario"`
	Title     string `json:"title"`
	Variant   string `json:"variant"`
	Client    string `json:"client"`
	Transport string `json:"transport"`
	Status    string `json:"status"`
	Problem   string `json:"problem,omitempty"`
	Steps     []any  `json:"steps"`
}

// Read loads a recording. A missing file is reported as fs.ErrNotExist.
func Read(path string) (*Transcript, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var t Transcript
	if err := json.Unmarshal(text, &t); err != nil {
		return nil, fmt.Errorf("transcript: %s: %w", path, err)
	}
	return &t, nil
}

// Write stores a recording in the layout of the ones that are there.
func Write(path string, t *Transcript) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(t); err != nil {
		return err
	}
	return os.WriteFile(path, buf.Bytes(), 0o644)
}

// ReadFor loads the recording of a scenario made with a particular client and
// transport: the one in dir/<client>-<transport> when that client differs from
// the one the main recordings were made with, else the main one.
func ReadFor(dir, scenario, client, transport string) (*Transcript, error) {
	t, err := Read(filepath.Join(dir, client+"-"+transport, scenario+".json"))
	if errors.Is(err, fs.ErrNotExist) {
		return Read(filepath.Join(dir, scenario+".json"))
	}
	return t, err
}

// A Difference is a place where a client saw something else than was recorded.
type Difference struct {
	Scenario  string
	Step      int    // counted from 1; 0 is the outcome of the scenario
	Name      string // what the step does
	Path      string // inside the step, such as body.rooms[0]
	Want, Got string // as JSON, or "(nothing)"
}

// String describes the difference in one line.
func (d Difference) String() string {
	return fmt.Sprintf("step %d (%s) %s: want %s, got %s", d.Step, d.Name, d.Path, d.Want, d.Got)
}

// Diff lists the differences of got from want. It is empty when both transcripts
// have the same outcome and the same steps.
func Diff(want, got *Transcript) []Difference {
	var out []Difference
	if want.Status != got.Status {
		out = append(out, Difference{Scenario: want.Scenario, Name: "outcome", Path: "status", Want: want.Status, Got: got.Status + " " + got.Problem})
	}
	for i := range max(len(want.Steps), len(got.Steps)) {
		w, g := at(want.Steps, i), at(got.Steps, i)
		named := w
		if named == absent {
			named = g
		}
		for _, d := range diff("", comparableStep(w), comparableStep(g)) {
			d.Scenario, d.Step, d.Name = want.Scenario, i+1, name(named)
			out = append(out, d)
		}
	}
	return out
}

type missing struct{}

var absent any = missing{}

func at(list []any, i int) any {
	if i < len(list) {
		return list[i]
	}
	return absent
}

func member(m map[string]any, key string) any {
	if v, ok := m[key]; ok {
		return v
	}
	return absent
}

func diff(path string, want, got any) []Difference {
	switch w := want.(type) {
	case map[string]any:
		g, ok := got.(map[string]any)
		if !ok {
			break
		}
		keys := maps.Clone(w)
		maps.Copy(keys, g)
		var out []Difference
		for _, key := range slices.Sorted(maps.Keys(keys)) {
			out = append(out, diff(path+"."+key, member(w, key), member(g, key))...)
		}
		return out
	case []any:
		g, ok := got.([]any)
		if !ok {
			break
		}
		var out []Difference
		for i := range max(len(w), len(g)) {
			out = append(out, diff(fmt.Sprintf("%s[%d]", path, i), at(w, i), at(g, i))...)
		}
		return out
	}
	if reflect.DeepEqual(want, got) {
		return nil
	}
	return []Difference{{Path: strings.TrimPrefix(path, "."), Want: show(want), Got: show(got)}}
}

func show(v any) string {
	if v == absent {
		return "(nothing)"
	}
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return err.Error()
	}
	return strings.TrimSuffix(buf.String(), "\n")
}

func name(step any) string {
	m, _ := step.(map[string]any)
	for _, key := range []string{"request", "http", "raw", "rawTold", "fired", "note", "check", "disconnecting"} {
		if s, ok := m[key].(string); ok {
			return s
		}
	}
	if _, ok := m["quiet"]; ok {
		return "what the sockets received"
	}
	return show(step)
}
