package engineio

import (
	"errors"
	"fmt"
	"net/http"
)

// CloseReason says why a session ended, in the spelling of the JavaScript server.
// It is an error, so that it can be the cause of a context.
type CloseReason string

// Error returns the reason itself.
func (r CloseReason) Error() string { return string(r) }

// The reasons a session ends with (spec sheet 1.11).
const (
	TransportClose     CloseReason = "transport close"      // the client closed or lost the connection
	TransportError     CloseReason = "transport error"      // frame error, overlap, lost poll, wrong heartbeat direction
	ParseError         CloseReason = "parse error"          // undecodable packet
	PingTimeout        CloseReason = "ping timeout"         // no heartbeat
	ForcedClose        CloseReason = "forced close"         // Session.Close
	ServerShuttingDown CloseReason = "server shutting down" // Server.Shutdown
	SlowConsumer       CloseReason = "slow consumer"        // more queued for the client than MaxBuffered, or it stopped reading (SEC-28)
)

// Errors of Session.Send.
var (
	ErrClosed       = errors.New("engineio: session is closed")
	ErrSlowConsumer = errors.New("engineio: client reads too slowly, session closed")
)

// ErrServerClosed is returned by Server.Shutdown when the server was shut down before.
var ErrServerClosed = errors.New("engineio: server is shut down")

// ErrorCode is the number a refused request is answered with (spec sheet 1.3).
type ErrorCode int

// The codes of refused requests.
const (
	UnknownTransport   ErrorCode = 0
	UnknownSession     ErrorCode = 1
	BadHandshakeMethod ErrorCode = 2
	BadRequest         ErrorCode = 3
	Forbidden          ErrorCode = 4
	UnsupportedVersion ErrorCode = 5
)

// String returns the message that belongs to the code.
func (c ErrorCode) String() string {
	switch c {
	case UnknownTransport:
		return "Transport unknown"
	case UnknownSession:
		return "Session ID unknown"
	case BadHandshakeMethod:
		return "Bad handshake method"
	case BadRequest:
		return "Bad request"
	case Forbidden:
		return "Forbidden"
	case UnsupportedVersion:
		return "Unsupported protocol version"
	}
	return "Unknown error"
}

// ConnectionError describes a refused request; see Config.OnConnectionError.
type ConnectionError struct {
	Request *http.Request
	Code    ErrorCode
	Message string // what the client was told
	Context string // INVALID_ORIGIN, TRANSPORT_MISMATCH, ... or the offending value
}

// Error describes the refusal.
func (e *ConnectionError) Error() string {
	return fmt.Sprintf("engineio: request refused with code %d (%s): %s", int(e.Code), e.Message, e.Context)
}

// Refusal is an error for Config.AllowRequest whose text the client sees.
type Refusal struct{ Message string }

// Error returns the text.
func (r *Refusal) Error() string { return r.Message }
