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
	if sioproto.Reserved(event) {
		return nil, reserved(event)
	}
	if b.ns.match != nil {
		return nil, ErrParent
	}
	enc := sioproto.NewEncoder()
	defer enc.Release()
	if err := encodeList(enc, event, true, args); err != nil {
		return nil, fmt.Errorf("socketio: encoding %q: %w", event, err)
	}
	ctx, cancel := withLimit(ctx, b.ns.srv.cfg.AckTimeout)
	defer cancel()
	return b.ns.gatherAcks(ctx, b.target(), enc.Buf, enc.Attachments)
}

func (n *Namespace) gatherAcks(ctx context.Context, t Target, list []byte, attachments [][]byte) ([]Args, error) {
	deadline, _ := ctx.Deadline()
	t.Flags.Timeout = time.Until(deadline)
	all := newTally(1)
	var remote *pendingRequest
	var publishing error
	if n.node != nil && !t.Flags.Local {
		remote, publishing = n.node.broadcastWithAck(ctx, t, slices.Clone(list), attachments, all)
		defer n.node.drop(remote)
	}
	count, stop, err := n.ask(t, list, attachments, all.answer, all.lost)
	if err != nil {
		return nil, err
	}
	defer stop()
	all.expect(count)
	select {
	case <-all.done:
	case <-ctx.Done():
	}
	answers, expected := all.result()
	missing := remote.missing()
	if publishing != nil {
		return answers, publishing
	}
	if len(answers) == expected && len(missing) == 0 && remote.complete() {
		return answers, nil
	}
	return answers, &PartialError{Expected: expected, Received: len(answers), Nodes: missing}
}
