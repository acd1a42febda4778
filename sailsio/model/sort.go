package model

import (
	"sort"
	"strings"
)

const sortInvalid = "The `sort` clause in the provided criteria is invalid"

// sort checks a sort clause in any of its forms.
func (m *Model) sort(v any, limits *Limits) ([]Order, error) {
	var terms []any
	switch v := normal(v).(type) {
	case nil:
		return nil, nil
	case string:
		terms = []any{v}
	case []string:
		terms = anys(v)
	case []any:
		terms = v
	case map[string]any:
		var err error
		if terms, err = mongoSort(v); err != nil {
			return nil, err
		}
	default:
		return nil, said(sortInvalid+".  If specified, it should be either a string like `'fullName DESC'`, or an array like `[ { fullName: 'DESC' } ]`.  But instead, got: %s", inspect(v))
	}
	if len(terms) > len(m.Attributes) {
		return nil, said("Cannot sort by the same thing twice!")
	}
	orders := make([]Order, 0, len(terms))
	for _, term := range terms {
		o, err := m.sortTerm(term, limits)
		if err != nil {
			return nil, err
		}
		for _, other := range orders {
			if other.Attribute == o.Attribute {
				return nil, said("Cannot sort by the same thing (`%s`) twice!", o.Attribute.Name)
			}
		}
		orders = append(orders, o)
	}
	return orders, nil
}

// mongoSort turns {name: 1, rank: -1} into a list of terms. The order of the
// keys of a JSON object is lost in a map: they count alphabetically.
func mongoSort(v map[string]any) ([]any, error) {
	names := make([]string, 0, len(v))
	for name := range v {
		names = append(names, name)
	}
	sort.Strings(names)
	var terms []any
	for _, name := range names {
		switch direction := normal(v[name]); {
		case direction == 1.0:
			terms = append(terms, map[string]any{name: "ASC"})
		case direction == -1.0:
			terms = append(terms, map[string]any{name: "DESC"})
		case is[string](direction) && len(v) == 1:
			return nil, said(sortInvalid+".  If specified, it should be either a string like `'fullName DESC'`, or an array like `[ { fullName: 'DESC' } ]`.  But it looks like you might need to wrap this in an array, because instead, got: %s", inspect(v))
		default:
			return nil, said(sortInvalid+".  If specified as a dictionary, it should use Mongo-esque semantics, using -1 and 1 for the sort direction  (something like `{ fullName: -1, rank: 1 }`).  But instead, got: %s", inspect(v))
		}
	}
	return terms, nil
}

func (m *Model) sortTerm(term any, limits *Limits) (Order, error) {
	const problematic = sortInvalid + ", because, although it is an array, one of its items (aka comparator directives) "
	name, direction := "", any("ASC")
	switch term := term.(type) {
	case string:
		pieces := spaces(term)
		if len(pieces) > 2 {
			return Order{}, said("Invalid `sort` clause in criteria. If specifying a string, it should look like e.g. `'emailAddress ASC'`, where the attribute name (\"emailAddress\") is separated from the sort direction (\"ASC\" or \"DESC\") by whitespace.  But instead, got: %s", inspect(term))
		}
		name = pieces[0]
		if len(pieces) == 2 {
			direction = pieces[1]
		}
	case map[string]any:
		if len(term) == 0 {
			return Order{}, said(problematic + "is `{}`, an empty dictionary (aka plain JavaScript object).  But comparator directives are supposed to have _exactly one_ key (e.g. so that they look something like `{ fullName: 'DESC' }`.")
		}
		if len(term) > 1 {
			return Order{}, said(problematic+"is a dictionary (aka plain JavaScript object) with %d keys...  But, that's too many keys.  Comparator directives are supposed to have _exactly one_ key (e.g. so that they look something like `{ fullName: 'DESC' }`.  But instead, this one is: %s", len(term), inspect(term))
		}
		for name, direction = range term {
		}
	default:
		return Order{}, said(problematic+"has an unexpected data type.  Expected every comparator directive to be a dictionary like `{ fullName: 'DESC' }`.  But instead, this one is: %s", inspect(term))
	}
	if strings.Contains(name, ".") {
		return Order{}, said("Cannot use dot notation as the target for a `sort` comparator without enabling experimental support for \"deep targets\".  Please try again with `.meta({enableExperimentalDeepTargets:true})`.")
	}
	a := m.find(name, limits)
	if a == nil {
		return Order{}, said(problematic+"is problematic.  It indicates that we should sort by `%s`-- but that is not a recognized attribute for this model (`%s`).  Since the model declares `schema: true`, this is not allowed.", cut(name), m.Identity)
	}
	if a.Collection != "" {
		return Order{}, said("Cannot sort by `%s` because it corresponds with an \"unsortable\" attribute definition for this model (`%s`).  This attribute is a plural (`collection`) association, so sorting by it is not supported.", name, m.Identity)
	}
	text, ok := direction.(string)
	if ok {
		text = strings.ToUpper(text)
	} else {
		text = inspect(direction)
	}
	if text != "ASC" && text != "DESC" {
		return Order{}, said(problematic+"is problematic.  It indicates that we should sort by `%s`, which is fine.  But then it suggests that Waterline should use `%s` as the sort direction. (Should always be either \"ASC\" or \"DESC\".)", name, cut(text))
	}
	return Order{Attribute: a, Descending: text == "DESC"}, nil
}

// spaces splits at runs of white space, keeping empty pieces at the ends as
// JavaScript's split does.
func spaces(s string) []string {
	pieces := strings.Fields(s)
	if s == "" || strings.TrimLeft(s, " \t\r\n\v\f") != s {
		pieces = append([]string{""}, pieces...)
	}
	if s != "" && strings.TrimRight(s, " \t\r\n\v\f") != s {
		pieces = append(pieces, "")
	}
	return pieces
}
