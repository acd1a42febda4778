package sioproto

import (
	"bytes"
	"net/url"
)

// CutQuery separates the query string that revision 4 clients hang on the name of
// a namespace ("/chat?token=x").
func CutQuery(namespace []byte) (name, query []byte) {
	name, query, _ = bytes.Cut(namespace, []byte{'?'})
	return name, query
}

// maxQueryKeys bounds the keys taken from a namespace's query.
const maxQueryKeys = 1000

// QueryAuth turns the query of a revision 4 namespace into the auth object that a
// revision 5 client would have sent: strings, the last one of a repeated key, in the
// order the keys came. What cannot be percent-decoded is taken as is.
func QueryAuth(query []byte) []byte {
	if len(query) == 0 {
		return nil
	}
	var order []string
	values := make(map[string]string)
	for part := range bytes.SplitSeq(query, []byte{'&'}) {
		if len(part) == 0 {
			continue
		}
		k, v, _ := bytes.Cut(part, []byte{'='})
		key := unescape(k)
		if _, seen := values[key]; !seen {
			if len(order) == maxQueryKeys {
				continue
			}
			order = append(order, key)
		}
		values[key] = unescape(v)
	}
	dst := []byte{'{'}
	for i, key := range order {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = AppendString(append(AppendString(dst, key), ':'), values[key])
	}
	return append(dst, '}')
}

func unescape(b []byte) string {
	s, err := url.QueryUnescape(string(b))
	if err != nil {
		return string(b)
	}
	return s
}
