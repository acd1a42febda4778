package virtualrequest

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/go-sails/sails/internal/rawjson"
)

// field is one member of a JWR's headers.
type field struct {
	name  string
	value string
	list  []string // several values, instead of value
	json  []byte   // JSON text, instead of value
}

// appendHeader appends the JWR's headers as JSON text: the fields that a handler
// set, in both spellings (RS-5), those of a Set-Cookie left out (RS-4).
func appendHeader(out []byte, h http.Header) []byte {
	switch len(h) {
	case 0:
		return append(out, '{', '}')
	case 1:
		if contentType, only := onlyContentType(h); only {
			out = rawjson.AppendString(append(out, `{"Content-Type":`...), contentType)
			out = rawjson.AppendString(append(out, `,"content-type":`...), contentType)
			return append(out, '}')
		}
	}
	var room [8]field // stays on the stack for most answers
	return appendFields(out, appendFieldsOf(room[:0], h))
}

// onlyContentType returns the content type of a header that consists of it, as that
// of most answers does. Looking a field up costs a fraction of a loop over a map.
func onlyContentType(h http.Header) (contentType string, only bool) {
	if len(h) != 1 {
		return "", false
	}
	values := h["Content-Type"]
	if len(values) != 1 {
		return "", false
	}
	return values[0], true
}

// appendFieldsOf lists what appendHeader writes, in no order.
func appendFieldsOf(list []field, h http.Header) []field {
	for name, values := range h {
		if len(values) == 0 || strings.EqualFold(name, "Set-Cookie") {
			continue
		}
		lower := lowerName(name)
		f := field{name: name, value: values[0]}
		if len(values) > 1 {
			f.list = values
		} else if lower == "content-length" {
			if n, err := strconv.Atoi(values[0]); err == nil && n >= 0 { // RS-31
				f.json = strconv.AppendInt(nil, int64(n), 10)
			}
		}
		list = append(list, f)
		if lower == name {
			continue
		}
		if _, set := h[lower]; !set {
			f.name = lower
			list = append(list, f)
		}
	}
	return list
}

// appendFields appends list, sorted by name, as a JSON object.
func appendFields(out []byte, list []field) []byte {
	slices.SortFunc(list, func(a, b field) int { return strings.Compare(a.name, b.name) })
	out = append(out, '{')
	for i := range list {
		f := &list[i]
		if i > 0 {
			if f.name == list[i-1].name { // two odd spellings of one name share the lower-case one
				continue
			}
			out = append(out, ',')
		}
		out = append(rawjson.AppendString(out, f.name), ':')
		switch {
		case f.json != nil:
			out = append(out, f.json...)
		case f.list != nil:
			for j, s := range f.list {
				if j == 0 {
					out = append(out, '[')
				} else {
					out = append(out, ',')
				}
				out = rawjson.AppendString(out, s)
			}
			out = append(out, ']')
		default:
			out = rawjson.AppendString(out, f.value)
		}
	}
	return append(out, '}')
}

// readHeader is the inverse of appendHeader: the header as Response has it.
func readHeader(object []byte) map[string]any {
	h := map[string]any{}
	// The text is our own: it cannot be malformed.
	_ = rawjson.Members(object, func(key, value []byte) bool {
		name, _ := rawjson.Text(key)
		switch value[0] {
		case '"':
			h[name], _ = rawjson.Text(value)
		case '[':
			var list []string
			_ = rawjson.Elements(value, func(element []byte) bool {
				s, _ := rawjson.Text(element)
				list = append(list, s)
				return true
			})
			h[name] = list
		default:
			h[name], _ = strconv.Atoi(string(value))
		}
		return true
	})
	return h
}

// lowerName is strings.ToLower without the allocation for the fields that
// nearly every handler sets.
func lowerName(name string) string {
	switch name {
	case "Content-Type":
		return "content-type"
	case "Cache-Control":
		return "cache-control"
	case "Location":
		return "location"
	case "Vary":
		return "vary"
	}
	return strings.ToLower(name)
}
