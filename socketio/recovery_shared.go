package socketio

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// sharedLog is the part of a recoveryLog that is there when a LogAdapter has the log.
// The entries kept in this process are then a copy of its end.
//
// Clients remember one offset, so every node sends events in the order of the log: an
// event of this node's own is sent to its sockets when it comes back from the log. When
// that fails, or takes too long, it is sent all the same, without an offset.
//
// All fields are guarded by the recoveryLog's mu.
type sharedLog struct {
	l       *recoveryLog
	adapter LogAdapter
	nd      *node
	saver   serial // has a lock of its own

	known   bool        // the log is followed
	floor   string      // all events after it were seen, the older of them dropped since
	last    string      // the last event, or floor
	serial  uint64      // of the last own event
	handled uint64      // own events up to it were sent
	pending []*ownEvent // own events that were not, in order
	late    *time.Timer // runs while there are any
	grown   chan struct{}
}

// ownEvent is an event of this node on its way through the log.
type ownEvent struct {
	serial      uint64
	target      Target
	list        []byte
	attachments [][]byte
	sole        *Socket // the only one it is for, on this node
	flushed     bool    // sole has it
	at          time.Time
	err         error // set before done is closed
	done        chan struct{}
}

const (
	// maxOwn bounds the own events on their way.
	maxOwn = 16_384
	// ownPatience is how long an event that is in the log is waited for.
	ownPatience = time.Second
	// savers is how many states are saved at a time.
	savers = 32
)

// shared is nil when the log is this process' own, or recovery is off.
func (n *Namespace) shared() *sharedLog {
	if n.log == nil {
		return nil
	}
	return n.log.shared
}

// newSharedLog makes the adapter's log that of the namespace.
func newSharedLog(nd *node, a LogAdapter) {
	l := nd.ns.log
	l.shared = &sharedLog{l: l, adapter: a, nd: nd, saver: serial{srv: nd.ns.srv, limit: maxOutbox, width: savers}}
}

// emit puts an event into the log; false when the log is not followed yet. What
// returns is done when the sockets of this node have it.
func (sh *sharedLog) emit(t Target, list []byte, attachments [][]byte, sole *Socket) (*ownEvent, bool) {
	x := &ownEvent{target: t, list: slices.Clone(list), attachments: attachments, sole: sole, at: time.Now(), done: make(chan struct{})}
	sh.l.mu.Lock()
	defer sh.l.mu.Unlock()
	if !sh.known {
		return nil, false
	}
	sh.serial++
	x.serial = sh.serial
	if len(sh.pending) >= maxOwn {
		sh.settle(sh.pending[0].serial, "")
	}
	sh.pending = append(sh.pending, x)
	x.err = sh.adapter.Append(&ClusterMessage{
		UID: sh.nd.uid, Namespace: sh.nd.ns.name, Type: ClusterBroadcast, Target: t, Data: x.list, Attachments: attachments, Serial: x.serial,
	}, func(_ string, err error) {
		if err == nil {
			return // it comes back
		}
		sh.l.mu.Lock()
		defer sh.l.mu.Unlock()
		if sh.handled < x.serial {
			x.err = err
			sh.settle(x.serial, "")
		}
	})
	if x.err != nil {
		sh.settle(x.serial, "")
	} else {
		sh.watch()
	}
	return x, true
}

// broadcast is emit that waits.
func (sh *sharedLog) broadcast(ctx context.Context, t Target, list []byte, attachments [][]byte) (done bool, err error) {
	x, ok := sh.emit(t, list, attachments, nil)
	if !ok {
		return false, nil
	}
	select {
	case <-x.done:
		if x.err != nil {
			return true, fmt.Errorf("socketio: adapter: %w", x.err)
		}
		return true, nil
	case <-ctx.Done():
		return true, fmt.Errorf("socketio: adapter: %w", context.Cause(ctx))
	}
}

// settle sends the own events up to one, which is at offset when it is in the log. The
// caller holds mu.
func (sh *sharedLog) settle(serial uint64, offset string) {
	for len(sh.pending) > 0 && sh.pending[0].serial <= serial {
		x := sh.pending[0]
		sh.pending[0] = nil
		sh.pending = sh.pending[1:]
		at := ""
		if x.serial == serial {
			at = offset
		}
		if err := sh.send(x, at); err != nil {
			sh.nd.bad(&ClusterMessage{Type: ClusterBroadcast}, err)
		}
		close(x.done)
	}
	if len(sh.pending) == 0 {
		sh.pending = nil
	}
	sh.handled = max(sh.handled, serial)
}

// send sends an own event to the sockets of this node.
func (sh *sharedLog) send(x *ownEvent, offset string) error {
	ns := sh.nd.ns
	p, err := sh.packet(x.target, x.list, x.attachments, offset)
	if err != nil {
		return err
	}
	if x.sole == nil {
		sel := ns.index.pick(x.target.Rooms, x.target.Except)
		defer sel.release()
		sh.hand(sel.sockets, p, x.list, x.attachments)
	} else if !x.flushed {
		sh.hand([]*Socket{x.sole}, p, x.list, x.attachments)
	}
	return nil
}

// hand queues a packet for sockets; user code is told about it later, in order.
func (sh *sharedLog) hand(sockets []*Socket, p packet, list []byte, attachments [][]byte) {
	if tell := sh.nd.ns.sendLogged(sockets, p, list, attachments); tell != nil {
		sh.nd.inbox.add(tell)
	}
}

// packet encodes an event and keeps it when it is in the log.
func (sh *sharedLog) packet(t Target, list []byte, attachments [][]byte, offset string) (packet, error) {
	if offset == "" {
		return sh.nd.ns.assembleEvent(list, attachments, t, "")
	}
	p, err := sh.l.append(t, list, attachments, offset)
	if err == nil {
		sh.last = offset
		sh.tell()
	}
	return p, err
}

// tell wakes who waits for an offset.
func (sh *sharedLog) tell() {
	if sh.grown != nil {
		close(sh.grown)
		sh.grown = nil
	}
}

// watch sends own events that do not come back in time. The caller holds mu.
func (sh *sharedLog) watch() {
	if sh.late != nil {
		return
	}
	sh.late = time.AfterFunc(ownPatience, func() {
		sh.l.mu.Lock()
		defer sh.l.mu.Unlock()
		sh.late = nil
		for len(sh.pending) > 0 && time.Since(sh.pending[0].at) >= ownPatience {
			sh.settle(sh.pending[0].serial, "")
		}
		if len(sh.pending) > 0 {
			sh.watch()
		}
	})
}

// flush sends what is on its way to a socket that is about to be disconnected.
func (sh *sharedLog) flush(s *Socket) {
	sh.l.mu.Lock()
	defer sh.l.mu.Unlock()
	for _, x := range sh.pending {
		if x.sole != s || x.flushed {
			continue
		}
		if p, err := sh.packet(x.target, x.list, x.attachments, ""); err == nil {
			sh.hand([]*Socket{s}, p, x.list, x.attachments)
		}
		x.flushed = true
	}
}

// began notes that all events after an offset will be seen, and that of those before
// some may not have been.
func (sh *sharedLog) began(offset string) {
	sh.l.mu.Lock()
	defer sh.l.mu.Unlock()
	sh.l.drop(len(sh.l.entries))
	sh.known, sh.floor, sh.last = true, offset, offset
	sh.tell()
}

// came takes an own event that comes back from the log.
func (sh *sharedLog) came(m *ClusterMessage) {
	sh.l.mu.Lock()
	if m.Serial > sh.handled && m.Serial <= sh.serial {
		sh.settle(m.Serial, m.Offset)
		sh.l.mu.Unlock()
		return
	}
	sh.l.mu.Unlock()
	sh.began(m.Offset) // it was sent before, and is not kept: the copy is whole from here on
}

// deliver takes an event of another node.
func (sh *sharedLog) deliver(m *ClusterMessage) error {
	sh.l.mu.Lock()
	defer sh.l.mu.Unlock()
	p, err := sh.packet(m.Target, m.Data, m.Attachments, m.Offset)
	if err != nil {
		return err
	}
	sel := sh.nd.ns.index.pick(m.Target.Rooms, m.Target.Except)
	defer sel.release()
	sh.hand(sel.sockets, p, m.Data, m.Attachments)
	return nil
}

// save hands the state of a socket to the adapter.
func (sh *sharedLog) save(s *Socket, pid string, rooms []string, data any) {
	saved := &SavedSocket{PID: pid, ID: s.id, Rooms: rooms, Data: encodeValue(data), Bound: sh.l.bound(s.conn)}
	if saved.Data == nil {
		saved.Data = emptyObject
	}
	sh.saver.add(func() {
		// The namespace may be gone before its last socket's state is saved.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(sh.nd.ctx), sh.nd.ns.srv.cfg.RequestTimeout)
		defer cancel()
		if err := sh.adapter.Save(ctx, sh.nd.ns.name, saved, sh.l.cfg.MaxDisconnection); err != nil {
			sh.nd.ns.srv.stats.dropped.Add(1)
			sh.nd.ns.srv.cfg.Logger.Warn("socketio: state of a lost socket cannot be saved", "namespace", sh.nd.ns.name, "error", err)
		}
	})
}

// decodeData makes the value of Socket.Data of its JSON.
func (r *Recovery) decodeData(data json.RawMessage) (any, error) {
	if len(data) == 0 {
		data = emptyObject
	}
	if r.DecodeData != nil {
		return r.DecodeData(data)
	}
	var v any
	err := json.Unmarshal(data, &v)
	return v, err
}
