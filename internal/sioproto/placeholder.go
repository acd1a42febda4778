package sioproto

import (
	"bytes"
	"encoding/json"
	"strconv"
)

// reference collects what makes an object an attachment reference:
// {"_placeholder":true,"num":n} and nothing else.
type reference struct {
	keys   int
	marked bool
	num    []byte
}

func (r *reference) note(key, value []byte) {
	r.keys++
	switch {
	case keyIs(key, `"_placeholder"`):
		r.marked = r.marked || string(value) == "true"
	case keyIs(key, `"num"`):
		r.num = value
	}
}

// keyIs compares a key as JSON.parse would see it: escapes do not hide it.
func keyIs(key []byte, quoted string) bool {
	if string(key) == quoted {
		return true
	}
	if bytes.IndexByte(key, '\\') < 0 {
		return false
	}
	return string(unquote(key)) == quoted[1:len(quoted)-1]
}

func (r *reference) index() (int, error) {
	if r.keys != 2 || len(r.num) == 0 || len(r.num) > 9 {
		return 0, malformed("wrong placeholder")
	}
	n := 0
	for _, c := range r.num {
		if c < '0' || c > '9' {
			return 0, malformed("wrong placeholder")
		}
		n = n*10 + int(c-'0')
	}
	return n, nil
}

// references checks that each attachment is referenced exactly once.
type references struct {
	used  []bool
	count int
}

func (r *references) take(_, _, num int) error {
	if num >= len(r.used) || r.used[num] {
		return malformed("placeholder out of range or used twice")
	}
	r.used[num] = true
	r.count++
	return nil
}

// unquote decodes a JSON string, lone surrogates as U+FFFD.
func unquote(value []byte) []byte {
	var s string
	if json.Unmarshal(value, &s) != nil {
		return nil
	}
	return []byte(s)
}

// EachPlaceholder calls each for every attachment reference in value, in order,
// with the place of the object inside value. value must come from Split with
// attachments.
func EachPlaceholder(value []byte, each func(start, end, num int)) error {
	s := scanner{data: value, maxDepth: 1 << 20, placeholder: func(start, end, num int) error {
		each(start, end, num)
		return nil
	}}
	return s.value(0)
}

// AppendPlaceholder appends the reference to attachment num.
func AppendPlaceholder(dst []byte, num int) []byte {
	dst = append(dst, `{"_placeholder":true,"num":`...)
	dst = strconv.AppendInt(dst, int64(num), 10)
	return append(dst, '}')
}
