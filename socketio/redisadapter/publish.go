package redisadapter

import (
	"context"
	"errors"
	"fmt"

	"github.com/redis/go-redis/v9"

	"github.com/go-sails/sails/socketio/internal/outbox"
)

// Errors of Publish and Post. None of the messages they are about is sent later.
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
	batchBytes    = 128 << 10
)

// command is one message on its way; its outcome is what the command returns.
type command func(ctx context.Context, c redis.Cmdable) redis.Cmder

// publish sends to a channel.
func publish(channel string, payload []byte) command {
	return func(ctx context.Context, c redis.Cmdable) redis.Cmder { return c.Publish(ctx, channel, payload) }
}

// publishSharded sends to a sharded channel.
func publishSharded(channel string, payload []byte) command {
	return func(ctx context.Context, c redis.Cmdable) redis.Cmder { return c.SPublish(ctx, channel, payload) }
}

// newOutbox returns the way to Redis: messages leave in the order they come, all that
// wait in one exchange.
func newOutbox(l *link) *outbox.Queue[command] {
	return outbox.New(outbox.Config[command]{
		MaxItem: l.cfg.MaxMessage, MaxBytes: l.cfg.MaxQueue, BatchItems: batchMessages, BatchBytes: batchBytes,
		Timeout: l.cfg.Timeout, Exchange: l.exchange, Refused: refused, Probe: l.ping,
		Changed: func(err error) {
			l.publishing(err)
			if err == nil {
				l.in.hurry()
			}
		},
		Unheard: func(err error) {
			if l.counters.refused.Add(1)%1000 == 1 {
				l.cfg.Logger.Warn("redisadapter: message is lost", "error", err)
			}
		},
		Published: &l.counters.published, Lost: &l.counters.lost,
		Errors: outbox.Errors{Down: ErrDown, Full: ErrQueueFull, TooLarge: ErrTooLarge, Closed: ErrClosed, Waiting: "redisadapter: waiting for Redis"},
	})
}

// exchange sends a batch.
func (l *link) exchange(ctx context.Context, batch []*outbox.Item[command]) {
	target, err := l.target(ctx)
	if err != nil {
		for _, x := range batch {
			x.Err = err
		}
		return
	}
	commands := make([]redis.Cmder, len(batch))
	if len(batch) == 1 {
		commands[0] = batch[0].Value(ctx, target)
	} else {
		pipe := target.Pipeline()
		for i, x := range batch {
			commands[i] = x.Value(ctx, pipe)
		}
		_, _ = pipe.Exec(ctx) // each command has its error
	}
	for i, x := range batch {
		x.Err = commands[i].Err()
		if s, ok := commands[i].(*redis.StringCmd); ok {
			x.Result = s.Val()
		}
	}
}

// refused tells errors about a message from those of a broken connection.
func refused(err error) error {
	var answer redis.Error
	if errors.As(err, &answer) {
		return fmt.Errorf("redisadapter: Redis refuses: %w", err)
	}
	return nil
}

func (l *link) ping(ctx context.Context) error {
	target, err := l.target(ctx)
	if err != nil {
		return err
	}
	return target.Ping(ctx).Err()
}

// post publishes as Config.Confirm says.
func (l *link) post(ctx context.Context, c command, size int) error {
	if l.cfg.Confirm {
		_, err := l.out.Send(ctx, c, size)
		return err
	}
	return l.out.Post(ctx, c, size)
}
