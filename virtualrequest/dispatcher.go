package virtualrequest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"runtime/debug"
	"time"

	"github.com/go-sails/sails/internal/rawjson"
)

// Dispatcher runs virtual requests. The zero value with a Handler works. It may
// be used concurrently; its fields must not change after the first request.
type Dispatcher struct {
	// Handler gets every request that is well formed. It is ordinary HTTP code
	// and need not know of sockets.
	Handler http.Handler
	// Timeout is the time a handler has to answer; then the request is answered
	// with 503 and its context is cancelled. 0 means no limit, as in Sails
	// (RS-11).
	Timeout time.Duration
	// MaxResponse bounds a response's body in bytes; a larger one becomes a 500
	// (SEC-74). 0 means 16,000,000, negative no limit.
	MaxResponse int64
	// Limits bounds the requests.
	Limits Limits
	// OmitHeaders leaves `headers` out of every JWR (Sails' sendResponseHeaders:
	// false; RS-7, SU-4).
	OmitHeaders bool
	// OmitStatusCode leaves out `statusCode` (sendStatusCode: false; RS-6).
	OmitStatusCode bool
	// Logger gets panics and answers that had to be replaced. Nil: nothing.
	Logger *slog.Logger
}

func (d *Dispatcher) maxResponse() int64 {
	if d.MaxResponse == 0 {
		return 16_000_000
	}
	return d.MaxResponse
}

func (d *Dispatcher) log() *slog.Logger {
	if d.Logger == nil {
		return slog.New(slog.DiscardHandler)
	}
	return d.Logger
}

// Serve runs the handler for r and returns its answer, never nil. It returns
// when the handler does, or at the time limit. ctx should end with the socket:
// the handler's context is derived from it. from may be nil for a socket without
// identity.
//
// Serve delivers nothing before it returns; use Run if handlers are to answer
// with SetBody and Flush and go on.
func (d *Dispatcher) Serve(ctx context.Context, from *Origin, r *Request) *Response {
	answered := make(chan *Response, 1)
	answer := func(a *Answer) { answered <- a.Response() }
	if d.Timeout > 0 {
		go d.Run(ctx, from, r, answer)
	} else {
		d.Run(ctx, from, r, answer)
	}
	return <-answered
}

// Run runs the handler for r on the calling goroutine and calls answer exactly
// once, with what is valid until answer returns: when the handler returns, panics (500,
// SEC-73) or flushes a complete body, or at the time limit (503), then from
// another goroutine while the handler may still run. Run returns when the
// handler does. answer must not block on the handler.
//
// Events that the handler emits before it answers therefore come before the
// answer, and those after it later (RS-10).
func (d *Dispatcher) Run(ctx context.Context, from *Origin, r *Request, answer func(*Answer)) {
	if from == nil {
		from = new(Origin)
	}
	r.origin = from
	ex := &r.ex
	if r.served {
		ex = new(exchange) // somebody may have kept what is in the first
	}
	r.served = true
	ex.rec.dispatcher, ex.rec.answer = d, answer
	ex.ctx.parent, ex.ctx.request = ctx, r
	if status := ex.build(d, from, r); status != 0 {
		ex.rec.replace(status)
		return
	}
	if d.Timeout > 0 {
		defer ex.limit(d.Timeout)()
	}
	ex.call(d)
}

// exchange is everything the handler of a request gets. It lives and dies with the
// Request, so that both are one allocation.
type exchange struct {
	rec    recorder
	ctx    requestContext
	url    url.URL
	http   http.Request
	values [2]string // of the header fields that most sockets have
}

// limit starts the clock of the request; the result stops it.
func (ex *exchange) limit(timeout time.Duration) (stop func()) {
	parent := ex.ctx.parent
	inner, cancel := context.WithTimeout(parent, timeout)
	ex.ctx.inner, ex.ctx.cancel = inner, cancel // nobody else has the context yet
	unhook := context.AfterFunc(inner, func() {
		if parent.Err() == nil && errors.Is(inner.Err(), context.DeadlineExceeded) {
			ex.rec.replace(http.StatusServiceUnavailable)
		}
	})
	return func() { unhook() }
}

// call runs the handler and sees to it that there is an answer, whatever the
// handler does.
func (ex *exchange) call(d *Dispatcher) {
	returned := false
	defer func() {
		defer ex.ctx.end()
		if returned {
			ex.rec.finish()
			return
		}
		// A panic, or runtime.Goexit, with which recover returns nil.
		fault := recover()
		ex.rec.replace(http.StatusInternalServerError)
		if err, ok := fault.(error); fault == nil || ok && errors.Is(err, http.ErrAbortHandler) {
			return
		}
		d.log().Error("virtualrequest: handler panicked",
			"method", ex.ctx.request.Method, "path", ex.url.Path, "panic", fault, "stack", string(debug.Stack()))
	}()
	d.Handler.ServeHTTP(&ex.rec, &ex.http)
	returned = true
}

// build makes the http.Request, or says with which status the message is
// refused.
func (ex *exchange) build(d *Dispatcher, from *Origin, r *Request) (status int) {
	if r.refusal != 0 {
		return int(r.refusal)
	}
	if status := parseURL(&ex.url, r.URL, from.host, &d.Limits); status != 0 {
		return status
	}
	header, status := r.buildHeader(from, &d.Limits, &ex.values)
	if status != 0 {
		return status
	}
	if over(len(r.Data), d.Limits.body()) {
		return http.StatusRequestEntityTooLarge
	}
	base := http.Request{
		Method:     r.Method,
		URL:        &ex.url,
		Proto:      "HTTP/1.1",
		ProtoMajor: 1,
		ProtoMinor: 1,
		Header:     header,
		Body:       http.NoBody,
		RequestURI: requestURI(&ex.url, r.URL),
		Host:       from.host,
		RemoteAddr: from.address,
		TLS:        from.tls,
	}
	if hasBody(r) {
		body := newBody(r.Data)
		base.Body, base.ContentLength = body, int64(len(r.Data))
		header["Content-Type"] = body.contentType[:]
	}
	// The copy that WithContext makes stays on the stack; only with it a context can
	// be set.
	ex.http = *base.WithContext(&ex.ctx)
	return 0
}

// requestURI is url.URL.RequestURI for the urls we make, which mostly are sent as
// they shall be.
func requestURI(u *url.URL, sent string) string {
	path := u.EscapedPath()
	if u.RawQuery == "" && !u.ForceQuery {
		return path
	}
	if n := len(path); len(sent) == n+1+len(u.RawQuery) && sent[:n] == path && sent[n] == '?' && sent[n+1:] == u.RawQuery {
		return sent
	}
	return path + "?" + u.RawQuery
}

// hasBody decides whether the handler sees a body. The package comment says
// why an empty object is none for some verbs.
func hasBody(r *Request) bool {
	if len(r.Data) == 0 {
		return false
	}
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodDelete:
		return r.Data[0] != '{' || rawjson.Blank(r.Data, 1) != len(r.Data)-1
	}
	return true
}

// bodyReader is the request's body, with the header field that says so.
type bodyReader struct {
	bytes.Reader
	contentType [1]string
}

func newBody(data []byte) *bodyReader {
	b := &bodyReader{contentType: [1]string{"application/json"}}
	b.Reset(data)
	return b
}

func (*bodyReader) Close() error { return nil }

var _ io.ReadCloser = (*bodyReader)(nil)

// JSON returns the request's body as Sails sees it: an object or array, `{}`
// when the message had no data (VR-4). It must not be changed.
func (r *Request) JSON() json.RawMessage {
	if len(r.Data) == 0 {
		return json.RawMessage("{}")
	}
	return r.Data
}
