package virtualrequest

import (
	"errors"
	"mime"
	"net/http"
	"strings"
	"sync"
)

var (
	// ErrAnswered is returned by writes to a virtual response that has been
	// answered or has a body from SetBody already (RS-9).
	ErrAnswered = errors.New("virtualrequest: the request has been answered; a second answer is ignored")
	// ErrTooLarge is returned by writes beyond Dispatcher.MaxResponse; the
	// request is answered with 500 (SEC-74).
	ErrTooLarge = errors.New("virtualrequest: answer too large; raise Dispatcher.MaxResponse or send less")
)

// recorder is the virtual http.ResponseWriter. Handlers may keep it after they
// return, so it is never reused; its draft is.
type recorder struct {
	dispatcher *Dispatcher
	answer     func(*Answer)

	header http.Header // the handler's own; nil until asked for

	mu      sync.Mutex
	done    bool      // guarded by mu, as all below: answered
	hasBody bool      // SetBody was called
	media   mediaKind // of what is written
	status  int       // 0 before WriteHeader
	draft   *draft    // from WriteHeader until the answer
	body    any       // from SetBody
	fault   error     // answer 500 instead
}

// mediaKind tells the content types apart that make a JWR's body (SU-23).
type mediaKind uint8

const (
	mediaText mediaKind = iota // or not set
	mediaJSON
	mediaBinary
)

func (w *recorder) Header() http.Header {
	if w.header == nil {
		w.header = make(http.Header)
	}
	return w.header
}

// WriteHeader fixes status and header. Informational statuses and second calls
// are ignored; a status that HTTP does not know becomes 500.
func (w *recorder) WriteHeader(status int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if status >= 100 && status < 200 && status != http.StatusSwitchingProtocols {
		return
	}
	w.writeHeader(status)
}

func (w *recorder) writeHeader(status int) {
	if w.done || w.status != 0 {
		return
	}
	if status < 200 || status > 999 {
		w.fault = errors.New("virtualrequest: WriteHeader with an invalid status")
		status = http.StatusInternalServerError
	}
	w.status = status
	w.draft = newDraft()
	if !w.dispatcher.OmitHeaders {
		w.draft.setHeader(w.header)
	}
	if contentType, only := onlyContentType(w.header); only {
		w.media = mediaKindOf(contentType)
		return
	}
	for name, values := range w.header {
		if strings.EqualFold(name, "Content-Type") && len(values) > 0 {
			w.media = mediaKindOf(values[0])
		}
	}
}

func mediaKindOf(contentType string) mediaKind {
	t := contentType
	switch t {
	case "application/json", "application/json; charset=utf-8":
		return mediaJSON
	}
	t, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		t, _, _ = strings.Cut(contentType, ";")
		t = strings.ToLower(strings.TrimSpace(t))
	}
	switch {
	case t == "application/json" || strings.HasSuffix(t, "+json"):
		return mediaJSON
	case t == "application/octet-stream":
		return mediaBinary
	}
	return mediaText
}

// ready prepares for n more bytes of body.
func (w *recorder) ready(n int) error {
	if w.done || w.hasBody {
		return ErrAnswered
	}
	w.writeHeader(http.StatusOK)
	if w.status == http.StatusNoContent || w.status == http.StatusNotModified {
		return http.ErrBodyNotAllowed
	}
	if limit := w.dispatcher.maxResponse(); limit >= 0 && int64(n) > limit-int64(len(w.draft.written())) {
		w.fault = ErrTooLarge
		return ErrTooLarge
	}
	return nil
}

func (w *recorder) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.ready(len(p)); err != nil {
		return 0, err
	}
	w.draft.buf = append(w.draft.buf, p...)
	return len(p), nil
}

func (w *recorder) WriteString(s string) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.ready(len(s)); err != nil {
		return 0, err
	}
	w.draft.buf = append(w.draft.buf, s...)
	return len(s), nil
}

// Flush delivers the answer if its body is complete, that is after SetBody.
// After plain writes it does nothing: more may follow.
func (w *recorder) Flush() {
	w.mu.Lock()
	complete := w.hasBody
	w.mu.Unlock()
	if complete {
		w.finish()
	}
}

func (w *recorder) setBody(v any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.done || w.hasBody || w.draft != nil && len(w.draft.written()) > 0 {
		w.dispatcher.log().Warn("virtualrequest: second answer ignored")
		return
	}
	w.writeHeader(http.StatusOK)
	w.hasBody = true
	body, size, err := freeze(v)
	if limit := w.dispatcher.maxResponse(); err == nil && limit >= 0 && size > limit {
		err = ErrTooLarge
	}
	if err != nil {
		w.fault = err
		return
	}
	w.body = body
}

// finish delivers the answer unless that has happened. It runs on the handler's
// goroutine, so it may look at the handler's header.
func (w *recorder) finish() {
	w.mu.Lock()
	if w.done {
		w.mu.Unlock()
		return
	}
	w.writeHeader(http.StatusOK)
	d, body, fault := w.draft, w.body, w.fault
	w.done, w.draft, w.body = true, nil, nil
	w.mu.Unlock()
	a := &d.answer
	switch {
	case fault != nil:
		w.dispatcher.log().Error("virtualrequest: answer replaced by 500", "error", fault)
		d.refuse(w.dispatcher, http.StatusInternalServerError)
	case body != nil:
		a.body = body
		fallthrough
	default:
		a.StatusCode, a.header = w.status, d.header()
		a.setText(d.written(), w.media)
	}
	if _, only := onlyContentType(w.header); !only {
		for name, values := range w.header {
			if strings.EqualFold(name, "Set-Cookie") {
				a.SetCookie = append(a.SetCookie, values...)
			}
		}
	}
	w.deliver(d)
}

// replace delivers a generic answer of the library's own, unless the request
// has been answered. It may run beside the handler and leaves its header alone.
func (w *recorder) replace(status int) {
	w.mu.Lock()
	if w.done {
		w.mu.Unlock()
		return
	}
	d := w.draft
	w.done, w.draft, w.body = true, nil, nil
	w.mu.Unlock()
	if d == nil {
		d = newDraft()
	}
	d.refuse(w.dispatcher, status)
	w.deliver(d)
}

func (w *recorder) deliver(d *draft) {
	if w.dispatcher.OmitStatusCode {
		d.answer.StatusCode = 0
	}
	w.answer(&d.answer)
	d.release()
}

// SetBody makes v itself the JWR's body and reports whether w is a virtual
// response, or leads to one by Unwrap() http.ResponseWriter. Nothing is added to
// the headers (RS-2, RS-3); the status is 200 unless WriteHeader was called. A
// []byte in v, however deep, becomes a binary attachment; everything else has
// its encoding/json form, and nil is null. v is encoded or copied before SetBody
// returns. Only the first body of a request counts (RS-9); a value that cannot
// be encoded is answered with 500.
func SetBody(w http.ResponseWriter, v any) bool {
	const maxWrappers = 64
	for range maxWrappers {
		switch t := w.(type) {
		case *recorder:
			t.setBody(v)
			return true
		case interface{ Unwrap() http.ResponseWriter }:
			w = t.Unwrap()
		default:
			return false
		}
	}
	return false
}
