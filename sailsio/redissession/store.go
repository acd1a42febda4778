package redissession

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/go-sails/sails/sailsio/session"
)

// Defaults of Config.
const (
	DefaultPrefix   = "sess:"
	DefaultTTL      = 24 * time.Hour
	DefaultMaxBytes = 1 << 20
)

// Config configures a Store.
type Config struct {
	// Client reaches Redis; it is required, and not closed by the Store. Its timeouts
	// apply next to those of the contexts; with ContextTimeoutEnabled in its options
	// a wait ends with the context.
	Client redis.UniversalClient
	// Prefix of the keys; "" is "sess:", as in connect-redis.
	Prefix string
	// NoPrefix uses the ids as keys.
	NoPrefix bool
	// TTL is the life time of sessions that state none; 0 is a day. It is rounded up
	// to whole seconds.
	TTL time.Duration
	// MaxBytes is the longest text that is read; 0 is 1 MiB. A longer one is
	// session.ErrTooLarge.
	MaxBytes int
}

// Store is a session.Store and a session.Swapper in Redis 2.6 or later, in a single
// server, behind Sentinel or in a Redis Cluster. Its methods may be called
// concurrently.
type Store struct {
	client   redis.UniversalClient
	prefix   string
	ttl      time.Duration
	maxBytes int
}

var (
	_ session.Store   = (*Store)(nil)
	_ session.Swapper = (*Store)(nil)
)

// New returns a store. It does not connect: a Redis that is away is an error of each
// method, as long as it is away.
func New(cfg Config) (*Store, error) {
	switch {
	case cfg.Client == nil:
		return nil, errors.New("redissession: Config.Client is required")
	case cfg.TTL < 0 || cfg.MaxBytes < 0:
		return nil, errors.New("redissession: Config.TTL and MaxBytes must not be negative")
	case cfg.NoPrefix && cfg.Prefix != "":
		return nil, errors.New("redissession: set Config.Prefix or NoPrefix, not both")
	}
	s := &Store{client: cfg.Client, prefix: cfg.Prefix, ttl: cfg.TTL, maxBytes: cfg.MaxBytes}
	if s.prefix == "" && !cfg.NoPrefix {
		s.prefix = DefaultPrefix
	}
	if s.ttl == 0 {
		s.ttl = DefaultTTL
	}
	if s.maxBytes == 0 {
		s.maxBytes = DefaultMaxBytes
	}
	return s, nil
}

// seconds is a life time as Redis takes it with EX, rounded up: never 0, which Redis
// refuses.
func (s *Store) seconds(ttl time.Duration) time.Duration {
	if ttl <= 0 {
		ttl = s.ttl
	}
	return max((ttl + time.Second - 1).Truncate(time.Second), time.Second)
}

func wrap(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("redissession: %s: %w", what, err)
}

// Get implements session.Store. No more than Config.MaxBytes travels.
func (s *Store) Get(ctx context.Context, sid string) ([]byte, error) {
	data, err := s.client.GetRange(ctx, s.prefix+sid, 0, int64(s.maxBytes)).Bytes()
	switch {
	case err != nil:
		return nil, wrap("reading a session", err)
	case len(data) == 0: // what Redis says of a key that is not there
		return nil, session.ErrNotFound
	case len(data) > s.maxBytes:
		return nil, session.ErrTooLarge
	}
	return data, nil
}

// Set implements session.Store.
func (s *Store) Set(ctx context.Context, sid string, data []byte, ttl time.Duration) error {
	return wrap("storing a session", s.client.Set(ctx, s.prefix+sid, data, s.seconds(ttl)).Err())
}

// Touch implements session.Store.
func (s *Store) Touch(ctx context.Context, sid string, ttl time.Duration) error {
	return wrap("touching a session", s.client.Expire(ctx, s.prefix+sid, s.seconds(ttl)).Err())
}

// Destroy implements session.Store.
func (s *Store) Destroy(ctx context.Context, sid string) error {
	return wrap("destroying a session", s.client.Del(ctx, s.prefix+sid).Err())
}

// swap stores ARGV[3] for ARGV[4] seconds if the key holds ARGV[2], or, when ARGV[1] is
// "0", if it does not exist. It is done as well when ARGV[3] is there already: a
// client repeats a script whose answer got lost.
var swap = redis.NewScript(`
local stored = redis.call('GET', KEYS[1])
if stored ~= ARGV[3] then
	if ARGV[1] == '0' then
		if stored then return 0 end
	elseif stored ~= ARGV[2] then
		return 0
	end
end
redis.call('SET', KEYS[1], ARGV[3], 'EX', ARGV[4])
return 1
`)

// Swap implements session.Swapper. When next is what is stored already it reports true,
// whatever old is.
func (s *Store) Swap(ctx context.Context, sid string, old, next []byte, ttl time.Duration) (bool, error) {
	exists := 1
	if old == nil {
		exists = 0
	}
	done, err := swap.Run(ctx, s.client, []string{s.prefix + sid}, exists, old, next, int64(s.seconds(ttl)/time.Second)).Int()
	if err != nil {
		return false, wrap("storing a session", err)
	}
	return done == 1, nil
}
