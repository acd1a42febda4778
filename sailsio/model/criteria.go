package model

import (
	"math"
	"strings"
)

// Criteria is Waterline's query language as users and requests write it. Every
// field takes the loose forms the language allows; Model.Query checks them. The
// zero value matches every record.
type Criteria struct {
	// Where is nil, a map of attributes and predicates, or a primary key or a
	// list of them.
	Where any
	// Limit and Skip are numbers or strings of digits; nil means no limit and 0.
	Limit, Skip any
	// Sort is "name", "name DESC", a list of these and of one-entry maps like
	// {"name": "DESC"}, or a map of attribute to 1 or -1.
	Sort any
	// Select and Omit list attributes; give one of them. The primary key is always
	// selected. Nil means everything and nothing.
	Select, Omit []string
}

// Populate asks for the records an association refers to.
type Populate struct {
	Alias string
	// Criteria select among the records of a collection. A to-one association
	// takes none.
	Criteria Criteria
}

// Limits bound what a query may ask for. The zero value of a field means no
// bound, apart from those every query has: predicates nest at most 100 deep.
type Limits struct {
	// Limit caps the number of records, of each populated collection too: higher
	// values, and none, are lowered to it. The others are refused when exceeded:
	Skip     int // records left out
	Depth    int // predicates inside predicates
	Branches int // members of all and and or lists together
	In       int // members of one in or nin list
	Populate int // populated associations
	Text     int // bytes of one contains, startsWith, endsWith or like
	Values   int // members of all in and nin lists together
	Wild     int // wildcards in one like: percent signs and underscores
	Limit    int
	// Populated bounds the records of all populated collections of an answer together:
	// the limit of each is lowered so that even full ones keep to it.
	Populated int
	// Public lets the query name only attributes that clients may read; the
	// others are as unknown to it (SEC-83).
	Public bool
}

// ClientLimits are the bounds for queries that come from clients (SEC-84).
func ClientLimits() Limits {
	return Limits{Limit: 1000, Skip: 1_000_000, Depth: 10, Branches: 100, In: 1000, Values: 5000, Populate: 10, Populated: 50_000, Text: 10_000, Wild: 100, Public: true}
}

// Query is a checked query: every attribute it names is one of its model, every
// value fits. It may be used any number of times and must not be changed.
type Query struct {
	Model *Model
	// Where is what records must fulfil; nil means nothing.
	Where *Where
	// Void says that no record can match, so that no database need be asked.
	Void bool
	// Limit is the greatest number of records; 0 means any number. Skip is how
	// many matching records are left out first.
	Limit, Skip int
	Sort        []Order
	// Select are the attributes of the answer in the model's order: never a
	// collection, always the primary key.
	Select    []*Attribute
	Populates []Population
}

// Order is one term of a sort.
type Order struct {
	Attribute  *Attribute
	Descending bool
}

// Population is a checked Populate.
type Population struct {
	Association *Association
	// Query selects among the records of a collection; nil for to-one.
	Query *Query
}

// Op is the operation of a Where.
type Op int

// The operations of a Where.
const (
	And Op = iota + 1
	Or
	Is
	NotEqual
	In
	NotIn
	Less
	LessOrEqual
	Greater
	GreaterOrEqual
	Like
)

// Where is one predicate. And and Or have Terms, at least one; the others an
// Attribute and a value.
type Where struct {
	Op        Op
	Terms     []*Where
	Attribute *Attribute
	// Value is what Is, NotEqual and the comparisons compare with; nil, for
	// the first two only, means null.
	Value any
	// Values are the members for In and NotIn: at least one, none of them null.
	Values []any
	// Segments are the literal texts of a Like, between which anything may stand:
	// {"a", ""} is what starts with a. There are at least one.
	Segments []string
	// Pattern is what a like modifier says, as it was written; empty for contains,
	// startsWith and endsWith. Databases that have LIKE patterns of their own take it
	// instead of Segments, as Waterline's adapters do: an underscore in it stands for
	// any character there.
	Pattern string
}

// Query checks criteria and populates. The error is a *UsageError with
// InvalidCriteria or InvalidPopulates.
func (m *Model) Query(c Criteria, populates []Populate, limits Limits) (*Query, error) {
	q, err := m.query(c, limits)
	if err != nil {
		return nil, m.usage(InvalidCriteria, err.Error())
	}
	if err := q.populate(c, populates, limits); err != nil {
		return nil, m.usage(InvalidPopulates, err.Error())
	}
	return q, nil
}

// ByID returns the query for the record with a primary key, or for those with a
// list of keys. The key is converted as in any criteria.
func (m *Model) ByID(id any, populates ...Populate) (*Query, error) {
	return m.Query(Criteria{Where: Record{m.PrimaryKey.Name: id}}, populates, Limits{})
}

func (m *Model) query(c Criteria, limits Limits) (*Query, error) {
	q := &Query{Model: m}
	where, verdict, err := m.where(c.Where, &limits)
	if err != nil {
		return nil, said("Could not use the provided `where` clause.  %w", err)
	}
	q.Where, q.Void = where, verdict == void
	if err := q.page(c, limits); err != nil {
		return nil, err
	}
	if q.Sort, err = m.sort(c.Sort, &limits); err != nil {
		return nil, said("Could not use the provided `sort` clause: %w", err)
	}
	return q, q.project(c, &limits)
}

func (q *Query) page(c Criteria, limits Limits) error {
	limit, skip := number(c.Limit), number(c.Skip)
	switch f, ok := limit.(float64); {
	case c.Limit == nil || ok && (f < 0 || math.IsInf(f, 1)):
	case ok && f == 0:
		q.Void = true
	case !ok || f != math.Trunc(f) || f > maxSafeInteger: // NaN differs from itself
		return said("The `limit` clause in the provided criteria is invalid.  If provided, it should be a safe, natural number.  But instead, got: %s", inspect(limit))
	default:
		q.Limit = int(f)
	}
	if limits.Limit > 0 && (q.Limit == 0 || q.Limit > limits.Limit) {
		q.Limit = limits.Limit
	}
	switch f, ok := skip.(float64); {
	case c.Skip == nil:
	case !ok || f < 0 || f != math.Trunc(f) || f > maxSafeInteger:
		return said("The `skip` clause in the provided criteria is invalid.  If provided, it should be either zero (0), or a safe, natural number (e.g. 4).  But instead, got: %s", inspect(skip))
	case limits.Skip > 0 && f > float64(limits.Skip):
		return said("The `skip` clause in the provided criteria is above the limit of %d.", limits.Skip)
	default:
		q.Skip = int(f)
	}
	return nil
}

// number converts a limit or skip as JavaScript's unary plus does.
func number(v any) any {
	s, ok := v.(string)
	if !ok {
		return normal(v)
	}
	s = strings.TrimSpace(s)
	if s == "" {
		return 0.0
	}
	if f, ok := jsNumber(s); ok {
		return f
	}
	return math.NaN()
}

// find looks an attribute up as far as the limits let the query see it.
func (m *Model) find(name string, limits *Limits) *Attribute {
	a := m.attributes[name]
	if a == nil || limits.Public && !m.readable[name] {
		return nil
	}
	return a
}

func (q *Query) project(c Criteria, limits *Limits) error {
	m := q.Model
	if len(c.Omit) > 0 && c.Select != nil {
		return said("Cannot specify both `omit` AND `select`.  Please use one or the other.")
	}
	keep := map[string]bool{m.PrimaryKey.Name: true}
	for _, name := range c.Select {
		a := m.find(name, limits)
		switch {
		case name == "*" && len(c.Select) == 1:
			c.Select = nil
			continue
		case a == nil:
			return said("The `select` clause in the provided criteria contains an item (`%s`) which is not a recognized attribute in this model (`%s`).", cut(name), m.Identity)
		case a.Collection != "":
			return said("The `select` clause in the provided criteria contains an item (`%s`) which is actually the name of a plural (\"collection\") association for this model (`%s`).  But you cannot explicitly select plural association because they're virtual attributes (use `.populate()` instead.)", name, m.Identity)
		}
		keep[name] = true
	}
	drop := map[string]bool{}
	for _, name := range c.Omit {
		if name == m.PrimaryKey.Name {
			return said("The `omit` clause in the provided criteria explicitly attempts to omit the primary key (`%s`).  But in the current version of Waterline, this is not possible.", name)
		}
		if m.find(name, limits) == nil {
			return said("The `omit` clause in the provided criteria contains an item (`%s`) which is not a recognized attribute in this model (`%s`).", cut(name), m.Identity)
		}
		drop[name] = true
	}
	for _, a := range m.Attributes {
		if a.Collection != "" || drop[a.Name] || c.Select != nil && !keep[a.Name] || limits.Public && !m.readable[a.Name] {
			continue
		}
		q.Select = append(q.Select, a)
	}
	return nil
}

func (q *Query) selects(a *Attribute) bool {
	for _, s := range q.Select {
		if s == a {
			return true
		}
	}
	return false
}

// need adds a column to the selection.
func (q *Query) need(a *Attribute) {
	if q.selects(a) {
		return
	}
	chosen := make([]*Attribute, 0, len(q.Select)+1)
	for _, candidate := range q.Model.Attributes {
		if candidate == a || q.selects(candidate) {
			chosen = append(chosen, candidate)
		}
	}
	q.Select = chosen
}

func (q *Query) populate(c Criteria, populates []Populate, limits Limits) error {
	if limits.Populate > 0 && len(populates) > limits.Populate {
		return said("Cannot populate more than %d associations at a time.", limits.Populate)
	}
	m := q.Model
	seen := map[string]bool{}
	for _, p := range populates {
		if seen[p.Alias] {
			continue
		}
		seen[p.Alias] = true
		fail := func(format string, args ...any) error {
			return said("Could not populate `"+strings.ReplaceAll(cut(p.Alias), "%", "%%")+"`.  "+format, args...)
		}
		a := m.find(p.Alias, &limits)
		if a == nil {
			return fail("There is no attribute named `%s` defined in this model.", cut(p.Alias))
		}
		assoc := m.associations[p.Alias]
		if assoc == nil {
			return fail("The attribute named `%s` defined in this model (`%s`) is not defined as a \"collection\" or \"model\" association, and thus cannot be populated.", p.Alias, m.Identity)
		}
		for _, o := range q.Sort {
			if o.Attribute == a {
				return fail("Cannot populate AND sort by an association at the same time!")
			}
		}
		if assoc.Kind == ToOne {
			if err := q.populateOne(a, assoc, p, c, fail); err != nil {
				return err
			}
			continue
		}
		sub, err := assoc.Target.query(p.Criteria, limits)
		if err != nil {
			return said("Could not use the specified subcriteria for populating `%s`: %w", p.Alias, err)
		}
		if p.Criteria.Select != nil && assoc.Junction == nil {
			// Waterline joins on the foreign key and leaves it in the records.
			sub.need(assoc.Target.attributes[assoc.Via])
		}
		q.Populates = append(q.Populates, Population{Association: assoc, Query: sub})
	}
	q.share(limits)
	return nil
}

// share lowers the limits of populated collections to an equal part of what the answer
// may hold of them together, at least one record each.
func (q *Query) share(limits Limits) {
	collections := 0
	for _, p := range q.Populates {
		if p.Query != nil {
			collections++
		}
	}
	if limits.Populated <= 0 || collections == 0 || q.Limit <= 0 {
		return
	}
	most := max(1, limits.Populated/collections/q.Limit)
	for _, p := range q.Populates {
		if p.Query != nil && (p.Query.Limit == 0 || p.Query.Limit > most) {
			p.Query.Limit = most
		}
	}
}

func (q *Query) populateOne(a *Attribute, assoc *Association, p Populate, c Criteria, fail func(string, ...any) error) error {
	if shown := p.Criteria.shown(); shown != "" {
		return fail("This is a singular (\"model\") association, which means it never refers to more than _one_ associated record.  So passing in subcriteria (i.e. as the second argument to `.populate()`) is not supported for this association, since it generally wouldn't make any sense.  But that's the trouble-- it looks like some sort of a subcriteria (or something) _was_ provided!\n(Note that subcriterias consisting ONLY of `omit` or `select` are a special case that _does_ make sense.  This usage will be supported in a future version of Waterline.)\n\nHere's what was passed in:\n%s", shown)
	}
	for _, name := range c.Omit {
		if name == a.Name {
			return fail("This query also indicates that this attribute should be omitted.  Cannot populate AND omit an association at the same time!")
		}
	}
	q.need(a)
	q.Populates = append(q.Populates, Population{Association: assoc})
	return nil
}

// shown writes criteria for a message; "" for the zero value.
func (c Criteria) shown() string {
	given := map[string]any{}
	for name, v := range map[string]any{"where": c.Where, "limit": c.Limit, "skip": c.Skip, "sort": c.Sort} {
		if v != nil {
			given[name] = v
		}
	}
	if c.Select != nil {
		given["select"] = anys(c.Select)
	}
	if c.Omit != nil {
		given["omit"] = anys(c.Omit)
	}
	if len(given) == 0 {
		return ""
	}
	return inspect(given)
}
