package load

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"time"
)

// Target is a server under load.
type Target struct {
	Port     int
	Revision int    // of Engine.IO: 3 or 4
	Query    string // added to the URL: "&a=b"
	// Cookies are sent by one client after the other; nil sends none.
	Cookies []string
}

// cookie is the header line of client number i.
func (t *Target) cookie(i int) string {
	if len(t.Cookies) == 0 {
		return ""
	}
	return "Cookie: " + t.Cookies[i%len(t.Cookies)] + "\r\n"
}

// Sink receives the messages of clients: the text of Engine.IO packets of type
// message, "42[…]". p is only valid during the call.
type Sink interface {
	Message(c *Client, p []byte)
}

// Client is one Socket.IO client over WebSocket, in the main namespace.
type Client struct {
	*socket
	Index  int
	Ready  bool // the CONNECT was answered
	Slot   int  // the sink's own
	Pings  int  // heartbeats: pings answered, or answers to ours in revision 3
	sink   Sink
	target *Target
	state  clientState
	parts  []byte // of a message that comes in fragments
}

type clientState uint8

const (
	upgrading clientState = iota
	opening
	joined
	gone
)

// Frames a client sends, masked as the standard asks for.
var (
	connectFrame = Frame(nil, "40")
	pingFrame    = Frame(nil, "2")
	pongFrame    = Frame(nil, "3")
)

var maskKey = [4]byte{0x3a, 0xc5, 0x71, 0x96}

// Frame appends text as a masked frame.
func Frame[T string | []byte](dst []byte, text T) []byte {
	switch n := len(text); {
	case n < 126:
		dst = append(dst, 0x81, 0x80|byte(n))
	case n < 1<<16:
		dst = append(dst, 0x81, 0x80|126, byte(n>>8), byte(n))
	default:
		dst = append(dst, 0x81, 0x80|127)
		dst = binary.BigEndian.AppendUint64(dst, uint64(n))
	}
	dst = append(dst, maskKey[:]...)
	at := len(dst)
	dst = append(dst, text...)
	for i := range dst[at:] {
		dst[at+i] ^= maskKey[i&3]
	}
	return dst
}

// Dial opens n clients, at most inFlight of them connecting at a time, and returns
// when all have had the answer to their CONNECT.
func (l *Loop) Dial(t *Target, n, inFlight int, sink Sink, limit time.Duration) ([]*Client, error) {
	request := fmt.Appendf(nil, "GET /socket.io/?EIO=%d&transport=websocket%s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nOrigin: http://127.0.0.1:%d\r\n"+
		"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", t.Revision, t.Query, t.Port, t.Port)
	clients := make([]*Client, 0, n)
	first := 0 // clients before it are ready
	lost := l.Lost
	deadline := time.Now().Add(limit)
	for first < n {
		for len(clients) < n && len(clients)-first < inFlight {
			c := &Client{Index: len(clients), sink: sink, target: t}
			s, err := l.dial(t.Port, c)
			if err != nil {
				return clients, err
			}
			c.socket = s
			s.out = append(append(append(s.out, request...), t.cookie(c.Index)...), "\r\n"...)
			clients = append(clients, c)
		}
		if l.Lost > lost {
			return clients, fmt.Errorf("load: a client could not connect: %w", l.FirstLoss)
		}
		if time.Now().After(deadline) {
			return clients, fmt.Errorf("load: %d of %d clients connected in %v", first, n, limit)
		}
		if err := l.Turn(20 * time.Millisecond); err != nil {
			return clients, err
		}
		for first < len(clients) && clients[first].Ready {
			first++
		}
	}
	return clients, nil
}

// SetSink gives all messages from now on to sink.
func SetSink(clients []*Client, sink Sink) {
	for _, c := range clients {
		c.sink = sink
	}
}

// Send queues a frame.
func (c *Client) Send(frame []byte) {
	if c.state != gone {
		c.send(frame)
	}
}

// Close resets the connection.
func (c *Client) Close() {
	c.state = gone
	c.loop.close(c.socket)
}

func (c *Client) ended(error) { c.state = gone }

var headEnd = []byte("\r\n\r\n")

func (c *Client) received(p []byte) (int, error) {
	taken := 0
	if c.state == upgrading {
		end := bytes.Index(p, headEnd)
		if end < 0 {
			return 0, nil
		}
		if !bytes.HasPrefix(p, []byte("HTTP/1.1 101")) {
			return 0, fmt.Errorf("load: upgrade answered with %q", p[:min(len(p), 200)])
		}
		c.state = opening
		taken = end + len(headEnd)
	}
	for {
		opcode, payload, size := parseFrame(p[taken:])
		if size == 0 {
			return taken, nil
		}
		taken += size
		switch opcode {
		case 0x81:
			if err := c.packet(payload); err != nil {
				return taken, err
			}
		case 0x01, 0x00: // the beginning and the middle of a fragmented message
			c.parts = append(c.parts, payload...)
		case 0x80:
			c.parts = append(c.parts, payload...)
			if err := c.packet(c.parts); err != nil {
				return taken, err
			}
			c.parts = c.parts[:0]
		case 0x88:
			return taken, errClosed
		case 0x89, 0x8a, 0x82:
		default:
			return taken, fmt.Errorf("load: unexpected frame %#x", opcode)
		}
	}
}

// parseFrame returns the first byte and the payload of a server's frame; size 0
// asks for more bytes.
func parseFrame(p []byte) (opcode byte, payload []byte, size int) {
	if len(p) < 2 {
		return 0, nil, 0
	}
	n, at := int(p[1]), 2
	switch {
	case n == 126:
		if len(p) < 4 {
			return 0, nil, 0
		}
		n, at = int(binary.BigEndian.Uint16(p[2:])), 4
	case n == 127:
		if len(p) < 10 {
			return 0, nil, 0
		}
		n, at = int(binary.BigEndian.Uint64(p[2:])), 10
	}
	if n < 0 || len(p)-at < n {
		return 0, nil, 0
	}
	return p[0], p[at : at+n], at + n
}

var errRefused = errors.New("load: the namespace was refused")

func (c *Client) packet(p []byte) error {
	if len(p) == 0 {
		return nil
	}
	switch p[0] {
	case '0':
		if c.target.Revision == 4 {
			c.send(connectFrame)
		}
	case '2':
		c.Pings++
		c.send(pongFrame)
	case '3':
		c.Pings++
	case '4':
		switch {
		case c.state == joined:
			c.sink.Message(c, p)
		case len(p) > 1 && p[1] == '0':
			c.state = joined
			c.Ready = true
		case len(p) > 1 && p[1] == '4':
			return errRefused
		}
	}
	return nil
}

// KeepAlive pings for clients of revision 3, spread over the interval; the
// other revision answers pings by itself. It returns what Run may call each turn.
func KeepAlive(clients []*Client, interval time.Duration) func() bool {
	began, sent := time.Now(), 0
	return func() bool {
		due := int(float64(len(clients)) * float64(time.Since(began)) / float64(interval))
		for ; sent < due; sent++ {
			if c := clients[sent%len(clients)]; c.target.Revision == 3 {
				c.Send(pingFrame)
			}
		}
		return false
	}
}
