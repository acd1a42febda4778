package engineio

import (
	"sync/atomic"

	"github.com/go-sails/sails/internal/eioproto"
	"github.com/go-sails/sails/internal/wsconn"
)

// headerRoom is the space a WebSocket frame header of a server may need.
const headerRoom = 10

// Message is one outgoing packet, encoded once. It is immutable and may be sent
// to any number of sessions at the same time; all share its bytes.
//
// Every common wire form is a slice of one buffer:
//
//	[ room for a frame header | type digit (text only) | payload ]
//
// The rare forms (revision 3 binary, base64, deflate) are built when first asked
// for and kept.
type Message struct {
	buf        []byte
	frame      uint8 // where the WebSocket frame begins in buf
	kind       eioproto.Type
	binary     bool
	noCompress bool
	rare       *rareForms             // binary messages only
	packed     atomic.Pointer[[]byte] // the deflated frame of text, when some session wants it
}

// rareForms caches the forms few sessions need. Two goroutines may build the same
// form at once; either result is right.
type rareForms struct {
	binary3  atomic.Pointer[[]byte]    // WebSocket frame of revision 3
	base64   [2]atomic.Pointer[[]byte] // by revision: 3, 4
	deflated [2]atomic.Pointer[[]byte] // by revision: 4, 3
}

// Text returns a text message.
func Text(s string) *Message {
	return BuildText(len(s), func(dst []byte) []byte { return append(dst, s...) })
}

// Binary returns a binary message with a copy of b.
func Binary(b []byte) *Message {
	buf := make([]byte, headerRoom, headerRoom+len(b))
	buf = append(buf, b...)
	m := &Message{buf: buf, kind: eioproto.Message, binary: true, rare: new(rareForms)}
	m.frame = uint8(wsconn.PutHeader(buf[:headerRoom], wsconn.OpBinary, len(b)))
	return m
}

// BuildText returns a text message that fill writes in place: fill appends to
// dst and returns it. With a size hint that is large enough in bytes nothing else is
// allocated.
func BuildText(sizeHint int, fill func(dst []byte) []byte) *Message {
	size := headerRoom + 1 + max(sizeHint, 0)
	var m *Message
	var buf []byte
	switch {
	case size <= len(shortMessage{}.room):
		short := new(shortMessage)
		m, buf = &short.Message, short.room[:headerRoom+1]
	case size <= len(longerMessage{}.room):
		longer := new(longerMessage)
		m, buf = &longer.Message, longer.room[:headerRoom+1]
	default:
		m, buf = new(Message), make([]byte, headerRoom+1, size)
	}
	buf[headerRoom] = '4'
	return m.text(fill(buf), eioproto.Message)
}

// shortMessage is a Message with its buffer: one allocation instead of two. It fills
// the size class of 128 bytes.
type shortMessage struct {
	Message
	room [80]byte
}

// longerMessage is the same for answers of virtual requests, whose header alone is
// longer than most events. It fills the size class of 208 bytes.
type longerMessage struct {
	Message
	room [160]byte
}

func textMessage(buf []byte, kind eioproto.Type) *Message { return new(Message).text(buf, kind) }

// text makes m the message of a filled buffer.
func (m *Message) text(buf []byte, kind eioproto.Type) *Message {
	m.buf, m.kind = buf, kind
	m.frame = uint8(wsconn.PutHeader(buf[:headerRoom], wsconn.OpText, len(buf)-headerRoom))
	return m
}

// control builds a packet of another type than message.
func control(kind eioproto.Type, data string) *Message {
	buf := make([]byte, headerRoom, headerRoom+1+len(data))
	buf = append(buf, '0'+byte(kind))
	return textMessage(append(buf, data...), kind)
}

// The packets that carry nothing are built once.
var (
	pingPacket  = control(eioproto.Ping, "")
	pongPacket  = control(eioproto.Pong, "")
	noopPacket  = control(eioproto.Noop, "")
	closePacket = control(eioproto.Close, "")
	probeAnswer = control(eioproto.Pong, "probe")
)

// Bytes returns the payload without the type digit. It must not be modified.
func (m *Message) Bytes() []byte {
	if m.binary {
		return m.buf[headerRoom:]
	}
	return m.buf[headerRoom+1:]
}

// IsBinary tells whether the message is binary.
func (m *Message) IsBinary() bool { return m.binary }

// Compress returns a message with the same bytes whose transfer may (the default)
// or may not be compressed by the transport.
func (m *Message) Compress(on bool) *Message {
	return &Message{buf: m.buf, frame: m.frame, kind: m.kind, binary: m.binary, noCompress: !on, rare: m.rare}
}

// size is what the message counts in the queue of a session.
func (m *Message) size() int { return len(m.buf) }

// encoding is what a session's peer needs.
type encoding struct {
	revision int8 // 3 or 4
	b64      bool // never raw binary
	deflate  bool // permessage-deflate was negotiated
}

// wsFrame returns the whole WebSocket frame, shared by all sessions alike.
func (m *Message) wsFrame(e encoding, threshold int) []byte {
	if e.deflate && !m.noCompress && len(m.buf)-headerRoom >= threshold && m.kind == eioproto.Message {
		return m.deflatedFrame(e)
	}
	if !m.binary {
		return m.buf[m.frame:]
	}
	if e.b64 {
		b := m.base64Packet(e.revision)
		return append(wsconn.AppendHeader(nil, wsconn.OpText, len(b), false), b...)
	}
	if e.revision == 4 {
		return m.buf[m.frame:]
	}
	return cached(&m.rare.binary3, func() []byte {
		data := m.Bytes()
		frame := wsconn.AppendHeader(make([]byte, 0, headerRoom+1+len(data)), wsconn.OpBinary, len(data)+1, false)
		return append(append(frame, byte(eioproto.Message)), data...)
	})
}

// textPacket returns the packet as polling carries it: "4hello", "b<base64>".
func (m *Message) textPacket(revision int8) []byte {
	if m.binary {
		return m.base64Packet(revision)
	}
	return m.buf[headerRoom:]
}

// appendBinary3 appends the packet to a revision 3 binary payload.
func (m *Message) appendBinary3(dst []byte) []byte {
	if !m.binary {
		return eioproto.AppendBinary3(dst, false, m.buf[headerRoom:])
	}
	dst = eioproto.AppendBinaryHeader3(dst, true, len(m.Bytes())+1)
	return append(append(dst, byte(eioproto.Message)), m.Bytes()...)
}

func (m *Message) base64Packet(revision int8) []byte {
	return cached(&m.rare.base64[revision-3], func() []byte {
		return eioproto.AppendBase64(nil, int(revision), m.Bytes())
	})
}

func (m *Message) deflatedFrame(e encoding) []byte {
	if !m.binary {
		return cached(&m.packed, func() []byte { return compressFrame(wsconn.OpText, m.buf[headerRoom:]) })
	}
	if e.b64 { // rare enough not to be kept
		return compressFrame(wsconn.OpText, m.base64Packet(e.revision))
	}
	if e.revision == 4 {
		return cached(&m.rare.deflated[0], func() []byte { return compressFrame(wsconn.OpBinary, m.Bytes()) })
	}
	return cached(&m.rare.deflated[1], func() []byte {
		return compressFrame(wsconn.OpBinary, append([]byte{byte(eioproto.Message)}, m.Bytes()...))
	})
}

func cached(slot *atomic.Pointer[[]byte], build func() []byte) []byte {
	if p := slot.Load(); p != nil {
		return *p
	}
	b := build()
	slot.Store(&b)
	return b
}

// compressFrame deflates plain into a frame, or frames it as it is where deflate
// does not make it smaller.
func compressFrame(op wsconn.Opcode, plain []byte) []byte {
	packed, err := wsconn.Deflate(plain)
	if err != nil || len(packed) >= len(plain) {
		return append(wsconn.AppendHeader(nil, op, len(plain), false), plain...)
	}
	return append(wsconn.AppendHeader(nil, op, len(packed), true), packed...)
}
