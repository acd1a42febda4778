package virtualrequest

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"unicode/utf8"

	"github.com/go-sails/sails/internal/rawjson"
)

var errUTF8 = errors.New("virtualrequest: text is not UTF-8")

// text decodes a JSON string strictly: bytes that are not UTF-8 and lone
// surrogates are errors instead of U+FFFD.
func text(quoted []byte) (string, error) {
	if inner, ok := plainASCII(quoted); ok {
		return string(inner), nil
	}
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

// plainASCII returns what is between the quotes of a JSON string, if it stands for
// itself.
func plainASCII(quoted []byte) (inner []byte, ok bool) {
	if len(quoted) < 2 || quoted[0] != '"' || quoted[len(quoted)-1] != '"' {
		return nil, false
	}
	inner = quoted[1 : len(quoted)-1]
	for _, c := range inner {
		if c < ' ' || c == '"' || c == '\\' || c >= utf8.RuneSelf {
			return nil, false
		}
	}
	return inner, true
}

// mergeBody makes the body of params and data, each nil or a JSON value (VR-4):
// an array in data as it is, otherwise the members of params, overridden by
// those of data. Where an object is needed, an array is one with the members
// "0", "1" and so on: in params, and for the verbs that have no body in HTTP also
// in data. Other values count as absent (SU-22). The result is nil when there is
// nothing to merge.
func mergeBody(method string, params, data []byte) json.RawMessage {
	if len(data) > 0 && data[0] == '[' {
		switch method {
		case http.MethodGet, http.MethodHead, http.MethodDelete:
			return indexed(data)
		}
		return data
	}
	if len(data) > 0 && data[0] != '{' {
		data = nil
	}
	if len(params) > 0 && params[0] != '{' {
		if params = indexed(params); string(params) == "{}" {
			params = nil
		}
	}
	switch {
	case params == nil:
		return data
	case data == nil:
		return params
	}
	return mergeObjects(params, data)
}

// indexed makes an object of the elements of an array, an empty one of any other
// value.
func indexed(array []byte) json.RawMessage {
	out := append(make([]byte, 0, len(array)+len(array)/2), '{')
	i := 0
	_ = rawjson.Elements(array, func(element []byte) bool {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(strconv.AppendInt(append(out, '"'), int64(i), 10), '"', ':')
		out = append(out, element...)
		i++
		return true
	})
	return append(out, '}')
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
