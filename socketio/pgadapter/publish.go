package pgadapter

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/go-sails/sails/socketio"
	"github.com/go-sails/sails/socketio/internal/backoff"
)

// Errors of Publish. None of the messages they are about is sent later.
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
	done    chan error
}

// publisher sends messages in the order they come, on a connection of its own. Each is
// a transaction: within one PostgreSQL would drop a message equal to another.
type publisher struct {
	a *Adapter

	mu     sync.Mutex
	queue  []*publication // guarded by mu
	bytes  int            // of queue; guarded by mu
	down   error          // why nothing is accepted; guarded by mu
	closed bool           // guarded by mu
	wake   chan struct{}  // holds one token while the queue may have something

	conn *pgx.Conn // of the goroutine
}

// send publishes and waits until the database has it.
func (p *publisher) send(ctx context.Context, x *publication) error {
	err := error(ErrTooLarge)
	if len(x.payload) <= p.a.cfg.MaxMessage {
		err = p.add(x)
	}
	if err != nil {
		p.a.lost.Add(1)
		return err
	}
	select {
	case err := <-x.done:
		return err
	case <-ctx.Done(): // it may be sent all the same
		return fmt.Errorf("pgadapter: waiting for the database: %w", context.Cause(ctx))
	}
}

func (p *publisher) add(x *publication) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.closed:
		return ErrClosed
	case p.down != nil:
		return fmt.Errorf("%w: %w", ErrDown, p.down)
	case p.bytes+len(x.payload) > p.a.cfg.MaxQueue:
		return ErrQueueFull
	}
	p.queue = append(p.queue, x)
	p.bytes += len(x.payload)
	select {
	case p.wake <- struct{}{}:
	default:
	}
	return nil
}

func (p *publisher) take() *publication {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.queue) == 0 {
		return nil
	}
	x := p.queue[0]
	p.queue[0] = nil
	if p.queue = p.queue[1:]; len(p.queue) == 0 {
		p.queue = nil
	}
	p.bytes -= len(x.payload)
	return x
}

// run publishes until ctx ends.
func (p *publisher) run(ctx context.Context) {
	defer func() {
		p.empty(ErrClosed, func() { p.closed = true })
		p.hangUp()
	}()
	for {
		select {
		case <-ctx.Done():
			return
		case <-p.wake:
		}
		for x := p.take(); x != nil; x = p.take() {
			err := p.exchange(ctx, x)
			var refused *pgconn.PgError
			switch {
			case err == nil:
				p.a.published.Add(1)
				x.done <- nil
			case errors.As(err, &refused) && p.conn != nil && !p.conn.IsClosed():
				p.a.lost.Add(1)
				x.done <- fmt.Errorf("pgadapter: the database refuses: %w", err)
			default:
				p.a.lost.Add(1)
				x.done <- fmt.Errorf("%w: %w", ErrDown, err)
				p.heal(ctx, err)
			}
		}
	}
}

// exchange sends one message.
func (p *publisher) exchange(ctx context.Context, x *publication) error {
	ctx, cancel := context.WithTimeout(ctx, p.a.cfg.Timeout)
	defer cancel()
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

// empty gives up what waits, after note has said why.
func (p *publisher) empty(err error, note func()) {
	p.mu.Lock()
	note()
	queue := p.queue
	p.queue, p.bytes = nil, 0
	p.mu.Unlock()
	p.a.lost.Add(uint64(len(queue)))
	for _, x := range queue {
		x.done <- err
	}
}

// heal refuses what comes, and waits until the database answers again.
func (p *publisher) heal(ctx context.Context, cause error) {
	p.empty(fmt.Errorf("%w: %w", ErrDown, cause), func() { p.down = cause })
	p.a.cfg.Logger.Warn("pgadapter: the database is lost, other nodes are out of reach", "error", cause)
	var pause backoff.Backoff
	for pause.Wait(ctx) {
		p.hangUp()
		bounded, cancel := context.WithTimeout(ctx, p.a.cfg.Timeout)
		err := p.connect(bounded)
		cancel()
		if err == nil {
			p.mu.Lock()
			p.down = nil
			p.mu.Unlock()
			p.a.cfg.Logger.Info("pgadapter: the database is back", "lost", p.a.lost.Load())
			return
		}
	}
}

// available is why a publish would fail at once.
func (p *publisher) available() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.down
}
