package wsconn

import (
	"compress/flate"
	"io"
	"sync"
)

// flushTail ends every flushed deflate stream and is left out on the wire
// (RFC 7692 §7.2.1). To inflate, it is put back, with an empty final block behind
// it so that the stream has an end.
const (
	flushTail = "\x00\x00\xff\xff"
	endTail   = flushTail + "\x01\x00\x00\xff\xff"
)

const (
	window = 32 << 10
	// maxFinalBlocks bounds how often a message may end its deflate stream and
	// start another, which is allowed but costs a reset of the inflater each time.
	maxFinalBlocks = 64
	// maxScratch is the size up to which a pooled compressor keeps its output
	// buffer.
	maxScratch = 64 << 10
)

// Deflate compresses a message for a frame with [Compressed] set, without context
// take-over, so that the result can be sent to any number of connections. The
// result is a new slice of exactly its size. Safe for concurrent use; the
// compressors are pooled.
func Deflate(payload []byte) ([]byte, error) {
	d, err := newDeflater()
	if err != nil {
		return nil, err
	}
	if _, err := d.w.Write(payload); err != nil {
		return nil, err
	}
	if err := d.w.Flush(); err != nil {
		return nil, err
	}
	out := append([]byte(nil), d.out[:len(d.out)-len(flushTail)]...)
	d.release()
	return out, nil
}

type deflater struct {
	w   *flate.Writer
	out []byte
}

var deflaters sync.Pool // of *deflater

func newDeflater() (*deflater, error) {
	if d, ok := deflaters.Get().(*deflater); ok {
		d.w.Reset(d)
		return d, nil
	}
	d := new(deflater)
	var err error
	d.w, err = flate.NewWriter(d, flate.BestSpeed)
	return d, err
}

func (d *deflater) release() {
	if d.out = d.out[:0]; cap(d.out) > maxScratch {
		d.out = nil
	}
	deflaters.Put(d)
}

func (d *deflater) Write(p []byte) (int, error) {
	d.out = append(d.out, p...)
	return len(p), nil
}

// inflate returns what the payload of a compressed message inflates to, at most
// limit bytes: beyond them it stops at once (SEC-25). The caller releases the
// result. The inflater itself is borrowed for the call only, so a connection
// holds no state between messages.
func inflate(payload []byte, limit int) (*block, error) {
	f := inflaters.Get().(*inflater)
	f.src = source{p: payload}
	out, err := f.run(limit)
	f.src = source{}
	inflaters.Put(f)
	return out, err
}

type inflater struct {
	src source
	r   io.ReadCloser
}

var inflaters = sync.Pool{New: func() any {
	f := new(inflater)
	f.r = flate.NewReader(&f.src)
	return f
}}

func (f *inflater) run(limit int) (*block, error) {
	out := newBlock(min(4*len(f.src.p), limit, 1<<largestBlock))
	f.reset(nil)
	for finals := 0; ; {
		out = out.grow(1, limit+1)
		n, err := f.r.Read(out.b[len(out.b):cap(out.b)])
		out.b = out.b[:len(out.b)+n]
		if len(out.b) > limit {
			out.release()
			return nil, &CloseError{CloseTooBig, "message inflates over the limit"}
		}
		switch {
		case err == nil:
			continue
		case err != io.EOF:
			out.release()
			return nil, errBrokenDeflate()
		}
		// A final block ended the stream: ours, or one of the peer's in front of it.
		switch left := f.src.left(); {
		case left == 0, left == len(endTail), left == len(endTail)-len(flushTail):
			return out, nil
		case left < len(endTail):
			out.release()
			return nil, errBrokenDeflate()
		}
		if finals++; finals > maxFinalBlocks {
			out.release()
			return nil, &CloseError{ClosePolicy, "compressed message of too many streams"}
		}
		f.reset(out.b[max(0, len(out.b)-window):])
	}
}

func (f *inflater) reset(dict []byte) {
	f.r.(flate.Resetter).Reset(&f.src, dict) // has no failing case
}

func errBrokenDeflate() error { return &CloseError{CloseInvalidData, "compressed data is broken"} }

// source reads a payload and then endTail. It is a ByteReader, so that the
// inflater takes no byte more than it needs.
type source struct {
	p   []byte
	pos int
}

func (s *source) left() int { return len(s.p) + len(endTail) - s.pos }

func (s *source) ReadByte() (byte, error) {
	pos := s.pos
	if s.left() == 0 {
		return 0, io.EOF
	}
	s.pos++
	if pos < len(s.p) {
		return s.p[pos], nil
	}
	return endTail[pos-len(s.p)], nil
}

func (s *source) Read(p []byte) (n int, err error) {
	if s.left() == 0 {
		return 0, io.EOF
	}
	if s.pos < len(s.p) {
		n = copy(p, s.p[s.pos:])
	} else {
		n = copy(p, endTail[s.pos-len(s.p):])
	}
	s.pos += n
	return n, nil
}
