package wsconn

import "encoding/binary"

// header is a frame header taken apart.
type header struct {
	op         Opcode
	fin        bool
	compressed bool
	key        uint32 // masking key, little-endian; meaningless on unmasked frames
	length     int    // payload bytes
}

func (h *header) control() bool { return h.op&0x8 != 0 }

// readHeader takes apart the header at the start of b and checks it, byte by
// byte in wire order, against RFC 6455 and the limits. Each byte is judged as
// soon as it is there, so a frame is refused for the same reason however the
// input was cut. It returns the size of the header, 0 while that is incomplete.
func (d *Decoder) readHeader(b []byte, h *header) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	h.op, h.fin, h.compressed = Opcode(b[0]&0x0f), b[0]&finBit != 0, b[0]&rsv1Bit != 0
	if b[0] != finBit|byte(OpText) || d.part != nil { // the common case needs none of it
		if err := d.checkFirst(b[0], h); err != nil {
			return 0, err
		}
	}
	if len(b) < 2 {
		return 0, nil
	}
	if masked := b[1]&maskBit != 0; masked == d.Client {
		if masked {
			return 0, protocolError("masked frame from the server")
		}
		return 0, protocolError("unmasked frame from the client")
	}
	size := 2
	length := uint64(b[1] & 0x7f)
	if h.control() && length > maxControl {
		return 0, protocolError("control frame of more than 125 bytes")
	}
	switch length {
	case 126:
		if size = 4; len(b) < size {
			return 0, nil
		}
		if length = uint64(binary.BigEndian.Uint16(b[2:])); length < 126 {
			return 0, protocolError("length not in its shortest form")
		}
	case 127:
		if size = 10; len(b) < size {
			return 0, checkLongStart(b)
		}
		length = binary.BigEndian.Uint64(b[2:])
		if length>>63 != 0 {
			return 0, protocolError("length with its highest bit set")
		}
		if length <= 0xffff {
			return 0, protocolError("length not in its shortest form")
		}
	}
	if !h.control() {
		if room := uint64(d.maxMessage()) - uint64(d.held()); length > room { // SEC-22, SEC-23
			return 0, &CloseError{CloseTooBig, "message over the limit"}
		}
	}
	h.length = int(length)
	if !d.Client {
		if len(b) < size+4 {
			return 0, nil
		}
		h.key = binary.LittleEndian.Uint32(b[size:])
		size += 4
	}
	return size, nil
}

// checkFirst judges the first byte of a frame.
func (d *Decoder) checkFirst(b byte, h *header) error {
	switch h.op {
	case OpText, OpBinary:
		if d.assembling() {
			return protocolError("new message inside a fragmented one")
		}
	case OpContinuation:
		if !d.assembling() {
			return protocolError("continuation without a message")
		}
	case OpClose, OpPing, OpPong:
		if !h.fin {
			return protocolError("fragmented control frame")
		}
	default:
		return protocolError("reserved opcode")
	}
	if rsv := b & rsvBits; rsv != 0 {
		if rsv != rsv1Bit || !d.Deflate || h.op != OpText && h.op != OpBinary {
			return protocolError("reserved bits set")
		}
	}
	if h.op == OpContinuation && d.part.frames >= d.maxFrames() {
		return &CloseError{ClosePolicy, "message of too many frames"} // SEC-24
	}
	return nil
}

// checkLongStart judges the first byte of an eight-byte length.
func checkLongStart(b []byte) error {
	if len(b) > 2 && b[2]&0x80 != 0 {
		return protocolError("length with its highest bit set")
	}
	return nil
}

// heldHeader takes apart a header that readHeader has accepted.
func heldHeader(b []byte, masked bool, h *header) {
	h.op, h.fin, h.compressed = Opcode(b[0]&0x0f), b[0]&finBit != 0, b[0]&rsv1Bit != 0
	switch n := b[1] & 0x7f; n {
	case 126:
		h.length = int(binary.BigEndian.Uint16(b[2:]))
	case 127:
		h.length = int(binary.BigEndian.Uint64(b[2:]))
	default:
		h.length = int(n)
	}
	if masked {
		h.key = binary.LittleEndian.Uint32(b[len(b)-4:])
	}
}
