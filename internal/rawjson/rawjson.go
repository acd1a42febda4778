// Package rawjson walks JSON text without decoding it, so that a value can be
// routed, merged and passed on bit for bit: key order, number spelling and
// escapes stay as they were sent.
//
// Nothing recurses and nothing is allocated from a declared size; text nested
// deeper than MaxDepth is refused (SEC-2, SEC-49).
package rawjson

import (
	"encoding/json"
	"errors"
	"unicode/utf8"
)

// MaxDepth is the number of nested arrays and objects a value may have.
const MaxDepth = 512

var (
	// ErrSyntax is returned for text that is not one JSON value.
	ErrSyntax = errors.New("rawjson: not valid JSON")
	// ErrDepth is returned for a value nested deeper than MaxDepth.
	ErrDepth = errors.New("rawjson: JSON nested deeper than 512 levels")
)

// Valid reports why b is not exactly one JSON value (blanks around it allowed),
// or nil.
func Valid(b []byte) error {
	end, err := Skip(b, Blank(b, 0))
	if err != nil {
		return err
	}
	if Blank(b, end) != len(b) {
		return ErrSyntax
	}
	return nil
}

// Trim returns b without surrounding JSON blanks.
func Trim(b []byte) []byte {
	b = b[Blank(b, 0):]
	for len(b) > 0 && isBlank(b[len(b)-1]) {
		b = b[:len(b)-1]
	}
	return b
}

// Blank returns the index of the first byte of b at or after i that is not a
// JSON blank.
func Blank(b []byte, i int) int {
	for i < len(b) && isBlank(b[i]) {
		i++
	}
	return i
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

// nesting remembers for each open container whether it is an object.
type nesting struct {
	object [MaxDepth / 64]uint64
	depth  int
}

func (n *nesting) push(object bool) bool {
	if n.depth == MaxDepth {
		return false
	}
	word, bit := n.depth/64, uint64(1)<<(n.depth%64)
	if object {
		n.object[word] |= bit
	} else {
		n.object[word] &^= bit
	}
	n.depth++
	return true
}

func (n *nesting) inObject() bool {
	d := n.depth - 1
	return n.object[d/64]&(1<<(d%64)) != 0
}

// Skip returns the index behind the JSON value that starts at b[i], having
// checked that the value is well formed. There must be no blanks at i.
func Skip(b []byte, i int) (int, error) {
	if i < len(b) && b[i] != '{' && b[i] != '[' {
		end, ok := Scalar(b, i)
		if !ok {
			return end, ErrSyntax
		}
		return end, nil
	}
	if i+1 < len(b) && b[i+1] == b[i]+2 { // {} or []: '{'+2 is '}', '['+2 is ']'
		return i + 2, nil
	}
	var open nesting
	for {
		// At the start of a value.
		if i >= len(b) {
			return i, ErrSyntax
		}
		switch c := b[i]; c {
		case '{', '[':
			if !open.push(c == '{') {
				return i, ErrDepth
			}
			i = Blank(b, i+1)
			if i < len(b) && b[i] == c+2 { // '{'+2 is '}', '['+2 is ']'
				break // empty container: closed below
			}
			if c == '{' {
				var err error
				if i, err = skipKey(b, i); err != nil {
					return i, err
				}
			}
			continue
		default:
			var ok bool
			if i, ok = Scalar(b, i); !ok {
				return i, ErrSyntax
			}
		}
		// Behind a value, or at the end of an empty container.
		for {
			i = Blank(b, i)
			if i >= len(b) {
				return i, ErrSyntax
			}
			object := open.inObject()
			if b[i] == ',' {
				i = Blank(b, i+1)
				if object {
					var err error
					if i, err = skipKey(b, i); err != nil {
						return i, err
					}
				}
				break
			}
			if (object && b[i] != '}') || (!object && b[i] != ']') {
				return i, ErrSyntax
			}
			i++
			open.depth--
			if open.depth == 0 {
				return i, nil
			}
		}
	}
}

// skipKey skips `"key" :` and the blanks behind it.
func skipKey(b []byte, i int) (int, error) {
	_, i, err := cutKey(b, i)
	return i, err
}

// cutKey is skipKey; it returns the key too, in its quotes.
func cutKey(b []byte, i int) (key []byte, next int, err error) {
	if i >= len(b) || b[i] != '"' {
		return nil, i, ErrSyntax
	}
	end, ok := String(b, i)
	if !ok {
		return nil, end, ErrSyntax
	}
	key = b[i:end]
	i = Blank(b, end)
	if i >= len(b) || b[i] != ':' {
		return nil, i, ErrSyntax
	}
	return key, Blank(b, i+1), nil
}

// Members calls yield for each member of the object b, in order, with the key
// as written (in quotes) and the value's text; it stops early when yield
// returns false. Both slices point into b. An error means that b is no object
// or is malformed; members before the fault have been yielded.
func Members(b []byte, yield func(key, value []byte) bool) error {
	i := Blank(b, 0)
	if i >= len(b) || b[i] != '{' {
		return ErrSyntax
	}
	i = Blank(b, i+1)
	if i < len(b) && b[i] == '}' {
		return closed(b, i)
	}
	for {
		key, next, err := cutKey(b, i)
		if err != nil {
			return err
		}
		if i, err = Skip(b, next); err != nil {
			return err
		}
		if !yield(key, b[next:i]) {
			return nil
		}
		i = Blank(b, i)
		if i >= len(b) {
			return ErrSyntax
		}
		if b[i] == '}' {
			return closed(b, i)
		}
		if b[i] != ',' {
			return ErrSyntax
		}
		i = Blank(b, i+1)
	}
}

// Elements calls yield for each element of the array b, as Members does for an
// object.
func Elements(b []byte, yield func(value []byte) bool) error {
	i := Blank(b, 0)
	if i >= len(b) || b[i] != '[' {
		return ErrSyntax
	}
	i = Blank(b, i+1)
	if i < len(b) && b[i] == ']' {
		return closed(b, i)
	}
	for {
		end, err := Skip(b, i)
		if err != nil {
			return err
		}
		if !yield(b[i:end]) {
			return nil
		}
		i = Blank(b, end)
		if i >= len(b) {
			return ErrSyntax
		}
		if b[i] == ']' {
			return closed(b, i)
		}
		if b[i] != ',' {
			return ErrSyntax
		}
		i = Blank(b, i+1)
	}
}

func closed(b []byte, i int) error {
	if Blank(b, i+1) != len(b) {
		return ErrSyntax
	}
	return nil
}

// Text returns the string that the JSON string b (in quotes) stands for. Bytes
// that are not UTF-8 and lone surrogates become U+FFFD; it returns false when b
// is no JSON string.
func Text(b []byte) (string, bool) {
	if len(b) < 2 || b[0] != '"' {
		return "", false
	}
	if end, ok := String(b, 0); !ok || end != len(b) {
		return "", false
	}
	inner := b[1 : len(b)-1]
	for _, c := range inner {
		if c == '\\' || c >= utf8.RuneSelf {
			var s string
			if json.Unmarshal(b, &s) != nil {
				return "", false
			}
			return s, true
		}
	}
	return string(inner), true
}
