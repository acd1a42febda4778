package socketio

import (
	"fmt"
	"runtime"
	"sync"
	"testing"
)

// benchCrowd are sockets that nobody has connected: they have ids and rooms.
func benchCrowd(n int) []*Socket {
	crowd := make([]*Socket, n)
	for i := range crowd {
		crowd[i] = &Socket{ns: new(Namespace), id: fmt.Sprintf("socket-%013d", i)}
	}
	return crowd
}

func (ix *index) joinAll(crowd []*Socket, name string) {
	for len(crowd) > 0 {
		some := crowd[:min(len(crowd), maxCrowd)]
		_, _ = ix.join(some, name, unlimited, len(crowd), nil)
		crowd = crowd[len(some):]
	}
}

// BenchmarkCrowd is the creation of a record that all who watch its model are subscribed
// to: a room that is new, of sockets that have 100 others; then its end.
func BenchmarkCrowd(b *testing.B) {
	for _, n := range []int{1, 100, 10_000} {
		ix, crowd := new(index), benchCrowd(n)
		for i := range 200 { // the sets have grown, so that all rounds allocate alike
			ix.joinAll(crowd, fmt.Sprint("record-", i))
		}
		for i := 100; i < 200; i++ {
			ix.leave(crowd, fmt.Sprint("record-", i), nil)
		}
		perSocket := func(b *testing.B) {
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/socket")
		}
		b.Run(fmt.Sprintf("sockets=%d/join+leave", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				ix.joinAll(crowd, "record-new")
				ix.leave(crowd, "record-new", nil)
			}
			perSocket(b)
		})
		b.Run(fmt.Sprintf("sockets=%d/join", n), func(b *testing.B) {
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				ix.joinAll(crowd, fmt.Sprint("more-", i))
				if i++; i == 100 { // or the sets would grow with the time there is
					b.StopTimer()
					for ; i > 0; i-- {
						ix.leave(crowd, fmt.Sprint("more-", i-1), nil)
					}
					b.StartTimer()
				}
			}
			perSocket(b)
		})
	}
}

// BenchmarkPick is the list of a room's members, which a broadcast walks.
func BenchmarkPick(b *testing.B) {
	for _, n := range []int{1, 100, 10_000} {
		b.Run(fmt.Sprintf("members=%d", n), func(b *testing.B) {
			ix, crowd, rooms := new(index), benchCrowd(n), []string{"room"}
			ix.joinAll(crowd, "room")
			b.ReportAllocs()
			for b.Loop() {
				ix.pick(rooms, nil).release()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/socket")
		})
	}
}

// BenchmarkLeaveAll is the end of a socket in rooms of ten, with them.
func BenchmarkLeaveAll(b *testing.B) {
	for _, rooms := range []int{1, 10, 100} {
		b.Run(fmt.Sprintf("rooms=%d", rooms), func(b *testing.B) {
			ix, crowd := new(index), benchCrowd(10)
			names := make([]string, rooms)
			for i := range names {
				names[i] = fmt.Sprint("room-", i)
				ix.joinAll(crowd[1:], names[i])
			}
			leaving := crowd[:1]
			b.ReportAllocs()
			for b.Loop() {
				leaving[0].state = stateOpen
				for _, name := range names {
					_, _ = ix.join(leaving, name, unlimited, 1, nil)
				}
				leaving[0].state = stateClosed
				ix.vacate(leaving[0], nil)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(rooms), "ns/room")
		})
	}
}

// BenchmarkMembership is the memory of a membership of sockets in rooms of ten, all of
// the index counted, and the time of the join.
func BenchmarkMembership(b *testing.B) {
	for _, rooms := range []int{1, 10, 100} {
		b.Run(fmt.Sprintf("rooms=%d", rooms), func(b *testing.B) {
			crowd := benchCrowd(1000)
			for b.Loop() {
				ix := new(index)
				before := liveHeap()
				for i := range rooms {
					for k := range crowd {
						_, _ = ix.join(crowd[k:k+1], fmt.Sprintf("room-%d-%d", k/10, i), unlimited, 1, nil)
					}
				}
				b.ReportMetric(float64(liveHeap()-before)/1000/float64(rooms), "B/membership")
				for _, s := range crowd {
					s.rooms = nil
				}
				runtime.KeepAlive(ix)
			}
		})
	}
}

func liveHeap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// BenchmarkContention is who waits when all processors join and leave: the same room, or
// one of 64 each.
func BenchmarkContention(b *testing.B) {
	for _, rooms := range []int{1, 64} {
		b.Run(fmt.Sprintf("rooms=%d", rooms), func(b *testing.B) {
			ix := new(index)
			names := make([]string, rooms)
			for i := range names {
				names[i] = fmt.Sprint("room-", i)
				ix.joinAll(benchCrowd(10), names[i])
			}
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				self := benchCrowd(1)
				for i := 0; pb.Next(); i++ {
					_, _ = ix.join(self, names[i%rooms], unlimited, 1, nil)
					ix.leave(self, names[i%rooms], nil)
				}
			})
		})
	}
}

// plainIndex is what the index is compared with: maps of maps, both ways, under one
// mutex, as one would write it first and as the JavaScript server has it.
type plainIndex struct {
	mu      sync.Mutex
	members map[string]map[*Socket]struct{}
	rooms   map[*Socket]map[string]struct{}
}

func newPlainIndex() *plainIndex {
	return &plainIndex{members: map[string]map[*Socket]struct{}{}, rooms: map[*Socket]map[string]struct{}{}}
}

func (ix *plainIndex) join(s *Socket, name string) {
	ix.mu.Lock()
	defer ix.mu.Unlock()
	if ix.members[name] == nil {
		ix.members[name] = map[*Socket]struct{}{}
	}
	ix.members[name][s] = struct{}{}
	if ix.rooms[s] == nil {
		ix.rooms[s] = map[string]struct{}{}
	}
	ix.rooms[s][name] = struct{}{}
}

func (ix *plainIndex) leave(s *Socket, name string) {
	ix.mu.Lock()
	defer ix.mu.Unlock()
	delete(ix.rooms[s], name)
	delete(ix.members[name], s)
	if len(ix.members[name]) == 0 {
		delete(ix.members, name)
	}
}

func (ix *plainIndex) pick(name string, dst []*Socket) []*Socket {
	ix.mu.Lock()
	defer ix.mu.Unlock()
	for s := range ix.members[name] {
		dst = append(dst, s)
	}
	return dst
}

// BenchmarkPlainIndex is what the benchmarks above take with a plainIndex.
func BenchmarkPlainIndex(b *testing.B) {
	for _, n := range []int{100, 10_000} {
		ix, crowd := newPlainIndex(), benchCrowd(n)
		joinAll := func(name string) {
			for _, s := range crowd {
				ix.join(s, name)
			}
		}
		for i := range 100 {
			joinAll(fmt.Sprint("record-", i))
		}
		b.Run(fmt.Sprintf("crowd/sockets=%d/join+leave", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				joinAll("record-new")
				for _, s := range crowd {
					ix.leave(s, "record-new")
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/socket")
		})
		b.Run(fmt.Sprintf("pick/members=%d", n), func(b *testing.B) {
			var list []*Socket
			for b.Loop() {
				list = ix.pick("record-7", list[:0])
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/socket")
		})
	}
	for _, rooms := range []int{1, 10, 100} {
		b.Run(fmt.Sprintf("membership/rooms=%d", rooms), func(b *testing.B) {
			crowd := benchCrowd(1000)
			for b.Loop() {
				before := liveHeap()
				ix := newPlainIndex()
				for i := range rooms {
					for k, s := range crowd {
						ix.join(s, fmt.Sprintf("room-%d-%d", k/10, i))
					}
				}
				b.ReportMetric(float64(liveHeap()-before)/1000/float64(rooms), "B/membership")
				runtime.KeepAlive(ix)
			}
		})
	}
	b.Run("contention/rooms=64", func(b *testing.B) {
		ix, resident := newPlainIndex(), benchCrowd(10)
		names := make([]string, 64)
		for i := range names {
			names[i] = fmt.Sprint("room-", i)
			for _, s := range resident {
				ix.join(s, names[i])
			}
		}
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			self := benchCrowd(1)[0]
			for i := 0; pb.Next(); i++ {
				ix.join(self, names[i%64])
				ix.leave(self, names[i%64])
			}
		})
	})
}
