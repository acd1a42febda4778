package model

import (
	"errors"
	"fmt"
	"time"
)

// CheckNew checks the values for a new record and completes them: values are
// converted where nothing is lost, defaults, base values and automatic times
// are filled in, names that are no attributes are left out. In the result the
// primary key is nil when the database is to number the record, a to-one
// association is a key or nil, and a collection is a []any of keys. The argument
// is not changed. The error is a *UsageError with InvalidNewRecord.
func (m *Model) CheckNew(values Record, now time.Time) (Record, error) {
	out := make(Record, len(m.Attributes))
	for _, a := range m.Attributes {
		v, given := values[a.Name]
		if !given {
			continue
		}
		v, err := m.checkValue(a, v)
		if err != nil {
			details := "Could not use specified `" + a.Name + "`.  " + err.Error()
			if wrong := (*mismatch)(nil); errors.As(err, &wrong) {
				details = "New record contains the wrong type of data for property `" + a.Name + "`.  " + err.Error()
			}
			return nil, m.usage(InvalidNewRecord, details)
		}
		out[a.Name] = v
	}
	for _, a := range m.Attributes {
		if _, given := out[a.Name]; given {
			continue
		}
		assoc := m.associations[a.Name]
		switch {
		case a.Required:
			expected := phrase(a.Type)
			if assoc != nil {
				expected = fmt.Sprintf("a %s (the %s of a %s)", assoc.Target.PrimaryKey.Type, assoc.Target.PrimaryKey.Name, assoc.Target.Identity)
			}
			return nil, m.usage(InvalidNewRecord, "Missing value for required attribute `"+a.Name+"`.  Expected "+expected+", but instead, got: undefined")
		case a == m.PrimaryKey:
			out[a.Name] = nil
		case assoc != nil && assoc.Kind == ToMany:
			out[a.Name] = []any{}
		case a.Default != nil:
			out[a.Name], _ = clean(a.Default, 0) // a copy: defaults may be lists or maps
		case a.AutoCreatedAt || a.AutoUpdatedAt:
			out[a.Name] = a.stamp(now)
		case m.Sparse:
			out[a.Name] = nil
		default:
			out[a.Name] = a.base()
		}
	}
	return out, nil
}

// CheckSet checks the values an update sets, as CheckNew does, but completes
// only the AutoUpdatedAt attributes that are not given. The error is a
// *UsageError with InvalidValuesToSet.
func (m *Model) CheckSet(values Record, now time.Time) (Record, error) {
	out := make(Record, len(values)+1)
	for _, a := range m.Attributes {
		v, given := values[a.Name]
		if !given {
			if a.AutoUpdatedAt {
				out[a.Name] = a.stamp(now)
			}
			continue
		}
		v, err := m.checkValue(a, v)
		if err != nil {
			return nil, m.usage(InvalidValuesToSet, "Could not use specified `"+a.Name+"`.  "+err.Error())
		}
		out[a.Name] = v
	}
	return out, nil
}

func (a *Attribute) stamp(now time.Time) any {
	if a.Type == Number {
		return float64(now.UnixMilli())
	}
	return jsDate(now)
}

func (m *Model) checkValue(a *Attribute, v any) (any, error) {
	if assoc := m.associations[a.Name]; assoc != nil {
		return assoc.checkValue(a, v)
	}
	v, ok := clean(v, 0)
	if !ok {
		return nil, said("The value is no JSON value, or nested too deep.")
	}
	if a == m.PrimaryKey {
		id, err := m.checkID(v)
		if err != nil {
			return nil, said("Invalid primary key value.  %w", err)
		}
		return id, a.violations(id)
	}
	if (a.AutoCreatedAt || a.AutoUpdatedAt) && v == "" {
		form := "JSON timestamp (ISO 8601)"
		if a.Type == Number {
			form = "JS timestamp (unix epoch ms)"
		}
		return nil, said("If specified, should be a valid %s.  But instead, it was empty string (\"\").", form)
	}
	if v == nil && (a.AllowNull || m.Sparse && !a.Required) {
		return nil, nil
	}
	if v == nil && a.Type != JSON && a.Type != Ref && !a.Required {
		return nil, &mismatch{a.nullRefused()}
	}
	coerced, err := coerce(a.Type, v)
	if err != nil {
		return nil, &mismatch{"Specified value is not a valid `" + a.Name + "`.  " + err.Error()}
	}
	if a.Required {
		if coerced == "" {
			return nil, said("Cannot set \"\" (empty string) for a required attribute.")
		}
		if coerced == nil {
			return nil, said("Cannot set `null` for a required attribute.")
		}
	}
	if coerced == nil {
		return nil, nil
	}
	if a.Temporal() {
		if coerced, err = a.time(coerced); err != nil {
			return nil, err
		}
	}
	return coerced, a.violations(coerced)
}

func (a *Attribute) nullRefused() string {
	base := inspect(a.base())
	switch a.Type {
	case String:
		base += "` (empty string)"
	case Number:
		base += "` (zero)"
	default:
		base += "`"
	}
	hint := ""
	if a.Default == nil {
		hint = "Also note: Since this attribute does not define a `defaultsTo`, the base value will be used as an implicit default if `" + a.Name + "` is omitted when creating a record."
	}
	return "Specified value (`null`) is not a valid `" + a.Name + "`.  Even though this attribute is optional, it still does not allow `null` to be explicitly set, because `null` is not valid vs. the expected type: '" + string(a.Type) + "'.  Instead, to indicate \"voidness\", please set the value for this attribute to the base value for its type, `" + base + ".  Or, if you specifically need to save `null`, then change this attribute to either `type: 'json'` or `type: 'ref'`.  " + hint
}

func (a *Attribute) violations(v any) error {
	found := a.Validations.violations(v)
	if len(found) == 0 {
		return nil
	}
	text := "Violated one or more validation rules:\n"
	for _, msg := range found {
		text += "  • " + msg + "\n"
	}
	return said("%s", text)
}

func (assoc *Association) checkValue(a *Attribute, v any) (any, error) {
	if assoc.Kind == ToMany {
		ids, err := assoc.Target.IDs(v)
		if err != nil {
			return nil, said("If specified, expected `%s` to be an array of ids (representing the records to associate).  But instead, got: %s", a.Name, inspect(v))
		}
		return ids, nil
	}
	if v == nil {
		if a.Required {
			return nil, said("Cannot set `null` for required association (`%s`).", a.Name)
		}
		return nil, nil
	}
	id, err := assoc.Target.checkID(v)
	if err != nil {
		return nil, said("Expecting an id representing the associated record, or `null` to indicate there will be no associated record.  But the specified value is not a valid `%s`.  %w", a.Name, err)
	}
	return id, nil
}
