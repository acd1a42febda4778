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
	post := s.beginPost(rc)
	if post == 0 { // SEC-40
		s.finish(TransportError)
		s.failPost(w, r, http.StatusBadRequest)
		return
	}
	defer s.endPost(post)
	contentType, _, _ := strings.Cut(firstValue(r.Header["Content-Type"]), ";")
	octets := strings.EqualFold(strings.TrimSpace(contentType), "application/octet-stream")
	switch {
	case octets && s.enc.revision == 4: // SEC-41
		s.finish(TransportError)
		s.failPost(w, r, http.StatusBadRequest)
		return
	case firstValue(r.Header["Content-Encoding"]) != "": // SEC-12
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
		if errors.Is(err, os.ErrDeadlineExceeded) && s.wasOverlapped(post) {
			cutOff(rc)
			return
		}
		s.failPost(w, r, http.StatusBadRequest)
		return
	}
	_ = r.Body.Close() // all of it was read: the server need not look for more
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
	_ = writeAnswer(w, okBody)
}

var okBody = []byte("ok")

// beginPost reserves the only POST of the session and returns its number; 0 when
// there is one already, which is cut off.
func (s *Session) beginPost(rc *http.ResponseController) uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.polling
	if p.post != 0 {
		p.overlapped = p.post
		_ = p.posting.SetReadDeadline(time.Unix(1, 0))
		return 0
	}
	p.posts++
	p.post, p.posting = p.posts, *rc
	return p.post
}

// wasOverlapped tells whether a POST was cut off for another one.
func (s *Session) wasOverlapped(post uint64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.polling.overlapped == post
}

// cutOff closes the connection of a request without an answer, where that is
// possible.
func cutOff(rc *http.ResponseController) {
	if conn, _, err := rc.Hijack(); err == nil {
		wsconn.Abort(conn)
	}
}

func (s *Session) endPost(post uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.polling; p.post == post {
		p.post, p.posting = 0, http.ResponseController{}
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
	if s.polling.isJSONP {
		payload, err := eioproto.JSONPBody(body)
		if err != nil { // a form without a payload means nothing
			return nil
		}
		body = payload
	}
	s.recv.Lock()
	defer s.recv.Unlock()
	take := func(p eioproto.Packet) error { return s.takePacket(p, r) }
	switch limit := s.srv.cfg.MaxPackets; {
	case s.enc.revision == 4:
		return eioproto.DecodePayload4(body, limit, take)
	case octets:
		return eioproto.DecodePayload3Binary(body, limit, take)
	default:
		return eioproto.DecodePayload3(body, limit, take)
	}
}

// takePacket acts on a packet of a POST. Where reading has to pause it waits.
func (s *Session) takePacket(p eioproto.Packet, r *http.Request) error {
	if p.Type == eioproto.Close {
		s.mu.Lock()
		s.polling.last = noopPacket
		s.mu.Unlock()
		return stopClosePacket
	}
	if err := s.receive(p); err != nil {
		return err
	}
	if s.holdsReads() { // or asking for the end of the request would cost a channel
		s.waitToRead(r.Context().Done())
	}
	return nil
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
