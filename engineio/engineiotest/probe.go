package engineiotest

import (
	"context"
	"errors"
	"fmt"

	"github.com/go-sails/sails/internal/eioclient"
	"github.com/go-sails/sails/internal/eioproto"
)

// Probe is a second connection of a polling session, a WebSocket that may become
// its transport. End it with Abort, or with [Conn.Switch].
type Probe struct {
	conn    *Conn
	ws      *eioclient.WebSocket
	pending []Packet
}

// Probe opens a WebSocket for the session and sends nothing on it.
func (c *Conn) Probe(ctx context.Context) (*Probe, error) {
	ws, err := c.endpoint.WebSocket(ctx, c.SID, nil)
	if err != nil {
		return nil, public(err)
	}
	return &Probe{conn: c, ws: ws}, nil
}

// Send sends packets as frames on the probing WebSocket.
func (p *Probe) Send(_ context.Context, packets ...Packet) error {
	return public(p.ws.Write(toWire(packets)...))
}

// Receive returns the next packet from the probing WebSocket.
func (p *Probe) Receive(ctx context.Context) (Packet, error) {
	for len(p.pending) == 0 {
		err := readFrames(ctx, p.ws, func(packet eioproto.Packet) error {
			p.pending = append(p.pending, fromWire(packet))
			return nil
		})
		if err != nil && len(p.pending) == 0 {
			if cause := ctx.Err(); cause != nil {
				return Packet{}, fmt.Errorf("engineiotest: %w", cause)
			}
			return Packet{}, public(err)
		}
	}
	first := p.pending[0]
	p.pending = p.pending[1:]
	return first, nil
}

// Abort drops the probing WebSocket.
func (p *Probe) Abort() { _ = p.ws.Close() }

// Switch makes the probe's WebSocket the transport of c, without a word to the
// server: send the upgrade packet before.
func (c *Conn) Switch(p *Probe) {
	c.ws = p.ws
	c.pending = append(c.pending, p.pending...)
}

var errPong = errors.New("engineiotest: server does not answer the probe with 3probe")

// Upgrade moves a polling session to a WebSocket, the way clients do between two
// polls: probe, tell the server, switch. Packets that polls brought before are kept
// for Receive. No other call may be in progress.
func (c *Conn) Upgrade(ctx context.Context) error {
	probe, err := c.Probe(ctx)
	if err != nil {
		return err
	}
	err = probe.Send(ctx, Packet{Type: PacketPing, Data: "probe"})
	if err == nil {
		var answer Packet
		answer, err = probe.Receive(ctx)
		if err == nil && answer != (Packet{Type: PacketPong, Data: "probe"}) {
			err = errPong
		}
	}
	if err == nil {
		err = probe.Send(ctx, Packet{Type: PacketUpgrade})
	}
	if err != nil {
		probe.Abort()
		return err
	}
	c.Switch(probe)
	return nil
}
