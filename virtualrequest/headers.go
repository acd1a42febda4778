package virtualrequest

import (
	"net/http"
	"net/textproto"
	"strconv"
	"strings"

	"github.com/go-sails/sails/internal/rawjson"
)

// buildHeader makes the request's header: the message's fields that are valid
// and harmless, then the socket's identity over them (VR-30..VR-33, SEC-66..68).
// The status is 0, or 431 when there are too many fields or bytes. room holds
// the values of the identity fields: an array that is part of a larger
// allocation saves small ones.
func (r *Request) buildHeader(from *Origin, limits *Limits, room *[2]string) (h http.Header, status int) {
	h = make(http.Header, 4)
	count, size := 0, 0
	var hopByHop []string
	add := func(name, value string) bool {
		count++
		size += len(name) + len(value)
		if over(count, limits.headers()) || over(size, limits.headerBytes()) {
			status = http.StatusRequestHeaderFieldsTooLarge
			return false
		}
		if !isToken(name) || !isFieldValue(value) {
			return true
		}
		key := http.CanonicalHeaderKey(name)
		if key == "Connection" {
			hopByHop = append(hopByHop, value)
		}
		if !forbidden(key) {
			h[key] = []string{textproto.TrimString(value)}
		}
		return true
	}
	r.eachHeader(func(name, v string, sent int) bool {
		size += sent
		return add(name, v)
	})
	for name, values := range r.Header {
		for _, v := range values {
			if status == 0 {
				add(name, v)
			}
		}
	}
	if status != 0 {
		return nil, status
	}
	for _, list := range hopByHop {
		for name := range strings.SplitSeq(list, ",") {
			delete(h, http.CanonicalHeaderKey(strings.TrimSpace(name)))
		}
	}
	if from != nil {
		from.identify(h, room)
	}
	return h, 0
}

// eachHeader calls fn for the headers of the message in their order until it
// returns false; an array has the names "0", "1" and so on. What is no text has an
// empty name. sent is the number of bytes that the value was longer on the wire.
func (r *Request) eachHeader(fn func(name, value string, sent int) bool) {
	if len(r.headers) == 0 {
		return
	}
	field := func(name string, err error, value []byte) bool {
		v, ok := headerValue(value)
		if err != nil || !ok {
			name, v = "", "" // dropped, but counted
		}
		sent := 0
		if value[0] != '"' || v == "" {
			sent = max(0, len(value)-len(v)) // objects count as sent
		}
		return fn(name, v, sent)
	}
	switch r.headers[0] {
	case '{':
		_ = rawjson.Members(r.headers, func(key, value []byte) bool {
			name, err := text(key)
			return field(name, err, value)
		})
	case '[':
		i := 0
		_ = rawjson.Elements(r.headers, func(value []byte) bool {
			name := strconv.Itoa(i)
			i++
			return field(name, nil, value)
		})
	}
}

// identify sets the fields that come from the handshake only. forbidden has
// kept the message's own out.
func (o *Origin) identify(h http.Header, room *[2]string) {
	if c := o.cookie.Load(); c != nil && *c != "" {
		room[0] = *c
		h["Cookie"] = room[0:1:1]
	}
	if o.origin != "" {
		room[1] = o.origin
		h["Origin"] = room[1:2:2]
	}
	if o.nosession {
		h["Nosession"] = []string{"true"}
	}
}

// forbidden reports whether a message may not set the field key (canonical):
// identity (SEC-67), forwarding, framing and hop-by-hop fields (SEC-68), method
// and path overrides (SEC-65), and what browsers keep to themselves. Underscores
// count as hyphens, since gateways take one for the other.
func forbidden(key string) bool {
	if strings.IndexByte(key, '_') >= 0 {
		key = http.CanonicalHeaderKey(strings.ReplaceAll(key, "_", "-"))
	}
	switch key {
	case "Host", "Cookie", "Cookie2", "Origin", "Set-Cookie",
		"Forwarded", "X-Real-Ip", "X-Client-Ip", "X-Cluster-Client-Ip", "True-Client-Ip", "Cf-Connecting-Ip", "Via",
		"Connection", "Upgrade", "Te", "Trailer", "Transfer-Encoding", "Content-Length", "Content-Encoding", "Expect",
		"Keep-Alive", "Proxy", "Http2-Settings",
		"X-Http-Method-Override", "X-Http-Method", "X-Method-Override", "X-Rewrite-Url":
		return true
	}
	return strings.HasPrefix(key, "X-Forwarded") || strings.HasPrefix(key, "Proxy-") ||
		strings.HasPrefix(key, "Sec-") || strings.HasPrefix(key, "X-Original-")
}

// isToken reports whether name is a token of RFC 9110.
func isToken(name string) bool {
	for i := range len(name) {
		c := name[i]
		if c >= 0x80 || !tokenByte[c] {
			return false
		}
	}
	return name != ""
}

var tokenByte = func() (t [0x80]bool) {
	for _, c := range "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ" {
		t[c] = true
	}
	return t
}()

// isFieldValue reports whether v has no control characters but tabs (RFC 9110).
func isFieldValue(v string) bool {
	for i := range len(v) {
		if c := v[i]; c < ' ' && c != '\t' || c == 0x7f {
			return false
		}
	}
	return true
}

// maxNesting bounds the nested arrays a header value may be made of.
const maxNesting = 8

// headerValue turns a JSON value into a header value the way JavaScript turns
// it into a string (VR-32). It returns false for text that is not UTF-8 and for
// deeply nested arrays.
func headerValue(v []byte) (string, bool) {
	return headerString(v, maxNesting)
}

func headerString(v []byte, levels int) (string, bool) {
	switch v[0] {
	case '"':
		s, err := text(v)
		return s, err == nil
	case '{':
		return "[object Object]", true
	case 't', 'f', 'n':
		return string(v), true
	case '[':
		if levels == 0 {
			return "", false
		}
		var parts []string
		ok := true
		_ = rawjson.Elements(v, func(element []byte) bool {
			if string(element) == "null" {
				parts = append(parts, "")
				return true
			}
			var part string
			part, ok = headerString(element, levels-1)
			parts = append(parts, part)
			return ok
		})
		return strings.Join(parts, ","), ok
	}
	return jsNumber(v), true
}

// SailsHeader returns what Sails calls req.headers: the accepted fields in
// lower case and, where the client spelled one otherwise, under that spelling
// too (VR-32), with the identity of the socket the request was served for. It
// has no field that the library added for Go handlers, such as Content-Type.
func (r *Request) SailsHeader() map[string]string {
	h, status := r.buildHeader(r.origin, &Limits{Headers: -1, HeaderBytes: -1}, new([2]string))
	if status != 0 {
		return map[string]string{}
	}
	out := make(map[string]string, len(h))
	for name, values := range h {
		out[strings.ToLower(name)] = values[0]
	}
	// Each spelling keeps its own value, the lower-case name has the last.
	spell := func(name, value string) {
		if _, accepted := out[strings.ToLower(name)]; accepted && isToken(name) && isFieldValue(value) && name != strings.ToLower(name) &&
			!forbidden(http.CanonicalHeaderKey(name)) {
			out[name] = textproto.TrimString(value)
		}
	}
	r.eachHeader(func(name, value string, _ int) bool {
		spell(name, value)
		return true
	})
	for name, values := range r.Header {
		if len(values) > 0 {
			spell(name, values[len(values)-1])
		}
	}
	return out
}
