package eioproto

import "unicode/utf8"

// UTF16Len returns the length of the UTF-8 text s in UTF-16 code units, the unit
// in which revision 3 counts the packets of a text payload. Invalid UTF-8 counts
// as the U+FFFD characters a decoder would make of it.
func UTF16Len(s []byte) int {
	if !utf8.Valid(s) {
		n := 0
		for len(s) > 0 {
			size, units, _ := nextUnits(s)
			s, n = s[size:], n+units
		}
		return n
	}
	n := len(s)
	for _, c := range s {
		switch {
		case c < 0x80:
		case c < 0xC0:
			n-- // continuation byte
		case c >= 0xF0:
			n++ // outside of the basic plane: a surrogate pair
		}
	}
	return n
}

// nextUnits looks at the first character of s, which is not empty: its length in
// bytes and in UTF-16 units. A damaged sequence is one character, as the Unicode
// standard recommends and browsers and Node do ("maximal subpart"); valid is
// false then.
func nextUnits(s []byte) (size, units int, valid bool) {
	c := s[0]
	if c < utf8.RuneSelf {
		return 1, 1, true
	}
	r, size := utf8.DecodeRune(s)
	if r == utf8.RuneError && size == 1 {
		return maximalSubpart(s), 1, false
	}
	if r > 0xFFFF {
		return size, 2, true
	}
	return size, 1, true
}

// maximalSubpart returns the length of the longest prefix of s that could have
// been the beginning of a character, at least 1. s starts with a sequence that is
// not a valid character.
func maximalSubpart(s []byte) int {
	low, high, need := byte(0x80), byte(0xBF), 0
	switch c := s[0]; {
	case c >= 0xC2 && c <= 0xDF:
		need = 1
	case c >= 0xE0 && c <= 0xEF:
		need = 2
		switch c {
		case 0xE0:
			low = 0xA0
		case 0xED:
			high = 0x9F
		}
	case c >= 0xF0 && c <= 0xF4:
		need = 3
		switch c {
		case 0xF0:
			low = 0x90
		case 0xF4:
			high = 0x8F
		}
	}
	n := 1
	for n <= need && n < len(s) && s[n] >= low && s[n] <= high {
		low, high = 0x80, 0xBF
		n++
	}
	return n
}

const replacement = "\uFFFD"

// ToValidUTF8 returns s itself when it is valid UTF-8, else a copy in which each
// damaged sequence is one U+FFFD, as Node decodes a request body. The copy is at
// most three times as large.
func ToValidUTF8(s []byte) []byte {
	if utf8.Valid(s) {
		return s
	}
	out := make([]byte, 0, len(s)+len(s)/8+len(replacement))
	for len(s) > 0 {
		size, _, valid := nextUnits(s)
		if valid {
			out = append(out, s[:size]...)
		} else {
			out = append(out, replacement...)
		}
		s = s[size:]
	}
	return out
}
