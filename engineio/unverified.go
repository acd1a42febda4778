package engineio

import (
	"sync"
	"time"
)

// unverified lists connections whose last read brought less than it could have, so
// that an end of stream may have come with it unseen. Looking once per tick of the
// wheel is far cheaper than a read that finds nothing after every read that does;
// the price is that such an end, of a client that sent and vanished in one moment
// and to which nothing is written, is seen up to a tick later.
//
// A connection is listed once between two checks, and only then is the lock taken: it
// would be the one that all readers share. Who finds the mark of another read knows
// that the check is still to come, since it removes the mark before it looks.
type unverified struct {
	mu    sync.Mutex
	list  []*wsTransport // guarded by mu
	spare []*wsTransport // of check alone
}

func (u *unverified) add(t *wsTransport) {
	if t.unsure.Load() || t.unsure.Swap(true) {
		return
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.list = append(u.list, t)
}

// check has the readers of ended streams wake up.
func (u *unverified) check() {
	u.mu.Lock()
	list := u.list
	u.list = u.spare[:0]
	u.mu.Unlock()
	for i, t := range list {
		list[i] = nil
		t.unsure.Store(false) // before looking: what is read from here on is for the next check
		if t.raw.atEnd() {
			_ = t.conn.SetReadDeadline(time.Unix(1, 0))
		}
	}
	if cap(list) > 4096 {
		list = nil
	}
	u.spare = list[:0]
}
