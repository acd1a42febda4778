package socketio

import (
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
// State is kept in this process: a client that returns to another node, or after a
// restart, begins anew with Socket.Recovered false. It is also lost, never silently
// cut, when a limit below is exceeded. Missed are the events sent without
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
	// MaxSessions is how many lost clients one namespace keeps. Default 50,000.
	MaxSessions int
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
	from  uint64 // number of the last event the client says it saw
}

type lostRef struct {
	pid string
	at  time.Time
}

func newRecoveryLog(srv *Server, n *Namespace) *recoveryLog {
	return &recoveryLog{cfg: srv.cfg.Recovery, ns: n, prefix: newID(9) + "-", kept: make(map[string]lostState)}
}

// logOverhead is what an entry or a state counts besides its bytes.
const logOverhead = 200

// deliverLogged is Namespace.deliver with recovery.
func (n *Namespace) deliverLogged(t Target, list []byte, attachments [][]byte) error {
	l := n.log
	l.mu.Lock()
	defer l.mu.Unlock()
	p, err := l.append(t, list, attachments)
	if err != nil {
		return err
	}
	sel := n.index.pick(t.Rooms, t.Except)
	defer sel.release()
	n.sendEach(sel.sockets, p, false, list, attachments)
	return nil
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
	n.log.mu.Lock()
	defer n.log.mu.Unlock()
	p, err := n.log.append(Target{Rooms: []string{s.id}}, enc.Buf, enc.Attachments)
	if err != nil {
		return err
	}
	if err := s.send(p); err != nil {
		return err
	}
	s.tellOutgoing(event, args)
	return nil
}

// append gives an event its offset and keeps it. The caller holds mu.
func (l *recoveryLog) append(t Target, list []byte, attachments [][]byte) (packet, error) {
	offset := l.prefix + strconv.FormatUint(l.next, 36)
	p, err := l.ns.assemble(sioproto.Event, 0, false, list, attachments, offset)
	if err != nil {
		return packet{}, err
	}
	if t.Flags.NoCompress {
		p = p.compress(false)
	}
	e := logEntry{number: l.next, packet: p, rooms: slices.Clone(t.Rooms), except: slices.Clone(t.Except), at: time.Now(), size: p.size() + logOverhead}
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
	if n == 0 {
		return
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
