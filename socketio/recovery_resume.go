package socketio

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"
)

var errStateLost = &ConnectError{Message: "Connection state is lost"}

// claim is what a client says of itself to get its state back.
type claim struct{ pid, offset string }

// claimed reads the state that a client claims in its auth.
func (n *Namespace) claimed(c *conn, auth json.RawMessage) (claim, bool) {
	if n.log == nil || c.revision == 3 || len(auth) == 0 {
		return claim{}, false
	}
	var said struct {
		PID    any `json:"pid"`
		Offset any `json:"offset"`
	}
	if json.Unmarshal(auth, &said) != nil {
		return claim{}, false
	}
	pid, ok := said.PID.(string)
	offset, okOffset := said.Offset.(string)
	return claim{pid, offset}, ok && okOffset
}

// restore takes the state that a client claims from this process, nil when there is
// none: unknown, too old, taken already, bound to someone else, or too much missed
// (SEC-59).
func (n *Namespace) restore(c *conn, claim claim) *lostState {
	l := n.log
	l.keptMu.Lock()
	st, ok := l.kept[claim.pid]
	delete(l.kept, claim.pid) // good for one try
	l.keptMu.Unlock()
	if !ok || time.Since(st.at) > l.cfg.MaxDisconnection || st.bound != l.bound(c) {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.pruneNow()
	if st.from, ok = l.number(claim.offset); !ok || st.from < l.first() {
		return nil
	}
	if _, ok = l.missed(st.from, st.rooms, nil); !ok {
		return nil
	}
	return &st
}

// number parses an offset of this log.
func (l *recoveryLog) number(offset string) (uint64, bool) {
	digits, ok := strings.CutPrefix(offset, l.prefix)
	if !ok || len(digits) == 0 || len(digits) > 13 || digits[0] == '+' || digits[0] == '-' {
		return 0, false
	}
	n, err := strconv.ParseUint(digits, 36, 64)
	return n, err == nil && strconv.FormatUint(n, 36) == digits
}

// missed returns older and what a client in rooms has not seen after the event numbered
// from; false when what comes after that is not in the log any more or when it is too
// much. The caller holds mu.
func (l *recoveryLog) missed(from uint64, rooms []string, older []packet) ([]packet, bool) {
	l.pruneNow()
	if from+1 < l.first() || from >= l.next {
		return nil, false
	}
	list := slices.Clip(older)
	size := 0
	for _, p := range older {
		size += p.size() + logOverhead
	}
	for _, e := range l.entries[from+1-l.first():] {
		if !e.concerns(rooms) {
			continue
		}
		size += e.size
		if len(list) == l.cfg.MaxPackets || size > l.cfg.MaxBytes {
			return nil, false
		}
		list = append(list, e.packet)
	}
	return list, true
}

// resume prepares a recovered socket: its rooms, before it connects.
func (n *Namespace) resume(s *Socket, st *lostState) {
	own := false
	for _, room := range st.rooms {
		if room == s.id {
			own = true
			continue
		}
		_ = s.Join(room) // it may have gone meanwhile
	}
	if !own {
		s.Leave(s.id)
	}
}

// collect fetches what a recovered socket has missed, when it opens: from here to
// the end of the critical section nothing is sent in between. The caller holds mu.
func (l *recoveryLog) collect(s *Socket) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	x := s.rare()
	if x == nil || !x.recovered {
		return nil
	}
	missed, ok := l.missed(x.from, s.roomNames(), x.missed)
	if !ok { // lost while middleware ran
		return errStateLost
	}
	x.missed = missed
	return nil
}
