package virtualrequest

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/go-sails/sails/internal/rawjson"
)

// Request is one virtual request, as the client sent it. It is immutable once
// it is served, good for one Serve, and must not be copied. It may be part of a
// larger value, which then is one allocation with everything its handler gets.
type Request struct {
	// Method is the HTTP method in upper case, from the event name (VR-2).
	Method string
	// URL is the message's url as sent (Sails' originalUrl): a path with an
	// optional query, or an absolute URL of our own host.
	URL string
	// Header holds header fields of a request that was built in Go. Parse leaves
	// it nil and keeps the message's own headers aside; Serve validates both the
	// same way.
	Header http.Header
	// Data is the body: the message's data, or params merged with data (VR-4),
	// values bit for bit as sent. It is a JSON object or array, for GET, HEAD and
	// DELETE always an object, or nil when the message had neither.
	Data json.RawMessage

	headers []byte // the message's headers object, still encoded
	refusal int16  // status that Serve answers without calling the handler
	served  bool   // ex is in use
	origin  *Origin
	ex      exchange
}

// Methods lists the event names that are virtual requests (VR-1), in lower case.
func Methods() []string {
	return []string{"get", "post", "put", "delete", "patch", "options", "head"}
}

// method returns the HTTP method of an event name, "" if it is none.
func method(event string) string {
	switch event {
	case "get":
		return http.MethodGet
	case "post":
		return http.MethodPost
	case "put":
		return http.MethodPut
	case "delete":
		return http.MethodDelete
	case "patch":
		return http.MethodPatch
	case "options":
		return http.MethodOptions
	case "head":
		return http.MethodHead
	}
	return ""
}

// Parse reads a virtual request: event is the event's name (get, post, ...; it
// alone decides the method) and payload the JSON text of its first argument, nil
// when there was none. The request keeps parts of payload, so payload must not
// change afterwards.
//
// The error is always a *ParseError (ER-3, ER-4, ER-9). What is wrong with an
// otherwise readable message (a malformed URL, too many headers, a body nested
// too deeply) is no parse error: Serve answers it with a 4xx status.
func Parse(event string, payload []byte) (*Request, error) {
	r := new(Request)
	if err := r.Parse(event, payload); err != nil {
		return nil, err
	}
	return r, nil
}

// Parse is the function Parse for a Request that exists, which has to be new.
func (r *Request) Parse(event string, payload []byte) error {
	if r.Method = method(event); r.Method == "" {
		return parseError("Invalid method provided: " + inspectText(event))
	}
	payload = rawjson.Trim(payload)
	var url, data, params []byte
	err := rawjson.Members(payload, func(key, value []byte) bool {
		switch string(key) {
		case `"url"`:
			url = value
		case `"headers"`:
			r.headers = value
		case `"data"`:
			data = value
		case `"params"`:
			params = value
		default:
			// The same names, spelled with escapes.
			if len(key) <= 6*len("headers")+2 && bytes.IndexByte(key, '\\') >= 0 {
				switch name, _ := rawjson.Text(key); name {
				case "url":
					url = value
				case "headers":
					r.headers = value
				case "data":
					data = value
				case "params":
					params = value
				}
			}
		}
		return true
	})
	if errors.Is(err, rawjson.ErrDepth) {
		// SEC-69: readable but for its depth; the url may come behind the fault.
		r.refusal = http.StatusBadRequest
		return nil
	}
	if err != nil || falsy(url) {
		return parseError("No url provided in request: " + inspect(payload))
	}
	if url[0] != '"' {
		return parseError("Invalid url provided: " + inspect(url))
	}
	if r.URL, err = text(url); err != nil {
		r.refusal = http.StatusBadRequest // SEC-62: broken UTF-8
	}
	r.Data = mergeBody(r.Method, params, data)
	return nil
}

// falsy reports whether JavaScript would call the JSON value false.
func falsy(v []byte) bool {
	switch string(v) {
	case "", `""`, "null", "false":
		return true
	}
	if c := v[0]; c == '-' || c == '0' {
		var f float64
		return json.Unmarshal(v, &f) == nil && f == 0
	}
	return false
}
