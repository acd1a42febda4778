package engineiotest

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"github.com/go-sails/sails/internal/wsconn"
)

var errPollingOnly = errors.New("engineiotest: session has no WebSocket")

// Opcode is the type of a WebSocket frame.
type Opcode byte

// The opcodes of RFC 6455.
const (
	Continuation Opcode = 0x0
	TextFrame    Opcode = 0x1
	BinaryFrame  Opcode = 0x2
	CloseFrame   Opcode = 0x8
	PingFrame    Opcode = 0x9
	PongFrame    Opcode = 0xa
)

// WriteFrame sends one complete frame with this payload, packet or not.
func (c *Conn) WriteFrame(op Opcode, payload []byte) error {
	if c.ws == nil {
		return errPollingOnly
	}
	return public(c.ws.WriteFrame(wsconn.Opcode(op), payload))
}

// WriteRaw sends bytes on the connection of the WebSocket, frame or not.
func (c *Conn) WriteRaw(p []byte) error {
	if c.ws == nil {
		return errPollingOnly
	}
	return public(c.ws.WriteRaw(p))
}

// Request sends one HTTP request of the session: any method, content type and
// body, with extra query parameters, which come last and thus win. The caller
// closes the body of the answer, whatever its status.
func (c *Conn) Request(ctx context.Context, method string, extra url.Values, contentType string, body []byte) (*http.Response, error) {
	answer, err := c.poll.Do(ctx, method, c.SID, extra, contentType, body)
	return answer, public(err)
}
