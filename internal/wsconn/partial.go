package wsconn

import (
	"sync"
	"unicode/utf8"
)

// partial is what a Decoder holds of a message that has not arrived completely.
// It exists only between the first byte of such a message and its last.
type partial struct {
	buf        *block // payload so far, unmasked, of all frames; nil while that is empty
	op         Opcode // of the message; OpContinuation: only a control frame is at hand
	compressed bool
	frames     int // data frames begun, empty ones included
	checked    int // buf.b[:checked] is valid UTF-8
	got        int // bytes of the frame at hand, the last ones in buf.b
}

var partials = sync.Pool{New: func() any { return new(partial) }}

func newPartial() *partial { return partials.Get().(*partial) }

// release gives m and its buffer back. Nobody may use either afterwards.
func (m *partial) release() {
	if m.buf != nil {
		m.buf.release()
	}
	*m = partial{}
	partials.Put(m)
}

// append keeps p. expected is how many bytes the frame at hand still lacks, p
// included: it saves a second copy of small frames and never costs more than
// firstBlock bytes on the peer's word (SEC-4).
func (m *partial) append(p []byte, expected, limit int) {
	want := len(p)
	if m.buf == nil {
		want = max(want, min(expected, firstBlock))
	}
	m.buf = m.buf.grow(want, limit+maxControl)
	m.buf.b = append(m.buf.b, p...)
}

// add keeps p, a piece of a data frame, and checks the text that is complete.
func (m *partial) add(p []byte, expected, limit int) error {
	if len(p) > 0 {
		m.append(p, expected, limit)
	}
	if m.op != OpText || m.compressed || m.buf == nil {
		return nil
	}
	n, ok := validPrefix(m.buf.b[m.checked:])
	if !ok {
		return errNotUTF8()
	}
	m.checked += n
	return nil
}

// validPrefix returns how many bytes of p are complete valid UTF-8, and false
// when what follows them cannot become valid any more. At most three bytes are
// left over.
func validPrefix(p []byte) (int, bool) {
	end := len(p)
	for back := 1; back <= min(utf8.UTFMax-1, len(p)); back++ {
		if c := p[len(p)-back]; utf8.RuneStart(c) {
			if !utf8.FullRune(p[len(p)-back:]) {
				end -= back
			}
			break
		}
	}
	return end, utf8.Valid(p[:end])
}
