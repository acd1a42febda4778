package pgadapter

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/go-sails/sails/socketio"
	"github.com/go-sails/sails/socketio/internal/outbox"
)

// Errors of Publish and Post. None of the messages they are about is sent later.
var (
	// ErrDown: the database cannot be reached at the moment.
	ErrDown = errors.New("pgadapter: the database is not reachable, the message is lost")
	// ErrQueueFull: Config.MaxQueue bytes wait to be published.
	ErrQueueFull = errors.New("pgadapter: too much waits to be published, the message is lost")
	// ErrTooLarge: the message is larger than Config.MaxMessage.
	ErrTooLarge = errors.New("pgadapter: the message is larger than Config.MaxMessage")
	// ErrClosed: the adapter is closed.
	ErrClosed = errors.New("pgadapter: adapter is closed")
)

// publication is one message on its way.
type publication struct {
	channel string
	uid     string
	kind    socketio.ClusterMessageType
	payload []byte
}

// publisher sends messages in the order they come, on a connection of its own. Each is
// a transaction: within one PostgreSQL would drop a message equal to another.
type publisher struct {
	a *Adapter
	*outbox.Queue[publication]

	conn *pgx.Conn // of the goroutine
}

func newPublisher(a *Adapter) *publisher {
	p := &publisher{a: a}
	p.Queue = outbox.New(outbox.Config[publication]{
		MaxItem: a.cfg.MaxMessage, MaxBytes: a.cfg.MaxQueue, Timeout: a.cfg.Timeout,
		Exchange: func(ctx context.Context, batch []*outbox.Item[publication]) {
			for _, x := range batch {
				x.Err = p.exchange(ctx, x.Value)
			}
		},
		Refused: p.refused,
		Probe: func(ctx context.Context) error {
			p.hangUp()
			return p.connect(ctx)
		},
		Changed: func(err error) {
			if err != nil {
				a.cfg.Logger.Warn("pgadapter: the database is lost, other nodes are out of reach", "error", err)
			} else {
				a.cfg.Logger.Info("pgadapter: the database is back", "lost", a.lost.Load())
			}
		},
		Unheard: func(err error) {
			if a.refused.Add(1)%1000 == 1 {
				a.cfg.Logger.Warn("pgadapter: message is lost", "error", err)
			}
		},
		Published: &a.published, Lost: &a.lost,
		Errors: outbox.Errors{Down: ErrDown, Full: ErrQueueFull, TooLarge: ErrTooLarge, Closed: ErrClosed, Waiting: "pgadapter: waiting for the database"},
	})
	return p
}

// run publishes until ctx ends.
func (p *publisher) run(ctx context.Context) {
	p.Run(ctx)
	p.hangUp()
}

// refused tells errors about a message from those of a broken connection.
func (p *publisher) refused(err error) error {
	var answer *pgconn.PgError
	if errors.As(err, &answer) && p.conn != nil && !p.conn.IsClosed() {
		return fmt.Errorf("pgadapter: the database refuses: %w", err)
	}
	return nil
}

// exchange sends one message.
func (p *publisher) exchange(ctx context.Context, x publication) error {
	if err := p.connect(ctx); err != nil {
		return err
	}
	if x.payload[0] == '{' && len(x.payload) <= p.a.cfg.Threshold {
		_, err := p.conn.Exec(ctx, "SELECT pg_notify($1, $2)", x.channel, string(x.payload))
		return err
	}
	_, err := p.conn.Exec(ctx, `WITH stored AS (INSERT INTO `+p.a.cfg.table()+` (payload) VALUES ($1) RETURNING id)
		SELECT pg_notify($2, json_build_object('uid', $3::text, 'type', $4::int, 'attachmentId', id::text)::text) FROM stored`,
		x.payload, x.channel, x.uid, int(x.kind))
	return err
}

func (p *publisher) connect(ctx context.Context) error {
	if p.conn != nil && !p.conn.IsClosed() {
		return nil
	}
	conn, err := p.a.dial(ctx)
	if err == nil {
		p.conn = conn
	}
	return err
}

func (p *publisher) hangUp() {
	if p.conn != nil {
		ctx, cancel := context.WithTimeout(context.Background(), p.a.cfg.Timeout)
		defer cancel()
		_ = p.conn.Close(ctx) // it is given up
		p.conn = nil
	}
}
