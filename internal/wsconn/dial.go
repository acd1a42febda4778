package wsconn

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"
)

const (
	maxAnswerHeader = 64 << 10 // bytes of a server's answer up to its frames
	maxAnswerBody   = 64 << 10 // bytes kept of the body of a refusal
	maxInterim      = 5        // 1xx answers in front of the real one
)

// ErrRefused is wrapped by the error of [Dial] when the server answered, but not
// with a switch of protocols. The response then says what it answered.
var ErrRefused = errors.New("wsconn: server refused the upgrade")

// DialOptions configures [Dial]; the zero value is usable.
type DialOptions struct {
	// Header is added to the request. The fields of the handshake itself are
	// overwritten, except Host, which replaces the host of the URL, and
	// Sec-WebSocket-Protocol.
	Header http.Header
	// TLS is used for wss; nil means the defaults of crypto/tls. It is not modified.
	TLS *tls.Config
	// Dialer opens the network connection; nil means net.Dialer.
	Dialer func(ctx context.Context, network, addr string) (net.Conn, error)
	// Deflate offers permessage-deflate without context take-over. See
	// [DeflateAccepted].
	Deflate bool
}

// Dial opens a WebSocket connection to a ws, wss, http or https URL. ctx bounds
// the dialling and the handshake, not the connection, which has no deadlines when
// Dial returns. leftover is what the server sent right behind its answer: decode
// it before the first read. The response has no body on success; with an error
// that wraps [ErrRefused] it has up to 64 KiB of it in memory, and needs no
// closing. Redirects are not followed and proxies not used.
func Dial(ctx context.Context, rawURL string, o DialOptions) (conn net.Conn, leftover []byte, answer *http.Response, err error) {
	u, err := parseURL(rawURL)
	if err != nil {
		return nil, nil, nil, err
	}
	request, key, err := newRequest(u, o)
	if err != nil {
		return nil, nil, nil, err
	}
	conn, err = connect(ctx, u, o)
	if err != nil {
		return nil, nil, nil, err
	}
	c := conn
	stop := context.AfterFunc(ctx, func() { c.SetDeadline(time.Unix(1, 0)) })
	leftover, answer, err = handshake(conn, request, key, o)
	if !stop() && err == nil { // the deadline is set, or about to be
		err = ctx.Err()
	}
	if err == nil {
		err = conn.SetDeadline(time.Time{})
	}
	if err != nil {
		Abort(conn)
		if cause := ctx.Err(); cause != nil && !errors.Is(err, cause) {
			err = fmt.Errorf("%w: %w", cause, err)
		}
		return nil, nil, answer, err
	}
	return conn, leftover, answer, nil
}

func parseURL(raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	if err != nil {
		return nil, fmt.Errorf("wsconn: %w", err)
	}
	switch u.Scheme {
	case "ws":
		u.Scheme = "http"
	case "wss":
		u.Scheme = "https"
	case "http", "https":
	default:
		return nil, fmt.Errorf("wsconn: URL scheme %q: use ws or wss", u.Scheme)
	}
	switch {
	case u.Hostname() == "":
		return nil, errors.New("wsconn: URL has no host")
	case u.Fragment != "":
		return nil, errors.New("wsconn: URL has a fragment") // RFC 6455 §3
	}
	return u, nil
}

// newRequest returns the bytes of the opening handshake and its key.
func newRequest(u *url.URL, o DialOptions) (request []byte, key string, err error) {
	for name, values := range o.Header {
		if !isToken(name) {
			return nil, "", fmt.Errorf("wsconn: header name %q is not a token", name)
		}
		for _, v := range values {
			if !isFieldValue(v) {
				return nil, "", fmt.Errorf("wsconn: value of header %s has control characters", name)
			}
		}
	}
	var raw [16]byte
	rand.Read(raw[:]) // never fails
	key = base64.StdEncoding.EncodeToString(raw[:])
	header := o.Header.Clone()
	if header == nil {
		header = http.Header{}
	}
	host := u.Host
	if h := header.Get("Host"); h != "" {
		host = h
	}
	header.Set("Connection", "Upgrade")
	header.Set("Upgrade", "websocket")
	header.Set("Sec-WebSocket-Version", "13")
	header.Set("Sec-WebSocket-Key", key)
	header.Del("Sec-WebSocket-Extensions")
	if o.Deflate {
		header.Set("Sec-WebSocket-Extensions", deflateOffer)
	}
	if header["User-Agent"] == nil {
		header["User-Agent"] = []string{""} // net/http would name itself
	}
	r := &http.Request{Method: http.MethodGet, URL: u, Host: host, Header: header}
	if u.User != nil && header.Get("Authorization") == "" {
		password, _ := u.User.Password()
		r.SetBasicAuth(u.User.Username(), password)
	}
	var b bytes.Buffer
	if err := r.Write(&b); err != nil {
		return nil, "", fmt.Errorf("wsconn: %w", err)
	}
	return b.Bytes(), key, nil
}

// connect opens the connection to the host of u, with TLS for https.
func connect(ctx context.Context, u *url.URL, o DialOptions) (net.Conn, error) {
	port := u.Port()
	if port == "" {
		port = "80"
		if u.Scheme == "https" {
			port = "443"
		}
	}
	dial := o.Dialer
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	conn, err := dial(ctx, "tcp", net.JoinHostPort(u.Hostname(), port))
	if err != nil {
		return nil, fmt.Errorf("wsconn: %w", err)
	}
	if u.Scheme != "https" {
		return conn, nil
	}
	config := o.TLS.Clone()
	if config == nil {
		config = new(tls.Config)
	}
	if config.ServerName == "" {
		config.ServerName = u.Hostname()
	}
	config.NextProtos = []string{"http/1.1"}
	secure := tls.Client(conn, config)
	if err := secure.HandshakeContext(ctx); err != nil {
		conn.Close()
		return nil, fmt.Errorf("wsconn: %w", err)
	}
	return secure, nil
}

// handshake sends the request and reads the answer to it.
func handshake(conn net.Conn, request []byte, key string, o DialOptions) ([]byte, *http.Response, error) {
	if _, err := conn.Write(request); err != nil {
		return nil, nil, fmt.Errorf("wsconn: sending the handshake: %w", err)
	}
	limited := &io.LimitedReader{R: conn, N: maxAnswerHeader}
	br := bufio.NewReader(limited)
	for range maxInterim {
		answer, err := http.ReadResponse(br, &http.Request{Method: http.MethodGet})
		if err != nil {
			return nil, nil, fmt.Errorf("wsconn: reading the answer to the handshake: %w", err)
		}
		switch {
		case answer.StatusCode == http.StatusSwitchingProtocols:
			if err := checkAnswer(answer, key, o); err != nil {
				return nil, answer, err
			}
			answer.Body = http.NoBody
			return readAhead(br), answer, nil
		case answer.StatusCode >= 200:
			limited.N = maxAnswerBody
			body, _ := io.ReadAll(io.LimitReader(answer.Body, maxAnswerBody)) // what there is of it
			answer.Body = io.NopCloser(bytes.NewReader(body))
			return nil, answer, fmt.Errorf("%w: %s", ErrRefused, answer.Status)
		}
	}
	return nil, nil, errors.New("wsconn: too many interim answers to the handshake")
}

// checkAnswer checks a 101 (RFC 6455 §4.1).
func checkAnswer(answer *http.Response, key string, o DialOptions) error {
	accept := answer.Header["Sec-Websocket-Accept"]
	protocol := answer.Header["Sec-Websocket-Protocol"]
	_, extensionOK := answeredDeflate(answer.Header["Sec-Websocket-Extensions"], o.Deflate)
	switch {
	case !hasToken(answer.Header["Connection"], "upgrade"), !hasToken(answer.Header["Upgrade"], "websocket"):
		return fmt.Errorf("%w: answer does not switch to websocket", ErrRefused)
	case len(accept) != 1 || accept[0] != string(appendAccept(nil, key)):
		return fmt.Errorf("%w: Sec-WebSocket-Accept does not answer our key", ErrRefused)
	case len(protocol) > 1, len(protocol) == 1 && !hasElement(o.Header["Sec-Websocket-Protocol"], protocol[0]):
		return fmt.Errorf("%w: subprotocol we did not offer", ErrRefused)
	case !extensionOK:
		return fmt.Errorf("%w: extension we did not offer", ErrRefused)
	}
	return nil
}
