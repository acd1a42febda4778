package socketioclient

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/go-sails/sails/internal/eioclient"
	"github.com/go-sails/sails/internal/eioproto"
)

// closeTimeout bounds the orderly end of a connection: sending what is queued and
// waiting for the server to see it.
const closeTimeout = 5 * time.Second

// sink is told what happens on an engine. Calls of onMessage are serial and in
// order; onClose comes once, unless close was called before, and nothing after it.
type sink interface {
	// onMessage hands over one message, valid until it returns. It may block until
	// stop is closed. An error means that the message makes no sense.
	onMessage(data []byte, binary bool, stop <-chan struct{}) error
	onTransport(Transport)
	onClose(reason DisconnectReason, err error)
}

// engine is one Engine.IO connection. It has one goroutine that reads; another
// exists while there is something to write, a third during an upgrade.
type engine struct {
	cfg       *settings
	sink      sink
	spawn     func(func()) // runs a function in a goroutine that Client.Done waits for
	handshake eioclient.Handshake
	poll      *eioclient.Polling // nil when born as a WebSocket
	ctx       context.Context    // of requests in flight
	cancel    context.CancelFunc
	done      chan struct{} // closed when all is over

	mu       sync.Mutex
	ws       *eioclient.WebSocket // nil while polling; guarded by mu, as all below
	queue    []eioclient.Wire
	spare    []eioclient.Wire // the batch before, to be reused
	queued   int              // bytes in queue and in the batch being written
	flushing bool
	polling  bool          // the poll loop runs
	paused   bool          // for an upgrade: neither poll nor write
	idle     chan struct{} // closed when paused has taken effect
	drained  chan struct{} // when not nil: closed when nothing is left to write
	closing  bool          // write what is queued, then end; the sink is told nothing
	closed   bool
	deadline *time.Timer // fires when the server is silent too long
	pinger   *time.Timer // revision 3: fires when a ping is due
}

var (
	errPeerClosed = errors.New("socketioclient: server closed the session")
	errMessage    = errors.New("socketioclient: server sent an invalid packet")
)

// openEngine connects and shakes hands; ctx bounds that. The packets that came
// with the handshake are for start.
func openEngine(ctx context.Context, cfg *settings, spawn func(func())) (e *engine, early []eioproto.Packet, err error) {
	e = &engine{cfg: cfg, spawn: spawn, done: make(chan struct{})}
	e.ctx, e.cancel = context.WithCancel(context.WithoutCancel(ctx))
	collect := func(p eioproto.Packet) error {
		p.Data = bytes.Clone(p.Data)
		early = append(early, p)
		return nil
	}
	if cfg.Transports[0] == WebSocket {
		err = e.openWebSocket(ctx, &early, collect)
	} else {
		e.poll = cfg.endpoint.Polling()
		err = e.poll.Get(ctx, "", nil, collect)
	}
	if err == nil && len(early) == 0 {
		err = eioclient.ErrHandshake
	}
	if err == nil {
		e.handshake, err = eioclient.ParseHandshake(early[0])
	}
	if err != nil {
		e.release()
		if cause := ctx.Err(); cause != nil {
			err = cause
		}
		return nil, nil, err
	}
	return e, early[1:], nil
}

func (e *engine) openWebSocket(ctx context.Context, early *[]eioproto.Packet, collect func(eioproto.Packet) error) error {
	ws, err := e.cfg.endpoint.WebSocket(ctx, "", nil)
	if err != nil {
		return err
	}
	e.ws = ws
	stop := context.AfterFunc(ctx, func() { ws.Close() })
	defer stop()
	for len(*early) == 0 {
		if err := ws.Read(collect); err != nil {
			return err
		}
	}
	return nil
}

// release ends everything that holds a connection. It comes before start or
// after closed is set, when nobody sets ws any more.
func (e *engine) release() {
	e.cancel()
	if e.ws != nil {
		e.ws.Close()
	}
	if e.poll != nil {
		e.poll.Close()
	}
}

// start begins to read and to watch the heartbeat. It is called once, after which
// the sink hears of everything.
func (e *engine) start(s sink, early []eioproto.Packet) {
	e.sink = s
	e.mu.Lock()
	defer e.mu.Unlock()
	e.deadline = time.AfterFunc(e.handshake.PingInterval+e.handshake.PingTimeout, e.silent)
	if e.cfg.Revision == 3 {
		e.pinger = time.AfterFunc(e.handshake.PingInterval, e.ping)
	}
	e.polling = e.ws == nil
	e.spawn(func() { e.run(early) })
}

func (e *engine) run(early []eioproto.Packet) {
	e.sink.onTransport(e.transport())
	for _, p := range early {
		if err := e.receive(p); err != nil {
			e.failed(err)
			return
		}
	}
	if e.transport() == WebSocket {
		e.readWebSocket(e.ws)
		return
	}
	if slices.Contains(e.cfg.Transports, WebSocket) && slices.Contains(e.handshake.Upgrades, string(WebSocket)) {
		e.spawn(e.upgrade)
	}
	e.pollLoop()
}

// transport returns the current one.
func (e *engine) transport() Transport {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.ws != nil {
		return WebSocket
	}
	return Polling
}

func (e *engine) readWebSocket(ws *eioclient.WebSocket) {
	for {
		if err := ws.Read(e.receive); err != nil {
			e.failed(err)
			return
		}
	}
}

// pollLoop polls until the session ends or an upgrade pauses it.
func (e *engine) pollLoop() {
	for {
		e.mu.Lock()
		if e.closed || e.paused {
			e.polling = false
			e.tellIdle()
			e.mu.Unlock()
			return
		}
		e.mu.Unlock()
		if err := e.poll.Get(e.ctx, e.handshake.SID, nil, e.receive); err != nil {
			e.failed(err)
			return
		}
	}
}

// receive acts on one packet.
func (e *engine) receive(p eioproto.Packet) error {
	if e.cfg.Revision == 3 {
		e.extend(e.handshake.PingInterval + e.handshake.PingTimeout)
	}
	switch p.Type {
	case eioproto.Ping:
		if e.cfg.Revision == 4 {
			e.extend(e.handshake.PingInterval + e.handshake.PingTimeout)
			e.control(eioproto.Pong)
		}
	case eioproto.Pong:
		e.mu.Lock()
		if e.pinger != nil && !e.closed {
			e.pinger.Reset(e.handshake.PingInterval)
		}
		e.mu.Unlock()
	case eioproto.Close:
		if e.transport() == Polling {
			return errPeerClosed
		}
	case eioproto.Message:
		if e.ended() {
			return nil
		}
		if err := e.sink.onMessage(p.Data, p.Binary, e.done); err != nil {
			return errors.Join(errMessage, err)
		}
	case eioproto.Open, eioproto.Upgrade, eioproto.Noop:
	}
	return nil
}

// ended tells whether messages are of no more interest.
func (e *engine) ended() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.closing || e.closed
}

// extend postpones the end for want of a heartbeat.
func (e *engine) extend(d time.Duration) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.closing && !e.closed {
		e.deadline.Reset(d)
	}
}

// ping sends the heartbeat of revision 3.
func (e *engine) ping() {
	e.control(eioproto.Ping)
	e.extend(e.handshake.PingTimeout)
}

// silent ends the session when the server said nothing for too long, or when an
// orderly end takes too long.
func (e *engine) silent() { e.fail(PingTimeout, nil) }

// failed ends the session after an error while reading.
func (e *engine) failed(err error) {
	reason := TransportError
	switch {
	case errors.Is(err, errMessage):
		reason = ParseError
	case errors.Is(err, errPeerClosed), errors.Is(err, eioclient.ErrPeerClosed),
		errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF) && e.transport() == WebSocket:
		reason = TransportClose
	}
	e.fail(reason, err)
}

// fail ends the session at once and, unless it was closing, tells the sink.
func (e *engine) fail(reason DisconnectReason, err error) {
	e.mu.Lock()
	if e.closed {
		e.mu.Unlock()
		return
	}
	e.closed = true
	told := e.closing
	e.queue, e.spare, e.queued = nil, nil, 0
	e.deadline.Stop()
	if e.pinger != nil {
		e.pinger.Stop()
	}
	if e.drained != nil {
		close(e.drained)
		e.drained = nil
	}
	close(e.done)
	e.mu.Unlock()
	e.release()
	if !told {
		e.sink.onClose(reason, err)
	}
}

// close ends the session in an orderly way, in the background: what is queued is
// sent first. The sink hears nothing more.
func (e *engine) close() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closing || e.closed {
		return
	}
	e.closing = true
	e.deadline.Reset(closeTimeout)
	if e.pinger != nil {
		e.pinger.Stop()
	}
	e.kick()
}
