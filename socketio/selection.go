package socketio

import (
	"cmp"
	"slices"
	"sync"
)

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
			sh.mu.Lock()
			sel.sockets = append(sel.sockets, sh.sockets...)
			sh.mu.Unlock()
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
	sh.mu.Lock()
	defer sh.mu.Unlock()
	if s := sh.byID[name]; s != nil && s.Has(name) {
		dst = append(dst, s)
	}
	if r := sh.rooms[name]; r != nil {
		dst = append(dst, r.members...)
	}
	return dst
}
