package redisadapter

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/go-sails/sails/socketio/internal/backoff"
)

// subscriber keeps the subscriptions of a node on one connection. When it breaks, or
// is silent although asked, all are made anew on another.
type subscriber struct {
	l       *link
	receive func(*redis.Message)

	mu      sync.Mutex
	wanted  map[topic]*interest // guarded by mu
	missing int                 // of wanted, not confirmed; guarded by mu
	conn    *redis.PubSub       // nil between connections; guarded by mu
	begun   bool                // messages have been received before; guarded by mu
	wake    chan struct{}       // holds one token when there is something to want
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
	return &subscriber{l: l, receive: receive, wanted: make(map[topic]*interest), wake: make(chan struct{}, 1)}
}

// add subscribes and waits until all is confirmed. When it fails nothing is subscribed.
func (s *subscriber) add(ctx context.Context, topics ...topic) error {
	ctx, cancel := context.WithTimeoutCause(ctx, 2*s.l.cfg.Timeout, ErrDown)
	defer cancel()
	waiting := s.want(ctx, topics)
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
func (s *subscriber) want(ctx context.Context, topics []topic) []chan struct{} {
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
		if s.conn != nil {
			_ = s.subscribe(ctx, t) // or else the connection breaks, and it is done again
		}
	}
	select {
	case s.wake <- struct{}{}:
	default:
	}
	return waiting
}

// subscribe asks for a topic. The caller holds mu.
func (s *subscriber) subscribe(ctx context.Context, t topic) error {
	switch t.kind {
	case "psubscribe":
		return s.conn.PSubscribe(ctx, t.name)
	case "ssubscribe":
		return s.conn.SSubscribe(ctx, t.name)
	}
	return s.conn.Subscribe(ctx, t.name)
}

// remove ends subscriptions, those of them there are.
func (s *subscriber) remove(topics ...topic) {
	ctx, cancel := context.WithTimeout(context.Background(), s.l.cfg.Timeout)
	defer cancel()
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
		if s.conn == nil {
			continue
		}
		switch t.kind {
		case "psubscribe":
			_ = s.conn.PUnsubscribe(ctx, t.name)
		case "ssubscribe":
			_ = s.conn.SUnsubscribe(ctx, t.name)
		default:
			_ = s.conn.Unsubscribe(ctx, t.name)
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
		if !pause.Wait(ctx) {
			return
		}
	}
}

// connection subscribes to everything and receives until something fails.
func (s *subscriber) connection(ctx context.Context, pause *backoff.Backoff) error {
	conn := s.l.client.Subscribe(ctx)
	defer s.end(conn)
	if err := s.begin(ctx, conn); err != nil {
		return err
	}
	w := watch(ctx, conn, s.l.cfg.Timeout)
	defer w.timer.Stop()
	for {
		got, err := conn.Receive(ctx)
		if err != nil {
			return err
		}
		w.heard.Store(true)
		switch got := got.(type) {
		case *redis.Message:
			s.receive(got)
		case *redis.Subscription:
			if s.confirm(topic{got.Kind, got.Channel}) {
				pause.Reset()
				s.l.receiving(nil)
			}
		}
	}
}

// watchdog closes a connection on which nothing comes although it was asked to answer.
// A read is never cut short: half a message read would spoil the next.
type watchdog struct {
	heard atomic.Bool
	timer *time.Timer
}

// How often a silent connection is asked for a sign of life.
const silence = 5 * time.Second

func watch(ctx context.Context, conn *redis.PubSub, patience time.Duration) *watchdog {
	w := new(watchdog)
	w.heard.Store(true) // for a start
	asked := false      // of the timer's function alone
	ready := make(chan struct{})
	w.timer = time.AfterFunc(silence, func() {
		<-ready
		switch {
		case w.heard.Swap(false):
			asked = false
			w.timer.Reset(silence)
		case asked || conn.Ping(ctx) != nil:
			_ = conn.Close() // the reader returns
		default:
			asked = true
			w.timer.Reset(patience)
		}
	})
	close(ready)
	return w
}

// begin subscribes to everything on a new connection.
func (s *subscriber) begin(ctx context.Context, conn *redis.PubSub) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := ctx.Err(); err != nil { // interrupt may have been here before
		return err
	}
	s.conn = conn
	s.missing = len(s.wanted)
	if s.begun {
		s.l.counters.reconnects.Add(1)
	}
	byKind := make(map[string][]string)
	for t, i := range s.wanted {
		if i.confirmed {
			i.confirmed, i.waiting = false, make(chan struct{})
		}
		byKind[t.kind] = append(byKind[t.kind], t.name)
	}
	for kind, names := range byKind {
		// A cluster wants the sharded channels of one command in one slot.
		step := len(names)
		if kind == "ssubscribe" {
			step = 1
		}
		for ; len(names) > 0; names = names[step:] {
			var err error
			switch kind {
			case "psubscribe":
				err = conn.PSubscribe(ctx, names[:step]...)
			case "ssubscribe":
				err = conn.SSubscribe(ctx, names[:step]...)
			default:
				err = conn.Subscribe(ctx, names[:step]...)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
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
	if s.missing--; s.missing > 0 {
		return false
	}
	s.begun = true
	return true
}

func (s *subscriber) end(conn *redis.PubSub) {
	s.mu.Lock()
	s.conn = nil
	s.mu.Unlock()
	_ = conn.Close() // it is given up
}

// interrupt ends a wait for messages.
func (s *subscriber) interrupt() {
	s.mu.Lock()
	conn := s.conn
	s.mu.Unlock()
	if conn != nil {
		_ = conn.Close()
	}
}
