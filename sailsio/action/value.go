package action

import (
	"encoding/json"
	"errors"
	"strconv"

	"github.com/go-sails/sails/internal/rawjson"
)

// ErrUndefined is returned when a parameter that was not sent is decoded.
var ErrUndefined = errors.New("action: parameter is not defined")

// Value is one parameter: a JSON value from the body, or a string from the path
// or query. The zero Value is undefined: the parameter was not sent. Values are
// immutable.
type Value struct {
	raw  json.RawMessage // JSON text, nil for plain strings
	text string
	kind kind
}

type kind uint8

const (
	undefined kind = iota
	plainText
	jsonText
)

func stringValue(s string) Value          { return Value{text: s, kind: plainText} }
func jsonValue(raw json.RawMessage) Value { return Value{raw: raw, kind: jsonText} }

// Defined reports whether the parameter was sent; null counts as sent.
func (v Value) Defined() bool { return v.kind != undefined }

// String returns a string's text, a number as it was spelled, true, false, and
// for arrays and objects their JSON text. It is "" for undefined and null.
func (v Value) String() string {
	switch {
	case v.kind == plainText:
		return v.text
	case v.kind == undefined || string(v.raw) == "null":
		return ""
	case v.raw[0] == '"':
		s, _ := rawjson.Text(v.raw)
		return s
	}
	return string(v.raw)
}

// Int returns the value as an integer, from a number or from a string that
// spells one, and whether it is one.
func (v Value) Int() (int64, bool) {
	s := v.String()
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil
}

// JSON returns the value's JSON text, bit for bit as sent for parts of a JSON
// body. It is nil for undefined and must not be changed.
func (v Value) JSON() json.RawMessage {
	if v.kind == plainText {
		return rawjson.AppendString(make([]byte, 0, len(v.text)+2), v.text)
	}
	return v.raw
}

// append appends the value's JSON text to out; undefined is null.
func (v *Value) append(out []byte) []byte {
	switch v.kind {
	case plainText:
		return rawjson.AppendString(out, v.text)
	case jsonText:
		return append(out, v.raw...)
	}
	return append(out, "null"...)
}

// Decode decodes the value into dst as encoding/json does. It returns
// ErrUndefined when there is no value.
func (v Value) Decode(dst any) error {
	if v.kind == undefined {
		return ErrUndefined
	}
	return json.Unmarshal(v.JSON(), dst)
}

// MarshalJSON implements json.Marshaler; undefined is null.
func (v Value) MarshalJSON() ([]byte, error) {
	if raw := v.JSON(); raw != nil {
		return raw, nil
	}
	return []byte("null"), nil
}
