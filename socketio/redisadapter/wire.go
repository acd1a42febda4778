package redisadapter

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/vmihailenco/msgpack/v5"

	"github.com/go-sails/sails/internal/sioproto"
	"github.com/go-sails/sails/internal/sioproto/packjson"
	"github.com/go-sails/sails/socketio"
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
	UID       string          `json:"uid,omitempty"`
	RequestID string          `json:"requestId,omitempty"`
	Type      requestType     `json:"type"`
	Opts      *options        `json:"opts,omitempty"`
	Rooms     names           `json:"rooms,omitempty"`
	Close     *bool           `json:"close,omitempty"`
	SID       string          `json:"sid,omitempty"`  // old form of join, leave, disconnect
	Room      name            `json:"room,omitempty"` // old form of join and leave
	Data      json.RawMessage `json:"data,omitempty"` // server-side event
	Packet    *packet         `json:"packet,omitempty"`

	// Attachments is how Go nodes carry byte strings inside of JSON at Level6.
	Attachments [][]byte `json:"attachments,omitempty"`
}

// response is a message on a response channel. Type is set in some of them.
type response struct {
	Type        *requestType       `json:"type,omitempty"`
	RequestID   string             `json:"requestId"`
	Sockets     *[]json.RawMessage `json:"sockets,omitempty"` // ids or descriptions
	Rooms       *names             `json:"rooms,omitempty"`
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

// options say which sockets are meant.
type options struct {
	Rooms  names  `json:"rooms"`
	Except names  `json:"except"`
	Flags  *flags `json:"flags,omitempty"`
}

type flags struct {
	Volatile bool     `json:"volatile,omitempty"`
	Compress *bool    `json:"compress,omitempty"`
	Timeout  *float64 `json:"timeout,omitempty"` // milliseconds
}

func optionsOf(t socketio.Target) *options {
	o := &options{Rooms: t.Rooms, Except: t.Except}
	if o.Rooms == nil {
		o.Rooms = names{}
	}
	if o.Except == nil {
		o.Except = names{}
	}
	return o
}

// withFlags adds the flags, which broadcasts have.
func (o *options) withFlags(f socketio.Flags) *options {
	o.Flags = &flags{Volatile: f.Volatile}
	if f.NoCompress {
		no := false
		o.Flags.Compress = &no
	}
	if f.Timeout > 0 {
		ms := float64(f.Timeout.Milliseconds())
		o.Flags.Timeout = &ms
	}
	return o
}

func (o *options) target() socketio.Target {
	if o == nil {
		return socketio.Target{}
	}
	t := socketio.Target{Rooms: o.Rooms, Except: o.Except}
	if f := o.Flags; f != nil {
		t.Flags.Volatile = f.Volatile
		t.Flags.NoCompress = f.Compress != nil && !*f.Compress
		if f.Timeout != nil && *f.Timeout > 0 && *f.Timeout < float64(24*time.Hour/time.Millisecond) {
			t.Flags.Timeout = time.Duration(*f.Timeout * float64(time.Millisecond))
		}
	}
	return t
}

// names are rooms. JavaScript nodes may have numbers there.
type names []string

// UnmarshalJSON takes an array of names.
func (n *names) UnmarshalJSON(data []byte) error {
	var list []name
	if err := json.Unmarshal(data, &list); err != nil {
		return err
	}
	*n = make(names, len(list))
	for i, x := range list {
		(*n)[i] = string(x)
	}
	return nil
}

// name is a room.
type name string

// UnmarshalJSON takes a string, or a scalar by its spelling.
func (n *name) UnmarshalJSON(data []byte) error {
	switch sioproto.Kind(data) {
	case '{', '[':
		return errors.New("a room name is no scalar")
	case '"':
		return json.Unmarshal(data, (*string)(n))
	}
	*n = name(data)
	return nil
}

// maxDepth bounds the nesting of what comes from other nodes; the server applies its
// own limit to the arguments of events.
const maxDepth = 10_100

// event types of a packet: the second is that of nodes which tell binary events apart.
const (
	packetEvent       = 2
	packetBinaryEvent = 5
)

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
		enc.EncodeString("type"), enc.EncodeInt(packetEvent), enc.EncodeString("data"))
	if err != nil {
		return err
	}
	if w.b, err = packjson.Append(w.b, m.Data, m.Attachments); err != nil {
		return err
	}
	return errors.Join(enc.EncodeString("nsp"), enc.EncodeString(m.Namespace))
}

func (w *buffer) target(enc *msgpack.Encoder, t socketio.Target) error {
	f := optionsOf(t).withFlags(t.Flags).Flags
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

var errMessage = errors.New("redisadapter: malformed message")

// errOwn stops the decoding of a message that this node has sent.
var errOwn = errors.New("redisadapter: own message")

// decodeBroadcast decodes [uid, packet, options].
func decodeBroadcast(data []byte, self string) (*socketio.ClusterMessage, error) {
	d := packjson.NewDecoder(data, maxDepth)
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
	var o options
	if err := json.Unmarshal(d.JSON, &o); err != nil {
		return nil, fmt.Errorf("%w: %w", errMessage, err)
	}
	m.Target = o.target()
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
			known = string(d.JSON) == strconv.Itoa(packetEvent) || string(d.JSON) == strconv.Itoa(packetBinaryEvent)
		case "data":
			m.Data = d.JSON
			continue
		case "nsp":
			if undefined {
				continue
			}
			if err := json.Unmarshal(d.JSON, &m.Namespace); err != nil {
				return fmt.Errorf("%w: namespace: %w", errMessage, err)
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

// decodeObject decodes a request or a response: JSON, or MessagePack as its first byte
// tells. Byte strings of MessagePack are returned.
func decodeObject(data []byte, into any) (attachments [][]byte, err error) {
	if len(data) == 0 {
		return nil, errMessage
	}
	if data[0] != '{' {
		d := packjson.NewDecoder(data, maxDepth)
		if _, err := d.Value(); err != nil {
			return nil, err
		}
		if d.More() {
			return nil, errMessage
		}
		data, attachments = d.JSON, d.Attachments
	}
	if err := json.Unmarshal(data, into); err != nil {
		return nil, fmt.Errorf("%w: %w", errMessage, err)
	}
	return attachments, nil
}

// encodeObject encodes a request or a response: JSON, or MessagePack with the byte
// strings in place.
func encodeObject(v any, packed bool, attachments [][]byte) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, fmt.Errorf("redisadapter: %w", err)
	}
	text := bytes.TrimSuffix(b.Bytes(), []byte("\n"))
	if !packed {
		return text, nil
	}
	return packjson.Append(nil, text, attachments)
}
