package engineio

import (
	"sync"
	"sync/atomic"
	"time"
)

// wheelSlots is how many ticks the wheel looks ahead; later deadlines go round.
const wheelSlots = 256

// wheel is one coarse timer for all sessions of a server: an entry costs no
// allocation and no runtime timer, and its deadline may move later without being
// told. Its goroutine exists only while there are entries.
type wheel struct {
	tick   time.Duration
	start  time.Time
	onTick func() // called with every tick, without locks

	mu      sync.Mutex
	slots   [wheelSlots]*timer // intrusive lists; guarded by mu
	entries int                // guarded by mu
	now     int64              // the last tick handled; guarded by mu
	running bool               // guarded by mu
	over    chan struct{}      // closed by close
	lately  atomic.Int64       // elapsed at the last tick, for who does not need it more exactly
}

// timer is an entry of the wheel, embedded in what it wakes.
type timer struct {
	next, prev *timer
	at         int64 // tick it is looked at; guarded by wheel.mu
	slot       int16 // where it is listed
	listed     bool
	session    *Session
}

func (w *wheel) init(shortest time.Duration) {
	w.tick = min(max(shortest/100, time.Millisecond), 250*time.Millisecond)
	w.start = time.Now()
	w.over = make(chan struct{})
}

// close ends the wheel; no entry is woken afterwards. It is called once.
func (w *wheel) close() { close(w.over) }

// set arranges that the session's onTimer is called d after now, at most one tick
// late, unless set or stop is called before. now is what elapsed says.
func (w *wheel) set(t *timer, now, d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.unlist(t)
	if w.entries == 0 {
		w.now = int64(now / w.tick) // nothing was missed while there was nothing
	}
	t.at = int64((now+d)/w.tick) + 1
	w.list(t)
	w.entries++
	if !w.running {
		w.running = true
		go w.run()
	}
}

func (w *wheel) stop(t *timer) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.unlist(t)
}

func (w *wheel) list(t *timer) {
	t.at = max(t.at, w.now+1)
	t.slot = int16(t.at % wheelSlots)
	t.prev, t.next = nil, w.slots[t.slot]
	if t.next != nil {
		t.next.prev = t
	}
	w.slots[t.slot] = t
	t.listed = true
}

func (w *wheel) unlist(t *timer) {
	if !t.listed {
		return
	}
	if t.prev != nil {
		t.prev.next = t.next
	} else {
		w.slots[t.slot] = t.next
	}
	if t.next != nil {
		t.next.prev = t.prev
	}
	t.next, t.prev, t.listed = nil, nil, false
	w.entries--
}

func (w *wheel) run() {
	ticker := time.NewTicker(w.tick)
	defer ticker.Stop()
	var due []*Session // reused
	for {
		select {
		case <-ticker.C:
		case <-w.over:
			return
		}
		w.mu.Lock()
		if w.entries == 0 {
			w.running = false
			w.mu.Unlock()
			return
		}
		elapsed := w.elapsed()
		w.lately.Store(int64(elapsed))
		for now := int64(elapsed / w.tick); w.now < now; {
			w.now++
			for t := w.slots[w.now%wheelSlots]; t != nil; {
				next := t.next
				if t.at <= w.now {
					w.unlist(t)
					due = append(due, t.session)
				}
				t = next
			}
		}
		w.mu.Unlock()
		w.onTick()
		for i, s := range due {
			due[i] = nil
			s.onTimer()
		}
		due = due[:0]
	}
}

// elapsed is the wheel's clock.
func (w *wheel) elapsed() time.Duration { return time.Since(w.start) }
