package socketioclient

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/go-sails/sails/internal/eioclient"
)

// DisconnectReason says why a socket was disconnected, in the spelling of the
// JavaScript client. It is an error.
type DisconnectReason string

// The reasons of OnDisconnect handlers. After the first two, and after Close, the
// socket does not reconnect by itself.
const (
	ServerDisconnect DisconnectReason = "io server disconnect" // the server disconnected this socket
	ClientDisconnect DisconnectReason = "io client disconnect" // Socket.Disconnect
	ForcedClose      DisconnectReason = "forced close"         // Client.Close
	PingTimeout      DisconnectReason = "ping timeout"         // no heartbeat from the server
	TransportClose   DisconnectReason = "transport close"      // the connection was closed or lost
	TransportError   DisconnectReason = "transport error"      // the connection failed
	ParseError       DisconnectReason = "parse error"          // the server sent an invalid packet
)

// Error returns the reason itself.
func (r DisconnectReason) Error() string { return string(r) }

// Errors of this package.
var (
	// ErrClosed says that Close was called.
	ErrClosed = errors.New("socketioclient: client is closed")
	// ErrDisconnected says that the connection ended before the answer came, or
	// that the event to acknowledge came over an earlier connection.
	ErrDisconnected = errors.New("socketioclient: socket has been disconnected")
	// ErrBufferFull says that MaxBuffered is reached; see Client.Flush.
	ErrBufferFull = errors.New("socketioclient: too much is waiting to be sent; wait with Flush and emit again")
	// ErrReserved says that an event may not have that name.
	ErrReserved = errors.New("socketioclient: reserved event name")
	// ErrAcked says that an event was acknowledged before, or asks for no
	// acknowledgement.
	ErrAcked = errors.New("socketioclient: event needs no acknowledgement or has got it")
	// ErrOldServer says that the server answers like version 2.x: use Revision 3.
	ErrOldServer = errors.New("socketioclient: server speaks an older protocol, set Options.Revision to 3")
)

// errEngineClosed is internal: the connection is gone, the client will soon know.
var errEngineClosed = errors.New("socketioclient: connection is closed")

// ConnectError is the server's refusal to let a socket into its namespace.
type ConnectError struct {
	Message string          // what the server says
	Data    json.RawMessage // what the server adds, JSON; nil for nothing
}

// Error returns the server's message.
func (e *ConnectError) Error() string {
	return fmt.Sprintf("socketioclient: server refused: %s", e.Message)
}

// HandshakeError is the server's refusal to open a connection at all.
type HandshakeError struct {
	Status  int    // HTTP status
	Code    int    // Engine.IO code, -1 when the answer has none
	Message string // the server's text
}

// Error describes the refusal.
func (e *HandshakeError) Error() string {
	return fmt.Sprintf("socketioclient: server refused the connection with status %d: %.200s", e.Status, e.Message)
}

// publicError makes what users may want to look at part of the API.
func publicError(err error) error {
	var refused *eioclient.RefusedError
	if errors.As(err, &refused) {
		return &HandshakeError{Status: refused.Status, Code: refused.Code, Message: refused.Message}
	}
	return fmt.Errorf("socketioclient: %w", err)
}
