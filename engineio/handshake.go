package engineio

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"net/textproto"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-sails/sails/internal/eioproto"
	"github.com/go-sails/sails/internal/eventloop"
	"github.com/go-sails/sails/internal/rawjson"
	"github.com/go-sails/sails/internal/wsconn"
)

// sidBytes of randomness make a sid of 20 characters (SEC-29).
const sidBytes = 15

// newID returns a session id. Clients, and Redis adapters of other servers, rely
// on its length of 20 characters.
func newID() (string, error) {
	var b [sidBytes]byte
	if _, err := io.ReadFull(rand.Reader, b[:]); err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(b[:]), nil
}

// handshake opens a session. The caller has checked the request.
func (srv *Server) handshake(w http.ResponseWriter, r *http.Request, q *query) {
	upgrade := q.transport == string(WebSocket)
	if upgrade {
		if status, _ := wsconn.CheckRequest(r); status != 0 {
			srv.counters.refused[BadRequest].Add(1)
			wsconn.Refuse(w, status, BadRequest.String())
			return
		}
	}
	if !srv.hasRoom(r) {
		srv.overLimit(w, r)
		return
	}
	session, err := srv.newSession(r, q)
	if err != nil {
		srv.cfg.Logger.Error("engineio: no session id", "error", err)
		srv.refuse(w, r, upgrade, &refusal{code: BadRequest, context: "ID_GENERATION_ERROR"})
		return
	}
	if !srv.add(session) {
		srv.overLimit(w, r)
		return
	}
	if err := srv.open(session, upgrade); err != nil {
		session.discard()
		var told *Refusal
		message := ""
		if errors.As(err, &told) {
			message = told.Message
		}
		srv.refuse(w, r, upgrade, &refusal{code: Forbidden, message: message, context: err.Error()})
		return
	}
	srv.counters.opened.Add(1)
	session.startHeartbeat()
	if upgrade {
		srv.openWebSocket(w, r, session)
		return
	}
	if srv.cfg.Cookie != nil {
		cookie := *srv.cfg.Cookie
		cookie.Value = session.id
		http.SetCookie(w, &cookie)
	}
	session.answerHandshake(w, r)
}

// newSession makes a session that nobody knows of yet.
func (srv *Server) newSession(r *http.Request, q *query) (*Session, error) {
	generate := srv.cfg.GenerateID
	var id string
	var err error
	if generate == nil {
		id, err = newID()
	} else {
		id, err = generate(r)
	}
	if err != nil || id == "" {
		return nil, errors.Join(err, errors.New("engineio: GenerateID returned no id"))
	}
	revision, _ := q.revision()
	s := &Session{
		srv: srv, id: id,
		enc:     encoding{revision: revision, b64: q.b64},
		flusher: srv.flushers[int(srv.next.Add(1))%len(srv.flushers)],
	}
	s.heartbeat.session = s
	s.kept = keepRequest(r)
	if srv.cfg.BindSession != nil {
		s.bound = srv.cfg.BindSession(r)
	}
	if q.transport == string(Polling) {
		s.polling = newPollingTransport(s, q)
	}
	return s, nil
}

// open queues the first packets and announces the session.
func (srv *Server) open(s *Session, websocket bool) (err error) {
	s.recv.Lock()
	defer s.recv.Unlock()
	s.mu.Lock()
	s.writing = true // nothing leaves before the handshake's own answer
	if s.polling != nil {
		s.polling.answering = true
	}
	s.queue = append(s.queue, srv.openPacket(s, websocket))
	size := s.queue[0].size()
	if srv.cfg.InitialPacket != nil {
		s.queue = append(s.queue, srv.cfg.InitialPacket)
		size += srv.cfg.InitialPacket.size()
	}
	s.queued += size
	srv.queued.Add(int64(size))
	s.greeting = len(s.queue)
	s.mu.Unlock()
	defer func() {
		if v := recover(); v != nil {
			srv.logPanic("OnOpen", s, v)
			err = errors.New("engineio: OnOpen panicked")
		}
	}()
	return srv.handler.OnOpen(s)
}

// openPacket builds 0{"sid":…}, with five keys in either revision.
func (srv *Server) openPacket(s *Session, websocket bool) *Message {
	b := make([]byte, headerRoom, headerRoom+160)
	b = append(b, `0{"sid":`...)
	b = rawjson.AppendString(b, s.id)
	b = append(b, `,"upgrades":[`...)
	if !websocket && !srv.cfg.DisableUpgrades {
		switch {
		case srv.cfg.websocket && srv.cfg.webtransport && s.enc.revision == 4:
			b = append(b, `"websocket","webtransport"`...)
		case srv.cfg.websocket:
			b = append(b, `"websocket"`...)
		case srv.cfg.webtransport && s.enc.revision == 4:
			b = append(b, `"webtransport"`...)
		}
	}
	b = append(b, `],"pingInterval":`...)
	b = strconv.AppendInt(b, srv.cfg.PingInterval.Milliseconds(), 10)
	b = append(b, `,"pingTimeout":`...)
	b = strconv.AppendInt(b, srv.cfg.PingTimeout.Milliseconds(), 10)
	b = append(b, `,"maxPayload":`...)
	b = strconv.AppendInt(b, srv.cfg.MaxPayload, 10)
	return textMessage(append(b, '}'), eioproto.Open)
}

// openPause is the time between the answer to a WebSocket handshake and the open
// packet. It is long enough for a client on the same machine to have read the first.
const openPause = time.Millisecond

// openWebSocket completes a WebSocket handshake. The open packet is a write of its
// own, behind the 101: there are clients that look for it only once they know that
// the connection is open, and would miss one that arrived together with the answer.
func (srv *Server) openWebSocket(w http.ResponseWriter, r *http.Request, s *Session) {
	h := srv.acceptHeader(r, true)
	taken, err := wsconn.Hijack(w, r, wsconn.Accept{
		Deflate: srv.cfg.CompressWebSocket, Header: h, WriteTimeout: srv.cfg.WriteTimeout,
	})
	if err != nil {
		srv.cfg.Logger.Debug("engineio: handshake lost", "remote", r.RemoteAddr, "error", err)
		s.finish(TransportClose)
		if errors.Is(err, wsconn.ErrNotHijacked) {
			http.Error(w, "websocket needs a connection that can be taken over", http.StatusNotImplemented)
		}
		return
	}
	t := srv.newWebSocket(s, taken)
	t.role = carrying
	s.mu.Lock()
	if s.state == closed { // closed while the handshake was under way
		s.mu.Unlock()
		wsconn.Abort(taken.Conn)
		return
	}
	s.ws = t
	s.mu.Unlock()
	time.AfterFunc(openPause, s.greet)
	srv.startReader(t, taken.Buffered)
}

// acceptHeader is what the application adds to the answer of a WebSocket handshake.
func (srv *Server) acceptHeader(r *http.Request, initial bool) http.Header {
	h := http.Header{}
	if name := srv.subprotocol(r); name != "" {
		h.Set(subprotocolHeader, name)
	}
	if srv.cfg.OnHeaders != nil {
		srv.cfg.OnHeaders(h, r, initial)
	}
	return h
}

const subprotocolHeader = "Sec-WebSocket-Protocol"

// subprotocol returns the first subprotocol offered that Config.Subprotocols lists.
func (srv *Server) subprotocol(r *http.Request) string {
	if len(srv.cfg.Subprotocols) == 0 {
		return ""
	}
	for _, line := range r.Header.Values(subprotocolHeader) {
		for name := range strings.SplitSeq(line, ",") {
			if name = textproto.TrimString(name); name != "" && (slices.Contains(srv.cfg.Subprotocols, name) || slices.Contains(srv.cfg.Subprotocols, "*")) {
				return name
			}
		}
	}
	return ""
}

// greet lets the open packet, and what followed it, leave.
func (s *Session) greet() {
	s.mu.Lock()
	if s.state == closed { // what ends the connection may have waited for us
		s.ws.doneWriting()
		s.mu.Unlock()
		return
	}
	s.writing = false
	s.enqueued(0)
}

func (srv *Server) newWebSocket(s *Session, taken *wsconn.Hijacked) *wsTransport {
	conn := bareConn(taken.Conn)
	t := &wsTransport{session: s, conn: conn, enc: s.enc}
	if stream, ok := conn.(eventloop.Stream); ok {
		t.loop = stream
	} else {
		t.raw = newRawConn(conn, t)
	}
	t.enc.deflate = taken.Deflate
	t.dec.MaxMessage = srv.cfg.MaxPayload
	t.dec.MaxFrames = srv.cfg.MaxPackets
	t.dec.Deflate = taken.Deflate
	return t
}

// startReader reads on a fresh goroutine, so that the large stack and the buffers
// of net/http are given back. What came behind the request is taken first.
func (srv *Server) startReader(t *wsTransport, buffered []byte) {
	if t.loop != nil {
		t.startLoop(buffered)
		return
	}
	go func() {
		if len(buffered) > 0 {
			t.consume(buffered)
		}
		t.run()
	}()
}

// discard takes back a session whose handshake the Handler refused; OnClose is not
// called.
func (s *Session) discard() {
	s.mu.Lock()
	s.state, s.reason = closed, ForcedClose
	_, size := s.takeQueue(nil)
	s.sent(size)
	if s.cancel != nil {
		s.cancel(s.reason)
	}
	s.mu.Unlock()
	s.srv.wheel.stop(&s.heartbeat)
	s.srv.remove(s)
	s.srv.forget()
}
