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
		for i := range 100 {
			ix.joinAll(crowd, fmt.Sprint("record-", i))
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
				if i++; i%100 == 0 { // or the sets would grow with the time there is
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
	for _, rooms := range []int{1, 10, 100, 900} {
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
			var mu sync.Mutex
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				mu.Lock()
				self := benchCrowd(1)
				mu.Unlock()
				for i := 0; pb.Next(); i++ {
					_, _ = ix.join(self, names[i%rooms], unlimited, 1, nil)
					ix.leave(self, names[i%rooms], nil)
				}
			})
		})
	}
}
