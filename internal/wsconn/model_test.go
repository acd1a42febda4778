package wsconn_test

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"fmt"
	"io"
	"unicode/utf8"
)

// model is a second reading of RFC 6455, as plain as can be: it looks at complete
// input only and holds everything in memory. open says that the input ends inside
// a frame, so that a stricter reader may already know of an error.
func model(in []byte, client, deflate bool, maxMessage, maxFrames int) (events []string, open bool) {
	fail := func(code int) ([]string, bool) { return append(events, fmt.Sprintf("error %d", code)), false }
	var message []byte
	var kind byte // opcode of the message in progress
	var compressed bool
	frames := 0
	for len(in) > 0 {
		b0 := in[0]
		op, final, rsv := b0&15, b0&0x80 != 0, b0&0x70
		isControl := op >= 8
		switch {
		case op > 2 && op < 8, op > 10,
			isControl && !final,
			op == 0 && kind == 0, (op == 1 || op == 2) && kind != 0,
			rsv != 0 && !(rsv == 0x40 && deflate && (op == 1 || op == 2)):
			return fail(1002)
		case op == 0 && frames >= maxFrames:
			return fail(1008)
		}
		if len(in) < 2 {
			return events, true
		}
		if (in[1]&0x80 != 0) == client {
			return fail(1002)
		}
		n, at := uint64(in[1]&0x7f), 2
		switch {
		case isControl && n > 125:
			return fail(1002)
		case n == 126:
			if len(in) < 4 {
				return events, true
			}
			if n, at = uint64(binary.BigEndian.Uint16(in[2:])), 4; n < 126 {
				return fail(1002)
			}
		case n == 127:
			if len(in) < 10 {
				return events, true
			}
			if n, at = binary.BigEndian.Uint64(in[2:]), 10; n > 1<<63-1 || n < 65536 {
				return fail(1002)
			}
		}
		if !isControl && n > uint64(maxMessage-len(message)) {
			return fail(1009)
		}
		var key [4]byte
		if !client {
			if len(in) < at+4 {
				return events, true
			}
			at += copy(key[:], in[at:])
		}
		if uint64(len(in)-at) < n {
			return events, true
		}
		payload := bytes.Clone(in[at : at+int(n)])
		in = in[at+int(n):]
		for i := range payload {
			payload[i] ^= key[i%4]
		}
		switch op {
		case 8:
			if n == 0 {
				return append(events, `close 1005 ""`), false
			}
			if n == 1 {
				return fail(1002)
			}
			code := binary.BigEndian.Uint16(payload)
			switch {
			case code < 1000, code >= 1004 && code <= 1006, code >= 1015 && code < 3000, code >= 5000:
				return fail(1002)
			case !utf8.Valid(payload[2:]):
				return fail(1007)
			}
			return append(events, fmt.Sprintf("close %d %q", code, payload[2:])), false
		case 9:
			events = append(events, fmt.Sprintf("ping %q", payload))
			continue
		case 10:
			events = append(events, fmt.Sprintf("pong %q", payload))
			continue
		case 1, 2:
			kind, compressed, frames = op, rsv != 0, 0
		}
		frames++
		message = append(message, payload...)
		if kind == 1 && !compressed && !utf8.Valid(message) && (final || !incomplete(string(message))) {
			return fail(1007)
		}
		if !final {
			continue
		}
		if compressed {
			plain, code := modelInflate(message, maxMessage)
			if code != 0 {
				return fail(code)
			}
			message = plain
		}
		if kind == 1 {
			if !utf8.Valid(message) {
				return fail(1007)
			}
			events = append(events, fmt.Sprintf("text %q", message))
		} else {
			events = append(events, fmt.Sprintf("binary %x", message))
		}
		message, kind = nil, 0
	}
	return events, false
}

// modelInflate inflates stream after stream until the input is used up.
func modelInflate(z []byte, limit int) (out []byte, code int) {
	const tail = "\x00\x00\xff\xff\x01\x00\x00\xff\xff"
	src := bytes.NewReader(append(bytes.Clone(z), tail...))
	for range 65 {
		r := flate.NewReaderDict(src, out[max(0, len(out)-32768):])
		var err error
		var more []byte
		more, err = io.ReadAll(io.LimitReader(r, int64(limit-len(out))+1))
		out = append(out, more...)
		left := src.Len()
		switch {
		case len(out) > limit:
			return nil, 1009
		case err != nil:
			return nil, 1007
		case left == 0 || left == 5 || left == 9:
			return out, 0
		case left < 9:
			return nil, 1007
		}
	}
	return nil, 1008
}
