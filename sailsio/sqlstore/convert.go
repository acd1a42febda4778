package sqlstore

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/go-sails/sails/sailsio/model"
)

// jsonArg is a parameter that holds JSON text.
type jsonArg string

// encode makes a parameter of a value that a column of the attribute takes.
func encode(a *model.Attribute, v any) (any, error) {
	if v == nil {
		return nil, nil
	}
	if a.Encrypt { // the column is text
		return model.FormatID(v), nil
	}
	if a.Temporal() {
		return encodeTime(a, v)
	}
	switch a.Type {
	case model.JSON, model.Ref:
		return encodeJSON(v)
	case model.String:
		if s, ok := v.(string); ok {
			return s, nil
		}
	case model.Boolean:
		if b, ok := v.(bool); ok {
			return b, nil
		}
	case model.Number:
		if f, ok := v.(float64); ok && !math.IsNaN(f) && !math.IsInf(f, 0) {
			return wholeNumber(f), nil
		}
	}
	return nil, fmt.Errorf("sqlstore: attribute %s holds a %T, which is no %s", a.Name, v, a.Type)
}

// wholeNumber makes an integer of a number that is one, for integer columns.
func wholeNumber(f float64) any {
	if f == math.Trunc(f) && math.Abs(f) < 1<<63 {
		return int64(f)
	}
	return f
}

// encodeJSON writes a value as JSON with sorted keys, so that equal values have
// equal text.
func encodeJSON(v any) (any, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, fmt.Errorf("sqlstore: encoding JSON: %w", err)
	}
	return jsonArg(bytes.TrimSpace(b.Bytes())), nil
}

// decode makes a value of the attribute's type of what the driver scanned.
func decode(a *model.Attribute, v any) (any, error) {
	if v == nil {
		return nil, nil
	}
	if b, ok := v.([]byte); ok {
		if a.Type == model.Boolean && len(b) == 1 && b[0] <= 1 { // BIT(1)
			return b[0] == 1, nil
		}
		v = string(b)
	}
	if a.Encrypt && isSealed(v) {
		return v, nil
	}
	switch a.Type {
	case model.Number:
		return decodeNumber(a, v)
	case model.Boolean:
		switch v := v.(type) {
		case bool:
			return v, nil
		case int64:
			return v != 0, nil
		case float64:
			return v != 0, nil
		case string:
			return v != "" && v != "0" && v != "f" && v != "false", nil
		}
	case model.String:
		switch v := v.(type) {
		case string:
			return v, nil
		case int64:
			return strconv.FormatInt(v, 10), nil
		case time.Time:
			return v.UTC().Format(isoForm), nil
		case float64, bool:
			return model.FormatID(v), nil
		}
	default:
		if a.Temporal() {
			return decodeTime(v), nil
		}
		return decodeJSON(v), nil
	}
	return nil, fmt.Errorf("sqlstore: column of %s holds a %T, which is no %s", a.Name, v, a.Type)
}

func decodeNumber(a *model.Attribute, v any) (any, error) {
	switch v := v.(type) {
	case int64:
		return float64(v), nil
	case float64:
		return v, nil
	case bool:
		if v {
			return 1.0, nil
		}
		return 0.0, nil
	case time.Time:
		return float64(v.UnixMilli()), nil
	case string:
		if f, err := strconv.ParseFloat(v, 64); err == nil {
			return f, nil
		}
		if t, ok := parseTime(v); ok { // MySQL's DATETIME
			return float64(t.UnixMilli()), nil
		}
	}
	return nil, fmt.Errorf("sqlstore: column of %s holds a %T, which is no number", a.Name, v)
}

// decodeJSON reads JSON text; a column that Sails' ref may have filled with
// something else is taken as it is.
func decodeJSON(v any) any {
	switch v := v.(type) {
	case string:
		var out any
		if json.Unmarshal([]byte(v), &out) != nil {
			return v
		}
		return out
	case int64:
		return float64(v)
	case time.Time:
		return v.UTC().Format("2006-01-02T15:04:05.000Z")
	}
	return v
}
