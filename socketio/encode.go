package socketio

import (
	"fmt"

	"github.com/go-sails/sails/engineio"
	"github.com/go-sails/sails/internal/rawjson"
	"github.com/go-sails/sails/internal/sioproto"
)

// packet is an encoded Socket.IO packet: immutable, sent to any number of sockets.
type packet struct {
	head *engineio.Message
	all  []*engineio.Message // head and attachments; nil when there is head alone
}

func (p packet) compress(on bool) packet {
	if p.all == nil {
		return packet{head: p.head.Compress(on)}
	}
	all := make([]*engineio.Message, len(p.all))
	for i, m := range p.all {
		all[i] = m.Compress(on)
	}
	return packet{all[0], all}
}

// size is about what the packet holds in memory.
func (p packet) size() int {
	if p.all == nil {
		return len(p.head.Bytes())
	}
	n := 0
	for _, m := range p.all {
		n += len(m.Bytes())
	}
	return n
}

// encodePacket encodes an event or an acknowledgement.
func (n *Namespace) encodePacket(t sioproto.Type, event string, id uint64, hasID bool, args []any) (packet, error) {
	if size, ok := verbatim(args); ok && n.srv.cfg.Codec == nil {
		size += sioproto.HeaderSize(0, n.name, id, hasID) + len(event) + len(`["",]`)
		return packet{head: engineio.BuildText(size, func(dst []byte) []byte {
			dst = append(sioproto.AppendHeader(dst, t, 0, n.name, id, hasID), '[')
			if t == sioproto.Event {
				dst = append(sioproto.AppendString(dst, event), ',')
			}
			return appendVerbatim(dst, args)
		})}, nil
	}
	enc := sioproto.NewEncoder()
	defer enc.Release()
	if err := encodeList(enc, event, t == sioproto.Event, args); err != nil {
		return packet{}, fmt.Errorf("socketio: encoding %q: %w", event, err)
	}
	return n.assemble(t, id, hasID, enc.Buf, enc.Attachments, "")
}

// verbatim returns the size of args if each of them is JSON text that is sent as it
// is: received arguments without attachments, and answers of virtual requests. Such a
// packet is written where it belongs at once, past the Encoder; it is what echoes and
// virtual requests answer.
func verbatim(args []any) (size int, ok bool) {
	for _, arg := range args {
		switch v := arg.(type) {
		case Args:
			if len(v.Attachments()) > 0 {
				return 0, false
			}
			for _, s := range v.spans() {
				size += int(s.End-s.Start) + 1
			}
		case *rawjson.Trusted:
			size += len(*v) + 1
		default:
			return 0, false
		}
	}
	return size, len(args) > 0
}

// appendVerbatim appends what verbatim has measured, and closes the array.
func appendVerbatim(dst []byte, args []any) []byte {
	for _, arg := range args {
		switch v := arg.(type) {
		case Args:
			for _, s := range v.spans() {
				dst = append(append(dst, v.of.raw[s.Start:s.End]...), ',')
			}
		case *rawjson.Trusted:
			dst = append(append(dst, *v...), ',')
		}
	}
	if dst[len(dst)-1] == ',' {
		dst = dst[:len(dst)-1]
	}
	return append(dst, ']')
}

// assemble makes a packet of its JSON array. A non-empty offset is appended to the
// array as one more argument (recovery).
func (n *Namespace) assemble(t sioproto.Type, id uint64, hasID bool, list []byte, attachments [][]byte, offset string) (packet, error) {
	if n.srv.cfg.Codec != nil {
		data := list
		if offset != "" {
			data = appendOffset(append([]byte(nil), list...), offset)
		}
		return n.srv.encodeWith(&Packet{Type: PacketType(t), Namespace: n.name, ID: id, HasID: hasID, Data: data, Attachments: attachments})
	}
	if len(attachments) > 0 {
		t += sioproto.BinaryEvent - sioproto.Event
	}
	size := sioproto.HeaderSize(len(attachments), n.name, id, hasID) + len(list)
	if offset != "" {
		size += len(offset) + len(`,""`)
	}
	head := engineio.BuildText(size, func(dst []byte) []byte {
		dst = sioproto.AppendHeader(dst, t, len(attachments), n.name, id, hasID)
		dst = append(dst, list...)
		if offset != "" {
			dst = appendOffset(dst, offset)
		}
		return dst
	})
	if len(attachments) == 0 {
		return packet{head: head}, nil
	}
	all := make([]*engineio.Message, 1, 1+len(attachments))
	all[0] = head
	for _, b := range attachments {
		all = append(all, engineio.Binary(b))
	}
	return packet{head, all}, nil
}

// appendOffset puts offset behind the last element of the array dst ends with.
func appendOffset(dst []byte, offset string) []byte {
	dst = append(dst[:len(dst)-1], ',')
	return append(sioproto.AppendString(dst, offset), ']')
}

// encodeControl encodes CONNECT, DISCONNECT or CONNECT_ERROR; data may be nil.
func (srv *Server) encodeControl(t sioproto.Type, namespace string, data []byte) (packet, error) {
	if srv.cfg.Codec != nil {
		return srv.encodeWith(&Packet{Type: PacketType(t), Namespace: namespace, Data: data})
	}
	return packet{head: engineio.BuildText(sioproto.HeaderSize(0, namespace, 0, false)+len(data), func(dst []byte) []byte {
		return append(sioproto.AppendHeader(dst, t, 0, namespace, 0, false), data...)
	})}, nil
}

func (srv *Server) encodeWith(p *Packet) (packet, error) {
	messages, err := srv.cfg.Codec.Encode(p)
	if err != nil {
		return packet{}, fmt.Errorf("socketio: Codec: %w", err)
	}
	switch len(messages) {
	case 0:
		return packet{}, fmt.Errorf("socketio: Codec made no message of a packet")
	case 1:
		return packet{head: messages[0]}, nil
	}
	return packet{messages[0], messages}, nil
}
