package virtualrequest

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

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
	if len(h) == 0 {
		return append(out, '{', '}')
	}
	var room [8]field // stays on the stack for most answers
	list := room[:0]
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
	return appendFields(out, list)
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
		out = append(appendString(out, f.name), ':')
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
				out = appendString(out, s)
			}
			out = append(out, ']')
		default:
			out = appendString(out, f.value)
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

// appendString appends s as a JSON string. Bytes that are not UTF-8 become
// U+FFFD.
func appendString[T string | []byte](out []byte, s T) []byte {
	out = append(out, '"')
	from := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' && c < utf8.RuneSelf {
			i++
			continue
		}
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(string(s[i:min(i+utf8.UTFMax, len(s))]))
			if r != utf8.RuneError || size > 1 {
				i += size
				continue
			}
			out = append(append(out, s[from:i]...), "\uFFFD"...)
			i++
			from = i
			continue
		}
		out = append(out, s[from:i]...)
		switch c {
		case '"', '\\':
			out = append(out, '\\', c)
		case '\n':
			out = append(out, '\\', 'n')
		case '\r':
			out = append(out, '\\', 'r')
		case '\t':
			out = append(out, '\\', 't')
		default:
			const hex = "0123456789abcdef"
			out = append(out, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
		i++
		from = i
	}
	return append(append(out, s[from:]...), '"')
}
