package redisadapter_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/go-sails/sails/socketio"
	"github.com/go-sails/sails/socketio/redisadapter"
)

func options(address string) *redis.UniversalOptions {
	return &redis.UniversalOptions{Addrs: []string{address}}
}

// Without Redis publishing fails at once and is counted; joining fails in a bounded
// time; closing works.
func TestAdapter_WithoutRedis(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	_ = l.Close() // nobody listens there now
	a, err := redisadapter.New(redisadapter.Config{Redis: options(address), Timeout: 200 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if err := a.Join(ctx, "/", self, func(*socketio.ClusterMessage) {}); !errors.Is(err, redisadapter.ErrDown) {
		t.Errorf("Join: %v", err)
	}
	m := &socketio.ClusterMessage{UID: self, Namespace: "/", Type: socketio.ClusterBroadcast, Data: []byte(`["e"]`)}
	const messages = 1000
	for range messages {
		if _, err := a.Publish(ctx, m); !errors.Is(err, redisadapter.ErrDown) {
			t.Fatalf("Publish: %v", err)
		}
	}
	if _, err := a.ServerCount(ctx, "/"); !errors.Is(err, redisadapter.ErrDown) {
		t.Errorf("ServerCount: %v", err)
	}
	if s, h := a.Stats(), a.Health(); s.Lost != messages || h.Publishing || h.Err == nil {
		t.Errorf("%+v, %+v", s, h)
	}
	if err := a.Close(); err != nil {
		t.Error(err)
	}
	if _, err := a.Publish(ctx, m); !errors.Is(err, redisadapter.ErrClosed) {
		t.Errorf("Publish after Close: %v", err)
	}
}

// A Redis that accepts and says nothing holds up a publish once, for Config.Timeout.
func TestAdapter_SilentRedis(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	a, err := redisadapter.New(redisadapter.Config{Redis: options(l.Addr().String()), Timeout: 200 * time.Millisecond, MaxMessage: 1000})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	m := &socketio.ClusterMessage{UID: self, Namespace: "/", Type: socketio.ClusterBroadcast, Data: []byte(`["e"]`)}
	start := time.Now()
	for range 1000 {
		if _, err := a.Publish(ctx, m); !errors.Is(err, redisadapter.ErrDown) {
			t.Fatalf("Publish: %v", err)
		}
	}
	if d := time.Since(start); d > 5*time.Second {
		t.Errorf("1000 publishes took %v", d)
	}
	m.Data = []byte(`["` + strings.Repeat("x", 2000) + `"]`)
	if _, err := a.Publish(ctx, m); !errors.Is(err, redisadapter.ErrTooLarge) {
		t.Errorf("Publish of too much: %v", err)
	}
}

// Emit goes by Post: with Config.Confirm every loss is an error of its own; without, those
// that were on their way when Redis was lost are counted, and the rest are errors.
func TestPost_WithoutRedis(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	_ = l.Close() // nobody listens there now
	for _, confirm := range []bool{true, false} {
		a, err := redisadapter.New(redisadapter.Config{Redis: options(address), Confirm: confirm})
		if err != nil {
			t.Fatal(err)
		}
		m := &socketio.ClusterMessage{UID: self, Namespace: "/", Type: socketio.ClusterBroadcast, Data: []byte(`["e"]`)}
		const messages = 1000
		told := 0
		for range messages {
			if err := a.Post(t.Context(), m); errors.Is(err, redisadapter.ErrDown) {
				told++
			} else if err != nil {
				t.Fatalf("Post: %v", err)
			}
		}
		if err := a.Close(); err != nil {
			t.Error(err)
		}
		if s := a.Stats(); s.Lost != messages || confirm && told != messages || messages-told > 256 {
			t.Errorf("Confirm %v: %d errors, %+v", confirm, told, s)
		}
	}
}
