package project

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// literal writes a value of plain data as Go source: structs without the fields that
// are zero, slices, maps with strings as keys, pointers to simple values, strings,
// numbers, booleans.
func literal(v any) (string, error) {
	var b strings.Builder
	err := writeLiteral(&b, reflect.ValueOf(v), true)
	return b.String(), err
}

// simple reports whether a value fits into one line.
func simple(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Struct:
		fields := 0
		for i := range v.NumField() {
			if f := v.Field(i); !f.IsZero() {
				if fields++; fields > 4 || !simple(f) || f.Kind() == reflect.Struct {
					return false
				}
			}
		}
		return true
	case reflect.Slice:
		for i := range v.Len() {
			if item := v.Index(i); item.Kind() == reflect.Struct || !simple(item) {
				return false
			}
		}
		return v.Len() <= 6
	case reflect.Map:
		return false
	case reflect.Pointer, reflect.Interface:
		return v.IsNil() || simple(v.Elem())
	}
	return true
}

// writeLiteral names the type only where Go needs it.
func writeLiteral(b *strings.Builder, v reflect.Value, named bool) error {
	name := ""
	if named {
		name = v.Type().String()
	}
	switch v.Kind() {
	case reflect.Struct:
		line := "\n" // what ends one
		if simple(v) {
			line = ""
		}
		b.WriteString(name + "{")
		empty := true
		for i := range v.NumField() {
			if v.Field(i).IsZero() {
				continue
			}
			if empty {
				b.WriteString(line)
			} else {
				b.WriteString("," + cmp.Or(line, " "))
			}
			empty = false
			b.WriteString(v.Type().Field(i).Name + ": ")
			if err := writeLiteral(b, v.Field(i), true); err != nil {
				return err
			}
		}
		if !empty && line != "" {
			b.WriteString("," + line)
		}
		b.WriteByte('}')
	case reflect.Slice:
		if raw, ok := v.Interface().(json.RawMessage); ok {
			b.WriteString("json.RawMessage(" + strconv.Quote(string(raw)) + ")")
			return nil
		}
		line := "\n"
		if simple(v) {
			line = ""
		}
		b.WriteString(name + "{")
		for i := range v.Len() {
			if i > 0 && line == "" {
				b.WriteString(", ")
			}
			b.WriteString(line)
			if err := writeLiteral(b, v.Index(i), false); err != nil {
				return err
			}
			if line != "" {
				b.WriteByte(',')
			}
		}
		b.WriteString(line + "}")
	case reflect.Map:
		b.WriteString(name + "{")
		keys := map[string]reflect.Value{}
		for _, k := range v.MapKeys() {
			keys[k.String()] = k
		}
		for _, key := range slices.Sorted(maps.Keys(keys)) {
			b.WriteString("\n" + strconv.Quote(key) + ": ")
			if err := writeLiteral(b, v.MapIndex(keys[key]), false); err != nil {
				return err
			}
			b.WriteByte(',')
		}
		b.WriteString("\n}")
	case reflect.Pointer:
		if v.Elem().Kind() == reflect.Struct {
			b.WriteByte('&')
			return writeLiteral(b, v.Elem(), true)
		}
		b.WriteString("new(")
		if err := writeLiteral(b, v.Elem(), true); err != nil {
			return err
		}
		b.WriteByte(')')
	case reflect.String:
		b.WriteString(strconv.Quote(v.String()))
	case reflect.Bool:
		b.WriteString(strconv.FormatBool(v.Bool()))
	case reflect.Int, reflect.Int64:
		b.WriteString(strconv.FormatInt(v.Int(), 10))
	case reflect.Float64:
		text := strconv.FormatFloat(v.Float(), 'g', -1, 64)
		if named && !strings.ContainsAny(text, ".e") {
			text += ".0" // or it would be an int
		}
		b.WriteString(text)
	case reflect.Interface:
		if v.IsNil() {
			b.WriteString("nil")
			return nil
		}
		return writeLiteral(b, v.Elem(), true)
	default:
		return fmt.Errorf("a %s cannot be written as Go", v.Type())
	}
	return nil
}
