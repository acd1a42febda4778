package model

import (
	"sort"
	"strings"
)

// verdict says whether a predicate can be decided without looking at records.
type verdict int

const (
	open verdict = iota
	universal
	void
)

var modifiers = map[string]string{
	"<": "<", "<=": "<=", ">": ">", ">=": ">=", "!=": "!=", "in": "in", "nin": "nin",
	"like": "like", "contains": "contains", "startsWith": "startsWith", "endsWith": "endsWith",
	"lessThan": "<", "lessThanOrEqual": "<=", "greaterThan": ">", "greaterThanOrEqual": ">=",
	"not": "!=", "!": "!=", "!==": "!=",
}

var comparisons = map[string]struct {
	op   Op
	name string
}{
	"<": {Less, "less than"}, "<=": {LessOrEqual, "less than or equal"},
	">": {Greater, "greater than"}, ">=": {GreaterOrEqual, "greater than or equal"},
}

// whereReader checks one where clause.
type whereReader struct {
	m        *Model
	limits   *Limits
	branches int
	values   int
}

func (m *Model) where(v any, limits *Limits) (*Where, verdict, error) {
	switch x := normal(list(v)).(type) {
	case nil:
		return nil, universal, nil
	case []any, float64, string:
		v = map[string]any{m.PrimaryKey.Name: x}
	}
	clause, ok := v.(map[string]any)
	if !ok {
		return nil, open, said("If provided, `where` clause should be a dictionary.  But instead, got: %s", inspect(v))
	}
	r := &whereReader{m: m, limits: limits}
	w, verdict, err := r.clause(clause, 0)
	if err != nil || verdict != open {
		return nil, verdict, err
	}
	return w, open, nil
}

// clause reads a dictionary: all its keys must hold.
func (r *whereReader) clause(clause map[string]any, depth int) (*Where, verdict, error) {
	deepest := maxDepth
	if r.limits.Depth > 0 {
		deepest = min(deepest, r.limits.Depth)
	}
	if depth > deepest {
		return nil, open, said("The predicates of this `where` clause are nested deeper than %d.", deepest)
	}
	keys := make([]string, 0, len(clause))
	for key := range clause {
		keys = append(keys, key)
	}
	sort.Strings(keys) // the same statement for the same criteria
	if err := r.count(len(keys)); err != nil {
		return nil, open, err
	}
	var terms []*Where
	isVoid := false
	for _, key := range keys {
		var w *Where
		var v verdict
		var err error
		if key == "and" || key == "or" {
			w, v, err = r.list(key, clause[key], depth)
		} else if w, v, err = r.constraint(key, clause[key]); err != nil {
			err = said("Could not filter by `%s`: %w", cut(key), err)
		}
		switch {
		case err != nil:
			return nil, open, err
		case v == void: // mistakes in the other terms still count
			isVoid = true
		case v == open:
			terms = append(terms, w)
		}
	}
	if isVoid {
		return nil, void, nil
	}
	return conjoin(And, terms, universal)
}

func conjoin(op Op, terms []*Where, empty verdict) (*Where, verdict, error) {
	switch len(terms) {
	case 0:
		return nil, empty, nil
	case 1:
		return terms[0], open, nil
	}
	return &Where{Op: op, Terms: terms}, open, nil
}

func (r *whereReader) count(n int) error {
	r.branches += n
	if r.limits.Branches > 0 && r.branches > 2*r.limits.Branches {
		return said("There are more than %d terms in this `where` clause.", 2*r.limits.Branches)
	}
	return nil
}

func (r *whereReader) list(key string, v any, depth int) (*Where, verdict, error) {
	var items []any
	switch v := v.(type) {
	case []any:
		items = v
	case []Record:
		items = anys(v)
	default:
		return nil, open, said("Expected an array at `%s`, but instead got: %s\n(`and`/`or` should always be provided with an array on the right-hand side.)", key, inspect(v))
	}
	if r.limits.Branches > 0 && len(items) > r.limits.Branches {
		return nil, open, said("There are more than %d branches at `%s`.", r.limits.Branches, key)
	}
	op, neutral, deciding := And, universal, void
	if key == "or" {
		op, neutral, deciding = Or, void, universal
	}
	var terms []*Where
	decided := false
	for _, item := range items {
		clause, ok := item.(map[string]any)
		if !ok {
			return nil, open, said("Expected each item within an `and`/`or` predicate's array to be a dictionary (plain JavaScript object).  But instead, got: `%s`", inspect(item))
		}
		w, v, err := r.clause(clause, depth+1)
		switch {
		case err != nil:
			return nil, open, err
		case v == deciding:
			decided = true
		case v == open:
			terms = append(terms, w)
		}
	}
	if decided {
		return nil, deciding, nil
	}
	return conjoin(op, terms, neutral)
}

func (r *whereReader) constraint(name string, v any) (*Where, verdict, error) {
	if strings.Contains(name, ".") {
		return nil, open, said("Cannot use dot notation in a constraint target without enabling experimental support for \"deep targets\".  Please try again with `.meta({enableExperimentalDeepTargets:true})`.")
	}
	a := r.m.find(name, r.limits)
	if a == nil {
		return nil, open, said("`%s` is not a recognized attribute for this model (`%s`).  And since the model declares `schema: true`, this is not allowed.", cut(name), r.m.Identity)
	}
	if a.Collection != "" {
		return nil, open, said("Cannot filter by `%s` because it is a plural association (which wouldn't make sense).", name)
	}
	if a.Encrypt && !comparesEncrypted(v) {
		return nil, open, said("The values of `%s` are encrypted, so that records cannot be found by them.", name)
	}
	if items, ok := list(v).([]any); ok {
		return r.in(a, "in", items)
	}
	complex, ok := v.(map[string]any)
	if !ok {
		value, err := r.comparable(a, v)
		return &Where{Op: Is, Attribute: a, Value: value}, open, err
	}
	if len(complex) == 0 {
		return nil, open, said("If specifying a complex constraint, there should always be at least one modifier.  But the constraint provided as `%s` has no keys-- it is just `{}`, an empty dictionary (aka plain JavaScript object).", name)
	}
	keys := make([]string, 0, len(complex))
	for key := range complex {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	if err := r.count(len(keys)); err != nil {
		return nil, open, err
	}
	var terms []*Where
	isVoid := false
	for _, key := range keys {
		w, v, err := r.modifier(a, key, complex[key])
		switch {
		case err != nil:
			return nil, open, err
		case v == void:
			isVoid = true
		case v == open:
			terms = append(terms, w)
		}
	}
	if isVoid {
		return nil, void, nil
	}
	return conjoin(And, terms, universal)
}

// comparesEncrypted reports whether a constraint asks only for null or "", which are
// never encrypted.
func comparesEncrypted(v any) bool {
	if c, ok := v.(map[string]any); ok && len(c) == 1 {
		for key, value := range c {
			if modifiers[key] != "!=" {
				return false
			}
			v = value
		}
	}
	return v == nil || v == ""
}

func (r *whereReader) modifier(a *Attribute, key string, v any) (*Where, verdict, error) {
	kind := modifiers[key]
	v = list(v)
	if items, ok := v.([]any); ok && kind == "!=" {
		return r.in(a, "nin", items)
	}
	switch kind {
	case "!=":
		value, err := r.comparable(a, v)
		if err != nil {
			return nil, open, said("Invalid `!=` (\"not equal\") modifier.  %w", err)
		}
		return &Where{Op: NotEqual, Attribute: a, Value: value}, open, nil
	case "in", "nin":
		items, ok := v.([]any)
		if !ok {
			article := "An `in`"
			if kind == "nin" {
				article = "A `nin` (\"not in\")"
			}
			return nil, open, said("%s modifier should always be provided as an array.  But instead, for the `%s` modifier at `%s`, got: %s", article, kind, a.Name, inspect(v))
		}
		return r.in(a, kind, items)
	case "<", "<=", ">", ">=":
		c := comparisons[kind]
		if a.Type == Boolean {
			return nil, open, said("A `%s` (\"%s\") modifier cannot be used with a boolean attribute.  (Please use `or` instead.)", kind, c.name)
		}
		if v == nil {
			return nil, open, said("Invalid `%s` (\"%s\") modifier.  `null` is not supported with comparison modifiers.  Please use `or: [{ %s: { '!=': null }, ...]` instead.", kind, c.name, a.Name)
		}
		value, err := r.comparable(a, v)
		if err != nil {
			return nil, open, said("Invalid `%s` (\"%s\") modifier.  %w", kind, c.name, err)
		}
		switch value.(type) {
		case string, float64:
		default:
			return nil, open, said("Invalid `%s` (\"%s\") modifier.  Only strings and numbers can be compared.", kind, c.name)
		}
		return &Where{Op: c.op, Attribute: a, Value: value}, open, nil
	case "contains", "startsWith", "endsWith", "like":
		return r.text(a, kind, v)
	}
	return nil, open, said("Unrecognized modifier (`%s`) within provided constraint for `%s`.", cut(key), a.Name)
}

func (r *whereReader) in(a *Attribute, kind string, items []any) (*Where, verdict, error) {
	if len(items) == 0 {
		if kind == "in" {
			return nil, void, nil
		}
		return nil, universal, nil
	}
	if r.limits.In > 0 && len(items) > r.limits.In {
		return nil, open, said("There are more than %d values in the `%s` modifier array.", r.limits.In, kind)
	}
	if r.values += len(items); r.limits.Values > 0 && r.values > r.limits.Values {
		return nil, open, said("There are more than %d values in the `in` and `nin` modifier arrays.", r.limits.Values)
	}
	op, called := In, "`in`"
	if kind == "nin" {
		op, called = NotIn, "`nin` (\"not in\")"
	}
	values := make([]any, len(items))
	for i, item := range items {
		if item == nil {
			article, instead := "an", "null"
			if kind == "nin" {
				article, instead = "a", "{ '!=': null }"
			}
			return nil, open, said("Got unsupported value (`null`) in %s %s modifier array.  Please use `or: [{ %s: %s }, ...]` instead.", article, called, a.Name, instead)
		}
		value, err := r.comparable(a, item)
		if err != nil {
			return nil, open, said("Invalid item within %s modifier array.  %w", called, err)
		}
		values[i] = value
	}
	return &Where{Op: op, Attribute: a, Values: values}, open, nil
}

func (r *whereReader) text(a *Attribute, kind string, v any) (*Where, verdict, error) {
	if a.Type == Number || a.Type == Boolean || a.Temporal() {
		name := map[string]string{"contains": "A `contains` (i.e. string search)", "startsWith": "A `startsWith` (i.e. string search)", "endsWith": "An `endsWith` (i.e. string search)", "like": "A `like` (i.e. SQL-style \"LIKE\")"}[kind]
		return nil, open, said("%s modifier cannot be used with a boolean or numeric attribute (it wouldn't make any sense).", name)
	}
	s, isString := v.(string)
	if kind != "like" {
		cleaned, ok := clean(v, 0)
		if !ok {
			return nil, open, said("Invalid `%s` (string search) modifier.", kind)
		}
		coerced, err := coerce(String, cleaned)
		if err != nil {
			return nil, open, said("Invalid `%s` (string search) modifier.  %w", kind, err)
		}
		s, isString = coerced.(string)
	}
	if kind == "like" && (!isString || s == "") {
		return nil, open, said("Invalid `like` (i.e. SQL-style \"LIKE\") modifier.  Should be provided as a non-empty string, using `%%` symbols as wildcards, but instead, got: %s", inspect(v))
	}
	if r.limits.Text > 0 && len(s) > r.limits.Text {
		return nil, open, said("The text of the `%s` modifier is longer than %d bytes.", kind, r.limits.Text)
	}
	if wild := strings.Count(s, "%") + strings.Count(s, "_"); kind == "like" && r.limits.Wild > 0 && wild > r.limits.Wild {
		return nil, open, said("There are more than %d wildcards in the `like` modifier.", r.limits.Wild)
	}
	s = strings.ToValidUTF8(s, "\uFFFD")
	var segments []string
	switch kind {
	case "contains":
		segments = []string{"", s, ""}
	case "startsWith":
		segments = []string{s, ""}
	case "endsWith":
		segments = []string{"", s}
	case "like":
		segments = pattern(s)
	}
	if s == "" || s == "%%" && kind == "like" {
		return nil, universal, nil
	}
	w := &Where{Op: Like, Attribute: a, Segments: segments}
	if kind == "like" {
		w.Pattern = s
	}
	return w, open, nil
}

// pattern splits a like pattern at its wildcards; \% stands for a percent sign.
func pattern(s string) []string {
	var segments []string
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s) && s[i+1] == '%':
			b.WriteByte('%')
			i++
		case s[i] == '%':
			segments = append(segments, b.String())
			b.Reset()
		default:
			b.WriteByte(s[i])
		}
	}
	return append(segments, b.String())
}

// comparable converts a value to the type of an attribute to compare with it.
func (r *whereReader) comparable(a *Attribute, v any) (any, error) {
	v, ok := clean(v, 0)
	if !ok {
		return nil, said("The value is no JSON value, or nested too deep.")
	}
	if v == nil {
		return nil, nil
	}
	out, err := coerce(a.Type, v)
	if err == nil && a.Temporal() {
		out, err = a.time(v)
	}
	if err == nil {
		return out, nil
	}
	if assoc := r.m.associations[a.Name]; assoc != nil {
		return nil, said("The corresponding attribute (`%s`) is a singular (\"model\") association, but the provided value does not match the declared type of the primary key attribute for the associated model (`%s`).  %w", a.Name, assoc.Target.Identity, err)
	}
	return nil, said("Does not match the declared data type of the corresponding attribute.  %w", err)
}
