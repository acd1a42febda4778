// Package outbox is the way out of an adapter: what is published waits, in order and
// bounded, for one goroutine that hands it to the medium. What comes while that
// goroutine is at it, and what goroutines publish that are ready to run when it begins,
// goes in one exchange. When the medium is lost all that waits fails, and what comes
// fails at once until the medium answers again: nothing is ever sent late.
package outbox

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-sails/sails/socketio/internal/backoff"
)

// Ahead and aheadBytes bound what is on its way without anybody waiting for it.
const (
	Ahead      = 256
	aheadBytes = 1 << 20
)

// Config says how a Queue reaches its medium. All fields but BatchItems and BatchBytes
// are required.
type Config[T any] struct {
	// MaxItem and MaxBytes bound one message, and all that wait.
	MaxItem, MaxBytes int
	// BatchItems and BatchBytes bound one exchange, which has one message at least.
	// Zero is one message.
	BatchItems, BatchBytes int
	// Timeout bounds an exchange and a probe.
	Timeout time.Duration
	// Exchange hands messages to the medium and sets Result and Err of each.
	Exchange func(ctx context.Context, batch []*Item[T])
	// Refused returns what to report when the medium is well and refuses a message for
	// what it is; nil when err means that the medium is lost.
	Refused func(err error) error
	// Probe is nil when a lost medium answers again.
	Probe func(ctx context.Context) error
	// Changed is told that the medium was lost, and why, or, with nil, that it is back.
	Changed func(err error)
	// Unheard is told why a message of Post was refused, on the goroutine of Run.
	Unheard func(err error)
	// Published and Lost count messages the medium has confirmed, and those it has not.
	Published, Lost *atomic.Uint64
	// Errors are those of the adapter.
	Errors Errors
}

// Errors are what a Queue returns.
type Errors struct {
	Down, Full, TooLarge, Closed error
	Waiting                      string // begins the error of who stops to wait
}

// Item is a message on its way.
type Item[T any] struct {
	Value  T
	Result string // what the medium says
	Err    error

	size int
	done func(result string, err error)
}

// Queue is an outbox. Its methods may be called concurrently; Run by one goroutine.
type Queue[T any] struct {
	cfg Config[T]

	mu     sync.Mutex
	queue  []*Item[T]    // guarded by mu
	bytes  int           // of queue; guarded by mu
	flying int           // messages of the exchange that goes on; guarded by mu
	flight int           // their bytes; guarded by mu
	down   error         // why nothing is accepted; guarded by mu
	closed bool          // guarded by mu
	wake   chan struct{} // holds one token while the queue may have something

	nobody func(string, error) // is told the outcome of Post
}

// New returns an empty Queue.
func New[T any](cfg Config[T]) *Queue[T] {
	q := &Queue[T]{cfg: cfg, wake: make(chan struct{}, 1)}
	q.nobody = q.unheard
	return q
}

// Send publishes and waits until the medium has it. When ctx ends first the message
// may be sent all the same.
func (q *Queue[T]) Send(ctx context.Context, value T, size int) (string, error) {
	type outcome struct {
		result string
		err    error
	}
	done := make(chan outcome, 1)
	err := q.Add(value, size, func(result string, err error) { done <- outcome{result, err} })
	if err != nil {
		return "", err
	}
	select {
	case o := <-done:
		return o.result, o.err
	case <-ctx.Done():
		return "", fmt.Errorf("%s: %w", q.cfg.Errors.Waiting, context.Cause(ctx))
	}
}

// Post publishes and does not wait, unless about Ahead messages, or a megabyte of them,
// are on their way: then it is Send. nil without waiting means that the message goes out
// in its place unless the medium is lost, or refuses it, before that; it is then counted,
// and Changed or Unheard are called.
func (q *Queue[T]) Post(ctx context.Context, value T, size int) error {
	q.mu.Lock()
	wait := len(q.queue)+q.flying >= Ahead || q.bytes+q.flight >= aheadBytes
	q.mu.Unlock()
	if wait {
		_, err := q.Send(ctx, value, size)
		return err
	}
	return q.Add(value, size, q.nobody)
}

func (q *Queue[T]) unheard(_ string, err error) {
	if err != nil && !errors.Is(err, q.cfg.Errors.Down) && !errors.Is(err, q.cfg.Errors.Closed) {
		q.cfg.Unheard(err)
	}
}

// Add queues a message and does not wait. done is called once, in the order of the
// messages, on the goroutine of Run: it does not block. An error is returned instead of
// calling it.
func (q *Queue[T]) Add(value T, size int, done func(result string, err error)) error {
	err := q.add(&Item[T]{Value: value, size: size, done: done})
	if err != nil {
		q.cfg.Lost.Add(1)
	}
	return err
}

func (q *Queue[T]) add(x *Item[T]) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case q.closed:
		return q.cfg.Errors.Closed
	case x.size > q.cfg.MaxItem:
		return q.cfg.Errors.TooLarge
	case q.down != nil:
		return fmt.Errorf("%w: %w", q.cfg.Errors.Down, q.down)
	case q.bytes+x.size > q.cfg.MaxBytes:
		return q.cfg.Errors.Full
	}
	q.queue = append(q.queue, x)
	q.bytes += x.size
	select {
	case q.wake <- struct{}{}:
	default:
	}
	return nil
}

// Available is the error that a message would get at once, nil when there is none.
func (q *Queue[T]) Available() error {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case q.closed:
		return q.cfg.Errors.Closed
	case q.down != nil:
		return fmt.Errorf("%w: %w", q.cfg.Errors.Down, q.down)
	}
	return nil
}

// Run publishes until ctx ends; then nothing is accepted any more, and what waits is
// still published, within one Timeout.
func (q *Queue[T]) Run(ctx context.Context) {
	defer q.giveUp(q.cfg.Errors.Closed, func() {})
	for q.ready(ctx) {
		for ctx.Err() == nil {
			some, broken := q.round(context.WithoutCancel(ctx))
			if !some {
				break
			}
			if broken != nil {
				q.giveUp(fmt.Errorf("%w: %w", q.cfg.Errors.Down, broken), func() {})
				q.cfg.Changed(broken)
				q.heal(ctx)
			}
		}
	}
	q.mu.Lock()
	q.closed = true
	some, broken := true, q.down
	q.mu.Unlock()
	bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), q.cfg.Timeout)
	defer cancel()
	for some && broken == nil {
		some, broken = q.round(bounded)
	}
}

// ready waits until there is something to publish; false when ctx has ended.
func (q *Queue[T]) ready(ctx context.Context) bool {
	select {
	case <-ctx.Done():
		return false
	case <-q.wake:
	}
	if q.cfg.BatchItems > 1 {
		runtime.Gosched() // handlers that are ready publish first, as with the flusher (decision 0003)
	}
	return ctx.Err() == nil
}

// round has one exchange with the medium, when there is something for it.
func (q *Queue[T]) round(ctx context.Context) (some bool, broken error) {
	batch := q.take()
	if len(batch) == 0 {
		return false, nil
	}
	return true, q.exchange(ctx, batch)
}

// take returns the messages for one exchange.
func (q *Queue[T]) take() []*Item[T] {
	q.mu.Lock()
	defer q.mu.Unlock()
	n, size := 0, 0
	for n < len(q.queue) && (n == 0 || n < q.cfg.BatchItems && size+q.queue[n].size <= q.cfg.BatchBytes) {
		size += q.queue[n].size
		n++
	}
	batch := append([]*Item[T](nil), q.queue[:n]...)
	clear(q.queue[:n])
	q.queue = q.queue[n:]
	q.bytes -= size
	if len(q.queue) == 0 {
		q.queue = nil
	}
	q.flying, q.flight = len(batch), size
	return batch
}

// exchange sends a batch. The error says that the medium is lost.
func (q *Queue[T]) exchange(ctx context.Context, batch []*Item[T]) (broken error) {
	ctx, cancel := context.WithTimeout(ctx, q.cfg.Timeout)
	defer cancel()
	q.cfg.Exchange(ctx, batch)
	for _, x := range batch {
		if x.Err == nil {
			q.cfg.Published.Add(1)
			continue
		}
		q.cfg.Lost.Add(1)
		if err := q.cfg.Refused(x.Err); err != nil {
			x.Err = err
			continue
		}
		broken = x.Err
		x.Err = fmt.Errorf("%w: %w", q.cfg.Errors.Down, x.Err)
	}
	q.mu.Lock()
	q.flying, q.flight = 0, 0
	if broken != nil { // before anyone is told, who may publish again
		q.down = broken
	}
	q.mu.Unlock()
	for _, x := range batch {
		x.done(x.Result, x.Err)
	}
	return broken
}

// giveUp fails what waits, after note has said why.
func (q *Queue[T]) giveUp(err error, note func()) {
	q.mu.Lock()
	note()
	queue := q.queue
	q.queue, q.bytes = nil, 0
	q.mu.Unlock()
	q.cfg.Lost.Add(uint64(len(queue)))
	for _, x := range queue {
		x.done("", err)
	}
}

// heal waits until the medium answers again.
func (q *Queue[T]) heal(ctx context.Context) {
	var pause backoff.Backoff
	for pause.Wait(ctx) {
		bounded, cancel := context.WithTimeout(ctx, q.cfg.Timeout)
		err := q.cfg.Probe(bounded)
		cancel()
		q.mu.Lock()
		q.down = err // the latest reason, or none
		q.mu.Unlock()
		if err == nil {
			q.cfg.Changed(nil)
			return
		}
	}
}
