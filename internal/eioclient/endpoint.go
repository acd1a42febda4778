package eioclient

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// Endpoint says where an Engine.IO server is and how to talk to it. It must not
// be modified once in use and may then be used concurrently.
type Endpoint struct {
	// URL has the scheme http or https, the path of the engine (with its slash at
	// the end) and the query that all requests carry.
	URL *url.URL
	// Revision of Engine.IO, 3 or 4.
	Revision int
	// Header is added to every request; Host replaces the host of the URL.
	Header http.Header
	// Jar, when not nil, keeps cookies of all transports.
	Jar http.CookieJar
	TLS *tls.Config
	// Dial opens connections; nil means net.Dialer.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
	// MaxMessage is the largest message accepted, in bytes. A polling answer may
	// hold twice as much. Required.
	MaxMessage int64
	// MaxPackets is the largest number of packets in a polling answer. Required.
	MaxPackets int
	// Deflate offers permessage-deflate on WebSockets.
	Deflate bool
}

// ErrTooLarge says that the server sent more than the limits allow.
var ErrTooLarge = errors.New("eioclient: server sent more than MaxMessage allows")

// RefusedError is an answer of the server that is none: an HTTP status other than
// 200 or 101.
type RefusedError struct {
	Status  int    // HTTP status
	Code    int    // of Engine.IO; -1 when the answer has none
	Message string // the server's text, at most 64 KiB of it
}

// Error describes the answer.
func (e *RefusedError) Error() string {
	if e.Message == "" {
		return fmt.Sprintf("eioclient: server answered with status %d", e.Status)
	}
	return fmt.Sprintf("eioclient: server answered with status %d: %.200s", e.Status, e.Message)
}

// ParseURL makes the URL of an endpoint from what users write: scheme http,
// https, ws or wss, host, optionally a query, no path. path is that of the engine.
func ParseURL(raw, path string, query url.Values) (*url.URL, error) {
	u, err := url.Parse(raw)
	if err != nil {
		return nil, fmt.Errorf("eioclient: %w", err)
	}
	switch u.Scheme {
	case "http", "https":
	case "ws":
		u.Scheme = "http"
	case "wss":
		u.Scheme = "https"
	default:
		return nil, fmt.Errorf("eioclient: URL scheme %q: use http, https, ws or wss", u.Scheme)
	}
	switch {
	case u.Hostname() == "":
		return nil, errors.New("eioclient: URL has no host")
	case u.Fragment != "":
		return nil, errors.New("eioclient: URL has a fragment")
	case u.Path != "" && u.Path != "/":
		return nil, errors.New("eioclient: URL has a path: namespaces and the path of the server are given elsewhere")
	}
	if !strings.HasPrefix(path, "/") {
		return nil, fmt.Errorf("eioclient: path %q does not start with a slash", path)
	}
	u.Path, u.RawPath = path, ""
	all, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return nil, fmt.Errorf("eioclient: %w", err)
	}
	for key, values := range query {
		all[key] = values
	}
	u.RawQuery = all.Encode()
	return u, nil
}

// address returns the URL of a request of one transport. sid may be empty.
func (e *Endpoint) address(transport, sid string, extra url.Values) *url.URL {
	u := *e.URL
	query := "EIO=" + strconv.Itoa(e.Revision) + "&transport=" + transport
	if sid != "" {
		query += "&sid=" + url.QueryEscape(sid)
	}
	if len(extra) > 0 {
		query += "&" + extra.Encode()
	}
	if u.RawQuery != "" {
		query = u.RawQuery + "&" + query // for a repeated key the last one counts
	}
	u.RawQuery = query
	return &u
}
