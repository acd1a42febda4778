package redisadapter

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/redis/go-redis/v9"

	"github.com/go-sails/sails/socketio"
	"github.com/go-sails/sails/socketio/internal/clusterwire"
)

// Sharded is a socketio.RoomAdapter on the sharded PUB/SUB of Redis 7, which a Redis
// Cluster spreads over its servers. One belongs to one server. Its methods may be
// called concurrently.
//
// Rooms have channels of their own, as long as a node has members, unless
// Config.StaticChannels is set: a node receives what it needs. A room that is new on a
// node is subscribed to a moment after the join, and messages sent to it by other
// nodes in that moment are missed. Messages to one room and messages to several or to
// all have no common order in a Redis Cluster.
type Sharded struct {
	*link

	mu      sync.Mutex
	members map[string]*shardedMember      // by namespace; guarded by mu
	routes  map[string]*shardedMember      // by channel; guarded by mu
	watched map[string]*socketio.Namespace // guarded by mu
	dirty   map[roomKey]struct{}           // rooms that have come or gone; guarded by mu
	wake    chan struct{}                  // holds one token while there are any
	stop    context.CancelFunc
	syncing sync.WaitGroup
}

var (
	_ socketio.RoomAdapter   = (*Sharded)(nil)
	_ socketio.ConfigAdapter = (*Sharded)(nil)
	_ socketio.RoomAdapter   = (*Adapter)(nil)
	_ socketio.PostAdapter   = (*Adapter)(nil)
	_ socketio.PostAdapter   = (*Sharded)(nil)
	_ socketio.PostAdapter   = (*Streams)(nil)
)

type shardedMember struct {
	namespace string
	self      string
	deliver   func(*socketio.ClusterMessage)
	common    string
	own       string
	rooms     map[string]topic // subscribed to; of the synchronizing goroutine, and Join's end
}

type roomKey struct{ namespace, room string }

// NewSharded returns an adapter for nodes that use createShardedAdapter.
func NewSharded(cfg Config) (*Sharded, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	if cfg.Level != Level8 || cfg.SpecificResponses {
		return nil, errors.New("redisadapter: Config.Level and SpecificResponses are not for NewSharded")
	}
	a := &Sharded{
		members: make(map[string]*shardedMember), routes: make(map[string]*shardedMember), watched: make(map[string]*socketio.Namespace),
		dirty: make(map[roomKey]struct{}), wake: make(chan struct{}, 1),
	}
	ctx, stop := context.WithCancel(context.Background())
	a.stop = stop
	a.link = newLink(cfg, true, a.receive)
	a.syncing.Go(func() { a.sync(ctx) })
	return a, nil
}

// CheckConfig implements socketio.ConfigAdapter: with channels for rooms a node does not
// hear what its lost clients miss.
func (a *Sharded) CheckConfig(cfg socketio.Config) error {
	if cfg.Recovery != nil && !a.cfg.StaticChannels {
		return errors.New("redisadapter: with Config.Recovery of the server NewSharded needs Config.StaticChannels, on every node")
	}
	return nil
}

// Watch implements socketio.RoomAdapter: the rooms of n get channels.
func (a *Sharded) Watch(n *socketio.Namespace) {
	if a.cfg.StaticChannels {
		return
	}
	a.mu.Lock()
	known := a.watched[n.Name()] == n
	a.watched[n.Name()] = n
	a.mu.Unlock()
	if known {
		return
	}
	n.OnRoom(func(e socketio.RoomEvent) {
		if e.Kind == socketio.RoomCreated || e.Kind == socketio.RoomDeleted {
			a.changed(roomKey{n.Name(), e.Room})
		}
	})
}

// changed notes a room for the synchronizing goroutine: nothing waits here.
func (a *Sharded) changed(k roomKey) {
	if socketRoom(k.room) {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.dirty[k] = struct{}{}
	select {
	case a.wake <- struct{}{}:
	default:
	}
}

// socketRoom tells whether a name is taken for a socket's id: those have no channel
// (spec 3.4).
func socketRoom(room string) bool { return len(room) == 20 }

// sync subscribes to the channels of rooms that have come, and gives up those of rooms
// that have gone.
func (a *Sharded) sync(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-a.wake:
		}
		a.mu.Lock()
		dirty := a.dirty
		a.dirty = make(map[roomKey]struct{})
		a.mu.Unlock()
		for k := range dirty {
			a.syncRoom(k)
		}
	}
}

func (a *Sharded) syncRoom(k roomKey) {
	a.mu.Lock()
	n, m := a.watched[k.namespace], a.members[k.namespace]
	if n == nil || m == nil { // Join looks at all rooms there are
		a.mu.Unlock()
		return
	}
	t, subscribed := m.rooms[k.room]
	wanted := n.RoomSize(k.room) > 0
	switch {
	case wanted && !subscribed:
		t = topic{"ssubscribe", m.common + k.room + "#"}
		m.rooms[k.room] = t
		a.routes[t.name] = m
	case !wanted && subscribed:
		delete(m.rooms, k.room)
		delete(a.routes, t.name)
	}
	a.mu.Unlock()
	switch {
	case wanted && !subscribed:
		a.in.want([]topic{t})
	case !wanted && subscribed:
		a.in.remove(t)
	}
}

// Join implements socketio.Adapter. Unless Config.StaticChannels is set Watch must have
// been called.
func (a *Sharded) Join(ctx context.Context, namespace, self string, deliver func(*socketio.ClusterMessage)) error {
	common := a.cfg.Key + "#" + namespace + "#"
	m := &shardedMember{namespace: namespace, self: self, deliver: deliver, common: common, own: common + self + "#", rooms: make(map[string]topic)}
	topics := []topic{{"ssubscribe", m.common}, {"ssubscribe", m.own}}
	a.mu.Lock()
	n := a.watched[namespace]
	switch {
	case n == nil && !a.cfg.StaticChannels:
		a.mu.Unlock()
		return fmt.Errorf("redisadapter: the rooms of namespace %q are not told: call Watch, or set Config.StaticChannels on every node", namespace)
	case a.members[namespace] != nil:
		a.mu.Unlock()
		return fmt.Errorf("redisadapter: namespace %q is joined already; give each server an adapter of its own", namespace)
	}
	a.members[namespace] = m
	for _, t := range topics {
		a.routes[t.name] = m
	}
	a.mu.Unlock()
	context.AfterFunc(ctx, func() { a.unwatch(namespace, n) })
	if err := a.in.add(ctx, topics...); err != nil {
		a.forget(m, topics)
		return err
	}
	if n != nil {
		for _, room := range n.Rooms() {
			a.changed(roomKey{namespace, room})
		}
	}
	context.AfterFunc(ctx, func() { a.in.remove(a.forget(m, topics)...) })
	return nil
}

// unwatch forgets a namespace that is left for good.
func (a *Sharded) unwatch(name string, n *socketio.Namespace) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.watched[name] == n { // or else it exists again
		delete(a.watched, name)
	}
}

// forget removes a namespace and returns all its subscriptions.
func (a *Sharded) forget(m *shardedMember, topics []topic) []topic {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.members, m.namespace)
	for _, t := range m.rooms {
		topics = append(topics, t)
	}
	for _, t := range topics {
		delete(a.routes, t.name)
	}
	return topics
}

// receive takes a message from Redis, one at a time.
func (a *Sharded) receive(got *redis.Message) {
	a.mu.Lock()
	m := a.routes[got.Channel]
	a.mu.Unlock()
	if m == nil {
		return // left a moment ago
	}
	var message *socketio.ClusterMessage
	err := errMessage
	if len(got.Payload) <= a.cfg.MaxMessage {
		message, err = clusterwire.Decode([]byte(got.Payload))
	}
	if err != nil {
		if a.counters.malformed.Add(1)%1000 == 1 {
			a.cfg.Logger.Warn("redisadapter: message cannot be used", "namespace", m.namespace, "error", err)
		}
		return
	}
	if message == nil || message.UID == m.self || message.Namespace != m.namespace {
		return
	}
	a.counters.received.Add(1)
	m.deliver(message)
}

// Publish implements socketio.Adapter; see Adapter.Publish.
func (a *Sharded) Publish(ctx context.Context, m *socketio.ClusterMessage) (string, error) {
	c, size, err := a.command(m)
	if c == nil || err != nil {
		return "", err
	}
	return a.out.Send(ctx, c, size)
}

// Post implements socketio.PostAdapter; see Config.Confirm.
func (a *Sharded) Post(ctx context.Context, m *socketio.ClusterMessage) error {
	c, size, err := a.command(m)
	if c == nil || err != nil {
		return err
	}
	return a.post(ctx, c, size)
}

// command says how a message is published; nil is not at all.
func (a *Sharded) command(m *socketio.ClusterMessage) (c command, size int, err error) {
	switch m.Type {
	case socketio.ClusterInitialHeartbeat, socketio.ClusterHeartbeat, socketio.ClusterAdapterClose:
		return nil, 0, nil // nodes are counted by their subscriptions
	}
	payload, err := clusterwire.Encode(m)
	if err != nil {
		return nil, 0, err
	}
	return publishSharded(a.channel(m), payload), len(payload), nil
}

func (a *Sharded) channel(m *socketio.ClusterMessage) string {
	common := a.cfg.Key + "#" + m.Namespace + "#"
	switch {
	case m.To != "":
		return common + m.To + "#"
	case !a.cfg.StaticChannels && m.Type == socketio.ClusterBroadcast && m.RequestID == "" &&
		len(m.Target.Rooms) == 1 && !socketRoom(m.Target.Rooms[0]):
		return common + m.Target.Rooms[0] + "#"
	}
	return common
}

// ServerCount implements socketio.Adapter: the number of subscribers to the common
// channel. While this node does not receive it is an error.
func (a *Sharded) ServerCount(ctx context.Context, namespace string) (int, error) {
	if h := a.Health(); !h.Receiving {
		return 0, fmt.Errorf("%w: %w", ErrDown, h.Err)
	}
	channel := a.cfg.Key + "#" + namespace + "#"
	return a.count(ctx, func(ctx context.Context, node redis.Cmdable) (int64, error) {
		counts, err := node.PubSubShardNumSub(ctx, channel).Result()
		return counts[channel], err
	})
}

// Close implements socketio.Adapter.
func (a *Sharded) Close() error {
	a.stop()
	a.syncing.Wait()
	return a.close()
}
