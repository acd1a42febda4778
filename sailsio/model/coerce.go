package model

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// mismatch is the error of a value that does not fit a type even after the
// lossless conversions Sails makes.
type mismatch struct{ text string }

func (e *mismatch) Error() string { return e.text }

// coerce converts a cleaned value to a type where nothing is lost: numbers and
// booleans to strings, strings and booleans to numbers, and "true", "false",
// "1", "0", 1 and 0 to booleans. json and ref take everything.
func coerce(t Type, v any) (any, error) {
	switch t {
	case String:
		switch v := v.(type) {
		case string:
			return v, nil
		case float64, bool:
			return FormatID(v), nil
		}
	case Number:
		switch v := v.(type) {
		case float64:
			return v, nil
		case bool:
			if v {
				return 1.0, nil
			}
			return 0.0, nil
		case string:
			if f, ok := jsNumber(v); ok {
				return f, nil
			}
		}
	case Boolean:
		switch v {
		case true, "true", "1", 1.0:
			return true, nil
		case false, "false", "0", 0.0:
			return false, nil
		}
	default:
		return v, nil
	}
	return nil, &mismatch{fmt.Sprintf("1 error validating value: \n • Specified value (a %s: %s) doesn't match the expected type: '%s'", display(v), compact(v), t)}
}

// jsNumber reads a string as JavaScript's unary plus does, but refuses blanks,
// the empty string and infinities.
func jsNumber(s string) (float64, bool) {
	if s == "" || len(s) > 400 || strings.ContainsAny(s, " \t\r\n\v\f\u00a0_pP") {
		return 0, false
	}
	if len(s) > 2 && s[0] == '0' {
		base := map[byte]int{'x': 16, 'X': 16, 'o': 8, 'O': 8, 'b': 2, 'B': 2}[s[1]]
		if base != 0 {
			n, err := strconv.ParseUint(s[2:], base, 64)
			return float64(n), err == nil
		}
	}
	if strings.Trim(s, "0123456789+-.eE") != "" {
		return 0, false
	}
	f, err := strconv.ParseFloat(s, 64)
	return f, err == nil && !math.IsInf(f, 0) && !math.IsNaN(f)
}

func display(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case string:
		return "string"
	case float64:
		return "number"
	case bool:
		return "boolean"
	case []any:
		return "array"
	}
	return "dictionary"
}

// compact is inspect with strings always in single quotes.
func compact(v any) string {
	if s, ok := v.(string); ok {
		return "'" + cut(strings.ReplaceAll(escape(s), "'", `\'`)) + "'"
	}
	return inspect(v)
}

func phrase(t Type) string {
	switch t {
	case JSON:
		return "a JSON-compatible value"
	case Ref:
		return "a value"
	}
	return "a " + string(t)
}

const maxSafeInteger = 1<<53 - 1

// checkID checks a primary key that refers to a record of this model and
// converts strings of digits for number keys. The error says what is wrong.
func (m *Model) checkID(v any) (any, error) {
	v, ok := clean(v, 0)
	if !ok {
		return nil, said("the value is no JSON value")
	}
	if m.PrimaryKey.Type == String {
		s, ok := v.(string)
		switch {
		case !ok:
			return nil, said("Instead of a string (the expected pk type), the provided value is: %s", inspect(v))
		case s == "":
			return nil, said("Cannot use empty string ('') as a primary key value.")
		}
		return s, nil
	}
	f, ok := v.(float64)
	if !ok {
		s, isString := v.(string)
		const advice = "To resolve this error, pass in a valid base-10, non-zero, positive integer instead.  " +
			"(Or if you must use strings, then change the relevant model's pk attribute from `type: 'number'` to `type: 'string'`.)"
		if !isString {
			return nil, said("Instead of a number (the expected pk type), got: %s", inspect(v))
		}
		if s == "" || strings.Trim(s, "0123456789") != "" {
			return nil, said("Instead of a number, the provided value (`%s`) is a string, and it cannot be coerced into a valid primary key value automatically (contains characters other than numerals 0-9).  %s", inspect(s), advice)
		}
		var err error
		if f, err = strconv.ParseFloat(s, 64); err != nil || f > maxSafeInteger {
			return nil, said("Instead of a valid number, the provided value (`%s`) is a string that looks like a number.  But it cannot be coerced automatically because, despite its \"numbery\" appearance, it's just too big!  %s", inspect(s), advice)
		}
	}
	switch {
	case f == 0:
		return nil, said("Cannot use zero (0) as a primary key value.")
	case f < 0:
		return nil, said("Cannot use a negative number (%s) as a primary key value.", FormatID(f))
	case f != math.Trunc(f):
		return nil, said("Cannot use a floating point number (%s) as a primary key value.", FormatID(f))
	case f > maxSafeInteger:
		return nil, said("Cannot use the provided value (`%s`), because it is too large to safely fit into a JavaScript integer (i.e. `> Number.MAX_SAFE_INTEGER`)", FormatID(f))
	}
	return f, nil
}

// IDs checks one primary key of this model or a list of them and returns the
// distinct ones in order. The error is plain text for the details of a
// UsageError.
func (m *Model) IDs(v any) ([]any, error) {
	kind := string(m.PrimaryKey.Type)
	v = list(v)
	items, many := v.([]any)
	if !many {
		switch normal(v).(type) {
		case string, float64:
			items = []any{v}
		default:
			name := "undefined"
			if v != nil {
				name = "object"
				if is[bool](v) {
					name = "boolean"
				}
			}
			shown := name
			if v != nil {
				shown = inspect(v)
			}
			return nil, said("Expecting either an individual primary key value (a %s) or a homogeneous array of primary key values (%ss).  But instead got a %s: %s", kind, kind, name, shown)
		}
	}
	ids := make([]any, 0, len(items))
	seen := make(map[any]bool, len(items))
	for _, item := range items {
		id, err := m.checkID(item)
		if err != nil {
			if many {
				return nil, said("One of the values in the provided array is not valid primary key value.  %w", err)
			}
			return nil, said("The provided value is not valid primary key value.  %w", err)
		}
		if !seen[id] {
			seen[id] = true
			ids = append(ids, id)
		}
	}
	return ids, nil
}

// list turns the slices Go code is likely to hold keys in into []any.
func list(v any) any {
	switch v := v.(type) {
	case []string:
		return anys(v)
	case []int:
		return anys(v)
	case []int64:
		return anys(v)
	case []float64:
		return anys(v)
	}
	return v
}

func anys[T any](in []T) []any {
	out := make([]any, len(in))
	for i := range in {
		out[i] = in[i]
	}
	return out
}

// Convert converts a value to the attribute's type where nothing is lost, as
// create does, without checking anything else. Null stays null.
func (a *Attribute) Convert(v any) (any, error) {
	v, ok := clean(v, 0)
	if !ok {
		return nil, said("model: the value of %s is no JSON value", a.Name)
	}
	if v == nil {
		return nil, nil
	}
	return coerce(a.Type, v)
}

// Base is what an attribute holds in a record that never got a value for it:
// null, "", 0 or false, by its type.
func (a *Attribute) Base() any { return a.base() }
