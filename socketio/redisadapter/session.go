package redisadapter

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
)

// session is the time from one connection, or set of connections, to the next.
type session struct {
	s       *subscriber
	ctx     context.Context
	conns   map[string]*redis.PubSub // by server; guarded by the subscriber's mu
	readers sync.WaitGroup
	failed  chan error  // the first failure
	whole   atomic.Bool // everything was received at some time

	order sync.Mutex // one message at a time, whatever server it is from
}

func (x *session) fail(err error) {
	select {
	case x.failed <- err:
	default:
	}
}

// place returns the client of the server for a topic, and its name.
func (x *session) place(t topic) (string, redis.UniversalClient, error) {
	if cluster, ok := x.s.l.client.(*redis.ClusterClient); ok && t.kind == "ssubscribe" {
		node, err := cluster.MasterForKey(x.ctx, t.name)
		if err != nil {
			return "", nil, err
		}
		return node.Options().Addr, node, nil
	}
	return "", x.s.l.client, nil
}

// conn returns the connection for a topic. The caller holds the subscriber's mu.
func (x *session) conn(t topic) (*redis.PubSub, error) {
	name, client, err := x.place(t)
	if err != nil {
		return nil, err
	}
	if c := x.conns[name]; c != nil {
		return c, nil
	}
	c := client.Subscribe(x.ctx)
	x.conns[name] = c
	x.readers.Go(func() { x.fail(x.read(c)) })
	return c, nil
}

// subscribe asks for a topic. The caller holds the subscriber's mu.
func (x *session) subscribe(t topic) {
	c, err := x.conn(t)
	if err == nil {
		switch t.kind {
		case "psubscribe":
			err = c.PSubscribe(x.ctx, t.name)
		case "ssubscribe":
			err = c.SSubscribe(x.ctx, t.name)
		default:
			err = c.Subscribe(x.ctx, t.name)
		}
	}
	if err != nil {
		x.fail(err)
	}
}

// unsubscribe gives a topic up. The caller holds the subscriber's mu.
func (x *session) unsubscribe(t topic) {
	c, err := x.conn(t)
	if err == nil {
		switch t.kind {
		case "psubscribe":
			err = c.PUnsubscribe(x.ctx, t.name)
		case "ssubscribe":
			err = c.SUnsubscribe(x.ctx, t.name)
		default:
			err = c.Unsubscribe(x.ctx, t.name)
		}
	}
	if err != nil {
		x.fail(err)
	}
}

var errMoved = errors.New("redisadapter: Redis gave up a subscription")

// read receives from one connection until it fails.
func (x *session) read(conn *redis.PubSub) error {
	w := watch(x.ctx, conn, x.s.l.cfg.Timeout)
	defer w.timer.Stop()
	for {
		got, err := conn.Receive(x.ctx)
		if err != nil {
			return err
		}
		w.heard.Store(true)
		switch got := got.(type) {
		case *redis.Message:
			x.order.Lock()
			x.s.receive(got)
			x.order.Unlock()
		case *redis.Subscription:
			if got.Kind == "sunsubscribe" && x.s.wants(topic{"ssubscribe", got.Channel}) {
				return errMoved // its slot is elsewhere now
			}
			if x.s.confirm(topic{got.Kind, got.Channel}) {
				if x.whole.CompareAndSwap(false, true) && x.s.begun.Swap(true) {
					x.s.l.counters.reconnects.Add(1)
				}
				x.s.l.receiving(nil)
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
