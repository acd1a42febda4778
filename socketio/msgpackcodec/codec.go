// Package msgpackcodec is the packet format of socket.io-msgpack-parser 3
// (spec 4.2): one binary message per packet, a MessagePack map of type, nsp, data and
// id, with byte strings in place instead of attachments. Clients need
// socket.io.msgpack.min.js or that parser.
//
//	io, err := socketio.NewServer(socketio.Config{Codec: msgpackcodec.New()})
//
// Handlers see the same Args as with the default format: MessagePack becomes JSON
// on the way in. Dates become ISO strings, undefined becomes null in arrays and is
// left out of objects, NaN and infinities become null, as JSON.stringify does it.
package msgpackcodec

import (
	"errors"
	"fmt"

	"github.com/go-sails/sails/engineio"
	"github.com/go-sails/sails/internal/sioproto"
	"github.com/go-sails/sails/internal/sioproto/packjson"
	"github.com/go-sails/sails/socketio"
	"github.com/vmihailenco/msgpack/v5"
)

// Codec implements socketio.Codec. It holds nothing and may be shared.
type Codec struct{}

// New returns the codec.
func New() Codec { return Codec{} }

// Encode implements socketio.Codec.
func (Codec) Encode(p *socketio.Packet) ([]*engineio.Message, error) {
	fields := 2
	if p.Data != nil {
		fields++
	}
	if p.HasID {
		fields++
	}
	out := fixed{b: make([]byte, 0, 64+len(p.Data))}
	enc := msgpack.NewEncoder(&out)
	err := errors.Join(
		enc.EncodeMapLen(fields),
		enc.EncodeString("type"), enc.EncodeUint8(uint8(p.Type)),
		enc.EncodeString("nsp"), enc.EncodeString(p.Namespace),
	)
	if p.HasID {
		err = errors.Join(err, enc.EncodeString("id"), enc.EncodeUint(p.ID))
	}
	if p.Data != nil && err == nil {
		if err = enc.EncodeString("data"); err == nil {
			out.b, err = packjson.Append(out.b, p.Data, p.Attachments)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("msgpackcodec: %w", err)
	}
	return []*engineio.Message{engineio.Binary(out.b)}, nil
}

// fixed is a byte slice to write to.
type fixed struct{ b []byte }

func (f *fixed) Write(p []byte) (int, error) {
	f.b = append(f.b, p...)
	return len(p), nil
}

// NewDecoder implements socketio.Codec.
func (Codec) NewDecoder() socketio.Decoder { return decoder{} }

type decoder struct{}

var (
	errText      = errors.New("msgpackcodec: text message")
	errType      = errors.New("msgpackcodec: invalid packet type")
	errNamespace = errors.New("msgpackcodec: invalid namespace")
	errPayload   = errors.New("msgpackcodec: invalid payload")
	errID        = errors.New("msgpackcodec: invalid packet id")
	errTrailing  = errors.New("msgpackcodec: bytes behind the packet")
)

// maxDepth bounds the nesting here; the server's own limit, which is never higher,
// is applied afterwards.
const maxDepth = 10_002

// maxFields bounds the keys of a packet's map.
const maxFields = 16

// Decode implements socketio.Decoder.
func (decoder) Decode(data []byte, binary bool) (*socketio.Packet, error) {
	if !binary {
		return nil, errText
	}
	d := packjson.NewDecoder(data, maxDepth)
	n, err := d.MapLen()
	if err != nil {
		return nil, err
	}
	if n > maxFields {
		return nil, errPayload
	}
	f := fields{kind: -1}
	for range n {
		key, err := d.String()
		if err != nil {
			return nil, err
		}
		if err := f.read(key, d); err != nil {
			return nil, err
		}
	}
	if d.More() {
		return nil, errTrailing
	}
	return f.packet()
}

// fields are what a packet's map had.
type fields struct {
	kind        int64
	namespace   []byte // JSON
	data        []byte // JSON
	attachments [][]byte
	id          uint64
	hasID       bool
}

func (f *fields) read(key string, d *packjson.Decoder) error {
	before := len(d.Attachments)
	d.JSON = nil
	undefined, err := d.Value()
	if err != nil {
		return err
	}
	value := d.JSON
	switch key {
	case "type":
		if len(value) != 1 || value[0] < '0' || value[0] > '4' {
			return errType
		}
		f.kind = int64(value[0] - '0')
	case "nsp":
		f.namespace = value
	case "id":
		if undefined {
			return nil
		}
		h, err := sioproto.ParseHeader(append([]byte{'3'}, value...), 0)
		if err != nil || !h.HasID || h.Data != nil {
			return errID
		}
		f.id, f.hasID = h.ID, true
	case "data":
		if undefined {
			return nil
		}
		f.data = value
		f.attachments = d.Attachments
		return nil
	}
	if len(d.Attachments) != before { // bytes elsewhere than in data
		return errPayload
	}
	return nil
}

func (f *fields) packet() (*socketio.Packet, error) {
	if f.kind < 0 {
		return nil, errType
	}
	if sioproto.Kind(f.namespace) != '"' {
		return nil, errNamespace
	}
	name, err := sioproto.EventName(f.namespace)
	if err != nil {
		return nil, errNamespace
	}
	p := &socketio.Packet{
		Type: socketio.PacketType(f.kind), Namespace: string(name),
		ID: f.id, HasID: f.hasID, Data: f.data, Attachments: f.attachments,
	}
	kind := sioproto.Kind(f.data)
	ok := false
	switch p.Type {
	case socketio.PacketConnect:
		ok = f.data == nil || kind == '{'
	case socketio.PacketDisconnect:
		ok = f.data == nil
	case socketio.PacketConnectError:
		ok = kind == '{' || kind == '"'
	case socketio.PacketEvent, socketio.PacketAck:
		ok = kind == '['
	}
	if !ok {
		return nil, errPayload
	}
	return p, nil
}
