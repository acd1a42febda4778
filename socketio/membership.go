package socketio

import "slices"

// enterAll has sockets, each given once, join rooms. Who has gone meanwhile does not.
func (n *Namespace) enterAll(sockets []*Socket, rooms []string) {
	watchers := n.roomWatchers()
	for len(sockets) > 0 {
		crowd := sockets[:min(len(sockets), maxCrowd)]
		for _, name := range rooms {
			_ = n.enter(watchers, crowd, name, unlimited, len(sockets))
		}
		sockets = sockets[len(crowd):]
	}
}

// exitAll has sockets, each given once, leave rooms; the last of them first, as
// index.leave wants it.
func (n *Namespace) exitAll(sockets []*Socket, rooms []string) {
	watchers := n.roomWatchers()
	for len(sockets) > 0 {
		rest := max(len(sockets)-maxCrowd, 0)
		for _, name := range rooms {
			n.exit(watchers, sockets[rest:], name)
		}
		sockets = sockets[:rest]
	}
}

// enter has a crowd of sockets join a room and tells who watches the rooms; see
// index.join.
func (n *Namespace) enter(watchers []func(RoomEvent), crowd []*Socket, name string, limit, expected int) error {
	if i := ownerOf(crowd, name); i >= 0 {
		err := n.enter(watchers, crowd[:i], name, limit, expected)
		joined, refused := crowd[i].joinOwn()
		if joined {
			n.tellJoined(watchers, name, true, crowd[i])
		}
		if refused != nil {
			err = refused
		}
		if next := n.enter(watchers, crowd[i+1:], name, limit, expected); next != nil {
			err = next
		}
		return err
	}
	if len(crowd) == 0 {
		return nil
	}
	if len(watchers) == 0 {
		_, err := n.index.join(crowd, name, limit, expected, nil)
		return err
	}
	joined := make([]*Socket, 0, len(crowd))
	created, err := n.index.join(crowd, name, limit, expected, &joined)
	n.tellJoined(watchers, name, created, joined...)
	return err
}

// exit has a crowd of sockets leave a room and tells who watches the rooms.
func (n *Namespace) exit(watchers []func(RoomEvent), crowd []*Socket, name string) {
	if i := ownerOf(crowd, name); i >= 0 {
		n.exit(watchers, crowd[i+1:], name)
		if crowd[i].leaveOwn() {
			n.tellLeft(watchers, name, name, true)
		}
		n.exit(watchers, crowd[:i], name)
		return
	}
	if len(crowd) == 0 {
		return
	}
	if len(watchers) == 0 {
		n.index.leave(crowd, name, nil)
		return
	}
	left := make([]*Socket, 0, len(crowd))
	deleted := n.index.leave(crowd, name, &left)
	for i, s := range left {
		n.tellLeft(watchers, name, s.id, deleted && i == len(left)-1)
	}
}

// ownerOf returns which of sockets has an id that is the name of the room, or -1: ids are
// the sockets' own rooms, which are not in the index.
func ownerOf(sockets []*Socket, name string) int {
	return slices.IndexFunc(sockets, func(s *Socket) bool { return s.id == name })
}

func (n *Namespace) tellJoined(watchers []func(RoomEvent), room string, created bool, joined ...*Socket) {
	if created {
		n.tellRoom(watchers, RoomEvent{RoomCreated, room, ""})
	}
	for _, s := range joined {
		n.tellRoom(watchers, RoomEvent{RoomJoined, room, s.id})
	}
}
