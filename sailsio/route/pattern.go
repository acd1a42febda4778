package route

import (
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

// token is a piece of a path in the language of path-to-regexp 1.x, which Sails
// uses: text, or a parameter.
type token struct {
	text string // literal, when name is empty

	name     string // "id" of :id, or "0", "1" … of groups and stars without a name
	prefix   string // "/" or "." before it, part of what is optional
	pattern  string // what it matches, "" for anything up to the next slash
	optional bool
	repeat   bool
	partial  bool // more text follows before the next delimiter
	star     bool
}

func (t *token) param() bool { return t.name != "" }

var pathToken = regexp.MustCompile(`(\\.)|([/.])?(?:(?::(\w+)(?:\(((?:\\.|[^\\()])+)\))?|\(((?:\\.|[^\\()])+)\))([+*?])?|(\*))`)

func tokenize(path string) []token {
	var tokens []token
	var text strings.Builder
	flush := func() {
		if text.Len() > 0 {
			tokens = append(tokens, token{text: text.String()})
			text.Reset()
		}
	}
	unnamed, at := 0, 0
	for _, m := range pathToken.FindAllStringSubmatchIndex(path, -1) {
		group := func(n int) string {
			if m[2*n] < 0 {
				return ""
			}
			return path[m[2*n]:m[2*n+1]]
		}
		text.WriteString(path[at:m[0]])
		at = m[1]
		if escaped := group(1); escaped != "" {
			text.WriteString(escaped[1:])
			continue
		}
		flush()
		t := token{
			prefix:   group(2),
			name:     group(3),
			pattern:  group(4) + group(5),
			optional: group(6) == "?" || group(6) == "*",
			repeat:   group(6) == "+" || group(6) == "*",
			star:     group(7) != "",
		}
		if t.name == "" {
			t.name = strconv.Itoa(unnamed)
			unnamed++
		}
		t.partial = t.prefix != "" && at < len(path) && path[at] != t.prefix[0]
		tokens = append(tokens, t)
	}
	text.WriteString(path[at:])
	flush()
	return tokens
}

// segment is a piece of a simple path: literal text, or a parameter.
type segment struct {
	text string // lower case and escaped, as requests spell it
	name string
}

// simple is a path the index can hold in its tree: literal segments and whole
// parameters, with a star at most at the end.
type simple struct {
	segments []segment
	star     string // the name of a final star, "" for none
}

// maxOptional bounds the optional parameters the tree spells out.
const maxOptional = 4

// simplePaths returns the paths that tokens stand for, the one to prefer first:
// one, or several when parameters are optional. ok is false when the tree cannot
// express them.
func simplePaths(tokens []token) (paths []simple, ok bool) {
	paths = []simple{{}}
	optional := 0
	for i, t := range tokens {
		switch {
		case !t.param():
			if i > 0 && tokens[i-1].param() && !strings.HasPrefix(t.text, "/") || !strings.HasPrefix(t.text, "/") {
				return nil, false
			}
			text := strings.TrimSuffix(t.text, "/")
			if text != t.text && i != len(tokens)-1 {
				return nil, false
			}
			if text == "" {
				continue
			}
			for part := range strings.SplitSeq(text[1:], "/") {
				if part == "" {
					return nil, false
				}
				for k := range paths {
					paths[k].segments = append(paths[k].segments, segment{text: lower((&url.URL{Path: part}).EscapedPath())})
				}
			}
		case t.star && t.prefix == "/" && i == len(tokens)-1:
			for k := range paths {
				paths[k].star = t.name
			}
		case t.prefix != "/" || t.pattern != "" || t.repeat || t.partial || t.star:
			return nil, false
		case t.optional:
			if optional++; optional > maxOptional {
				return nil, false
			}
			var grown []simple
			for _, p := range paths {
				with := append(append([]segment(nil), p.segments...), segment{name: t.name})
				grown = append(grown, simple{segments: with}, p)
			}
			paths = grown
		default:
			for k := range paths {
				paths[k].segments = append(paths[k].segments[:len(paths[k].segments):len(paths[k].segments)], segment{name: t.name})
			}
		}
	}
	return paths, true
}

// expression compiles tokens the index cannot hold in its tree. Group i of the
// result is the parameter names[i-1]. Patterns are Go regular expressions, so
// matching takes linear time; what JavaScript has beyond them is an error.
func expression(path string, tokens []token) (expr *regexp.Regexp, names []string, err error) {
	var b strings.Builder
	b.WriteString("(?i)^")
	previous := ""
	for i := range tokens {
		t := &tokens[i]
		if !t.param() {
			text := t.text
			if i == len(tokens)-1 {
				text = strings.TrimSuffix(text, "/")
			}
			b.WriteString(regexp.QuoteMeta(text))
			previous = t.text
			continue
		}
		pattern := t.pattern
		switch {
		case t.star:
			pattern = ".*"
		case pattern == "":
			pattern = upToDelimiter(t.prefix, previous)
		}
		prefix := regexp.QuoteMeta(t.prefix)
		capture := "(?:" + pattern + ")"
		if t.repeat {
			capture += "(?:" + prefix + capture + ")*"
		}
		switch {
		case t.optional && !t.partial:
			capture = "(?:" + prefix + "(" + capture + "))?"
		case t.optional:
			capture = prefix + "(" + capture + ")?"
		default:
			capture = prefix + "(" + capture + ")"
		}
		b.WriteString(capture)
		names = append(names, t.name)
		previous = ""
	}
	b.WriteString("/?$")
	expr, err = regexp.Compile(b.String())
	if err != nil {
		return nil, nil, fmt.Errorf("route: path %q: %w", path, err)
	}
	if expr.NumSubexp() != len(names) {
		return nil, nil, fmt.Errorf("route: path %q: a parameter's pattern has no groups", path)
	}
	return expr, names, nil
}

// upToDelimiter is the pattern of a parameter without one: as few bytes as
// possible up to a slash (or the dot it began with), and not across the literal
// text before it.
func upToDelimiter(prefix, previous string) string {
	delimiter := "/"
	if prefix != "" {
		delimiter = prefix
	}
	if prefix == "" && len(previous) == 1 && previous != "/" {
		q := regexp.QuoteMeta(previous)
		if previous == "-" || previous == "^" || previous == "]" {
			q = `\` + previous
		}
		return q + `|[^/` + q + `]+?`
	}
	return "[^" + regexp.QuoteMeta(delimiter) + "]+?"
}

// lower lowers ASCII letters only: escaped paths have no others, and keeps
// every byte in its place.
func lower(s string) string {
	for i := range len(s) {
		if 'A' <= s[i] && s[i] <= 'Z' {
			b := []byte(s)
			for ; i < len(b); i++ {
				if 'A' <= b[i] && b[i] <= 'Z' {
					b[i] += 'a' - 'A'
				}
			}
			return string(b)
		}
	}
	return s
}
