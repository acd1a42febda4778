package frontdoor

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-sails/sails/sailsio/action"
	"github.com/go-sails/sails/sailsio/session"
	"github.com/go-sails/sails/virtualrequest"
)

// serveVirtual sends a request on that came over a socket.
func (p *Proxy) serveVirtual(w http.ResponseWriter, r *http.Request, v *virtualrequest.Request) {
	shareSession(r)
	out, err := p.plainRequest(r, v)
	if err != nil {
		action.BadRequest(w, r, err)
		return
	}
	res, err := p.transport.RoundTrip(out)
	if err != nil {
		p.unreachable(w, r, err)
		return
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, p.cfg.MaxAnswer+1))
	if err == nil && int64(len(body)) > p.cfg.MaxAnswer {
		err = fmt.Errorf("frontdoor: an answer of more than %d bytes", p.cfg.MaxAnswer)
	}
	if err != nil {
		p.unreachable(w, r, err)
		return
	}
	p.remember(v.Origin(), res.Cookies())
	answer(w, r, res, body)
}

// shareSession stores the session of a socket that came without a cookie before
// another server is to find it (CN-31).
func shareSession(r *http.Request) {
	s, ok := session.FromContext(r.Context())
	if !ok || !s.IsNew() || r.Header.Get("Cookie") == "" {
		return
	}
	// A session that holds nothing is not stored.
	if s.Set("frontdoor", true) == nil {
		_ = s.Save(r.Context()) // without it, the other server begins a session of its own
	}
}

// plainRequest is a virtual request as HTTP.
func (p *Proxy) plainRequest(r *http.Request, v *virtualrequest.Request) (*http.Request, error) {
	method, query := r.Method, r.URL.RawQuery
	var body []byte
	switch method {
	case http.MethodHead: // over a socket it has a body (RS-30)
		method = http.MethodGet
		fallthrough
	case http.MethodGet:
		var err error
		if query, err = asQuery(query, v.JSON()); err != nil {
			return nil, err
		}
	default:
		if len(v.Data) > 0 {
			body = v.JSON()
		}
	}
	target := *p.target
	target.Path, target.RawPath = joinPath(p.target, r.URL)
	target.RawQuery = query
	out, err := http.NewRequestWithContext(r.Context(), method, target.String(), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	out.Header = r.Header.Clone()
	for _, name := range []string{"Content-Length", "Content-Type", "Accept-Encoding"} {
		out.Header.Del(name)
	}
	if body != nil {
		out.Header.Set("Content-Type", "application/json")
	}
	if len(body) == 0 {
		out.Body, out.ContentLength = nil, 0
	}
	// Over a socket every client wants JSON (2.2).
	out.Header.Set("Accept", "application/json")
	out.Host = r.Host
	protocol := "http"
	if r.TLS != nil {
		protocol = "https"
	}
	p.identify(out.Header, action.IP(r), protocol, r.Host)
	return out, nil
}

func joinPath(target, asked *url.URL) (path, raw string) {
	joined := target.JoinPath("x")
	base := strings.TrimSuffix(joined.Path, "x")
	return base + strings.TrimPrefix(asked.Path, "/"), strings.TrimSuffix(joined.EscapedPath(), "x") + strings.TrimPrefix(asked.EscapedPath(), "/")
}

const (
	maxQuery = 32 << 10 // what HTTP servers take; Node's limit is half of it for all headers
	maxDepth = 5        // deeper ones are lost in Express's parser
)

var errLong = errors.New("frontdoor: the data of this GET request is too long for the address of a plain one")

// asQuery adds the data of a message to a query. Where both have a parameter, that
// of the message counts (VR-7).
func asQuery(query string, data json.RawMessage) (string, error) {
	var object map[string]json.RawMessage
	if len(data) == 0 || json.Unmarshal(data, &object) != nil || len(object) == 0 {
		return query, nil
	}
	var b strings.Builder
	for pair := range strings.SplitSeq(query, "&") {
		name, _, _ := strings.Cut(pair, "=")
		if plain, err := url.QueryUnescape(name); err == nil {
			name, _, _ = strings.Cut(plain, "[")
		}
		if _, overridden := object[name]; !overridden && pair != "" {
			b.WriteString("&" + pair)
		}
	}
	for _, name := range sorted(object) {
		if err := flatten(&b, name, object[name], 0); err != nil {
			return "", err
		}
	}
	if b.Len() > maxQuery {
		return "", errLong
	}
	return strings.TrimPrefix(b.String(), "&"), nil
}

func sorted(m map[string]json.RawMessage) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func flatten(b *strings.Builder, name string, value json.RawMessage, depth int) error {
	if b.Len() > maxQuery {
		return errLong
	}
	var text string
	switch value[0] {
	case '{', '[':
		if depth >= maxDepth {
			text = string(value) // as JSON, which blueprints read for where
			break
		}
		return flattenMembers(b, name, value, depth)
	case '"':
		if err := json.Unmarshal(value, &text); err != nil {
			return err
		}
	case 'n': // null
	default:
		text = string(value)
	}
	b.WriteString("&" + url.QueryEscape(name) + "=" + url.QueryEscape(text))
	return nil
}

func flattenMembers(b *strings.Builder, name string, value json.RawMessage, depth int) error {
	if value[0] == '[' {
		var list []json.RawMessage
		if err := json.Unmarshal(value, &list); err != nil {
			return err
		}
		for i, item := range list {
			if err := flatten(b, name+"["+strconv.Itoa(i)+"]", item, depth+1); err != nil {
				return err
			}
		}
		return nil
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal(value, &object); err != nil {
		return err
	}
	for _, member := range sorted(object) {
		if err := flatten(b, name+"["+member+"]", object[member], depth+1); err != nil {
			return err
		}
	}
	return nil
}

// onlyHTTP are headers that an answer over a socket has not (RS-3).
var onlyHTTP = []string{
	"Connection", "Keep-Alive", "Transfer-Encoding", "Content-Length", "Content-Encoding", "Date", "Etag", "Set-Cookie",
	"X-Powered-By", "Vary", "Trailer", "Upgrade", "Server",
}

// answer makes a JWR of an answer over HTTP (3.2).
func answer(w http.ResponseWriter, r *http.Request, res *http.Response, body []byte) {
	kind, params, _ := mime.ParseMediaType(res.Header.Get("Content-Type"))
	location := res.Header.Get("Location")
	h := w.Header()
	for name, values := range res.Header {
		generated := name == "Content-Type" && (kind == "application/json" || kind == "application/octet-stream" ||
			(kind == "text/html" || kind == "text/plain") && strings.EqualFold(params["charset"], "utf-8"))
		if !generated && !slices.Contains(onlyHTTP, name) && name != "Location" {
			h[name] = values
		}
	}
	w = action.Status(w, res.StatusCode)
	switch {
	case location != "" && res.StatusCode >= 300 && res.StatusCode < 400:
		h.Del("Content-Type")
		action.Redirect(w, r, location)
	case location != "":
		h["Location"] = []string{location}
		sendBody(w, r, kind, body)
	default:
		sendBody(w, r, kind, body)
	}
}

func sendBody(w http.ResponseWriter, r *http.Request, kind string, body []byte) {
	switch {
	case len(body) == 0 && strings.HasPrefix(kind, "text/"):
		action.Send(w, r, "")
	case len(body) == 0:
		action.End(w, r)
	case kind == "application/json" && json.Valid(body):
		var text string
		if body = bytes.TrimSpace(body); body[0] == '"' && json.Unmarshal(body, &text) == nil {
			action.JSON(w, r, text) // a string is sent in quotes (SU-6)
			return
		}
		action.Send(w, r, json.RawMessage(body))
	case kind == "application/octet-stream" || !utf8.Valid(body):
		action.Send(w, r, body)
	default:
		action.Send(w, r, string(body))
	}
}

// maxCookies bounds what an answer adds to the cookies of a socket.
const (
	maxCookies      = 50
	maxCookieHeader = 16 << 10
)

// remember keeps the cookies of an answer for the socket's later requests: its
// client never sees them.
func (p *Proxy) remember(origin *virtualrequest.Origin, set []*http.Cookie) {
	if len(set) == 0 {
		return
	}
	p.cookies.Lock() // two answers for one socket
	defer p.cookies.Unlock()
	var pairs []string
	for pair := range strings.SplitSeq(origin.Cookie(), ";") {
		name, _, _ := strings.Cut(strings.TrimSpace(pair), "=")
		if name != "" && !slices.ContainsFunc(set, func(c *http.Cookie) bool { return c.Name == name }) {
			pairs = append(pairs, strings.TrimSpace(pair))
		}
	}
	for _, c := range set {
		gone := c.MaxAge < 0 || !c.Expires.IsZero() && c.Expires.Before(time.Now())
		if !gone && len(pairs) < maxCookies {
			pairs = append(pairs, c.Name+"="+c.Value)
		}
	}
	if header := strings.Join(pairs, "; "); len(header) <= maxCookieHeader {
		origin.SetCookie(header)
	}
}
