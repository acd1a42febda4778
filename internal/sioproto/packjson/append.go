package packjson

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strconv"
	"sync"
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
	e := encoders.Get().(*encoder)
	e.text, e.out, e.attachments = value, dst, attachments
	err := e.whole()
	dst = e.out
	if sizes := e.sizes[:0]; cap(sizes) <= maxKept {
		*e = encoder{sizes: sizes}
		encoders.Put(e)
	}
	if err != nil {
		return nil, err
	}
	return dst, nil
}

// encoders keeps encoders for the notes they have of containers, up to maxKept each.
var encoders = sync.Pool{New: func() any { return new(encoder) }}

const maxKept = 256

func (e *encoder) whole() error {
	start := rawjson.Blank(e.text, 0)
	end, err := e.measure(start, 0)
	if err == nil && rawjson.Blank(e.text, end) != len(e.text) {
		err = syntaxAt(end)
	}
	if err == nil {
		_, err = e.value(start)
	}
	return err
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
		e.out = append(e.out, codeNil)
		return i + len("null"), nil
	case 'f':
		e.out = append(e.out, codeFalse)
		return i + len("false"), nil
	case 't':
		e.out = append(e.out, codeTrue)
		return i + len("true"), nil
	}
	end, _ = rawjson.Scalar(e.text, i)
	return end, e.number(string(e.text[i:end]))
}

func (e *encoder) container(i int) (end int, err error) {
	c := e.sizes[e.next]
	e.next++
	if c.ref >= 0 {
		e.out = appendBytes(e.out, e.attachments[c.ref])
		return c.end, nil
	}
	object := e.text[i] == '{'
	if object {
		e.out = AppendMapLen(e.out, c.count)
	} else {
		e.out = AppendArrayLen(e.out, c.count)
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
	n := bytes.IndexByte(e.text[i+1:], '"') // measure has seen that it ends
	inner := e.text[i+1 : i+1+n]
	if bytes.IndexByte(inner, '\\') < 0 && utf8.Valid(inner) {
		e.out = AppendString(e.out, inner)
		return i + n + 2
	}
	end, _ = rawjson.String(e.text, i)
	s, _ := rawjson.Text(e.text[i:end])
	e.out = AppendString(e.out, s)
	return end
}

// AppendMapLen appends the head of a map with n keys.
func AppendMapLen(dst []byte, n int) []byte {
	if n <= 15 {
		return append(dst, codeFixMap|byte(n))
	}
	return appendLen(dst, n, codeMap16, codeMap32)
}

// AppendArrayLen appends the head of an array of n values.
func AppendArrayLen(dst []byte, n int) []byte {
	if n <= 15 {
		return append(dst, codeFixArray|byte(n))
	}
	return appendLen(dst, n, codeArray16, codeArray32)
}

// AppendString appends a string.
func AppendString[T string | []byte](dst []byte, s T) []byte {
	switch n := len(s); {
	case n <= 31:
		dst = append(dst, codeFixString|byte(n))
	case n <= math.MaxUint8:
		dst = append(dst, codeString8, byte(n))
	default:
		dst = appendLen(dst, n, codeString16, codeString32)
	}
	return append(dst, s...)
}

func appendBytes(dst, b []byte) []byte {
	if len(b) <= math.MaxUint8 {
		dst = append(dst, codeBin8, byte(len(b)))
	} else {
		dst = appendLen(dst, len(b), codeBin16, codeBin32)
	}
	return append(dst, b...)
}

// appendLen appends a head with a length of two or four bytes.
func appendLen(dst []byte, n int, two, four byte) []byte {
	if n <= math.MaxUint16 {
		return binary.BigEndian.AppendUint16(append(dst, two), uint16(n))
	}
	return binary.BigEndian.AppendUint32(append(dst, four), uint32(n))
}

// number writes whole numbers as integers, as JavaScript does.
func (e *encoder) number(text string) error {
	if i, err := strconv.ParseInt(text, 10, 64); err == nil {
		e.out = AppendInt(e.out, i)
		return nil
	}
	if u, err := strconv.ParseUint(text, 10, 64); err == nil {
		e.out = AppendUint(e.out, u)
		return nil
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) { // too large is infinite, as in JavaScript
		return fmt.Errorf("packjson: %w", err)
	}
	if f == math.Trunc(f) && math.Abs(f) < 1<<53 {
		e.out = AppendInt(e.out, int64(f))
		return nil
	}
	e.out = binary.BigEndian.AppendUint64(append(e.out, codeFloat64), math.Float64bits(f))
	return nil
}

// AppendBool appends true or false.
func AppendBool(dst []byte, b bool) []byte {
	if b {
		return append(dst, codeTrue)
	}
	return append(dst, codeFalse)
}

// AppendInt appends a whole number, as short as it can be.
func AppendInt(dst []byte, i int64) []byte {
	switch {
	case i >= 0:
		return AppendUint(dst, uint64(i))
	case i >= -32:
		return append(dst, byte(i))
	case i >= math.MinInt8:
		return append(dst, codeInt8, byte(i))
	case i >= math.MinInt16:
		return binary.BigEndian.AppendUint16(append(dst, codeInt16), uint16(i))
	case i >= math.MinInt32:
		return binary.BigEndian.AppendUint32(append(dst, codeInt32), uint32(i))
	}
	return binary.BigEndian.AppendUint64(append(dst, codeInt64), uint64(i))
}

// AppendUint appends a whole number, as short as it can be.
func AppendUint(dst []byte, u uint64) []byte {
	switch {
	case u <= math.MaxInt8:
		return append(dst, byte(u))
	case u <= math.MaxUint8:
		return append(dst, codeUint8, byte(u))
	case u <= math.MaxUint16:
		return binary.BigEndian.AppendUint16(append(dst, codeUint16), uint16(u))
	case u <= math.MaxUint32:
		return binary.BigEndian.AppendUint32(append(dst, codeUint32), uint32(u))
	}
	return binary.BigEndian.AppendUint64(append(dst, codeUint64), u)
}
