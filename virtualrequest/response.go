package virtualrequest

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Response is the JWR: the one argument of a virtual request's ack (RS-1).
// Encoded as JSON it is `{"body":...,"headers":{...},"statusCode":200}`, in this
// order; encode it with [Response.AppendJSON], or hand it to an encoder that
// turns []byte into binary attachments.
type Response struct {
	// Body is one of: nil, there is none and the key is absent; string;
	// json.RawMessage, valid JSON text; []byte, a binary body; or a tree of
	// map[string]any and []any with leaves of these kinds that holds at least
	// one []byte. It is the response's own copy. JSON null is the RawMessage
	// `null`.
	Body any `json:"body,omitempty"`
	// Header has each field under the name it was set with and, where that
	// differs, under its lower-case name too (RS-5, SU-20). A value is a string,
	// a []string when there are several, or an int for content-length (RS-31).
	// It never holds a Set-Cookie in any spelling (RS-4, SEC-75). It is nil, and
	// absent from the JWR, with Dispatcher.OmitHeaders, else not nil.
	Header map[string]any `json:"headers,omitzero"`
	// StatusCode is 0, and absent, with Dispatcher.OmitStatusCode (RS-6).
	StatusCode int `json:"statusCode,omitzero"`
	// SetCookie has the values of the Set-Cookie fields the handler set, for the
	// socket's own use (see [Origin.Remember]); they are no part of the JWR.
	SetCookie []string `json:"-"`
}

// AppendJSON appends the JWR's JSON text to dst. It returns dst unchanged and
// false when the body is or holds binary, which JSON cannot carry.
func (r *Response) AppendJSON(dst []byte) ([]byte, bool) {
	out := append(dst, '{')
	switch body := r.Body.(type) {
	case nil:
	case json.RawMessage:
		out = append(append(out, `"body":`...), body...)
	case string:
		out = appendString(append(out, `"body":`...), body)
	default:
		return dst, false
	}
	if r.Header != nil {
		if r.Body != nil {
			out = append(out, ',')
		}
		out = appendHeader(append(out, `"headers":`...), r.Header)
	}
	if r.StatusCode != 0 {
		if r.Body != nil || r.Header != nil {
			out = append(out, ',')
		}
		out = strconv.AppendInt(append(out, `"statusCode":`...), int64(r.StatusCode), 10)
	}
	return append(out, '}'), true
}

func appendHeader(out []byte, h map[string]any) []byte {
	if len(h) == 0 {
		return append(out, '{', '}')
	}
	var room [16]string
	names := room[:0]
	for name := range h {
		names = append(names, name)
	}
	slices.Sort(names)
	for i, name := range names {
		if i == 0 {
			out = append(out, '{')
		} else {
			out = append(out, ',')
		}
		out = append(appendString(out, name), ':')
		switch v := h[name].(type) {
		case string:
			out = appendString(out, v)
		case int:
			out = strconv.AppendInt(out, int64(v), 10)
		case []string:
			for j, s := range v {
				if j == 0 {
					out = append(out, '[')
				} else {
					out = append(out, ',')
				}
				out = appendString(out, s)
			}
			out = append(out, ']')
		default: // somebody else's addition to the map
			text, err := json.Marshal(v)
			if err != nil {
				text = []byte("null")
			}
			out = append(out, text...)
		}
	}
	return append(out, '}')
}

// appendString appends s as a JSON string. Bytes that are not UTF-8 become
// U+FFFD.
func appendString(out []byte, s string) []byte {
	out = append(out, '"')
	from := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' && c < utf8.RuneSelf {
			i++
			continue
		}
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(s[i:])
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

// jwrHeader spells the fields that a handler set as the JWR shows them.
func jwrHeader(h http.Header) map[string]any {
	out := make(map[string]any, 2*len(h))
	for name, values := range h {
		if len(values) == 0 || strings.EqualFold(name, "Set-Cookie") {
			continue
		}
		lower := lowerName(name)
		v := jwrValue(lower, values)
		out[name] = v
		if lower == name {
			continue
		}
		if _, set := h[lower]; !set {
			out[lower] = v
		}
	}
	return out
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

func jwrValue(lower string, values []string) any {
	if len(values) > 1 {
		return slices.Clone(values)
	}
	if lower == "content-length" {
		if n, err := strconv.Atoi(values[0]); err == nil && n >= 0 {
			return n
		}
	}
	return values[0]
}

// setCookies collects the Set-Cookie values of h in any spelling.
func setCookies(h http.Header) []string {
	var out []string
	for name, values := range h {
		if strings.EqualFold(name, "Set-Cookie") {
			out = append(out, values...)
		}
	}
	return out
}
