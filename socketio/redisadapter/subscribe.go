package redisadapter

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/redis/go-redis/v9"

	"github.com/go-sails/sails/socketio/internal/backoff"
)

// subscriber keeps the subscriptions of a node: on one connection, or, those for sharded
// channels of a cluster, on one to each server that has any. When one breaks, or is
// silent although asked, all are made anew.
type subscriber struct {
	l       *link
	receive func(*redis.Message)

	mu      sync.Mutex
	wanted  map[topic]*interest // guarded by mu
	missing int                 // of wanted, not confirmed; guarded by mu
	now     *session            // nil between connections; guarded by mu
	wake    chan struct{}       // holds one token when there is something to want
	begun   atomic.Bool         // all was received once
	sooner  chan struct{}       // holds one token when Redis was seen to be back
}

// topic is a subscription.
type topic struct {
	kind string // "subscribe", "psubscribe", "ssubscribe"
	name string
}

// interest is the state of a topic.
type interest struct {
	confirmed bool
	waiting   chan struct{} // closed when confirmed
}

func newSubscriber(l *link, receive func(*redis.Message)) *subscriber {
	return &subscriber{l: l, receive: receive, wanted: make(map[topic]*interest), wake: make(chan struct{}, 1), sooner: make(chan struct{}, 1)}
}

// hurry ends a pause between connections: Redis answers again.
func (s *subscriber) hurry() {
	select {
	case s.sooner <- struct{}{}:
	default:
	}
}

// add subscribes and waits until all is confirmed. When it fails nothing is subscribed.
func (s *subscriber) add(ctx context.Context, topics ...topic) error {
	ctx, cancel := context.WithTimeoutCause(ctx, 2*s.l.cfg.Timeout, ErrDown)
	defer cancel()
	waiting := s.want(topics)
	for _, w := range waiting {
		select {
		case <-w:
		case <-ctx.Done():
			s.remove(topics...)
			return fmt.Errorf("redisadapter: subscribing: %w", context.Cause(ctx))
		}
	}
	return nil
}

// want subscribes without waiting; the channels are closed with the confirmations.
func (s *subscriber) want(topics []topic) []chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	var waiting []chan struct{}
	for _, t := range topics {
		if i := s.wanted[t]; i != nil {
			waiting = append(waiting, i.waiting)
			continue
		}
		i := &interest{waiting: make(chan struct{})}
		s.wanted[t] = i
		s.missing++
		waiting = append(waiting, i.waiting)
		if s.now != nil {
			s.now.subscribe(t)
		}
	}
	select {
	case s.wake <- struct{}{}:
	default:
	}
	return waiting
}

// remove ends subscriptions, those of them there are.
func (s *subscriber) remove(topics ...topic) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range topics {
		i := s.wanted[t]
		if i == nil {
			continue
		}
		delete(s.wanted, t)
		if !i.confirmed {
			s.missing--
		}
		if s.now != nil {
			s.now.unsubscribe(t)
		}
	}
}

// run keeps a connection until ctx ends.
func (s *subscriber) run(ctx context.Context) {
	var pause backoff.Backoff
	for ctx.Err() == nil {
		s.mu.Lock()
		idle := len(s.wanted) == 0
		s.mu.Unlock()
		if idle { // nothing to hear: no connection
			select {
			case <-s.wake:
			case <-ctx.Done():
			}
			continue
		}
		err := s.connection(ctx, &pause)
		if ctx.Err() != nil {
			return
		}
		s.l.receiving(err)
		if !pause.WaitOr(ctx, s.sooner) {
			return
		}
	}
}

// connection subscribes to everything and receives until something fails.
func (s *subscriber) connection(ctx context.Context, pause *backoff.Backoff) error {
	x := &session{s: s, ctx: ctx, conns: make(map[string]*redis.PubSub), failed: make(chan error, 1)}
	s.begin(x)
	var err error
	select {
	case err = <-x.failed:
	case <-ctx.Done():
	}
	s.mu.Lock()
	s.now = nil
	for _, conn := range x.conns {
		_ = conn.Close() // the readers return
	}
	s.mu.Unlock()
	x.readers.Wait()
	if x.whole.Load() {
		pause.Reset()
	}
	if cluster, ok := s.l.client.(*redis.ClusterClient); ok {
		cluster.ReloadState(ctx) // it may look different now
	}
	return err
}

// begin subscribes to everything.
func (s *subscriber) begin(x *session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = x
	s.missing = len(s.wanted)
	for t, i := range s.wanted {
		if i.confirmed {
			i.confirmed, i.waiting = false, make(chan struct{})
		}
		x.subscribe(t)
	}
}

// wants tells whether a subscription should be there.
func (s *subscriber) wants(t topic) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.wanted[t]
	return i != nil && i.confirmed
}

// confirm is true when everything wanted is received.
func (s *subscriber) confirm(t topic) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.wanted[t]
	if i == nil || i.confirmed {
		return false
	}
	i.confirmed = true
	close(i.waiting)
	s.missing--
	return s.missing == 0
}
