package socketioclient

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/go-sails/sails/internal/sioproto"
)

// Args are the arguments of an event or an acknowledgement, undecoded: the bytes
// of the server, so that key order and large numbers survive. The zero value
// holds none. Args are immutable and may be given to Emit and Ack, which send all
// of them again, attachments included.
type Args struct {
	data        []byte
	spans       []sioproto.Span
	attachments [][]byte
}

// Len returns the number of arguments.
func (a Args) Len() int { return len(a.spans) }

// Raw returns the JSON text of argument i, which must not be modified. Binary
// values are objects {"_placeholder":true,"num":n} in it: see [Args.Binary].
// It is nil when there is no such argument.
func (a Args) Raw(i int) json.RawMessage {
	if i < 0 || i >= len(a.spans) {
		return nil
	}
	return json.RawMessage(a.data[a.spans[i].Start:a.spans[i].End:a.spans[i].End])
}

// Binary returns argument i when it is binary; it must not be modified.
func (a Args) Binary(i int) ([]byte, bool) {
	raw := a.Raw(i)
	if len(raw) == 0 || len(a.attachments) == 0 {
		return nil, false
	}
	found := -1
	_ = sioproto.EachPlaceholder(raw, func(start, end, num int) { // raw was checked when it came
		if start == 0 && end == len(raw) {
			found = num
		}
	})
	if found < 0 || found >= len(a.attachments) {
		return nil, false
	}
	return a.attachments[found], true
}

// Attachments returns the binary values of the whole event, at any depth, in the
// order of their numbers. They must not be modified.
func (a Args) Attachments() [][]byte { return a.attachments }

// Slice returns the arguments i to j-1; it panics when there are none of these, as
// slicing does.
func (a Args) Slice(i, j int) Args {
	a.spans = a.spans[i:j]
	return a
}

// Decode stores the arguments in the values that dst point to, as package
// encoding/json does; a nil skips one. Binary values fit into []byte at any depth
// and are []byte inside of *any, *map[string]any and *[]any. Missing arguments
// leave their value alone, surplus ones are ignored, as in JavaScript.
func (a Args) Decode(dst ...any) error {
	for i, d := range dst {
		if d == nil || i >= len(a.spans) {
			continue
		}
		if err := a.decode(a.Raw(i), d); err != nil {
			return fmt.Errorf("socketioclient: argument %d: %w", i, err)
		}
	}
	return nil
}

func (a Args) decode(raw json.RawMessage, dst any) error {
	if len(a.attachments) == 0 {
		return json.Unmarshal(raw, dst)
	}
	switch dst := dst.(type) {
	case *json.RawMessage:
		*dst = bytes.Clone(raw)
		return nil
	case *any:
		if err := json.Unmarshal(raw, dst); err != nil {
			return err
		}
		*dst = a.inline(*dst)
		return nil
	case *map[string]any:
		if err := json.Unmarshal(raw, dst); err != nil {
			return err
		}
		a.inline(*dst)
		return nil
	case *[]any:
		if err := json.Unmarshal(raw, dst); err != nil {
			return err
		}
		a.inline(*dst)
		return nil
	}
	inlined, err := sioproto.AppendInlined(nil, raw, a.attachments)
	if err != nil {
		return err
	}
	return json.Unmarshal(inlined, dst)
}

// inline puts the attachments in place of their references. The depth of v was
// bounded when it was received.
func (a Args) inline(v any) any {
	switch v := v.(type) {
	case map[string]any:
		if marked, _ := v["_placeholder"].(bool); marked && len(v) == 2 {
			if num, ok := v["num"].(float64); ok && num >= 0 && int(num) < len(a.attachments) {
				return bytes.Clone(a.attachments[int(num)])
			}
		}
		for key, value := range v {
			v[key] = a.inline(value)
		}
	case []any:
		for i, value := range v {
			v[i] = a.inline(value)
		}
	}
	return v
}
