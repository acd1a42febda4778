package rawjson

import (
	"bytes"
	"encoding/json"
	"sync"
)

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// maxPooled keeps the rare huge buffer from staying in memory.
const maxPooled = 64 << 10

// Marshal is json.Marshal without the escaping meant for JSON inside HTML.
func Marshal(v any) (json.RawMessage, error) {
	buf, _ := buffers.Get().(*bytes.Buffer)
	defer func() {
		if buf.Cap() <= maxPooled {
			buf.Reset()
			buffers.Put(buf)
		}
	}()
	enc := json.NewEncoder(buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.Clone(bytes.TrimSuffix(buf.Bytes(), []byte("\n"))), nil
}

// Trusted is one JSON value that this module has written itself. A pointer to one is
// encoded by socketio bit for bit and unchecked.
type Trusted []byte

// MarshalJSON implements json.Marshaler, for encoders that do not know the type.
func (t *Trusted) MarshalJSON() ([]byte, error) { return *t, nil }
