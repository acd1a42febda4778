package route

import (
	"slices"
	"strings"
)

// sailsOrder returns the order in which Sails tries routes, as indexes into
// addresses: literal segments before parameters before stars, position by
// position, addresses with a verb before those without, and last whatever has
// no literal segment at all. Equal ones keep their order, and a regular
// expression stays with the address before it.
func sailsOrder(addresses []address) []int {
	longest := 0
	for i := range addresses {
		if addresses[i].expr == "" {
			longest = max(longest, len(components(addresses[i].path)))
		}
	}
	ranks := make([]string, len(addresses))
	previous := strings.Repeat("0", longest)
	for i := range addresses {
		if addresses[i].expr == "" {
			previous = rank(&addresses[i], longest)
		}
		ranks[i] = previous
	}
	order := make([]int, len(addresses))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return strings.Compare(ranks[a], ranks[b]) })
	return order
}

func components(path string) []string {
	return strings.Split(strings.TrimPrefix(path, "/"), "/")
}

func rank(a *address, longest int) string {
	parts := components(a.path)
	var b strings.Builder
	star, literal := false, false
	for i := range longest {
		part := ""
		if i < len(parts) {
			part = parts[i]
		}
		switch {
		case part == "*" || part == "?*":
			b.WriteByte('3')
			star = true
		case part != "" && part[0] == ':':
			b.WriteByte('2')
		case part != "":
			b.WriteByte('1')
			literal = true
		case star:
			b.WriteByte('4')
		default:
			b.WriteByte('0')
		}
	}
	if a.verb != "" && a.verb != "all" {
		b.WriteByte('0')
	} else {
		b.WriteByte('1')
	}
	if !literal {
		return "5" + b.String()
	}
	return b.String()
}
