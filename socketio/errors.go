package socketio

import (
	"encoding/json"
	"errors"
	"fmt"
)

// Errors that callers may branch on with errors.Is.
var (
	// ErrClosed: the socket is not, or no longer, connected.
	ErrClosed = errors.New("socketio: socket is not connected")
	// ErrServerClosed: Shutdown was called.
	ErrServerClosed = errors.New("socketio: server is shut down")
	// ErrReservedEvent: the name is one that the protocol keeps for itself (spec 2.6);
	// see ReservedEventError.
	ErrReservedEvent = errors.New("socketio: reserved event name")
	// ErrAckTimeout: the client, or some of them, did not answer in time.
	ErrAckTimeout = errors.New("socketio: operation has timed out")
	// ErrTooManyAcks: Config.MaxAcks answers are awaited from this socket already.
	ErrTooManyAcks = errors.New("socketio: too many acknowledgements outstanding")
	// ErrNoAck: the event asks for no acknowledgement, or was answered already.
	ErrNoAck = errors.New("socketio: event wants no acknowledgement or has it")
	// ErrArguments: an argument is missing or has another type than asked for.
	ErrArguments = errors.New("socketio: unsuitable arguments")
	// ErrTooManyRooms and ErrRoomName: what JoinLimited refuses.
	ErrTooManyRooms = errors.New("socketio: too many rooms")
	ErrRoomName     = errors.New("socketio: room name is empty or too long")
	// ErrParent: the operation needs one namespace, not the parent of dynamic ones.
	ErrParent = errors.New("socketio: not possible on the parent of dynamic namespaces")
	// ErrSlowConsumer: too much is waiting for the client already; it is disconnected.
	ErrSlowConsumer = errors.New("socketio: client reads too slowly")
)

// ReservedEventError is the error about an event that cannot be sent because of its
// name. It matches ErrReservedEvent.
type ReservedEventError struct {
	Event string
}

// Error returns the message with the name of the package.
func (e *ReservedEventError) Error() string { return "socketio: " + e.Message() }

// Message returns the text of the JavaScript server's error: "connect" is a reserved
// event name.
func (e *ReservedEventError) Message() string { return `"` + e.Event + `" is a reserved event name` }

// Is matches ErrReservedEvent.
func (e *ReservedEventError) Is(target error) bool { return target == ErrReservedEvent }

// ConnectError refuses a connection from a Middleware. Clients receive Message and,
// unless it is nil, Data: as {message, data} in revision 5, as data or else message
// in revision 4.
type ConnectError struct {
	Message string
	Data    any
}

// Error returns the message.
func (e *ConnectError) Error() string { return e.Message }

// EventError is an error that a handler wants the client to see: if the event asks
// for an acknowledgement that was not sent, the answer is one argument
// {"error":{"message":…,"data":…}}. Other errors are answered with the message
// "internal error", unsuitable arguments with "invalid arguments" (SEC-56).
type EventError struct {
	Message string `json:"message"`
	Data    any    `json:"data,omitempty"`
}

// Error returns the message.
func (e *EventError) Error() string { return e.Message }

// PartialError comes with the answers that did arrive from several sockets or
// nodes, and says what is missing. It matches ErrAckTimeout.
type PartialError struct {
	Expected int      // answers expected: sockets for acknowledgements, nodes for requests
	Received int      // answers in the result
	Nodes    []string // ids of the nodes that owe an answer, as far as they are known
}

// Error tells the counts and the nodes.
func (e *PartialError) Error() string {
	if len(e.Nodes) > 0 {
		return fmt.Sprintf("%v: %d of %d answers, none from %q", ErrAckTimeout, e.Received, e.Expected, e.Nodes)
	}
	return fmt.Sprintf("%v: %d of %d answers", ErrAckTimeout, e.Received, e.Expected)
}

// Is matches ErrAckTimeout.
func (e *PartialError) Is(target error) bool { return target == ErrAckTimeout }

// refusal is the payload of CONNECT_ERROR for err.
func refusal(err error) (message string, data any) {
	var ce *ConnectError
	if errors.As(err, &ce) {
		return ce.Message, ce.Data
	}
	return err.Error(), nil
}

// answerOf is the acknowledgement an event gets when its handler fails.
func answerOf(err error) any {
	type body struct {
		Error *EventError `json:"error"`
	}
	var ee *EventError
	if errors.As(err, &ee) {
		if _, broken := json.Marshal(ee.Data); broken == nil {
			return body{ee}
		}
		return body{&EventError{Message: ee.Message}}
	}
	if errors.Is(err, ErrArguments) {
		return body{&EventError{Message: "invalid arguments"}}
	}
	return body{&EventError{Message: "internal error"}}
}
