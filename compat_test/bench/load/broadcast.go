package load

import (
	"bytes"
	"fmt"
	"strings"
	"time"
)

// Broadcasts is a load of broadcasts by one client to a room of others. Each carries
// a number, and every member checks that it gets each number once and in order.
type Broadcasts struct {
	Sender  *Client
	Members []*Client // all have joined Room
	Room    string
	Size    int // bytes of data
}

// JoinRoom makes all clients join and waits for their acknowledgements.
func (l *Loop) JoinRoom(clients []*Client, room string) error {
	return l.Join(clients, func(int, int) string { return room }, 1)
}

// Join makes client i join the rooms name(i, 0…n-1).
func (l *Loop) Join(clients []*Client, name func(client, i int) string, n int) error {
	acks := 0
	SetSink(clients, sinkFunc(func(_ *Client, p []byte) {
		if bytes.HasPrefix(p, []byte("43")) {
			acks++
		}
	}))
	lost := l.Lost
	for i, c := range clients {
		for j := range n {
			c.Send(Frame(nil, fmt.Sprintf(`421["join","%s"]`, name(i, j))))
		}
		want := i * n
		// A hundred clients at a time, so that nobody's queue overflows.
		if i%100 == 99 {
			if err := l.Run(time.Now().Add(10*time.Second), func() bool { return acks >= want || l.Lost > lost }); err != nil {
				return err
			}
		}
	}
	want := len(clients) * n
	if err := l.Run(time.Now().Add(20*time.Second), func() bool { return acks >= want || l.Lost > lost }); err != nil {
		return err
	}
	if acks < want {
		return fmt.Errorf("load: %d of %d joins were acknowledged", acks, want)
	}
	return nil
}

type sinkFunc func(c *Client, p []byte)

func (f sinkFunc) Message(c *Client, p []byte) { f(c, p) }

const (
	digits   = 10   // of the number in a broadcast
	inFlight = 4096 // broadcasts that may be under way; far above what is used
	ahead    = 64   // how far out of order a delivery may be and still be recognised
)

// fan follows broadcasts and their deliveries.
type fan struct {
	b        *Broadcasts
	prefix   []byte
	frame    []byte
	filler   string
	epoch    int // distinguishes this run's event from those before
	members  []member
	received [inFlight]int // deliveries by number
	sent     uint64
	done     uint64 // all before it are delivered to everybody, or given up
	arrived  [inFlight]time.Time
	from     time.Time
	latency  *Histogram

	ops                       int64
	reordered, doubled, wrong int64
	progressed                bool // something was delivered in this turn
	progress                  time.Time
}

type member struct {
	next  uint64 // the number it waits for
	later uint64 // bit i: next+1+i has come already
}

var epochs int

func newFan(b *Broadcasts) *fan {
	epochs++
	f := &fan{b: b, epoch: epochs, members: make([]member, len(b.Members)), progress: time.Now()}
	f.prefix = fmt.Appendf(nil, `42["e%d","`, epochs)
	f.filler = strings.Repeat("x", b.Size-digits)
	for i, c := range b.Members {
		c.Slot = i
	}
	SetSink(b.Members, f)
	SetSink([]*Client{b.Sender}, sinkFunc(func(*Client, []byte) {}))
	return f
}

func (f *fan) send() {
	text := fmt.Sprintf(`42["bcast",{"room":"%s","event":"e%d","data":"%0*d%s"}]`, f.b.Room, f.epoch, digits, f.sent, f.filler)
	f.received[f.sent%inFlight] = 0
	f.sent++
	f.frame = Frame(f.frame[:0], text)
	f.b.Sender.Send(f.frame)
}

// Message implements Sink.
func (f *fan) Message(c *Client, p []byte) {
	if !bytes.HasPrefix(p, f.prefix) || len(p) != len(f.prefix)+f.b.Size+2 {
		if !bytes.HasPrefix(p, []byte(`42["e`)) { // late ones of the run before are none of ours
			f.wrong++
		}
		return
	}
	var number uint64
	for _, d := range p[len(f.prefix) : len(f.prefix)+digits] {
		number = number*10 + uint64(d-'0')
	}
	m := &f.members[c.Slot]
	switch gap := number - m.next; {
	case number >= f.sent:
		f.wrong++
		return
	case number < m.next:
		f.doubled++
		return
	case gap == 0:
		m.next++
		for m.later&1 != 0 {
			m.later >>= 1
			m.next++
		}
		m.later >>= 1
	case gap > ahead || m.later&(1<<(gap-1)) != 0:
		f.doubled++
		return
	default:
		f.reordered++
		m.later |= 1 << (gap - 1)
	}
	f.ops++
	f.progressed = true
	slot := number % inFlight
	f.received[slot]++
	if f.latency != nil && !f.arrived[slot].Before(f.from) {
		f.latency.Record(time.Since(f.arrived[slot]))
	}
	f.advance()
}

func (f *fan) advance() {
	for f.done < f.sent && f.received[f.done%inFlight] >= len(f.members) {
		f.done++
	}
}

// lost counts the deliveries of finished broadcasts that never came.
func (f *fan) lost() int64 {
	var n int64
	for i := range f.members {
		m := &f.members[i]
		n += int64(f.sent - m.next)
		for later := m.later; later != 0; later &= later - 1 {
			n--
		}
	}
	return n
}

// giveUp is how long nothing may come before the rest of the broadcasts that are
// under way counts as lost.
const giveUp = 300 * time.Millisecond

// Fan runs broadcasts with the given number in flight. Its operations are deliveries.
func (l *Loop) Fan(b *Broadcasts, outstanding int, w Window) (*Sample, error) {
	f := newFan(b)
	s, err := l.measure(w, &f.ops, func() {
		switch now := time.Now(); {
		case f.progressed:
			f.progressed, f.progress = false, now
		case f.done < f.sent && now.Sub(f.progress) > giveUp: // lost for good
			f.done, f.progress = f.sent, now
		}
		for f.sent-f.done < uint64(outstanding) {
			f.send()
		}
	})
	if err != nil {
		return nil, err
	}
	return s, f.finish(l, s)
}

// OpenFan sends broadcasts as they arrive; latency is that of deliveries, a.Rate
// that of broadcasts.
func (l *Loop) OpenFan(b *Broadcasts, a Arrivals) (*Sample, error) {
	f := newFan(b)
	f.latency = new(Histogram)
	var wrong int64
	waiting := 0
	s, err := l.arrivals(a, &f.from, f.latency, &f.ops, &wrong, &waiting, func(at time.Time) {
		if f.sent-f.done >= inFlight {
			f.done++
		}
		f.arrived[f.sent%inFlight] = at
		f.send()
	})
	if err != nil {
		return nil, err
	}
	return s, f.finish(l, s)
}

func (f *fan) finish(l *Loop, s *Sample) error {
	if err := l.settle(func() bool { return f.done == f.sent }); err != nil {
		return err
	}
	s.Lost, s.Reordered, s.Doubled, s.Wrong = f.lost(), f.reordered, f.doubled, f.wrong
	return nil
}

// JoinNamespaces makes each client join n namespaces, "/n-" and a number from first on.
func (l *Loop) JoinNamespaces(clients []*Client, first, n int) error {
	joined := 0
	SetSink(clients, sinkFunc(func(_ *Client, p []byte) {
		if bytes.HasPrefix(p, []byte("40/n-")) {
			joined++
		}
	}))
	lost := l.Lost
	for i, c := range clients {
		for j := range n {
			c.Send(Frame(nil, fmt.Sprintf("40/n-%d,", first+j)))
		}
		want := i * n
		if err := l.Run(time.Now().Add(10*time.Second), func() bool { return joined >= want || l.Lost > lost }); err != nil {
			return err
		}
	}
	want := len(clients) * n
	if err := l.Run(time.Now().Add(20*time.Second), func() bool { return joined >= want || l.Lost > lost }); err != nil {
		return err
	}
	if joined < want {
		return fmt.Errorf("load: %d of %d namespaces were joined", joined, want)
	}
	return nil
}
