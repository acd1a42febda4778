package action

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/go-sails/sails/virtualrequest"
)

// maxParams bounds how many pairs of a query or form are looked at (SEC-11).
const maxParams = 1000

// Query returns the query parameters. A repeated name gives an array of
// strings (VR-6). Over plain HTTP names may have brackets, as in Express:
// `a[b]=1` is {"a":{"b":"1"}} and `a[]=1` is {"a":["1"]}; over sockets brackets
// have no meaning, as in Sails.
func Query(r *http.Request) Params {
	if r.URL.RawQuery == "" {
		return nil
	}
	return queryParams(r)
}

func queryParams(r *http.Request) Params {
	_, virtual := virtualrequest.FromContext(r.Context())
	return parsePairs(r.URL.RawQuery, !virtual)
}

// parsePairs reads `name=value&...`, leniently: what is no escape stays as it
// is.
func parsePairs(text string, brackets bool) Params {
	var root branch
	n := 0
	for pair := range strings.SplitSeq(text, "&") {
		if pair == "" {
			continue
		}
		if n++; n > maxParams {
			break
		}
		name, value, _ := strings.Cut(pair, "=")
		name, value = unescape(name), unescape(value)
		if !brackets {
			root.child(name).add(value)
			continue
		}
		if name == "" {
			continue
		}
		root.insert(splitName(name), value)
	}
	params := make(Params, 0, len(root.names))
	for _, name := range root.names {
		params = append(params, Named{name, root.members[name].value()})
	}
	return params
}

// unescape decodes escapes and plus signs. What is no escape is taken as it is,
// what is no UTF-8 becomes U+FFFD.
func unescape(s string) string {
	s = strings.ReplaceAll(s, "+", " ")
	if strings.IndexByte(s, '%') < 0 {
		return s
	}
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if b, err := strconv.ParseUint(s[i+1:i+3], 16, 8); err == nil {
				out = append(out, byte(b))
				i += 2
				continue
			}
		}
		out = append(out, s[i])
	}
	return strings.ToValidUTF8(string(out), "\uFFFD")
}

// maxBrackets is how deep names nest; what follows is one name.
const maxBrackets = 5

// maxIndex is the highest index that makes an array; a higher one is a name.
const maxIndex = 1000

// splitName takes `a[b][]` apart: "a", "b", "".
func splitName(name string) []string {
	open := strings.IndexByte(name, '[')
	if open < 0 || strings.IndexByte(name[open:], ']') < 0 {
		return []string{name}
	}
	var parts []string
	if open > 0 {
		parts = append(parts, name[:open])
	}
	rest := name[open:]
	for rest != "" && rest[0] == '[' {
		if len(parts) > maxBrackets {
			return append(parts, rest)
		}
		shut := closing(rest)
		if shut < 0 {
			return []string{name}
		}
		parts = append(parts, rest[1:shut])
		rest = rest[shut+1:] // text between brackets is dropped
		if next := strings.IndexByte(rest, '['); next > 0 {
			rest = rest[next:]
		}
	}
	if len(parts) == 0 {
		return []string{name}
	}
	return parts
}

// closing returns the index of the bracket that closes the one at s[0].
func closing(s string) int {
	depth := 0
	for i := range len(s) {
		switch s[i] {
		case '[':
			depth++
		case ']':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}

// branch is a value under construction: strings and branches in a list, members
// by name, or both until it is known which it is. The depth is bounded by
// maxBrackets.
type branch struct {
	list    []*branch
	text    *string
	names   []string
	members map[string]*branch
}

func (b *branch) child(name string) *branch {
	if c, ok := b.members[name]; ok {
		return c
	}
	if b.members == nil {
		b.members = make(map[string]*branch)
	}
	c := new(branch)
	b.members[name] = c
	b.names = append(b.names, name)
	return c
}

// add appends a string.
func (b *branch) add(s string) { b.list = append(b.list, &branch{text: &s}) }

// insert puts a string where path says. An index addresses a list; an empty
// part appends to it.
func (b *branch) insert(path []string, s string) {
	at := b.child(path[0])
	for _, part := range path[1:] {
		if part == "" {
			next := new(branch)
			at.list = append(at.list, next)
			at = next
			continue
		}
		at = at.child(part)
	}
	at.add(s)
}

// value ends the construction.
func (b *branch) value() Value {
	if b.text != nil {
		return stringValue(*b.text)
	}
	if len(b.members) == 0 && len(b.list) == 1 {
		only := b.list[0]
		if only.text != nil {
			return stringValue(*only.text)
		}
		return jsonValue(append(append([]byte{'['}, only.value().JSON()...), ']'))
	}
	return jsonValue(b.container())
}

func (b *branch) container() []byte {
	if len(b.members) == 0 {
		return array(b.list)
	}
	order, isList := b.indices()
	switch {
	case isList:
		list := slices.Clone(b.list)
		for _, name := range order {
			list = append(list, b.members[name])
		}
		return array(list)
	case len(b.list) > 0:
		// Strings beside members, as in a=1&a[b]=2: a list of both.
		members := &branch{names: b.names, members: b.members}
		return array(append(slices.Clone(b.list), members))
	}
	out := []byte{'{'}
	for i, name := range b.names {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(append(out, stringValue(name).JSON()...), ':')
		out = append(out, b.members[name].value().JSON()...)
	}
	return append(out, '}')
}

// indices returns the members in numerical order if all are small indices.
func (b *branch) indices() ([]string, bool) {
	for _, name := range b.names {
		n, err := strconv.Atoi(name)
		if err != nil || n < 0 || n > maxIndex || strconv.Itoa(n) != name {
			return nil, false
		}
	}
	order := slices.Clone(b.names)
	slices.SortFunc(order, func(x, y string) int {
		m, _ := strconv.Atoi(x)
		n, _ := strconv.Atoi(y)
		return m - n
	})
	return order, true
}

func array(list []*branch) []byte {
	out := []byte{'['}
	for i, e := range list {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, e.value().JSON()...)
	}
	return append(out, ']')
}
