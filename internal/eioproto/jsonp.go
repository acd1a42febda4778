package eioproto

import (
	"bytes"
	"errors"
	"unicode/utf8"
)

// ErrForm says that the body of a JSONP POST has no field "d", or several. Node
// answers such a request with "ok" and does nothing.
var ErrForm = errors.New("eioproto: JSONP form needs exactly one field d")

// maxFormFields is how many fields of a form are looked at, as in Node's
// querystring.
const maxFormFields = 1000

// JSONPBody returns the payload in the body of a JSONP POST: the form field "d",
// in which a backslash and an n stand for a line end and two backslashes and an n
// for a backslash and an n. Damaged percent escapes are taken literally; invalid
// UTF-8 becomes U+FFFD. The payload is a copy.
func JSONPBody(form []byte) (payload []byte, err error) {
	found := false
	for range maxFormFields {
		field, rest, more := bytes.Cut(form, []byte{'&'})
		if key, value, _ := bytes.Cut(field, []byte{'='}); isFieldD(key) {
			if found {
				return nil, ErrForm
			}
			found = true
			payload = unescapeNewlines(ToValidUTF8(formDecode(value)))
		}
		if !more {
			break
		}
		form = rest
	}
	if !found {
		return nil, ErrForm
	}
	return payload, nil
}

// isFieldD reports whether key is "d", plain or percent-encoded.
func isFieldD(key []byte) bool {
	return len(key) == 1 && key[0] == 'd' || len(key) == 3 && string(key) == "%64"
}

// formDecode returns a decoded copy of s.
func formDecode(s []byte) []byte {
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch c {
		case '+':
			c = ' '
		case '%':
			if i+2 < len(s) {
				high, ok1 := unhex(s[i+1])
				low, ok2 := unhex(s[i+2])
				if ok1 && ok2 {
					c = high<<4 | low
					i += 2
				}
			}
		}
		out = append(out, c)
	}
	return out
}

func unhex(c byte) (byte, bool) {
	switch {
	case c >= '0' && c <= '9':
		return c - '0', true
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10, true
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10, true
	}
	return 0, false
}

// unescapeNewlines works in place; the result is never longer.
func unescapeNewlines(s []byte) []byte {
	out := s[:0]
	for i := 0; i < len(s); {
		switch {
		case s[i] != '\\':
			out = append(out, s[i])
			i++
		case i+1 < len(s) && s[i+1] == 'n':
			out = append(out, '\n')
			i += 2
		case i+2 < len(s) && s[i+1] == '\\' && s[i+2] == 'n':
			out = append(out, '\\', 'n')
			i += 3
		default:
			out = append(out, '\\')
			i++
		}
	}
	return out
}

const hexDigits = "0123456789abcdef"

// AppendJSONPBody appends the form a JSONP client posts for payload: the
// opposite of JSONPBody, except that the format cannot tell a backslash in front
// of a line end from a backslash in front of an n.
func AppendJSONPBody(dst, payload []byte) []byte {
	dst = append(dst, 'd', '=')
	for i, c := range payload {
		switch {
		case c == '\n':
			dst = append(dst, "%5Cn"...)
		case c == '\\' && i+1 < len(payload) && payload[i+1] == 'n':
			dst = append(dst, "%5C%5C"...)
		case c >= '0' && c <= '9', c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c == '-', c == '_', c == '.', c == '~':
			dst = append(dst, c)
		default:
			dst = append(dst, '%', upperHex[c>>4], upperHex[c&15])
		}
	}
	return dst
}

const upperHex = "0123456789ABCDEF"

// AppendJSONP appends a poll's answer to a JSONP client:
// ___eio[index]("payload"); with payload as a JavaScript string. Of index, the
// query parameter j, only the ASCII digits are used (SEC-34).
func AppendJSONP(dst []byte, index string, payload []byte) []byte {
	dst = append(dst, "___eio["...)
	for i := range len(index) {
		if index[i] >= '0' && index[i] <= '9' {
			dst = append(dst, index[i])
		}
	}
	dst = append(dst, "]("...)
	dst = appendString(dst, payload)
	return append(dst, ");"...)
}

// appendString appends s as JSON.stringify writes it, with the two line
// separators escaped that JavaScript strings could not hold before ES2019.
func appendString(dst, s []byte) []byte {
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= 0x20 && c < utf8.RuneSelf && c != '"' && c != '\\' {
			i++
			continue
		}
		size, escape := 1, ""
		if c >= utf8.RuneSelf {
			var valid bool
			size, _, valid = nextUnits(s[i:])
			switch {
			case !valid:
				escape = replacement
			case string(s[i:i+size]) == "\u2028":
				escape = `\u2028`
			case string(s[i:i+size]) == "\u2029":
				escape = `\u2029`
			default:
				i += size
				continue
			}
		}
		dst = append(dst, s[start:i]...)
		switch {
		case escape != "":
			dst = append(dst, escape...)
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c == '\n':
			dst = append(dst, '\\', 'n')
		case c == '\r':
			dst = append(dst, '\\', 'r')
		case c == '\t':
			dst = append(dst, '\\', 't')
		case c == '\b':
			dst = append(dst, '\\', 'b')
		case c == '\f':
			dst = append(dst, '\\', 'f')
		default:
			dst = append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
		i += size
		start = i
	}
	dst = append(dst, s[start:]...)
	return append(dst, '"')
}
