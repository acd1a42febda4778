package model

// Criteria is Waterline's query language as users and requests write it. Every
// field takes the loose forms the language allows; Normalize checks them. The
// zero value matches every record.
type Criteria struct {
	// Where is nil, a map of attributes and predicates, or a primary key or a
	// list of them.
	Where any
	// Limit and Skip are numbers or strings of digits; nil means no limit and 0.
	Limit, Skip any
	// Sort is "name", "name DESC", []any{"name DESC", map...} or a map of
	// attribute to 1 or -1.
	Sort any
	// Select and Omit list attributes. The primary key is always selected.
	Select, Omit []string
}
