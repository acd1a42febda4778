package virtualrequest

import (
	"bytes"
	"encoding/json"
	"errors"
	"unicode/utf8"

	"github.com/go-sails/sails/internal/rawjson"
)

var errUTF8 = errors.New("virtualrequest: text is not UTF-8")

// text decodes a JSON string strictly: bytes that are not UTF-8 and lone
// surrogates are errors instead of U+FFFD.
func text(quoted []byte) (string, error) {
	if !utf8.Valid(quoted) {
		return "", errUTF8
	}
	s, ok := rawjson.Text(quoted)
	if !ok {
		return "", rawjson.ErrSyntax
	}
	// A replacement character that was not sent as one stands for a surrogate.
	if n := bytes.Count([]byte(s), []byte("\uFFFD")); n > 0 &&
		n != bytes.Count(quoted, []byte("\uFFFD"))+bytes.Count(bytes.ToLower(quoted), []byte(`\ufffd`)) {
		return "", errUTF8
	}
	return s, nil
}

// mergeBody makes the body of params and data, each nil or a JSON value (VR-4):
// an array in data as it is, otherwise the members of params, overridden by
// those of data. Values that are neither object nor array count as absent
// (SU-22). The result is nil when there is nothing to merge.
func mergeBody(params, data []byte) json.RawMessage {
	if len(data) > 0 && data[0] == '[' {
		return data
	}
	if len(data) > 0 && data[0] != '{' {
		data = nil
	}
	if len(params) > 0 && params[0] != '{' {
		params = nil
	}
	switch {
	case params == nil:
		return data
	case data == nil:
		return params
	}
	return mergeObjects(params, data)
}

// mergeObjects is {...base, ...over}: members keep the place of their first
// mention and take the value of the last.
func mergeObjects(base, over []byte) json.RawMessage {
	type member struct{ key, value []byte }
	var members []member
	at := make(map[string]int)
	for _, object := range [][]byte{base, over} {
		// Both were scanned before, so they cannot be malformed.
		_ = rawjson.Members(object, func(key, value []byte) bool {
			name, _ := rawjson.Text(key)
			if i, known := at[name]; known {
				members[i].value = value
				return true
			}
			at[name] = len(members)
			members = append(members, member{key, value})
			return true
		})
	}
	out := make([]byte, 0, len(base)+len(over))
	out = append(out, '{')
	for i, m := range members {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(append(append(out, m.key...), ':'), m.value...)
	}
	return append(out, '}')
}
