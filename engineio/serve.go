package engineio

import (
	"errors"
	"fmt"
	"net/http"
	"net/textproto"
	"strconv"
	"strings"
	"time"

	"github.com/go-sails/sails/internal/rawjson"
	"github.com/go-sails/sails/internal/wsconn"
)

// refusal is why a request is not served.
type refusal struct {
	code    ErrorCode
	message string // what the client is told instead of the code's text
	context string
}

// serve checks a request in the order of spec sheet 1.3 and hands it to what
// handles it. The origin is judged before anything of the session is looked at.
func (srv *Server) serve(w http.ResponseWriter, r *http.Request) {
	if status := oversized(r); status != 0 {
		srv.counters.tooLarge.Add(1)
		w.Header().Set("Connection", "close")
		w.WriteHeader(status)
		return
	}
	upgrade := wantsUpgrade(r)
	if r.Method == http.MethodOptions && srv.cfg.CORS != nil && !upgrade {
		srv.cfg.origins.preflight(w, r)
		return
	}
	q, ok := parseQuery(r.URL.RawQuery)
	if !ok {
		srv.refuse(w, r, upgrade, &refusal{code: BadRequest, context: "too many parameters"})
		return
	}
	session, refused := srv.check(r, &q, upgrade)
	switch {
	case refused != nil:
		srv.refuse(w, r, upgrade, refused)
	case session == nil:
		srv.handshake(w, r, &q)
	case upgrade:
		srv.serveUpgrade(w, r, session)
	default:
		session.servePolling(w, r)
	}
}

func (srv *Server) check(r *http.Request, q *query, upgrade bool) (*Session, *refusal) {
	switch Transport(q.transport) {
	case Polling:
		if !srv.cfg.polling {
			return nil, &refusal{code: UnknownTransport, context: q.transport}
		}
	case WebSocket:
		if !srv.cfg.websocket {
			return nil, &refusal{code: UnknownTransport, context: q.transport}
		}
	default:
		return nil, &refusal{code: UnknownTransport, context: q.transport}
	}
	if !srv.cfg.origins.allows(r, q.sid != "") {
		return nil, &refusal{code: BadRequest, context: "INVALID_ORIGIN"}
	}
	if q.sid == "" {
		return nil, srv.checkHandshake(r, q, upgrade)
	}
	session, ok := srv.Session(q.sid)
	if !ok || srv.cfg.BindSession != nil && srv.cfg.BindSession(r) != session.bound {
		return nil, &refusal{code: UnknownSession, context: q.sid}
	}
	switch {
	case !upgrade && (q.transport != string(Polling) || session.Transport() != Polling):
		return nil, &refusal{code: BadRequest, context: "TRANSPORT_MISMATCH"}
	case upgrade && q.transport != string(WebSocket):
		return nil, &refusal{code: BadRequest, context: "TRANSPORT_HANDSHAKE_ERROR"}
	}
	if revision, ok := q.revision(); !ok || revision != session.enc.revision {
		return nil, &refusal{code: BadRequest, context: "PROTOCOL_MISMATCH"}
	}
	return session, nil
}

func (srv *Server) checkHandshake(r *http.Request, q *query, upgrade bool) *refusal {
	switch {
	case r.Method != http.MethodGet:
		return &refusal{code: BadHandshakeMethod, context: r.Method}
	case upgrade != (q.transport == string(WebSocket)):
		return &refusal{code: BadRequest, context: "TRANSPORT_HANDSHAKE_ERROR"}
	}
	if refused := srv.askAllowRequest(r); refused != nil {
		return refused
	}
	if revision, ok := q.revision(); !ok || revision == 3 && srv.cfg.DisableEIO3 {
		return &refusal{code: UnsupportedVersion, context: q.eio}
	}
	return nil
}

func (srv *Server) askAllowRequest(r *http.Request) *refusal {
	if srv.cfg.AllowRequest == nil {
		return nil
	}
	err := srv.askHook(r)
	var told *Refusal
	switch {
	case err == nil:
		return nil
	case errors.As(err, &told) && told.Message != "":
		return &refusal{code: Forbidden, message: told.Message, context: told.Message}
	}
	return &refusal{code: Forbidden, context: err.Error()}
}

// askHook runs AllowRequest; a panic or no answer in time is a refusal (SEC-44).
func (srv *Server) askHook(r *http.Request) error {
	answer := make(chan error, 1)
	go func() {
		defer func() {
			if v := recover(); v != nil {
				srv.cfg.Logger.Error("engineio: panic in AllowRequest", "panic", fmt.Sprint(v))
				answer <- errors.New("engineio: AllowRequest panicked")
			}
		}()
		answer <- srv.cfg.AllowRequest(r)
	}()
	late := time.NewTimer(hookTimeout)
	defer late.Stop()
	select {
	case err := <-answer:
		return err
	case <-late.C:
		return errors.New("engineio: AllowRequest did not answer in time")
	case <-r.Context().Done():
		return r.Context().Err()
	}
}

// refuse answers a request that is not served: JSON over HTTP, the bare message
// where a WebSocket was asked for.
func (srv *Server) refuse(w http.ResponseWriter, r *http.Request, upgrade bool, why *refusal) {
	message := why.message
	if message == "" {
		message = why.code.String()
	}
	srv.counters.refused[why.code].Add(1)
	srv.cfg.Logger.Debug("engineio: request refused", "code", int(why.code), "context", strconv.Quote(why.context), "remote", r.RemoteAddr)
	if srv.cfg.OnConnectionError != nil {
		srv.cfg.OnConnectionError(&ConnectionError{Request: r, Code: why.code, Message: message, Context: why.context})
	}
	if upgrade {
		wsconn.Refuse(w, http.StatusBadRequest, message)
		return
	}
	status := http.StatusBadRequest
	if why.code == Forbidden {
		status = http.StatusForbidden
	}
	h := w.Header()
	srv.cfg.origins.writeHeaders(h, r)
	body := append([]byte(`{"code":`), strconv.Itoa(int(why.code))...)
	body = append(body, `,"message":`...)
	body = append(rawjson.AppendString(body, message), '}')
	h.Set("Content-Type", "application/json")
	writeBody(w, status, body)
}

// overLimit answers a handshake the server has no room for (SEC-3).
func (srv *Server) overLimit(w http.ResponseWriter, r *http.Request) {
	srv.counters.overLimit.Add(1)
	h := w.Header()
	srv.cfg.origins.writeHeaders(h, r)
	h.Set("Retry-After", retryAfterSecond)
	h.Set("Connection", "close")
	w.WriteHeader(http.StatusServiceUnavailable)
}

// oversized judges the size of URL and header (SEC-10, SEC-11).
func oversized(r *http.Request) int {
	if len(r.RequestURI) > maxURL || len(r.URL.RawQuery) > maxURL {
		return http.StatusRequestURITooLong
	}
	lines, size := 0, 0
	for name, values := range r.Header {
		lines += len(values)
		for _, v := range values {
			size += len(name) + len(v) + 4
		}
	}
	if lines > maxHeaderLines || size > maxHeaderBytes {
		return http.StatusRequestHeaderFieldsTooLarge
	}
	return 0
}

// wantsUpgrade tells whether a request asks for a WebSocket, well-formed or not.
func wantsUpgrade(r *http.Request) bool {
	if len(r.Header["Upgrade"]) == 0 {
		return false
	}
	for _, line := range r.Header["Connection"] {
		for token := range strings.SplitSeq(line, ",") {
			if strings.EqualFold(textproto.TrimString(token), "upgrade") {
				return true
			}
		}
	}
	return false
}

// countedBody is the size up to which an http.ResponseWriter knows the length of an
// answer by itself: that of net/http keeps so much of it until the handler returns.
const countedBody = 2 << 10

// writeAnswer writes the body of an answer of status 200 at once. The length of a short
// one is left to w, for which it costs less than an entry of the header does.
func writeAnswer(w http.ResponseWriter, body []byte) error {
	if len(body) > countedBody {
		return writeBody(w, http.StatusOK, body)
	}
	_, err := w.Write(body)
	return err
}

// firstValue is the first of a header's values, "" when there is none.
func firstValue(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return values[0]
}

// writeBody writes a complete answer at once.
func writeBody(w http.ResponseWriter, status int, body []byte) error {
	w.Header()["Content-Length"] = []string{strconv.Itoa(len(body))}
	w.WriteHeader(status)
	_, err := w.Write(body)
	return err
}
