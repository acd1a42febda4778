package engineio_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-sails/sails/engineio"
	"github.com/go-sails/sails/internal/wsconn"
)

// TestSession_Model plays random interleavings of polling, upgrading, sending,
// receiving, time and closing, and holds what both sides saw against a model: a
// session delivers a prefix of what each side sent, in order and once, everything
// when it ends in good order; one OnClose comes last; nothing stays behind
// (spec sheet 1.9 to 1.11, SEC-8, SEC-54, SEC-90).
func TestSession_Model(t *testing.T) {
	const rounds = 150
	for seed := range uint64(rounds) {
		synctest.Test(t, func(t *testing.T) { playModel(t, seed) })
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

// modelClient is a well-behaved client that may be cut off anywhere.
type modelClient struct {
	t     *testing.T
	r     *rig
	q     string
	ws    *ws
	up    bool // the WebSocket has taken over
	sent  int
	mu    sync.Mutex
	heard []string // guarded by mu
	ended bool     // guarded by mu
}

func (c *modelClient) take(payload string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for p := range strings.SplitSeq(payload, "\x1e") {
		switch {
		case strings.HasPrefix(p, "4"):
			c.heard = append(c.heard, p[1:])
		case p == "1", strings.HasPrefix(p, "{"), p == "":
			c.ended = true
		}
	}
}

func (c *modelClient) over() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ended
}

func (c *modelClient) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ended = true
}

// poll polls until stop, the end, or the answer is a noop.
func (c *modelClient) poll(stop func() bool) {
	for !stop() && !c.over() {
		a, err := c.r.do("GET", c.q, "")
		if err != nil || a.status != 200 {
			c.end()
			return
		}
		if a.body == "2" {
			_, _ = c.r.do("POST", c.q, "3")
		}
		c.take(a.body)
	}
}

func (c *modelClient) post() {
	body := fmt.Sprint("4", c.sent)
	if a, err := c.r.do("POST", c.q, body); err == nil && a.status == 200 {
		c.sent++
		return
	}
	c.end()
}

func (c *modelClient) read() {
	for {
		f := c.ws.read(time.Hour)
		switch {
		case f == "2":
			c.write("3")
		case f == "eof" || f == "timeout" || strings.HasPrefix(f, "close") || strings.HasPrefix(f, "error"):
			c.end()
			return
		default:
			c.take(f)
		}
	}
}

func (c *modelClient) write(frame string) bool {
	_, err := c.ws.conn.Write(wsconn.AppendMasked(nil, wsconn.OpText, []byte(frame), wsconn.NewMask()))
	return err == nil
}

// upgrade goes through the dance, and gives up half-way when the dice say so.
func (c *modelClient) upgrade(giveUp int) {
	w, _, err := c.r.dialWS(strings.Replace(c.q, "polling", "websocket", 1))
	if err != nil || giveUp == 0 {
		if w != nil {
			w.conn.Close()
		}
		return
	}
	c.ws = w
	if !c.write("2probe") || w.read(time.Minute) != "3probe" || giveUp == 1 {
		w.conn.Close()
		return
	}
	var polls sync.WaitGroup
	done := false
	var mu sync.Mutex
	polls.Go(func() {
		c.poll(func() bool { mu.Lock(); defer mu.Unlock(); return done })
	})
	mu.Lock()
	done = true // the poll under way is the last
	mu.Unlock()
	polls.Wait()
	if giveUp == 2 || c.over() {
		w.conn.Close()
		return
	}
	if c.write("5") {
		c.up = true
	}
}

func playModel(t *testing.T, seed uint64) {
	rnd := rand.New(rand.NewPCG(seed, 1))
	h := newRecorder()
	r := newPipeRig(t, h, engineio.Config{PingInterval: 20 * time.Second})
	q, _ := r.open(4)
	s := <-h.opened
	c := &modelClient{t: t, r: r, q: q}

	// The server's side: sends, pauses, and perhaps closes.
	count, closeAt := 5+rnd.IntN(40), -1
	if rnd.IntN(3) == 0 {
		closeAt = rnd.IntN(count)
	}
	pauses := make([]time.Duration, count)
	for i := range pauses {
		if rnd.IntN(4) == 0 {
			pauses[i] = time.Duration(rnd.IntN(200)) * time.Millisecond
		}
	}
	accepted := make(chan int, 1)
	go func() {
		n := 0
		for i := range count {
			if i == closeAt {
				s.Close(engineio.ForcedClose)
			}
			if s.Send(engineio.Text(fmt.Sprint(i))) == nil {
				n++
			}
			time.Sleep(pauses[i])
		}
		accepted <- n
	}()

	// The client's side.
	for range rnd.IntN(4) {
		c.post()
	}
	giveUp := rnd.IntN(6) // 3 and more go through with it
	c.upgrade(giveUp)
	var reading sync.WaitGroup
	if c.up {
		reading.Go(c.read)
	} else {
		reading.Go(func() { c.poll(func() bool { return false }) })
	}
	for range rnd.IntN(8) {
		if c.over() {
			break
		}
		if c.up {
			if c.write(fmt.Sprint("4", c.sent)) {
				c.sent++
			}
		} else {
			c.post()
		}
		time.Sleep(time.Duration(rnd.IntN(300)) * time.Millisecond)
	}
	want := <-accepted
	time.Sleep(time.Second) // whatever is on its way arrives
	if closeAt < 0 {
		s.Close(engineio.ForcedClose)
	}
	var reason engineio.CloseReason
	select {
	case reason = <-h.closed:
	case <-time.After(2 * time.Minute):
		t.Fatalf("seed %d: never closed", seed)
	}
	if c.up {
		c.ws.conn.Close()
	}
	reading.Wait()

	c.mu.Lock()
	defer c.mu.Unlock()
	for i, got := range c.heard {
		if got != fmt.Sprint(i) {
			t.Fatalf("seed %d: the client heard %q at place %d", seed, got, i)
		}
	}
	if reason == engineio.ForcedClose && len(c.heard) != want {
		t.Fatalf("seed %d: the client heard %d of %d messages (upgraded: %v, closed at %d)", seed, len(c.heard), want, c.up, closeAt)
	}
	if reason != engineio.ForcedClose {
		t.Fatalf("seed %d: ended with %q", seed, reason)
	}
	for i := range len(h.got) {
		if got := <-h.got; got != fmt.Sprint(i) {
			t.Fatalf("seed %d: the server heard %q at place %d", seed, got, i)
		}
	}
	if len(h.closed) != 0 {
		t.Fatalf("seed %d: OnClose came twice", seed)
	}
	if err := s.Send(engineio.Text("late")); err == nil {
		t.Fatalf("seed %d: a closed session took a message", seed)
	}
}
