package socketioclient

import (
	"context"
	"errors"

	"github.com/go-sails/sails/internal/eioclient"
	"github.com/go-sails/sails/internal/eioproto"
)

const probe = "probe"

var errProbe = errors.New("socketioclient: server does not answer the probe")

// upgrade moves a polling session to a WebSocket: probe it, let polls and POSTs
// end, then switch. Until the switch polling stays usable, and a failure leaves
// the session where it is. After it, upgrade is the reader.
func (e *engine) upgrade() {
	ctx, cancel := context.WithTimeout(e.ctx, e.cfg.Timeout)
	defer cancel()
	ws, err := e.probe(ctx)
	if err != nil {
		e.cfg.Logger.Debug("upgrade failed, polling goes on", "error", err)
		return
	}
	e.mu.Lock()
	if e.closed || e.closing {
		e.mu.Unlock()
		ws.Close()
		return
	}
	e.paused = true
	e.idle = make(chan struct{})
	idle := e.idle
	e.tellIdle()
	e.mu.Unlock()

	select {
	case <-idle:
	case <-ctx.Done(): // the session has ended, or the server does not let go of the poll
		ws.Close()
		e.resume(nil)
		return
	}
	if err := ws.Write(eioclient.Wire{Data: []byte{eioproto.Upgrade.Digit()}}); err != nil {
		// Whether the server has seen it nobody knows: the session is lost.
		ws.Close()
		e.fail(TransportError, err)
		return
	}
	if !e.resume(ws) {
		ws.Close()
		return
	}
	e.sink.onTransport(WebSocket)
	cancel()
	e.readWebSocket(ws)
}

// probe opens a WebSocket for the session and has the server answer on it.
func (e *engine) probe(ctx context.Context) (*eioclient.WebSocket, error) {
	ws, err := e.cfg.endpoint.WebSocket(ctx, e.handshake.SID, nil)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { ws.Close() })
	err = ws.Write(eioclient.Wire{Data: append([]byte{eioproto.Ping.Digit()}, probe...)})
	answered := false
	for err == nil && !answered {
		err = ws.Read(func(p eioproto.Packet) error {
			if answered || p.Type != eioproto.Pong || p.Binary || string(p.Data) != probe {
				return errProbe
			}
			answered = true
			return nil
		})
	}
	if !stop() && err == nil {
		err = ctx.Err()
	}
	if err != nil {
		ws.Close()
		return nil, err
	}
	return ws, nil
}

// resume ends the pause, on ws or, when that is nil, with polling. It reports
// whether the session goes on.
func (e *engine) resume(ws *eioclient.WebSocket) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.paused, e.idle = false, nil
	if e.closed {
		return false
	}
	if ws != nil {
		e.ws = ws
	} else if !e.polling {
		e.polling = true
		e.spawn(e.pollLoop)
	}
	e.kick()
	return true
}

// tellIdle reports that a pause has taken effect. The caller holds mu.
func (e *engine) tellIdle() {
	if e.idle != nil && e.paused && !e.polling && !e.flushing {
		close(e.idle)
		e.idle = nil
	}
}
