package virtualrequest

import (
	"encoding/json"
	"net/http"
	"strconv"
	"sync"
	"unicode/utf8"

	"github.com/go-sails/sails/internal/rawjson"
)

// Answer is a response on its way to the client: what [Dispatcher.Run] gives to
// the function it is called with. It is only valid until that function returns,
// because its buffers serve the next request; keep Response for longer.
type Answer struct {
	// StatusCode and SetCookie are those of Response.
	StatusCode int
	SetCookie  []string

	header []byte // the JWR's headers as JSON text; nil: left out
	body   any    // one of the forms of Response.Body; nil: none, or text is it
	text   []byte // what the handler wrote
	kind   textKind
}

// textKind says what Answer.text stands for.
type textKind uint8

const (
	noText textKind = iota
	jsonText
	plainText
	binaryText
)

// setText makes what a handler wrote the body, if it wrote anything (SU-23).
func (a *Answer) setText(written []byte, media mediaKind) {
	if len(written) == 0 {
		return
	}
	a.text, a.kind = written, plainText
	switch media {
	case mediaJSON:
		if text := rawjson.Trim(written); rawjson.Valid(text) == nil && utf8.Valid(text) {
			a.text, a.kind = text, jsonText
			return
		}
	case mediaBinary:
		a.kind = binaryText
		return
	}
	if !utf8.Valid(written) {
		a.kind = binaryText
	}
}

// AppendJSON appends the JWR's JSON text to dst. It returns dst unchanged and
// false when the body is or holds binary, which JSON cannot carry.
func (a *Answer) AppendJSON(dst []byte) ([]byte, bool) {
	out := append(dst, '{')
	before := len(out)
	switch a.kind {
	case jsonText:
		out = append(append(out, `"body":`...), a.text...)
	case plainText:
		out = rawjson.AppendString(append(out, `"body":`...), a.text)
	case binaryText:
		return dst, false
	default:
		switch body := a.body.(type) {
		case nil:
		case json.RawMessage:
			out = append(append(out, `"body":`...), body...)
		case string:
			out = rawjson.AppendString(append(out, `"body":`...), body)
		default:
			return dst, false
		}
	}
	if a.header != nil {
		if len(out) > before {
			out = append(out, ',')
		}
		out = append(append(out, `"headers":`...), a.header...)
	}
	if a.StatusCode != 0 {
		if len(out) > before {
			out = append(out, ',')
		}
		out = strconv.AppendInt(append(out, `"statusCode":`...), int64(a.StatusCode), 10)
	}
	return append(out, '}'), true
}

// Response returns a copy that may be kept.
func (a *Answer) Response() *Response {
	r := &Response{Body: a.body, StatusCode: a.StatusCode, SetCookie: a.SetCookie}
	switch a.kind {
	case jsonText:
		r.Body = append(json.RawMessage(nil), a.text...)
	case plainText:
		r.Body = string(a.text)
	case binaryText:
		r.Body = append([]byte(nil), a.text...)
	}
	if a.header != nil {
		r.Header = readHeader(a.header)
	}
	return r
}

// draft is where an answer comes together. Nobody but the recorder sees it, so it
// is used again.
type draft struct {
	buf    []byte // the JWR's headers as JSON text, then what the handler has written
	body   int    // where the latter begins
	answer Answer
}

var drafts = sync.Pool{New: func() any { return new(draft) }}

func newDraft() *draft { return drafts.Get().(*draft) }

// release gives d back. Buffers of large answers are left to the collector.
func (d *draft) release() {
	const keep = 64 << 10
	if cap(d.buf) > keep {
		d.buf = nil
	}
	*d = draft{buf: d.buf[:0]}
	drafts.Put(d)
}

// setHeader writes the JWR's headers, before anything else.
func (d *draft) setHeader(h http.Header) {
	d.buf = appendHeader(d.buf, h)
	d.body = len(d.buf)
}

func (d *draft) header() []byte {
	if d.body == 0 {
		return nil
	}
	return d.buf[:d.body:d.body]
}

func (d *draft) written() []byte { return d.buf[d.body:] }

// refuse makes the answer one that the library gives itself.
func (d *draft) refuse(from *Dispatcher, status int) {
	d.buf, d.body = d.buf[:0], 0
	if !from.OmitHeaders {
		d.setHeader(nil)
	}
	text := refusalText(status)
	if status == statusBadEscape {
		status = http.StatusBadRequest
	}
	d.answer = Answer{StatusCode: status, header: d.header(), body: text}
}
