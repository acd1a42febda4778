package model

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"sort"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxDepth bounds how deep values and criteria may nest (SEC-2).
const maxDepth = 100

// clean converts a value from Go code or from a request to the kinds that
// records hold, copying what can be changed. It reports false for values that
// JSON cannot express and for those nested too deep.
func clean(v any, depth int) (any, bool) {
	if depth > maxDepth {
		return nil, false
	}
	switch v := normal(v).(type) {
	case nil, bool:
		return v, true
	case string:
		if !utf8.ValidString(v) {
			return strings.ToValidUTF8(v, "\uFFFD"), true
		}
		return v, true
	case float64:
		return v, !math.IsNaN(v) && !math.IsInf(v, 0)
	case []any:
		out := make([]any, len(v))
		for i := range v {
			var ok bool
			if out[i], ok = clean(v[i], depth+1); !ok {
				return nil, false
			}
		}
		return out, true
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, item := range v {
			var ok bool
			if out[k], ok = clean(item, depth+1); !ok {
				return nil, false
			}
		}
		return out, true
	default:
		return encodeDecode(v)
	}
}

// encodeDecode brings a Go value of any other type to JSON's kinds.
func encodeDecode(v any) (any, bool) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, false
	}
	var out any
	if json.Unmarshal(b, &out) != nil || !shallow(out, 0) {
		return nil, false
	}
	return out, true
}

func shallow(v any, depth int) bool {
	if depth > maxDepth {
		return false
	}
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			if !shallow(item, depth+1) {
				return false
			}
		}
	case map[string]any:
		for _, item := range v {
			if !shallow(item, depth+1) {
				return false
			}
		}
	}
	return true
}

// Equal reports whether two values are the same as JSON values. Go's numeric
// types count as numbers. It never panics.
func Equal(a, b any) bool {
	a, b = normal(a), normal(b)
	switch a := a.(type) {
	case nil:
		return b == nil
	case string, float64, bool:
		switch b.(type) {
		case string, float64, bool:
			return a == b
		}
		return false
	}
	return reflect.DeepEqual(a, b)
}

// inspect writes a value the way Node's util.inspect does in the messages of
// Sails: strings in single quotes, objects with bare keys. Long values are cut.
func inspect(v any) string {
	var b strings.Builder
	write(&b, v, 0)
	return cut(b.String())
}

// maxShown bounds how much of a value a message repeats.
const maxShown = 500

func cut(s string) string {
	if len(s) <= maxShown {
		return s
	}
	return strings.ToValidUTF8(s[:maxShown], "") + "…"
}

func write(b *strings.Builder, v any, depth int) {
	if b.Len() > maxShown {
		return
	}
	switch v := normal(v).(type) {
	case nil:
		b.WriteString("null")
	case bool:
		b.WriteString(strconv.FormatBool(v))
	case float64:
		b.WriteString(FormatID(v))
	case string:
		if !strings.Contains(v, "'") {
			b.WriteString("'" + escape(v) + "'")
		} else if !strings.Contains(v, `"`) {
			b.WriteString(`"` + escape(v) + `"`)
		} else {
			b.WriteString("'" + strings.ReplaceAll(escape(v), "'", `\'`) + "'")
		}
	case []any:
		switch {
		case len(v) == 0:
			b.WriteString("[]")
		case depth > 4:
			b.WriteString("[Array]")
		default:
			b.WriteString("[ ")
			for i, item := range v {
				if i > 0 {
					b.WriteString(", ")
				}
				write(b, item, depth+1)
			}
			b.WriteString(" ]")
		}
	case map[string]any:
		switch {
		case len(v) == 0:
			b.WriteString("{}")
		case depth > 4:
			b.WriteString("[Object]")
		default:
			keys := make([]string, 0, len(v))
			for k := range v {
				keys = append(keys, k)
			}
			sort.Strings(keys)
			b.WriteString("{ ")
			for i, k := range keys {
				if i > 0 {
					b.WriteString(", ")
				}
				if attributeForm.MatchString(k) {
					b.WriteString(k)
				} else {
					b.WriteString("'" + escape(k) + "'")
				}
				b.WriteString(": ")
				write(b, v[k], depth+1)
			}
			b.WriteString(" }")
		}
	default:
		fmt.Fprintf(b, "a Go value of type %T", v)
	}
}

func escape(s string) string {
	return strings.NewReplacer("\\", `\\`, "\n", `\n`, "\r", `\r`, "\t", `\t`).Replace(s)
}
