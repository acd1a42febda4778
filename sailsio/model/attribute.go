package model

import (
	"fmt"
	"regexp"
)

// mistakes returns what is wrong with a declaration on its own, one sentence
// fragment each.
func (a *Attribute) mistakes() []string {
	var found []string
	add := func(bad bool, format string, args ...any) {
		if bad {
			found = append(found, fmt.Sprintf(format, args...))
		}
	}
	shapes := 0
	for _, given := range []bool{a.Type != "", a.Model != "", a.Collection != ""} {
		if given {
			shapes++
		}
	}
	add(shapes != 1, "give exactly one of Type, Model and Collection")
	switch a.Type {
	case "", String, Number, Boolean, JSON, Ref:
	default:
		add(true, "unknown type %q", a.Type)
	}
	association := a.Model != "" || a.Collection != ""
	automatic := a.AutoCreatedAt || a.AutoUpdatedAt
	add(a.Column != "" && (!columnForm.MatchString(a.Column) || len(a.Column) > maxIdentifier), "column %q is no usable name", a.Column)
	add(a.Collection != "" && a.Column != "", "a collection has no column")
	add(a.Collection != "" && a.Required, "a collection cannot be required")
	add(a.Collection != "" && a.Unique, "a collection cannot be unique")
	add(!association && a.Via != "", "Via is for associations")
	add(a.Collection == "" && a.Through != "", "Through is for collections")
	add(a.Through != "" && a.Via == "", "Through needs Via")
	add(association && a.Default != nil, "an association has no default")
	add(association && a.AllowNull, "AllowNull is not for associations; a to-one association may always be null")
	add(association && (automatic || a.AutoIncrement), "an association cannot be automatic")
	add((a.Type == JSON || a.Type == Ref) && a.AllowNull, "AllowNull is not for json and ref, which may always be null")
	add(a.Required && a.Default != nil, "a required attribute has no default")
	add(a.Required && a.AllowNull, "a required attribute cannot allow null")
	add(a.AllowNull && automatic, "an automatic time cannot be null")
	add(a.AutoCreatedAt && a.AutoUpdatedAt, "give one of AutoCreatedAt and AutoUpdatedAt")
	add(automatic && (a.Required || a.Default != nil), "an automatic time is neither required nor has a default")
	add(automatic && a.Type == Boolean || automatic && a.Type == JSON, "an automatic time is a number, a string or a ref")
	add(a.AutoIncrement && a.Type != Number, "AutoIncrement is for numbers")
	add(a.AutoIncrement && (a.Required || a.Default != nil || a.AllowNull), "an auto-increment attribute is neither required nor nullable and has no default")
	add(a.Encrypt && (association || automatic || a.AutoIncrement || a.Type == Ref), "Encrypt is for strings, numbers, booleans and json")
	add(a.Encrypt && (a.Unique || a.Default != nil), "an encrypted attribute cannot be unique and has no default")
	if a.Default != nil && !association {
		value, ok := clean(a.Default, 0)
		add(!ok || !fits(a.Type, value), "the default is no %s", a.Type)
		if ok {
			a.Default = value
		}
	}
	for _, name := range a.Validations.given() {
		add(association, "%s is not for associations", name)
		add(!association && !applies(name, a.Type), "%s is not for type %s", name, a.Type)
	}
	if a.Validations.Min != nil && a.Validations.Max != nil {
		add(*a.Validations.Min > *a.Validations.Max, "Min is above Max")
	}
	return found
}

// fits reports whether a cleaned value is of a type, without any coercion. Null
// fits only json and ref.
func fits(t Type, v any) bool {
	switch t {
	case String:
		_, ok := v.(string)
		return ok
	case Number:
		_, ok := v.(float64)
		return ok
	case Boolean:
		_, ok := v.(bool)
		return ok
	}
	return true
}

var temporalForm = regexp.MustCompile(`(?i)^\s*(timestamp|timestamptz|datetime|date)\b`)

// Temporal reports whether an attribute is a ref whose column holds times.
func (a *Attribute) Temporal() bool {
	return a.Type == Ref && a.ColumnType != "" && temporalForm.MatchString(a.ColumnType)
}

// time converts a cleaned value, not null, for a column that holds times.
func (a *Attribute) time(v any) (any, error) {
	t, ok := moment(v)
	if !ok || t.Year() < 1 || t.Year() > 9999 {
		return nil, &mismatch{fmt.Sprintf("Specified value (a %s: %s) is no time: give milliseconds since the epoch or a text like '2026-01-31T12:00:00.000Z'.", display(v), compact(v))}
	}
	return jsDate(t), nil
}

// base is what an attribute holds when it was never given a value.
func (a *Attribute) base() any {
	if a.AllowNull || a.Model != "" {
		return nil
	}
	switch a.Type {
	case String:
		return ""
	case Number:
		return float64(0)
	case Boolean:
		return false
	}
	return nil
}
