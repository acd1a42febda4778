package wsconn

import "strings"

// Header fields that are comma-separated lists are read here, each in one pass
// over its bytes (SEC-10).

// hasToken reports whether one of the lists in values has token as an element,
// in whatever ASCII case.
func hasToken(values []string, token string) bool {
	for _, v := range values {
		for v != "" {
			var element string
			element, v, _ = strings.Cut(v, ",")
			if equalFold(strings.Trim(element, " \t"), token) {
				return true
			}
		}
	}
	return false
}

// hasElement is hasToken for lists whose elements are case-sensitive.
func hasElement(values []string, element string) bool {
	for _, v := range values {
		for v != "" {
			var e string
			e, v, _ = strings.Cut(v, ",")
			if strings.Trim(e, " \t") == element {
				return true
			}
		}
	}
	return false
}

// equalFold compares in ASCII only: with Unicode folding the Kelvin sign would
// pass for a k.
func equalFold(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range len(a) {
		if lower(a[i]) != lower(b[i]) {
			return false
		}
	}
	return true
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c | 0x20
	}
	return c
}

// isToken reports whether s is a token of RFC 9110 §5.6.2.
func isToken(s string) bool {
	for i := range len(s) {
		if !tokenByte(s[i]) {
			return false
		}
	}
	return s != ""
}

func tokenByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' ||
		strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0
}

// isFieldValue reports whether s can stand behind a field name without ending
// the line or smuggling control characters.
func isFieldValue(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' && c != '\t' || c == 0x7f {
			return false
		}
	}
	return true
}

// extensionList walks over the elements of a Sec-WebSocket-Extensions value.
type extensionList struct {
	s         string
	malformed bool // an element was not grammatical; nothing behind it was looked at
}

// extension is one element; its parameters are still to be taken from rest.
type extension struct{ name, rest string }

// next returns the next element; ok is false at the end and when malformed.
// Empty elements are skipped.
func (l *extensionList) next() (e extension, ok bool) {
	l.s = strings.TrimLeft(l.s, " \t,")
	if l.s == "" {
		return e, false
	}
	n := 0
	for quoted := false; n < len(l.s) && (quoted || l.s[n] != ','); n++ {
		if l.s[n] == '"' {
			quoted = !quoted
		}
	}
	var more bool
	e.name, e.rest, more = strings.Cut(l.s[:n], ";")
	e.name = strings.TrimRight(e.name, " \t")
	l.s = l.s[n:]
	if !isToken(e.name) || more && e.rest == "" {
		l.malformed = true
		return extension{}, false
	}
	return e, true
}

// param returns the next parameter; more is false behind the last one, ok is
// false at one that is not grammatical. A quoted value is returned without its
// quotes and must be a token inside them, as RFC 6455 §9.1 demands.
func (e *extension) param() (name, value string, hasValue, more, ok bool) {
	if e.rest == "" {
		return "", "", false, false, true
	}
	var p string
	p, e.rest, more = strings.Cut(e.rest, ";")
	if more && e.rest == "" { // a semicolon with nothing behind it
		return "", "", false, false, false
	}
	name, value, hasValue = strings.Cut(strings.Trim(p, " \t"), "=")
	name, value = strings.TrimRight(name, " \t"), strings.TrimLeft(value, " \t")
	if hasValue {
		if n := len(value); n >= 2 && value[0] == '"' && value[n-1] == '"' {
			value = value[1 : n-1]
		}
		if !isToken(value) {
			return "", "", false, false, false
		}
	}
	return name, value, hasValue, true, isToken(name)
}
