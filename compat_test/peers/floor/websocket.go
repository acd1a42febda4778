package main

import (
	"encoding/binary"
	"net"
	"syscall"
)

// client is one WebSocket.
type client struct {
	conn     *net.TCPConn
	revision int
	partial  []byte // the begin of a frame, nearly always nil
}

// serve reads until the connection ends. It never leaves RawConn.Read: readiness
// is told once per arrival, and a read that did not fill the buffer has taken all.
func (c *client) serve() {
	raw, err := c.conn.SyscallConn()
	if err == nil {
		_ = raw.Read(c.ready)
	}
	leaveAll(c)
	_ = c.conn.Close()
}

// ready is told that there may be something to read; true ends the connection.
func (c *client) ready(fd uintptr) bool {
	p := buffers.Get().(*[]byte)
	defer buffers.Put(p)
	for {
		n, err := syscall.Read(int(fd), *p)
		switch {
		case err == syscall.EINTR:
			continue
		case err == syscall.EAGAIN:
			return false
		case err != nil || n == 0:
			return true
		}
		if !c.consume((*p)[:n]) {
			return true
		}
		if n < len(*p) {
			return false
		}
	}
}

// consume answers all frames of one read with one write.
func (c *client) consume(in []byte) bool {
	if c.partial != nil {
		in = append(c.partial, in...)
		c.partial = nil
	}
	q := buffers.Get().(*[]byte)
	defer buffers.Put(q)
	out := (*q)[:0]
	for len(in) > 0 {
		opcode, payload, size := parseFrame(in)
		if size == 0 {
			c.partial = append([]byte(nil), in...)
			break
		}
		in = in[size:]
		switch opcode {
		case 1:
			out = c.packet(out, payload)
		case 8:
			return false
		}
	}
	if len(out) > 0 {
		if _, err := c.conn.Write(out); err != nil {
			return false
		}
	}
	return true
}

// packet appends the frames that answer one Engine.IO packet.
func (c *client) packet(out, p []byte) []byte {
	switch {
	case len(p) == 1 && p[0] == '2':
		return appendFrame(out, "3")
	case len(p) >= 2 && p[0] == '4' && p[1] == '0':
		return appendFrame(out, `40{"sid":"`+newSID()+`"}`)
	}
	b := buffers.Get().(*[]byte)
	defer buffers.Put(b)
	if answer := message((*b)[:0], p, c); len(answer) > 0 {
		out = appendFrame(out, answer)
	}
	return out
}

// parseFrame unmasks a client's frame in place; size 0 asks for more bytes.
func parseFrame(in []byte) (opcode byte, payload []byte, size int) {
	if len(in) < 6 {
		return 0, nil, 0
	}
	n, at := int(in[1]&0x7f), 2
	switch n {
	case 126:
		if len(in) < 8 {
			return 0, nil, 0
		}
		n, at = int(binary.BigEndian.Uint16(in[2:])), 4
	case 127:
		if len(in) < 14 {
			return 0, nil, 0
		}
		n, at = int(binary.BigEndian.Uint64(in[2:])), 10
	}
	if len(in) < at+4+n {
		return 0, nil, 0
	}
	key := binary.LittleEndian.Uint32(in[at:])
	payload = in[at+4 : at+4+n]
	wide := uint64(key)<<32 | uint64(key)
	p := payload
	for ; len(p) >= 8; p = p[8:] {
		binary.LittleEndian.PutUint64(p, binary.LittleEndian.Uint64(p)^wide)
	}
	for i := range p {
		p[i] ^= byte(key >> (8 * (i & 3)))
	}
	return in[0] & 0x0f, payload, at + 4 + n
}

// appendFrame appends a whole text frame.
func appendFrame[T string | []byte](out []byte, text T) []byte {
	switch n := len(text); {
	case n < 126:
		out = append(out, 0x81, byte(n))
	case n < 1<<16:
		out = append(out, 0x81, 126, byte(n>>8), byte(n))
	default:
		out = append(out, 0x81, 127)
		out = binary.BigEndian.AppendUint64(out, uint64(n))
	}
	return append(out, text...)
}
