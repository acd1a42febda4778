package virtualrequest

import (
	"encoding"
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/go-sails/sails/internal/rawjson"
)

var errCycle = errors.New("virtualrequest: body nested deeper than 512 levels")

// freeze turns a body value into one of the forms that Response.Body may have,
// independent of v, and returns its approximate size in bytes.
func freeze(v any) (body any, size int64, err error) {
	switch v := v.(type) {
	case nil:
		return json.RawMessage("null"), 4, nil
	case string:
		return strings.Clone(v), int64(len(v)), nil
	case []byte:
		b := append([]byte{}, v...) // not nil: nil is no body
		return b, int64(len(b)), nil
	case json.RawMessage:
		if err := rawjson.Valid(v); err != nil {
			return nil, 0, err
		}
		if !utf8.Valid(v) {
			return nil, 0, errUTF8
		}
		return slices.Clone(v), int64(len(v)), nil
	}
	rv := reflect.ValueOf(v)
	switch holds(rv.Type()) {
	case never:
	default:
		found, err := hasBinary(rv, 0)
		if err != nil {
			return nil, 0, err
		}
		if found {
			return copyTree(rv)
		}
	}
	raw, err := rawjson.Marshal(v)
	if err == nil && !utf8.Valid(raw) { // a MarshalJSON somewhere in v
		err = errUTF8
	}
	return raw, int64(len(raw)), err
}

// holding says whether values of a type can hold a []byte that encoding/json
// would encode by itself.
type holding uint8

const (
	never holding = iota + 1
	perhaps
)

var holdings sync.Map // reflect.Type → holding

var (
	marshalerType = reflect.TypeFor[json.Marshaler]()
	textType      = reflect.TypeFor[encoding.TextMarshaler]()
)

func holds(t reflect.Type) holding {
	if known, ok := holdings.Load(t); ok {
		h, _ := known.(holding)
		return h
	}
	h := never
	if reaches(t, map[reflect.Type]bool{}) {
		h = perhaps
	}
	holdings.Store(t, h)
	return h
}

// isBytes reports whether t is []byte or a type made of it, which encoding/json
// would write in base64.
func isBytes(t reflect.Type) bool {
	return t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8 && !opaque(t) && !opaque(t.Elem())
}

// opaque reports whether encoding/json asks the type itself.
func opaque(t reflect.Type) bool {
	return t.Implements(marshalerType) || t.Implements(textType) ||
		t.Kind() != reflect.Interface && (reflect.PointerTo(t).Implements(marshalerType) || reflect.PointerTo(t).Implements(textType))
}

func reaches(t reflect.Type, seen map[reflect.Type]bool) bool {
	if seen[t] {
		return false
	}
	seen[t] = true
	if opaque(t) {
		return false
	}
	switch t.Kind() {
	case reflect.Interface:
		return true
	case reflect.Slice:
		return isBytes(t) || reaches(t.Elem(), seen)
	case reflect.Array, reflect.Pointer, reflect.Map:
		return reaches(t.Elem(), seen)
	case reflect.Struct:
		for i := range t.NumField() {
			if reaches(t.Field(i).Type, seen) {
				return true
			}
		}
	}
	return false
}

// hasBinary looks for a []byte in v. Values nested too deeply, cyclic ones
// among them, are errors.
func hasBinary(v reflect.Value, depth int) (bool, error) {
	if depth > rawjson.MaxDepth {
		return false, errCycle
	}
	if !v.IsValid() || holds(v.Type()) == never {
		return false, nil
	}
	switch v.Kind() {
	case reflect.Interface, reflect.Pointer:
		return hasBinary(v.Elem(), depth+1)
	case reflect.Slice, reflect.Array:
		if isBytes(v.Type()) {
			return !v.IsNil(), nil
		}
		for i := range v.Len() {
			if found, err := hasBinary(v.Index(i), depth+1); found || err != nil {
				return found, err
			}
		}
	case reflect.Map:
		for it := v.MapRange(); it.Next(); {
			if found, err := hasBinary(it.Value(), depth+1); found || err != nil {
				return found, err
			}
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if !v.Type().Field(i).IsExported() && !v.Type().Field(i).Anonymous {
				continue
			}
			if found, err := hasBinary(v.Field(i), depth+1); found || err != nil {
				return found, err
			}
		}
	}
	return false, nil
}

// copyTree copies a value that holds binary: containers on the way to a []byte
// become map[string]any and []any, everything else its JSON text.
func copyTree(v reflect.Value) (any, int64, error) {
	var size int64
	tree, err := copyValue(v, 0, &size)
	return tree, size, err
}

func copyValue(v reflect.Value, depth int, size *int64) (any, error) {
	if depth > rawjson.MaxDepth {
		return nil, errCycle
	}
	found, err := hasBinary(v, depth)
	if err != nil {
		return nil, err
	}
	if !found {
		var plain any
		if v.IsValid() {
			plain = v.Interface()
		}
		raw, err := rawjson.Marshal(plain)
		*size += int64(len(raw))
		return raw, err
	}
	switch v.Kind() {
	case reflect.Interface, reflect.Pointer:
		return copyValue(v.Elem(), depth+1, size)
	case reflect.Slice, reflect.Array:
		if isBytes(v.Type()) {
			*size += int64(v.Len())
			return append([]byte{}, v.Bytes()...), nil
		}
		out := make([]any, v.Len())
		for i := range out {
			if out[i], err = copyValue(v.Index(i), depth+1, size); err != nil {
				return nil, err
			}
		}
		return out, nil
	case reflect.Map:
		out := make(map[string]any, v.Len())
		for it := v.MapRange(); it.Next(); {
			name, err := keyName(it.Key())
			if err != nil {
				return nil, err
			}
			*size += int64(len(name))
			if out[name], err = copyValue(it.Value(), depth+1, size); err != nil {
				return nil, err
			}
		}
		return out, nil
	}
	return copyStruct(v, depth, size)
}

// keyName is the member name encoding/json gives a map key.
func keyName(key reflect.Value) (string, error) {
	if key.Kind() == reflect.String {
		return key.String(), nil
	}
	one := reflect.MakeMapWithSize(reflect.MapOf(key.Type(), reflect.TypeFor[bool]()), 1)
	one.SetMapIndex(key, reflect.ValueOf(true))
	raw, err := rawjson.Marshal(one.Interface())
	if err != nil {
		return "", err
	}
	name := ""
	err = rawjson.Members(raw, func(k, _ []byte) bool {
		name, _ = rawjson.Text(k)
		return false
	})
	return name, err
}

// copyStruct copies field by field, by the rules of encoding/json's tags.
func copyStruct(v reflect.Value, depth int, size *int64) (any, error) {
	out := make(map[string]any, v.NumField())
	for i := range v.NumField() {
		field := v.Type().Field(i)
		tag := field.Tag.Get("json")
		name, options, _ := strings.Cut(tag, ",")
		fv := v.Field(i)
		if tag == "-" || !field.IsExported() && !field.Anonymous {
			continue
		}
		if omitted(fv, options) {
			continue
		}
		if field.Anonymous && name == "" {
			if embedded := reflect.Indirect(fv); embedded.Kind() == reflect.Struct && !opaque(embedded.Type()) {
				inner, err := copyStruct(embedded, depth+1, size)
				if err != nil {
					return nil, err
				}
				if members, ok := inner.(map[string]any); ok {
					for k, m := range members {
						if _, shadowed := out[k]; !shadowed {
							out[k] = m
						}
					}
				}
				continue
			} else if !embedded.IsValid() || !field.IsExported() {
				continue
			}
		}
		if name == "" {
			name = field.Name
		}
		*size += int64(len(name))
		var err error
		if out[name], err = copyValue(fv, depth+1, size); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func omitted(v reflect.Value, options string) bool {
	for option := range strings.SplitSeq(options, ",") {
		switch option {
		case "omitempty":
			switch v.Kind() {
			case reflect.Slice, reflect.Map, reflect.String, reflect.Array:
				if v.Len() == 0 {
					return true
				}
			case reflect.Struct:
			default:
				if v.IsZero() {
					return true
				}
			}
		case "omitzero":
			if z, ok := v.Interface().(interface{ IsZero() bool }); ok {
				return z.IsZero()
			}
			return v.IsZero()
		}
	}
	return false
}
