package engineio

import (
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/go-sails/sails/internal/eioproto"
	"github.com/go-sails/sails/internal/wsconn"
)

// errBodyTooLarge says that a body passed MaxPayload.
var errBodyTooLarge = errors.New("engineio: body over MaxPayload")

// servePost takes the packets of a POST. It is answered when they are delivered.
func (s *Session) servePost(w http.ResponseWriter, r *http.Request) {
	rc := http.NewResponseController(w)
	if !s.beginPost(rc) { // SEC-40
		s.finish(TransportError)
		s.failPost(w, r, http.StatusBadRequest)
		return
	}
	defer s.endPost(rc)
	contentType, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	octets := strings.EqualFold(strings.TrimSpace(contentType), "application/octet-stream")
	switch {
	case octets && s.enc.revision == 4: // SEC-41
		s.finish(TransportError)
		s.failPost(w, r, http.StatusBadRequest)
		return
	case r.Header.Get("Content-Encoding") != "": // SEC-12
		s.failPost(w, r, http.StatusUnsupportedMediaType)
		return
	case r.ContentLength > s.srv.cfg.MaxPayload: // SEC-9, body unread
		s.srv.counters.tooLarge.Add(1)
		s.failPost(w, r, http.StatusRequestEntityTooLarge)
		return
	}
	_ = rc.SetReadDeadline(time.Now().Add(bodyReadTimeout))
	first := getBuffer()
	defer putBuffer(first)
	body, err := readBody(r.Body, first, s.srv.cfg.MaxPayload)
	switch {
	case errors.Is(err, errBodyTooLarge):
		s.srv.counters.tooLarge.Add(1)
		s.failPost(w, r, http.StatusRequestEntityTooLarge)
		return
	case err != nil: // not even a part is used (SEC-6)
		s.finish(TransportError)
		if errors.Is(err, os.ErrDeadlineExceeded) && s.wasOverlapped(rc) {
			cutOff(rc)
			return
		}
		s.failPost(w, r, http.StatusBadRequest)
		return
	}
	if err := s.takePayload(body, octets, r); err != nil {
		if errors.Is(err, stopClosePacket) {
			s.awaitPoll()
		}
		s.endedByPost(err)
	}
	if len(r.TransferEncoding) > 0 { // SEC-5
		w.Header().Set("Connection", "close")
	}
	s.writeHeaders(w, r, false)
	w.Header()["Content-Type"] = htmlText
	_ = writeBody(w, http.StatusOK, okBody)
}

var okBody = []byte("ok")

// beginPost reserves the only POST of the session. When there is one already, that
// one is cut off.
func (s *Session) beginPost(rc *http.ResponseController) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if other := s.polling.posting; other != nil {
		s.polling.overlapped = other
		_ = other.SetReadDeadline(time.Unix(1, 0))
		return false
	}
	s.polling.posting = rc
	return true
}

// wasOverlapped tells whether the POST behind rc was cut off for another one.
func (s *Session) wasOverlapped(rc *http.ResponseController) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.polling.overlapped == rc
}

// cutOff closes the connection of a request without an answer, where that is
// possible.
func cutOff(rc *http.ResponseController) {
	if conn, _, err := rc.Hijack(); err == nil {
		wsconn.Abort(conn)
	}
}

func (s *Session) endPost(rc *http.ResponseController) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.polling.posting == rc {
		s.polling.posting = nil
	}
}

// failPost answers a POST whose body was not, or not fully, read.
func (s *Session) failPost(w http.ResponseWriter, r *http.Request, status int) {
	s.srv.cfg.origins.writeHeaders(w.Header(), r)
	w.Header().Set("Connection", "close")
	w.WriteHeader(status)
}

// takePayload decodes a body and acts on its packets in order.
func (s *Session) takePayload(body []byte, octets bool, r *http.Request) error {
	decode := eioproto.DecodePayload4
	switch {
	case s.enc.revision == 3 && octets:
		decode = eioproto.DecodePayload3Binary
	case s.enc.revision == 3:
		decode = eioproto.DecodePayload3
	}
	if s.polling.isJSONP {
		payload, err := eioproto.JSONPBody(body)
		if err != nil { // a form without a payload means nothing
			return nil
		}
		body = payload
	}
	s.recv.Lock()
	defer s.recv.Unlock()
	return decode(body, s.srv.cfg.MaxPackets, func(p eioproto.Packet) error {
		if p.Type == eioproto.Close {
			s.mu.Lock()
			s.polling.last = noopPacket
			s.mu.Unlock()
			return stopClosePacket
		}
		if err := s.receive(p); err != nil {
			return err
		}
		s.waitToRead(r.Context().Done())
		return nil
	})
}

// stragglerWait is how long a close packet waits for the poll that was sent with it.
const stragglerWait = 20 * time.Millisecond

// awaitPoll waits a moment for a poll, when none is held: a client that says goodbye
// keeps a poll under way, which comes over another connection and may be served
// after the POST although it was sent before.
func (s *Session) awaitPoll() {
	s.mu.Lock()
	if s.state == closed || s.polling.serving || s.ws != nil {
		s.mu.Unlock()
		return
	}
	coming := make(chan struct{})
	s.polling.coming = coming
	s.mu.Unlock()
	late := time.NewTimer(stragglerWait)
	defer late.Stop()
	select {
	case <-coming:
	case <-late.C:
	}
}

// endedByPost ends the session for what takePayload returned.
func (s *Session) endedByPost(err error) {
	var ending *stop
	if errors.As(err, &ending) {
		s.finish(ending.reason)
		return
	}
	s.finish(ParseError)
}

// readBody reads up to limit bytes, beginning in first; memory grows with what
// arrives (SEC-4).
func readBody(r io.Reader, first []byte, limit int64) ([]byte, error) {
	body := first[:0]
	for {
		if len(body) == cap(body) {
			body = append(body, 0)[:len(body)]
		}
		n, err := r.Read(body[len(body):cap(body)])
		body = body[:len(body)+n]
		switch {
		case int64(len(body)) > limit:
			return nil, errBodyTooLarge
		case errors.Is(err, io.EOF):
			return body, nil
		case err != nil:
			return nil, err
		}
	}
}
