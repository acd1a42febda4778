package socketio

import (
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/go-sails/sails/internal/sioproto"
)

// Recovery configures connection state recovery (spec 2.7): a client whose
// connection was lost gets its id, rooms, data and the events it missed back when it
// returns in time. Clients older than 4.6, and those of revision 4, do not ask.
//
// With a LogAdapter state is kept in its medium, and clients may return to any node; an
// event then reaches the sockets of its own node when it comes back from the medium, also
// one of Socket.Emit, which acknowledgements, volatile events and events that ask for an
// acknowledgement may overtake. With other adapters and without one it is kept in this
// process: a client that returns to another node, or after a restart, begins anew with
// Socket.Recovered false. State is also lost, never silently cut, when a limit below is
// exceeded. Missed are the events sent without
// acknowledgement and not volatile, by Emit to the socket, to one of its rooms or to
// all, unless one of its rooms, the own one included, was excepted.
//
// For zero and negative values see Config; none of these can be switched off.
type Recovery struct {
	// MaxDisconnection is how long a client may be away. Default 2 minutes.
	MaxDisconnection time.Duration
	// RunMiddleware runs the namespace's middleware for recovered clients too;
	// otherwise it is skipped.
	RunMiddleware bool
	// MaxPackets and MaxBytes bound what one client can have missed. Defaults 1,000
	// and 1 MiB (SEC-59).
	MaxPackets int
	MaxBytes   int
	// MaxTotalBytes bounds the events and states kept by one namespace. Oldest go
	// first. Default 64 MiB.
	MaxTotalBytes int
	// MaxSessions is how many lost clients one namespace keeps, in this process. Default
	// 50,000.
	MaxSessions int
	// DecodeData makes the value of Socket.Data of its JSON when a LogAdapter has kept
	// it; a client whose data is refused begins anew. Nil decodes as into an any. It is
	// called concurrently.
	DecodeData func(json.RawMessage) (any, error)
}

func (r *Recovery) withDefaults() (*Recovery, error) {
	c := *r
	if c.MaxDisconnection < 0 || c.MaxPackets < 0 || c.MaxBytes < 0 || c.MaxTotalBytes < 0 || c.MaxSessions < 0 {
		return nil, errors.New("socketio: a field of Config.Recovery is negative; none can be off")
	}
	duration(&c.MaxDisconnection, 2*time.Minute)
	number(&c.MaxPackets, 1000)
	number(&c.MaxBytes, 1<<20)
	number(&c.MaxTotalBytes, 64<<20)
	number(&c.MaxSessions, 50_000)
	return &c, nil
}

// recoveryLog is what one namespace keeps for recovery.
//
// mu is held while an event is appended and queued for its sockets: clients remember
// one offset, so all must see the events in the order of the log. It comes before
// all other locks.
type recoveryLog struct {
	cfg *Recovery
	ns  *Namespace
	// prefix makes offsets of another process unknown.
	prefix string
	shared *sharedLog // nil: the log is this process' own

	mu      sync.Mutex
	next    uint64      // number of the next entry; guarded by mu
	entries []logEntry  // oldest first, numbers without gaps; guarded by mu
	bytes   int         // of entries; guarded by mu
	sweeper *time.Timer // runs while there is anything; guarded by mu

	keptMu sync.Mutex           // may be taken inside of mu
	kept   map[string]lostState // by pid; guarded by keptMu
	order  []lostRef            // oldest first; guarded by keptMu
}

type logEntry struct {
	number uint64
	offset string
	packet packet
	rooms  []string
	except []string
	at     time.Time
	size   int
}

// concerns tells whether a socket in rooms was meant.
func (e *logEntry) concerns(rooms []string) bool {
	in := func(room string) bool { return slices.Contains(rooms, room) }
	return (len(e.rooms) == 0 || slices.ContainsFunc(e.rooms, in)) && !slices.ContainsFunc(e.except, in)
}

// lostState is a socket whose connection was lost.
type lostState struct {
	pid   string
	id    string
	rooms []string
	data  any
	bound string
	at    time.Time
	from  uint64   // number of the last event the client says it saw
	older []packet // what it missed before the events that are kept
}

type lostRef struct {
	pid string
	at  time.Time
}

func newRecoveryLog(srv *Server, n *Namespace) *recoveryLog {
	return &recoveryLog{cfg: srv.cfg.Recovery, ns: n, prefix: newID(9) + "-", next: 1, kept: make(map[string]lostState)}
}

// logOverhead is what an entry or a state counts besides its bytes.
const logOverhead = 200

// deliverLogged is Namespace.deliver with recovery.
func (n *Namespace) deliverLogged(t Target, list []byte, attachments [][]byte) error {
	l := n.log
	l.mu.Lock()
	p, err := l.append(t, list, attachments, l.offset())
	if err != nil {
		l.mu.Unlock()
		return err
	}
	sel := n.index.pick(t.Rooms, t.Except)
	tell := n.sendLogged(sel.sockets, p, list, attachments)
	sel.release()
	l.mu.Unlock()
	if tell != nil {
		tell()
	}
	return nil
}

// sendLogged queues a packet for sockets while the log is locked. What it returns, when
// there are any, tells the OnAnyOutgoing functions, which are user code, afterwards.
func (n *Namespace) sendLogged(sockets []*Socket, p packet, list []byte, attachments [][]byte) (tell func()) {
	watchers := n.registered().onOutgoing
	var taken []*Socket
	for _, s := range sockets {
		if s.deliver(p, false) && len(watchers) > 0 {
			taken = append(taken, s)
		}
	}
	if len(taken) == 0 {
		return nil
	}
	list = slices.Clone(list)
	return func() {
		name, args, err := splitEvent(list, attachments, unlimitedDepth)
		if err != nil {
			return // it was encoded a moment ago
		}
		for _, s := range taken {
			for _, fn := range watchers {
				n.srv.protect("OnAnyOutgoing", func() { fn(s, name, args) })
			}
		}
	}
}

// emitLogged is Socket.Emit with recovery: the event is kept like a broadcast to the
// socket's own room.
func (n *Namespace) emitLogged(s *Socket, event string, args []any) error {
	if !s.Connected() {
		return ErrClosed
	}
	enc := sioproto.NewEncoder()
	defer enc.Release()
	if err := encodeList(enc, event, true, args); err != nil {
		return err
	}
	target := Target{Rooms: []string{s.id}}
	if sh := n.shared(); sh != nil {
		if _, ok := sh.emit(target, enc.Buf, enc.Attachments, s); ok {
			return nil
		}
	}
	n.log.mu.Lock()
	p, err := n.log.own(target, enc.Buf, enc.Attachments)
	if err == nil {
		err = s.send(p)
	}
	n.log.mu.Unlock()
	if err != nil {
		return err
	}
	s.tellOutgoing(event, args)
	return nil
}

// offset of the next event in this process' own log. The caller holds mu.
func (l *recoveryLog) offset() string { return l.prefix + strconv.FormatUint(l.next, 36) }

// own encodes an event of this node, and keeps it unless the log is elsewhere. The
// caller holds mu.
func (l *recoveryLog) own(t Target, list []byte, attachments [][]byte) (packet, error) {
	if l.shared != nil {
		return l.ns.assembleEvent(list, attachments, t, "")
	}
	return l.append(t, list, attachments, l.offset())
}

// assembleEvent encodes an event for many sockets.
func (n *Namespace) assembleEvent(list []byte, attachments [][]byte, t Target, offset string) (packet, error) {
	p, err := n.assemble(sioproto.Event, 0, false, list, attachments, offset)
	if err == nil && t.Flags.NoCompress {
		p = p.compress(false)
	}
	return p, err
}

// append encodes an event with its offset and keeps it. The caller holds mu.
func (l *recoveryLog) append(t Target, list []byte, attachments [][]byte, offset string) (packet, error) {
	p, err := l.ns.assembleEvent(list, attachments, t, offset)
	if err != nil {
		return packet{}, err
	}
	e := logEntry{number: l.next, offset: offset, packet: p, rooms: slices.Clone(t.Rooms), except: slices.Clone(t.Except), at: time.Now(), size: p.size() + logOverhead}
	for _, list := range [][]string{e.rooms, e.except} {
		for _, room := range list {
			e.size += len(room) + 16
		}
	}
	l.next++
	l.entries = append(l.entries, e)
	l.bytes += e.size
	l.prune(e.at)
	l.arm()
	return p, nil
}

// prune drops entries that are too old or too many. The caller holds mu.
func (l *recoveryLog) prune(now time.Time) {
	n := 0
	for n < len(l.entries) && (now.Sub(l.entries[n].at) > l.cfg.MaxDisconnection || l.bytes > l.cfg.MaxTotalBytes) {
		l.bytes -= l.entries[n].size
		n++
	}
	l.forget(n)
}

// pruneNow: the caller holds mu.
func (l *recoveryLog) pruneNow() { l.prune(time.Now()) }

// first is the number of the first event kept, or to be kept.
func (l *recoveryLog) first() uint64 { return l.next - uint64(len(l.entries)) }

// drop drops the first n entries. The caller holds mu.
func (l *recoveryLog) drop(n int) {
	for _, e := range l.entries[:n] {
		l.bytes -= e.size
	}
	l.forget(n)
}

// forget drops the first n entries, which are not counted any more.
func (l *recoveryLog) forget(n int) {
	if n == 0 {
		return
	}
	if l.shared != nil {
		l.shared.floor = l.entries[n-1].offset
	}
	clear(l.entries[:n])
	l.entries = l.entries[n:]
	if len(l.entries) == 0 {
		l.entries = nil
	}
}

// arm starts the sweeper. The caller holds mu.
func (l *recoveryLog) arm() {
	if l.sweeper == nil {
		l.sweeper = time.AfterFunc(max(l.cfg.MaxDisconnection/2, time.Millisecond), l.sweep)
	}
}

// sweep drops what is too old and runs again while anything is left.
func (l *recoveryLog) sweep() {
	now := time.Now()
	l.keptMu.Lock()
	l.forgetOld(now)
	kept := len(l.kept)
	l.keptMu.Unlock()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.prune(now)
	l.sweeper = nil
	if len(l.entries) > 0 || kept > 0 {
		l.arm()
	}
}

// forgetOld: the caller holds keptMu.
func (l *recoveryLog) forgetOld(now time.Time) {
	for len(l.order) > 0 && (now.Sub(l.order[0].at) > l.cfg.MaxDisconnection || len(l.kept) > l.cfg.MaxSessions || len(l.order) > 4*l.cfg.MaxSessions) {
		if st, ok := l.kept[l.order[0].pid]; ok && st.at.Equal(l.order[0].at) {
			delete(l.kept, l.order[0].pid)
		}
		l.order = l.order[1:]
	}
}

// persist keeps the state of a socket that lost its connection.
func (l *recoveryLog) persist(s *Socket, pid string, rooms []string, data any) {
	if l == nil {
		return
	}
	if l.shared != nil {
		l.shared.save(s, pid, rooms, data)
		return
	}
	st := lostState{pid: pid, id: s.id, rooms: rooms, data: data, bound: l.bound(s.conn), at: time.Now()}
	l.keptMu.Lock()
	l.kept[pid] = st
	l.order = append(l.order, lostRef{pid, st.at})
	l.forgetOld(st.at)
	l.keptMu.Unlock()
	l.mu.Lock()
	l.arm()
	l.mu.Unlock()
}

// bound is what must be the same when the client returns (SEC-59).
func (l *recoveryLog) bound(c *conn) string {
	if bind := c.srv.cfg.Engine.BindSession; bind != nil {
		return bind(c.session.Request())
	}
	return ""
}
