package pgadapter

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/go-sails/sails/socketio"
	"github.com/go-sails/sails/socketio/internal/clusterwire"
)

// Adapter is a socketio.HeartbeatAdapter on PostgreSQL. One belongs to one server. Its
// methods may be called concurrently.
type Adapter struct {
	cfg     Config
	connect *pgx.ConnConfig
	out     *publisher
	in      *listener

	cancel  context.CancelFunc
	running sync.WaitGroup
	created atomic.Bool // the table is there

	published, lost, refused, received, malformed, reconnects atomic.Uint64
}

// Stats counts what has happened since the adapter was made.
type Stats struct {
	Published  uint64 // messages the database has confirmed
	Lost       uint64 // messages that were refused or whose confirmation did not come
	Received   uint64 // messages of other nodes handed to the server
	Malformed  uint64 // messages that could not be used
	Reconnects uint64 // attempts to receive again
}

var (
	_ socketio.HeartbeatAdapter = (*Adapter)(nil)
	_ socketio.PostAdapter      = (*Adapter)(nil)
)

// New returns an adapter. It connects when a server has joined; it does not fail because
// the database is away.
func New(cfg Config) (*Adapter, error) {
	cfg, connect, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	a := &Adapter{cfg: cfg, connect: connect}
	a.created.Store(!cfg.CreateTable)
	a.out = newPublisher(a)
	a.in = &listener{a: a, members: make(map[string]*member), wake: make(chan struct{}, 1)}
	ctx, cancel := context.WithCancel(context.Background())
	a.cancel = cancel
	a.running.Go(func() { a.out.run(ctx) })
	a.running.Go(func() { a.in.run(ctx) })
	return a, nil
}

// dial connects, and makes the table the first time.
func (a *Adapter) dial(ctx context.Context) (*pgx.Conn, error) {
	conn, err := pgx.ConnectConfig(ctx, a.connect.Copy())
	if err != nil {
		return nil, err
	}
	if a.created.Load() {
		return conn, nil
	}
	// Two nodes that create it at once: one fails, and finds it at the next attempt.
	_, err = conn.Exec(ctx, `CREATE TABLE IF NOT EXISTS `+a.cfg.table()+
		` (id bigserial UNIQUE, created_at timestamptz DEFAULT now(), payload bytea)`)
	if err != nil {
		_ = conn.Close(ctx) // the first error tells more
		return nil, fmt.Errorf("creating the table: %w", err)
	}
	a.created.Store(true)
	return conn, nil
}

// Heartbeat implements socketio.HeartbeatAdapter.
func (a *Adapter) Heartbeat() (interval, timeout time.Duration) {
	return a.cfg.HeartbeatInterval, a.cfg.HeartbeatTimeout
}

// Join implements socketio.Adapter. A namespace can be joined once at a time.
func (a *Adapter) Join(ctx context.Context, namespace, self string, deliver func(*socketio.ClusterMessage)) error {
	channel := a.cfg.Prefix + "#" + namespace
	if len(channel) > maxChannel {
		return fmt.Errorf("pgadapter: the channel %q has more than %d bytes; shorten Config.Prefix or the namespace", channel, maxChannel)
	}
	m := &member{namespace: namespace, self: self, deliver: deliver, ready: make(chan struct{})}
	if err := a.in.join(ctx, channel, m); err != nil {
		return err
	}
	context.AfterFunc(ctx, func() { a.in.leave(channel, m) })
	return nil
}

// Publish implements socketio.Adapter. It returns when the database has the message, or
// after about Config.Timeout; nothing is sent later.
func (a *Adapter) Publish(ctx context.Context, m *socketio.ClusterMessage) (string, error) {
	x, err := a.encode(m)
	if err != nil {
		return "", err
	}
	return a.out.Send(ctx, x, len(x.payload))
}

// Post implements socketio.PostAdapter; see Config.Confirm.
func (a *Adapter) Post(ctx context.Context, m *socketio.ClusterMessage) error {
	if a.cfg.Confirm {
		_, err := a.Publish(ctx, m)
		return err
	}
	x, err := a.encode(m)
	if err != nil {
		return err
	}
	return a.out.Post(ctx, x, len(x.payload))
}

func (a *Adapter) encode(m *socketio.ClusterMessage) (publication, error) {
	payload, err := clusterwire.Encode(m)
	return publication{channel: a.cfg.Prefix + "#" + m.Namespace, uid: m.UID, kind: m.Type, payload: payload}, err
}

// ServerCount implements socketio.Adapter; servers count by heartbeats instead.
func (a *Adapter) ServerCount(context.Context, string) (int, error) {
	return 0, errors.New("pgadapter: PostgreSQL does not count; heartbeats do")
}

// Healthy tells whether messages are sent and received.
func (a *Adapter) Healthy() bool {
	a.in.mu.Lock()
	up := a.in.up
	a.in.mu.Unlock()
	return up && a.out.Available() == nil
}

// Stats returns the counters. Safe for concurrent use.
func (a *Adapter) Stats() Stats {
	return Stats{
		Published: a.published.Load(), Lost: a.lost.Load(), Received: a.received.Load(),
		Malformed: a.malformed.Load(), Reconnects: a.reconnects.Load(),
	}
}

// Close implements socketio.Adapter. What was posted goes out first, if the database takes
// it within Config.Timeout.
func (a *Adapter) Close() error {
	a.cancel()
	a.running.Wait()
	return nil
}
