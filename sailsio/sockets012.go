package sailsio

import (
	"context"
	"slices"
)

// This file is what sails.sockets had in 0.12 and lost in 1.x; applications that
// are moving still call it. The methods work in every mode.

// Emit sends an event to sockets named by their ids, one message to each socket
// whatever is named twice (emit and emitToAll of 0.12).
func (s *Sockets) Emit(ctx context.Context, socketIDs []string, event string, data any) error {
	if slices.Contains(socketIDs, "") {
		return ErrNotSocket
	}
	event, err := eventName(event)
	if err != nil || len(socketIDs) == 0 {
		return err
	}
	return s.ns.To(socketIDs...).Emit(ctx, event, data)
}

// Subscribers returns the ids of the sockets of this node that are in room,
// sorted (subscribers of 0.12).
func (s *Sockets) Subscribers(room string) []string {
	if room == "" {
		return nil
	}
	return s.subscribers(room)
}

// subscribers returns who is in any of the rooms.
func (s *Sockets) subscribers(rooms ...string) []string {
	var ids []string
	for socket := range s.ns.SocketsIn(rooms...) {
		ids = append(ids, socket.ID())
	}
	slices.Sort(ids)
	return ids
}

// Rooms returns the names of all rooms that have members on this node, the rooms
// of the sockets' own ids included, sorted (rooms of 0.12).
func (s *Sockets) Rooms() []string {
	rooms := s.ns.Rooms()
	for socket := range s.ns.Sockets() {
		rooms = append(rooms, socket.ID())
	}
	slices.Sort(rooms)
	return slices.Compact(rooms)
}

// SocketRooms returns the rooms of a socket of this node, the one of its own id
// included, sorted (socketRooms of 0.12), or ErrNoSuchSocket.
func (s *Sockets) SocketRooms(socketID string) ([]string, error) {
	socket, err := s.Get(socketID)
	if err != nil {
		return nil, err
	}
	rooms := socket.Rooms()
	slices.Sort(rooms)
	return rooms, nil
}
