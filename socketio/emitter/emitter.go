// Package emitter sends events to the clients of a cluster from a process that serves
// none: a worker, a cron job. It does what @socket.io/redis-emitter does, on any
// socketio.Adapter:
//
//	adapter, err := redisadapter.New(redisadapter.Config{Redis: …})
//	defer adapter.Close()
//	e := emitter.New(adapter)
//	err = e.To("room").Emit(ctx, "news", article)
//
// The adapter joins nothing: this process is not counted as a node and receives nothing,
// so there are no acknowledgements and no answers.
package emitter

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/go-sails/sails/internal/sioproto"
	"github.com/go-sails/sails/socketio"
)

// uid is who emitters say they are: nodes do not count it.
const uid = "emitter"

// Publisher is the part of a socketio.Adapter that an Emitter needs.
type Publisher interface {
	Publish(ctx context.Context, m *socketio.ClusterMessage) (offset string, err error)
}

// Emitter says which sockets something is for, like a socketio.BroadcastOperator. It is
// an immutable value: every method returns a changed copy, and one may be kept and used
// from many goroutines. Errors of the methods that send are those of the adapter, and
// about arguments that cannot be sent.
type Emitter struct {
	adapter   Publisher
	namespace string
	target    socketio.Target
}

// New returns an Emitter to all sockets of the namespace "/".
func New(adapter Publisher) Emitter { return Emitter{adapter: adapter, namespace: "/"} }

// Of returns an Emitter to all sockets of another namespace.
func (e Emitter) Of(namespace string) Emitter {
	if namespace == "" || namespace[0] != '/' {
		namespace = "/" + namespace
	}
	return Emitter{adapter: e.adapter, namespace: namespace}
}

// To adds rooms; a socket in several of them is reached once.
func (e Emitter) To(rooms ...string) Emitter {
	e.target.Rooms = slices.Concat(e.target.Rooms, rooms)
	return e
}

// In is To.
func (e Emitter) In(rooms ...string) Emitter { return e.To(rooms...) }

// Except adds rooms whose sockets are left out.
func (e Emitter) Except(rooms ...string) Emitter {
	e.target.Except = slices.Concat(e.target.Except, rooms)
	return e
}

// Volatile lets an event get lost where a client cannot take it at this moment.
func (e Emitter) Volatile() Emitter {
	e.target.Flags.Volatile = true
	return e
}

// Compress says whether transports may compress the event; they may by default.
func (e Emitter) Compress(on bool) Emitter {
	e.target.Flags.NoCompress = !on
	return e
}

// Emit sends an event. []byte values at any depth of args travel as binary.
func (e Emitter) Emit(ctx context.Context, event string, args ...any) error {
	if sioproto.Reserved(event) {
		return fmt.Errorf("%w: %q", socketio.ErrReservedEvent, event)
	}
	return e.event(ctx, socketio.ClusterBroadcast, event, args)
}

// ServerSideEmit sends an event to the servers of the namespace, see
// socketio.Namespace.OnServerSide. Rooms do not matter.
func (e Emitter) ServerSideEmit(ctx context.Context, event string, args ...any) error {
	switch event {
	case "connect", "connection", "new_namespace":
		return fmt.Errorf("%w: %q", socketio.ErrReservedEvent, event)
	}
	return e.event(ctx, socketio.ClusterServerSideEmit, event, args)
}

func (e Emitter) event(ctx context.Context, t socketio.ClusterMessageType, event string, args []any) error {
	list, err := socketio.NewArgs(args...)
	if err != nil {
		return fmt.Errorf("emitter: encoding %q: %w", event, err)
	}
	data := sioproto.AppendString([]byte{'['}, event)
	for i := range list.Len() {
		data = append(append(data, ','), list.Raw(i)...)
	}
	return e.publish(ctx, &socketio.ClusterMessage{Type: t, Target: e.target, Data: append(data, ']'), Attachments: list.Attachments()})
}

// SocketsJoin makes the sockets join rooms.
func (e Emitter) SocketsJoin(ctx context.Context, rooms ...string) error {
	return e.publish(ctx, &socketio.ClusterMessage{Type: socketio.ClusterSocketsJoin, Target: e.target, Rooms: rooms})
}

// SocketsLeave makes the sockets leave rooms.
func (e Emitter) SocketsLeave(ctx context.Context, rooms ...string) error {
	return e.publish(ctx, &socketio.ClusterMessage{Type: socketio.ClusterSocketsLeave, Target: e.target, Rooms: rooms})
}

// DisconnectSockets disconnects the sockets, or their sessions as a whole.
func (e Emitter) DisconnectSockets(ctx context.Context, closeSessions bool) error {
	return e.publish(ctx, &socketio.ClusterMessage{Type: socketio.ClusterDisconnectSockets, Target: e.target, Close: closeSessions})
}

var errNone = errors.New("emitter: make an Emitter with New")

func (e Emitter) publish(ctx context.Context, m *socketio.ClusterMessage) error {
	if e.adapter == nil {
		return errNone
	}
	m.UID, m.Namespace = uid, e.namespace
	if _, err := e.adapter.Publish(ctx, m); err != nil {
		return fmt.Errorf("emitter: %w", err)
	}
	return nil
}
