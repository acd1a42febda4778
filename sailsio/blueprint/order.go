package blueprint

import (
	"context"
	"sync"

	"github.com/go-sails/sails/sailsio/model"
)

// order lets what happened to a record be told in the order in which it was committed.
// A write takes the record's turn as the last thing before it commits, and gives it
// back when everybody was told. Other records do not wait, nor do other nodes.
type order struct {
	mu    sync.Mutex
	turns map[turn]*queue // those that are taken; guarded by mu
}

// turn names a record.
type turn struct {
	m  *model.Model
	id any
}

// queue is the turn of a record: whoever puts a value into held has it.
type queue struct {
	held  chan struct{}
	users int // who has it or waits; guarded by order.mu
}

// take waits for a record's turn. The result gives it back. When the context ends first
// there is no turn, and the error is the context's.
func (o *order) take(ctx context.Context, m *model.Model, id any) (give func(), err error) {
	key := turn{m, id}
	o.mu.Lock()
	if o.turns == nil {
		o.turns = map[turn]*queue{}
	}
	q := o.turns[key]
	if q == nil {
		q = &queue{held: make(chan struct{}, 1)}
		o.turns[key] = q
	}
	q.users++
	o.mu.Unlock()
	leave := func() {
		o.mu.Lock()
		defer o.mu.Unlock()
		if q.users--; q.users == 0 {
			delete(o.turns, key)
		}
	}
	select {
	case q.held <- struct{}{}:
		return func() { <-q.held; leave() }, nil
	case <-ctx.Done():
		leave()
		return nil, ctx.Err()
	}
}

// write runs fn in a transaction and leaves the call with the turn of the record whose
// key fn returns, for the notifications that follow.
func (c *call) write(ctx context.Context, fn func(ctx context.Context) (id any, err error)) error {
	return c.api.cfg.Store.Transaction(ctx, func(ctx context.Context) error {
		c.done() // should a Store call this twice
		id, err := fn(ctx)
		if err != nil || c.api.cfg.Notifier == nil {
			return err
		}
		c.giveTurn, err = c.api.order.take(ctx, c.m, id)
		return err
	})
}

// done gives the turn back.
func (c *call) done() {
	if c.giveTurn != nil {
		c.giveTurn()
		c.giveTurn = nil
	}
}
