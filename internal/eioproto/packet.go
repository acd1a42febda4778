package eioproto

import (
	"encoding/base64"
	"errors"
)

// Type is the packet type of Engine.IO, the same in both revisions.
type Type byte

// The packet types, in the order of their digits on the wire.
const (
	Open Type = iota
	Close
	Ping
	Pong
	Message
	Upgrade
	Noop
)

// Digit returns the ASCII digit that stands for t in text packets.
func (t Type) Digit() byte { return '0' + byte(t) }

// String returns the name the protocol text uses.
func (t Type) String() string {
	switch t {
	case Open:
		return "open"
	case Close:
		return "close"
	case Ping:
		return "ping"
	case Pong:
		return "pong"
	case Message:
		return "message"
	case Upgrade:
		return "upgrade"
	case Noop:
		return "noop"
	}
	return "unknown"
}

// Packet is one decoded packet. Data is what follows the type; it aliases the
// decoder's input unless it had to be converted (base64, invalid UTF-8), so it
// is valid only as long as that input.
type Packet struct {
	Type   Type
	Binary bool // Data is bytes rather than text
	Data   []byte
}

// Errors of the decoders.
var (
	// ErrPacket says that the input is not a packet, or not a sequence of
	// packets. The session it came from ends with "parse error".
	ErrPacket = errors.New("eioproto: malformed packet")
	// ErrTooManyPackets says that a payload holds more packets than allowed
	// (SEC-35).
	ErrTooManyPackets = errors.New("eioproto: too many packets in one payload")
)

// DecodeText decodes a packet in its text form: the content of a WebSocket text
// frame, or one packet of a text payload. rev is 3 or 4; they differ in base64
// packets only ("b4…" in revision 3, "b…" in revision 4). Text is not checked to
// be UTF-8; whoever delivers the frame does that. An empty frame is ErrPacket.
func DecodeText(frame []byte, rev int) (Packet, error) {
	if len(frame) == 0 {
		return Packet{}, ErrPacket
	}
	if frame[0] == 'b' {
		return decodeBase64Packet(frame[1:], rev)
	}
	t, ok := typeOfDigit(frame[0])
	if !ok {
		return Packet{}, ErrPacket
	}
	return Packet{Type: t, Data: frame[1:]}, nil
}

// DecodeBinary decodes a packet in its binary form: the content of a WebSocket
// binary frame, or one binary packet of a revision 3 payload. In revision 4 all
// of it is the data of a message and may be empty; in revision 3 the first byte
// is the type, so an empty frame is ErrPacket.
func DecodeBinary(frame []byte, rev int) (Packet, error) {
	if rev != 3 {
		return Packet{Type: Message, Binary: true, Data: frame}, nil
	}
	if len(frame) == 0 || frame[0] > byte(Noop) {
		return Packet{}, ErrPacket
	}
	return Packet{Type: Type(frame[0]), Binary: true, Data: frame[1:]}, nil
}

// AppendBase64 appends the text form of a binary message: "b" and the base64 of
// data in revision 4, "b4" and the base64 in revision 3.
func AppendBase64(dst []byte, rev int, data []byte) []byte {
	dst = append(dst, 'b')
	if rev == 3 {
		dst = append(dst, Message.Digit())
	}
	return base64.StdEncoding.AppendEncode(dst, data)
}

// Base64Len returns the number of bytes AppendBase64 appends for n bytes of data.
func Base64Len(rev, n int) int {
	head := 1
	if rev == 3 {
		head = 2
	}
	return head + base64.StdEncoding.EncodedLen(n)
}

func typeOfDigit(c byte) (Type, bool) {
	if c < '0' || c > Noop.Digit() {
		return 0, false
	}
	return Type(c - '0'), true
}

// decodeBase64Packet decodes what follows the "b".
func decodeBase64Packet(s []byte, rev int) (Packet, error) {
	t := Message
	if rev == 3 {
		if len(s) == 0 {
			return Packet{}, ErrPacket
		}
		var ok bool
		if t, ok = typeOfDigit(s[0]); !ok {
			return Packet{}, ErrPacket
		}
		s = s[1:]
	}
	return Packet{Type: t, Binary: true, Data: decodeBase64(s)}, nil
}
