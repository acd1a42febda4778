package route

import (
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

// segment is a piece of a simple path: literal text, or a parameter.
type segment struct {
	text string // lower case and escaped, as requests spell it
	name string
}

// simple is a path the index can hold in its tree: literal segments and whole
// parameters, with a star at most at the end.
type simple struct {
	segments []segment
	star     bool
}

// maxOptional bounds the optional parameters the tree spells out.
const maxOptional = 4

var (
	paramSegment = regexp.MustCompile(`^:(\w+)(\?)?$`)
	// literalSegment has nothing that means more than itself in a path.
	literalSegment = regexp.MustCompile(`^[^:*()+?\\\[\]{}|^$]+$`)
)

// simplePaths returns the paths that an address' path stands for, the one to
// prefer first: one, or several when parameters are optional. ok is false when
// the tree cannot express them.
func simplePaths(path string) (paths []simple, ok bool) {
	paths = []simple{{}}
	rest := strings.TrimSuffix(path[1:], "/")
	if rest == "" {
		return paths, true
	}
	optional := 0
	parts := strings.Split(rest, "/")
	for i, part := range parts {
		if part == "*" && i == len(parts)-1 && !strings.HasSuffix(path, "/") {
			for k := range paths {
				paths[k].star = true
			}
			continue
		}
		s, isOptional, ok := simpleSegment(part)
		if !ok {
			return nil, false
		}
		if isOptional {
			if optional++; optional > maxOptional {
				return nil, false
			}
		}
		var grown []simple
		for _, p := range paths {
			with := append(append([]segment(nil), p.segments...), s)
			grown = append(grown, simple{segments: with})
			if isOptional {
				grown = append(grown, p)
			}
		}
		paths = grown
	}
	return paths, true
}

func simpleSegment(part string) (s segment, optional, ok bool) {
	if m := paramSegment.FindStringSubmatch(part); m != nil {
		return segment{name: m[1]}, m[2] != "", true
	}
	if !literalSegment.MatchString(part) {
		return s, false, false
	}
	return segment{text: lower((&url.URL{Path: part}).EscapedPath())}, false, true
}

// pathSpecial finds what path-to-regexp 0.1, the path language of Sails'
// router, gives a meaning: escapes, parameters with their slash or dot, dots,
// stars and "/(". Everything else of a path is a regular expression.
var pathSpecial = regexp.MustCompile(`(\\.)|(/)?(\.)?:(\w+)(\(.*?\))?(\*)?(\?)?|[.*]|/\(`)

// expression compiles a path that the tree cannot hold. Group i of the result
// is the parameter names[i-1]; groups without a name are "0", "1" and so on. It is
// a Go regular expression, so matching takes linear time, and what JavaScript
// has beyond it is an error.
func expression(path string) (expr *regexp.Regexp, names []string, err error) {
	b := builder{}
	b.out.WriteString("(?i)^")
	at := 0
	for _, m := range pathSpecial.FindAllStringSubmatchIndex(path, -1) {
		group := func(n int) string {
			if m[2*n] < 0 {
				return ""
			}
			return path[m[2*n]:m[2*n+1]]
		}
		between := path[at:m[0]]
		b.raw(between)
		at = m[1]
		switch all := path[m[0]:m[1]]; {
		case group(1) != "":
			b.out.WriteString(all)
		case all == ".":
			b.out.WriteString(`\.`)
		case all == "*":
			b.unnamed("(.*)")
		case all == "/(":
			b.out.WriteString("/(?:")
		default:
			b.param(group(2), group(3), group(4), group(5), group(6) != "", group(7) != "", between)
		}
	}
	b.raw(path[at:])
	if strings.HasSuffix(path, "/") {
		b.out.WriteString("?$")
	} else {
		b.out.WriteString("/?$")
	}
	expr, err = regexp.Compile(b.out.String())
	if err != nil {
		return nil, nil, fmt.Errorf("path: %w", err)
	}
	if expr.NumSubexp() != len(b.names) {
		return nil, nil, fmt.Errorf("path %q: its groups cannot be told apart", path)
	}
	return expr, b.names, nil
}

// builder writes an expression and counts its groups.
type builder struct {
	out   strings.Builder
	names []string
	count int // unnamed groups
}

// raw copies text whose groups have no names.
func (b *builder) raw(text string) {
	for i := range len(text) {
		if text[i] == '(' && (i+1 == len(text) || text[i+1] != '?') {
			b.nameless()
		}
	}
	b.out.WriteString(text)
}

func (b *builder) nameless() {
	b.names = append(b.names, strconv.Itoa(b.count))
	b.count++
}

func (b *builder) unnamed(text string) {
	b.nameless()
	b.out.WriteString(text)
}

// param writes a parameter: what it stands for begins with slash or dot, matches
// pattern or else anything up to the next slash, and does not run across the
// literal text before it.
func (b *builder) param(slash, dot, name, pattern string, star, optional bool, before string) {
	if dot != "" {
		dot = `\.`
	}
	b.out.WriteString("(?:" + dot + slash)
	b.names = append(b.names, name)
	switch {
	case pattern != "":
		b.out.WriteByte('(')
		b.raw(pattern[1:])
	case slash == "" && dot == "" && len(before) == 1 && before != "/":
		b.out.WriteString(`([^/\x` + strconv.FormatUint(uint64(before[0])|0x100, 16)[1:] + `]+?)`)
	default:
		b.out.WriteString("([^/" + dot + "]+?)")
	}
	if star {
		b.unnamed("((?:[/" + dot + "].+?)?)")
	}
	b.out.WriteByte(')')
	if optional {
		b.out.WriteByte('?')
	}
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
