package eioclient

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/go-sails/sails/internal/eioproto"
	"github.com/go-sails/sails/internal/wsconn"
)

// Wire is a packet in the form in which it is written: for text the type digit
// and the data, for binary the bytes of a message without anything in front.
type Wire struct {
	Binary bool
	Data   []byte
}

const (
	readBuffer = 4 << 10
	// WriteTimeout bounds one write to a WebSocket.
	WriteTimeout = 10 * time.Second
	// compressFrom is the size from which messages are compressed, in bytes.
	compressFrom = 1024
	// keptBuffer is the largest write buffer kept between writes.
	keptBuffer = 64 << 10
)

// ErrPeerClosed is wrapped by the error of [WebSocket.Read] when the peer closed
// the connection with a close frame.
var ErrPeerClosed = errors.New("eioclient: WebSocket closed by the server")

// CloseFrameError tells the close frame of the peer.
type CloseFrameError struct {
	Code   uint16 // 1005 when the frame had none
	Reason string
}

// Error returns ErrPeerClosed's text; the reason is the peer's and not part of it.
func (e *CloseFrameError) Error() string { return ErrPeerClosed.Error() }

// Unwrap makes errors.Is(err, ErrPeerClosed) true.
func (e *CloseFrameError) Unwrap() error { return ErrPeerClosed }

// WebSocket is an established connection. One goroutine at a time may read; writes
// may be concurrent.
type WebSocket struct {
	conn    net.Conn
	rev     int
	dec     wsconn.Decoder
	pending []byte // bytes that came with the handshake
	buf     []byte
	each    func(eioproto.Packet) error
	closing bool // our close frame is out; guarded by wmu

	wmu     sync.Mutex
	out     []byte // guarded by wmu
	deflate bool
}

// WebSocket connects; ctx bounds that. sid is empty for a new session. extra
// becomes part of the query.
func (e *Endpoint) WebSocket(ctx context.Context, sid string, extra url.Values) (*WebSocket, error) {
	u := e.address("websocket", sid, extra)
	header := e.Header.Clone()
	site := *u // whose cookies they are, as in net/http
	if host := header.Get("Host"); host != "" {
		site.Host = host
	}
	if e.Jar != nil {
		for _, cookie := range e.Jar.Cookies(&site) {
			if header == nil {
				header = http.Header{}
			}
			line := cookie.Name + "=" + cookie.Value
			if have := header.Get("Cookie"); have != "" {
				line = have + "; " + line
			}
			header.Set("Cookie", line)
		}
	}
	conn, rest, answer, err := wsconn.Dial(ctx, u.String(), wsconn.DialOptions{
		Header: header, TLS: e.TLS, Dialer: e.Dial, Deflate: e.Deflate,
	})
	if answer != nil && e.Jar != nil {
		e.Jar.SetCookies(&site, answer.Cookies())
	}
	if err != nil {
		if answer != nil && errors.Is(err, wsconn.ErrRefused) && answer.StatusCode != http.StatusSwitchingProtocols {
			return nil, refusal(answer)
		}
		return nil, err
	}
	w := &WebSocket{conn: conn, rev: e.Revision, pending: rest}
	w.deflate = e.Deflate && wsconn.DeflateAccepted(answer)
	w.dec = wsconn.Decoder{MaxMessage: e.MaxMessage, Client: true, Deflate: w.deflate}
	return w, nil
}

// Read waits for bytes and hands the packets they complete to each, in order;
// there may be none. Data is valid until each returns. An error of each, of the
// network, of the protocol (eioproto.ErrPacket, *wsconn.CloseError) or a
// *CloseFrameError ends reading for good.
func (w *WebSocket) Read(each func(eioproto.Packet) error) error {
	w.each = each
	if len(w.pending) > 0 {
		p := w.pending
		w.pending = nil
		return w.decode(p)
	}
	if w.buf == nil {
		w.buf = make([]byte, readBuffer)
	}
	n, err := w.conn.Read(w.buf)
	if n > 0 {
		if derr := w.decode(w.buf[:n]); derr != nil {
			return derr
		}
	}
	if errors.Is(err, io.EOF) && !w.dec.Idle() {
		err = io.ErrUnexpectedEOF
	}
	return err
}

func (w *WebSocket) decode(p []byte) error {
	err := w.dec.Decode(p, (*sink)(w))
	var violation *wsconn.CloseError
	if errors.As(err, &violation) {
		_ = w.WriteClose(violation.Code, violation.Reason)
	}
	return err
}

// SetReadDeadline makes a Read that waits, and later ones, fail at t.
func (w *WebSocket) SetReadDeadline(t time.Time) error { return w.conn.SetReadDeadline(t) }

// Write sends packets as frames in one write.
func (w *WebSocket) Write(packets ...Wire) error {
	w.wmu.Lock()
	defer w.wmu.Unlock()
	out := w.out[:0]
	for _, p := range packets {
		op, data := wsconn.OpText, p.Data
		if p.Binary {
			op = wsconn.OpBinary
			if w.rev == 3 {
				data = append([]byte{byte(eioproto.Message)}, data...)
			}
		}
		if w.deflate && len(data) >= compressFrom {
			small, err := wsconn.Deflate(data)
			if err != nil {
				return err
			}
			op, data = op|wsconn.Compressed, small
		}
		out = wsconn.AppendMasked(out, op, data, wsconn.NewMask())
	}
	return w.send(out)
}

// WriteFrame sends one frame as it is, whatever it holds.
func (w *WebSocket) WriteFrame(op wsconn.Opcode, payload []byte) error {
	w.wmu.Lock()
	defer w.wmu.Unlock()
	return w.send(wsconn.AppendMasked(w.out[:0], op, payload, wsconn.NewMask()))
}

// WriteRaw sends bytes as they are, frame or not.
func (w *WebSocket) WriteRaw(p []byte) error {
	w.wmu.Lock()
	defer w.wmu.Unlock()
	return w.send(append(w.out[:0], p...))
}

// WriteClose sends a close frame, once; code 0 sends one without a code. The peer
// answers it and ends the connection, which Read reports.
func (w *WebSocket) WriteClose(code uint16, reason string) error {
	w.wmu.Lock()
	defer w.wmu.Unlock()
	if w.closing {
		return nil
	}
	w.closing = true
	var body []byte
	if code != 0 {
		body = wsconn.AppendCloseBody(nil, code, reason)
	}
	return w.send(wsconn.AppendMasked(w.out[:0], wsconn.OpClose, body, wsconn.NewMask()))
}

// send writes out, which was built in w.out. The caller holds wmu.
func (w *WebSocket) send(out []byte) error {
	if cap(out) <= keptBuffer {
		w.out = out[:0]
	} else {
		w.out = nil
	}
	if err := w.conn.SetWriteDeadline(time.Now().Add(WriteTimeout)); err != nil {
		return err
	}
	_, err := w.conn.Write(out)
	return err
}

// Close ends the connection at once. It may be called at any time, repeatedly.
func (w *WebSocket) Close() error { return w.conn.Close() }

// sink receives what the decoder finds.
type sink WebSocket

func (s *sink) OnText(p []byte) error {
	packet, err := eioproto.DecodeText(p, s.rev)
	if err != nil {
		return err
	}
	return s.each(packet)
}

func (s *sink) OnBinary(p []byte) error {
	packet, err := eioproto.DecodeBinary(p, s.rev)
	if err != nil {
		return err
	}
	return s.each(packet)
}

func (s *sink) OnPing(p []byte) error {
	return (*WebSocket)(s).WriteFrame(wsconn.OpPong, p)
}

func (s *sink) OnPong([]byte) {}

func (s *sink) OnClose(code uint16, reason string) error {
	_ = (*WebSocket)(s).WriteClose(code, "") // the peer may be gone
	return &CloseFrameError{Code: code, Reason: strings.Clone(reason)}
}
