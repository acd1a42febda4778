package session

import (
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"
)

const (
	// maxCandidates bounds the signatures checked for one request: a browser
	// sends one cookie of a name per matching path and domain.
	maxCandidates = 8
	// maxSignedBytes bounds a value worth checking; ours have 76 bytes.
	maxSignedBytes = 1024
)

// cookieValues calls yield with each value that the Cookie headers hold under
// name, in order, decoded, until it returns false. Reading follows the npm
// package cookie: pairs are separated by semicolons, blanks around names and
// values do not count, one pair of quotes is taken off, and a value whose
// escapes are malformed stays as it is (SE-5, SE-6).
func cookieValues(header http.Header, name string, yield func(string) bool) {
	for _, line := range header["Cookie"] {
		for pair := range strings.SplitSeq(line, ";") {
			key, value, found := strings.Cut(pair, "=")
			if !found || strings.Trim(key, " \t") != name {
				continue
			}
			value = strings.Trim(value, " \t")
			if len(value) >= 2 && value[0] == '"' && value[len(value)-1] == '"' {
				value = value[1 : len(value)-1]
			}
			if len(value) > 3*maxSignedBytes {
				continue
			}
			if strings.IndexByte(value, '%') >= 0 {
				if plain, err := url.PathUnescape(value); err == nil && utf8.ValidString(plain) {
					value = plain
				}
			}
			if !yield(value) {
				return
			}
		}
	}
}

// signedID returns the session id of the first cookie called name that one of
// the secrets signed, and "" when there is none (SEC-77).
func signedID(header http.Header, name string, secrets []string) string {
	id, checked := "", 0
	cookieValues(header, name, func(value string) bool {
		signed, ok := strings.CutPrefix(value, "s:")
		if !ok || len(signed) > maxSignedBytes {
			return true // unsigned values are not ours
		}
		if sid, ok := Unsign(signed, secrets...); ok && sid != "" {
			id = sid
			return false
		}
		checked++
		return checked < maxCandidates
	})
	return id
}

// encodeCookieValue is JavaScript's encodeURIComponent for the bytes a signed
// id consists of.
func encodeCookieValue(s string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	b.Grow(len(s) + 8)
	for i := range len(s) {
		c := s[i]
		if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-_.!~*'()", c) >= 0 {
			b.WriteByte(c)
			continue
		}
		b.WriteByte('%')
		b.WriteByte(hex[c>>4])
		b.WriteByte(hex[c&15])
	}
	return b.String()
}
