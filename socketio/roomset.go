package socketio

import "slices"

// roomSet are the rooms of one socket; guarded by the socket's mu. A nil one is empty.
//
// A short one is a list. A longer one is a hash table with open addressing and linear
// probing whose places are in the order of the hashes, so that it may be of any size and
// growing it reads and writes from front to back. It asks no room for its hash. It is
// between 3/5 and 4/5 full while it grows: memory counts more here than a few probes of
// neighbours.
type roomSet struct {
	entries []entry  // a list in front, or the table
	n       int32    // how many are used
	first   [1]entry // what entries begins with
}

// entry is a socket's half of a membership, 16 bytes.
type entry struct {
	room  *room  // nil in a free place of the table
	place uint32 // of the socket in room.members; written under the shard's mu as well
	hash  uint32 // the room's
}

// listed is how many rooms a list may have.
const listed = 16

func (rs *roomSet) len() int {
	if rs == nil {
		return 0
	}
	return int(rs.n)
}

func (rs *roomSet) isList() bool { return len(rs.entries) <= listed }

// home is where a hash belongs in a table of some size.
func home(hash uint32, size int) int { return int(uint64(hash) * uint64(size) >> 32) }

// find returns the slot of a room, or the one where it may be added.
func (rs *roomSet) find(r *room) (slot int, found bool) {
	if rs == nil {
		return 0, false
	}
	if rs.isList() {
		for i := range rs.entries[:rs.n] {
			if rs.entries[i].room == r {
				return i, true
			}
		}
		return int(rs.n), false
	}
	slot = home(r.hash, len(rs.entries))
	for rs.entries[slot].room != nil {
		if rs.entries[slot].room == r {
			return slot, true
		}
		if slot++; slot == len(rs.entries) {
			slot = 0
		}
	}
	return slot, false
}

// add adds a room at the slot that find has returned.
func (rs *roomSet) add(slot int, r *room, place int) {
	if rs.reserve() {
		slot, _ = rs.find(r)
	}
	rs.entries[slot] = entry{room: r, place: uint32(place), hash: r.hash}
	rs.n++
}

// reserve has a free slot for another room; true when it had to grow.
func (rs *roomSet) reserve() bool {
	n, size := int(rs.n), len(rs.entries)
	switch {
	case size == 0:
		rs.entries = rs.first[:]
	case size < listed && n == size:
		rs.rebuild(min(size+max(size/3, 1), listed))
	case size == listed && n == size, size > listed && n >= size/5*4:
		rs.rebuild(size + size/3)
	default:
		return false
	}
	return true
}

// rebuild makes the set that large, or a little larger where no memory is lost by it.
func (rs *roomSet) rebuild(size int) {
	old := rs.entries
	if size <= listed {
		rs.entries = make([]entry, size)
	} else {
		fresh := slices.Grow([]entry(nil), size)
		rs.entries = fresh[:cap(fresh)]
		clear(rs.entries)
	}
	n := 0
	for _, e := range old {
		if e.room == nil {
			continue
		}
		slot := n
		if size > listed {
			slot = rs.free(e.hash)
		}
		rs.entries[slot] = e
		n++
	}
	rs.first[0] = entry{} // old may have been it
}

// free returns the slot of the table where a room may be added that is not in it.
func (rs *roomSet) free(hash uint32) int {
	slot := home(hash, len(rs.entries))
	for rs.entries[slot].room != nil {
		if slot++; slot == len(rs.entries) {
			slot = 0
		}
	}
	return slot
}

// remove frees a slot and returns the socket's place in the room's list.
func (rs *roomSet) remove(slot int) (place int) {
	place = int(rs.entries[slot].place)
	rs.n--
	if rs.isList() {
		last := int(rs.n)
		rs.entries[slot] = rs.entries[last]
		rs.entries[last] = entry{}
		return place
	}
	rs.close(slot)
	if size := len(rs.entries); int(rs.n) < size/6 {
		rs.rebuild(max(size/3, listed))
	}
	return place
}

// close empties a slot of the table and moves up who would not be found behind it.
func (rs *roomSet) close(free int) {
	size := len(rs.entries)
	for i := free; ; {
		if i++; i == size {
			i = 0
		}
		e := rs.entries[i]
		if e.room == nil {
			break
		}
		// It may stay when it belongs between the free slot and its own, the latter included.
		belongs := home(e.hash, size)
		stays := free < belongs && belongs <= i
		if free > i { // around the end
			stays = free < belongs || belongs <= i
		}
		if !stays {
			rs.entries[free] = e
			free = i
		}
	}
	rs.entries[free] = entry{}
}

// move notes another place of the socket in the list of a room. The caller holds the
// shard's mu too.
func (rs *roomSet) move(slot, place int) { rs.entries[slot].place = uint32(place) }

// slots is how many slots there are, used or not; at returns the room in one, nil for
// none, and place the socket's place in its list.
func (rs *roomSet) slots() int {
	if rs == nil {
		return 0
	}
	return len(rs.entries)
}

func (rs *roomSet) at(slot int) *room  { return rs.entries[slot].room }
func (rs *roomSet) place(slot int) int { return int(rs.entries[slot].place) }

func (rs *roomSet) each(do func(*room)) {
	for slot := range rs.slots() {
		if r := rs.at(slot); r != nil {
			do(r)
		}
	}
}
