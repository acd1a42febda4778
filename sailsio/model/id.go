package model

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// CoerceID converts a primary key as it appears in a request or a message to
// the type of this model's key: to a number as JavaScript's parseInt does, or
// to a string (spec 5.3, "PK coercion"). What gives no number becomes nil.
func (m *Model) CoerceID(id any) any {
	id = normal(id)
	if m.PrimaryKey.Type == String {
		if s, ok := id.(string); ok {
			return s
		}
		return FormatID(id)
	}
	switch v := id.(type) {
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil
		}
		return math.Trunc(v)
	case string:
		return parseInt(v)
	}
	return nil
}

// parseInt reads the integer a string begins with; nil when there is none.
func parseInt(s string) any {
	s = strings.TrimSpace(s)
	end := 0
	if end < len(s) && (s[end] == '-' || s[end] == '+') {
		end++
	}
	first := end
	for end < len(s) && s[end] >= '0' && s[end] <= '9' {
		end++
	}
	if end == first {
		return nil
	}
	f, err := strconv.ParseFloat(s[:end], 64)
	if err != nil {
		return nil
	}
	return f
}

// FormatID writes a primary key as JavaScript does when it is put into a
// string, for the names of rooms: 3, not 3e+00. Anything but a string, a number
// or a boolean gives "".
func FormatID(id any) string {
	switch v := normal(id).(type) {
	case string:
		return v
	case float64:
		if math.Abs(v) < 1e21 && (math.Abs(v) >= 1e-6 || v == 0) {
			return strconv.FormatFloat(v, 'f', -1, 64)
		}
		return strconv.FormatFloat(v, 'g', -1, 64)
	case bool:
		return strconv.FormatBool(v)
	}
	return ""
}

// ID returns the primary key of what may be a record, a populated association
// or already a key; nil when there is none.
func (m *Model) ID(v any) any {
	if r, ok := v.(Record); ok {
		return normal(r[m.PrimaryKey.Name])
	}
	switch v := normal(v).(type) {
	case string, float64:
		return v
	}
	return nil
}

// normal converts Go's numeric types to float64 and leaves other values alone.
func normal(v any) any {
	switch n := v.(type) {
	case int:
		return float64(n)
	case int8:
		return float64(n)
	case int16:
		return float64(n)
	case int32:
		return float64(n)
	case int64:
		return float64(n)
	case uint:
		return float64(n)
	case uint8:
		return float64(n)
	case uint16:
		return float64(n)
	case uint32:
		return float64(n)
	case uint64:
		return float64(n)
	case float32:
		return float64(n)
	case fmt.Stringer:
		if num, ok := v.(interface{ Float64() (float64, error) }); ok { // json.Number
			if f, err := num.Float64(); err == nil {
				return f
			}
		}
	}
	return v
}
