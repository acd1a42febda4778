package engineio

import (
	"net/http"
	"strings"
	"time"

	"github.com/go-sails/sails/internal/eioproto"
)

// pollingTransport is what a session needs while, and because, it polls: at most
// one GET and one POST at a time. The fields are guarded by the session's mu.
type pollingTransport struct {
	session *Session
	signal  chan struct{} // capacity 1: the held GET has something to look at
	jsonp   string        // index of the callback
	isJSONP bool          // answers are scripts, POSTs are forms

	limitKnown bool          // of polls alone
	limit      time.Duration // the HTTP server's WriteTimeout

	serving    bool          // a GET is being served
	held       bool          // it has nothing to answer yet
	answering  bool          // an answer is being written: nothing may overtake it
	answered   chan struct{} // closed when that is done; nil when nobody waits for it
	release    bool          // answer the held GET with noop
	abrupt     bool          // the session was closed with nothing to send while a GET was held
	last       *Message
	batch      []*Message              // of the answer under way; reused
	coming     chan struct{}           // closed when a poll arrives; nil when nobody waits for one
	posting    http.ResponseController // of the POST under way
	post       uint64                  // its number; 0 when there is none
	posts      uint64                  // begun so far
	overlapped uint64                  // the POST that was cut off for another one
}

func newPollingTransport(s *Session, q *query) *pollingTransport {
	return &pollingTransport{
		session: s, signal: make(chan struct{}, 1),
		isJSONP: q.isJSONP, jsonp: digits(q.jsonp), last: closePacket,
	}
}

// wake has the held GET look again.
func (p *pollingTransport) wake() {
	select {
	case p.signal <- struct{}{}:
	default:
	}
}

// servePolling answers a request of a polling session.
func (s *Session) servePolling(w http.ResponseWriter, r *http.Request) {
	if s.settle() {
		s.srv.refuse(w, r, false, &refusal{code: UnknownSession, context: s.id})
		return
	}
	switch r.Method {
	case http.MethodGet:
		s.servePoll(w, r)
	case http.MethodPost:
		s.servePost(w, r)
	default:
		h := w.Header()
		s.srv.cfg.origins.writeHeaders(h, r)
		h.Set("Allow", "GET, POST")
		w.WriteHeader(http.StatusMethodNotAllowed)
	}
}

// servePoll holds a GET until there is something to send. One that came about when a
// WebSocket took over was sent after that, over another connection: it is refused
// like those that come later.
func (s *Session) servePoll(w http.ResponseWriter, r *http.Request) {
	p := s.polling
	s.mu.Lock()
	s.letAnswer(r)
	switch {
	case s.state == closed:
		s.mu.Unlock()
		s.srv.refuse(w, r, false, &refusal{code: UnknownSession, context: s.id})
		return
	case p.serving || p.answering: // SEC-40
		s.mu.Unlock()
		s.finish(TransportError)
		s.srv.cfg.origins.writeHeaders(w.Header(), r)
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	p.serving = true
	if p.coming != nil {
		close(p.coming)
		p.coming = nil
	}
	var batch []*Message
	var size int
	began := time.Duration(-1) // when there was nothing to answer
	for {
		if s.ws != nil && s.state != closed && (began < 0 || s.tookOver-began < stragglerWait) {
			p.held, p.serving = false, false
			s.mu.Unlock()
			s.srv.refuse(w, r, false, &refusal{code: BadRequest, context: "TRANSPORT_MISMATCH"})
			return
		}
		if batch, size = s.takeForPoll(); len(batch) > 0 {
			break
		}
		if !p.held {
			p.held, began = true, s.srv.wheel.elapsed()
		}
		s.mu.Unlock()
		if !s.hold(w, r) {
			s.mu.Lock()
			p.held, p.serving = false, false
			s.mu.Unlock()
			s.finish(TransportError)
			return
		}
		s.mu.Lock()
	}
	p.held, p.release, p.answering = false, false, true
	s.mu.Unlock()
	s.answer(w, r, batch, size, false)
}

// overlapLimit is how long a poll waits for the end of the answer before it.
const overlapLimit = time.Second

// letAnswer waits for the answer that is being written: its last byte may have
// reached the client, who asks again over another connection, before we know that it
// was written. Only one poll waits. The caller holds mu, also afterwards.
func (s *Session) letAnswer(r *http.Request) {
	p := s.polling
	if !p.answering || p.answered != nil || s.state == closed {
		return
	}
	answered := make(chan struct{})
	p.answered = answered
	s.mu.Unlock()
	late := time.NewTimer(overlapLimit)
	select {
	case <-answered:
	case <-late.C:
	case <-r.Context().Done():
	}
	late.Stop()
	s.mu.Lock()
	if p.answered == answered {
		p.answered = nil
	}
}

// hold waits until the poll is woken; false when its connection was lost. A time
// limit on writes is no limit on waiting (SEC-16).
func (s *Session) hold(w http.ResponseWriter, r *http.Request) bool {
	p := s.polling
	if !p.limitKnown { // one poll at a time: nobody else is here
		if server, ok := r.Context().Value(http.ServerContextKey).(*http.Server); ok {
			p.limit = server.WriteTimeout
		}
		p.limitKnown = true
	}
	if limit := p.limit; limit > 0 {
		rc := http.NewResponseController(w)
		_ = rc.SetWriteDeadline(time.Time{})
		defer func() { _ = rc.SetWriteDeadline(time.Now().Add(limit)) }()
	}
	select {
	case <-p.signal:
		return true
	case <-r.Context().Done():
		return false
	}
}

// Header values every answer shares; nobody modifies them in place.
var (
	noStore     = []string{"no-store"}
	plainText   = []string{"text/plain; charset=UTF-8"}
	octetStream = []string{"application/octet-stream"}
	htmlText    = []string{"text/html"}
)

// takeForPoll returns what a poll is answered with now, nothing when it has to
// wait. The caller holds mu.
func (s *Session) takeForPoll() (batch []*Message, size int) {
	p := s.polling
	switch {
	case s.state == closed:
		return []*Message{p.last}, 0
	case s.ws != nil:
		return []*Message{noopPacket}, 0
	case len(s.queue) > 0:
		batch, size = s.takeQueue(p.batch[:0])
		p.batch = batch
		return batch, size
	case s.state == closing && p.abrupt:
		return []*Message{closePacket}, 0
	case s.state == closing:
		return []*Message{noopPacket, closePacket}, 0
	case p.release:
		return []*Message{noopPacket}, 0
	}
	return nil, 0
}

// answerHandshake sends the open packet. What OnOpen queued waits for the first
// poll: a handshake's answer is one packet, and the configured first message.
func (s *Session) answerHandshake(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	batch, size := make([]*Message, 0, 2), 0
	for _, m := range s.queue[:min(s.greeting, len(s.queue))] {
		batch = append(batch, m)
		size += m.size()
	}
	s.queue = append([]*Message(nil), s.queue[len(batch):]...)
	s.writing = false // there is no WebSocket to write to
	s.mu.Unlock()
	if len(batch) == 0 { // ended while it began
		batch = append(batch, closePacket)
	}
	s.answer(w, r, batch, size, true)
}

// answer writes packets as the answer of a GET and settles what waited for that.
func (s *Session) answer(w http.ResponseWriter, r *http.Request, batch []*Message, size int, initial bool) {
	s.writeHeaders(w, r, initial)
	err := s.polling.write(w, r, batch, &s.srv.cfg)
	s.mu.Lock()
	p := s.polling
	p.serving, p.answering = false, false
	if p.answered != nil {
		close(p.answered)
		p.answered = nil
	}
	s.sent(size)
	ended := s.state == closing && s.ws == nil && batch[len(batch)-1].kind == eioproto.Close
	reason := s.reason
	if clear(p.batch); cap(p.batch) > 8 { // an idle session keeps next to nothing
		p.batch = nil
	}
	switch {
	case err != nil || ended:
		s.mu.Unlock()
		if err != nil {
			reason = TransportError
		}
		s.finish(reason)
	case s.ws != nil && len(s.queue) > 0:
		s.enqueued(0)
	case s.ws != nil:
		s.endIfDrained()
	default:
		s.mu.Unlock()
	}
}

// write encodes a payload and writes it as one answer.
func (p *pollingTransport) write(w http.ResponseWriter, r *http.Request, batch []*Message, cfg *settings) error {
	buf := getBuffer()
	defer putBuffer(buf)
	enc := p.session.enc
	contentType := plainText
	body := buf[:0]
	if enc.revision == 3 && !enc.b64 && !p.isJSONP && anyBinary(batch) {
		contentType = octetStream
		for _, m := range batch {
			body = m.appendBinary3(body)
		}
	} else {
		for i, m := range batch {
			switch {
			case enc.revision == 3:
				body = eioproto.AppendText3(body, m.textPacket(3))
			case i > 0:
				body = append(append(body, eioproto.Separator), m.textPacket(4)...)
			default:
				body = append(body, m.textPacket(4)...)
			}
		}
	}
	h := w.Header()
	if p.isJSONP {
		body = eioproto.AppendJSONP(nil, p.jsonp, body)
		h.Set("X-Content-Type-Options", "nosniff")
	}
	h["Content-Type"] = contentType
	if len(body) >= cfg.CompressThreshold && !cfg.DisableHTTPCompression && !anyUncompressed(batch) {
		body = compressBody(h, r.Header.Get("Accept-Encoding"), body)
	}
	if len(body) <= 64<<10 { // fits what the kernel takes from an honest peer
		return writeAnswer(w, body)
	}
	rc := http.NewResponseController(w)
	_ = rc.SetWriteDeadline(time.Now().Add(oldestByte))
	defer func() { _ = rc.SetWriteDeadline(time.Time{}) }()
	if err := writeAnswer(w, body); err != nil {
		return err
	}
	return rc.Flush()
}

func anyBinary(batch []*Message) bool {
	for _, m := range batch {
		if m.binary {
			return true
		}
	}
	return false
}

func anyUncompressed(batch []*Message) bool {
	for _, m := range batch {
		if m.noCompress {
			return true
		}
	}
	return false
}

// writeHeaders adds what every polling answer carries.
func (s *Session) writeHeaders(w http.ResponseWriter, r *http.Request, initial bool) {
	h := w.Header()
	h["Cache-Control"] = noStore
	s.srv.cfg.origins.writeHeaders(h, r)
	for _, agent := range r.Header["User-Agent"] {
		if strings.Contains(agent, ";MSIE") || strings.Contains(agent, "Trident/") {
			h.Set("X-XSS-Protection", "0")
		}
	}
	if s.srv.cfg.OnHeaders != nil {
		s.srv.cfg.OnHeaders(h, r, initial)
	}
}
