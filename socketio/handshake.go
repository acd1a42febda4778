package socketio

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Handshake is how a client arrived. It must not be modified.
type Handshake struct {
	Header  http.Header // of the request that opened the session
	Query   url.Values  // of that request
	URL     string      // of that request, without host
	Address string      // remote address, without port
	Time    time.Time   // when the client connected to the namespace
	XDomain bool        // the request had an Origin
	Secure  bool        // the request came over TLS

	// Auth is the JSON object that the client sent to connect to the namespace, "{}"
	// when it sent none. In revision 4 it is made of the query of the namespace.
	Auth json.RawMessage
}

// DecodeAuth decodes Auth into dst.
func (h *Handshake) DecodeAuth(dst any) error { return json.Unmarshal(h.Auth, dst) }

// MarshalJSON returns the handshake as JavaScript nodes exchange it: single strings
// for headers and query, times as text and as milliseconds.
func (h *Handshake) MarshalJSON() ([]byte, error) {
	headers := make(map[string]string, len(h.Header))
	for k, v := range h.Header {
		headers[strings.ToLower(k)] = strings.Join(v, ", ")
	}
	query := make(map[string]string, len(h.Query))
	for k, v := range h.Query {
		if len(v) > 0 {
			query[k] = v[len(v)-1]
		}
	}
	auth := h.Auth
	if len(auth) == 0 {
		auth = emptyObject
	}
	return json.Marshal(map[string]any{
		"headers": headers,
		"time":    h.Time.Format("Mon Jan 02 2006 15:04:05 GMT-0700 (MST)"),
		"address": h.Address,
		"xdomain": h.XDomain,
		"secure":  h.Secure,
		"issued":  h.Time.UnixMilli(),
		"url":     h.URL,
		"query":   query,
		"auth":    auth,
	})
}

// UnmarshalJSON reads what MarshalJSON or a JavaScript node writes.
func (h *Handshake) UnmarshalJSON(data []byte) error {
	var wire struct {
		Headers map[string]any  `json:"headers"`
		Address string          `json:"address"`
		XDomain bool            `json:"xdomain"`
		Secure  bool            `json:"secure"`
		Issued  float64         `json:"issued"`
		URL     string          `json:"url"`
		Query   map[string]any  `json:"query"`
		Auth    json.RawMessage `json:"auth"`
	}
	if err := json.Unmarshal(data, &wire); err != nil {
		return err
	}
	*h = Handshake{
		Header: http.Header{}, Query: url.Values{}, URL: wire.URL, Address: wire.Address,
		Time: time.UnixMilli(int64(wire.Issued)), XDomain: wire.XDomain, Secure: wire.Secure, Auth: wire.Auth,
	}
	for k, v := range wire.Headers {
		for _, s := range stringsOf(v) {
			h.Header.Add(k, s)
		}
	}
	for k, v := range wire.Query {
		h.Query[k] = stringsOf(v)
	}
	return nil
}

func stringsOf(v any) []string {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		var list []string
		for _, x := range v {
			if s, ok := x.(string); ok {
				list = append(list, s)
			}
		}
		return list
	}
	return nil
}

var emptyObject = json.RawMessage("{}")

// newHandshake describes a client from the request of its session.
func newHandshake(r *http.Request, auth json.RawMessage, at time.Time) *Handshake {
	if len(auth) == 0 {
		auth = emptyObject
	}
	return &Handshake{
		Header: r.Header, Query: r.URL.Query(), URL: r.URL.RequestURI(), Address: hostOf(r.RemoteAddr),
		Time: at, XDomain: r.Header.Get("Origin") != "", Secure: r.TLS != nil, Auth: auth,
	}
}

// hostOf cuts the port off.
func hostOf(addr string) string {
	i := strings.LastIndexByte(addr, ':')
	if i < 0 {
		return addr
	}
	return strings.Trim(addr[:i], "[]")
}
