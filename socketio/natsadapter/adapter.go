package natsadapter

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/go-sails/sails/socketio"
	"github.com/go-sails/sails/socketio/internal/backoff"
	"github.com/go-sails/sails/socketio/internal/clusterwire"
)

// Errors of Publish. None of the messages they are about is sent later.
var (
	// ErrDown: NATS cannot be reached at the moment.
	ErrDown = errors.New("natsadapter: NATS is not reachable, the message is lost")
	// ErrTooLarge: the message is larger than Config.MaxMessage or than the server allows.
	ErrTooLarge = errors.New("natsadapter: the message is too large")
	// ErrClosed: the adapter is closed.
	ErrClosed = errors.New("natsadapter: adapter is closed")
)

// Config configures an adapter. For numbers and durations zero means the default;
// negative ones are refused.
type Config struct {
	// URL of the servers, separated by commas. It is required.
	URL string
	// Options are added to those of the adapter: credentials, TLS. Handlers of
	// connection events set here replace the adapter's own, with Health.
	Options []nats.Option
	// Prefix of all subjects, without wildcards. Default "socket.io".
	Prefix string
	// HeartbeatInterval is how often a node that is silent says that it lives, and
	// HeartbeatTimeout how long a silent one is believed to. Defaults 5s and 10s.
	HeartbeatInterval, HeartbeatTimeout time.Duration
	// Timeout bounds each exchange with NATS. Default 1s.
	Timeout time.Duration
	// MaxMessage is the size in bytes of messages accepted from other nodes and of
	// those published. Default 2,048,576; a NATS server has a limit of its own, 1 MiB
	// unless configured.
	MaxMessage int
	// MaxQueue is how many bytes received may wait to be handed to the server; what is
	// beyond is dropped and counted. Default 8 MiB.
	MaxQueue int
	// Logger receives one line when NATS is lost and one when it is back; nil discards.
	Logger *slog.Logger
}

func (cfg Config) withDefaults() (Config, error) {
	switch {
	case cfg.URL == "":
		return cfg, errors.New("natsadapter: Config.URL is required")
	case cfg.HeartbeatInterval < 0 || cfg.HeartbeatTimeout < 0 || cfg.Timeout < 0 || cfg.MaxMessage < 0 || cfg.MaxQueue < 0:
		return cfg, errors.New("natsadapter: numbers and durations of Config cannot be off")
	}
	if cfg.Prefix == "" {
		cfg.Prefix = "socket.io"
	}
	for _, d := range []struct {
		value     *time.Duration
		byDefault time.Duration
	}{{&cfg.HeartbeatInterval, 5 * time.Second}, {&cfg.HeartbeatTimeout, 10 * time.Second}, {&cfg.Timeout, time.Second}} {
		if *d.value == 0 {
			*d.value = d.byDefault
		}
	}
	if cfg.MaxMessage == 0 {
		cfg.MaxMessage = 1_000_000 + 1<<20
	}
	if cfg.MaxQueue == 0 {
		cfg.MaxQueue = 8 << 20
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	return cfg, nil
}

// Adapter is a socketio.HeartbeatAdapter on core NATS. One belongs to one server. Its
// methods may be called concurrently.
type Adapter struct {
	cfg    Config
	conn   *nats.Conn
	closed atomic.Bool

	mu      sync.Mutex
	members map[*member]struct{} // guarded by mu

	published, lost, received, malformed, dropped, reconnects atomic.Uint64
}

// Stats counts what has happened since the adapter was made.
type Stats struct {
	Published  uint64 // messages handed to the connection
	Lost       uint64 // messages that were refused
	Received   uint64 // messages of other nodes handed to the server
	Malformed  uint64 // messages that could not be used
	Dropped    uint64 // times messages were dropped because Config.MaxQueue was full
	Reconnects uint64 // times the connection was made anew
}

var _ socketio.HeartbeatAdapter = (*Adapter)(nil)

// New returns an adapter that connects in the background.
func New(cfg Config) (*Adapter, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	a := &Adapter{cfg: cfg, members: make(map[*member]struct{})}
	options := append([]nats.Option{
		nats.Timeout(cfg.Timeout), nats.FlusherTimeout(cfg.Timeout), nats.PingInterval(5 * time.Second), nats.MaxPingsOutstanding(2),
		nats.RetryOnFailedConnect(true), nats.MaxReconnects(-1),
		nats.ReconnectBufSize(-1), // what is sent late is worse than what is lost
		nats.CustomReconnectDelay(backoff.Backoff{}.After),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			if !a.closed.Load() {
				cfg.Logger.Warn("natsadapter: NATS is lost, other nodes are out of reach", "error", err)
			}
		}),
		nats.ReconnectHandler(func(*nats.Conn) {
			a.reconnects.Add(1)
			cfg.Logger.Info("natsadapter: NATS is back", "lost", a.lost.Load())
		}),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
			if errors.Is(err, nats.ErrSlowConsumer) {
				a.dropped.Add(1)
			}
		}),
	}, cfg.Options...)
	if a.conn, err = nats.Connect(cfg.URL, options...); err != nil {
		return nil, fmt.Errorf("natsadapter: %w", err)
	}
	return a, nil
}

// subject of a namespace, for all nodes or for one. Names are encoded: nothing in them
// is a wildcard or separates (SEC-60).
func (a *Adapter) subject(namespace, uid string) string {
	name := a.cfg.Prefix + "." + base64.RawURLEncoding.EncodeToString([]byte(namespace))
	if uid == "" {
		return name + ".all"
	}
	return name + ".node." + base64.RawURLEncoding.EncodeToString([]byte(uid))
}

// Heartbeat implements socketio.HeartbeatAdapter.
func (a *Adapter) Heartbeat() (interval, timeout time.Duration) {
	return a.cfg.HeartbeatInterval, a.cfg.HeartbeatTimeout
}

// member is one namespace.
type member struct {
	a         *Adapter
	namespace string
	self      string

	mu      sync.Mutex // one delivery at a time
	deliver func(*socketio.ClusterMessage)
	left    bool // guarded by mu
}

// Join implements socketio.Adapter.
func (a *Adapter) Join(ctx context.Context, namespace, self string, deliver func(*socketio.ClusterMessage)) error {
	if a.closed.Load() {
		return ErrClosed
	}
	m := &member{a: a, namespace: namespace, self: self, deliver: deliver}
	var subscriptions []*nats.Subscription
	leave := func() {
		m.mu.Lock()
		m.left = true
		m.mu.Unlock()
		a.mu.Lock()
		delete(a.members, m)
		a.mu.Unlock()
		for _, s := range subscriptions {
			_ = s.Unsubscribe() // it may be closed
		}
	}
	a.mu.Lock()
	a.members[m] = struct{}{}
	a.mu.Unlock()
	for _, subject := range []string{a.subject(namespace, ""), a.subject(namespace, self)} {
		s, err := a.conn.Subscribe(subject, m.receive)
		if err == nil {
			subscriptions = append(subscriptions, s)
			err = s.SetPendingLimits(-1, a.cfg.MaxQueue)
		}
		if err != nil {
			leave()
			return fmt.Errorf("natsadapter: %w", err)
		}
	}
	bounded, cancel := context.WithTimeout(ctx, a.cfg.Timeout)
	defer cancel()
	if err := a.conn.FlushWithContext(bounded); err != nil {
		leave()
		return fmt.Errorf("natsadapter: subscribing: %w", err)
	}
	context.AfterFunc(ctx, leave)
	return nil
}

// receive takes a message from NATS.
func (m *member) receive(got *nats.Msg) {
	var message *socketio.ClusterMessage
	err := error(ErrTooLarge)
	if len(got.Data) <= m.a.cfg.MaxMessage {
		message, err = clusterwire.Decode(got.Data)
	}
	if err != nil {
		if m.a.malformed.Add(1)%1000 == 1 {
			m.a.cfg.Logger.Warn("natsadapter: message cannot be used", "namespace", m.namespace, "error", err)
		}
		return
	}
	if message == nil || message.UID == m.self || message.Namespace != m.namespace {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.left || m.a.closed.Load() {
		return
	}
	m.a.received.Add(1)
	m.deliver(message)
}

// Publish implements socketio.Adapter. It hands the message to the connection and does
// not wait for NATS to have it.
func (a *Adapter) Publish(_ context.Context, m *socketio.ClusterMessage) (string, error) {
	payload, err := clusterwire.Encode(m)
	if err != nil {
		return "", err
	}
	err = a.publish(a.subject(m.Namespace, m.To), payload)
	if err != nil {
		a.lost.Add(1)
		return "", err
	}
	a.published.Add(1)
	return "", nil
}

func (a *Adapter) publish(subject string, payload []byte) error {
	switch {
	case a.closed.Load():
		return ErrClosed
	case len(payload) > a.cfg.MaxMessage:
		return ErrTooLarge
	case !a.conn.IsConnected():
		return ErrDown
	}
	switch err := a.conn.Publish(subject, payload); {
	case errors.Is(err, nats.ErrMaxPayload):
		return ErrTooLarge
	case err != nil:
		return fmt.Errorf("%w: %w", ErrDown, err)
	}
	return nil
}

// ServerCount implements socketio.Adapter; servers count by heartbeats instead.
func (a *Adapter) ServerCount(context.Context, string) (int, error) {
	return 0, errors.New("natsadapter: NATS does not count; heartbeats do")
}

// Healthy tells whether NATS is connected.
func (a *Adapter) Healthy() bool { return a.conn.IsConnected() }

// Stats returns the counters. Safe for concurrent use.
func (a *Adapter) Stats() Stats {
	return Stats{
		Published: a.published.Load(), Lost: a.lost.Load(), Received: a.received.Load(),
		Malformed: a.malformed.Load(), Dropped: a.dropped.Load(), Reconnects: a.reconnects.Load(),
	}
}

// Close implements socketio.Adapter. It waits, for Config.Timeout at most, until NATS has
// what was published.
func (a *Adapter) Close() error {
	if a.closed.Swap(true) {
		return nil
	}
	if a.conn.IsConnected() {
		_ = a.conn.FlushTimeout(a.cfg.Timeout) // or else it is lost
	}
	a.conn.Close()
	a.mu.Lock()
	defer a.mu.Unlock()
	for m := range a.members {
		m.mu.Lock() // a delivery that runs
		m.left = true
		m.mu.Unlock()
	}
	return nil
}
