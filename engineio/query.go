package engineio

import (
	"net/url"
	"strings"
)

// query is what Engine.IO reads of a URL (spec sheet 1.2). Nothing else is looked
// up by names a client chose (SEC-34).
type query struct {
	eio, transport, sid, jsonp string
	b64, isJSONP               bool
}

// parseQuery reads the last value of each key in one pass; false when there are
// more parameters than a URL may have (SEC-11).
func parseQuery(raw string) (q query, ok bool) {
	if strings.Count(raw, "&") >= maxParameters {
		return q, false
	}
	plain := strings.IndexByte(raw, '%') < 0 && strings.IndexByte(raw, '+') < 0
	for raw != "" {
		var part string
		part, raw, _ = strings.Cut(raw, "&")
		key, value, _ := strings.Cut(part, "=")
		if !plain {
			key, value = unescape(key), unescape(value)
		}
		switch key {
		case "EIO":
			q.eio = value
		case "transport":
			q.transport = value
		case "sid":
			q.sid = value
		case "j":
			q.jsonp, q.isJSONP = value, true
		case "b64":
			q.b64 = value != ""
		}
	}
	return q, true
}

// unescape decodes a key or value; what is not decodable stays as it is.
func unescape(s string) string {
	if strings.IndexByte(s, '%') < 0 && strings.IndexByte(s, '+') < 0 {
		return s
	}
	if u, err := url.QueryUnescape(s); err == nil {
		return u
	}
	return s
}

// revision returns the revision a handshake asks for. A missing one is that of
// clients too old to say; EIO 1 and 2 differ from 3 in nothing a server sees. Any
// other number is refused rather than taken for 3 (SEC-32).
func (q *query) revision() (int8, bool) {
	switch q.eio {
	case "4":
		return 4, true
	case "", "1", "2", "3":
		return 3, true
	}
	return 0, false
}

// digits keeps the ASCII digits of a JSONP index (SEC-34).
func digits(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}
