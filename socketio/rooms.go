package socketio

import (
	"hash/maphash"
	"slices"
	"sync"
)

// shardCount spreads a namespace's sockets and rooms over locks. They are Mutexes: who
// reads holds one for as long as copying a list takes, which is too short for readers
// side by side to pay what an RWMutex costs those who join.
const shardCount = 32

var seed = maphash.MakeSeed()

// index knows the sockets of a namespace and their rooms. It is the only code that
// iterates sockets.
//
// A membership is two halves that point at each other: the socket in the room's list,
// and in the socket's roomSet the room with its place in that list. A socket that leaves
// has the last of the list put in its place, whose other half is looked up then.
//
// The own room of a socket is not stored: a room name that is a socket's id reaches
// that socket. Lock order: shard, then socket; never two shards, never two sockets.
type index struct {
	shards [shardCount]shard
}

// shard holds the sockets and the rooms whose names hash to it.
type shard struct {
	mu      sync.Mutex
	byID    map[string]*Socket // guarded by mu
	sockets []*Socket          // the same, to iterate; guarded by mu
	rooms   map[string]*room   // never an empty one; guarded by mu
}

// room is who is in it.
type room struct {
	name    string
	members []*Socket  // guarded by the shard's mu
	hash    uint32     // of the name, other bits than choose the shard
	few     [2]*Socket // what members begins with
}

// maxCrowd is how many sockets join or leave a room under one hold of its lock: some
// ten microseconds, after which others of the shard have their turn.
const maxCrowd = 128

func (ix *index) shard(name string) *shard {
	return &ix.shards[maphash.String(seed, name)%shardCount]
}

// find returns the shard of a room and its hash.
func (ix *index) find(name string) (sh *shard, hash uint32) {
	h := maphash.String(seed, name)
	return &ix.shards[h%shardCount], uint32(h >> 32)
}

// add makes a socket known, once; false when it is closed.
func (ix *index) add(s *Socket) bool {
	sh := ix.shard(s.id)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	s.mu.Lock()
	closed := s.state == stateClosed
	s.mu.Unlock()
	if closed {
		return false
	}
	if sh.byID == nil {
		sh.byID = make(map[string]*Socket)
	}
	sh.byID[s.id] = s
	s.at = int32(len(sh.sockets))
	sh.sockets = append(sh.sockets, s)
	return true
}

// remove forgets a socket, which must be closed; false when it is not known.
func (ix *index) remove(s *Socket) bool {
	sh := ix.shard(s.id)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	if sh.byID[s.id] == s {
		delete(sh.byID, s.id)
	}
	if int(s.at) >= len(sh.sockets) || sh.sockets[s.at] != s {
		return false
	}
	last := len(sh.sockets) - 1
	moved := sh.sockets[last]
	sh.sockets[s.at], moved.at = moved, s.at
	sh.sockets[last] = nil
	sh.sockets = sh.sockets[:last]
	if last == 0 {
		sh.byID, sh.sockets = nil, nil
	}
	return true
}

func (ix *index) socket(id string) (*Socket, bool) {
	sh := ix.shard(id)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	s, ok := sh.byID[id]
	return s, ok
}

func (ix *index) len() int {
	n := 0
	for i := range ix.shards {
		sh := &ix.shards[i]
		sh.mu.Lock()
		n += len(sh.sockets)
		sh.mu.Unlock()
	}
	return n
}

// join puts sockets, each given once, into a room that is named by the id of none of them.
// limit is how many rooms a socket may be in then: who is over it, or closed, is refused
// alone, and err is the last such. expected is how many are about to join, these
// included: a new room has places for them. It appends those who were not in it to
// joined, if that is not nil, and tells whether the room is new.
//
// What it needs is allocated before the lock of the shard is taken: an allocation may
// have to help the garbage collector, and everyone of the shard would wait for that.
func (ix *index) join(sockets []*Socket, name string, limit, expected int, joined *[]*Socket) (created bool, err error) {
	for _, s := range sockets {
		s.reserveRoom(limit)
	}
	sh, hash := ix.find(name)
	r, created := sh.open(name, hash, len(sockets), expected)
	defer sh.mu.Unlock()
	for _, s := range sockets {
		in, refused := r.seat(s, limit)
		if refused != nil {
			err = refused
		}
		if in && joined != nil {
			*joined = append(*joined, s)
		}
	}
	if !created || len(r.members) == 0 {
		return false, err
	}
	if sh.rooms == nil {
		sh.rooms = make(map[string]*room)
	}
	sh.rooms[name] = r
	return true, err
}

// open returns a room with n free places, which is not listed yet if it is new, and
// with mu locked.
func (sh *shard) open(name string, hash uint32, n, expected int) (r *room, isNew bool) {
	var made *room
	var longer []*Socket
	for {
		sh.mu.Lock()
		r = sh.rooms[name]
		switch {
		case r == nil && made != nil:
			return made, true
		case r == nil:
			sh.mu.Unlock()
			made = newRoom(name, hash, expected)
			continue
		}
		had := len(r.members)
		want := had + n
		if want <= cap(r.members) {
			return r, false
		}
		if want <= cap(longer) {
			r.members = append(longer, r.members...)
			clear(r.few[:]) // who leaves is not to be kept by it
			return r, false
		}
		sh.mu.Unlock()
		longer = slices.Grow([]*Socket(nil), want+had/4)
	}
}

func newRoom(name string, hash uint32, expected int) *room {
	r := &room{name: name, hash: hash}
	if expected > len(r.few) {
		r.members = make([]*Socket, 0, expected)
	} else {
		r.members = r.few[:0]
	}
	return r
}

// seat puts a socket into the room. The caller holds the shard's mu.
func (r *room) seat(s *Socket, limit int) (joined bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state == stateClosed {
		return false, ErrClosed
	}
	if s.rooms == nil {
		s.rooms = new(roomSet)
	}
	at, in := s.rooms.find(r)
	if in {
		return false, nil
	}
	if s.rooms.len() >= limit {
		return false, ErrTooManyRooms
	}
	s.rooms.add(at, r, len(r.members))
	r.members = append(r.members, s)
	return true, nil
}

// reserveRoom makes room for another room.
func (s *Socket) reserveRoom(limit int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state == stateClosed || s.rooms.len() >= limit {
		return
	}
	if s.rooms == nil {
		s.rooms = new(roomSet)
	}
	s.rooms.reserve()
}

// leave takes sockets out of a room that is named by the id of none of them. It appends
// those who were in it to left, if that is not nil, and tells whether they were the last.
//
// It begins with the last socket: when all members leave, in the order in which they
// are listed, nobody has to move.
func (ix *index) leave(sockets []*Socket, name string, left *[]*Socket) (deleted bool) {
	sh := ix.shard(name)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	r := sh.rooms[name]
	if r == nil {
		return false
	}
	for _, s := range slices.Backward(sockets) {
		at, in := s.forgetRoom(r)
		if !in {
			continue
		}
		if left != nil {
			*left = append(*left, s)
		}
		deleted = sh.unseat(r, at)
	}
	return deleted
}

// forgetRoom removes the socket's half of a membership. The caller holds the shard's mu.
func (s *Socket) forgetRoom(r *room) (at int, in bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state == stateClosed { // it is being taken out of its rooms
		return 0, false
	}
	slot, in := s.rooms.find(r)
	if !in {
		return 0, false
	}
	return s.rooms.remove(slot), true
}

// unseat removes a member from its room, and the room with its last member.
// The caller holds mu, and that of no socket.
func (sh *shard) unseat(r *room, at int) (deleted bool) {
	last := len(r.members) - 1
	if at != last {
		moved := r.members[last]
		r.members[at] = moved
		moved.mu.Lock()
		slot, _ := moved.rooms.find(r)
		moved.rooms.move(slot, at)
		moved.mu.Unlock()
	}
	r.members[last] = nil
	r.members = r.members[:last]
	if last == 0 {
		delete(sh.rooms, r.name)
		if len(sh.rooms) == 0 {
			sh.rooms = nil // maps never shrink
		}
		return true
	}
	if c := cap(r.members); c > 64 && last < c/4 {
		r.members = append(make([]*Socket, 0, c/2), r.members...)
	}
	return false
}

// vacate takes a closed socket, which can join and leave nothing any more, out of
// its rooms. It takes as long as it has rooms.
func (ix *index) vacate(s *Socket, each func(room string, deleted bool)) {
	s.mu.Lock()
	rooms := s.rooms
	s.mu.Unlock()
	for slot := range rooms.slots() {
		r := rooms.at(slot)
		if r == nil {
			continue
		}
		sh := ix.shard(r.name)
		sh.mu.Lock()
		s.mu.Lock()
		at := rooms.place(slot)
		s.mu.Unlock()
		deleted := sh.unseat(r, at)
		sh.mu.Unlock()
		if each != nil {
			each(r.name, deleted)
		}
	}
	s.mu.Lock()
	s.rooms = nil
	s.mu.Unlock()
}

// names returns all rooms, the own ones of sockets included, in no order.
func (ix *index) names() []string {
	var list []string
	for i := range ix.shards {
		sh := &ix.shards[i]
		sh.mu.Lock()
		for name := range sh.rooms {
			list = append(list, name)
		}
		own := slices.Clone(sh.sockets)
		sh.mu.Unlock()
		for _, s := range own {
			if s.Has(s.id) {
				list = append(list, s.id)
			}
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// size returns how many sockets are in a room.
func (ix *index) size(name string) int {
	sh := ix.shard(name)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	n := 0
	if s := sh.byID[name]; s != nil && s.Has(name) {
		n = 1
	}
	if r := sh.rooms[name]; r != nil {
		n += len(r.members)
	}
	return n
}
