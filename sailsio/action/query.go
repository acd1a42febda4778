package action

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/go-sails/sails/virtualrequest"
)

// maxParams bounds how many pairs of a query or form are looked at (SEC-11).
const maxParams = 1000

// Query returns the query parameters. A repeated name gives an array of
// strings (VR-6). Over plain HTTP names may have brackets, as in Express:
// `a[b]=1` is {"a":{"b":"1"}} and `a[]=1` is {"a":["1"]}; over sockets brackets
// have no meaning, as in Sails.
func Query(r *http.Request) Params {
	if r.URL.RawQuery == "" {
		return nil
	}
	return queryParams(r)
}

func queryParams(r *http.Request) Params {
	if _, virtual := virtualrequest.FromContext(r.Context()); virtual {
		return parsePlain(r.URL.RawQuery)
	}
	return parseNested(r.URL.RawQuery, queryNesting)
}

// pairs calls fn with the name and the value of each part of `name=value&...`
// that is not empty, as they were sent.
func pairs(text string, fn func(name, value string)) {
	n := 0
	for pair := range strings.SplitSeq(text, "&") {
		if pair == "" {
			continue
		}
		if n++; n > maxParams {
			return
		}
		name, value, _ := strings.Cut(pair, "=")
		fn(name, value)
	}
}

// parsePlain reads pairs as Node does: brackets mean nothing, a repeated name
// gives a list.
func parsePlain(text string) Params {
	if params, ok := parseFew(text); ok {
		return params
	}
	var f fields
	pairs(text, func(name, value string) { f.add(unescape(name), unescape(value)) })
	params := make(Params, 0, len(f.names))
	for _, name := range f.names {
		params = append(params, Named{name, leaf(f.values[name]).value()})
	}
	return params
}

// parseFew is parsePlain for what most queries are: a few names, each once. It
// looks for a name among those before it, so it leaves long queries alone, and those
// that repeat one.
func parseFew(text string) (params Params, ok bool) {
	n := strings.Count(text, "&") + 1
	if n > indexFrom {
		return nil, false
	}
	params, ok = make(Params, 0, n), true
	pairs(text, func(name, value string) {
		name = unescape(name)
		for i := range params {
			ok = ok && params[i].Name != name
		}
		params = append(params, Named{name, stringValue(unescape(value))})
	})
	return params, ok
}

// unescape decodes escapes and plus signs. What is no escape is taken as it is,
// what is no UTF-8 becomes U+FFFD.
func unescape(s string) string {
	if strings.IndexByte(s, '+') >= 0 {
		s = strings.ReplaceAll(s, "+", " ")
	}
	if strings.IndexByte(s, '%') < 0 {
		return s
	}
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if b, err := strconv.ParseUint(s[i+1:i+3], 16, 8); err == nil {
				out = append(out, byte(b))
				i += 2
				continue
			}
		}
		out = append(out, s[i])
	}
	return strings.ToValidUTF8(string(out), "\uFFFD")
}
