package redisadapter

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/go-sails/sails/socketio/internal/outbox"
)

// link is what both adapters have: a client, a publisher, a subscriber, and what is
// known of their health.
type link struct {
	cfg      Config
	client   redis.UniversalClient
	routed   bool // in a cluster each command goes to the server of its key or sharded channel
	out      *outbox.Queue[command]
	in       *subscriber
	counters counters

	cancel  context.CancelFunc
	running sync.WaitGroup

	mu     sync.Mutex
	health Health // guarded by mu
}

type counters struct {
	published, lost, received, skipped, malformed, reconnects atomic.Uint64
}

// Stats counts what has happened since the adapter was made.
type Stats struct {
	Published  uint64 // messages Redis has confirmed
	Lost       uint64 // messages that were refused or whose confirmation did not come
	Received   uint64 // messages of other nodes handed to the server
	Skipped    uint64 // messages for rooms this node has not, ignored unread
	Malformed  uint64 // messages that could not be used
	Reconnects uint64 // times the subscriptions were made anew; what was published meanwhile is not counted anywhere
}

// Health is the state of the connection to Redis.
type Health struct {
	Publishing bool      // messages of this node reach Redis
	Receiving  bool      // messages of other nodes are received
	Since      time.Time // when one of the two last changed
	Err        error     // why one of them is false
}

// Healthy is true when nothing is wrong.
func (h Health) Healthy() bool { return h.Publishing && h.Receiving }

// newLink starts to work for receive, which gets every message of the subscriptions.
func newLink(cfg Config, routed bool, receive func(*redis.Message)) *link {
	l := &link{cfg: cfg, client: cfg.client(), routed: routed, health: Health{Publishing: true, Receiving: true, Since: time.Now()}}
	l.out = newOutbox(l)
	l.in = newSubscriber(l, receive)
	ctx, cancel := context.WithCancel(context.Background())
	l.cancel = cancel
	l.running.Go(func() { l.out.Run(ctx) })
	l.running.Go(func() { l.in.run(ctx) })
	return l
}

// target is who publishes: in a cluster always the same node, so that messages arrive
// in order, unless they have servers of their own.
func (l *link) target(ctx context.Context) (redis.Cmdable, error) {
	if c, ok := l.client.(*redis.ClusterClient); ok && !l.routed {
		return c.MasterForKey(ctx, l.cfg.Key)
	}
	return l.client, nil
}

// Health returns the present state. Safe for concurrent use.
func (l *link) Health() Health {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.health
}

// Stats returns the counters. Safe for concurrent use.
func (l *link) Stats() Stats {
	return Stats{
		Published: l.counters.published.Load(), Lost: l.counters.lost.Load(), Received: l.counters.received.Load(),
		Skipped: l.counters.skipped.Load(), Malformed: l.counters.malformed.Load(), Reconnects: l.counters.reconnects.Load(),
	}
}

// publishing and receiving note a change for the better (nil) or the worse.
func (l *link) publishing(err error) { l.change(err, func(h *Health) *bool { return &h.Publishing }) }
func (l *link) receiving(err error)  { l.change(err, func(h *Health) *bool { return &h.Receiving }) }

func (l *link) change(err error, of func(*Health) *bool) {
	l.mu.Lock()
	before := l.health.Healthy()
	state := of(&l.health)
	if *state == (err == nil) {
		l.mu.Unlock()
		return
	}
	*state = err == nil
	l.health.Since = time.Now()
	if err != nil || l.health.Healthy() {
		l.health.Err = err
	}
	after := l.health.Healthy()
	l.mu.Unlock()
	switch {
	case before && !after:
		l.cfg.Logger.Warn("redisadapter: Redis is lost, other nodes are out of reach", "error", err)
	case !before && after:
		l.cfg.Logger.Info("redisadapter: Redis is back", "lost", l.counters.lost.Load())
	}
}

// close ends everything. Nothing is received when it returns.
func (l *link) close() error {
	l.cancel()
	l.running.Wait()
	return l.client.Close()
}

// count sums what count tells of each node of a cluster, or of the only one.
func (l *link) count(ctx context.Context, count func(context.Context, redis.Cmdable) (int64, error)) (int, error) {
	if err := l.out.Available(); err != nil {
		return 0, err
	}
	ctx, cancel := context.WithTimeout(ctx, 2*l.cfg.Timeout)
	defer cancel()
	cluster, ok := l.client.(*redis.ClusterClient)
	if !ok {
		n, err := count(ctx, l.client)
		return int(n), err
	}
	var sum atomic.Int64
	err := cluster.ForEachShard(ctx, func(ctx context.Context, node *redis.Client) error {
		n, err := count(ctx, node)
		sum.Add(n)
		return err
	})
	return int(sum.Load()), err
}
