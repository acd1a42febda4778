package clusterwire

import (
	"encoding/json"
	"fmt"

	"github.com/go-sails/sails/internal/sioproto"
	"github.com/go-sails/sails/socketio"
)

// envelope is a message of spec 3.2.
type envelope struct {
	UID       string                      `json:"uid"`
	Namespace string                      `json:"nsp"`
	Type      socketio.ClusterMessageType `json:"type"`
	Data      *body                       `json:"data,omitempty"`
}

// body is the data of all types. Packet is {type, data} in broadcasts, an array in
// server-side events, one value in answers.
type body struct {
	Packet      json.RawMessage    `json:"packet,omitempty"`
	Opts        *Options           `json:"opts,omitempty"`
	RequestID   string             `json:"requestId,omitempty"`
	Rooms       *Names             `json:"rooms,omitempty"`
	Close       *bool              `json:"close,omitempty"`
	Sockets     *[]json.RawMessage `json:"sockets,omitempty"`
	ClientCount *float64           `json:"clientCount,omitempty"`
}

type packet struct {
	Type int             `json:"type"`
	Data json.RawMessage `json:"data"`
}

// Encode encodes a message, as MessagePack when it has attachments and as JSON
// otherwise.
func Encode(m *socketio.ClusterMessage) ([]byte, error) {
	return encode(m, len(m.Attachments) > 0)
}

// EncodePacked encodes a message as MessagePack.
func EncodePacked(m *socketio.ClusterMessage) ([]byte, error) { return encode(m, true) }

func encode(m *socketio.ClusterMessage, packed bool) ([]byte, error) {
	b, err := bodyOf(m)
	if err != nil {
		return nil, err
	}
	return EncodeObject(envelope{UID: m.UID, Namespace: m.Namespace, Type: m.Type, Data: b}, packed, m.Attachments)
}

// EncodeBody encodes what a message has besides its sender, namespace and type; nil
// when that is nothing. It is MessagePack when the message has attachments.
func EncodeBody(m *socketio.ClusterMessage) ([]byte, error) {
	b, err := bodyOf(m)
	if b == nil || err != nil {
		return nil, err
	}
	return EncodeObject(b, len(m.Attachments) > 0, m.Attachments)
}

// bodyOf is nil for types without data.
func bodyOf(m *socketio.ClusterMessage) (*body, error) {
	b := &body{RequestID: m.RequestID}
	var err error
	switch m.Type {
	case socketio.ClusterInitialHeartbeat, socketio.ClusterHeartbeat, socketio.ClusterAdapterClose:
		return nil, nil
	case socketio.ClusterBroadcast:
		b.Opts = OptionsOf(m.Target).WithFlags(m.Target.Flags)
		b.Packet = append(append(append(make(json.RawMessage, 0, len(m.Data)+24), `{"type":2,"data":`...), m.Data...), '}')
	case socketio.ClusterSocketsJoin, socketio.ClusterSocketsLeave:
		rooms := Names(m.Rooms)
		if rooms == nil {
			rooms = Names{}
		}
		b.Opts, b.Rooms = OptionsOf(m.Target), &rooms
	case socketio.ClusterDisconnectSockets:
		b.Opts, b.Close = OptionsOf(m.Target), &m.Close
	case socketio.ClusterFetchSockets:
		b.Opts = OptionsOf(m.Target)
	case socketio.ClusterFetchSocketsResponse:
		list := make([]json.RawMessage, len(m.Sockets))
		for i, s := range m.Sockets {
			if list[i], err = json.Marshal(s); err != nil {
				return nil, fmt.Errorf("clusterwire: socket: %w", err)
			}
		}
		b.Sockets = &list
	case socketio.ClusterServerSideEmit:
		b.Packet = m.Data
	case socketio.ClusterServerSideEmitResponse, socketio.ClusterBroadcastAck:
		b.Packet = First(m.Data)
	case socketio.ClusterBroadcastClientCount:
		count := float64(m.Count)
		b.ClientCount = &count
	default:
		return nil, fmt.Errorf("clusterwire: unknown type %d", m.Type)
	}
	return b, nil
}

// Decode decodes a message. It is nil when its type is not known.
func Decode(data []byte) (*socketio.ClusterMessage, error) {
	e := envelope{Data: new(body)}
	attachments, err := DecodeObject(data, &e)
	if err != nil {
		return nil, err
	}
	m := &socketio.ClusterMessage{UID: e.UID, Namespace: e.Namespace, Type: e.Type}
	return read(m, e.Data, attachments)
}

// DecodeBody completes a message whose sender, namespace and type are known; it is nil
// when the type is not. data may be nil.
func DecodeBody(m *socketio.ClusterMessage, data []byte) (*socketio.ClusterMessage, error) {
	b := new(body)
	var attachments [][]byte
	var err error
	if len(data) > 0 {
		if attachments, err = DecodeObject(data, b); err != nil {
			return nil, err
		}
	}
	return read(m, b, attachments)
}

// read fills in what b says.
func read(m *socketio.ClusterMessage, b *body, attachments [][]byte) (_ *socketio.ClusterMessage, err error) {
	if b == nil {
		b = new(body)
	}
	m.RequestID = b.RequestID
	switch m.Type {
	case socketio.ClusterInitialHeartbeat, socketio.ClusterHeartbeat, socketio.ClusterAdapterClose:
		return m, nil
	case socketio.ClusterBroadcast:
		var p packet
		if err := json.Unmarshal(b.Packet, &p); err != nil {
			return nil, fmt.Errorf("%w: packet: %w", ErrMessage, err)
		}
		if p.Type != PacketEvent && p.Type != PacketBinaryEvent {
			return nil, ErrMessage
		}
		m.Target, m.Data, m.Attachments = b.Opts.Target(), p.Data, attachments
		return m, array(m.Data)
	case socketio.ClusterServerSideEmit:
		m.Data, m.Attachments = b.Packet, attachments
		return m, array(m.Data)
	case socketio.ClusterSocketsJoin, socketio.ClusterSocketsLeave, socketio.ClusterDisconnectSockets, socketio.ClusterFetchSockets:
		if b.Opts == nil { // it would be everyone
			return nil, ErrMessage
		}
		m.Target = b.Opts.Target()
		if b.Rooms != nil {
			m.Rooms = *b.Rooms
		}
		m.Close = b.Close != nil && *b.Close
		return m, nil
	case socketio.ClusterFetchSocketsResponse:
		if b.Sockets == nil {
			return nil, ErrMessage
		}
		m.Sockets, err = Sockets(*b.Sockets)
		return m, err
	case socketio.ClusterServerSideEmitResponse, socketio.ClusterBroadcastAck:
		m.Data, m.Attachments = List(b.Packet), attachments
		return m, nil
	case socketio.ClusterBroadcastClientCount:
		if b.ClientCount == nil || *b.ClientCount < 0 || *b.ClientCount >= 1<<31 {
			return nil, ErrMessage
		}
		m.Count = int(*b.ClientCount)
		return m, nil
	}
	return nil, nil
}

// array checks that an event is one.
func array(data json.RawMessage) error {
	if sioproto.Kind(data) != '[' {
		return ErrMessage
	}
	return nil
}
