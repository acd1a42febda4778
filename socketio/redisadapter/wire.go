package redisadapter

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/vmihailenco/msgpack/v5"

	"github.com/go-sails/sails/internal/rawjson"
	"github.com/go-sails/sails/internal/sioproto"
	"github.com/go-sails/sails/internal/sioproto/packjson"
	"github.com/go-sails/sails/socketio"
	"github.com/go-sails/sails/socketio/internal/clusterwire"
)

// The wire format of the classic adapter (spec 3.3 and 3.5).

// requestType tells requests apart.
type requestType int

const (
	requestSockets requestType = iota // ids of the members of rooms; asked by Level6 nodes
	requestAllRooms
	requestJoin
	requestLeave
	requestDisconnect
	requestFetch
	requestServerSideEmit
	requestBroadcast
	responseClientCount
	responseAck
)

// request is a message on the request channel.
type request struct {
	UID       string               `json:"uid,omitempty"`
	RequestID string               `json:"requestId,omitempty"`
	Type      requestType          `json:"type"`
	Opts      *clusterwire.Options `json:"opts,omitempty"`
	Rooms     clusterwire.Names    `json:"rooms,omitempty"`
	Close     *bool                `json:"close,omitempty"`
	SID       string               `json:"sid,omitempty"`  // old form of join, leave, disconnect
	Room      clusterwire.Name     `json:"room,omitempty"` // old form of join and leave
	Data      json.RawMessage      `json:"data,omitempty"` // server-side event
	Packet    *packet              `json:"packet,omitempty"`

	// Attachments is how Go nodes carry byte strings inside of JSON at Level6.
	Attachments [][]byte `json:"attachments,omitempty"`
}

// response is a message on a response channel. Type is set in some of them.
type response struct {
	Type        *requestType       `json:"type,omitempty"`
	RequestID   string             `json:"requestId"`
	Sockets     *[]json.RawMessage `json:"sockets,omitempty"` // ids or descriptions
	Rooms       *clusterwire.Names `json:"rooms,omitempty"`
	Data        json.RawMessage    `json:"data,omitempty"`
	ClientCount *float64           `json:"clientCount,omitempty"`
	Packet      json.RawMessage    `json:"packet,omitempty"`

	Attachments [][]byte `json:"attachments,omitempty"`
}

// packet is an event on its way.
type packet struct {
	Type      int             `json:"type"`
	Data      json.RawMessage `json:"data"`
	Namespace *string         `json:"nsp,omitempty"`
}

// appendBroadcast encodes [uid, packet, options].
func appendBroadcast(m *socketio.ClusterMessage) ([]byte, error) {
	var w buffer
	w.b = make([]byte, 0, 128+len(m.Data)+len(m.Namespace))
	enc := msgpack.NewEncoder(&w)
	err := errors.Join(enc.EncodeArrayLen(3), enc.EncodeString(m.UID), w.packet(enc, m), w.target(enc, m.Target))
	return w.b, err
}

// buffer is a byte slice to write to.
type buffer struct{ b []byte }

func (w *buffer) Write(p []byte) (int, error) {
	w.b = append(w.b, p...)
	return len(p), nil
}

func (w *buffer) packet(enc *msgpack.Encoder, m *socketio.ClusterMessage) error {
	err := errors.Join(enc.EncodeMapLen(3),
		enc.EncodeString("type"), enc.EncodeInt(clusterwire.PacketEvent), enc.EncodeString("data"))
	if err != nil {
		return err
	}
	if w.b, err = packjson.Append(w.b, m.Data, m.Attachments); err != nil {
		return err
	}
	return errors.Join(enc.EncodeString("nsp"), enc.EncodeString(m.Namespace))
}

func (w *buffer) target(enc *msgpack.Encoder, t socketio.Target) error {
	f := clusterwire.OptionsOf(t).WithFlags(t.Flags).Flags
	count := 0
	for _, set := range []bool{f.Volatile, f.Compress != nil, f.Timeout != nil} {
		if set {
			count++
		}
	}
	err := errors.Join(enc.EncodeMapLen(3),
		enc.EncodeString("rooms"), encodeNames(enc, t.Rooms),
		enc.EncodeString("except"), encodeNames(enc, t.Except),
		enc.EncodeString("flags"), enc.EncodeMapLen(count))
	if f.Volatile {
		err = errors.Join(err, enc.EncodeString("volatile"), enc.EncodeBool(true))
	}
	if f.Compress != nil {
		err = errors.Join(err, enc.EncodeString("compress"), enc.EncodeBool(false))
	}
	if f.Timeout != nil {
		err = errors.Join(err, enc.EncodeString("timeout"), enc.EncodeInt(int64(*f.Timeout)))
	}
	return err
}

func encodeNames(enc *msgpack.Encoder, list []string) error {
	err := enc.EncodeArrayLen(len(list))
	for _, s := range list {
		err = errors.Join(err, enc.EncodeString(s))
	}
	return err
}

// errMessage is what is wrong with a message that cannot be used.
var errMessage = clusterwire.ErrMessage

// errOwn stops the decoding of a message that this node has sent.
var errOwn = errors.New("redisadapter: own message")

// decodeBroadcast decodes [uid, packet, options].
func decodeBroadcast(data []byte, self string) (*socketio.ClusterMessage, error) {
	d := packjson.NewDecoder(data, clusterwire.MaxDepth)
	n, err := d.ArrayLen()
	if err != nil {
		return nil, err
	}
	if n < 2 {
		return nil, errMessage
	}
	m := &socketio.ClusterMessage{Type: socketio.ClusterBroadcast, Namespace: "/"}
	if m.UID, err = d.String(); err != nil {
		return nil, err
	}
	if m.UID == self {
		return nil, errOwn
	}
	if err := readPacket(d, m); err != nil {
		return nil, err
	}
	m.Attachments = d.Attachments
	if n == 2 {
		return m, nil
	}
	d.JSON = nil
	if _, err := d.Value(); err != nil {
		return nil, err
	}
	var o clusterwire.Options
	if err := json.Unmarshal(d.JSON, &o); err != nil {
		return nil, fmt.Errorf("%w: %w", errMessage, err)
	}
	m.Target = o.Target()
	return m, nil
}

// readPacket reads the packet of a broadcast.
func readPacket(d *packjson.Decoder, m *socketio.ClusterMessage) error {
	n, err := d.MapLen()
	if err != nil {
		return err
	}
	known := false
	for range n {
		key, err := d.String()
		if err != nil {
			return err
		}
		before := len(d.Attachments)
		d.JSON = nil
		undefined, err := d.Value()
		if err != nil {
			return err
		}
		switch key {
		case "type":
			known = string(d.JSON) == strconv.Itoa(clusterwire.PacketEvent) || string(d.JSON) == strconv.Itoa(clusterwire.PacketBinaryEvent)
		case "data":
			m.Data = d.JSON
			continue
		case "nsp":
			if undefined || string(d.JSON) == "null" {
				continue
			}
			var ok bool
			if m.Namespace, ok = rawjson.Text(d.JSON); !ok {
				return fmt.Errorf("%w: the namespace is no string", errMessage)
			}
		}
		if len(d.Attachments) != before { // bytes elsewhere than in data
			return errMessage
		}
	}
	if !known || sioproto.Kind(m.Data) != '[' {
		return errMessage
	}
	return nil
}
