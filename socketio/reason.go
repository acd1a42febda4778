package socketio

import "github.com/go-sails/sails/engineio"

// DisconnectReason says why a socket is gone, in the spelling of the JavaScript
// server (spec 2.5). It is an error so that it can be the cause of a context.
type DisconnectReason string

// Error returns the reason as it is spelled.
func (r DisconnectReason) Error() string { return string(r) }

// The reasons of spec 2.5, equal for clients of both generations, and SlowConsumer
// of SEC-28. Those of the connection are spelled as engineio.CloseReason spells them.
const (
	ClientNamespaceDisconnect DisconnectReason = "client namespace disconnect" // the client left the namespace
	ServerNamespaceDisconnect DisconnectReason = "server namespace disconnect" // Socket.Disconnect, DisconnectSockets
	TransportClose            DisconnectReason = "transport close"
	TransportError            DisconnectReason = "transport error"
	ParseError                DisconnectReason = "parse error" // an undecodable Engine.IO packet
	PingTimeout               DisconnectReason = "ping timeout"
	ForcedClose               DisconnectReason = "forced close"        // an undecodable Socket.IO packet
	ForcedServerClose         DisconnectReason = "forced server close" // a packet in an invalid state, when the close has to wait
	ServerShuttingDown        DisconnectReason = "server shutting down"
	SlowConsumer              DisconnectReason = "slow consumer" // too many bytes waited for the client
)

// recoverable tells whether the state of a socket that went away like this is kept
// for recovery (spec 2.7).
func (r DisconnectReason) recoverable() bool {
	switch r {
	case TransportError, TransportClose, ForcedClose, PingTimeout, ServerShuttingDown, ForcedServerClose:
		return true
	}
	return false
}

func reasonOf(r engineio.CloseReason) DisconnectReason { return DisconnectReason(r) }
