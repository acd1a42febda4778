package redisadapter

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/redis/go-redis/v9"

	"github.com/go-sails/sails/socketio/internal/backoff"
)

// Errors of Publish. None of the messages they are about is sent later.
var (
	// ErrDown: Redis cannot be reached at the moment.
	ErrDown = errors.New("redisadapter: Redis is not reachable, the message is lost")
	// ErrQueueFull: Config.MaxQueue bytes wait to be published.
	ErrQueueFull = errors.New("redisadapter: too much waits to be published, the message is lost")
	// ErrTooLarge: the message is larger than Config.MaxMessage.
	ErrTooLarge = errors.New("redisadapter: the message is larger than Config.MaxMessage")
	// ErrClosed: the adapter is closed.
	ErrClosed = errors.New("redisadapter: adapter is closed")
)

// What one exchange with Redis takes from the queue.
const (
	batchMessages = 256
	batchBytes    = 1 << 20
)

// publisher sends messages in the order they come, all that wait in one exchange. When
// one fails for the network, so does everything that waits, and what comes next fails at once
// until a PING is answered.
type publisher struct {
	a      *link
	client redis.UniversalClient

	mu     sync.Mutex
	queue  []*publication // guarded by mu
	bytes  int            // of queue; guarded by mu
	down   error          // why nothing is accepted; guarded by mu
	closed bool           // guarded by mu
	wake   chan struct{}  // holds one token while the queue may have something
}

// publication is one message on its way.
type publication struct {
	channel string
	payload []byte
	sharded bool
	done    chan error
}

func newPublisher(a *link) *publisher {
	return &publisher{a: a, client: a.client, wake: make(chan struct{}, 1)}
}

// send publishes and waits until Redis has it.
func (p *publisher) send(ctx context.Context, channel string, payload []byte, sharded bool) error {
	if len(payload) > p.a.cfg.MaxMessage {
		p.a.counters.lost.Add(1)
		return ErrTooLarge
	}
	x := &publication{channel: channel, payload: payload, sharded: sharded, done: make(chan error, 1)}
	if err := p.add(x); err != nil {
		p.a.counters.lost.Add(1)
		return err
	}
	select {
	case err := <-x.done:
		return err
	case <-ctx.Done(): // it may be sent all the same
		return fmt.Errorf("redisadapter: waiting for Redis: %w", context.Cause(ctx))
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

// take returns the messages for one exchange.
func (p *publisher) take() []*publication {
	p.mu.Lock()
	defer p.mu.Unlock()
	n, size := 0, 0
	for n < len(p.queue) && n < batchMessages && (n == 0 || size+len(p.queue[n].payload) <= batchBytes) {
		size += len(p.queue[n].payload)
		n++
	}
	batch := p.queue[:n:n]
	p.queue = p.queue[n:]
	p.bytes -= size
	if len(p.queue) == 0 {
		p.queue = nil
	}
	return batch
}

// run publishes until ctx ends.
func (p *publisher) run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			p.stop()
			return
		case <-p.wake:
		}
		for batch := p.take(); len(batch) > 0; batch = p.take() {
			if err := p.exchange(ctx, batch); err != nil {
				p.fail(err)
				p.heal(ctx)
			}
		}
	}
}

// exchange sends a batch. The error is that of a broken connection.
func (p *publisher) exchange(ctx context.Context, batch []*publication) error {
	ctx, cancel := context.WithTimeout(ctx, p.a.cfg.Timeout)
	defer cancel()
	errs := make([]error, len(batch))
	if target, err := p.a.target(ctx, batch[0].sharded); err != nil {
		for i := range errs {
			errs[i] = err
		}
	} else if len(batch) == 1 {
		errs[0] = publish(ctx, target, batch[0]).Err()
	} else {
		pipe := target.Pipeline()
		commands := make([]*redis.IntCmd, len(batch))
		for i, x := range batch {
			commands[i] = publish(ctx, pipe, x)
		}
		_, _ = pipe.Exec(ctx) // each command has its error
		for i, c := range commands {
			errs[i] = c.Err()
		}
	}
	var broken error
	for i, x := range batch {
		err := errs[i]
		if err == nil {
			p.a.counters.published.Add(1)
			x.done <- nil
			continue
		}
		p.a.counters.lost.Add(1)
		var refused redis.Error
		if !errors.As(err, &refused) {
			broken = err
			err = fmt.Errorf("%w: %w", ErrDown, err)
		} else {
			err = fmt.Errorf("redisadapter: Redis refuses: %w", err)
		}
		x.done <- err
	}
	return broken
}

func publish(ctx context.Context, c redis.Cmdable, x *publication) *redis.IntCmd {
	if x.sharded {
		return c.SPublish(ctx, x.channel, x.payload)
	}
	return c.Publish(ctx, x.channel, x.payload)
}

// fail gives up what waits, and refuses what comes.
func (p *publisher) fail(err error) {
	p.mu.Lock()
	p.down = err
	queue := p.queue
	p.queue, p.bytes = nil, 0
	p.mu.Unlock()
	p.a.counters.lost.Add(uint64(len(queue)))
	for _, x := range queue {
		x.done <- fmt.Errorf("%w: %w", ErrDown, err)
	}
	p.a.publishing(err)
}

// heal waits until Redis answers again.
func (p *publisher) heal(ctx context.Context) {
	var pause backoff.Backoff
	for pause.Wait(ctx) {
		if p.ping(ctx) == nil {
			p.mu.Lock()
			p.down = nil
			p.mu.Unlock()
			p.a.publishing(nil)
			p.a.in.hurry()
			return
		}
	}
}

func (p *publisher) ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, p.a.cfg.Timeout)
	defer cancel()
	target, err := p.a.target(ctx, false)
	if err != nil {
		return err
	}
	return target.Ping(ctx).Err()
}

// available is the error that a publish would get at once, nil when Redis answers.
func (p *publisher) available() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.closed:
		return ErrClosed
	case p.down != nil:
		return fmt.Errorf("%w: %w", ErrDown, p.down)
	}
	return nil
}

func (p *publisher) stop() {
	p.mu.Lock()
	p.closed = true
	queue := p.queue
	p.queue, p.bytes = nil, 0
	p.mu.Unlock()
	for _, x := range queue {
		x.done <- ErrClosed
	}
}
