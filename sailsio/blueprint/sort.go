package blueprint

import (
	"bytes"
	"encoding/json"

	"github.com/go-sails/sails/sailsio/action"
)

// sort returns the sort clause; of a string the JSON in it, if that is what it is (BP-35).
func (rd *reader) sort() any {
	sent := action.Param(rd.r, "sort")
	sort := decode(sent)
	text := sent.JSON()
	if s, ok := sort.(string); ok {
		var parsed any
		if json.Unmarshal([]byte(s), &parsed) != nil {
			return sort
		}
		sort, text = parsed, []byte(s)
	}
	if directions, ok := sort.(map[string]any); ok && len(directions) > 1 {
		if terms := inOrder(text, directions); terms != nil {
			return terms
		}
	}
	return sort
}

// inOrder turns {"rank": -1, "name": 1} into the list of its terms, of which the first
// written counts most. It returns nil when a direction is something else, or a name
// stands there twice.
func inOrder(text []byte, directions map[string]any) []any {
	d := json.NewDecoder(bytes.NewReader(text))
	if _, err := d.Token(); err != nil { // {
		return nil
	}
	var terms []any
	for d.More() {
		name, _ := d.Token()
		var direction any
		if d.Decode(&direction) != nil {
			return nil
		}
		written := "ASC"
		switch direction {
		case 1.0:
		case -1.0:
			written = "DESC"
		default:
			return nil
		}
		terms = append(terms, map[string]any{name.(string): written})
	}
	if len(terms) != len(directions) {
		return nil
	}
	return terms
}
