package load

import (
	"bytes"
	"fmt"
	"strconv"
	"time"
)

// Exchange is a request with an acknowledgement, the unit of all loads but the
// broadcasts.
type Exchange struct {
	// Request returns the text of request number n of a client, with the id.
	Request func(client, n, id int) string
	// Accept tells whether the arguments "[…]" of the answer to request n are right.
	Accept func(n int, args []byte) bool
}

// Echo sends data back and forth; data is JSON, encoded as any server encodes it.
func Echo(data string) Exchange {
	want := []byte("[" + data + "]")
	return Exchange{
		Request: func(_, _, id int) string { return "42" + strconv.Itoa(id) + `["echo",` + data + "]" },
		Accept:  func(_ int, args []byte) bool { return bytes.Equal(args, want) },
	}
}

// Rooms joins one of 16 rooms with each even request and leaves it with the next.
func Rooms() Exchange {
	want := []byte("[true]")
	return Exchange{
		Request: func(client, n, id int) string {
			verb := "join"
			if n%2 == 1 {
				verb = "leave"
			}
			return fmt.Sprintf(`42%d["%s","room-%02d"]`, id, verb, (client+n/2)%16)
		},
		Accept: func(_ int, args []byte) bool { return bytes.Equal(args, want) },
	}
}

// Virtual is GET /echo as sails.io.js sends it.
func Virtual() Exchange {
	return Exchange{
		Request: func(_, _, id int) string {
			return "42" + strconv.Itoa(id) + `["get",{"method":"get","headers":{},"data":{},"url":"/echo?a=1&text=hello"}]`
		},
		Accept: func(_ int, args []byte) bool {
			return bytes.Contains(args, []byte(`"statusCode":200`)) && bytes.Contains(args, []byte(`"text":"hello"`))
		},
	}
}

// Request is a virtual request of any kind; data is JSON. The answer must be of
// status 2xx and contain want.
func Request(method, url, data, want string) Exchange {
	return Exchange{
		Request: func(_, _, id int) string {
			return fmt.Sprintf(`42%d["%s",{"method":"%s","headers":{},"data":%s,"url":"%s"}]`, id, method, method, data, url)
		},
		Accept: func(_ int, args []byte) bool {
			return bytes.Contains(args, []byte(`"statusCode":2`)) && bytes.Contains(args, []byte(want))
		},
	}
}

// Counter is a sink that counts the messages beginning with Prefix.
type Counter struct {
	Prefix string
	N      int64
}

// Message implements Sink.
func (k *Counter) Message(_ *Client, p []byte) {
	if len(p) >= len(k.Prefix) && string(p[:len(k.Prefix)]) == k.Prefix {
		k.N++
	}
}

// cycle is how many requests of an exchange differ: rooms × verbs.
const cycle = 32

// closed keeps a number of requests outstanding per client. Answers to one read
// are followed by as many requests in one write.
type closed struct {
	x           Exchange
	outstanding int
	frames      [][]byte // by client%16, n%cycle, id; built once
	clients     []closedClient
	ops, wrong  int64
	waiting     int
	over        bool
}

type closedClient struct {
	sent int
	n    [maxOutstanding]int32 // request number by id; -1 is free
}

const maxOutstanding = 8

// Closed runs x on clients with the given number of outstanding requests each.
func (l *Loop) Closed(clients []*Client, x Exchange, outstanding int, w Window) (*Sample, error) {
	k := &closed{x: x, outstanding: outstanding, clients: make([]closedClient, len(clients))}
	k.frames = make([][]byte, 16*cycle*outstanding)
	SetSink(clients, k)
	for i, c := range clients {
		c.Slot = i
		c.queued = true
		for id := range maxOutstanding {
			k.clients[i].n[id] = -1
		}
		for id := range outstanding {
			k.request(c, id)
		}
		c.queued = false
		c.flush()
	}
	s, err := l.measure(w, &k.ops, nil)
	if err != nil {
		return nil, err
	}
	k.over = true
	if err := l.settleFor(answerLimit, func() bool { return k.waiting == 0 }); err != nil {
		return nil, err
	}
	s.Lost, s.Wrong = int64(k.waiting), k.wrong
	return s, nil
}

// Ask makes each client send one request of x and waits for all the answers.
func (l *Loop) Ask(clients []*Client, x Exchange) error {
	answered, wrong := 0, 0
	SetSink(clients, sinkFunc(func(_ *Client, p []byte) {
		if id, args, ok := parseAck(p); ok {
			answered++
			if !x.Accept(id, args) {
				wrong++
			}
		}
	}))
	lost := l.Lost
	deadline := time.Now().Add(time.Minute)
	for i, c := range clients {
		c.Send(Frame(nil, x.Request(i, 0, 0)))
		// A hundred at a time, so that nobody's queue overflows.
		if i%100 == 99 || i == len(clients)-1 {
			if err := l.Run(deadline, func() bool { return answered > i || l.Lost > lost }); err != nil {
				return err
			}
		}
	}
	if answered < len(clients) || wrong > 0 {
		return fmt.Errorf("load: %d of %d clients were answered, %d wrongly", answered, len(clients), wrong)
	}
	return nil
}

func (k *closed) request(c *Client, id int) {
	mine := &k.clients[c.Slot]
	n := mine.sent
	mine.sent++
	mine.n[id] = int32(n)
	at := (c.Slot%16*cycle+n%cycle)*k.outstanding + id
	frame := k.frames[at]
	if frame == nil {
		frame = Frame(nil, k.x.Request(c.Slot%16, n%cycle, id))
		k.frames[at] = frame
	}
	k.waiting++
	c.send(frame)
}

// Message implements Sink.
func (k *closed) Message(c *Client, p []byte) {
	id, args, ok := parseAck(p)
	if !ok || id >= k.outstanding || k.clients[c.Slot].n[id] < 0 {
		k.wrong++
		return
	}
	mine := &k.clients[c.Slot]
	if !k.x.Accept(int(mine.n[id]), args) {
		k.wrong++
	}
	mine.n[id] = -1
	k.ops++
	k.waiting--
	if !k.over {
		k.request(c, id)
	}
}

// parseAck cuts "43ID[…]".
func parseAck(p []byte) (id int, args []byte, ok bool) {
	if len(p) < 4 || p[0] != '4' || p[1] != '3' {
		return 0, nil, false
	}
	i := 2
	for ; i < len(p) && p[i] >= '0' && p[i] <= '9'; i++ {
		id = id*10 + int(p[i]-'0')
		if id > 1<<30 {
			return 0, nil, false
		}
	}
	return id, p[i:], i > 2
}

// Arrivals is an open loop: requests leave when a Poisson process says so, whether
// or not earlier ones were answered, and latency counts from that moment.
type Arrivals struct {
	Rate    float64 // per second
	Seed    uint64
	Measure time.Duration
	Warm    time.Duration
	CPU     func() (time.Duration, error)
}

// open sends the requests of an exchange as they arrive.
type open struct {
	x       Exchange
	due     []openClient
	latency *Histogram
	from    time.Time // requests that arrived before are not recorded
	ops     int64
	wrong   int64
	waiting int
}

type openClient struct {
	sent    int
	arrived [ring]time.Time // by id
	frame   []byte
}

// ring bounds the requests of one client that are under way.
const ring = 1024

// Open runs x on clients; the next request goes to the next client.
func (l *Loop) Open(clients []*Client, x Exchange, a Arrivals) (*Sample, error) {
	k := &open{x: x, due: make([]openClient, len(clients)), latency: new(Histogram)}
	SetSink(clients, k)
	for i, c := range clients {
		c.Slot = i
	}
	next := 0
	return l.arrivals(a, &k.from, k.latency, &k.ops, &k.wrong, &k.waiting, func(at time.Time) {
		c := clients[next]
		next = (next + 1) % len(clients)
		mine := &k.due[c.Slot]
		id := mine.sent % ring
		mine.arrived[id] = at
		mine.frame = Frame(mine.frame[:0], k.x.Request(c.Slot, mine.sent, id))
		mine.sent++
		k.waiting++
		c.Send(mine.frame)
	})
}

// Message implements Sink.
func (k *open) Message(c *Client, p []byte) {
	id, args, ok := parseAck(p)
	if !ok || id >= ring {
		k.wrong++
		return
	}
	mine := &k.due[c.Slot]
	at := mine.arrived[id]
	if at.IsZero() {
		k.wrong++
		return
	}
	if !k.x.Accept(id, args) {
		k.wrong++
	}
	mine.arrived[id] = time.Time{}
	k.waiting--
	k.ops++
	if !at.Before(k.from) {
		k.latency.Record(time.Since(at))
	}
}
