package virtualrequest

import (
	"context"
	"sync"
	"time"

	"github.com/go-sails/sails/internal/attach"
)

type contextKey struct{}

// FromContext returns the virtual request that is being handled. It is false
// for a request that came by HTTP: this is how a handler asks whether its client
// is on a socket.
func FromContext(ctx context.Context) (*Request, bool) {
	r, ok := ctx.Value(contextKey{}).(*Request)
	return r, ok
}

// Origin returns the identity of the socket the request is served for, nil
// before Serve.
func (r *Request) Origin() *Origin { return r.origin }

// requestContext is the context of one virtual request. It ends when the
// handler returns, as with net/http, but sets up what that takes only when
// somebody looks: most handlers never call Done.
type requestContext struct {
	parent  context.Context
	request *Request

	mu     sync.Mutex
	inner  context.Context // guarded by mu; nil until needed
	cancel context.CancelFunc
	ended  bool // guarded by mu

	attached [2]struct{ key, value any } // guarded by mu; see package attach
}

// Attach implements attach.Holder.
func (c *requestContext) Attach(key, value any) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range c.attached {
		if a := &c.attached[i]; a.key == nil {
			a.key, a.value = key, value
			return true
		}
	}
	return false
}

func (c *requestContext) derived() context.Context {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.inner == nil {
		c.inner, c.cancel = context.WithCancel(c.parent)
		if c.ended {
			c.cancel()
		}
	}
	return c.inner
}

// end cancels the context; further calls do nothing.
func (c *requestContext) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ended = true
	if c.cancel != nil {
		c.cancel()
	}
}

func (c *requestContext) peek() (inner context.Context, ended bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.inner, c.ended
}

func (c *requestContext) Deadline() (time.Time, bool) {
	if inner, _ := c.peek(); inner != nil {
		return inner.Deadline()
	}
	return c.parent.Deadline()
}

func (c *requestContext) Done() <-chan struct{} { return c.derived().Done() }

func (c *requestContext) Err() error {
	inner, ended := c.peek()
	if inner != nil {
		return inner.Err()
	}
	if err := c.parent.Err(); err != nil || !ended {
		return err
	}
	return context.Canceled
}

func (c *requestContext) Value(key any) any {
	switch key {
	case contextKey{}:
		return c.request
	case attach.Key{}:
		return c
	}
	c.mu.Lock()
	inner := c.inner
	for i := range c.attached {
		if a := &c.attached[i]; a.key == key && key != nil {
			c.mu.Unlock()
			return a.value
		}
	}
	c.mu.Unlock()
	if inner != nil {
		return inner.Value(key)
	}
	return c.parent.Value(key)
}
