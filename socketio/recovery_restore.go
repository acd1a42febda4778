package socketio

import (
	"context"
	"errors"
	"sort"
)

// resumption is the task that looks for a state in the medium and then connects the
// client, with it or anew.
type resumption struct {
	conn   *conn
	socket *Socket
	ns     *Namespace
	claim  claim
}

// Run implements workers.Task.
func (t *resumption) Run() {
	srv := t.conn.srv
	defer srv.busy.done()
	ctx, cancel := context.WithTimeout(t.conn.session.Context(), srv.cfg.RequestTimeout)
	defer cancel()
	st, err := t.ns.log.shared.restore(ctx, t.conn, t.claim)
	if err != nil {
		srv.cfg.Logger.Debug("socketio: state is not restored", "namespace", t.ns.name, "error", err)
	}
	t.conn.admit(t.socket, t.ns, st)
}

// errs of restore: they are logged, clients begin anew.
var (
	errNoState  = errors.New("socketio: no such state")
	errBinding  = errors.New("socketio: the state belongs to someone else")
	errTooLong  = errors.New("socketio: too much was missed")
	errNoOffset = errors.New("socketio: the offset is not in the log")
)

// restore takes a state from the medium and finds out what was missed (SEC-59).
func (sh *sharedLog) restore(ctx context.Context, c *conn, claim claim) (*lostState, error) {
	if !validPID(claim.pid) || len(claim.offset) > 64 || !sh.adapter.ValidOffset(claim.offset) {
		return nil, errNoState
	}
	select {
	case <-sh.nd.joined:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	saved, err := sh.adapter.Take(ctx, sh.nd.ns.name, claim.pid)
	switch {
	case err != nil:
		return nil, err
	case saved == nil || saved.ID == "" || saved.PID != claim.pid:
		return nil, errNoState
	case saved.Bound != sh.l.bound(c):
		return nil, errBinding
	}
	st := &lostState{pid: saved.PID, id: saved.ID, rooms: saved.Rooms}
	if st.data, err = sh.l.cfg.decodeData(saved.Data); err != nil {
		return nil, err
	}
	until, err := sh.locate(ctx, st, claim.offset)
	if err != nil {
		return nil, err
	}
	if until != "" {
		if err := sh.readPast(ctx, st, claim.offset, until); err != nil {
			return nil, err
		}
	}
	sh.l.mu.Lock()
	defer sh.l.mu.Unlock()
	if _, ok := sh.l.missed(st.from, st.rooms, st.older); !ok {
		return nil, errTooLong
	}
	return st, nil
}

// locate finds the event at an offset among those kept. When they are all younger it
// returns the offset up to which the medium has to be asked. An event that has not
// arrived here yet is waited for.
func (sh *sharedLog) locate(ctx context.Context, st *lostState, offset string) (until string, err error) {
	l := sh.l
	for {
		l.mu.Lock()
		l.pruneNow()
		if sh.adapter.Compare(offset, sh.floor) <= 0 {
			st.from = l.first() - 1
			floor := sh.floor
			l.mu.Unlock()
			return floor, nil
		}
		if sh.adapter.Compare(offset, sh.last) <= 0 {
			at := sort.Search(len(l.entries), func(i int) bool { return sh.adapter.Compare(l.entries[i].offset, offset) >= 0 })
			found := at < len(l.entries) && l.entries[at].offset == offset
			if found {
				st.from = l.entries[at].number
			}
			l.mu.Unlock()
			if !found {
				return "", errNoOffset
			}
			return "", nil
		}
		if sh.grown == nil {
			sh.grown = make(chan struct{})
		}
		grown := sh.grown
		l.mu.Unlock()
		select {
		case <-grown:
		case <-ctx.Done():
			return "", errNoOffset
		}
	}
}

// readPast fetches what was missed from the medium, up to where the kept events begin.
func (sh *sharedLog) readPast(ctx context.Context, st *lostState, offset, until string) error {
	size, tooLong := 0, false
	err := sh.adapter.Since(ctx, sh.nd.ns.name, offset, until, func(m *ClusterMessage) bool {
		e := logEntry{rooms: m.Target.Rooms, except: m.Target.Except}
		if m.Target.Flags.Volatile || m.RequestID != "" || !e.concerns(st.rooms) {
			return true
		}
		if _, _, err := splitEvent(m.Data, m.Attachments, sh.nd.clusterDepth()); err != nil {
			return true // nobody was sent that
		}
		p, err := sh.nd.ns.assembleEvent(m.Data, m.Attachments, m.Target, m.Offset)
		if err != nil {
			return true
		}
		size += p.size() + logOverhead
		st.older = append(st.older, p)
		tooLong = len(st.older) > sh.l.cfg.MaxPackets || size > sh.l.cfg.MaxBytes
		return !tooLong
	})
	if err == nil && tooLong {
		err = errTooLong
	}
	return err
}

// validPID tells whether a text can be the secret of a state: the characters of
// base64url, as many as this server or a JavaScript one makes (SEC-60).
func validPID(pid string) bool {
	if len(pid) < 20 || len(pid) > 64 {
		return false
	}
	for _, c := range []byte(pid) {
		switch {
		case c >= '0' && c <= '9', c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c == '-', c == '_':
		default:
			return false
		}
	}
	return true
}
