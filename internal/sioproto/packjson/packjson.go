// Package packjson turns the JSON of Socket.IO packets into MessagePack and back.
// Byte strings, which JSON has not, are attachments with placeholders in the JSON,
// as in package sioproto. Order and spelling of keys are kept.
//
// The dialects of notepack 2 and 3, which JavaScript nodes and clients speak, are
// understood: undefined and dates as extensions (spec 3.5).
package packjson

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/go-sails/sails/internal/rawjson"
	"github.com/go-sails/sails/internal/sioproto"
)

// ErrMessagePack is wrapped by errors about bytes that are no MessagePack, or use
// what JSON cannot express.
var ErrMessagePack = errors.New("packjson: malformed MessagePack")

// Decoder reads MessagePack values from a byte slice. Nothing is allocated from a
// declared length, and nesting is limited. After an error nothing more can be read.
type Decoder struct {
	data     []byte // what has not been read
	maxDepth int

	// JSON is what Value appends to; Attachments are the byte strings met so far,
	// copies of their own.
	JSON        []byte
	Attachments [][]byte
}

// NewDecoder returns a Decoder of data for values nested up to depth levels.
func NewDecoder(data []byte, depth int) *Decoder { return &Decoder{data: data, maxDepth: depth} }

// More tells whether there is anything left.
func (d *Decoder) More() bool { return len(d.data) > 0 }

var (
	errCut       = fmt.Errorf("%w: cut off", ErrMessagePack)
	errDepth     = fmt.Errorf("%w: nested too deep", ErrMessagePack)
	errLength    = fmt.Errorf("%w: longer than the message", ErrMessagePack)
	errKey       = fmt.Errorf("%w: key is no string", ErrMessagePack)
	errArray     = fmt.Errorf("%w: no array", ErrMessagePack)
	errMap       = fmt.Errorf("%w: no map", ErrMessagePack)
	errExtension = fmt.Errorf("%w: unknown extension", ErrMessagePack)
)

// peek returns the code of the next value; 0xc1, which is none, at the end.
func (d *Decoder) peek() byte {
	if len(d.data) == 0 {
		return codeNever
	}
	return d.data[0]
}

// number reads a code and the size bytes behind it.
func (d *Decoder) number(size int) (uint64, error) {
	if len(d.data) <= size {
		return 0, errCut
	}
	var u uint64
	for _, c := range d.data[1 : 1+size] {
		u = u<<8 | uint64(c)
	}
	d.data = d.data[1+size:]
	return u, nil
}

// sized reads a head whose code says how many bytes its length has, 1, 2 or 4 for
// the codes first, first+1 and first+2.
func (d *Decoder) sized(first byte) (int, error) {
	n, err := d.number(1 << (d.data[0] - first))
	if n > math.MaxInt32 {
		return 0, errLength
	}
	return int(n), err
}

// count reads the head of a container, which has at least parts bytes for each of what
// it holds; fixed is its code without a length, wide that with one of two bytes.
func (d *Decoder) count(fixed, wide byte, parts int) (n int, err error) {
	if c := d.data[0]; c&0xf0 == fixed {
		n = int(c & 0x0f)
		d.data = d.data[1:]
	} else if n, err = d.sized(wide - 1); err != nil { // two or four bytes
		return 0, err
	}
	if n > len(d.data)/parts {
		return 0, errLength
	}
	return n, nil
}

// MapLen reads the head of a map.
func (d *Decoder) MapLen() (int, error) {
	if c := d.peek(); c&0xf0 != codeFixMap && c != codeMap16 && c != codeMap32 {
		return 0, errMap
	}
	return d.count(codeFixMap, codeMap16, 2)
}

// ArrayLen reads the head of an array.
func (d *Decoder) ArrayLen() (int, error) {
	if c := d.peek(); c&0xf0 != codeFixArray && c != codeArray16 && c != codeArray32 {
		return 0, errArray
	}
	return d.count(codeFixArray, codeArray16, 1)
}

// String reads a string.
func (d *Decoder) String() (string, error) {
	b, err := d.Text()
	return string(b), err
}

// Text is String without a copy: the result is a part of the data.
func (d *Decoder) Text() ([]byte, error) {
	c := d.peek()
	switch {
	case c&0xe0 == codeFixString:
		d.data = d.data[1:]
		return d.take(int(c & 0x1f))
	case c >= codeString8 && c <= codeString32:
		return d.bytes(codeString8)
	}
	return nil, errKey
}

// bytes reads what has a length in front; the result aliases the data.
func (d *Decoder) bytes(first byte) ([]byte, error) {
	n, err := d.sized(first)
	if err != nil {
		return nil, err
	}
	return d.take(n)
}

func (d *Decoder) take(n int) ([]byte, error) {
	if n > len(d.data) {
		return nil, errLength
	}
	b := d.data[:n]
	d.data = d.data[n:]
	return b, nil
}

// Value reads one value and appends it to JSON. undefined is true, and null was
// written, for JavaScript's undefined.
func (d *Decoder) Value() (undefined bool, err error) { return d.value(0) }

func (d *Decoder) value(depth int) (undefined bool, err error) {
	if depth > d.maxDepth {
		return false, errDepth
	}
	if len(d.data) == 0 {
		return false, errCut
	}
	switch c := d.data[0]; {
	case c < codeFixMap, c >= codeFixNegative, c >= codeUint8 && c <= codeInt64:
		return false, d.integer()
	case c&0xf0 == codeFixMap, c == codeMap16, c == codeMap32:
		return false, d.object(depth + 1)
	case c&0xf0 == codeFixArray, c == codeArray16, c == codeArray32:
		return false, d.array(depth + 1)
	case c&0xe0 == codeFixString, c >= codeString8 && c <= codeString32:
		return false, d.text()
	case c >= codeBin8 && c <= codeBin32:
		b, err := d.bytes(codeBin8)
		if err != nil {
			return false, err
		}
		d.JSON = sioproto.AppendPlaceholder(d.JSON, len(d.Attachments))
		d.Attachments = append(d.Attachments, append(make([]byte, 0, len(b)), b...))
	case c >= codeExt8 && c <= codeExt32, c >= codeFixExt1 && c <= codeFixExt16:
		return d.extension()
	case c == codeFloat32:
		u, err := d.number(4)
		if err != nil {
			return false, err
		}
		d.float(float64(math.Float32frombits(uint32(u))))
	case c == codeFloat64:
		u, err := d.number(8)
		if err != nil {
			return false, err
		}
		d.float(math.Float64frombits(u))
	default:
		return false, d.word(c)
	}
	return false, nil
}

func (d *Decoder) word(c byte) error {
	switch c {
	case codeNil:
		d.JSON = append(d.JSON, "null"...)
	case codeFalse:
		d.JSON = append(d.JSON, "false"...)
	case codeTrue:
		d.JSON = append(d.JSON, "true"...)
	default:
		return fmt.Errorf("%w: code %#x", ErrMessagePack, c)
	}
	d.data = d.data[1:]
	return nil
}

func (d *Decoder) text() error {
	b, err := d.Text()
	if err != nil {
		return err
	}
	d.JSON = rawjson.AppendString(d.JSON, b)
	return nil
}

// integer reads a whole number of any size.
func (d *Decoder) integer() error {
	c := d.data[0]
	if c < codeFixMap || c >= codeFixNegative {
		d.data = d.data[1:]
		d.JSON = strconv.AppendInt(d.JSON, int64(int8(c)), 10)
		return nil
	}
	size := 1 << (c & 3) // of both kinds, in the order of their codes
	u, err := d.number(size)
	if err != nil {
		return err
	}
	if c < codeInt8 {
		d.JSON = strconv.AppendUint(d.JSON, u, 10)
		return nil
	}
	unused := 64 - 8*size
	d.JSON = strconv.AppendInt(d.JSON, int64(u<<unused)>>unused, 10)
	return nil
}

func (d *Decoder) float(f float64) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		d.JSON = append(d.JSON, "null"...)
		return
	}
	d.JSON = sioproto.AppendNumber(d.JSON, f)
}

func (d *Decoder) array(depth int) error {
	n, err := d.ArrayLen()
	if err != nil {
		return err
	}
	d.JSON = append(d.JSON, '[')
	for i := range n {
		if i > 0 {
			d.JSON = append(d.JSON, ',')
		}
		if _, err := d.value(depth); err != nil {
			return err
		}
	}
	d.JSON = append(d.JSON, ']')
	return nil
}

func (d *Decoder) object(depth int) error {
	n, err := d.MapLen()
	if err != nil {
		return err
	}
	d.JSON = append(d.JSON, '{')
	first := true
	for range n {
		start := len(d.JSON)
		if !first {
			d.JSON = append(d.JSON, ',')
		}
		if err := d.key(); err != nil {
			return err
		}
		d.JSON = append(d.JSON, ':')
		undefined, err := d.value(depth)
		if err != nil {
			return err
		}
		if undefined { // JSON leaves it out
			d.JSON = d.JSON[:start]
			continue
		}
		first = false
	}
	d.JSON = append(d.JSON, '}')
	return nil
}

// key reads a key: a string, or a whole number, which becomes one.
func (d *Decoder) key() error {
	c := d.peek()
	if c < codeFixMap || c >= codeFixNegative || c >= codeUint8 && c <= codeInt64 {
		d.JSON = append(d.JSON, '"')
		err := d.integer()
		d.JSON = append(d.JSON, '"')
		return err
	}
	return d.text()
}

// extension reads undefined (d4 00 00), dates of notepack 2 (d7 00) and timestamps.
func (d *Decoder) extension() (undefined bool, err error) {
	var n int
	if c := d.data[0]; c >= codeFixExt1 {
		n = 1 << (c - codeFixExt1)
		d.data = d.data[1:]
	} else if n, err = d.sized(codeExt8); err != nil {
		return false, err
	}
	whole, err := d.take(1 + n)
	if err != nil {
		return false, err
	}
	id, body := int8(whole[0]), whole[1:]
	var at time.Time
	switch {
	case id == 0 && n == 1 && body[0] == 0:
		d.JSON = append(d.JSON, "null"...)
		return true, nil
	case id == 0 && n == 8:
		at = time.UnixMilli(int64(binary.BigEndian.Uint64(body)))
	case id == -1 && n == 4:
		at = time.Unix(int64(binary.BigEndian.Uint32(body)), 0)
	case id == -1 && n == 8:
		v := binary.BigEndian.Uint64(body)
		at = time.Unix(int64(v&(1<<34-1)), int64(v>>34))
	case id == -1 && n == 12:
		at = time.Unix(int64(binary.BigEndian.Uint64(body[4:])), int64(binary.BigEndian.Uint32(body)))
	default:
		return false, errExtension
	}
	text := at.UTC().Format("2006-01-02T15:04:05.000Z")
	if at.UTC().Year() < 0 || at.UTC().Year() > 9999 || strings.ContainsAny(text, "+") {
		d.JSON = append(d.JSON, "null"...)
		return false, nil
	}
	d.JSON = append(append(append(d.JSON, '"'), text...), '"')
	return false, nil
}
