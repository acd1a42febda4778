package action

import (
	"crypto/sha1" //nolint:gosec // for the ETag only, as Express makes it
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"strconv"
	"strings"

	"github.com/go-sails/sails/internal/rawjson"
	"github.com/go-sails/sails/virtualrequest"
)

// Status returns a writer whose next answer of this package has the given
// status, as res.status(code) does:
//
//	action.JSON(action.Status(w, 201), r, record)
//
// Answers with a status of their own (OK, BadRequest, ...) ignore it.
func Status(w http.ResponseWriter, code int) http.ResponseWriter {
	return &statusWriter{w, code}
}

type statusWriter struct {
	http.ResponseWriter
	code int
}

// Unwrap serves http.ResponseController.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// Write is for handlers that write themselves.
func (w *statusWriter) Write(p []byte) (int, error) {
	if w.code != 0 {
		w.ResponseWriter.WriteHeader(w.code)
		w.code = 0
	}
	return w.ResponseWriter.Write(p)
}

// WriteHeader is for handlers that decide otherwise.
func (w *statusWriter) WriteHeader(code int) {
	w.code = 0
	w.ResponseWriter.WriteHeader(code)
}

// reply is an answer under way.
type reply struct {
	w       http.ResponseWriter
	r       *http.Request
	config  *Config
	status  int // 0: not decided
	virtual bool
}

func newReply(w http.ResponseWriter, r *http.Request) *reply {
	a := &reply{w: w, r: r, config: config(r)}
	_, a.virtual = virtualrequest.FromContext(r.Context())
	if s, ok := w.(*statusWriter); ok {
		a.w, a.status = s.ResponseWriter, s.code
	}
	return a
}

func (a *reply) with(status int) *reply {
	a.status = status
	return a
}

// set sets a header field under exactly this spelling, in place of others.
func (a *reply) set(name, value string) { SetHeader(a.w, name, value) }

// SetHeader sets a response header field and keeps the spelling of its name,
// which http.Header.Set would change. It matters over sockets: a JWR shows a
// field under the name it was set with and in lower case (RS-5).
func SetHeader(w http.ResponseWriter, name string, values ...string) {
	h := w.Header()
	for key := range h {
		if key != name && strings.EqualFold(key, name) {
			delete(h, key)
		}
	}
	h[name] = values
}

// header returns a response header field in any spelling.
func header(h http.Header, name string) string {
	if v := h.Get(name); v != "" {
		return v
	}
	for key, values := range h {
		if len(values) > 0 && strings.EqualFold(key, name) {
			return values[0]
		}
	}
	return ""
}

// Send answers with data, as res.send(data) does. Over sockets data itself is
// the body. Over HTTP a string is sent as it is, text/html unless the handler
// set another Content-Type; []byte as application/octet-stream; nil as nothing;
// anything else as JSON. The status is 200 unless given by Status.
func Send(w http.ResponseWriter, r *http.Request, data any) {
	newReply(w, r).send(data)
}

// End answers without a body, as res.send() does.
func End(w http.ResponseWriter, r *http.Request) {
	newReply(w, r).end()
}

// JSON answers with data as JSON, as res.json(data) does. Over sockets data
// itself is the body, but a string is encoded first and comes with a
// content-type: clients of Sails expect it in quotes (SU-6).
func JSON(w http.ResponseWriter, r *http.Request, data any) {
	newReply(w, r).json(data)
}

// SendStatus answers with a status and its name as text, as res.sendStatus
// does; an unknown code's text is the number.
func SendStatus(w http.ResponseWriter, r *http.Request, code int) {
	newReply(w, r).sendStatus(code)
}

// Redirect answers with a redirect to address, as res.redirect does: status 302
// unless given by Status. sails.io.js does not follow it.
func Redirect(w http.ResponseWriter, r *http.Request, address string) {
	a := newReply(w, r)
	if a.status == 0 {
		a.status = http.StatusFound
	}
	if a.virtual {
		a.set("content-type", "text/html")
		a.set("Location", address)
		a.send("Redirecting to " + encodeURI(address, false))
		return
	}
	if a.refused() {
		return
	}
	address = encodeURI(address, true)
	a.set("Location", address)
	a.w.Header().Add("Vary", "Accept")
	text := http.StatusText(a.status) + ". Redirecting to " + address
	contentType := "text/plain; charset=utf-8"
	switch preferred(r.Header["Accept"], "text/plain", "text/html") {
	case "text/html":
		contentType = "text/html; charset=utf-8"
		text = "<p>" + http.StatusText(a.status) + ". Redirecting to " + html.EscapeString(address) + "</p>"
	case "":
		contentType, text = "", ""
	}
	if contentType != "" {
		a.set("Content-Type", contentType)
	}
	a.write([]byte(text), false)
}

// end answers without a body.
func (a *reply) end() {
	if a.virtual || !a.refused() {
		a.w.WriteHeader(a.code())
	}
}

func (a *reply) code() int {
	if a.status == 0 {
		return http.StatusOK
	}
	return a.status
}

func (a *reply) sendStatus(code int) {
	a.status = code
	text := statusText(code)
	if !a.virtual {
		a.set("Content-Type", "text/plain; charset=utf-8")
	}
	a.send(text)
}

func (a *reply) send(data any) {
	if a.virtual {
		if a.status != 0 {
			a.w.WriteHeader(a.status)
		}
		if virtualrequest.SetBody(a.w, data) {
			return
		}
		// The writer was wrapped by something without Unwrap: plain writes
		// reach the client too.
	}
	if a.refused() {
		return
	}
	switch data := data.(type) {
	case nil:
		a.write(nil, true)
	case string:
		a.contentType("text/html; charset=utf-8")
		a.write([]byte(data), true)
	case []byte:
		a.contentType("application/octet-stream")
		a.write(data, true)
	default:
		a.encoded(data)
	}
}

func (a *reply) json(data any) {
	if a.virtual {
		if s, ok := data.(string); ok {
			quoted, err := rawjson.Marshal(s)
			if err == nil {
				a.set("content-type", "application/json")
				data = string(quoted)
			}
		}
		a.send(data)
		return
	}
	if !a.refused() {
		a.encoded(data)
	}
}

// encoded writes data as JSON text.
func (a *reply) encoded(data any) {
	raw, err := rawjson.Marshal(data)
	if err != nil {
		a.config.log().Error("action: answer cannot be encoded", "error", err)
		a.sendStatus(http.StatusInternalServerError)
		return
	}
	a.sendJSON(raw)
}

func (a *reply) sendJSON(raw json.RawMessage) {
	text := []byte(raw)
	if !a.config.Production {
		text = indent(raw)
	}
	a.contentType("application/json; charset=utf-8")
	a.write(text, true)
}

// contentType sets the type unless the handler has set one.
func (a *reply) contentType(t string) {
	if header(a.w.Header(), "Content-Type") == "" {
		a.set("Content-Type", t)
	}
}

// refused reports whether the response was started before, and logs it.
func (a *reply) refused() bool {
	if a.virtual || !started(a.w) {
		return false
	}
	a.config.log().Warn("action: second answer ignored", "method", a.r.Method, "path", a.r.URL.Path)
	return true
}

// write sends a plain HTTP response, or 304 if the client has it (RS-13).
func (a *reply) write(body []byte, etag bool) {
	status := a.code()
	h := a.w.Header()
	noBody := status == http.StatusNoContent || status == http.StatusNotModified
	if etag && !noBody && !a.virtual {
		tag := header(h, "ETag")
		if tag == "" {
			tag = makeETag(body)
			a.set("Etag", tag) // canonical, so that Go middleware sees it
		}
		if a.isFresh(status, tag) {
			status, noBody = http.StatusNotModified, true
		}
	}
	if noBody {
		h.Del("Content-Type")
		a.w.WriteHeader(status)
		return
	}
	if !a.virtual {
		if status == http.StatusResetContent {
			body = nil // the client is to empty its form, there is nothing to read
		}
		a.set("Content-Length", strconv.Itoa(len(body)))
	}
	a.w.WriteHeader(status)
	if a.r.Method != http.MethodHead || a.virtual {
		_, _ = a.w.Write(body) // a client that is gone needs no answer
	}
}

// makeETag makes the weak validator that Express makes.
func makeETag(body []byte) string {
	sum := sha1.Sum(body) //nolint:gosec // not for security
	return fmt.Sprintf(`W/"%x-%s"`, len(body), base64.RawStdEncoding.EncodeToString(sum[:])[:27])
}

// isFresh reports whether the client's copy is the response.
func (a *reply) isFresh(status int, tag string) bool {
	get := a.r.Method == http.MethodGet || a.r.Method == http.MethodHead
	known := a.r.Header.Get("If-None-Match")
	if !get || status < 200 || status > 299 || known == "" ||
		strings.Contains(strings.ToLower(a.r.Header.Get("Cache-Control")), "no-cache") {
		return false
	}
	for candidate := range strings.SplitSeq(known, ",") {
		candidate = strings.TrimSpace(candidate)
		if candidate == "*" || strings.TrimPrefix(candidate, "W/") == strings.TrimPrefix(tag, "W/") {
			return true
		}
	}
	return false
}
