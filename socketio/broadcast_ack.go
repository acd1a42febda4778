package socketio

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/go-sails/sails/internal/sioproto"
)

// broadcastAcks gathers the answers to one broadcast on this node. One table per
// broadcast says who was asked: sockets hold nothing.
type broadcastAcks struct {
	id uint64
	// answer and lost are called for each socket asked, one or the other, in no order
	// and concurrently.
	answer func(Args)
	lost   func()

	mu    sync.Mutex
	asked map[*Socket]struct{} // that have not answered; guarded by mu
}

// take is true for the one who may report for s.
func (b *broadcastAcks) take(s *Socket) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	_, ok := b.asked[s]
	delete(b.asked, s)
	return ok
}

func (b *broadcastAcks) answered(s *Socket, args Args) {
	if b.take(s) {
		b.answer(args)
	}
}

func (n *Namespace) broadcastAck(id uint64) *broadcastAcks {
	n.ackMu.Lock()
	defer n.ackMu.Unlock()
	return n.broadcasts[id]
}

// dropFromBroadcasts: a socket that has gone will not answer any more.
func (n *Namespace) dropFromBroadcasts(s *Socket) {
	n.ackMu.Lock()
	waiting := make([]*broadcastAcks, 0, len(n.broadcasts))
	for _, b := range n.broadcasts {
		waiting = append(waiting, b)
	}
	n.ackMu.Unlock()
	for _, b := range waiting {
		if b.take(s) {
			b.lost()
		}
	}
}

// ask sends an event that wants answers to the sockets of this node and returns how
// many were asked. stop must be called to end the wait.
func (n *Namespace) ask(t Target, list []byte, attachments [][]byte, answer func(Args), lost func()) (count int, stop func(), err error) {
	b := &broadcastAcks{id: n.nextAck(), answer: answer, lost: lost}
	p, err := n.assemble(sioproto.Event, b.id, true, list, attachments, "")
	if err != nil {
		return 0, nil, err
	}
	if t.Flags.NoCompress {
		p = p.compress(false)
	}
	sel := n.index.pick(t.Rooms, t.Except)
	defer sel.release()
	b.asked = make(map[*Socket]struct{}, len(sel.sockets))
	for _, s := range sel.sockets {
		if s.Connected() {
			b.asked[s] = struct{}{}
		}
	}
	count = len(b.asked)
	asked := make([]*Socket, 0, count)
	for s := range b.asked {
		asked = append(asked, s)
	}
	slices.SortFunc(asked, bySeq)
	n.ackMu.Lock()
	if n.broadcasts == nil {
		n.broadcasts = make(map[uint64]*broadcastAcks)
	}
	n.broadcasts[b.id] = b
	n.ackMu.Unlock()
	n.sendEach(asked, p, t.Flags.Volatile, list, attachments)
	for _, s := range asked {
		if !s.Connected() && b.take(s) { // it went before the table was known
			lost()
		}
	}
	return count, func() {
		n.ackMu.Lock()
		defer n.ackMu.Unlock()
		delete(n.broadcasts, b.id)
		if len(n.broadcasts) == 0 {
			n.broadcasts = nil
		}
	}, nil
}

// tally gathers answers from here and from other nodes.
type tally struct {
	mu       sync.Mutex
	answers  []Args
	expected int           // answers the nodes known so far will give
	settled  int           // given, or known not to come
	open     int           // nodes that have not said how many they ask
	done     chan struct{} // closed when nothing is left to wait for
	over     bool
}

func newTally(nodes int) *tally { return &tally{open: nodes, done: make(chan struct{})} }

func (t *tally) check() {
	if !t.over && t.open <= 0 && t.settled >= t.expected {
		t.over = true
		close(t.done)
	}
}

// addNodes changes how many nodes have yet to say how many they ask.
func (t *tally) addNodes(by int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.open += by
	t.check()
}

// expect adds the number of sockets one node asks.
func (t *tally) expect(count int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.open--
	t.expected += max(count, 0)
	t.check()
}

func (t *tally) answer(args Args) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.over {
		return
	}
	t.answers = append(t.answers, args)
	t.settled++
	t.check()
}

func (t *tally) lost() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.settled++
	t.check()
}

// result ends the gathering.
func (t *tally) result() (answers []Args, expected int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.over = true
	return t.answers, t.expected
}

// EmitAck sends an event and waits for the acknowledgements of all the sockets it
// was sent to, on all nodes, as long as ctx's deadline or else Config.AckTimeout
// allows. The answers are in the order they came. When some are missing in the end
// they come with a *PartialError, which matches ErrAckTimeout; sockets that go away
// are not waited for but count as missing.
func (b BroadcastOperator) EmitAck(ctx context.Context, event string, args ...any) ([]Args, error) {
	w, err := b.startAck(ctx, event, args, unlimited)
	if err != nil {
		return nil, err
	}
	return w.wait()
}

// gatheredAcks is a broadcast whose answers are gathered.
type gatheredAcks struct {
	ns         *Namespace
	ctx        context.Context
	cancel     context.CancelFunc
	all        *tally
	stop       func()
	remote     *pendingRequest
	publishing error
	fn         func([]Args, error) // of EmitAckFunc
}

// startAck sends the event; wait must follow. limit is how many broadcasts of the
// namespace may await answers before it.
func (b BroadcastOperator) startAck(ctx context.Context, event string, args []any, limit int) (*gatheredAcks, error) {
	if sioproto.Reserved(event) {
		return nil, reserved(event)
	}
	if b.ns.match != nil {
		return nil, ErrParent
	}
	if b.ns.awaiting() >= limit {
		return nil, ErrTooManyAcks
	}
	enc := sioproto.NewEncoder()
	defer enc.Release()
	if err := encodeList(enc, event, true, args); err != nil {
		return nil, fmt.Errorf("socketio: encoding %q: %w", event, err)
	}
	ctx, cancel := withLimit(ctx, b.ns.srv.cfg.AckTimeout)
	return b.ns.startAcks(ctx, cancel, b.target(), enc.Buf, enc.Attachments)
}

func (n *Namespace) awaiting() int {
	n.ackMu.Lock()
	defer n.ackMu.Unlock()
	return len(n.broadcasts)
}

// startAcks takes over cancel.
func (n *Namespace) startAcks(ctx context.Context, cancel context.CancelFunc, t Target, list []byte, attachments [][]byte) (*gatheredAcks, error) {
	deadline, _ := ctx.Deadline()
	t.Flags.Timeout = time.Until(deadline)
	w := &gatheredAcks{ns: n, ctx: ctx, cancel: cancel, all: newTally(1)}
	if n.node != nil && !t.Flags.Local {
		w.remote, w.publishing = n.node.broadcastWithAck(ctx, t, slices.Clone(list), attachments, w.all)
	}
	count, stop, err := n.ask(t, list, attachments, w.all.answer, w.all.lost)
	if err != nil {
		w.end()
		return nil, err
	}
	w.stop = stop
	w.all.expect(count)
	return w, nil
}

func (w *gatheredAcks) end() {
	w.cancel()
	if w.stop != nil {
		w.stop()
	}
	if w.remote != nil {
		w.ns.node.drop(w.remote)
	}
}

// wait returns the answers, as EmitAck does.
func (w *gatheredAcks) wait() ([]Args, error) {
	defer w.end()
	var left <-chan struct{}
	if w.ns.node != nil {
		left = w.ns.node.ctx.Done()
	}
	select {
	case <-w.all.done:
	case <-w.ctx.Done():
	case <-left: // no answers from others any more
	}
	answers, expected := w.all.result()
	missing := w.remote.missing()
	if w.publishing != nil {
		return answers, w.publishing
	}
	if len(answers) == expected && len(missing) == 0 && w.remote.complete() {
		return answers, nil
	}
	return answers, &PartialError{Expected: expected, Received: len(answers), Nodes: missing}
}
