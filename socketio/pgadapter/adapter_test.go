package pgadapter_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/go-sails/sails/internal/leakcheck"
	"github.com/go-sails/sails/socketio"
	"github.com/go-sails/sails/socketio/pgadapter"
)

func TestMain(m *testing.M) { leakcheck.Main(m) }

// What the methods do is tested with a real server in compat_test/cluster.

func TestNew_Refuses(t *testing.T) {
	const url = "postgres://sails@127.0.0.1:1/x"
	for name, cfg := range map[string]pgadapter.Config{
		"no URL": {}, "no connection string": {URL: "postgres://user:secret@[::1"},
		"negative": {URL: url, Timeout: -1}, "threshold": {URL: url, Threshold: 8000},
	} {
		_, err := pgadapter.New(cfg)
		if err == nil {
			t.Errorf("%s: no error", name)
		} else if strings.Contains(err.Error(), "secret") { // SEC-92
			t.Errorf("%s: the error tells the password: %v", name, err)
		}
	}
}

func TestWithoutDatabase(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	_ = l.Close() // nobody listens there now
	a, err := pgadapter.New(pgadapter.Config{URL: "postgres://sails@" + address + "/x", Timeout: 200 * time.Millisecond, MaxMessage: 1000})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if err := a.Join(ctx, "/", "self", func(*socketio.ClusterMessage) {}); !errors.Is(err, pgadapter.ErrDown) {
		t.Errorf("Join: %v", err)
	}
	if err := a.Join(ctx, "/"+strings.Repeat("n", 60), "self", func(*socketio.ClusterMessage) {}); err == nil {
		t.Error("joined a namespace whose channel PostgreSQL would cut short")
	}
	m := &socketio.ClusterMessage{UID: "self", Namespace: "/", Type: socketio.ClusterBroadcast, Data: []byte(`["e"]`)}
	for range 1000 {
		if _, err := a.Publish(ctx, m); !errors.Is(err, pgadapter.ErrDown) {
			t.Fatalf("Publish: %v", err)
		}
	}
	m.Data = []byte(`["` + strings.Repeat("x", 1000) + `"]`)
	if _, err := a.Publish(ctx, m); !errors.Is(err, pgadapter.ErrTooLarge) {
		t.Errorf("Publish of too much: %v", err)
	}
	if s := a.Stats(); s.Lost != 1001 || a.Healthy() {
		t.Errorf("%+v", s)
	}
	if err := a.Close(); err != nil {
		t.Error(err)
	}
	if _, err := a.Publish(ctx, m); err == nil {
		t.Error("published after Close")
	}
}
