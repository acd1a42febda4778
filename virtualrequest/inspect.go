package virtualrequest

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/go-sails/sails/internal/rawjson"
)

// inspect shows a JSON value the way the reference's parse errors do (ER-3,
// ER-4): top level only, JavaScript notation, at most maxShown bytes.
func inspect(value []byte) string {
	return shorten(inspectTop(value))
}

func shorten(s string) string {
	if len(s) <= maxShown {
		return s
	}
	return strings.ToValidUTF8(s[:maxShown], "") + "..."
}

func inspectTop(value []byte) string {
	switch {
	case len(value) == 0:
		return "undefined"
	case value[0] == '{':
		entries, rest := inspectMembers(value)
		return inspectList("{", "}", entries, rest)
	case value[0] == '[':
		entries, rest := inspectElements(value)
		return inspectList("[", "]", entries, rest)
	case value[0] == '"':
		s, _ := rawjson.Text(value)
		return s
	}
	return inspectNested(value)
}

const maxEntries = 100

func inspectMembers(object []byte) (entries []string, more int) {
	_ = rawjson.Members(object, func(key, value []byte) bool {
		if len(entries) == maxEntries {
			more++
			return true
		}
		name, _ := rawjson.Text(key)
		if !isIdentifier(name) {
			name = inspectText(name)
		}
		entries = append(entries, name+": "+inspectNested(value))
		return true
	})
	return entries, more
}

func inspectElements(array []byte) (entries []string, more int) {
	_ = rawjson.Elements(array, func(value []byte) bool {
		if len(entries) == maxEntries {
			more++
			return true
		}
		entries = append(entries, inspectNested(value))
		return true
	})
	return entries, more
}

// inspectList joins entries on one line when they fit into about 80 columns.
func inspectList(open, shut string, entries []string, more int) string {
	if more > 0 {
		entries = append(entries, "... "+strconv.Itoa(more)+" more items")
	}
	if len(entries) == 0 {
		return open + shut
	}
	total := 2*len(entries) + 11
	for _, e := range entries {
		total += len(e)
	}
	if total <= 80 {
		return open + " " + strings.Join(entries, ", ") + " " + shut
	}
	return open + "\n  " + strings.Join(entries, ",\n  ") + "\n" + shut
}

// inspectNested shows a value inside another one.
func inspectNested(value []byte) string {
	if len(value) == 0 {
		return ""
	}
	switch value[0] {
	case '{':
		if empty(value) {
			return "{}"
		}
		return "[Object]"
	case '[':
		if empty(value) {
			return "[]"
		}
		return "[Array]"
	case '"':
		s, _ := rawjson.Text(value)
		return inspectText(shorten(s))
	case 't', 'f', 'n':
		return string(value)
	}
	return jsNumber(value)
}

// empty reports whether the array or object has no members.
func empty(container []byte) bool {
	return len(container) > 1 && rawjson.Blank(container, 1) == len(container)-1
}

func isIdentifier(s string) bool {
	for i := range len(s) {
		c := s[i]
		letter := c == '_' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return s != ""
}

// inspectText quotes s with the first of ' " ` that it does not contain.
func inspectText(s string) string {
	quote := byte('\'')
	if strings.IndexByte(s, '\'') >= 0 {
		switch {
		case strings.IndexByte(s, '"') < 0:
			quote = '"'
		case !strings.Contains(s, "`") && !strings.Contains(s, "${"):
			quote = '`'
		}
	}
	out := append(make([]byte, 0, len(s)+2), quote)
	for _, r := range s {
		switch {
		case r == rune(quote), r == '\\':
			out = append(out, '\\', byte(r))
		case r == '\n':
			out = append(out, `\n`...)
		case r == '\t':
			out = append(out, `\t`...)
		case r == '\r':
			out = append(out, `\r`...)
		case r == '\b':
			out = append(out, `\b`...)
		case r == '\f':
			out = append(out, `\f`...)
		case r < ' ', r >= 0x7f && r <= 0x9f:
			const hex = "0123456789ABCDEF"
			out = append(out, '\\', 'x', hex[r>>4], hex[r&15])
		default:
			out = utf8.AppendRune(out, r)
		}
	}
	return string(append(out, quote))
}

// jsNumber spells a JSON number as JavaScript's String() does.
func jsNumber(number []byte) string {
	f, err := strconv.ParseFloat(string(number), 64)
	switch {
	case math.IsInf(f, 1):
		return "Infinity"
	case math.IsInf(f, -1):
		return "-Infinity"
	case err != nil:
		return string(number)
	}
	short, err := json.Marshal(f) // ECMAScript's digits; exponents without "+"
	if err != nil {
		return string(number)
	}
	s := string(short)
	if i := strings.IndexByte(s, 'e'); i >= 0 && s[i+1] != '-' && s[i+1] != '+' {
		s = s[:i+1] + "+" + s[i+1:]
	}
	return s
}
