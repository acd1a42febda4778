package action

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// A nesting says how deep names like a[b][c] nest, what follows being one name,
// and which indices make lists, others being names.
type nesting struct{ depth, indices int }

// queryNesting and formNesting are what Sails has for queries and for forms.
var (
	queryNesting = nesting{depth: 5, indices: 1000}
	formNesting  = nesting{depth: 32, indices: 100}
)

// parseNested reads pairs as Express does over plain HTTP: `a[b]=1` makes an
// object, `a[]=1` and `a[0]=1` make lists, and what is sent for one place in
// several ways is merged.
func parseNested(text string, limits nesting) Params {
	var f fields
	pairs(text, func(name, value string) {
		if name = unescapeAll(name); name != "" {
			f.add(name, unescapeAll(value))
		}
	})
	return f.nested(limits)
}

// fields are the values of names, in the order the names first came.
type fields struct {
	names  []string
	values map[string][]string
}

func (f *fields) add(name, value string) {
	if f.values == nil {
		f.values = map[string][]string{}
	}
	if _, ok := f.values[name]; !ok {
		f.names = append(f.names, name)
	}
	f.values[name] = append(f.values[name], value)
}

func (f *fields) nested(limits nesting) Params {
	root := &branch{members: map[string]*branch{}}
	for _, name := range f.names {
		root = merge(root, nest(splitName(name, limits.depth), leaf(f.values[name]), limits.indices))
	}
	params := make(Params, 0, len(root.names))
	for _, name := range root.names {
		params = append(params, Named{name, root.members[name].value()})
	}
	return params
}

// unescapeAll decodes escapes and plus signs. When one is wrong, or the result no
// UTF-8, all escapes stay as they are.
func unescapeAll(s string) string {
	s = strings.ReplaceAll(s, "+", " ")
	if out, err := url.PathUnescape(s); err == nil && strings.ToValidUTF8(out, "") == out {
		return out
	}
	return s
}

// A part is one step of a name: a member, or a place behind all others.
type part struct {
	name string
	next bool // []
}

// splitName takes `a[b][]` apart. What is not closed is one part, bracket and all;
// text between brackets is dropped.
func splitName(name string, depth int) []part {
	open := strings.IndexByte(name, '[')
	if open < 0 {
		return []part{{name: name}}
	}
	var parts []part
	if open > 0 {
		parts = append(parts, part{name: name[:open]})
	}
	for n := 0; open >= 0; n++ {
		name = name[open:]
		shut := closing(name)
		if n == depth || shut < 0 {
			return append(parts, part{name: name})
		}
		parts = append(parts, part{name: name[1:shut], next: shut == 1})
		name = name[shut+1:]
		open = strings.IndexByte(name, '[')
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

// A branch is a value under construction: a string, a list that may have holes,
// or an object. It nests as deep as names do.
type branch struct {
	text    *string
	items   map[int]*branch
	length  int
	names   []string
	members map[string]*branch // nil for strings and lists
}

// leaf is what a name's values are: a string, or a list of several.
func leaf(values []string) *branch {
	if len(values) == 1 {
		return &branch{text: &values[0]}
	}
	list := &branch{}
	for i := range values {
		list.push(&branch{text: &values[i]})
	}
	return list
}

func (b *branch) push(item *branch) { b.put(b.length, item) }

func (b *branch) put(i int, item *branch) {
	if b.items == nil {
		b.items = map[int]*branch{}
	}
	b.items[i] = item
	b.length = max(b.length, i+1)
}

func (b *branch) set(name string, v *branch) {
	if _, ok := b.members[name]; !ok {
		b.names = append(b.names, name)
	}
	b.members[name] = v
}

// nest wraps a value in what a name says. The outermost part makes no list of
// an index.
func nest(parts []part, v *branch, indices int) *branch {
	for i, p := range slices.Backward(parts) {
		wrap := &branch{}
		n, err := strconv.Atoi(p.name)
		switch {
		case p.next && v.text == nil && v.members == nil:
			wrap = v // a list in a list is one list
		case p.next:
			wrap.push(v)
		case err == nil && n >= 0 && n < indices && strconv.Itoa(n) == p.name && i > 0:
			wrap.put(n, v)
		default:
			wrap.members = map[string]*branch{}
			wrap.set(p.name, v)
		}
		v = wrap
	}
	return v
}

// merge adds to what a place has what was sent for it later.
func merge(target, source *branch) *branch {
	switch {
	case source.text != nil && *source.text == "" && target.text == nil:
		return target
	case target.text != nil || source.text != nil && target.members != nil:
		list := &branch{}
		list.push(target)
		if source.text != nil || source.members != nil {
			list.push(source)
			return list
		}
		for i, item := range source.items {
			list.put(i+1, item)
		}
		return list
	case source.text != nil:
		target.push(source)
		return target
	case source.members == nil && target.members == nil:
		for _, i := range source.order() {
			item, was := source.items[i], target.items[i]
			switch {
			case was == nil:
				target.put(i, item)
			case was.text == nil && item.text == nil:
				target.items[i] = merge(was, item)
			default:
				target.push(item)
			}
		}
		return target
	}
	target, source = target.named(), source.named()
	for _, name := range source.names {
		v := source.members[name]
		if was, ok := target.members[name]; ok {
			v = merge(was, v)
		}
		target.set(name, v)
	}
	return target
}

// named makes an object of a list, with its indices for names.
func (b *branch) named() *branch {
	if b.members != nil {
		return b
	}
	object := &branch{members: map[string]*branch{}}
	for _, i := range b.order() {
		object.set(strconv.Itoa(i), b.items[i])
	}
	return object
}

// order returns the indices of a list that are not holes.
func (b *branch) order() []int {
	order := make([]int, 0, len(b.items))
	for i := range b.items {
		order = append(order, i)
	}
	slices.Sort(order)
	return order
}

// value ends the construction. Holes in lists close.
func (b *branch) value() Value {
	if b.text != nil {
		return stringValue(*b.text)
	}
	return jsonValue(b.json(nil))
}

func (b *branch) json(out []byte) []byte {
	switch {
	case b.text != nil:
		return append(out, stringValue(*b.text).JSON()...)
	case b.members == nil:
		out = append(out, '[')
		for n, i := range b.order() {
			if n > 0 {
				out = append(out, ',')
			}
			out = b.items[i].json(out)
		}
		return append(out, ']')
	}
	out = append(out, '{')
	for i, name := range b.names {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(append(out, stringValue(name).JSON()...), ':')
		out = b.members[name].json(out)
	}
	return append(out, '}')
}
