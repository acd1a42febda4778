package sioproto

import (
	"encoding"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"sync"
)

var (
	jsonMarshaler = reflect.TypeFor[json.Marshaler]()
	textMarshaler = reflect.TypeFor[encoding.TextMarshaler]()
)

// marshals tells whether values of t say themselves how they look in JSON.
func marshals(t reflect.Type) bool {
	return t.Kind() != reflect.Interface && (t.Implements(jsonMarshaler) || t.Implements(textMarshaler))
}

// isBytes tells whether t is a byte slice: binary on the wire, whatever its name.
// Byte arrays are lists of numbers, as in package encoding/json.
func isBytes(t reflect.Type) bool {
	return t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8 && !marshals(t) &&
		!t.Elem().Implements(jsonMarshaler) && !t.Elem().Implements(textMarshaler)
}

// holdsBinary caches mayHoldBinary by type. Programs have finitely many types.
var holdsBinary sync.Map // reflect.Type → bool

// mayHoldBinary tells whether a value of type t can contain a byte slice. Types
// that cannot are left to package encoding/json without a walk.
func mayHoldBinary(t reflect.Type) bool {
	if known, ok := holdsBinary.Load(t); ok {
		return known.(bool)
	}
	may := searchBinary(t, nil)
	holdsBinary.Store(t, may)
	return may
}

func searchBinary(t reflect.Type, path []reflect.Type) bool {
	if marshals(t) || slices.Contains(path, t) {
		return false
	}
	switch t.Kind() {
	case reflect.Interface:
		return true
	case reflect.Slice, reflect.Array:
		return isBytes(t) || searchBinary(t.Elem(), append(path, t))
	case reflect.Pointer, reflect.Map:
		return searchBinary(t.Elem(), append(path, t))
	case reflect.Struct:
		path = append(path, t)
		for i := range t.NumField() {
			f := t.Field(i)
			if (f.IsExported() || f.Anonymous) && f.Tag.Get("json") != "-" && searchBinary(f.Type, path) {
				return true
			}
		}
	}
	return false
}

// field is one member of a struct's JSON object.
type field struct {
	name      string // quoted, with the colon
	index     []int
	tagged    bool
	omitEmpty bool
	omitZero  bool
	quoted    bool // the "string" option
}

var structFields sync.Map // reflect.Type → []field

func fieldsOf(t reflect.Type) []field {
	if known, ok := structFields.Load(t); ok {
		return known.([]field)
	}
	list := collectFields(t)
	structFields.Store(t, list)
	return list
}

// collectFields lists the fields by the rules of package encoding/json: those of
// embedded structs are promoted, the shallower one wins, then the tagged one, and
// two that are alike hide each other.
func collectFields(t reflect.Type) []field {
	var found []field
	addFields(t, nil, nil, &found)
	var list []field
	for i, f := range found {
		hidden := false
		for j, g := range found {
			if i == j || f.name != g.name {
				continue
			}
			switch {
			case len(g.index) < len(f.index):
				hidden = true
			case len(g.index) == len(f.index) && (g.tagged || !f.tagged):
				hidden = true
			}
		}
		if !hidden {
			list = append(list, f)
		}
	}
	slices.SortStableFunc(list, func(a, b field) int { return slices.Compare(a.index, b.index) })
	return list
}

func addFields(t reflect.Type, index []int, path []reflect.Type, found *[]field) {
	if slices.Contains(path, t) {
		return
	}
	path = append(path, t)
	for i := range t.NumField() {
		f := t.Field(i)
		inner := f.Type
		if inner.Kind() == reflect.Pointer && inner.Name() == "" {
			inner = inner.Elem()
		}
		if !f.IsExported() && !(f.Anonymous && inner.Kind() == reflect.Struct) {
			continue
		}
		tag := f.Tag.Get("json")
		if tag == "-" {
			continue
		}
		name, options, _ := strings.Cut(tag, ",")
		at := append(slices.Clone(index), i)
		if f.Anonymous && name == "" && inner.Kind() == reflect.Struct {
			addFields(inner, at, path, found)
			continue
		}
		if !f.IsExported() {
			continue
		}
		x := field{index: at, tagged: name != ""}
		if name == "" {
			name = f.Name
		}
		x.name = string(append(AppendString(nil, name), ':'))
		for option := range strings.SplitSeq(options, ",") {
			switch option {
			case "omitempty":
				x.omitEmpty = true
			case "omitzero":
				x.omitZero = true
			case "string":
				switch inner.Kind() {
				case reflect.Bool, reflect.String, reflect.Float32, reflect.Float64,
					reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
					reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
					x.quoted = true
				}
			}
		}
		*found = append(*found, x)
	}
}

func (e *Encoder) structure(v reflect.Value, depth int) error {
	e.Buf = append(e.Buf, '{')
	first := true
next:
	for _, f := range fieldsOf(v.Type()) {
		fv := v
		for _, i := range f.index {
			if fv.Kind() == reflect.Pointer {
				if fv.IsNil() {
					continue next
				}
				fv = fv.Elem()
			}
			fv = fv.Field(i)
		}
		if f.omitEmpty && empty(fv) || f.omitZero && zero(fv) {
			continue
		}
		if !first {
			e.Buf = append(e.Buf, ',')
		}
		first = false
		e.Buf = append(e.Buf, f.name...)
		if err := e.member(f, fv, depth+1); err != nil {
			return err
		}
	}
	e.Buf = append(e.Buf, '}')
	return nil
}

func (e *Encoder) member(f field, v reflect.Value, depth int) error {
	if !f.quoted {
		if v.Kind() != reflect.Pointer && v.CanAddr() && reflect.PointerTo(v.Type()).Implements(jsonMarshaler) {
			return e.standard(v.Addr().Interface())
		}
		return e.reflected(v, depth)
	}
	start := len(e.Buf)
	if err := e.reflected(v, depth); err != nil {
		return err
	}
	if text := string(e.Buf[start:]); text != "null" {
		e.Buf = AppendString(e.Buf[:start], text)
	}
	return nil
}

func empty(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Array, reflect.Map, reflect.Slice, reflect.String:
		return v.Len() == 0
	case reflect.Struct:
		return false
	default:
		return v.IsZero()
	}
}

func zero(v reflect.Value) bool {
	if z, ok := v.Interface().(interface{ IsZero() bool }); ok {
		if v.Kind() == reflect.Pointer && v.IsNil() {
			return true
		}
		return z.IsZero()
	}
	return v.IsZero()
}
