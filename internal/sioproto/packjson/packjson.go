// Package packjson turns the JSON of Socket.IO packets into MessagePack and back.
// Byte strings, which JSON has not, are attachments with placeholders in the JSON,
// as in package sioproto. Order and spelling of keys are kept.
//
// The dialects of notepack 2 and 3, which JavaScript nodes and clients speak, are
// understood: undefined and dates as extensions (spec 3.5).
package packjson

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/go-sails/sails/internal/sioproto"
	"github.com/vmihailenco/msgpack/v5"
	"github.com/vmihailenco/msgpack/v5/msgpcode"
)

// ErrMessagePack is wrapped by errors about bytes that are no MessagePack, or use
// what JSON cannot express.
var ErrMessagePack = errors.New("packjson: malformed MessagePack")

// Decoder reads MessagePack values from a byte slice. Nothing is allocated from a
// declared length, and nesting is limited.
type Decoder struct {
	data     []byte
	r        *bytes.Reader
	dec      *msgpack.Decoder
	maxDepth int

	// JSON is what Value appends to; Attachments are the byte strings met so far,
	// copies of their own.
	JSON        []byte
	Attachments [][]byte
}

// NewDecoder returns a Decoder of data for values nested up to depth levels.
func NewDecoder(data []byte, depth int) *Decoder {
	r := bytes.NewReader(data)
	return &Decoder{data: data, r: r, dec: msgpack.NewDecoder(r), maxDepth: depth}
}

// More tells whether there is anything left.
func (d *Decoder) More() bool { return d.r.Len() > 0 }

func malformed(err error) error { return fmt.Errorf("%w: %w", ErrMessagePack, err) }

var (
	errDepth     = fmt.Errorf("%w: nested too deep", ErrMessagePack)
	errLength    = fmt.Errorf("%w: longer than the message", ErrMessagePack)
	errKey       = fmt.Errorf("%w: key is no string", ErrMessagePack)
	errExtension = fmt.Errorf("%w: unknown extension", ErrMessagePack)
)

// MapLen reads the head of a map.
func (d *Decoder) MapLen() (int, error) {
	c, err := d.dec.PeekCode()
	if err != nil {
		return 0, malformed(err)
	}
	if !msgpcode.IsFixedMap(c) && c != msgpcode.Map16 && c != msgpcode.Map32 {
		return 0, fmt.Errorf("%w: no map", ErrMessagePack)
	}
	n, err := d.dec.DecodeMapLen()
	if err != nil {
		return 0, malformed(err)
	}
	return n, d.fits(2 * n)
}

// ArrayLen reads the head of an array.
func (d *Decoder) ArrayLen() (int, error) {
	c, err := d.dec.PeekCode()
	if err != nil {
		return 0, malformed(err)
	}
	if !msgpcode.IsFixedArray(c) && c != msgpcode.Array16 && c != msgpcode.Array32 {
		return 0, fmt.Errorf("%w: no array", ErrMessagePack)
	}
	n, err := d.dec.DecodeArrayLen()
	if err != nil {
		return 0, malformed(err)
	}
	return n, d.fits(n)
}

// fits checks a declared length against what is there: a value takes a byte at least.
func (d *Decoder) fits(n int) error {
	if n < 0 || n > d.r.Len() {
		return errLength
	}
	return nil
}

// String reads a string.
func (d *Decoder) String() (string, error) {
	c, err := d.dec.PeekCode()
	if err != nil {
		return "", malformed(err)
	}
	if !msgpcode.IsString(c) {
		return "", errKey
	}
	b, err := d.bytes()
	return string(b), err
}

// bytes reads a string or byte string; the result aliases the data.
func (d *Decoder) bytes() ([]byte, error) {
	n, err := d.dec.DecodeBytesLen()
	if err != nil {
		return nil, malformed(err)
	}
	return d.take(n)
}

func (d *Decoder) take(n int) ([]byte, error) {
	if err := d.fits(n); err != nil {
		return nil, err
	}
	at := len(d.data) - d.r.Len()
	_, _ = d.r.Seek(int64(n), 1) // within range
	return d.data[at : at+n], nil
}

// Value reads one value and appends it to JSON. undefined is true, and null was
// written, for JavaScript's undefined.
func (d *Decoder) Value() (undefined bool, err error) { return d.value(0) }

func (d *Decoder) value(depth int) (undefined bool, err error) {
	if depth > d.maxDepth {
		return false, errDepth
	}
	c, err := d.dec.PeekCode()
	if err != nil {
		return false, malformed(err)
	}
	switch {
	case c == msgpcode.Nil:
		d.JSON = append(d.JSON, "null"...)
		return false, d.dec.DecodeNil()
	case c == msgpcode.True, c == msgpcode.False:
		b, err := d.dec.DecodeBool()
		d.JSON = strconv.AppendBool(d.JSON, b)
		return false, err
	case c == msgpcode.Uint64:
		u, err := d.dec.DecodeUint64()
		if err != nil {
			return false, malformed(err)
		}
		d.JSON = strconv.AppendUint(d.JSON, u, 10)
	case msgpcode.IsFixedNum(c), c >= msgpcode.Uint8 && c <= msgpcode.Int64:
		i, err := d.dec.DecodeInt64()
		if err != nil {
			return false, malformed(err)
		}
		d.JSON = strconv.AppendInt(d.JSON, i, 10)
	case c == msgpcode.Float, c == msgpcode.Double:
		f, err := d.dec.DecodeFloat64()
		if err != nil {
			return false, malformed(err)
		}
		d.float(f)
	case msgpcode.IsString(c):
		b, err := d.bytes()
		if err != nil {
			return false, err
		}
		d.JSON = sioproto.AppendString(d.JSON, string(b))
	case msgpcode.IsBin(c):
		b, err := d.bytes()
		if err != nil {
			return false, err
		}
		d.JSON = sioproto.AppendPlaceholder(d.JSON, len(d.Attachments))
		d.Attachments = append(d.Attachments, append(make([]byte, 0, len(b)), b...))
	case msgpcode.IsFixedArray(c), c == msgpcode.Array16, c == msgpcode.Array32:
		return false, d.array(depth + 1)
	case msgpcode.IsFixedMap(c), c == msgpcode.Map16, c == msgpcode.Map32:
		return false, d.object(depth + 1)
	case msgpcode.IsExt(c):
		return d.extension()
	default:
		return false, fmt.Errorf("%w: code %#x", ErrMessagePack, c)
	}
	return false, nil
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

func (d *Decoder) key() error {
	c, err := d.dec.PeekCode()
	if err != nil {
		return malformed(err)
	}
	if msgpcode.IsFixedNum(c) || c >= msgpcode.Uint8 && c <= msgpcode.Int64 {
		i, err := d.dec.DecodeInt64()
		if err != nil {
			return malformed(err)
		}
		d.JSON = sioproto.AppendString(d.JSON, strconv.FormatInt(i, 10))
		return nil
	}
	s, err := d.String()
	if err != nil {
		return err
	}
	d.JSON = sioproto.AppendString(d.JSON, s)
	return nil
}

// extension reads undefined (d4 00 00), dates of notepack 2 (d7 00) and timestamps.
func (d *Decoder) extension() (undefined bool, err error) {
	id, n, err := d.dec.DecodeExtHeader()
	if err != nil {
		return false, malformed(err)
	}
	body, err := d.take(n)
	if err != nil {
		return false, err
	}
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
