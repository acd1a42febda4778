package wsconn

import (
	"encoding/binary"
	"math/bits"
)

// mask applies key, the masking key read as a little-endian number, to p in
// place, beginning with the key's first byte. Masking and unmasking are the same.
func mask(p []byte, key uint32) {
	wide := uint64(key)<<32 | uint64(key)
	for len(p) >= 32 {
		b := p[:32]
		binary.LittleEndian.PutUint64(b[0:], binary.LittleEndian.Uint64(b[0:])^wide)
		binary.LittleEndian.PutUint64(b[8:], binary.LittleEndian.Uint64(b[8:])^wide)
		binary.LittleEndian.PutUint64(b[16:], binary.LittleEndian.Uint64(b[16:])^wide)
		binary.LittleEndian.PutUint64(b[24:], binary.LittleEndian.Uint64(b[24:])^wide)
		p = p[32:]
	}
	for len(p) >= 8 {
		binary.LittleEndian.PutUint64(p, binary.LittleEndian.Uint64(p)^wide)
		p = p[8:]
	}
	for i := range p {
		p[i] ^= byte(key)
		key = bits.RotateLeft32(key, -8)
	}
}

// maskAt applies key as mask does, to bytes that begin at offset pos of their
// frame's payload.
func maskAt(p []byte, key uint32, pos int) {
	mask(p, bits.RotateLeft32(key, -8*(pos&3)))
}
