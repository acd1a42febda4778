package socketio

import (
	"fmt"
	"hash/maphash"
	"math/rand/v2"
	"testing"
)

// The set of a socket's rooms agrees with a map through growing and shrinking, in its
// list and in its table, whose probes run around the end.
func TestRoomSet_Model(t *testing.T) {
	for _, hashes := range []struct {
		name string
		of   func(i int) uint32
	}{
		{"spread", func(i int) uint32 { return uint32(maphash.Comparable(seed, i)) }},
		{"all alike", func(int) uint32 { return 1 << 31 }},
		{"at the end", func(i int) uint32 { return ^uint32(i % 3) }},
	} {
		t.Run(hashes.name, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(3, 4))
			rooms := make([]*room, 400)
			for i := range rooms {
				rooms[i] = &room{name: fmt.Sprint(i), hash: hashes.of(i)}
			}
			rs, model := new(roomSet), map[*room]int{}
			for step := range 60_000 {
				r := rooms[rng.IntN(1+step%len(rooms))]
				slot, in := rs.find(r)
				place, want := model[r]
				if in != want || in && rs.place(slot) != place {
					t.Fatalf("step %d: room %s: found %v at %d, want %v at %d", step, r.name, in, slot, want, place)
				}
				// Three phases: it grows, stays, shrinks.
				grows := rng.IntN(10) < []int{8, 5, 1}[step/5_000%3]
				switch {
				case in && !grows:
					if got := rs.remove(slot); got != place {
						t.Fatalf("step %d: removed place %d, want %d", step, got, place)
					}
					delete(model, r)
				case in:
					rs.move(slot, step)
					model[r] = step
				case grows:
					if rng.IntN(2) == 0 {
						rs.reserve()
						slot, _ = rs.find(r)
					}
					rs.add(slot, r, step)
					model[r] = step
				}
				if rs.len() != len(model) {
					t.Fatalf("step %d: %d rooms, want %d", step, rs.len(), len(model))
				}
				if step%500 == 0 {
					seen := map[*room]bool{}
					rs.each(func(r *room) { seen[r] = true })
					if len(seen) != len(model) {
						t.Fatalf("step %d: iterated over %d rooms of %d", step, len(seen), len(model))
					}
				}
			}
			for r := range model {
				slot, _ := rs.find(r)
				rs.remove(slot)
			}
			if rs.len() != 0 || rs.slots() > 3*listed {
				t.Errorf("%d rooms left in %d slots", rs.len(), rs.slots())
			}
		})
	}
}

// SEC-57: in a crowd, who is over the limit or closed is refused alone.
func TestIndex_CrowdRefusals(t *testing.T) {
	ix := new(index)
	crowd := make([]*Socket, 300)
	for i := range crowd {
		crowd[i] = &Socket{id: fmt.Sprintf("socket-%d", i)}
	}
	if created, err := ix.join(crowd[:20], "first", 1, 20, nil); !created || err != nil {
		t.Fatalf("created %v, error %v", created, err)
	}
	crowd[299].state = stateClosed
	var joined []*Socket
	if _, err := ix.join(crowd[:299], "second", 1, 300, &joined); err != ErrTooManyRooms {
		t.Errorf("error %v", err)
	}
	if _, err := ix.join(crowd[299:], "second", 1, 1, &joined); err != ErrClosed {
		t.Errorf("error %v", err)
	}
	if len(joined) != 279 || ix.size("second") != 279 || ix.size("first") != 20 {
		t.Errorf("%d joined, %d are in it, %d in the first", len(joined), ix.size("second"), ix.size("first"))
	}
	// Nobody could join: there is no such room.
	if created, err := ix.join(crowd[:300], "third", 1, 300, nil); created || err == nil || ix.size("third") != 0 || len(ix.names()) != 2 {
		t.Errorf("created %v, error %v, rooms %q", created, err, ix.names())
	}
	var left []*Socket
	if deleted := ix.leave(crowd, "second", &left); !deleted || len(left) != 279 {
		t.Errorf("deleted %v, %d left", deleted, len(left))
	}
}
