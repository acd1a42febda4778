package socketio

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/go-sails/sails/internal/sioproto"
)

// node is this server's end of a namespace in a cluster: it speaks to its peers in
// ClusterMessages, does here what they ask, and gathers what they answer. It knows
// peers and deadlines; how messages travel is the Adapter's business.
type node struct {
	ns      *Namespace
	adapter Adapter
	poster  PostAdapter // the same, nil when it cannot
	uid     string
	ctx     context.Context // ends with leave
	cancel  context.CancelFunc
	joined  chan struct{} // closed when messages of peers arrive
	outbox  serial        // answers to peers, in order
	inbox   serial        // server-side events for user code, in order

	mu       sync.Mutex
	requests map[string]*pendingRequest // by id; guarded by mu
	peers    map[string]time.Time       // when last heard of; nil without heartbeats; guarded by mu
	beat     *time.Timer                // guarded by mu
	spoke    time.Time                  // when something was published last; guarded by mu
}

// Bounds of what waits for the medium or for user code.
const (
	maxOutbox = 16_384
	maxInbox  = 4_096
)

func newNode(n *Namespace) *node {
	nd := &node{
		ns: n, adapter: n.srv.cfg.Adapter, uid: newUID(), joined: make(chan struct{}),
		outbox: serial{srv: n.srv, limit: maxOutbox}, inbox: serial{srv: n.srv, limit: maxInbox},
		requests: make(map[string]*pendingRequest),
	}
	nd.ctx, nd.cancel = context.WithCancel(context.Background())
	nd.poster, _ = nd.adapter.(PostAdapter)
	if _, ok := nd.adapter.(HeartbeatAdapter); ok {
		nd.peers = make(map[string]time.Time)
	}
	if w, ok := nd.adapter.(RoomAdapter); ok && n.log == nil {
		w.Watch(n)
	}
	if a, ok := nd.adapter.(LogAdapter); ok && n.log != nil {
		newSharedLog(nd, a)
	}
	n.srv.pool.Run((*joining)(nd)) // not waited for by Shutdown: leave ends it
	return nd
}

// newUID returns 8 random bytes as hexadecimal digits (spec 3.2).
func newUID() string {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

// joining is the task that subscribes, again and again until it works.
type joining node

// Run implements workers.Task.
func (j *joining) Run() {
	nd := (*node)(j)
	const longest = 5 * time.Second
	for pause := 100 * time.Millisecond; ; pause = min(2*pause, longest) {
		err := nd.adapter.Join(nd.ctx, nd.ns.name, nd.uid, nd.receive)
		if err == nil {
			break
		}
		if nd.ctx.Err() != nil {
			return
		}
		nd.ns.srv.cfg.Logger.Warn("socketio: adapter cannot join, trying again", "namespace", nd.ns.name, "error", err)
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-nd.ctx.Done():
			timer.Stop()
			return
		}
	}
	close(nd.joined)
	nd.startHeartbeat()
}

// Ready waits until every namespace that exists receives the messages of other
// nodes. Without an adapter it returns at once.
func (srv *Server) Ready(ctx context.Context) error {
	for _, n := range srv.Namespaces() {
		if n.node == nil {
			continue
		}
		select {
		case <-n.node.joined:
		case <-n.node.ctx.Done():
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

// leave ends the subscription and tells the peers.
func (nd *node) leave() {
	if nd.ctx.Err() != nil {
		return
	}
	nd.mu.Lock()
	if nd.beat != nil {
		nd.beat.Stop()
	}
	nd.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(nd.ctx), time.Second)
	defer cancel()
	_ = nd.publish(ctx, &ClusterMessage{Type: ClusterAdapterClose}) // a courtesy: peers notice anyway
	nd.cancel()
}

// publish sends a message to the peers in the name of this node, and waits until the
// medium has it.
func (nd *node) publish(ctx context.Context, m *ClusterMessage) error {
	nd.sign(m)
	if _, err := nd.adapter.Publish(ctx, m); err != nil {
		return fmt.Errorf("socketio: adapter: %w", err)
	}
	return nil
}

// post is publish without the wait, when the adapter can.
func (nd *node) post(ctx context.Context, m *ClusterMessage) error {
	if nd.poster == nil {
		return nd.publish(ctx, m)
	}
	nd.sign(m)
	if err := nd.poster.Post(ctx, m); err != nil {
		return fmt.Errorf("socketio: adapter: %w", err)
	}
	return nil
}

// sign makes a message one of this node, which now speaks.
func (nd *node) sign(m *ClusterMessage) {
	m.UID, m.Namespace = nd.uid, nd.ns.name
	if nd.peers != nil {
		nd.mu.Lock()
		nd.spoke = time.Now()
		nd.mu.Unlock()
	}
}

// reply queues a message to a peer; who receives must not wait for the medium.
func (nd *node) reply(m *ClusterMessage) {
	nd.outbox.add(func() {
		ctx, cancel := context.WithTimeout(nd.ctx, nd.ns.srv.cfg.RequestTimeout)
		defer cancel()
		if err := nd.post(ctx, m); err != nil {
			nd.ns.srv.stats.dropped.Add(1)
			nd.ns.srv.cfg.Logger.Warn("socketio: answer to another node is lost", "namespace", nd.ns.name, "error", err)
		}
	})
}

// receive takes a message of a peer. It only queues. Messages are input like any
// other: unknown types are ignored, JSON is checked (SEC-92).
func (nd *node) receive(m *ClusterMessage) {
	if m == nil || nd.ownLog(m) || m.UID == nd.uid || m.Namespace != nd.ns.name || m.To != "" && m.To != nd.uid {
		return
	}
	nd.heard(m.UID, m.Type)
	switch m.Type {
	case ClusterInitialHeartbeat:
		nd.reply(&ClusterMessage{Type: ClusterHeartbeat})
	case ClusterHeartbeat:
	case ClusterBroadcast:
		nd.onBroadcast(m)
	case ClusterSocketsJoin, ClusterSocketsLeave, ClusterDisconnectSockets:
		nd.ns.applyHere(m)
	case ClusterFetchSockets:
		nd.reply(&ClusterMessage{Type: ClusterFetchSocketsResponse, To: m.UID, RequestID: m.RequestID, Sockets: nd.ns.describe(m.Target)})
	case ClusterServerSideEmit:
		nd.onServerSide(m)
	case ClusterFetchSocketsResponse, ClusterServerSideEmitResponse, ClusterBroadcastClientCount, ClusterBroadcastAck:
		nd.mu.Lock()
		r := nd.requests[m.RequestID]
		nd.mu.Unlock()
		if r != nil {
			r.take(m, nd.ns.srv.cfg.MaxDepth)
		}
	case ClusterAdapterClose:
	}
}

// ownLog takes what a LogAdapter tells its own node.
func (nd *node) ownLog(m *ClusterMessage) bool {
	switch sh := nd.ns.shared(); {
	case m.Type == ClusterLogStart:
		if sh != nil && m.Namespace == nd.ns.name {
			sh.began(m.Offset)
		}
		return true
	case m.UID == nd.uid && m.Serial != 0:
		if sh != nil && m.Namespace == nd.ns.name {
			sh.came(m)
		}
		return true
	}
	return false
}

// clusterDepth is the nesting accepted from peers: theirs plus the array around.
func (nd *node) clusterDepth() int { return nd.ns.srv.cfg.MaxDepth + 1 }

func (nd *node) onBroadcast(m *ClusterMessage) {
	if _, _, err := splitEvent(m.Data, m.Attachments, nd.clusterDepth()); err != nil {
		nd.bad(m, err)
		return
	}
	if sh := nd.ns.shared(); sh != nil && m.RequestID == "" && m.Offset != "" && !m.Target.Flags.Volatile {
		if err := sh.deliver(m); err != nil {
			nd.bad(m, err)
		}
		return
	}
	if m.RequestID == "" {
		if err := nd.ns.deliver(m.Target, m.Data, m.Attachments); err != nil {
			nd.bad(m, err)
		}
		return
	}
	var stop func()
	var left sync.Mutex
	remaining := -1 // not known yet
	settle := func(n int) {
		left.Lock()
		defer left.Unlock()
		remaining += n
		if remaining == 0 && stop != nil {
			stop()
		}
	}
	count, end, err := nd.ns.ask(m.Target, m.Data, m.Attachments, func(args Args) {
		data, attachments := args.list()
		nd.reply(&ClusterMessage{Type: ClusterBroadcastAck, To: m.UID, RequestID: m.RequestID, Data: data, Attachments: attachments})
		settle(-1)
	}, func() { settle(-1) })
	if err != nil {
		nd.bad(m, err)
		return
	}
	nd.reply(&ClusterMessage{Type: ClusterBroadcastClientCount, To: m.UID, RequestID: m.RequestID, Count: count})
	wait := m.Target.Flags.Timeout
	if wait <= 0 || wait > time.Hour {
		wait = nd.ns.srv.cfg.AckTimeout
	}
	timer := time.AfterFunc(wait, end)
	left.Lock()
	stop = func() {
		timer.Stop()
		end()
	}
	left.Unlock()
	settle(count + 1)
}

func (nd *node) bad(m *ClusterMessage, err error) {
	nd.ns.srv.stats.dropped.Add(1)
	nd.ns.srv.cfg.Logger.Warn("socketio: message of another node cannot be used", "namespace", nd.ns.name, "type", int(m.Type), "error", err)
}

// onServerSide has the registered function serve an event of a peer.
func (nd *node) onServerSide(m *ClusterMessage) {
	name, args, err := splitEvent(m.Data, m.Attachments, nd.clusterDepth())
	if err != nil {
		nd.bad(m, err)
		return
	}
	fn := nd.ns.registered().serverSide[name]
	if fn == nil {
		return
	}
	nd.inbox.add(func() {
		var answer any
		nd.ns.srv.protect("OnServerSide", func() {
			if answer, err = fn(nd.ctx, args); err != nil {
				nd.ns.srv.cfg.Logger.Warn("socketio: server-side event failed", "event", quote(name), "error", err)
				answer = answerOf(err)
			}
		})
		if m.RequestID == "" {
			return
		}
		list, err := NewArgs(answer)
		if err != nil {
			nd.bad(m, err)
			return
		}
		data, attachments := list.list()
		nd.reply(&ClusterMessage{Type: ClusterServerSideEmitResponse, To: m.UID, RequestID: m.RequestID, Data: data, Attachments: attachments})
	})
}

// list returns the arguments as a JSON array of their own.
func (a Args) list() ([]byte, [][]byte) {
	enc := sioproto.NewEncoder()
	defer enc.Release()
	if err := encodeList(enc, "", false, []any{a}); err != nil {
		return []byte("[]"), nil // what was received can be sent
	}
	return slices.Clone(enc.Buf), enc.Attachments
}

// serverSideReserved are the names that mean something to JavaScript nodes.
func serverSideReserved(event string) bool {
	return event == "connect" || event == "connection" || event == "new_namespace"
}

// ServerSideEmit sends an event to this namespace of all other nodes; see
// OnServerSide. Without an adapter there are none. What a nil error means is said at
// BroadcastOperator.Emit.
func (n *Namespace) ServerSideEmit(ctx context.Context, event string, args ...any) error {
	m, err := n.serverSideMessage(event, args)
	if err != nil || n.node == nil {
		return err
	}
	return n.node.post(ctx, m)
}

// ServerSideEmitAck sends an event to this namespace of all other nodes and waits
// for their answers, one argument each, as long as ctx's deadline or else
// Config.RequestTimeout allows. Answers that are missing make a *PartialError.
func (n *Namespace) ServerSideEmitAck(ctx context.Context, event string, args ...any) ([]Args, error) {
	m, err := n.serverSideMessage(event, args)
	if err != nil || n.node == nil {
		return nil, err
	}
	r, err := n.node.request(ctx, m)
	return r.values, err
}

func (n *Namespace) serverSideMessage(event string, args []any) (*ClusterMessage, error) {
	if n.match != nil {
		return nil, ErrParent
	}
	if serverSideReserved(event) {
		return nil, reserved(event)
	}
	enc := sioproto.NewEncoder()
	defer enc.Release()
	if err := encodeList(enc, event, true, args); err != nil {
		return nil, fmt.Errorf("socketio: encoding %q: %w", event, err)
	}
	return &ClusterMessage{Type: ClusterServerSideEmit, Data: slices.Clone(enc.Buf), Attachments: enc.Attachments}, nil
}

// ServerCount returns how many nodes serve this namespace, this one included.
func (n *Namespace) ServerCount(ctx context.Context) (int, error) {
	if n.node == nil {
		return 1, nil
	}
	others, _, err := n.node.others(ctx)
	return others + 1, err
}

// AllRooms returns the names of the rooms of all nodes, sorted, with the own rooms of
// sockets; Rooms has those of this node. It asks as FetchSockets does and costs as much:
// what is missing makes a *PartialError. It is not for a parent of dynamic namespaces.
func (n *Namespace) AllRooms(ctx context.Context) ([]string, error) {
	if n.match != nil {
		return nil, ErrParent
	}
	rooms := n.Rooms()
	if n.node == nil {
		return rooms, nil
	}
	others, err := n.node.fetch(ctx, Target{})
	for _, s := range others {
		rooms = append(rooms, s.Rooms...)
	}
	slices.Sort(rooms)
	return slices.Compact(rooms), err
}
