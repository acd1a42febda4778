package natsadapter_test

import (
	"context"
	"errors"
	"net"
	"testing"
	"time"

	"github.com/go-sails/sails/internal/leakcheck"
	"github.com/go-sails/sails/socketio"
	"github.com/go-sails/sails/socketio/natsadapter"
)

func TestMain(m *testing.M) { leakcheck.Main(m) }

// What the methods do is tested with a real server in compat_test/cluster.

func TestNew_Refuses(t *testing.T) {
	for _, cfg := range []natsadapter.Config{{}, {URL: "nats://127.0.0.1:1", Timeout: -1}, {URL: "nats://127.0.0.1:1", MaxQueue: -1}} {
		if _, err := natsadapter.New(cfg); err == nil {
			t.Errorf("%+v: no error", cfg)
		}
	}
}

func TestWithoutNATS(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	_ = l.Close() // nobody listens there now
	a, err := natsadapter.New(natsadapter.Config{URL: "nats://" + address, Timeout: 200 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if err := a.Join(ctx, "/", "self", func(*socketio.ClusterMessage) {}); err == nil {
		t.Error("joined without NATS")
	}
	m := &socketio.ClusterMessage{UID: "self", Namespace: "/", Type: socketio.ClusterBroadcast, Data: []byte(`["e"]`)}
	for range 1000 {
		if _, err := a.Publish(ctx, m); !errors.Is(err, natsadapter.ErrDown) {
			t.Fatalf("Publish: %v", err)
		}
	}
	if s := a.Stats(); s.Lost != 1000 || a.Healthy() {
		t.Errorf("%+v", s)
	}
	for range 2 {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	}
	if _, err := a.Publish(ctx, m); !errors.Is(err, natsadapter.ErrClosed) {
		t.Errorf("Publish after Close: %v", err)
	}
}
