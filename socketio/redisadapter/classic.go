package redisadapter

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/redis/go-redis/v9"

	"github.com/go-sails/sails/socketio"
)

// Adapter is a socketio.RoomAdapter on Redis PUB/SUB. One belongs to one server. Its
// methods may be called concurrently.
//
// Every node receives every broadcast; where nobody is in the room it is for, it is
// ignored unread.
type Adapter struct {
	*link

	mu     sync.RWMutex
	byName map[string]*membership         // namespaces joined; guarded by mu
	routes map[string]*membership         // the same, by pattern and by channel; guarded by mu
	rooms  map[string]*socketio.Namespace // by name, those watched; guarded by mu
}

// membership is one namespace.
type membership struct {
	namespace string
	self      string
	deliver   func(*socketio.ClusterMessage)
	mark      string       // what broadcasts of this node begin with
	raw       func([]byte) // of a channel that is no namespace
	channels
	topics []topic
}

// channels are the names of spec 3.3 for a namespace.
type channels struct {
	broadcast, request, response, specific string
}

// New returns an adapter for nodes that speak the language of Config.Level. It
// connects when a server has joined; it does not fail because Redis is away.
func New(cfg Config) (*Adapter, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	a := &Adapter{
		byName: make(map[string]*membership),
		routes: make(map[string]*membership),
		rooms:  make(map[string]*socketio.Namespace),
	}
	a.link = newLink(cfg, false, a.receive)
	return a, nil
}

func (a *Adapter) channels(namespace, self string) channels {
	response := a.cfg.Key + "-response#" + namespace + "#"
	return channels{
		broadcast: a.cfg.Key + "#" + namespace + "#",
		request:   a.cfg.Key + "-request#" + namespace + "#",
		response:  response,
		specific:  response + self + "#",
	}
}

// glob makes a pattern of a name: nothing in it is special (SEC-60).
var glob = strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`, `]`, `\]`)

// Join implements socketio.Adapter. A namespace can be joined once at a time.
func (a *Adapter) Join(ctx context.Context, namespace, self string, deliver func(*socketio.ClusterMessage)) error {
	m := &membership{namespace: namespace, self: self, deliver: deliver, mark: string(appendSender(nil, self)), channels: a.channels(namespace, self)}
	pattern := glob.Replace(m.broadcast) + "*"
	m.topics = []topic{{"psubscribe", pattern}, {"subscribe", m.request}, {"subscribe", m.response}, {"subscribe", m.specific}}
	a.mu.Lock()
	if a.byName[namespace] != nil {
		a.mu.Unlock()
		return fmt.Errorf("redisadapter: namespace %q is joined already; give each server an adapter of its own", namespace)
	}
	a.byName[namespace] = m
	n := a.rooms[namespace]
	for _, t := range m.topics {
		a.routes[t.name] = m
	}
	a.mu.Unlock()
	context.AfterFunc(ctx, func() { a.unwatch(namespace, n) })
	return a.begin(ctx, m)
}

// begin subscribes to the topics of m until ctx ends.
func (a *Adapter) begin(ctx context.Context, m *membership) error {
	if err := a.in.add(ctx, m.topics...); err != nil {
		a.forget(m)
		return err
	}
	context.AfterFunc(ctx, func() {
		a.forget(m)
		a.in.remove(m.topics...)
	})
	return nil
}

// unwatch forgets a namespace that is left for good.
func (a *Adapter) unwatch(name string, n *socketio.Namespace) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.rooms[name] == n { // or else it exists again
		delete(a.rooms, name)
	}
}

func (a *Adapter) forget(m *membership) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if m.raw == nil {
		delete(a.byName, m.namespace)
	}
	for _, t := range m.topics {
		delete(a.routes, t.name)
	}
}

// Watch implements socketio.RoomAdapter: what is for rooms that n has not is ignored
// unread.
func (a *Adapter) Watch(n *socketio.Namespace) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.rooms[n.Name()] = n
}

// receive takes a message from Redis. It runs on one goroutine.
func (a *Adapter) receive(got *redis.Message) {
	name := got.Channel
	if got.Pattern != "" {
		name = got.Pattern
	}
	a.mu.RLock()
	m := a.routes[name]
	var rooms *socketio.Namespace
	if m != nil {
		rooms = a.rooms[m.namespace]
	}
	a.mu.RUnlock()
	if m == nil {
		return // left a moment ago
	}
	if len(got.Payload) > a.cfg.MaxMessage {
		a.malformed(m, errMessage)
		return
	}
	var err error
	switch {
	case m.raw != nil:
		m.raw([]byte(got.Payload))
	case got.Pattern != "":
		if strings.HasPrefix(got.Payload, m.mark) {
			return // this node's own, which Redis sends it too
		}
		room := strings.TrimSuffix(strings.TrimPrefix(got.Channel, m.broadcast), "#")
		if room != "" && rooms != nil && rooms.RoomSize(room) == 0 {
			a.counters.skipped.Add(1)
			return
		}
		err = a.onBroadcast(m, []byte(got.Payload))
	case name == m.request:
		err = a.onRequest(m, []byte(got.Payload))
	default:
		if !strings.Contains(got.Payload, m.self) {
			return // an answer to somebody else
		}
		err = a.onResponse(m, []byte(got.Payload))
	}
	if err != nil && !errors.Is(err, errOwn) {
		a.malformed(m, err)
	}
}

func (a *Adapter) malformed(m *membership, err error) {
	if a.counters.malformed.Add(1)%1000 == 1 {
		a.cfg.Logger.Warn("redisadapter: message cannot be used", "namespace", m.namespace, "error", err)
	}
}

func (a *Adapter) deliver(m *membership, message *socketio.ClusterMessage) {
	a.counters.received.Add(1)
	m.deliver(message)
}

func (a *Adapter) onBroadcast(m *membership, data []byte) error {
	message, err := decodeBroadcast(data, m.self)
	if err != nil {
		return err
	}
	if message.Namespace == m.namespace {
		a.deliver(m, message)
	}
	return nil
}

// Publish implements socketio.Adapter. It returns when Redis has the message, after
// at most about twice Config.Timeout; nothing is sent later. Heartbeats and farewells are not sent:
// nodes are counted by their subscriptions.
func (a *Adapter) Publish(ctx context.Context, m *socketio.ClusterMessage) (string, error) {
	channel, payload, err := a.encode(m)
	if err != nil || channel == "" {
		return "", err
	}
	return a.out.Send(ctx, publish(channel, payload), len(payload))
}

// Post implements socketio.PostAdapter; see Config.Confirm.
func (a *Adapter) Post(ctx context.Context, m *socketio.ClusterMessage) error {
	channel, payload, err := a.encode(m)
	if err != nil || channel == "" {
		return err
	}
	return a.post(ctx, publish(channel, payload), len(payload))
}

// encode returns a message and where it goes; nowhere when the language has no word
// for it.
func (a *Adapter) encode(m *socketio.ClusterMessage) (channel string, payload []byte, err error) {
	if m.Type == socketio.ClusterBroadcast && m.RequestID == "" {
		channel = a.cfg.Key + "#" + m.Namespace + "#"
		if len(m.Target.Rooms) == 1 {
			channel = a.cfg.Key + "#" + m.Namespace + "#" + m.Target.Rooms[0] + "#"
		}
		payload, err = encodeBroadcast(m)
		return channel, payload, err
	}
	c := a.channels(m.Namespace, m.UID)
	switch m.Type {
	case socketio.ClusterBroadcast, socketio.ClusterSocketsJoin, socketio.ClusterSocketsLeave, socketio.ClusterDisconnectSockets,
		socketio.ClusterFetchSockets, socketio.ClusterServerSideEmit:
		payload, err = encodeRequest(m, a.cfg.Level)
		return c.request, payload, err
	case socketio.ClusterFetchSocketsResponse, socketio.ClusterServerSideEmitResponse,
		socketio.ClusterBroadcastClientCount, socketio.ClusterBroadcastAck:
		payload, err = encodeResponse(m, a.cfg.Level)
		if payload == nil {
			return "", nil, err
		}
		channel = c.response
		if a.cfg.SpecificResponses && m.To != "" && m.Type != socketio.ClusterServerSideEmitResponse {
			channel += m.To + "#"
		}
		return channel, payload, err
	}
	return "", nil, nil
}

// ServerCount implements socketio.Adapter: the number of subscribers to the request
// channel. While this node does not receive it is an error.
func (a *Adapter) ServerCount(ctx context.Context, namespace string) (int, error) {
	if h := a.Health(); !h.Receiving {
		return 0, fmt.Errorf("%w: %w", ErrDown, h.Err)
	}
	channel := a.channels(namespace, "").request
	return a.count(ctx, func(ctx context.Context, node redis.Cmdable) (int64, error) {
		counts, err := node.PubSubNumSub(ctx, channel).Result()
		return counts[channel], err
	})
}

// Close implements socketio.Adapter. What was posted goes out first, if Redis takes it
// within Config.Timeout.
func (a *Adapter) Close() error { return a.close() }

// own tells whether an id of a request was made by this node, and cuts its mark off.
func own(id, self string) (string, bool) {
	return strings.CutPrefix(id, self)
}
