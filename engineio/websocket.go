package engineio

import (
	"crypto/tls"
	"errors"
	"net"
	"sync/atomic"
	"time"

	"github.com/go-sails/sails/internal/eioproto"
	"github.com/go-sails/sails/internal/eventloop"
	"github.com/go-sails/sails/internal/wsconn"
)

// wsTransport is a WebSocket, or a stream of WebTransport, that carries a session or
// asks to (probing). Its reader, a goroutine or whoever the event loop says, is the
// only one that decodes; writes are owned by whoever set Session.writing.
type wsTransport struct {
	session  *Session
	raw      *rawConn         // nil where reads need a buffer while they wait (TLS, pipes)
	loop     eventloop.Stream // instead of raw: read by an event loop, without a goroutine
	stream   *streamDecoder   // instead of dec: a WebTransport stream, which has no control frames
	pong     []byte           // the answer to the newest ping; guarded by session.mu
	enc      encoding
	role     wsRole        // the reader's own
	grown    bool          // its stack may have grown: it has decoded; the reader's own
	quiet    bool          // nothing had come for restAfter before the last read, and grown; the reader's own
	dead     atomic.Bool   // hung up
	unsure   atomic.Bool   // listed in Server.unverified
	lastRead time.Duration // since the wheel's start, to a tick; the reader's own
	dec      wsconn.Decoder

	conn       net.Conn
	bye        []byte      // the close frame that answers the peer's or says what it did wrong; guarded by session.mu
	peerClosed bool        // the peer's close frame has come; guarded by session.mu
	left       bool        // a probe that was given up; guarded by session.mu
	parked     bool        // loop waits for openGate; guarded by session.mu
	parting    *farewell   // waits for the write under way; guarded by session.mu
	expiry     *time.Timer // of a probe
}

type wsRole uint8

const (
	probing    wsRole = iota // waits for 2probe
	probed                   // answered; waits for 5
	carrying                 // the session's transport
	discarding               // the end has begun: input means nothing any more
)

// errPeerClosed ends decoding when the peer has sent its close frame.
var errPeerClosed = errors.New("engineio: peer closed the WebSocket")

// restAfter is how long a connection is quiet before its reader starts over on a
// small stack. Decoding and dispatch grow a stack to 4 or 8 KiB, which would be most
// of an idle connection; a busy one keeps its own, and one that only heartbeats has not
// grown any (see pulse).
const restAfter = time.Second

// run reads the connection until it ends. It is the reader goroutine.
func (t *wsTransport) run() {
	for {
		if err := t.read(); err != nil || t.dead.Load() {
			t.dec.Release()
			t.lost()
			_ = t.conn.Close()
			return
		}
		if t.role == carrying {
			t.session.waitToRead(nil)
		}
		if t.quiet {
			t.quiet, t.grown = false, false
			go t.run()
			return
		}
	}
}

// read waits for input and handles it, once or several times.
func (t *wsTransport) read() error {
	if t.raw != nil {
		return t.raw.serve()
	}
	buf := getBuffer()
	defer putBuffer(buf)
	n, err := t.conn.Read(buf)
	if n > 0 {
		t.input(buf[:n])
	}
	return err
}

// input handles what one read has brought. It tells whether that was a heartbeat and
// nothing else.
func (t *wsTransport) input(p []byte) bool {
	now := time.Duration(t.session.srv.wheel.lately.Load())
	rested := now-t.lastRead > restAfter
	t.lastRead = now
	beat := t.pulse(p)
	if !beat && t.role != discarding {
		t.grown = true
		t.consume(p)
	}
	t.quiet = rested && t.grown && t.raw != nil
	return beat
}

// pulse takes the client's part in the heartbeat of a connection that is idle
// otherwise, the pong of revision 4 or the ping of revision 3, without all that decoding
// calls: a heartbeat then neither grows the small stack of the reader, which was a
// fifth of what it cost, nor needs a new reader afterwards. Anything but exactly that
// packet is left to the decoder.
func (t *wsTransport) pulse(p []byte) bool {
	if t.role != carrying || t.stream != nil {
		return false
	}
	c, ok := t.dec.OneByte(p)
	switch {
	case ok && c == '0'+byte(eioproto.Pong) && t.enc.revision == 4:
		t.session.ponged()
	case ok && c == '0'+byte(eioproto.Ping) && t.enc.revision == 3:
		t.session.pinged()
	default:
		return false
	}
	return true
}

// turnsAway tells whether the reader has to do something else before it reads on.
func (t *wsTransport) turnsAway() bool {
	return t.quiet || t.dead.Load() || t.role == carrying && t.session.holdsReads()
}

// consume decodes what was read and ends the session, or the probe, when the
// input says so.
func (t *wsTransport) consume(p []byte) {
	t.session.recv.Lock()
	t.consumeLocked(p)
}

// consumeLocked is consume for a caller who holds recv, which it unlocks.
func (t *wsTransport) consumeLocked(p []byte) {
	s := t.session
	err := t.decodeLocked(p)
	if err == nil {
		return
	}
	t.dec.Release()
	var broken *wsconn.CloseError
	var ending *stop
	reason := TransportError
	switch {
	case errors.Is(err, errPeerClosed):
		reason = TransportClose
	case errors.As(err, &broken):
		if broken.Code == wsconn.CloseTooBig {
			s.srv.counters.tooLarge.Add(1)
		}
		t.setBye(wsconn.AppendClose(nil, broken.Code, ""), false)
	case errors.As(err, &ending):
		reason = ending.reason
	}
	was := t.role
	t.role = discarding
	switch {
	case was != carrying: // a probe ends alone
		t.abandon()
	case reason == TransportClose:
		s.finish(reason)
	default: // answers to what came in front of the fault still leave
		s.Close(reason)
	}
}

func (t *wsTransport) decodeLocked(p []byte) error {
	defer t.session.recv.Unlock()
	if t.stream != nil {
		return t.stream.decode(p, t)
	}
	return t.dec.Decode(p, t)
}

func (t *wsTransport) setBye(frame []byte, peerClosed bool) {
	t.session.mu.Lock()
	defer t.session.mu.Unlock()
	t.bye, t.peerClosed = frame, peerClosed
}

// lost reacts to the end of the connection.
func (t *wsTransport) lost() {
	switch t.role {
	case carrying:
		t.session.finish(TransportClose)
	case probing, probed:
		t.abandon()
	}
}

// OnText implements wsconn.Sink.
func (t *wsTransport) OnText(p []byte) error {
	if t.role == carrying && len(p) > 0 && p[0] == '4' { // nearly always
		return t.session.receive(eioproto.Packet{Type: eioproto.Message, Data: p[1:]})
	}
	packet, err := eioproto.DecodeText(p, t.session.Protocol())
	return t.onPacket(packet, err)
}

// OnBinary implements wsconn.Sink.
func (t *wsTransport) OnBinary(p []byte) error {
	packet, err := eioproto.DecodeBinary(p, t.session.Protocol())
	return t.onPacket(packet, err)
}

func (t *wsTransport) onPacket(p eioproto.Packet, err error) error {
	switch {
	case t.role != carrying:
		return t.onProbePacket(p, err)
	case err != nil:
		return stopParseError
	}
	return t.session.receive(p)
}

// OnPing implements wsconn.Sink. Only the newest ping needs an answer (RFC 6455
// 5.5.3), so a flood of them holds one frame (SEC-26).
func (t *wsTransport) OnPing(p []byte) error {
	s := t.session
	frame := wsconn.AppendFrame(make([]byte, 0, 2+len(p)), wsconn.OpPong, p)
	if t.role != carrying {
		return t.writeNow(frame)
	}
	s.mu.Lock()
	if s.state == closed {
		s.mu.Unlock()
		return nil
	}
	t.pong = frame
	s.enqueued(0)
	return nil
}

// OnPong implements wsconn.Sink; unasked pongs mean nothing.
func (t *wsTransport) OnPong([]byte) {}

// OnClose implements wsconn.Sink. The frame is answered with the same code.
func (t *wsTransport) OnClose(code uint16, _ string) error {
	if code == wsconn.CloseNoStatus {
		code = 0
	}
	t.setBye(wsconn.AppendClose(nil, code, ""), true)
	return errPeerClosed
}

// writeNow writes a few bytes from the reader itself, outside the session's queue.
func (t *wsTransport) writeNow(frame []byte) error {
	_ = t.conn.SetWriteDeadline(time.Now().Add(t.session.srv.cfg.WriteTimeout))
	_, err := t.conn.Write(frame)
	_ = t.conn.SetWriteDeadline(time.Time{}) // or it would stop a later write
	return err
}

// shut closes the WebSocket of a session that has ended: a close frame if the
// write side is free, then the connection when the peer has answered or has had
// its time (SEC-19). Session.finish calls it once.
func (t *wsTransport) shut(reason CloseReason) {
	if reason == SlowConsumer {
		t.abort()
		return
	}
	code := uint16(0)
	if reason == ServerShuttingDown {
		code = wsconn.CloseGoingAway
	}
	s := t.session
	s.mu.Lock()
	end := &farewell{t: t, frame: t.bye, last: t.peerClosed || t.stream != nil}
	if end.frame == nil && t.stream == nil {
		end.frame = wsconn.AppendClose(nil, code, "")
	}
	busy := s.writing
	s.writing = true // nobody else writes after this
	if busy {        // a close frame cannot be put into the middle of another
		t.parting = end
	}
	s.mu.Unlock()
	if busy {
		_ = t.conn.SetWriteDeadline(time.Now().Add(closeHandshake))
		return
	}
	if !t.tries() { // writing may block, and finish must not
		s.srv.pool.Run(end)
		return
	}
	n, err := t.tryWrite(new(rawWriter), end.frame)
	end.leave(err == nil && n == len(end.frame))
}

// doneWriting gives the write side back, or on to the end of the connection. The
// caller holds session.mu.
func (t *wsTransport) doneWriting() {
	if t.parting == nil {
		t.session.writing = false
		return
	}
	t.session.srv.pool.Run(t.parting)
	t.parting = nil
}

// farewell is the end of a connection: the close frame, our half of the close, and
// a bounded wait for the other half.
type farewell struct {
	t     *wsTransport
	frame []byte
	last  bool // the peer has closed its half
}

// Run writes the frame where writes may block.
func (f *farewell) Run() {
	var err error
	if len(f.frame) > 0 {
		_ = f.t.conn.SetWriteDeadline(time.Now().Add(closeHandshake))
		_, err = f.t.conn.Write(f.frame)
	}
	f.leave(err == nil)
}

func (f *farewell) leave(written bool) {
	if !written || f.last {
		if !f.t.tries() {
			_ = f.t.conn.Close() // a task of its own may wait for TLS to say goodbye
			return
		}
		f.t.hangUp()
		return
	}
	if half, ok := f.t.conn.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite()
	}
	if f.t.loop != nil {
		f.t.loop.CloseAfter(closeHandshake)
		return
	}
	_ = f.t.conn.SetReadDeadline(time.Now().Add(closeHandshake))
}

// abort closes the connection without letting the kernel go on sending.
func (t *wsTransport) abort() {
	under := t.conn
	if secure, ok := under.(*tls.Conn); ok {
		under = secure.NetConn()
	}
	if tcp, ok := under.(interface{ SetLinger(seconds int) error }); ok {
		_ = tcp.SetLinger(0)
	}
	t.hangUp()
}

// hangUp ends the connection without waiting. Closing a connection waits for the
// call of the poller that its reader is in, and the reader may be the one who hangs
// up: so it is told to end, and closes the connection itself.
func (t *wsTransport) hangUp() {
	if t.raw == nil { // an event loop has no such trouble
		wsconn.Abort(t.conn)
		return
	}
	t.dead.Store(true)
	_ = t.conn.SetDeadline(time.Unix(1, 0))
}

// frame returns what m is on this connection.
func (t *wsTransport) frame(m *Message) []byte {
	if t.stream != nil {
		return m.appendStreamFrame(nil)
	}
	return m.wsFrame(t.enc, t.session.srv.cfg.CompressThreshold)
}
