package session

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/go-sails/sails/internal/rawjson"
)

// cookieKey is the key of a stored session that belongs to the cookie.
const cookieKey = "cookie"

// record is a stored session: the cookie's attributes and the application's
// values in the order they were first set. Values are compact JSON and never
// modified in place, so records may share them.
type record struct {
	cookie cookie
	keys   []string
	values map[string]json.RawMessage
	shared bool // keys and values are somebody's snapshot too: copy them before changing them
}

func newRecord(c cookie) *record {
	return &record{cookie: c}
}

// own makes sure that nobody else sees changes of the values.
func (r *record) own() {
	if r.shared {
		r.values, r.keys, r.shared = maps.Clone(r.values), slices.Clone(r.keys), false
	}
	if r.values == nil {
		r.values = map[string]json.RawMessage{}
	}
}

func (r *record) set(key string, value json.RawMessage) {
	r.own()
	if _, known := r.values[key]; !known {
		r.keys = append(r.keys, key)
	}
	r.values[key] = value
}

func (r *record) remove(key string) {
	if _, known := r.values[key]; known {
		r.own()
		delete(r.values, key)
		r.keys = slices.DeleteFunc(r.keys, func(k string) bool { return k == key })
	}
}

// snapshot returns the values for a later comparison. It must not be changed.
func (r *record) snapshot() map[string]json.RawMessage {
	r.shared = true
	return r.values
}

// differs reports whether the values are not those of base.
func (r *record) differs(base map[string]json.RawMessage) bool {
	if len(base) != len(r.values) {
		return true
	}
	for k, v := range r.values {
		if old, known := base[k]; !known || !bytes.Equal(old, v) {
			return true
		}
	}
	return false
}

// apply makes to r the changes that lead from base to now.
func (r *record) apply(base map[string]json.RawMessage, now *record) {
	for k := range base {
		if _, still := now.values[k]; !still {
			r.remove(k)
		}
	}
	for _, k := range now.keys {
		if old, known := base[k]; !known || !bytes.Equal(old, now.values[k]) {
			r.set(k, now.values[k])
		}
	}
}

// encode returns the JSON text that express-session would store (SE-20). now is
// the time of the last request, from which a limited life time counts.
func (r *record) encode(now time.Time) []byte {
	b := append(make([]byte, 0, 256), `{"cookie":`...)
	b = r.cookie.appendJSON(b, now)
	for _, k := range r.keys {
		b = append(b, ',')
		b = rawjson.AppendString(b, k)
		b = append(b, ':')
		b = append(b, r.values[k]...)
	}
	return append(b, '}')
}

// decodeRecord reads a stored session; its values alias data. A missing cookie
// object, or one whose members are not as express-session writes them, is no
// error.
func decodeRecord(data []byte) (*record, error) {
	r := newRecord(cookie{path: "/", httpOnly: yes})
	if text := rawjson.Trim(data); len(text) == 0 || text[0] != '{' {
		return nil, errors.New("session: stored text is no JSON object")
	}
	err := rawjson.Members(data, func(rawKey, value []byte) bool {
		key, _ := rawjson.Text(rawKey)
		if key == cookieKey {
			r.cookie = decodeCookie(value)
		} else {
			r.set(key, compact(value))
		}
		return true
	})
	if err != nil {
		return nil, fmt.Errorf("session: stored text: %w", err)
	}
	return r, nil
}

// compact returns a JSON value without blanks, as JSON.stringify writes it and
// as values compare.
func compact(value []byte) json.RawMessage {
	if !bytes.ContainsAny(value, " \t\r\n") {
		return value[:len(value):len(value)]
	}
	var b bytes.Buffer
	if json.Compact(&b, value) != nil {
		return value // only blanks inside of strings, or it would not have been walked
	}
	return b.Bytes()
}

// encodeValue is JSON.stringify: like json.Marshal, without escaping HTML.
func encodeValue(v any) (json.RawMessage, error) {
	text, err := rawjson.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("session: value cannot be stored as JSON: %w", err)
	}
	return text, nil
}
