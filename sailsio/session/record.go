package session

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"
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
}

func newRecord(c cookie) *record {
	return &record{cookie: c, values: map[string]json.RawMessage{}}
}

func (r *record) set(key string, value json.RawMessage) {
	if _, known := r.values[key]; !known {
		r.keys = append(r.keys, key)
	}
	r.values[key] = value
}

func (r *record) remove(key string) {
	if _, known := r.values[key]; known {
		delete(r.values, key)
		r.keys = slices.DeleteFunc(r.keys, func(k string) bool { return k == key })
	}
}

// snapshot returns the values for a later comparison.
func (r *record) snapshot() map[string]json.RawMessage {
	m := make(map[string]json.RawMessage, len(r.values))
	for k, v := range r.values {
		m[k] = v
	}
	return m
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
		b = appendJSONString(b, k)
		b = append(b, ':')
		b = append(b, r.values[k]...)
	}
	return append(b, '}')
}

// decodeRecord reads a stored session. A missing cookie object, or one whose
// members are not as express-session writes them, is no error.
func decodeRecord(data []byte) (*record, error) {
	dec := json.NewDecoder(bytes.NewReader(data))
	open, err := dec.Token()
	if err != nil {
		return nil, fmt.Errorf("session: stored text: %w", err)
	}
	if open != json.Delim('{') {
		return nil, errors.New("session: stored text is no JSON object")
	}
	r := newRecord(cookie{path: "/", httpOnly: yes})
	for dec.More() {
		token, err := dec.Token()
		if err != nil {
			return nil, fmt.Errorf("session: stored text: %w", err)
		}
		key, ok := token.(string)
		if !ok {
			return nil, errors.New("session: stored text has a key that is no string")
		}
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return nil, fmt.Errorf("session: stored value of %.64q: %w", key, err)
		}
		if key == cookieKey {
			r.cookie = decodeCookie(value)
			continue
		}
		var compact bytes.Buffer
		if err := json.Compact(&compact, value); err != nil {
			return nil, fmt.Errorf("session: stored value of %.64q: %w", key, err)
		}
		r.set(key, compact.Bytes())
	}
	if _, err := dec.Token(); err != nil {
		return nil, fmt.Errorf("session: stored text: %w", err)
	}
	if dec.More() {
		return nil, errors.New("session: stored text goes on after its end")
	}
	return r, nil
}

// encodeValue is JSON.stringify: like json.Marshal, without escaping HTML.
func encodeValue(v any) (json.RawMessage, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, fmt.Errorf("session: value cannot be stored as JSON: %w", err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

func appendJSONString(b []byte, s string) []byte {
	v, err := encodeValue(s)
	if err != nil { // a string always encodes
		return append(b, `""`...)
	}
	return append(b, v...)
}
