package wsconn

import "unsafe"

const DecoderSize = unsafe.Sizeof(Decoder{})

var (
	Mask        = mask
	MaskAt      = maskAt
	ValidPrefix = validPrefix
	HasToken    = hasToken
)

// Blocks returns the capacities a block goes through that is filled byte by byte.
func BlockCapacities(n, limit int) (caps []int) {
	var k *block
	for range n {
		k = k.grow(1, limit)
		k.b = append(k.b, 1)
		if len(caps) == 0 || caps[len(caps)-1] != cap(k.b) {
			caps = append(caps, cap(k.b))
		}
	}
	return caps
}

// HeldCapacity returns the bytes a Decoder has set aside beyond its struct.
func HeldCapacity(d *Decoder) int {
	if d.part == nil || d.part.buf == nil {
		return 0
	}
	return cap(d.part.buf.b)
}

func AcceptDeflate(values ...string) string { return acceptDeflate(values) }
