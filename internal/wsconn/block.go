package wsconn

import (
	"math/bits"
	"slices"
	"sync"
)

const (
	smallestBlock = 10 // log2: 1 KiB
	largestBlock  = 16 // log2: 64 KiB; larger ones are left to the garbage collector
	firstBlock    = 4 << 10
)

// block is a byte buffer that comes from a pool when it is small. Its bytes
// beyond len(b) are of earlier use: they are only ever written over, never shown.
type block struct{ b []byte }

var blocks [largestBlock - smallestBlock + 1]sync.Pool // of *block, by capacity

// newBlock returns an empty block with room for at least n bytes.
func newBlock(n int) *block {
	if n > 1<<largestBlock {
		return &block{slices.Grow([]byte(nil), n)}
	}
	class := max(bits.Len(uint(max(n, 1)-1)), smallestBlock)
	if k, ok := blocks[class-smallestBlock].Get().(*block); ok {
		return k
	}
	return &block{make([]byte, 0, 1<<class)}
}

// release gives the block back. Nobody may use its bytes afterwards.
func (k *block) release() {
	class := bits.Len(uint(cap(k.b))) - 1
	if class < smallestBlock || class > largestBlock || cap(k.b) != 1<<class {
		return
	}
	k.b = k.b[:0]
	blocks[class-smallestBlock].Put(k)
}

// grow returns a block with the bytes of k and room for n more; k, which may be
// nil, is released when it is replaced. Capacity doubles, so that it stays within
// twice of what is filled, but does not pass limit without need.
func (k *block) grow(n, limit int) *block {
	if k == nil {
		return newBlock(n)
	}
	need := len(k.b) + n
	if need <= cap(k.b) {
		return k
	}
	larger := newBlock(max(need, min(2*cap(k.b), limit)))
	larger.b = append(larger.b, k.b...)
	k.release()
	return larger
}
