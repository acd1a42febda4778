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

	mu      sync.Mutex
	health  Health // guarded by mu
	deaf    bool   // subscriptions are not there; guarded by mu
	blocked bool   // streams cannot be read; guarded by mu
}

type counters struct {
	published, lost, refused, received, skipped, malformed, reconnects, gaps atomic.Uint64
}

// Stats counts what has happened since the adapter was made.
type Stats struct {
	Published  uint64 // messages Redis has confirmed
	Lost       uint64 // messages that were refused or whose confirmation did not come
	Received   uint64 // messages of other nodes handed to the server
	Skipped    uint64 // messages for rooms this node has not, ignored unread
	Malformed  uint64 // messages that could not be used
	Reconnects uint64 // times the subscriptions were made anew; what was published meanwhile is not counted anywhere
	Gaps       uint64 // times messages were gone from a stream before this node had read them; NewStreams only
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
		Skipped: l.counters.skipped.Load(), Malformed: l.counters.malformed.Load(), Reconnects: l.counters.reconnects.Load(), Gaps: l.counters.gaps.Load(),
	}
}

// publishing, receiving and reading note a change for the better (nil) or the worse.
func (l *link) publishing(err error) { l.change(err, func() { l.health.Publishing = err == nil }) }
func (l *link) receiving(err error)  { l.change(err, func() { l.deaf = err != nil }) }
func (l *link) reading(err error)    { l.change(err, func() { l.blocked = err != nil }) }

func (l *link) change(err error, note func()) {
	l.mu.Lock()
	before := l.health
	note()
	h := &l.health
	h.Receiving = !l.deaf && !l.blocked
	if h.Publishing == before.Publishing && h.Receiving == before.Receiving {
		l.mu.Unlock()
		return
	}
	h.Since = time.Now()
	if err != nil || h.Healthy() {
		h.Err = err
	}
	after := h.Healthy()
	l.mu.Unlock()
	switch {
	case before.Healthy() && !after:
		l.cfg.Logger.Warn("redisadapter: Redis is lost, other nodes are out of reach", "error", err)
	case !before.Healthy() && after:
		l.cfg.Logger.Info("redisadapter: Redis is back", "lost", l.counters.lost.Load())
	}
}

// close ends everything. What was posted goes out first, within Config.Timeout; nothing is
// received when it returns.
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
