package socketio

import (
	"context"
	"slices"
	"sync"
	"time"
)

// pendingRequest gathers the answers of other nodes to one question. A nil one is
// complete: nobody was asked.
type pendingRequest struct {
	id   string
	kind ClusterMessageType

	mu       sync.Mutex
	expected int             // nodes
	known    []string        // their ids, where heartbeats tell
	answered map[string]bool // by node; guarded by mu
	sockets  []SocketInfo
	values   []Args
	tally    *tally        // of a broadcast with acknowledgements
	done     chan struct{} // closed when all nodes have answered
	over     bool
}

// take takes one answer.
func (r *pendingRequest) take(m *ClusterMessage, maxDepth int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case m.Type == ClusterBroadcastAck && r.kind == ClusterBroadcast:
		if args, err := parseArgs(m.Data, m.Attachments, maxDepth+1); err == nil {
			r.tally.answer(args)
		}
	case r.over || r.answered[m.UID]:
	case m.Type == ClusterBroadcastClientCount && r.kind == ClusterBroadcast:
		r.tally.expect(m.Count)
		r.count(m.UID)
	case m.Type == ClusterFetchSocketsResponse && r.kind == ClusterFetchSockets:
		r.sockets = append(r.sockets, m.Sockets...)
		r.count(m.UID)
	case m.Type == ClusterServerSideEmitResponse && r.kind == ClusterServerSideEmit:
		args, err := parseArgs(m.Data, m.Attachments, maxDepth+1)
		if err != nil {
			return
		}
		r.values = append(r.values, args)
		r.count(m.UID)
	}
}

// count notes that a node has answered. The caller holds mu.
func (r *pendingRequest) count(uid string) {
	r.answered[uid] = true
	if !r.over && len(r.answered) >= r.expected {
		r.over = true
		close(r.done)
	}
}

// gone stops waiting for a node that has left.
func (r *pendingRequest) gone(uid string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.over || r.answered[uid] || len(r.known) > 0 && !slices.Contains(r.known, uid) {
		return
	}
	r.expected--
	r.known = slices.DeleteFunc(r.known, func(id string) bool { return id == uid })
	if r.tally != nil {
		r.tally.expect(0)
	}
	if len(r.answered) >= r.expected {
		r.over = true
		close(r.done)
	}
}

func (r *pendingRequest) missing() []string {
	if r == nil {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	var list []string
	for _, id := range r.known {
		if !r.answered[id] {
			list = append(list, id)
		}
	}
	return list
}

func (r *pendingRequest) complete() bool {
	if r == nil {
		return true
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.answered) >= r.expected
}

// open registers a request to others nodes.
func (nd *node) open(kind ClusterMessageType, others int, known []string, t *tally) *pendingRequest {
	r := &pendingRequest{
		id: newUID(), kind: kind, expected: others, known: known, tally: t,
		answered: make(map[string]bool), done: make(chan struct{}),
	}
	nd.mu.Lock()
	defer nd.mu.Unlock()
	nd.requests[r.id] = r
	return r
}

func (nd *node) drop(r *pendingRequest) {
	if r == nil {
		return
	}
	nd.mu.Lock()
	defer nd.mu.Unlock()
	delete(nd.requests, r.id)
}

// request asks all other nodes and waits for their answers.
func (nd *node) request(ctx context.Context, m *ClusterMessage) (*pendingRequest, error) {
	ctx, cancel := withLimit(ctx, nd.ns.srv.cfg.RequestTimeout)
	defer cancel()
	others, known, err := nd.others(ctx)
	if err != nil || others == 0 {
		return &pendingRequest{}, err
	}
	r := nd.open(m.Type, others, known, nil)
	defer nd.drop(r)
	m.RequestID = r.id
	if err := nd.publish(ctx, m); err != nil {
		return &pendingRequest{}, err
	}
	select {
	case <-r.done:
	case <-ctx.Done():
	case <-nd.ctx.Done():
	}
	missing, complete := r.missing(), r.complete()
	r.mu.Lock()
	defer r.mu.Unlock()
	result := &pendingRequest{sockets: r.sockets, values: r.values}
	r.over = true
	if !complete {
		return result, &PartialError{Expected: r.expected, Received: len(r.answered), Nodes: missing}
	}
	return result, nil
}

// fetch asks the other nodes for their sockets.
func (nd *node) fetch(ctx context.Context, t Target) ([]SocketInfo, error) {
	r, err := nd.request(ctx, &ClusterMessage{Type: ClusterFetchSockets, Target: t})
	return r.sockets, err
}

// broadcastWithAck sends an event that wants answers to the other nodes. The answers
// go to all until drop is called.
func (nd *node) broadcastWithAck(ctx context.Context, t Target, list []byte, attachments [][]byte, all *tally) (*pendingRequest, error) {
	others, known, err := nd.others(ctx)
	if err != nil || others == 0 {
		return nil, err
	}
	all.addNodes(others)
	r := nd.open(ClusterBroadcast, others, known, all)
	err = nd.publish(ctx, &ClusterMessage{Type: ClusterBroadcast, RequestID: r.id, Target: t, Data: list, Attachments: attachments})
	if err != nil {
		all.addNodes(-others)
	}
	return r, err
}

// others returns how many other nodes there are, and which, where that is known.
func (nd *node) others(ctx context.Context) (int, []string, error) {
	if nd.peers != nil {
		nd.mu.Lock()
		defer nd.mu.Unlock()
		known := make([]string, 0, len(nd.peers))
		for uid := range nd.peers {
			known = append(known, uid)
		}
		slices.Sort(known)
		return len(known), known, nil
	}
	count, err := nd.adapter.ServerCount(ctx, nd.ns.name)
	return max(count-1, 0), nil, err
}

// emitterUID is who processes that only publish call themselves.
const emitterUID = "emitter"

// heard notes that a peer lives.
func (nd *node) heard(uid string, t ClusterMessageType) {
	if t == ClusterAdapterClose {
		nd.forget(uid)
		return
	}
	if nd.peers == nil || uid == emitterUID || uid == "" {
		return
	}
	nd.mu.Lock()
	defer nd.mu.Unlock()
	if _, known := nd.peers[uid]; !known && len(nd.peers) >= maxPeers {
		return
	}
	nd.peers[uid] = time.Now()
}

// maxPeers bounds the nodes told apart by heartbeats.
const maxPeers = 10_000

// forget drops a peer that has left; nobody waits for it any more.
func (nd *node) forget(uid string) {
	nd.mu.Lock()
	delete(nd.peers, uid)
	waiting := make([]*pendingRequest, 0, len(nd.requests))
	for _, r := range nd.requests {
		waiting = append(waiting, r)
	}
	nd.mu.Unlock()
	for _, r := range waiting {
		r.gone(uid)
	}
}

// startHeartbeat begins to tell the peers that this node lives.
func (nd *node) startHeartbeat() {
	h, ok := nd.adapter.(HeartbeatAdapter)
	if !ok {
		return
	}
	interval, timeout := h.Heartbeat()
	nd.reply(&ClusterMessage{Type: ClusterInitialHeartbeat})
	tick := max(interval/5, time.Millisecond)
	nd.mu.Lock()
	defer nd.mu.Unlock()
	if nd.ctx.Err() == nil {
		nd.beat = time.AfterFunc(tick, func() { nd.onBeat(tick, interval, timeout) })
	}
}

// onBeat forgets silent peers and breaks this node's own silence.
func (nd *node) onBeat(tick, interval, timeout time.Duration) {
	nd.mu.Lock()
	silent := time.Since(nd.spoke) >= interval
	var dead []string
	for uid, last := range nd.peers {
		if time.Since(last) >= timeout {
			dead = append(dead, uid)
		}
	}
	if nd.ctx.Err() == nil {
		nd.beat.Reset(tick)
	}
	nd.mu.Unlock()
	for _, uid := range dead {
		nd.forget(uid)
	}
	if silent {
		nd.reply(&ClusterMessage{Type: ClusterHeartbeat})
	}
}

// serial runs functions on pooled workers that exist only while there are any: one at a
// time, in order, unless width allows more.
type serial struct {
	srv   *Server
	limit int
	width int // at least one

	mu      sync.Mutex
	queue   []func() // guarded by mu
	running int      // guarded by mu
}

// add queues fn; beyond the limit it is dropped and counted.
func (q *serial) add(fn func()) {
	q.mu.Lock()
	if len(q.queue) >= q.limit {
		q.mu.Unlock()
		q.srv.stats.dropped.Add(1)
		return
	}
	q.queue = append(q.queue, fn)
	start := q.running < max(q.width, 1)
	if start {
		q.running++
	}
	q.mu.Unlock()
	if start {
		q.srv.busy.add()
		q.srv.pool.Run(q)
	}
}

// Run implements workers.Task.
func (q *serial) Run() {
	defer q.srv.busy.done()
	for {
		q.mu.Lock()
		if len(q.queue) == 0 {
			q.queue = nil
			q.running--
			q.mu.Unlock()
			return
		}
		fn := q.queue[0]
		q.queue[0] = nil
		q.queue = q.queue[1:]
		q.mu.Unlock()
		q.srv.protect("cluster", fn)
	}
}
