package cluster_test

import (
	"os/exec"
	"strconv"
	"sync"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/go-sails/sails/socketio"
	"github.com/go-sails/sails/socketio/adaptertest"
	"github.com/go-sails/sails/socketio/redisadapter"
)

// redisServer is a Redis of a test's own.
type redisServer struct {
	t    testing.TB
	port int
	args []string
	*process
}

func startRedis(t testing.TB, args ...string) *redisServer {
	t.Helper()
	s := &redisServer{t: t, port: freePort(t), args: args}
	s.start()
	return s
}

// start runs the server, again after it was killed, on the same port.
func (s *redisServer) start() {
	s.t.Helper()
	args := append([]string{"--port", strconv.Itoa(s.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no",
		"--dir", s.t.TempDir(), "--daemonize", "no", "--loglevel", "warning"}, s.args...)
	s.process = start(s.t, exec.Command(program(s.t, "redis-server"), args...))
	s.listening(s.port)
}

func (s *redisServer) options() *redis.UniversalOptions {
	return &redis.UniversalOptions{Addrs: []string{address(s.port)}}
}

func (s *redisServer) client() redis.UniversalClient {
	c := redis.NewUniversalClient(s.options())
	s.t.Cleanup(func() { _ = c.Close() })
	return c
}

// adapters returns a maker of adapters.
func adapters[A socketio.Adapter](t testing.TB, create func(redisadapter.Config) (A, error), cfg redisadapter.Config) func() socketio.Adapter {
	return func() socketio.Adapter {
		a, err := create(cfg)
		check(t, err)
		return a
	}
}

// prefixes gives each test its own channels.
var prefixes struct {
	sync.Mutex
	n int
}

func prefix() string {
	prefixes.Lock()
	defer prefixes.Unlock()
	prefixes.n++
	return "test" + strconv.Itoa(prefixes.n)
}

func TestRedisAdapter(t *testing.T) {
	server := startRedis(t)
	for name, cfg := range map[string]redisadapter.Config{
		"Level8":            {},
		"Level6":            {Level: redisadapter.Level6},
		"SpecificResponses": {SpecificResponses: true},
	} {
		t.Run(name, func(t *testing.T) {
			adaptertest.Run(t, func(t *testing.T) func() socketio.Adapter {
				cfg := cfg
				cfg.Redis, cfg.Key = server.options(), prefix()
				return adapters(t, redisadapter.New, cfg)
			})
		})
	}
}
