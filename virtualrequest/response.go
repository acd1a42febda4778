package virtualrequest

import "encoding/json"

// Response is the JWR: the one argument of a virtual request's ack (RS-1).
// Encoded as JSON it is `{"body":...,"headers":{...},"statusCode":200}`, in this
// order; encode it with [Response.AppendJSON], or hand it to an encoder that
// turns []byte into binary attachments.
type Response struct {
	// Body is one of: nil, there is none and the key is absent; string;
	// json.RawMessage, valid JSON text; []byte, a binary body; or a tree of
	// map[string]any and []any with leaves of these kinds that holds at least
	// one []byte. It is the response's own copy. JSON null is the RawMessage
	// `null`.
	Body any `json:"body,omitempty"`
	// Header has each field under the name it was set with and, where that
	// differs, under its lower-case name too (RS-5, SU-20). A value is a string,
	// a []string when there are several, or an int for content-length (RS-31).
	// It never holds a Set-Cookie in any spelling (RS-4, SEC-75). It is nil, and
	// absent from the JWR, with Dispatcher.OmitHeaders, else not nil.
	Header map[string]any `json:"headers,omitzero"`
	// StatusCode is 0, and absent, with Dispatcher.OmitStatusCode (RS-6).
	StatusCode int `json:"statusCode,omitzero"`
	// SetCookie has the values of the Set-Cookie fields the handler set, for the
	// socket's own use (see [Origin.Remember]); they are no part of the JWR.
	SetCookie []string `json:"-"`
}

// AppendJSON appends the JWR's JSON text to dst. It returns dst unchanged and
// false when the body is or holds binary, which JSON cannot carry.
func (r *Response) AppendJSON(dst []byte) ([]byte, bool) {
	a := Answer{StatusCode: r.StatusCode, body: r.Body}
	if r.Header != nil {
		a.header = appendFields(nil, r.fields())
	}
	return a.AppendJSON(dst)
}

// fields lists the header for appendFields.
func (r *Response) fields() []field {
	list := make([]field, 0, len(r.Header))
	for name, value := range r.Header {
		f := field{name: name}
		switch v := value.(type) {
		case string:
			f.value = v
		case []string:
			f.list = v
		default: // a number, or somebody else's addition to the map
			text, err := json.Marshal(v)
			if err != nil {
				text = []byte("null")
			}
			f.json = text
		}
		list = append(list, f)
	}
	return list
}
