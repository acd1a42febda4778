package direct

import "net/http"

// Parse reads a request as the event loop does, from bytes that came all at once; ok
// is false for one that is net/http's. size is that of the head.
func Parse(b []byte, path string) (r *http.Request, size int, ok bool) {
	size, found := look(b, 0, prefixes(path))
	if found != complete {
		return nil, 0, false
	}
	h, ok := parse(string(b[:size]))
	if !ok {
		return nil, 0, false
	}
	return &http.Request{
		Method: h.method, RequestURI: h.target, Host: h.host, Header: h.header,
		ContentLength: h.contentLength, Close: h.close,
	}, size, true
}

// Query is what Parse has of the URL beside its path.
func Query(r *http.Request) string {
	h := head{}
	if !h.requestLine(r.Method + " " + r.RequestURI + " HTTP/1.1") {
		return ""
	}
	return h.query
}

// Look looks at the first n bytes of b for n up to its length, as if they came one
// by one, and returns at which n something was found.
func Look(b []byte, path string) (at int, isComplete bool) {
	seen, starts := 0, prefixes(path)
	for n := 1; n <= len(b); n++ {
		if _, f := look(b[:n], seen, starts); f != incomplete {
			return n, f == complete
		}
		seen = n
	}
	return 0, false
}

// MaxHead is how large a head may be.
const MaxHead = maxHead
