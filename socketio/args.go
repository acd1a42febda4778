package socketio

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/go-sails/sails/internal/sioproto"
)

// Binary is a byte slice; it travels as an attachment, as []byte does.
type Binary []byte

// Args are the arguments of an event or an acknowledgement as they arrived: JSON
// text, decoded only when asked, and binary attachments. They are immutable and
// may be kept.
//
// Args given as an argument to Emit, Ack and their like stand for all their
// arguments, sent bit for bit: e.Ack(e.Args()) is an echo. Slice cuts single ones
// out. Kept Args of an event keep that event in memory.
type Args struct {
	of       *argList // nil: there are none
	from, to int32    // which of them
}

// argList is what Args are part of. Args are two words that point to it, since they
// are boxed each time they are passed on, to Ack for one.
type argList struct {
	raw    []byte // a JSON array
	spans  []sioproto.Span
	binary *[][]byte // the attachments; nil without any, as most are
}

// all returns Args that stand for the whole list.
func (l *argList) all() Args { return Args{of: l, to: int32(len(l.spans))} }

func (l *argList) attachments() [][]byte {
	if l.binary == nil {
		return nil
	}
	return *l.binary
}

// attach gives l its attachments.
func (l *argList) attach(parts [][]byte) {
	if len(parts) > 0 {
		kept := parts // not &parts, which would be on the heap without any as well
		l.binary = &kept
	}
}

// add attaches one more, before anybody else sees l.
func (l *argList) add(part []byte) {
	if l.binary == nil {
		l.binary = new([][]byte)
	}
	*l.binary = append(*l.binary, part)
}

// spans returns where the arguments are in a.of.raw.
func (a Args) spans() []sioproto.Span {
	if a.of == nil {
		return nil
	}
	return a.of.spans[a.from:a.to]
}

// NewArgs encodes values as Emit would.
func NewArgs(values ...any) (Args, error) {
	enc := sioproto.NewEncoder()
	defer enc.Release()
	if err := encodeList(enc, "", false, values); err != nil {
		return Args{}, err
	}
	attachments := make([][]byte, len(enc.Attachments))
	for i, b := range enc.Attachments {
		attachments[i] = append([]byte(nil), b...)
	}
	return parseArgs(append([]byte(nil), enc.Buf...), attachments, unlimitedDepth)
}

// unlimitedDepth is for JSON this process has written itself.
const unlimitedDepth = 1 << 20

// parseArgs takes ownership of a JSON array and its attachments.
func parseArgs(list []byte, attachments [][]byte, maxDepth int) (Args, error) {
	if len(list) == 0 {
		return Args{}, nil
	}
	spans, err := sioproto.Split(list, len(attachments), maxDepth, nil)
	if err != nil {
		return Args{}, err
	}
	l := &argList{raw: list, spans: spans}
	l.attach(attachments)
	return l.all(), nil
}

// Len returns the number of arguments.
func (a Args) Len() int { return int(a.to - a.from) }

// Raw returns the JSON of argument i as it arrived, nil when there is none.
// Attachments are placeholders in it. It must not be modified.
func (a Args) Raw(i int) json.RawMessage {
	if i < 0 || i >= a.Len() {
		return nil
	}
	s := a.spans()[i]
	return json.RawMessage(a.of.raw[s.Start:s.End:s.End])
}

// Slice returns the arguments i to j, without j, as they are; both are moved into
// range.
func (a Args) Slice(i, j int) Args {
	j = max(0, min(j, a.Len()))
	i = max(0, min(i, j))
	return Args{of: a.of, from: a.from + int32(i), to: a.from + int32(j)}
}

// Attachments returns the binary parts, in the order of their placeholders'
// numbers. They must not be modified.
func (a Args) Attachments() [][]byte {
	if a.of == nil {
		return nil
	}
	return a.of.attachments()
}

// Binary returns argument i when it is an attachment as a whole.
func (a Args) Binary(i int) ([]byte, bool) {
	raw, attachments := a.Raw(i), a.Attachments()
	if len(attachments) == 0 || sioproto.Kind(raw) != '{' {
		return nil, false
	}
	var found []byte
	ok := false
	err := sioproto.EachPlaceholder(raw, func(start, end, num int) {
		if start == 0 && end == len(raw) && num < len(attachments) {
			found, ok = attachments[num], true
		}
	})
	return found, ok && err == nil
}

// Decode decodes the first arguments into dst, by the rules of package
// encoding/json; a nil dst skips one. Attachments decode into byte slices, also
// inside of any; inside interface fields of structs they are base64 strings.
// A *json.RawMessage or *Args takes an argument as it is. Arguments may be left
// over; missing ones and ones of another type are an error that matches
// ErrArguments.
func (a Args) Decode(dst ...any) error {
	for i, d := range dst {
		if d == nil {
			continue
		}
		if i >= a.Len() {
			return fmt.Errorf("%w: %d given, argument %d is missing", ErrArguments, a.Len(), i+1)
		}
		if err := a.decode(i, d); err != nil {
			return fmt.Errorf("%w: argument %d: %w", ErrArguments, i+1, err)
		}
	}
	return nil
}

func (a Args) decode(i int, dst any) error {
	raw, attachments := a.Raw(i), a.Attachments()
	switch d := dst.(type) {
	case *json.RawMessage:
		*d = raw
		return nil
	case *Args:
		*d = a.Slice(i, i+1)
		return nil
	case *string:
		if sioproto.Kind(raw) != '"' {
			return errors.New("not a string")
		}
		if s := raw[1 : len(raw)-1]; !hasEscape(s) {
			*d = string(s)
			return nil
		}
	case *[]byte:
		if b, ok := a.Binary(i); ok {
			*d = b
			return nil
		}
	case *Binary:
		if b, ok := a.Binary(i); ok {
			*d = b
			return nil
		}
	case *any:
		if len(attachments) > 0 {
			if err := json.Unmarshal(raw, d); err != nil {
				return err
			}
			*d = a.restore(*d)
			return nil
		}
	case *map[string]any:
		if len(attachments) > 0 {
			if err := json.Unmarshal(raw, d); err != nil {
				return err
			}
			for k, v := range *d {
				(*d)[k] = a.restore(v)
			}
			return nil
		}
	case *[]any:
		if len(attachments) > 0 {
			if err := json.Unmarshal(raw, d); err != nil {
				return err
			}
			for k, v := range *d {
				(*d)[k] = a.restore(v)
			}
			return nil
		}
	}
	if len(attachments) > 0 {
		inlined, err := sioproto.AppendInlined(nil, raw, attachments)
		if err != nil {
			return err
		}
		raw = inlined
	}
	return json.Unmarshal(raw, dst)
}

func hasEscape(b []byte) bool {
	for _, c := range b {
		if c == '\\' || c >= 0x80 {
			return true // other than ASCII: package encoding/json checks it
		}
	}
	return false
}

// restore puts attachments back into a decoded value. Its depth is that of the
// JSON, which is limited.
func (a Args) restore(v any) any {
	switch v := v.(type) {
	case []any:
		for i := range v {
			v[i] = a.restore(v[i])
		}
	case map[string]any:
		if v["_placeholder"] == true {
			attachments := a.Attachments()
			if num, ok := v["num"].(float64); ok && int(num) >= 0 && int(num) < len(attachments) {
				return attachments[int(num)]
			}
		}
		for k := range v {
			v[k] = a.restore(v[k])
		}
	}
	return v
}

// MarshalJSON returns the arguments as a JSON array; attachments are base64
// strings. It is for logs and nested values; Args given to Emit keep attachments.
func (a Args) MarshalJSON() ([]byte, error) {
	dst, attachments := []byte{'['}, a.Attachments()
	for i := range a.Len() {
		if i > 0 {
			dst = append(dst, ',')
		}
		if len(attachments) == 0 {
			dst = append(dst, a.Raw(i)...)
			continue
		}
		var err error
		if dst, err = sioproto.AppendInlined(dst, a.Raw(i), attachments); err != nil {
			return nil, err
		}
	}
	return append(dst, ']'), nil
}

// String returns the arguments as JSON for people to read.
func (a Args) String() string {
	var b strings.Builder
	for i := range a.Len() {
		if i > 0 {
			b.WriteString(", ")
		}
		if bin, ok := a.Binary(i); ok {
			b.WriteString(base64.StdEncoding.EncodeToString(bin))
			continue
		}
		b.Write(a.Raw(i))
	}
	return b.String()
}

// encodeList writes the JSON array of a packet: the event's name, when it has one,
// and the arguments. Args are spread.
func encodeList(enc *sioproto.Encoder, event string, named bool, args []any) error {
	enc.Buf = append(enc.Buf, '[')
	if named {
		enc.Buf = sioproto.AppendString(enc.Buf, event)
	}
	for _, arg := range args {
		list, ok := arg.(Args)
		if !ok {
			enc.Buf = comma(enc.Buf)
			if err := enc.Value(arg); err != nil {
				return err
			}
			continue
		}
		for i := range list.Len() {
			enc.Buf = comma(enc.Buf)
			if err := enc.Spliced(list.Raw(i), list.Attachments()); err != nil {
				return err
			}
		}
	}
	enc.Buf = append(enc.Buf, ']')
	return nil
}

// comma separates from what is there, unless that is the opening bracket.
func comma(dst []byte) []byte {
	if dst[len(dst)-1] == '[' && len(dst) == 1 {
		return dst
	}
	return append(dst, ',')
}
