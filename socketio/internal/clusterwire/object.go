package clusterwire

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/go-sails/sails/internal/sioproto"
	"github.com/go-sails/sails/internal/sioproto/packjson"
	"github.com/go-sails/sails/socketio"
)

// ErrMessage is wrapped by errors about messages that cannot be used.
var ErrMessage = errors.New("clusterwire: malformed message")

// MaxDepth bounds the nesting of what comes from other nodes; the server applies its
// own limit to the arguments of events.
const MaxDepth = 10_100

// The types of packets that are events: the second is that of nodes which tell binary
// events apart.
const (
	PacketEvent       = 2
	PacketBinaryEvent = 5
)

// DecodeObject decodes an object: JSON, or MessagePack as its first byte
// tells. Byte strings of MessagePack are returned.
func DecodeObject(data []byte, into any) (attachments [][]byte, err error) {
	if len(data) == 0 {
		return nil, ErrMessage
	}
	if data[0] != '{' {
		d := packjson.NewDecoder(data, MaxDepth)
		if _, err := d.Value(); err != nil {
			return nil, err
		}
		if d.More() {
			return nil, ErrMessage
		}
		data, attachments = d.JSON, d.Attachments
	}
	if err := json.Unmarshal(data, into); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMessage, err)
	}
	return attachments, nil
}

// EncodeObject encodes an object: JSON, or MessagePack with the byte
// strings in place.
func EncodeObject(v any, packed bool, attachments [][]byte) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, fmt.Errorf("clusterwire: %w", err)
	}
	text := bytes.TrimSuffix(b.Bytes(), []byte("\n"))
	if !packed {
		return text, nil
	}
	return packjson.Append(nil, text, attachments)
}

// First returns the first element of an array, null when there is none: nodes exchange
// one value.
func First(list json.RawMessage) json.RawMessage {
	spans, err := sioproto.Split(list, 0, MaxDepth, nil)
	if err != nil || len(spans) == 0 {
		return json.RawMessage("null")
	}
	return list[spans[0].Start:spans[0].End]
}

// List makes an array of one value; undefined is null.
func List(value json.RawMessage) json.RawMessage {
	if len(value) == 0 {
		return json.RawMessage("[null]")
	}
	return append(append(json.RawMessage{'['}, value...), ']')
}

// Sockets reads descriptions of sockets. What a node says about the handshake may
// have been changed by its application: what cannot be read is left empty.
func Sockets(texts []json.RawMessage) ([]socketio.SocketInfo, error) {
	sockets := make([]socketio.SocketInfo, len(texts))
	for i, text := range texts {
		var s struct {
			ID        string          `json:"id"`
			Handshake json.RawMessage `json:"handshake"`
			Rooms     Names           `json:"rooms"`
			Data      json.RawMessage `json:"data"`
		}
		if err := json.Unmarshal(text, &s); err != nil {
			return nil, fmt.Errorf("%w: socket: %w", ErrMessage, err)
		}
		h := new(socketio.Handshake)
		if len(s.Handshake) > 0 && json.Unmarshal(s.Handshake, h) != nil {
			h = new(socketio.Handshake)
		}
		sockets[i] = socketio.SocketInfo{ID: s.ID, Handshake: h, Rooms: s.Rooms, Data: s.Data}
	}
	return sockets, nil
}
