package engineio

import (
	"context"
	"crypto/tls"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// handshakeRequest is what is kept of the request that opened a session. As an
// http.Request it would be the largest part of an idle session; packed it is one
// string, taken apart again when somebody asks.
type handshakeRequest struct {
	packed string // fields, each behind its length and a colon: target, host, address, then names and values
	tls    *tls.ConnectionState
}

func keepRequest(r *http.Request) handshakeRequest {
	size := len(r.RequestURI) + len(r.Host) + len(r.RemoteAddr) + 16
	for name, values := range r.Header {
		for _, v := range values {
			size += len(name) + len(v) + 8
		}
	}
	b := make([]byte, 0, size)
	b = appendField(b, r.URL.RequestURI())
	b = appendField(b, r.Host)
	b = appendField(b, r.RemoteAddr)
	for name, values := range r.Header {
		for _, v := range values {
			b = appendField(appendField(b, name), v)
		}
	}
	return handshakeRequest{packed: string(b), tls: r.TLS}
}

func appendField(b []byte, s string) []byte {
	b = strconv.AppendInt(b, int64(len(s)), 10)
	return append(append(b, ':'), s...)
}

func cutField(packed string) (field, rest string) {
	digits, rest, _ := strings.Cut(packed, ":")
	n, _ := strconv.Atoi(digits)
	return rest[:n], rest[n:]
}

// address returns the peer's address.
func (k *handshakeRequest) address() string {
	_, rest := cutField(k.packed)
	_, rest = cutField(rest)
	address, _ := cutField(rest)
	return address
}

// request builds the request again.
func (k *handshakeRequest) request(ctx context.Context) *http.Request {
	target, rest := cutField(k.packed)
	host, rest := cutField(rest)
	address, rest := cutField(rest)
	r := &http.Request{
		Method: http.MethodGet, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{}, Host: host, RemoteAddr: address, RequestURI: target, TLS: k.tls,
	}
	var err error
	if r.URL, err = url.ParseRequestURI(target); err != nil { // net/http has parsed it before
		r.URL = &url.URL{Path: "/"}
	}
	for rest != "" {
		var name, value string
		name, rest = cutField(rest)
		value, rest = cutField(rest)
		r.Header[name] = append(r.Header[name], value)
	}
	return r.WithContext(ctx)
}

// sessionContext is the context of a handshake request: the session's, made when
// somebody asks.
type sessionContext struct{ s *Session }

func (c sessionContext) Deadline() (time.Time, bool) { return time.Time{}, false }
func (c sessionContext) Done() <-chan struct{}       { return c.s.Context().Done() }
func (c sessionContext) Err() error                  { return c.s.Context().Err() }
func (c sessionContext) Value(any) any               { return nil }
