package socketio

import (
	"encoding/json"

	"github.com/go-sails/sails/engineio"
	"github.com/go-sails/sails/internal/sioproto"
)

// PacketType is the type of a Packet.
type PacketType byte

// The packet types of a Codec. The binary variants of the default format are no
// types of their own here: a packet with attachments is binary.
const (
	PacketConnect      = PacketType(sioproto.Connect)
	PacketDisconnect   = PacketType(sioproto.Disconnect)
	PacketEvent        = PacketType(sioproto.Event)
	PacketAck          = PacketType(sioproto.Ack)
	PacketConnectError = PacketType(sioproto.ConnectError)
)

// Packet is a Socket.IO packet between the server and a Codec.
type Packet struct {
	Type      PacketType
	Namespace string
	ID        uint64 // of the acknowledgement, when HasID
	HasID     bool
	// Data is JSON: an array for events and acknowledgements, an object for CONNECT,
	// an object or string for CONNECT_ERROR, nil for none.
	Data json.RawMessage
	// Attachments are the byte strings in Data: {"_placeholder":true,"num":i} stands
	// for the i-th, each exactly once.
	Attachments [][]byte
}

// Codec is a packet format other than the default one. All clients of a server use
// the same. Package msgpackcodec has one.
type Codec interface {
	// Encode turns a packet into engine messages. It is called once per packet, also
	// for broadcasts, from any goroutine, and keeps nothing of p.
	Encode(p *Packet) ([]*engineio.Message, error)
	// NewDecoder returns what decodes the messages of one session.
	NewDecoder() Decoder
}

// Decoder decodes the messages of one session, in order.
type Decoder interface {
	// Decode takes one engine message. It returns a packet, nil when more messages
	// are needed, or an error, which closes the session. data is only valid during
	// the call. Data of the packet is checked and limited by the server.
	Decode(data []byte, binary bool) (*Packet, error)
}
