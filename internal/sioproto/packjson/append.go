package packjson

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strconv"
	"unicode/utf8"

	"github.com/go-sails/sails/internal/rawjson"
)

// maxDepth bounds the nesting when encoding; what is encoded was accepted with a
// smaller bound, or written by this process.
const maxDepth = 20_000

var (
	errTooDeep = errors.New("packjson: JSON is nested too deep")
	errSyntax  = errors.New("packjson: not valid JSON")
)

// Append appends value, one JSON text, as MessagePack. {"_placeholder":true,"num":i}
// becomes the i-th attachment, when there are any.
func Append(dst, value []byte, attachments [][]byte) ([]byte, error) {
	var few [16]container
	e := encoder{text: value, out: dst, attachments: attachments, sizes: few[:0]}
	start := rawjson.Blank(value, 0)
	end, err := e.measure(start, 0)
	if err == nil && rawjson.Blank(value, end) != len(value) {
		err = syntaxAt(end)
	}
	if err != nil {
		return nil, err
	}
	if _, err := e.value(start); err != nil {
		return nil, err
	}
	return e.out, nil
}

func syntaxAt(i int) error { return fmt.Errorf("%w at byte %d", errSyntax, i) }

// encoder writes in two passes: MessagePack wants the sizes of containers first.
// Positions are those in text, each of a byte that is no blank.
type encoder struct {
	text        []byte
	out         []byte
	attachments [][]byte
	sizes       []container // in the order of their opening brackets
	next        int         // the container that the second pass meets next
}

type container struct {
	count int
	ref   int // attachment it stands for, -1 for none
	end   int // behind its closing bracket
}

// measure checks the value at i and notes its containers; it returns the index
// behind it.
func (e *encoder) measure(i, depth int) (end int, err error) {
	if depth > maxDepth {
		return i, errTooDeep
	}
	if i >= len(e.text) {
		return i, syntaxAt(i)
	}
	open := e.text[i]
	if open != '{' && open != '[' {
		end, ok := rawjson.Scalar(e.text, i)
		if !ok {
			return i, syntaxAt(end)
		}
		return end, nil
	}
	shut := open + 2 // '{'+2 is '}', '['+2 is ']'
	at := len(e.sizes)
	e.sizes = append(e.sizes, container{ref: -1})
	mark := placeholder{num: -1}
	count := 0
	i = rawjson.Blank(e.text, i+1)
	for i < len(e.text) && (count > 0 || e.text[i] != shut) {
		if count > 0 {
			if e.text[i] == shut {
				break
			}
			if e.text[i] != ',' {
				return i, syntaxAt(i)
			}
			i = rawjson.Blank(e.text, i+1)
		}
		count++
		var key []byte
		if open == '{' {
			if key, i, err = e.key(i); err != nil {
				return i, err
			}
		}
		start := i
		if i, err = e.measure(i, depth+1); err != nil {
			return i, err
		}
		if key != nil && len(e.attachments) > 0 {
			mark.member(key, e.text[start:i])
		}
		i = rawjson.Blank(e.text, i)
	}
	if i >= len(e.text) {
		return i, syntaxAt(i)
	}
	c := &e.sizes[at]
	c.count, c.end = count, i+1
	if mark.set && count == 2 && mark.num >= 0 && mark.num < len(e.attachments) {
		c.ref = mark.num
		e.sizes = e.sizes[:at+1] // it has nothing inside
	}
	return i + 1, nil
}

// key reads `"key" :` and returns the key, quoted, and the index of its value.
func (e *encoder) key(i int) (key []byte, value int, err error) {
	if i >= len(e.text) || e.text[i] != '"' {
		return nil, i, syntaxAt(i)
	}
	end, ok := rawjson.String(e.text, i)
	if !ok {
		return nil, end, syntaxAt(end)
	}
	colon := rawjson.Blank(e.text, end)
	if colon >= len(e.text) || e.text[colon] != ':' {
		return nil, colon, syntaxAt(colon)
	}
	return e.text[i:end], rawjson.Blank(e.text, colon+1), nil
}

// placeholder collects what an object says of the attachment it stands for.
type placeholder struct {
	set bool
	num int
}

func (p *placeholder) member(key, value []byte) {
	switch name, _ := rawjson.Text(key); name {
	case "_placeholder":
		p.set = p.set || string(value) == "true"
	case "num":
		if n, err := strconv.Atoi(string(value)); err == nil {
			p.num = n
		}
	}
}

// value writes the value at i, which measure has seen, and returns the index behind it.
func (e *encoder) value(i int) (end int, err error) {
	switch e.text[i] {
	case '{', '[':
		return e.container(i)
	case '"':
		return e.string(i), nil
	case 'n':
		e.out = append(e.out, 0xc0)
		return i + len("null"), nil
	case 'f':
		e.out = append(e.out, 0xc2)
		return i + len("false"), nil
	case 't':
		e.out = append(e.out, 0xc3)
		return i + len("true"), nil
	}
	end, _ = rawjson.Scalar(e.text, i)
	return end, e.number(string(e.text[i:end]))
}

func (e *encoder) container(i int) (end int, err error) {
	c := e.sizes[e.next]
	e.next++
	if c.ref >= 0 {
		b := e.attachments[c.ref]
		e.length(len(b), 0, 0, 0xc4, 0xc5, 0xc6)
		e.out = append(e.out, b...)
		return c.end, nil
	}
	object := e.text[i] == '{'
	if object {
		e.length(c.count, 0x80, 15, 0, 0xde, 0xdf)
	} else {
		e.length(c.count, 0x90, 15, 0, 0xdc, 0xdd)
	}
	for range c.count {
		i = rawjson.Blank(e.text, i+1) // behind the bracket or the comma
		if object {
			i = rawjson.Blank(e.text, e.string(i))
			i = rawjson.Blank(e.text, i+1) // behind the colon
		}
		if i, err = e.value(i); err != nil {
			return i, err
		}
		i = rawjson.Blank(e.text, i)
	}
	return c.end, nil
}

func (e *encoder) string(i int) (end int) {
	end, _ = rawjson.String(e.text, i)
	inner := e.text[i+1 : end-1]
	for _, c := range inner {
		if c == '\\' || c >= utf8.RuneSelf {
			s, _ := rawjson.Text(e.text[i:end])
			e.length(len(s), 0xa0, 31, 0xd9, 0xda, 0xdb)
			e.out = append(e.out, s...)
			return end
		}
	}
	e.length(len(inner), 0xa0, 31, 0xd9, 0xda, 0xdb)
	e.out = append(e.out, inner...)
	return end
}

// length writes the head of what has n parts: fixed up to few of them, else with the
// code for lengths of one byte (0: there is none), two or four.
func (e *encoder) length(n int, fixed byte, few int, one, two, four byte) {
	switch {
	case fixed != 0 && n <= few:
		e.out = append(e.out, fixed|byte(n))
	case one != 0 && n <= math.MaxUint8:
		e.out = append(e.out, one, byte(n))
	case n <= math.MaxUint16:
		e.out = binary.BigEndian.AppendUint16(append(e.out, two), uint16(n))
	default:
		e.out = binary.BigEndian.AppendUint32(append(e.out, four), uint32(n))
	}
}

// number writes whole numbers as integers, as JavaScript does.
func (e *encoder) number(text string) error {
	if i, err := strconv.ParseInt(text, 10, 64); err == nil {
		e.integer(i)
		return nil
	}
	if u, err := strconv.ParseUint(text, 10, 64); err == nil {
		e.unsigned(u)
		return nil
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) { // too large is infinite, as in JavaScript
		return fmt.Errorf("packjson: %w", err)
	}
	if f == math.Trunc(f) && math.Abs(f) < 1<<53 {
		e.integer(int64(f))
		return nil
	}
	e.out = binary.BigEndian.AppendUint64(append(e.out, 0xcb), math.Float64bits(f))
	return nil
}

func (e *encoder) integer(i int64) {
	switch {
	case i >= 0:
		e.unsigned(uint64(i))
	case i >= -32:
		e.out = append(e.out, byte(i))
	case i >= math.MinInt8:
		e.out = append(e.out, 0xd0, byte(i))
	case i >= math.MinInt16:
		e.out = binary.BigEndian.AppendUint16(append(e.out, 0xd1), uint16(i))
	case i >= math.MinInt32:
		e.out = binary.BigEndian.AppendUint32(append(e.out, 0xd2), uint32(i))
	default:
		e.out = binary.BigEndian.AppendUint64(append(e.out, 0xd3), uint64(i))
	}
}

func (e *encoder) unsigned(u uint64) {
	switch {
	case u <= math.MaxInt8:
		e.out = append(e.out, byte(u))
	case u <= math.MaxUint8:
		e.out = append(e.out, 0xcc, byte(u))
	case u <= math.MaxUint16:
		e.out = binary.BigEndian.AppendUint16(append(e.out, 0xcd), uint16(u))
	case u <= math.MaxUint32:
		e.out = binary.BigEndian.AppendUint32(append(e.out, 0xce), uint32(u))
	default:
		e.out = binary.BigEndian.AppendUint64(append(e.out, 0xcf), u)
	}
}
