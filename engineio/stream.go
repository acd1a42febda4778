package engineio

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/go-sails/sails/internal/eioproto"
)

// ErrOverLimit says that the server has no room for another session now.
var ErrOverLimit = errors.New("engineio: no room for another session")

// ServeStream serves one session of revision 4 over a bidirectional byte stream with
// the framing of WebTransport (spec sheet 1.7); package engineio/webtransport brings
// such streams. r is the request the stream was asked for with. accept is called
// after r has passed the checks every handshake passes, and completes it.
//
// The first packet says what the stream is for: "0" opens a session, 0{"sid":…}
// upgrades one that polls. ServeStream returns once that is decided; the session
// then goes on by itself. A *ConnectionError or ErrOverLimit means that accept was
// not called; any other error that the stream is closed already.
func (srv *Server) ServeStream(r *http.Request, accept func(context.Context) (net.Conn, error)) error {
	q := &query{eio: "4", transport: string(WebTransport)}
	if refused := srv.checkStream(r, q); refused != nil {
		srv.counters.refused[refused.code].Add(1)
		message := refused.message
		if message == "" {
			message = refused.code.String()
		}
		fault := &ConnectionError{Request: r, Code: refused.code, Message: message, Context: refused.context}
		if srv.cfg.OnConnectionError != nil {
			srv.cfg.OnConnectionError(fault)
		}
		return fault
	}
	if !srv.hasRoom(r) {
		srv.counters.overLimit.Add(1)
		return ErrOverLimit
	}
	ctx, cancel := context.WithTimeout(r.Context(), srv.cfg.UpgradeTimeout)
	defer cancel()
	conn, err := accept(ctx)
	if err != nil {
		return fmt.Errorf("engineio: accepting the stream: %w", err)
	}
	if err := srv.beginStream(r, q, conn); err != nil {
		_ = conn.Close()
		return err
	}
	return nil
}

func (srv *Server) checkStream(r *http.Request, q *query) *refusal {
	switch {
	case !srv.cfg.webtransport:
		return &refusal{code: UnknownTransport, context: q.transport}
	case !srv.cfg.origins.allows(r, false):
		return &refusal{code: BadRequest, context: "INVALID_ORIGIN"}
	}
	return srv.askAllowRequest(r)
}

// beginStream reads the first packet and acts on it.
func (srv *Server) beginStream(r *http.Request, q *query, conn net.Conn) error {
	t := &wsTransport{conn: conn, stream: &streamDecoder{limit: srv.cfg.MaxPayload}, enc: encoding{revision: 4}}
	_ = conn.SetReadDeadline(time.Now().Add(srv.cfg.UpgradeTimeout)) // SEC-39
	first, rest, err := t.stream.first(conn)
	if err != nil {
		return fmt.Errorf("engineio: first packet of the stream: %w", err)
	}
	_ = conn.SetReadDeadline(time.Time{})
	switch {
	case bytes.Equal(first, []byte("0")):
		return srv.openStream(r, q, t, rest)
	case bytes.HasPrefix(first, []byte("0{")):
		return srv.upgradeStream(r, t, first[1:], rest)
	}
	return errors.New("engineio: first packet of the stream is neither 0 nor 0{…}")
}

func (srv *Server) openStream(r *http.Request, q *query, t *wsTransport, rest []byte) error {
	s, err := srv.newSession(r, q)
	if err != nil {
		return err
	}
	if !srv.add(s) {
		srv.counters.overLimit.Add(1)
		return errors.New("engineio: no room for another session")
	}
	t.session, t.role = s, carrying
	if err := srv.open(s, true); err != nil {
		s.discard()
		return err
	}
	srv.counters.opened.Add(1)
	s.startHeartbeat()
	s.mu.Lock()
	s.ws, s.writing = t, false
	s.enqueued(0)
	srv.startReader(t, rest)
	return nil
}

func (srv *Server) upgradeStream(r *http.Request, t *wsTransport, data, rest []byte) error {
	var open struct {
		SID string `json:"sid"`
	}
	if err := json.Unmarshal(data, &open); err != nil {
		return fmt.Errorf("engineio: first packet of the stream: %w", err)
	}
	s, ok := srv.Session(open.SID)
	if !ok || srv.cfg.BindSession != nil && srv.cfg.BindSession(r) != s.bound || s.enc.revision != 4 || !s.reserveUpgrade() {
		return errors.New("engineio: stream for a session that cannot be upgraded")
	}
	t.session = s
	s.mu.Lock()
	if s.state == closed {
		s.upgrading = false
		s.mu.Unlock()
		return ErrClosed
	}
	s.probe = t
	t.expiry = time.AfterFunc(srv.cfg.UpgradeTimeout, t.abandon)
	s.mu.Unlock()
	srv.startReader(t, rest)
	return nil
}

// streamDecoder takes apart the frames of a WebTransport stream: a byte with the
// binary bit and a length below 126, or 126 and two bytes, or 127 and eight bytes;
// then one packet. Memory grows with what arrives (SEC-4).
type streamDecoder struct {
	limit int64
	held  []byte // a frame that is not complete
}

// errStreamFrame ends a stream whose frames pass the limit.
var errStreamFrame = &stop{TransportError}

// decode hands the packets of p to t.
func (d *streamDecoder) decode(p []byte, t *wsTransport) error {
	if len(d.held) > 0 {
		d.held = append(d.held, p...)
		p = d.held
	}
	for {
		packet, isBinary, rest, err := d.cut(p)
		if err != nil {
			return err
		}
		if packet == nil {
			break
		}
		if isBinary {
			err = t.OnBinary(packet)
		} else {
			err = t.OnText(eioproto.ToValidUTF8(packet))
		}
		if err != nil {
			return err
		}
		p = rest
	}
	if len(p) == 0 {
		d.held = nil // nothing is kept by an idle stream
		return nil
	}
	d.held = append([]byte(nil), p...)
	return nil
}

// cut returns the first packet of p; nil when it is not all there.
func (d *streamDecoder) cut(p []byte) (packet []byte, isBinary bool, rest []byte, err error) {
	if len(p) == 0 {
		return nil, false, p, nil
	}
	isBinary = p[0]&0x80 != 0
	size, length := 1, uint64(p[0]&0x7f)
	switch length {
	case 126:
		if size = 3; len(p) < size {
			return nil, false, p, nil
		}
		length = uint64(binary.BigEndian.Uint16(p[1:]))
	case 127:
		if size = 9; len(p) < size {
			return nil, false, p, nil
		}
		length = binary.BigEndian.Uint64(p[1:])
	}
	if length > uint64(d.limit) { // from the header alone
		return nil, false, nil, errStreamFrame
	}
	end := size + int(length)
	if len(p) < end {
		return nil, false, p, nil
	}
	return p[size:end:end], isBinary, p[end:], nil
}

// first reads the first packet and returns a copy, and what came behind it.
func (d *streamDecoder) first(conn net.Conn) (packet, rest []byte, err error) {
	buf := getBuffer()
	defer putBuffer(buf)
	for {
		n, err := conn.Read(buf)
		d.held = append(d.held, buf[:n]...)
		packet, isBinary, rest, cutErr := d.cut(d.held)
		switch {
		case cutErr != nil:
			return nil, nil, cutErr
		case packet != nil && isBinary:
			return nil, nil, errors.New("engineio: binary")
		case packet != nil:
			d.held = nil
			return bytes.Clone(packet), bytes.Clone(rest), nil
		case err != nil:
			return nil, nil, err
		}
	}
}

// appendStreamFrame frames one message.
func (m *Message) appendStreamFrame(dst []byte) []byte {
	bit, data := byte(0), m.buf[headerRoom:]
	if m.binary {
		bit = 0x80
	}
	switch n := len(data); {
	case n < 126:
		dst = append(dst, bit|byte(n))
	case n <= 0xffff:
		dst = binary.BigEndian.AppendUint16(append(dst, bit|126), uint16(n))
	default:
		dst = binary.BigEndian.AppendUint64(append(dst, bit|127), uint64(n))
	}
	return append(dst, data...)
}
