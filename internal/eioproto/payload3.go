package eioproto

import (
	"strconv"
	"unicode/utf8"
)

// DecodePayload3 decodes a revision 3 polling body in its text form,
// "<length>:<packet>" repeated, the length in UTF-16 code units. Packets of
// length zero are passed over; an empty body is ErrPacket. It stops as
// DecodePayload4 does. A length that ends inside a surrogate pair is ErrPacket.
func DecodePayload3(body []byte, maxPackets int, each func(Packet) error) error {
	body = ToValidUTF8(body)
	if len(body) == 0 {
		return ErrPacket
	}
	for count := 1; len(body) > 0; count++ {
		if maxPackets > 0 && count > maxPackets {
			return ErrTooManyPackets
		}
		units, rest, ok := cutLength(body, ':', '0')
		if !ok {
			return ErrPacket
		}
		size, ok := bytesOfUnits(rest, units)
		if !ok {
			return ErrPacket
		}
		body = rest[size:]
		if size == 0 {
			continue
		}
		p, err := DecodeText(rest[:size], 3)
		if err != nil {
			return err
		}
		if err := each(p); err != nil {
			return err
		}
	}
	return nil
}

// DecodePayload3Binary decodes a revision 3 polling body in its binary form, the
// one of content type application/octet-stream: per packet a byte 0 (string) or
// 1 (binary), the length in bytes as one byte (0 to 9) per decimal digit, 0xFF,
// the content. An empty body holds no packet and is no error. It stops as
// DecodePayload4 does.
func DecodePayload3Binary(body []byte, maxPackets int, each func(Packet) error) error {
	for count := 1; len(body) > 0; count++ {
		if maxPackets > 0 && count > maxPackets {
			return ErrTooManyPackets
		}
		kind := body[0]
		size, rest, ok := cutLength(body[1:], 0xFF, 0)
		if !ok || kind > 1 || size > len(rest) {
			return ErrPacket
		}
		frame := rest[:size]
		body = rest[size:]
		var p Packet
		var err error
		if kind == 1 {
			p, err = DecodeBinary(frame, 3)
		} else if frame, ok = stringContent(frame); ok {
			p, err = DecodeText(frame, 3)
		} else {
			err = ErrPacket
		}
		if err != nil {
			return err
		}
		if err := each(p); err != nil {
			return err
		}
	}
	return nil
}

// cutLength reads decimal digits, written as zero+0 to zero+9, up to the byte
// end. A number that exceeds what follows it is refused at once, so the value
// never overflows; leading zeros are harmless.
func cutLength(s []byte, end, zero byte) (n int, rest []byte, ok bool) {
	for i, c := range s {
		if c == end {
			return n, s[i+1:], i > 0
		}
		if c -= zero; c > 9 {
			return 0, nil, false
		}
		if n = n*10 + int(c); n > len(s)-i-1 {
			return 0, nil, false
		}
	}
	return 0, nil, false
}

// bytesOfUnits returns how many bytes of the valid UTF-8 text s make up its
// first units UTF-16 code units. ok is false when there are fewer, or when the
// last one would be half a surrogate pair.
func bytesOfUnits(s []byte, units int) (size int, ok bool) {
	for units > 0 {
		if size == len(s) {
			return 0, false
		}
		switch c := s[size]; {
		case c < 0x80:
			size, units = size+1, units-1
		case c < 0xE0:
			size, units = size+2, units-1
		case c < 0xF0:
			size, units = size+3, units-1
		default:
			size, units = size+4, units-2
		}
	}
	return size, units == 0
}

// stringContent is the text of a string packet in a binary payload. The
// JavaScript decoder refuses invalid UTF-8 there, but takes an encoded lone
// surrogate for U+FFFD, since its encoder may write one.
func stringContent(s []byte) ([]byte, bool) {
	if utf8.Valid(s) {
		return s, true
	}
	out := make([]byte, 0, len(s))
	for len(s) > 0 {
		size, _, valid := nextUnits(s)
		if !valid {
			if len(s) < 3 || s[0] != 0xED || s[1] < 0xA0 || s[1] > 0xBF || s[2] < 0x80 || s[2] > 0xBF {
				return nil, false
			}
			out, s = append(out, replacement...), s[3:]
			continue
		}
		out, s = append(out, s[:size]...), s[size:]
	}
	return out, true
}

// AppendText3 appends one packet of a revision 3 text payload: "<length>:" and
// pkt, which is a packet in text form (type digit and UTF-8 data, or "b4" and
// base64).
func AppendText3(dst, pkt []byte) []byte {
	dst = strconv.AppendInt(dst, int64(UTF16Len(pkt)), 10)
	dst = append(dst, ':')
	return append(dst, pkt...)
}

// AppendBinary3 appends one packet of a revision 3 binary payload. pkt is the
// packet with its type in front: as an ASCII digit followed by UTF-8 text when
// binary is false, as a raw byte followed by the data when it is true.
func AppendBinary3(dst []byte, binary bool, pkt []byte) []byte {
	return append(AppendBinaryHeader3(dst, binary, len(pkt)), pkt...)
}

// AppendBinaryHeader3 appends what stands in front of a packet of size bytes
// (type included) in a revision 3 binary payload: the kind, the digits, 0xFF.
func AppendBinaryHeader3(dst []byte, binary bool, size int) []byte {
	kind := byte(0)
	if binary {
		kind = 1
	}
	dst = append(dst, kind)
	first := len(dst)
	dst = strconv.AppendInt(dst, int64(size), 10)
	for i := first; i < len(dst); i++ {
		dst[i] -= '0'
	}
	return append(dst, 0xFF)
}
