package engineiotest

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go-sails/sails/internal/eioclient"
	"github.com/go-sails/sails/internal/eioproto"
)

// Transport names a way to carry packets.
type Transport string

// The transports of this client.
const (
	Polling   Transport = "polling"
	WebSocket Transport = "websocket"
)

// Options says what to connect to, and how. URL is required except for
// [Server.Open].
type Options struct {
	URL       string     // root of the server: scheme http, https, ws or wss, and host
	Path      string     // default "/engine.io/"
	Revision  int        // 4 (default) or 3
	Transport Transport  // default Polling
	Query     url.Values // added to the query of every request
	Header    http.Header
	Jar       http.CookieJar
	TLS       *tls.Config
	Dial      func(ctx context.Context, network, addr string) (net.Conn, error)
	Compress  bool // offers permessage-deflate and compresses from 1 KiB on
}

// maxMessage bounds what is read of one message, in bytes; maxPackets the packets
// of one polling answer.
const (
	maxMessage = 128 << 20
	maxPackets = 1 << 20
)

// ErrClosed is wrapped by the errors of Receive when the server has ended the
// session: closed the WebSocket, or sent a close packet to a poll.
var ErrClosed = errors.New("engineiotest: session was ended by the server")

// CloseError is an ErrClosed that came with a close frame.
type CloseError struct {
	Code   int // 1005 when the frame had none
	Reason string
}

// Error tells code and reason.
func (e *CloseError) Error() string {
	return fmt.Sprintf("engineiotest: server closed the WebSocket with code %d %q", e.Code, e.Reason)
}

// Unwrap makes errors.Is(err, ErrClosed) true.
func (e *CloseError) Unwrap() error { return ErrClosed }

// RefusedError is an HTTP answer other than 200 or 101.
type RefusedError struct {
	Status  int    // HTTP status
	Code    int    // of Engine.IO, -1 when the answer has none
	Message string // the text of the answer, or what its "message" says
}

// Error describes the answer.
func (e *RefusedError) Error() string {
	return fmt.Sprintf("engineiotest: server answered %d, code %d: %s", e.Status, e.Code, e.Message)
}

// Conn is one session, driven by hand. It is for one goroutine, except that one
// may send while another receives. End it with Close or Abort.
type Conn struct {
	// What the open packet said.
	SID                       string
	Upgrades                  []string
	PingInterval, PingTimeout time.Duration
	MaxPayload                int64

	endpoint *eioclient.Endpoint
	poll     *eioclient.Polling
	ws       *eioclient.WebSocket // nil while polling
	pending  []Packet
}

// Open shakes hands. A refusal is a *RefusedError.
func Open(ctx context.Context, o Options) (*Conn, error) {
	if o.Path == "" {
		o.Path = "/engine.io/"
	}
	if o.Revision == 0 {
		o.Revision = 4
	}
	u, err := eioclient.ParseURL(o.URL, o.Path, o.Query)
	if err != nil {
		return nil, fmt.Errorf("engineiotest: %w", err)
	}
	c := &Conn{endpoint: &eioclient.Endpoint{
		URL: u, Revision: o.Revision, Header: o.Header, Jar: o.Jar, TLS: o.TLS, Dial: o.Dial,
		MaxMessage: maxMessage, MaxPackets: maxPackets, Deflate: o.Compress,
	}}
	c.poll = c.endpoint.Polling()
	if o.Transport == WebSocket {
		c.ws, err = c.endpoint.WebSocket(ctx, "", nil)
	}
	var first Packet
	if err == nil {
		first, err = c.Receive(ctx)
	}
	if err == nil {
		var h eioclient.Handshake
		h, err = eioclient.ParseHandshake(eioproto.Packet{Type: eioproto.Type(first.Type - PacketOpen), Binary: first.Binary, Data: []byte(first.Data)})
		c.SID, c.Upgrades, c.PingInterval, c.PingTimeout, c.MaxPayload = h.SID, h.Upgrades, h.PingInterval, h.PingTimeout, h.MaxPayload
	}
	if err != nil {
		c.Abort()
		return nil, public(err)
	}
	return c, nil
}

// Transport returns the current transport.
func (c *Conn) Transport() Transport {
	if c.ws != nil {
		return WebSocket
	}
	return Polling
}

// Send sends packets: a frame each, or one POST with all of them, whose answer it
// waits for.
func (c *Conn) Send(ctx context.Context, packets ...Packet) error {
	if c.ws != nil {
		return public(c.ws.Write(toWire(packets)...))
	}
	return public(c.poll.Post(ctx, c.SID, toWire(packets)))
}

// Receive returns the next packet, whatever it is; over polling it polls if need
// be. Over a WebSocket a wait that ctx ends can be taken up again; over polling
// the poll is aborted, which ends the session.
func (c *Conn) Receive(ctx context.Context) (Packet, error) {
	for len(c.pending) == 0 {
		if err := c.read(ctx); err != nil && len(c.pending) == 0 {
			if cause := ctx.Err(); cause != nil {
				return Packet{}, fmt.Errorf("engineiotest: %w", cause)
			}
			return Packet{}, public(err)
		}
	}
	p := c.pending[0]
	c.pending = c.pending[1:]
	return p, nil
}

// read waits for packets.
func (c *Conn) read(ctx context.Context) error {
	take := func(p eioproto.Packet) error {
		c.pending = append(c.pending, fromWire(p))
		return nil
	}
	if c.ws != nil {
		return readFrames(ctx, c.ws, take)
	}
	return c.poll.Get(ctx, c.SID, nil, take)
}

// readFrames is Read that ctx can interrupt.
func readFrames(ctx context.Context, ws *eioclient.WebSocket, each func(eioproto.Packet) error) error {
	interrupted := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		_ = ws.SetReadDeadline(time.Unix(1, 0))
		close(interrupted)
	})
	err := ws.Read(each)
	if !stop() {
		<-interrupted
		_ = ws.SetReadDeadline(time.Time{})
	}
	return err
}

// ReceiveMessage returns the next message. It answers pings of revision 4 and
// passes over noop and, in revision 3, pong packets; anything else is an error.
func (c *Conn) ReceiveMessage(ctx context.Context) (Packet, error) {
	for {
		p, err := c.Receive(ctx)
		switch {
		case err != nil || p.Type == PacketMessage:
			return p, err
		case p.Type == PacketPing && c.endpoint.Revision == 4:
			if err := c.Send(ctx, Packet{Type: PacketPong}); err != nil {
				return Packet{}, err
			}
		case p.Type == PacketNoop, p.Type == PacketPong && c.endpoint.Revision == 3:
		default:
			return Packet{}, fmt.Errorf("engineiotest: received %q instead of a message", p)
		}
	}
}

// Expect receives as many packets as it is given and reports the first that is
// another.
func (c *Conn) Expect(ctx context.Context, want ...Packet) error {
	for i, w := range want {
		p, err := c.Receive(ctx)
		if err != nil {
			return fmt.Errorf("waiting for packet %d, %q: %w", i, w, err)
		}
		if p != w {
			return fmt.Errorf("engineiotest: packet %d is %q, want %q", i, p, w)
		}
	}
	return nil
}

// ExpectClosed receives until the server has ended the session and reports
// messages that come first. Over polling the session counts as ended when a close
// packet came or the server does not know it any more.
func (c *Conn) ExpectClosed(ctx context.Context) error {
	for {
		p, err := c.Receive(ctx)
		var refused *RefusedError
		switch {
		case errors.Is(err, ErrClosed), errors.As(err, &refused) && refused.Code == 1:
			return nil
		case err != nil:
			return err
		case p.Type == PacketClose && c.ws == nil:
			return nil
		case p.Type == PacketMessage:
			return fmt.Errorf("engineiotest: received %q instead of the end", p)
		}
	}
}

// Close ends the session as clients do, with a close packet or a close frame, and
// waits until the server has seen it.
func (c *Conn) Close(ctx context.Context) error {
	defer c.Abort()
	if c.ws == nil {
		return c.Send(ctx, Packet{Type: PacketClose})
	}
	if err := c.ws.WriteClose(0, ""); err != nil {
		return public(err)
	}
	for {
		err := readFrames(ctx, c.ws, func(eioproto.Packet) error { return nil })
		switch {
		case err == nil:
		case errors.Is(public(err), ErrClosed):
			return nil
		default:
			return public(err)
		}
	}
}

// Abort drops the connections without a word.
func (c *Conn) Abort() {
	if c.ws != nil {
		_ = c.ws.Close()
	}
	c.poll.Close()
}

// public turns errors of the internal packages into those of this one.
func public(err error) error {
	var refused *eioclient.RefusedError
	var frame *eioclient.CloseFrameError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &refused):
		return &RefusedError{Status: refused.Status, Code: refused.Code, Message: refused.Message}
	case errors.As(err, &frame):
		return &CloseError{Code: int(frame.Code), Reason: frame.Reason}
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed), errors.Is(err, io.ErrClosedPipe):
		return fmt.Errorf("%w: %w", ErrClosed, err)
	case strings.HasPrefix(err.Error(), "engineiotest: "):
		return err
	}
	return fmt.Errorf("engineiotest: %w", err)
}

// CanUpgrade reports whether the server offered an upgrade to WebSocket.
func (c *Conn) CanUpgrade() bool { return slices.Contains(c.Upgrades, string(WebSocket)) }
