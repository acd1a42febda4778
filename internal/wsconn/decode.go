package wsconn

import (
	"errors"
	"math"
	"unicode/utf8"
)

const (
	// DefaultMaxMessage is the size limit of a message in bytes when
	// Decoder.MaxMessage is not set.
	DefaultMaxMessage = 1_000_000
	// DefaultMaxFrames is the number of frames a message may have when
	// Decoder.MaxFrames is not set (SEC-24).
	DefaultMaxFrames = 16_384
)

// ErrDecoderFailed is returned by [Decoder.Decode] after it has returned an
// error: the stream cannot be picked up again.
var ErrDecoderFailed = errors.New("wsconn: decoder has already failed; close the connection")

// Sink receives what a [Decoder] finds, in the order it arrived and on the
// goroutine that called Decode. Every p is valid only until the method returns
// and may be modified until then. An error stops decoding and is returned by
// Decode as it is. Methods must not call back into the Decoder; after a panic in
// one of them the Decoder must not be used again.
type Sink interface {
	OnText(p []byte) error   // a complete text message, valid UTF-8
	OnBinary(p []byte) error // a complete binary message
	OnPing(p []byte) error   // the caller answers, and bounds its answers (SEC-26)
	OnPong(p []byte)
	// OnClose reports a valid close frame; code is CloseNoStatus when it carried
	// none. Everything behind it is dropped.
	OnClose(code uint16, reason string) error
}

// Decoder decodes one direction of a WebSocket connection from whatever pieces
// the input arrives in. The zero value decodes what a client sends, with the
// default limits. Set the fields before the first Decode and leave them alone.
// A Decoder is not safe for concurrent use and must not be copied after use.
//
// It is strict in the sense of SEC-18 to SEC-25: framing, close codes, UTF-8
// (also across fragments, and as early as the bytes show it), shortest-form
// lengths. A frame over the limit is refused from its header alone. Memory is
// taken for bytes that have arrived, never for announced ones, and while no
// frame or message is cut no memory is held but the struct itself.
type Decoder struct {
	// MaxMessage is the limit of a message in bytes, summed over its frames, and
	// again for what it inflates to. 0 or less: DefaultMaxMessage.
	MaxMessage int64
	// MaxFrames is the number of frames, empty ones included, that a message may
	// come in. 0 or less: DefaultMaxFrames.
	MaxFrames int

	part *partial // what has arrived of an unfinished message or frame; usually nil

	head     [MaxHeader]byte // header of a frame that is not complete yet
	headLen  uint8           // bytes in head
	headDone bool            // head is complete and accepted

	// Client is set on the side of the client: the peer is a server and must not
	// mask.
	Client bool
	// Deflate is set when permessage-deflate was negotiated without context
	// take-over in the peer's direction.
	Deflate bool

	state decoderState
}

type decoderState uint8

const (
	stateOpen decoderState = iota
	stateClosed
	stateFailed
)

// Decode takes the next bytes of the stream and hands everything they complete
// to s. p is modified (unmasked in place) but not kept. Violations of the protocol
// or the limits give a [*CloseError] after everything in front of them was
// delivered; errors of s are returned as they are. After an error further calls
// return ErrDecoderFailed; after a close frame further bytes are dropped without
// an error.
func (d *Decoder) Decode(p []byte, s Sink) error {
	if d.state != stateOpen {
		if d.state == stateClosed {
			return nil
		}
		return ErrDecoderFailed
	}
	err := d.decode(p, s)
	if err != nil {
		d.drop()
		d.state = stateFailed
	} else if d.state == stateClosed {
		d.drop()
	}
	return err
}

// Idle reports whether the Decoder is between messages: no part of a frame or of
// a fragmented message is held.
func (d *Decoder) Idle() bool { return d.headLen == 0 && d.part == nil }

// OneByte returns the payload of p when p is exactly one frame with a whole text
// message of one ASCII character, which is what a heartbeat is, from a client, and
// nothing came before that is not complete. It neither changes nor keeps p, and stands
// for Decode then: a call of it takes no more stack than its own frame.
func (d *Decoder) OneByte(p []byte) (c byte, ok bool) {
	const size = 7 // two bytes, the masking key, the character
	if len(p) != size || p[0] != finBit|byte(OpText) || p[1] != maskBit|1 || d.Client || d.state != stateOpen || !d.Idle() {
		return 0, false
	}
	c = p[6] ^ p[2]
	return c, c < utf8.RuneSelf
}

// Release gives up what is held of unfinished input, when the connection ends.
// Further calls of Decode return ErrDecoderFailed. It may be called repeatedly.
func (d *Decoder) Release() {
	d.drop()
	if d.state == stateOpen {
		d.state = stateFailed
	}
}

func (d *Decoder) drop() {
	d.headLen, d.headDone = 0, false
	if d.part != nil {
		d.part.release()
		d.part = nil
	}
}

func (d *Decoder) decode(p []byte, s Sink) error {
	var h header
	for len(p) > 0 && d.state == stateOpen {
		if d.headLen != 0 {
			rest, err := d.resume(p, s)
			if err != nil {
				return err
			}
			p = rest
			continue
		}
		n, err := d.readHeader(p, &h)
		if err != nil {
			return err
		}
		if n == 0 || len(p)-n < h.length { // cut: keep the header, then the payload as it comes
			d.headDone = n != 0
			if n == 0 {
				n = len(p)
			}
			d.headLen = uint8(copy(d.head[:], p[:n]))
			p = p[n:]
			continue
		}
		end := n + h.length
		if err := d.whole(&h, p[n:end:end], s); err != nil {
			return err
		}
		p = p[end:]
	}
	return nil
}

// resume goes on with the frame whose header is in d.head and returns the bytes
// behind what it used.
func (d *Decoder) resume(p []byte, s Sink) ([]byte, error) {
	var h header
	if d.headDone {
		heldHeader(d.head[:d.headLen], !d.Client, &h)
	}
	for !d.headDone {
		if len(p) == 0 {
			return nil, nil
		}
		d.head[d.headLen] = p[0]
		d.headLen++
		p = p[1:]
		n, err := d.readHeader(d.head[:d.headLen], &h)
		if err != nil {
			return nil, err
		}
		d.headDone = n != 0
	}
	got := 0
	if d.part != nil {
		got = d.part.got
	}
	missing := h.length - got
	if got == 0 && len(p) >= missing {
		d.headLen, d.headDone = 0, false
		return p[missing:], d.whole(&h, p[:missing:missing], s)
	}
	take := min(missing, len(p))
	if take == 0 {
		return p, nil
	}
	if err := d.piece(&h, p[:take]); err != nil {
		return nil, err
	}
	if take < missing {
		return nil, nil
	}
	d.headLen, d.headDone = 0, false
	return p[take:], d.pieced(&h, s)
}

// whole handles a frame whose payload is complete in the input.
func (d *Decoder) whole(h *header, payload []byte, s Sink) error {
	if !d.Client {
		mask(payload, h.key)
	}
	switch {
	case h.control():
		return d.control(h.op, payload, s)
	case d.part == nil && h.fin:
		return d.deliver(h.op, h.compressed, payload, false, s)
	}
	d.begin(h)
	if err := d.part.add(payload, len(payload), d.maxMessage()); err != nil {
		return err
	}
	return d.endFrame(h, s)
}

// piece keeps a part of the payload of a frame.
func (d *Decoder) piece(h *header, p []byte) error {
	if d.part == nil || d.part.got == 0 {
		d.begin(h)
	}
	m := d.part
	if !d.Client {
		maskAt(p, h.key, m.got)
	}
	missing := h.length - m.got
	m.got += len(p)
	if h.control() {
		m.append(p, missing, d.maxMessage())
		return nil
	}
	return m.add(p, missing, d.maxMessage())
}

// pieced handles a frame whose payload was collected in pieces.
func (d *Decoder) pieced(h *header, s Sink) error {
	m := d.part
	got := m.got
	m.got = 0
	if !h.control() {
		return d.endFrame(h, s)
	}
	// The bytes of a control frame lie behind those of the message it interrupts.
	start := len(m.buf.b) - got
	err := d.control(h.op, m.buf.b[start:len(m.buf.b):len(m.buf.b)], s)
	m.buf.b = m.buf.b[:start]
	if m.op == OpContinuation { // it interrupted none
		m.release()
		d.part = nil
	}
	return err
}

// begin notes that the first bytes of a frame are being collected.
func (d *Decoder) begin(h *header) {
	if d.part == nil {
		d.part = newPartial()
	}
	if h.control() {
		return
	}
	if h.op != OpContinuation {
		d.part.op, d.part.compressed = h.op, h.compressed
	}
	d.part.frames++
}

// endFrame handles the end of a data frame that was collected in d.part.
func (d *Decoder) endFrame(h *header, s Sink) error {
	if !h.fin {
		return nil
	}
	m := d.part
	d.part = nil
	var payload []byte
	if m.buf != nil {
		payload = m.buf.b[:len(m.buf.b):len(m.buf.b)]
	}
	checked := m.op == OpText && !m.compressed && m.checked == len(payload)
	err := d.deliver(m.op, m.compressed, payload, checked, s)
	m.release()
	return err
}

// deliver hands a complete message to s. checked says that payload is known to be
// valid UTF-8.
func (d *Decoder) deliver(op Opcode, compressed bool, payload []byte, checked bool, s Sink) error {
	if compressed {
		out, err := inflate(payload, d.maxMessage())
		if err != nil {
			return err
		}
		defer out.release()
		payload = out.b[:len(out.b):len(out.b)]
	}
	if op == OpBinary {
		return s.OnBinary(payload)
	}
	if !checked && !utf8.Valid(payload) {
		return errNotUTF8()
	}
	return s.OnText(payload)
}

func (d *Decoder) control(op Opcode, payload []byte, s Sink) error {
	switch op {
	case OpPing:
		return s.OnPing(payload)
	case OpPong:
		s.OnPong(payload)
		return nil
	}
	code, reason, err := parseClose(payload)
	if err != nil {
		return err
	}
	d.state = stateClosed
	return s.OnClose(code, reason)
}

// assembling reports whether a fragmented message has begun.
func (d *Decoder) assembling() bool { return d.part != nil && d.part.op != OpContinuation }

// held returns how many bytes of the message at hand have been collected. It is
// called between frames only.
func (d *Decoder) held() int {
	if d.part == nil || d.part.buf == nil {
		return 0
	}
	return len(d.part.buf.b)
}

func (d *Decoder) maxMessage() int {
	if d.MaxMessage <= 0 {
		return DefaultMaxMessage
	}
	return int(min(d.MaxMessage, math.MaxInt-1024)) // room for a control frame behind it
}

func (d *Decoder) maxFrames() int {
	if d.MaxFrames <= 0 {
		return DefaultMaxFrames
	}
	return d.MaxFrames
}

func errNotUTF8() error { return &CloseError{CloseInvalidData, "text is not UTF-8"} }
