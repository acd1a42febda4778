package redisadapter

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"

	"github.com/redis/go-redis/v9"

	"github.com/go-sails/sails/socketio"
	"github.com/go-sails/sails/socketio/internal/clusterwire"
)

// Streams is a socketio.LogAdapter on Redis Streams. One belongs to one server. Its
// methods may be called concurrently.
//
// What is for sockets goes through a stream, in one order for all nodes; questions to
// nodes and their answers go through PUB/SUB. A node that was cut off from Redis reads
// later what it has not seen, as long as the stream has it.
type Streams struct {
	*link
	reader redis.UniversalClient // its connections wait: closing it ends that

	mu      sync.Mutex
	members map[string]*streamMember // by namespace; guarded by mu
	routes  map[string]*streamMember // by channel; guarded by mu
	streams map[string]*stream       // by name; guarded by mu
	ctx     context.Context          // of the readers
	closed  bool                     // guarded by mu
	scans   chan struct{}            // holds one token for each scan that runs
}

// streamMember is one namespace.
type streamMember struct {
	namespace string
	self      string
	deliver   func(*socketio.ClusterMessage)
	order     sync.Mutex // one delivery at a time: stream and PUB/SUB have a goroutine each
}

var _ socketio.LogAdapter = (*Streams)(nil)

// maxScans bounds the readings of the past that run at a time, on one node.
const maxScans = 4

// NewStreams returns an adapter for nodes that use @socket.io/redis-streams-adapter 0.3.
func NewStreams(cfg Config) (*Streams, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	if cfg.Level != Level8 || cfg.SpecificResponses || cfg.StaticChannels {
		return nil, errors.New("redisadapter: Config.Level, SpecificResponses and StaticChannels are not for NewStreams")
	}
	a := &Streams{
		members: make(map[string]*streamMember), routes: make(map[string]*streamMember), streams: make(map[string]*stream),
		scans: make(chan struct{}, maxScans), reader: cfg.client(),
	}
	a.link = newLink(cfg, true, a.receive)
	ctx, cancel := context.WithCancel(context.Background())
	a.ctx = ctx
	first := a.cancel
	a.cancel = func() {
		cancel()
		first()
	}
	return a, nil
}

// streamName is where the messages of a namespace are. The hash is that of JavaScript
// nodes, in 32 bits and with its sign: a namespace whose hash is negative is on a stream
// that they write and never read.
func (a *Streams) streamName(namespace string) string {
	s := &a.cfg.Streams
	if s.Count == 1 {
		return s.Name
	}
	var hash int32
	for _, c := range utf16Of(namespace) {
		hash = hash*31 + int32(c)
	}
	return s.Name + "-" + strconv.Itoa(int(hash%int32(s.Count)))
}

func (a *Streams) channel(namespace, uid string) string {
	name := a.cfg.Key + "#" + namespace + "#"
	if uid != "" {
		name += uid + "#"
	}
	return name
}

func (a *Streams) topics(m *streamMember) []topic {
	kind := "subscribe"
	if a.cfg.Streams.ShardedPubSub {
		kind = "ssubscribe"
	}
	return []topic{{kind, a.channel(m.namespace, "")}, {kind, a.channel(m.namespace, m.self)}}
}

// Join implements socketio.Adapter. A namespace can be joined once at a time.
func (a *Streams) Join(ctx context.Context, namespace, self string, deliver func(*socketio.ClusterMessage)) error {
	m := &streamMember{namespace: namespace, self: self, deliver: deliver}
	topics := a.topics(m)
	a.mu.Lock()
	if a.members[namespace] != nil {
		a.mu.Unlock()
		return fmt.Errorf("redisadapter: namespace %q is joined already; give each server an adapter of its own", namespace)
	}
	a.members[namespace] = m
	for _, t := range topics {
		a.routes[t.name] = m
	}
	a.mu.Unlock()
	err := a.in.add(ctx, topics...)
	if err == nil {
		if err = a.follow(ctx, m); err != nil {
			a.in.remove(topics...)
		}
	}
	if err != nil {
		a.forget(m, topics)
		return err
	}
	context.AfterFunc(ctx, func() {
		a.forget(m, topics)
		a.in.remove(topics...)
	})
	return nil
}

func (a *Streams) forget(m *streamMember, topics []topic) {
	a.mu.Lock()
	if a.members[m.namespace] == m {
		delete(a.members, m.namespace)
	}
	for _, t := range topics {
		if a.routes[t.name] == m {
			delete(a.routes, t.name)
		}
	}
	s := a.streams[a.streamName(m.namespace)]
	a.mu.Unlock()
	if s != nil {
		s.leave(m)
	}
}

// receive takes a question or an answer from Redis.
func (a *Streams) receive(got *redis.Message) {
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
	a.hand(m, message, err)
}

// hand gives a message, or what is wrong with it, to its namespace.
func (a *Streams) hand(m *streamMember, message *socketio.ClusterMessage, err error) {
	if err != nil {
		if a.counters.malformed.Add(1)%1000 == 1 {
			a.cfg.Logger.Warn("redisadapter: message cannot be used", "namespace", m.namespace, "error", err)
		}
		return
	}
	if message == nil || message.Namespace != m.namespace || message.UID == m.self && message.Serial == 0 {
		return
	}
	if message.UID != m.self {
		a.counters.received.Add(1)
	}
	m.order.Lock()
	defer m.order.Unlock()
	m.deliver(message)
}

// Publish implements socketio.Adapter; see Adapter.Publish. The offset of a message in
// a stream is its id there.
func (a *Streams) Publish(ctx context.Context, m *socketio.ClusterMessage) (string, error) {
	c, size, err := a.command(m)
	if c == nil || err != nil {
		return "", err
	}
	return a.out.Send(ctx, c, size)
}

// Post implements socketio.PostAdapter; see Config.Confirm.
func (a *Streams) Post(ctx context.Context, m *socketio.ClusterMessage) error {
	c, size, err := a.command(m)
	if c == nil || err != nil {
		return err
	}
	return a.post(ctx, c, size)
}

// Append implements socketio.LogAdapter.
func (a *Streams) Append(m *socketio.ClusterMessage, done func(offset string, err error)) error {
	c, size, err := a.command(m)
	if err != nil {
		return err
	}
	return a.out.Add(c, size, done)
}

// command says how a message is published; nil is not at all.
func (a *Streams) command(m *socketio.ClusterMessage) (c command, size int, err error) {
	switch {
	case m.Type == socketio.ClusterInitialHeartbeat, m.Type == socketio.ClusterHeartbeat, m.Type == socketio.ClusterAdapterClose:
		return nil, 0, nil // nodes are counted by their subscriptions
	case m.Type == socketio.ClusterBroadcast && m.RequestID == "", m.Type == socketio.ClusterSocketsJoin,
		m.Type == socketio.ClusterSocketsLeave, m.Type == socketio.ClusterDisconnectSockets:
		values, size, err := encodeEntry(m)
		return a.add(a.streamName(m.Namespace), values), size, err
	}
	payload, err := clusterwire.EncodePacked(m)
	if err != nil {
		return nil, 0, err
	}
	channel := a.channel(m.Namespace, m.To)
	if a.cfg.Streams.ShardedPubSub {
		return publishSharded(channel, payload), len(payload), nil
	}
	return publish(channel, payload), len(payload), nil
}

// add appends an entry to a stream.
func (a *Streams) add(name string, values []string) command {
	args := &redis.XAddArgs{Stream: name, MaxLen: a.cfg.Streams.MaxLen, Approx: true, ID: "*", Values: values}
	return func(ctx context.Context, c redis.Cmdable) redis.Cmder { return c.XAdd(ctx, args) }
}

// ServerCount implements socketio.Adapter: the number of subscribers to the channel of
// questions. While this node does not receive it is an error.
func (a *Streams) ServerCount(ctx context.Context, namespace string) (int, error) {
	if h := a.Health(); !h.Receiving {
		return 0, fmt.Errorf("%w: %w", ErrDown, h.Err)
	}
	channel := a.channel(namespace, "")
	return a.count(ctx, func(ctx context.Context, node redis.Cmdable) (int64, error) {
		ask := node.PubSubNumSub
		if a.cfg.Streams.ShardedPubSub {
			ask = node.PubSubShardNumSub
		}
		counts, err := ask(ctx, channel).Result()
		return counts[channel], err
	})
}

// Close implements socketio.Adapter.
func (a *Streams) Close() error {
	a.mu.Lock()
	closed := a.closed
	a.closed = true
	a.mu.Unlock()
	if closed {
		return nil
	}
	a.cancel()
	return errors.Join(a.reader.Close(), a.close())
}
