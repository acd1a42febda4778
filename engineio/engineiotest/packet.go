package engineiotest

import (
	"fmt"

	"github.com/go-sails/sails/internal/eioclient"
	"github.com/go-sails/sails/internal/eioproto"
)

// Type is the type of a packet, as the digit on the wire.
type Type byte

// The packet types of Engine.IO.
const (
	PacketOpen    Type = '0'
	PacketClose   Type = '1'
	PacketPing    Type = '2'
	PacketPong    Type = '3'
	PacketMessage Type = '4'
	PacketUpgrade Type = '5'
	PacketNoop    Type = '6'
)

// Packet is one packet. Packets can be compared with ==.
type Packet struct {
	Type   Type
	Binary bool
	Data   string // text, or bytes when Binary
}

// Text returns a message with text.
func Text(s string) Packet { return Packet{Type: PacketMessage, Data: s} }

// Binary returns a message with bytes.
func Binary(p ...byte) Packet { return Packet{Type: PacketMessage, Binary: true, Data: string(p)} }

// String shows the packet as it is on the wire, binary data quoted.
func (p Packet) String() string {
	if p.Binary {
		return fmt.Sprintf("%c<% x>", p.Type, p.Data)
	}
	return string(p.Type) + p.Data
}

func fromWire(p eioproto.Packet) Packet {
	return Packet{Type: Type(p.Type.Digit()), Binary: p.Binary, Data: string(p.Data)}
}

func toWire(packets []Packet) []eioclient.Wire {
	wires := make([]eioclient.Wire, 0, len(packets))
	for _, p := range packets {
		if p.Binary {
			wires = append(wires, eioclient.Wire{Binary: true, Data: []byte(p.Data)})
		} else {
			wires = append(wires, eioclient.Wire{Data: append([]byte{byte(p.Type)}, p.Data...)})
		}
	}
	return wires
}
