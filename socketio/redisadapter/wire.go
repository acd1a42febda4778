package redisadapter

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

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

// encodeBroadcast encodes [uid, packet, options].
func encodeBroadcast(m *socketio.ClusterMessage) ([]byte, error) {
	size := 64 + len(m.UID) + len(m.Namespace) + len(m.Data)
	for _, list := range [][]string{m.Target.Rooms, m.Target.Except} {
		for _, name := range list {
			size += 5 + len(name)
		}
	}
	for _, b := range m.Attachments {
		size += len(b)
	}
	dst := appendSender(make([]byte, 0, size), m.UID)
	dst = packjson.AppendString(packjson.AppendMapLen(dst, 3), "type")
	dst = packjson.AppendInt(dst, clusterwire.PacketEvent)
	dst, err := packjson.Append(packjson.AppendString(dst, "data"), m.Data, m.Attachments)
	if err != nil {
		return nil, err
	}
	dst = packjson.AppendString(packjson.AppendString(dst, "nsp"), m.Namespace)
	return appendTarget(dst, m.Target), nil
}

// appendSender begins a broadcast.
func appendSender(dst []byte, uid string) []byte {
	return packjson.AppendString(packjson.AppendArrayLen(dst, 3), uid)
}

func appendTarget(dst []byte, t socketio.Target) []byte {
	dst = packjson.AppendMapLen(dst, 3)
	dst = appendNames(packjson.AppendString(dst, "rooms"), t.Rooms)
	dst = appendNames(packjson.AppendString(dst, "except"), t.Except)
	dst = packjson.AppendString(dst, "flags")
	f := t.Flags
	count := 0
	for _, set := range []bool{f.Volatile, f.NoCompress, f.Timeout > 0} {
		if set {
			count++
		}
	}
	dst = packjson.AppendMapLen(dst, count)
	if f.Volatile {
		dst = packjson.AppendBool(packjson.AppendString(dst, "volatile"), true)
	}
	if f.NoCompress {
		dst = packjson.AppendBool(packjson.AppendString(dst, "compress"), false)
	}
	if f.Timeout > 0 {
		dst = packjson.AppendInt(packjson.AppendString(dst, "timeout"), f.Timeout.Milliseconds())
	}
	return dst
}

func appendNames(dst []byte, list []string) []byte {
	dst = packjson.AppendArrayLen(dst, len(list))
	for _, s := range list {
		dst = packjson.AppendString(dst, s)
	}
	return dst
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
	uid, err := d.Text()
	if err != nil {
		return nil, err
	}
	if string(uid) == self {
		return nil, errOwn
	}
	m := &socketio.ClusterMessage{Type: socketio.ClusterBroadcast, UID: string(uid), Namespace: "/"}
	if err := readPacket(d, m, len(data)); err != nil {
		return nil, err
	}
	m.Attachments = d.Attachments
	if n > 2 {
		m.Target, err = readTarget(d)
	}
	return m, err
}

// readPacket reads the packet of a broadcast of so many bytes.
func readPacket(d *packjson.Decoder, m *socketio.ClusterMessage, size int) error {
	n, err := d.MapLen()
	if err != nil {
		return err
	}
	known := false
	var small [32]byte // for values that are not kept
	for range n {
		key, err := d.Text()
		if err != nil {
			return err
		}
		before := len(d.Attachments)
		d.JSON = small[:0]
		if string(key) == "data" {
			d.JSON = make([]byte, 0, size)
			size = 0 // should there be another
		}
		undefined, err := d.Value()
		if err != nil {
			return err
		}
		switch string(key) {
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

// readTarget reads the options of a broadcast.
func readTarget(d *packjson.Decoder) (socketio.Target, error) {
	if t, ok := plainTarget(*d); ok {
		return t, nil
	}
	d.JSON = nil
	if _, err := d.Value(); err != nil {
		return socketio.Target{}, err
	}
	var o clusterwire.Options
	if err := json.Unmarshal(d.JSON, &o); err != nil {
		return socketio.Target{}, fmt.Errorf("%w: %w", errMessage, err)
	}
	return o.Target(), nil
}

// plainTarget reads options as almost all are: names are strings, and there are no flags.
// Of others it is false, and the reader, a copy, has to be thrown away.
func plainTarget(d packjson.Decoder) (t socketio.Target, ok bool) {
	n, err := d.MapLen()
	for range n {
		key, err := d.Text()
		if err != nil {
			return t, false
		}
		switch string(key) {
		case "rooms":
			t.Rooms, ok = plainNames(&d)
		case "except":
			t.Except, ok = plainNames(&d)
		case "flags":
			flags, err := d.MapLen()
			ok = err == nil && flags == 0
		default:
			return t, false
		}
		if !ok {
			return t, false
		}
	}
	return t, err == nil
}

func plainNames(d *packjson.Decoder) (list []string, ok bool) {
	n, err := d.ArrayLen()
	if err != nil {
		return nil, false
	}
	list = make([]string, 0, min(n, 16))
	for range n {
		name, err := d.String()
		if err != nil {
			return nil, false
		}
		list = append(list, name)
	}
	return list, true
}
