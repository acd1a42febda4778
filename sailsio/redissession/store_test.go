package redissession_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/go-sails/sails/internal/leakcheck"
	"github.com/go-sails/sails/sailsio/redissession"
	"github.com/go-sails/sails/sailsio/session"
)

func TestMain(m *testing.M) { leakcheck.Main(m) }

// What the methods do is tested with a real Redis in compat_test/cluster.

func TestNew_Refuses(t *testing.T) {
	client := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1"})
	defer client.Close()
	for name, cfg := range map[string]redissession.Config{
		"no client":    {},
		"negative TTL": {Client: client, TTL: -1},
		"negative max": {Client: client, MaxBytes: -1},
		"both":         {Client: client, Prefix: "x", NoPrefix: true},
	} {
		if _, err := redissession.New(cfg); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// A Redis that is away is an error, not a missing session.
func TestStore_WithoutRedis(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	_ = l.Close()
	client := redis.NewClient(&redis.Options{Addr: address, MaxRetries: -1, DialerRetries: 1})
	defer client.Close()
	store, err := redissession.New(redissession.Config{Client: client})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	_, get := store.Get(ctx, "x")
	_, swap := store.Swap(ctx, "x", nil, []byte("{}"), 0)
	for name, err := range map[string]error{
		"Get": get, "Swap": swap, "Set": store.Set(ctx, "x", []byte("{}"), 0), "Touch": store.Touch(ctx, "x", 0), "Destroy": store.Destroy(ctx, "x"),
	} {
		if err == nil || errors.Is(err, session.ErrNotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func Example() {
	client := redis.NewClient(&redis.Options{Addr: "127.0.0.1:6379"})
	defer client.Close()
	store, err := redissession.New(redissession.Config{Client: client})
	if err != nil {
		fmt.Println(err)
		return
	}
	sessions, err := session.New(session.Config{Store: store})
	if err != nil {
		fmt.Println(err)
		return
	}
	_ = sessions // sailsio.Config{Sessions: sessions}
}
