package route

import (
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/go-sails/sails/sailsio/action"
)

// index finds the routes whose path matches, without looking at the others:
// simple paths share a tree, the rest are expressions, of which only those
// whose literal beginning fits are tried. It is immutable once built.
type index struct {
	root        node
	expressions []expr // in route order
}

// node is a place in the tree: the segments from the root to it.
type node struct {
	literal map[string]*node
	param   *node
	ends    []leaf // paths that end here
	stars   []leaf // paths that go on with a star
}

// leaf is a route, with the names of the parameters on the way to it.
type leaf struct {
	route int
	names []string
	star  bool // what the star stands for is parameter "0"
}

type expr struct {
	route  int
	re     *regexp.Regexp
	names  []string // of the groups
	prefix string   // lower case literal beginning; "" when unknown
	// numbered: the groups are also parameters "0", "1" …, as those of regular
	// expressions in an address are
	numbered bool
}

// hit is a matching route with its parameters, in order.
type hit struct {
	route  int
	params []action.PathParam
}

func (ix *index) add(route int, a *address) error {
	if a.expr != "" {
		re, err := regexp.Compile(a.expr)
		if err != nil {
			return err
		}
		prefix := ""
		if rest, anchored := strings.CutPrefix(a.expr, "^"); anchored && strings.IndexByte(a.expr, '|') < 0 {
			prefix = literalPrefix(rest)
		}
		ix.expressions = append(ix.expressions, expr{route: route, re: re, names: a.names, prefix: lower(prefix), numbered: true})
		return nil
	}
	paths, ok := simplePaths(a.path)
	if !ok {
		re, names, err := expression(a.path)
		if err != nil {
			return err
		}
		ix.expressions = append(ix.expressions, expr{route: route, re: re, names: names, prefix: lower(literalPrefix(a.path))})
		return nil
	}
	for _, p := range paths {
		ix.root.insert(route, p)
	}
	return nil
}

// literalPrefix is the beginning of a path or a regular expression that stands
// for itself. The byte before a quantifier may be absent, and the slash before a
// parameter too.
func literalPrefix(s string) string {
	i := strings.IndexAny(s, `:\.+*?()[]{}|^$`)
	if i < 0 {
		return s[:max(len(s)-1, 0)] // without a trailing slash
	}
	return s[:max(i-1, 0)]
}

func (n *node) insert(route int, p simple) {
	var names []string
	for _, s := range p.segments {
		if s.name != "" {
			if n.param == nil {
				n.param = &node{}
			}
			names = append(names, s.name)
			n = n.param
			continue
		}
		child := n.literal[s.text]
		if child == nil {
			if n.literal == nil {
				n.literal = map[string]*node{}
			}
			child = &node{}
			n.literal[s.text] = child
		}
		n = child
	}
	list := &n.ends
	if p.star {
		list = &n.stars
	}
	// Of two readings of one address the first is the one to prefer.
	if !slices.ContainsFunc(*list, func(l leaf) bool { return l.route == route }) {
		*list = append(*list, leaf{route: route, names: names, star: p.star})
	}
}

// found is a leaf that fits a path, with the raw values of its parameters.
type found struct {
	leaf   *leaf
	values []string
	rest   string // what the star stands for
}

// lookup returns the routes that match path, in route order, of those that
// answers accepts. path is escaped, and its escapes are well-formed.
func (ix *index) lookup(path string, answers func(route int) bool) (hits []hit) {
	var leaves []found
	if strings.HasPrefix(path, "/") {
		var values [16]string
		ix.root.collect(path, lower(path), 1, values[:0], func(f found) {
			if answers(f.leaf.route) {
				f.values = slices.Clone(f.values)
				leaves = append(leaves, f)
			}
		})
	}
	for i := range leaves {
		h := hit{route: leaves[i].leaf.route}
		for k, name := range leaves[i].leaf.names {
			h.add(name, leaves[i].values[k])
		}
		if leaves[i].leaf.star {
			h.add("0", leaves[i].rest)
		}
		hits = append(hits, h)
	}
	low := ""
	for i := range ix.expressions {
		e := &ix.expressions[i]
		if !answers(e.route) {
			continue
		}
		if e.prefix != "" {
			if low == "" {
				low = lower(path)
			}
			if !strings.HasPrefix(low, e.prefix) {
				continue
			}
		}
		m := e.re.FindStringSubmatchIndex(path)
		if m == nil {
			continue
		}
		h := hit{route: e.route}
		e.params(&h, path, m)
		hits = append(hits, h)
	}
	slices.SortStableFunc(hits, func(a, b hit) int { return a.route - b.route })
	return hits
}

// collect walks the tree along path from byte at, the beginning of a segment.
// The recursion is as deep as the tree.
func (n *node) collect(path, low string, at int, values []string, yield func(found)) {
	for i := range n.stars {
		yield(found{leaf: &n.stars[i], values: values, rest: path[at:]})
	}
	if at == len(path) { // only "/" itself
		n.yieldEnds(values, yield)
		return
	}
	end := strings.IndexByte(path[at:], '/')
	if end < 0 {
		end = len(path)
	} else {
		end += at
	}
	if end == at {
		return // an empty segment matches nothing
	}
	next := end + 1
	step := func(child *node, values []string) {
		if next >= len(path) { // the last segment, with or without a trailing slash
			if next == len(path) {
				for i := range child.stars {
					yield(found{leaf: &child.stars[i], values: values})
				}
			}
			child.yieldEnds(values, yield)
			return
		}
		child.collect(path, low, next, values, yield)
	}
	if child := n.literal[low[at:end]]; child != nil {
		step(child, values)
	}
	if n.param != nil {
		step(n.param, append(values, path[at:end]))
	}
}

func (n *node) yieldEnds(values []string, yield func(found)) {
	for i := range n.ends {
		yield(found{leaf: &n.ends[i], values: values})
	}
}

func (e *expr) params(h *hit, path string, m []int) {
	groups := len(m)/2 - 1
	value := func(group int) (string, bool) {
		if m[2*group+2] < 0 {
			return "", false
		}
		return path[m[2*group+2]:m[2*group+3]], true
	}
	if e.numbered {
		for i := range groups {
			if v, ok := value(i); ok {
				h.add(strconv.Itoa(i), v)
			}
		}
	}
	for i, name := range e.names {
		if i >= groups {
			break
		}
		if v, ok := value(i); ok && name != "" {
			h.add(name, v)
		}
	}
}

// add appends a parameter, decoded. A name that comes twice keeps its last
// value.
func (h *hit) add(name, raw string) {
	value := raw
	if strings.IndexByte(raw, '%') >= 0 {
		if plain, err := url.PathUnescape(raw); err == nil {
			value = plain
		}
	}
	for i := range h.params {
		if h.params[i].Name == name {
			h.params[i].Value = value
			return
		}
	}
	h.params = append(h.params, action.PathParam{Name: name, Value: value})
}
