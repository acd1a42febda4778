package wsconn

import (
	"crypto/rand"
	"encoding/binary"
)

// Opcode is the four-bit type of a frame (RFC 6455 §5.2).
type Opcode byte

// The opcodes of RFC 6455. The others are reserved and refused by [Decoder].
const (
	OpContinuation Opcode = 0x0
	OpText         Opcode = 0x1
	OpBinary       Opcode = 0x2
	OpClose        Opcode = 0x8
	OpPing         Opcode = 0x9
	OpPong         Opcode = 0xa
)

// Compressed, or-ed into the opcode of a text or binary frame, sets the bit that
// marks a message compressed with [Deflate] (RFC 7692 §6). Use it only on a
// connection that negotiated permessage-deflate.
const Compressed Opcode = 0x40

const (
	// MaxHeader is the size in bytes of the longest frame header, that of a
	// masked frame of 64 KiB or more.
	MaxHeader = 14
	// MaxServerHeader is the size in bytes of the longest unmasked header.
	MaxServerHeader = 10
)

const (
	finBit  = 0x80
	rsvBits = 0x70
	rsv1Bit = 0x40
	maskBit = 0x80

	maxControl = 125 // payload bytes of a control frame, RFC 6455 §5.5
)

// AppendHeader appends the header of an unmasked, final frame with a payload of
// n bytes (n ≥ 0), as a server sends it, and returns the extended slice. With
// compressed set the payload must come from [Deflate].
func AppendHeader(dst []byte, op Opcode, n int, compressed bool) []byte {
	if compressed {
		op |= Compressed
	}
	return appendHeader(dst, op, n, 0)
}

// PutHeader writes the header of an unmasked, final frame with a payload of n
// bytes right-aligned into room[:MaxServerHeader] and returns where it starts.
// A payload that follows at room[MaxServerHeader] then forms one slice with its
// header, room[start:], in a single allocation. room must be at least
// MaxServerHeader bytes long.
func PutHeader(room []byte, op Opcode, n int) (start int) {
	var scratch [MaxHeader]byte
	h := appendHeader(scratch[:0], op, n, 0)
	start = MaxServerHeader - len(h)
	copy(room[start:MaxServerHeader], h)
	return start
}

// AppendFrame appends a complete unmasked, final frame, as a server sends it,
// and returns the extended slice. A control frame (ping, pong, close) carries at
// most 125 bytes: longer payloads are cut.
func AppendFrame(dst []byte, op Opcode, payload []byte) []byte {
	payload = controlSized(op, payload)
	dst = appendHeader(dst, op, len(payload), 0)
	return append(dst, payload...)
}

// AppendMasked appends a complete masked, final frame, as a client sends it, and
// returns the extended slice. payload is left as it is. key should be fresh for
// each frame: see [NewMask]. Control payloads over 125 bytes are cut.
func AppendMasked(dst []byte, op Opcode, payload []byte, key [4]byte) []byte {
	payload = controlSized(op, payload)
	dst = appendHeader(dst, op, len(payload), maskBit)
	dst = append(dst, key[:]...)
	start := len(dst)
	dst = append(dst, payload...)
	mask(dst[start:], binary.LittleEndian.Uint32(key[:]))
	return dst
}

// NewMask returns an unpredictable masking key from crypto/rand, as RFC 6455
// §5.3 demands of clients.
func NewMask() (key [4]byte) {
	rand.Read(key[:]) // never fails: crypto/rand ends the process instead
	return key
}

func controlSized(op Opcode, payload []byte) []byte {
	if op&0x8 != 0 && len(payload) > maxControl {
		return payload[:maxControl]
	}
	return payload
}

func appendHeader(dst []byte, op Opcode, n int, masked byte) []byte {
	first := byte(op) | finBit
	switch {
	case n <= 125:
		return append(dst, first, masked|byte(n))
	case n <= 0xffff:
		return append(dst, first, masked|126, byte(n>>8), byte(n))
	default:
		dst = append(dst, first, masked|127)
		return binary.BigEndian.AppendUint64(dst, uint64(n))
	}
}
