package sioproto

import (
	"bytes"
	"encoding"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strconv"
	"sync"
	"unicode/utf8"

	"github.com/go-sails/sails/internal/rawjson"
)

// maxEncodeDepth bounds the nesting of values walked by this package; what
// package encoding/json walks, it bounds itself.
const maxEncodeDepth = 1000

var (
	errEncodeDepth = errors.New("sioproto: value is nested too deep or contains itself")
	errNumber      = errors.New("sioproto: NaN and infinities have no JSON form")
)

// Encoder writes the JSON of a packet. Byte slices at any depth leave the text:
// they become placeholders and are listed in Attachments.
type Encoder struct {
	Buf         []byte
	Attachments [][]byte
}

var encoders = sync.Pool{New: func() any { return new(Encoder) }}

// maxPooled is the largest buffer kept for reuse.
const maxPooled = 64 << 10

// NewEncoder returns an empty Encoder from a pool.
func NewEncoder() *Encoder { return encoders.Get().(*Encoder) }

// Release gives e back to the pool; neither e nor e.Buf may be used afterwards.
// The attachments stay valid: they are the values' own bytes.
func (e *Encoder) Release() {
	if cap(e.Buf) > maxPooled {
		return
	}
	e.Buf = e.Buf[:0]
	e.Attachments = nil
	encoders.Put(e)
}

// Write appends raw bytes; it makes an Encoder an io.Writer.
func (e *Encoder) Write(p []byte) (int, error) {
	e.Buf = append(e.Buf, p...)
	return len(p), nil
}

// Spliced appends a value that was received, bit for bit. Its placeholders, which
// refer to attachments, get new numbers.
func (e *Encoder) Spliced(value []byte, attachments [][]byte) error {
	if len(attachments) == 0 {
		e.Buf = append(e.Buf, value...)
		return nil
	}
	last := 0
	err := EachPlaceholder(value, func(start, end, num int) {
		e.Buf = append(e.Buf, value[last:start]...)
		if num < len(attachments) {
			e.attach(attachments[num])
		} else {
			e.Buf = append(e.Buf, "null"...)
		}
		last = end
	})
	e.Buf = append(e.Buf, value[last:]...)
	return err
}

func (e *Encoder) attach(b []byte) {
	e.Buf = AppendPlaceholder(e.Buf, len(e.Attachments))
	e.Attachments = append(e.Attachments, b)
}

// Value appends v, any value package encoding/json can encode. A json.RawMessage
// is checked and then copied bit for bit. On an error the buffer may hold a part.
func (e *Encoder) Value(v any) error { return e.value(v, 0) }

func (e *Encoder) value(v any, depth int) error {
	if depth > maxEncodeDepth {
		return errEncodeDepth
	}
	switch v := v.(type) {
	case nil:
		e.Buf = append(e.Buf, "null"...)
	case bool:
		e.Buf = strconv.AppendBool(e.Buf, v)
	case string:
		e.Buf = AppendString(e.Buf, v)
	case int:
		e.Buf = strconv.AppendInt(e.Buf, int64(v), 10)
	case int64:
		e.Buf = strconv.AppendInt(e.Buf, v, 10)
	case uint64:
		e.Buf = strconv.AppendUint(e.Buf, v, 10)
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return errNumber
		}
		e.Buf = AppendNumber(e.Buf, v)
	case []byte:
		if v == nil {
			e.Buf = append(e.Buf, "null"...)
			return nil
		}
		e.attach(v)
	case json.RawMessage:
		return e.raw(v)
	case *rawjson.Trusted:
		e.Buf = append(e.Buf, *v...)
	case []any:
		return e.list(v, depth)
	case map[string]any:
		return e.dict(v, depth)
	default:
		t := reflect.TypeOf(v)
		if !mayHoldBinary(t) {
			return e.standard(v)
		}
		return e.reflected(reflect.ValueOf(v), depth)
	}
	return nil
}

func (e *Encoder) raw(v json.RawMessage) error {
	if v == nil {
		e.Buf = append(e.Buf, "null"...)
		return nil
	}
	value, err := Valid(v, 10*DefaultMaxDepth)
	if err != nil {
		return fmt.Errorf("sioproto: json.RawMessage: %w", err)
	}
	if !utf8.Valid(value) {
		return errors.New("sioproto: json.RawMessage is not UTF-8")
	}
	e.Buf = append(e.Buf, value...)
	return nil
}

func (e *Encoder) list(v []any, depth int) error {
	if v == nil {
		e.Buf = append(e.Buf, "null"...)
		return nil
	}
	e.Buf = append(e.Buf, '[')
	for i, x := range v {
		if i > 0 {
			e.Buf = append(e.Buf, ',')
		}
		if err := e.value(x, depth+1); err != nil {
			return err
		}
	}
	e.Buf = append(e.Buf, ']')
	return nil
}

func (e *Encoder) dict(v map[string]any, depth int) error {
	if v == nil {
		e.Buf = append(e.Buf, "null"...)
		return nil
	}
	e.Buf = append(e.Buf, '{')
	for i, k := range slices.Sorted(maps.Keys(v)) {
		if i > 0 {
			e.Buf = append(e.Buf, ',')
		}
		e.Buf = append(AppendString(e.Buf, k), ':')
		if err := e.value(v[k], depth+1); err != nil {
			return err
		}
	}
	e.Buf = append(e.Buf, '}')
	return nil
}

// standard leaves a value without binary parts to package encoding/json.
func (e *Encoder) standard(v any) error {
	enc := json.NewEncoder(e)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return err
	}
	e.Buf = bytes.TrimSuffix(e.Buf, []byte{'\n'})
	return nil
}

// reflected walks a value whose type may hold byte slices, by the rules of
// package encoding/json.
func (e *Encoder) reflected(v reflect.Value, depth int) error {
	if depth > maxEncodeDepth {
		return errEncodeDepth
	}
	t := v.Type()
	if marshals(t) || !mayHoldBinary(t) {
		return e.standard(v.Interface())
	}
	switch t.Kind() {
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			e.Buf = append(e.Buf, "null"...)
			return nil
		}
		if t.Kind() == reflect.Interface {
			return e.value(v.Elem().Interface(), depth+1)
		}
		return e.reflected(v.Elem(), depth+1)
	case reflect.Slice, reflect.Array:
		return e.sequence(v, depth)
	case reflect.Map:
		return e.mapping(v, depth)
	case reflect.Struct:
		return e.structure(v, depth)
	default:
		return e.standard(v.Interface())
	}
}

func (e *Encoder) sequence(v reflect.Value, depth int) error {
	if v.Kind() == reflect.Slice && v.IsNil() {
		e.Buf = append(e.Buf, "null"...)
		return nil
	}
	if isBytes(v.Type()) {
		e.attach(v.Bytes())
		return nil
	}
	e.Buf = append(e.Buf, '[')
	for i := range v.Len() {
		if i > 0 {
			e.Buf = append(e.Buf, ',')
		}
		if err := e.reflected(v.Index(i), depth+1); err != nil {
			return err
		}
	}
	e.Buf = append(e.Buf, ']')
	return nil
}

func (e *Encoder) mapping(v reflect.Value, depth int) error {
	if v.IsNil() {
		e.Buf = append(e.Buf, "null"...)
		return nil
	}
	type entry struct {
		key   string
		value reflect.Value
	}
	entries := make([]entry, 0, v.Len())
	for it := v.MapRange(); it.Next(); {
		key, err := mapKey(it.Key())
		if err != nil {
			return err
		}
		entries = append(entries, entry{key, it.Value()})
	}
	slices.SortFunc(entries, func(a, b entry) int {
		if a.key < b.key {
			return -1
		}
		return 1
	})
	e.Buf = append(e.Buf, '{')
	for i, x := range entries {
		if i > 0 {
			e.Buf = append(e.Buf, ',')
		}
		e.Buf = append(AppendString(e.Buf, x.key), ':')
		if err := e.reflected(x.value, depth+1); err != nil {
			return err
		}
	}
	e.Buf = append(e.Buf, '}')
	return nil
}

func mapKey(k reflect.Value) (string, error) {
	if k.Kind() == reflect.String {
		return k.String(), nil
	}
	if m, ok := k.Interface().(encoding.TextMarshaler); ok {
		if k.Kind() == reflect.Pointer && k.IsNil() {
			return "", nil
		}
		b, err := m.MarshalText()
		return string(b), err
	}
	switch {
	case k.CanInt():
		return strconv.FormatInt(k.Int(), 10), nil
	case k.CanUint():
		return strconv.FormatUint(k.Uint(), 10), nil
	}
	return "", fmt.Errorf("sioproto: map key of type %s", k.Type())
}

// AppendString appends s as a JSON string. Bytes that are not UTF-8 become U+FFFD.
func AppendString(dst []byte, s string) []byte { return rawjson.AppendString(dst, s) }

// AppendNumber appends a finite f as JavaScript spells it.
func AppendNumber(dst []byte, f float64) []byte {
	if f == 0 {
		return append(dst, '0') // -0 too
	}
	format := byte('f')
	if abs := math.Abs(f); abs < 1e-6 || abs >= 1e21 {
		format = 'e'
	}
	dst = strconv.AppendFloat(dst, f, format, -1, 64)
	if n := len(dst); format == 'e' && n >= 4 && dst[n-3] == '-' && dst[n-2] == '0' {
		dst[n-2] = dst[n-1] // e-07 is e-7
		dst = dst[:n-1]
	}
	return dst
}

// AppendInlined appends value with each placeholder replaced by the attachment's
// bytes as a base64 string, the form in which package encoding/json reads a []byte.
func AppendInlined(dst, value []byte, attachments [][]byte) ([]byte, error) {
	last := 0
	err := EachPlaceholder(value, func(start, end, num int) {
		dst = append(dst, value[last:start]...)
		dst = append(dst, '"')
		if num < len(attachments) {
			dst = base64.StdEncoding.AppendEncode(dst, attachments[num])
		}
		dst = append(dst, '"')
		last = end
	})
	return append(dst, value[last:]...), err
}
