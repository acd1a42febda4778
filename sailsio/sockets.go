package sailsio

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/go-sails/sails/socketio"
)

// DefaultEvent is the event name of Broadcast and Blast when none is given (SK-2).
const DefaultEvent = "message"

var (
	// ErrNotSocket says that a socket id is empty: the request came over plain
	// HTTP, where there is nothing to join or subscribe. Sails ignores such calls;
	// a handler that serves both may ignore this error.
	ErrNotSocket = errors.New("sailsio: not a socket request: the socket id is empty")
	// ErrNoSuchSocket says that no socket with this id is connected to this node
	// (SK-31). It says nothing of other nodes.
	ErrNoSuchSocket = errors.New("sailsio: no such socket on this node")
	// ErrEmptyRoom refuses an empty room name.
	ErrEmptyRoom = errors.New("sailsio: a room name is empty")
)

// Sockets moves sockets between rooms and sends events to rooms: sails.sockets.
//
// A socket is named by its id, and every id is also the name of a room that only
// this socket is in, so an id can be used wherever a room can (SK-1). Ids of
// sockets that are connected to other nodes work as well, through the adapter
// (SK-24). What concerns sockets of this node has happened when a method returns
// (SK-32); what is sent never waits for a client.
//
// Errors are those of the arguments and of the adapter. When the adapter fails,
// the local part has been done. Safe for concurrent use.
type Sockets struct {
	ns           *socketio.Namespace
	combined     bool // one message for all rooms of a Broadcast, as 0.12 sent it
	maxRooms     int
	maxRecords   int                                                  // Config.MaxSubscriptions
	tellLeaveAll func(context.Context, string, LeaveAllOptions) error // Config.LeaveAll
}

// modelRoom begins the name of every room of models.
const modelRoom = "sails_model_"

// Join adds the socket to rooms. Names often come from clients, so they are bounded
// on this node by SocketIO.MaxRooms per socket, rooms of models not counted, and by
// SocketIO.MaxRoomName (SEC-57): the error is then socketio.ErrTooManyRooms or
// socketio.ErrRoomName.
func (s *Sockets) Join(ctx context.Context, socketID string, rooms ...string) error {
	if err := checkTarget(socketID, rooms); err != nil {
		return err
	}
	socket, ok := s.ns.Socket(socketID)
	if !ok {
		return s.ns.In(socketID).SocketsJoin(ctx, rooms...)
	}
	for _, room := range rooms {
		err := socket.JoinLimited(room)
		if errors.Is(err, socketio.ErrTooManyRooms) && s.mostlyModels(socket, room) {
			err = socket.Join(room)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// mostlyModels tells whether a socket has many rooms only because it is subscribed
// to many records. Then it may join another room, but not one named like a model's.
func (s *Sockets) mostlyModels(socket *socketio.Socket, room string) bool {
	if strings.HasPrefix(room, modelRoom) {
		return false
	}
	named := 0
	for _, r := range socket.Rooms() {
		if !strings.HasPrefix(r, modelRoom) && r != socket.ID() {
			named++
		}
	}
	return named < s.maxRooms
}

// subscribe is Join for rooms of records, which the application names and clients
// choose by what they read.
func (s *Sockets) subscribe(ctx context.Context, socketID string, rooms []string) error {
	if socketID == "" {
		return ErrNotSocket
	}
	if socket, ok := s.ns.Socket(socketID); ok {
		return socket.JoinAtMost(s.maxRecords, rooms...)
	}
	return s.ns.In(socketID).SocketsJoin(ctx, rooms...)
}

// Leave removes the socket from rooms. Rooms it is not in are ignored.
func (s *Sockets) Leave(ctx context.Context, socketID string, rooms ...string) error {
	if err := checkTarget(socketID, rooms); err != nil {
		return err
	}
	if socket, ok := s.ns.Socket(socketID); ok {
		socket.Leave(rooms...)
		return nil
	}
	return s.ns.In(socketID).SocketsLeave(ctx, rooms...)
}

// AddRoomMembersToRooms makes all members of source join rooms.
func (s *Sockets) AddRoomMembersToRooms(ctx context.Context, source string, rooms ...string) error {
	return s.Join(ctx, source, rooms...) // a room and a socket id are the same thing here (SK-29)
}

// RemoveRoomMembersFromRooms makes all members of source leave rooms.
func (s *Sockets) RemoveRoomMembersFromRooms(ctx context.Context, source string, rooms ...string) error {
	return s.Leave(ctx, source, rooms...)
}

func checkTarget(target string, rooms []string) error {
	if target == "" {
		return ErrNotSocket
	}
	if slices.Contains(rooms, "") {
		return ErrEmptyRoom
	}
	return nil
}

// LeaveAllOptions are the options of LeaveAll. The zero value is Sails' default.
type LeaveAllOptions struct {
	// KeepSourceRoom lets the members stay in the source room itself
	// (includeSourceRoom: false).
	KeepSourceRoom bool `json:"keepSourceRoom,omitempty"`
	// SocketRooms makes them leave the rooms of their own ids too, after which
	// nothing reaches them by id (includeSocketRooms: true).
	SocketRooms bool `json:"socketRooms,omitempty"`
}

// leaveAllEvent tells the other nodes of a LeaveAll. Unlike the reference it
// carries the options (SU-9).
const leaveAllEvent = "sailsio:leaveAll"

type leaveAllMessage struct {
	SourceRoom string `json:"sourceRoom"`
	LeaveAllOptions
}

// LeaveAll makes all members of source leave all their rooms, source included
// (SK-30).
func (s *Sockets) LeaveAll(ctx context.Context, source string, o LeaveAllOptions) error {
	if source == "" {
		return ErrEmptyRoom
	}
	m := leaveAllMessage{source, o}
	s.leaveAllHere(m)
	if s.tellLeaveAll != nil {
		return s.tellLeaveAll(ctx, source, o)
	}
	return s.ns.ServerSideEmit(ctx, leaveAllEvent, m)
}

// leaveAllHere does a LeaveAll for the sockets of this node.
func (s *Sockets) leaveAllHere(m leaveAllMessage) {
	for socket := range s.ns.SocketsIn(m.SourceRoom) {
		socket.Leave(slices.DeleteFunc(socket.Rooms(), func(room string) bool {
			return m.KeepSourceRoom && room == m.SourceRoom || !m.SocketRooms && room == socket.ID()
		})...)
	}
}

// listen applies what other nodes do with LeaveAll.
func (s *Sockets) listen() {
	s.ns.OnServerSide(leaveAllEvent, func(ctx context.Context, args socketio.Args) (any, error) {
		var m leaveAllMessage
		if err := args.Decode(&m); err != nil {
			return nil, err
		}
		if m.SourceRoom == "" {
			return nil, ErrEmptyRoom // without a room it would be everyone
		}
		s.leaveAllHere(m)
		return nil, nil
	})
}

// Get returns the socket with this id if it is connected to this node, or
// ErrNoSuchSocket.
func (s *Sockets) Get(socketID string) (*socketio.Socket, error) {
	if socketID == "" {
		return nil, ErrNotSocket
	}
	socket, ok := s.ns.Socket(socketID)
	if !ok {
		return nil, fmt.Errorf("%w: %q", ErrNoSuchSocket, socketID)
	}
	return socket, nil
}

// Broadcast sends an event to the members of a room. An empty event name means
// DefaultEvent. data is one JSON-encodable value; []byte values in it travel as
// binary, nil arrives as null (SK-5). The requester of a virtual request receives
// it too when it is a member and not omitted (SK-33).
//
// The names connect, connect_error, disconnect, disconnecting, newListener and
// removeListener are reserved: the error says so and nothing is sent (SK-6).
func (s *Sockets) Broadcast(ctx context.Context, room, event string, data any, opts ...Option) error {
	if room == "" {
		return ErrEmptyRoom
	}
	event, err := eventName(event)
	if err != nil {
		return err
	}
	return s.send(ctx, room, event, data, newOptions(opts).omit)
}

// BroadcastRooms sends an event to each of the rooms in turn: a socket that is in
// two of them receives it twice, one that is in a room named twice also (SK-20). In
// Sails012 mode it is sent once to all of them.
func (s *Sockets) BroadcastRooms(ctx context.Context, rooms []string, event string, data any, opts ...Option) error {
	if slices.Contains(rooms, "") {
		return ErrEmptyRoom
	}
	event, err := eventName(event)
	if err != nil || len(rooms) == 0 {
		return err
	}
	omit := newOptions(opts).omit
	if s.combined {
		return s.ns.To(rooms...).Except(omit...).Emit(ctx, event, data)
	}
	for _, room := range rooms {
		err = errors.Join(err, s.send(ctx, room, event, data, omit))
	}
	return err
}

// Blast sends an event to every socket of every node. The rest is as with
// Broadcast.
func (s *Sockets) Blast(ctx context.Context, event string, data any, opts ...Option) error {
	event, err := eventName(event)
	if err != nil {
		return err
	}
	return s.ns.Except(newOptions(opts).omit...).Emit(ctx, event, data)
}

// send emits to one room. event has been checked.
func (s *Sockets) send(ctx context.Context, room, event string, data any, omit []string) error {
	target := s.ns.To(room)
	if len(omit) > 0 {
		target = target.Except(omit...)
	}
	return target.Emit(ctx, event, data)
}

func eventName(event string) (string, error) {
	switch event {
	case "":
		return DefaultEvent, nil
	case "connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener":
		return "", fmt.Errorf("sailsio: %q: %w", event, socketio.ErrReservedEvent)
	}
	return event, nil
}
