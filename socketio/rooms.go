package socketio

import (
	"cmp"
	"hash/maphash"
	"slices"
	"sync"
)

// shardCount spreads a namespace's sockets and rooms over locks.
const shardCount = 16

var seed = maphash.MakeSeed()

// index knows the sockets of a namespace and their rooms. It is the only code that
// iterates sockets.
//
// The own room of a socket is not stored: a room name that is a socket's id reaches
// that socket. Lock order: shard, then socket; never two shards.
type index struct {
	shards [shardCount]shard
}

// shard holds the sockets and the rooms whose names hash to it.
type shard struct {
	mu      sync.RWMutex
	byID    map[string]*Socket // guarded by mu
	sockets []*Socket          // the same, to iterate; guarded by mu
	rooms   map[string]*room   // never an empty one; guarded by mu
}

// room is a list of members. Both are guarded by the shard's mu.
type room struct {
	name    string
	members []seat
}

// seat is a place in a room's list: the socket next to its membership, so that a
// broadcast follows one pointer.
type seat struct {
	socket     *Socket
	membership *membership
}

// membership is one socket in one room.
type membership struct {
	room *room
	at   int // index in room.members; guarded by the shard's mu
}

// manyRooms is where a socket's memberships get a map.
const manyRooms = 24

// roomSet are the memberships of one socket; guarded by the socket's mu. A nil one is
// empty.
type roomSet struct {
	few  []*membership
	many map[*room]*membership // used instead of few above manyRooms
}

func (rs *roomSet) find(r *room) *membership {
	if rs == nil {
		return nil
	}
	if rs.many != nil {
		return rs.many[r]
	}
	for _, m := range rs.few {
		if m.room == r {
			return m
		}
	}
	return nil
}

func (rs *roomSet) add(m *membership) {
	if rs.many == nil && len(rs.few) < manyRooms {
		rs.few = append(rs.few, m)
		return
	}
	if rs.many == nil {
		rs.many = make(map[*room]*membership, 2*manyRooms)
		for _, x := range rs.few {
			rs.many[x.room] = x
		}
		rs.few = nil
	}
	rs.many[m.room] = m
}

func (rs *roomSet) remove(m *membership) {
	if rs.many != nil {
		delete(rs.many, m.room)
		return
	}
	if i := slices.Index(rs.few, m); i >= 0 {
		last := len(rs.few) - 1
		rs.few[i] = rs.few[last]
		rs.few[last] = nil
		rs.few = rs.few[:last]
	}
}

func (rs *roomSet) len() int {
	if rs == nil {
		return 0
	}
	return len(rs.few) + len(rs.many)
}

func (rs *roomSet) each(do func(*membership)) {
	if rs == nil {
		return
	}
	for _, m := range rs.few {
		do(m)
	}
	for _, m := range rs.many {
		do(m)
	}
}

func (ix *index) shard(name string) *shard {
	return &ix.shards[maphash.String(seed, name)%shardCount]
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
	sh.mu.RLock()
	defer sh.mu.RUnlock()
	s, ok := sh.byID[id]
	return s, ok
}

func (ix *index) len() int {
	n := 0
	for i := range ix.shards {
		sh := &ix.shards[i]
		sh.mu.RLock()
		n += len(sh.sockets)
		sh.mu.RUnlock()
	}
	return n
}

// join puts s into a room. limit is how many rooms it may be in then. created tells
// that the room is new, joined that s was not in it.
func (ix *index) join(s *Socket, name string, limit int) (created, joined bool, err error) {
	if name == s.id {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.state == stateClosed {
			return false, false, ErrClosed
		}
		joined = s.leftOwn
		s.leftOwn = false
		return joined, joined, nil
	}
	sh := ix.shard(name)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state == stateClosed {
		return false, false, ErrClosed
	}
	r := sh.rooms[name]
	if r != nil && s.rooms.find(r) != nil {
		return false, false, nil
	}
	if s.rooms.len() >= limit {
		return false, false, ErrTooManyRooms
	}
	if r == nil {
		r = &room{name: name}
		if sh.rooms == nil {
			sh.rooms = make(map[string]*room)
		}
		sh.rooms[name] = r
		created = true
	}
	m := &membership{room: r, at: len(r.members)}
	r.members = append(r.members, seat{s, m})
	if s.rooms == nil {
		s.rooms = new(roomSet)
	}
	s.rooms.add(m)
	return created, true, nil
}

// leave takes s out of a room. deleted tells that it was the last one.
func (ix *index) leave(s *Socket, name string) (deleted, left bool) {
	if name == s.id {
		s.mu.Lock()
		defer s.mu.Unlock()
		left = !s.leftOwn && s.state != stateClosed
		s.leftOwn = true
		return left, left
	}
	sh := ix.shard(name)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	r := sh.rooms[name]
	if r == nil {
		return false, false
	}
	s.mu.Lock()
	m := s.rooms.find(r)
	if m != nil {
		s.rooms.remove(m)
	}
	s.mu.Unlock()
	if m == nil {
		return false, false
	}
	return sh.unseat(m), true
}

// unseat removes a membership from its room, and the room with its last member.
// The caller holds mu.
func (sh *shard) unseat(m *membership) (deleted bool) {
	r := m.room
	last := len(r.members) - 1
	moved := r.members[last]
	r.members[m.at] = moved
	moved.membership.at = m.at
	r.members[last] = seat{}
	r.members = r.members[:last]
	if last == 0 {
		delete(sh.rooms, r.name)
		if len(sh.rooms) == 0 {
			sh.rooms = nil // maps never shrink
		}
		return true
	}
	if c := cap(r.members); c > 64 && last < c/4 {
		r.members = append(make([]seat, 0, c/2), r.members...)
	}
	return false
}

// vacate removes the memberships that were taken from a closed socket.
func (ix *index) vacate(memberships *roomSet, each func(room string, deleted bool)) {
	memberships.each(func(m *membership) {
		sh := ix.shard(m.room.name)
		sh.mu.Lock()
		deleted := sh.unseat(m)
		sh.mu.Unlock()
		if each != nil {
			each(m.room.name, deleted)
		}
	})
}

// names returns all rooms, the own ones of sockets included, in no order.
func (ix *index) names() []string {
	var list []string
	for i := range ix.shards {
		sh := &ix.shards[i]
		sh.mu.RLock()
		for name := range sh.rooms {
			list = append(list, name)
		}
		own := slices.Clone(sh.sockets)
		sh.mu.RUnlock()
		for _, s := range own {
			if s.Has(s.id) {
				list = append(list, s.id)
			}
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// selection is a reusable list of the sockets something is for.
type selection struct {
	sockets []*Socket
	except  []*Socket
}

var selections = sync.Pool{New: func() any { return new(selection) }}

// maxSelection is the largest list kept for reuse.
const maxSelection = 64 << 10

func (sel *selection) release() {
	if cap(sel.sockets) > maxSelection || cap(sel.except) > maxSelection {
		return
	}
	clear(sel.sockets)
	clear(sel.except)
	sel.sockets, sel.except = sel.sockets[:0], sel.except[:0]
	selections.Put(sel)
}

// pick returns the sockets of a target, each once. The list is a snapshot: nothing
// is locked while it is used. Release it.
func (ix *index) pick(rooms, except []string) *selection {
	sel := selections.Get().(*selection)
	if len(rooms) == 0 {
		for i := range ix.shards {
			sh := &ix.shards[i]
			sh.mu.RLock()
			sel.sockets = append(sel.sockets, sh.sockets...)
			sh.mu.RUnlock()
		}
	}
	for _, name := range rooms {
		sel.sockets = ix.appendMembers(sel.sockets, name)
	}
	if len(rooms) > 1 {
		slices.SortFunc(sel.sockets, bySeq)
		sel.sockets = slices.Compact(sel.sockets)
	}
	if len(except) > 0 {
		for _, name := range except {
			sel.except = ix.appendMembers(sel.except, name)
		}
		sel.subtract()
	}
	return sel
}

func bySeq(a, b *Socket) int { return cmp.Compare(a.seq, b.seq) }

func (sel *selection) subtract() {
	switch len(sel.except) {
	case 0:
		return
	case 1, 2, 3, 4:
		sel.sockets = slices.DeleteFunc(sel.sockets, func(s *Socket) bool { return slices.Contains(sel.except, s) })
	default:
		slices.SortFunc(sel.except, bySeq)
		sel.sockets = slices.DeleteFunc(sel.sockets, func(s *Socket) bool {
			_, found := slices.BinarySearchFunc(sel.except, s, bySeq)
			return found
		})
	}
}

// appendMembers appends the sockets in a room, each once.
func (ix *index) appendMembers(dst []*Socket, name string) []*Socket {
	sh := ix.shard(name)
	sh.mu.RLock()
	defer sh.mu.RUnlock()
	if s := sh.byID[name]; s != nil && s.Has(name) {
		dst = append(dst, s)
	}
	if r := sh.rooms[name]; r != nil {
		for _, m := range r.members {
			dst = append(dst, m.socket)
		}
	}
	return dst
}

// size returns how many sockets are in a room.
func (ix *index) size(name string) int {
	sh := ix.shard(name)
	sh.mu.RLock()
	defer sh.mu.RUnlock()
	n := 0
	if s := sh.byID[name]; s != nil && s.Has(name) {
		n = 1
	}
	if r := sh.rooms[name]; r != nil {
		n += len(r.members)
	}
	return n
}
