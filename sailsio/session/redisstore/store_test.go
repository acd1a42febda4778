package redisstore_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/go-sails/sails/internal/leakcheck"
	"github.com/go-sails/sails/sailsio/session"
	"github.com/go-sails/sails/sailsio/session/redisstore"
)

func TestMain(m *testing.M) { leakcheck.Main(m) }

// server is as much of Redis as the store needs; compat_test runs the real one.
type server struct {
	mu     sync.Mutex
	values map[string]string
	ttl    map[string]string
}

func serve(t *testing.T) (*server, *redis.Client) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &server{values: map[string]string{}, ttl: map[string]string{}}
	var conns sync.WaitGroup
	conns.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			conns.Go(func() { defer c.Close(); s.talk(c) })
		}
	})
	client := redis.NewClient(&redis.Options{Addr: l.Addr().String(), Protocol: 2, DisableIdentity: true, MaxRetries: -1})
	t.Cleanup(func() {
		client.Close()
		l.Close()
		conns.Wait()
	})
	return s, client
}

func (s *server) talk(c net.Conn) {
	r := bufio.NewReader(c)
	for {
		args, err := command(r)
		if err != nil {
			return
		}
		s.mu.Lock()
		answer := s.do(args)
		s.mu.Unlock()
		if _, err := io.WriteString(c, answer); err != nil {
			return
		}
	}
}

func command(r *bufio.Reader) ([]string, error) {
	line, err := r.ReadString('\n')
	if err != nil {
		return nil, err
	}
	n, err := strconv.Atoi(strings.TrimSpace(line[1:]))
	if err != nil {
		return nil, err
	}
	args := make([]string, n)
	for i := range args {
		if line, err = r.ReadString('\n'); err != nil {
			return nil, err
		}
		size, err := strconv.Atoi(strings.TrimSpace(line[1:]))
		if err != nil {
			return nil, err
		}
		text := make([]byte, size+2)
		if _, err := io.ReadFull(r, text); err != nil {
			return nil, err
		}
		args[i] = string(text[:size])
	}
	return args, nil
}

func (s *server) do(args []string) string {
	switch strings.ToLower(args[0]) {
	case "get":
		if v, ok := s.values[args[1]]; ok {
			return fmt.Sprintf("$%d\r\n%s\r\n", len(v), v)
		}
		return "$-1\r\n"
	case "set":
		s.values[args[1]], s.ttl[args[1]] = args[2], strings.Join(args[3:], " ")
		return "+OK\r\n"
	case "expire":
		s.ttl[args[1]] = "touched " + args[2]
		return ":1\r\n"
	case "del":
		delete(s.values, args[1])
		return ":1\r\n"
	case "evalsha":
		return "-NOSCRIPT no\r\n"
	case "eval": // EVAL script 1 key was old next seconds
		key, now := args[3], s.values[args[3]]
		_, there := s.values[key]
		if args[4] == "0" && there || args[4] == "1" && now != args[5] {
			return ":0\r\n"
		}
		s.values[key], s.ttl[key] = args[6], "ex "+args[7]
		return ":1\r\n"
	}
	return "-ERR unknown command\r\n"
}

func TestStore(t *testing.T) {
	t.Parallel()
	s, client := serve(t)
	store, err := redisstore.New(redisstore.Config{Client: client})
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	if _, err := store.Get(ctx, "abc"); !errors.Is(err, session.ErrNotFound) {
		t.Errorf("Get of nothing: %v", err)
	}
	if err := errors.Join(store.Set(ctx, "abc", []byte(`{"a":1}`), 0), store.Touch(ctx, "abc", time.Minute)); err != nil {
		t.Error(err)
	}
	s.mu.Lock()
	if got := s.ttl["sess:abc"]; got != "touched 60" {
		t.Errorf("life time %q", got)
	}
	s.mu.Unlock()
	if got, err := store.Get(ctx, "abc"); err != nil || string(got) != `{"a":1}` {
		t.Errorf("Get: %s %v", got, err)
	}
	for _, c := range []struct {
		old, next string
		want      bool
	}{{"other", "x", false}, {`{"a":1}`, `{"a":2}`, true}, {"", "x", false}} {
		var old []byte
		if c.old != "" {
			old = []byte(c.old)
		}
		if done, err := store.Swap(ctx, "abc", old, []byte(c.next), 0); err != nil || done != c.want {
			t.Errorf("%v: %v %v", c, done, err)
		}
	}
	if err := store.Destroy(ctx, "abc"); err != nil {
		t.Error(err)
	}
	if done, err := store.Swap(ctx, "abc", nil, []byte("new"), time.Minute); err != nil || !done {
		t.Errorf("Swap of nothing: %v %v", done, err)
	}
	ended, cancel := context.WithCancel(ctx)
	cancel()
	if err := store.Set(ended, "abc", nil, 0); !errors.Is(err, context.Canceled) {
		t.Errorf("after the end: %v", err)
	}
}

func TestLifeTimes(t *testing.T) {
	t.Parallel()
	s, client := serve(t)
	store, err := redisstore.New(redisstore.Config{Client: client, Prefix: "p:", TTL: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		ttl  time.Duration
		want string
	}{{0, "ex 3600"}, {1500 * time.Millisecond, "ex 2"}, {time.Minute, "ex 60"}} {
		if err := store.Set(t.Context(), "a", []byte("{}"), c.ttl); err != nil {
			t.Fatal(err)
		}
		s.mu.Lock()
		if got := s.ttl["p:a"]; got != c.want {
			t.Errorf("%v: %q, want %q", c.ttl, got, c.want)
		}
		s.mu.Unlock()
	}
}

func TestNew_Mistakes(t *testing.T) {
	t.Parallel()
	if _, err := redisstore.New(redisstore.Config{}); err == nil {
		t.Error("no client was accepted")
	}
	_, client := serve(t)
	if _, err := redisstore.New(redisstore.Config{Client: client, TTL: -1}); err == nil {
		t.Error("a negative life time was accepted")
	}
}
