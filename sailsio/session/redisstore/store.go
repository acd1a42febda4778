// Package redisstore keeps sessions in Redis as @sailshq/connect-redis and
// connect-redis do, so that Node and Go servers share them (SE-22): the key is a
// prefix and the session's id, the value its JSON text.
package redisstore

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
	DefaultPrefix = "sess:"
	DefaultTTL    = 24 * time.Hour
)

// Config configures a Store.
type Config struct {
	// Client is the connection; whoever made it closes it. Required.
	Client redis.UniversalClient
	// Prefix of the keys; "" is "sess:". With "{sails}" and the like all keys are in
	// one slot of a Redis cluster, which nothing here needs.
	Prefix string
	// TTL is the life time of sessions that have none of their own; 0 is a day.
	TTL time.Duration
}

// Store is a session.Store, and a session.Swapper: servers that save one session at
// the same time keep each other's work. It is safe for concurrent use.
type Store struct{ cfg Config }

var (
	_ session.Store   = (*Store)(nil)
	_ session.Swapper = (*Store)(nil)
)

// New checks the configuration. It does not connect.
func New(cfg Config) (*Store, error) {
	if cfg.Client == nil {
		return nil, errors.New("redisstore: Config needs Client")
	}
	if cfg.TTL < 0 {
		return nil, errors.New("redisstore: Config.TTL is negative; sessions would end at once")
	}
	if cfg.Prefix == "" {
		cfg.Prefix = DefaultPrefix
	}
	if cfg.TTL == 0 {
		cfg.TTL = DefaultTTL
	}
	return &Store{cfg}, nil
}

func (s *Store) key(sid string) string { return s.cfg.Prefix + sid }

// ttl rounds up to seconds, as Node does.
func (s *Store) ttl(ttl time.Duration) time.Duration {
	if ttl == 0 {
		ttl = s.cfg.TTL
	}
	return (ttl + time.Second - 1).Truncate(time.Second)
}

// Get returns the stored text, or session.ErrNotFound.
func (s *Store) Get(ctx context.Context, sid string) ([]byte, error) {
	text, err := s.cfg.Client.Get(ctx, s.key(sid)).Bytes()
	if errors.Is(err, redis.Nil) {
		return nil, session.ErrNotFound
	}
	return text, wrap(err)
}

// Set stores a session.
func (s *Store) Set(ctx context.Context, sid string, data []byte, ttl time.Duration) error {
	return wrap(s.cfg.Client.Set(ctx, s.key(sid), data, s.ttl(ttl)).Err())
}

// Touch starts the life time anew.
func (s *Store) Touch(ctx context.Context, sid string, ttl time.Duration) error {
	return wrap(s.cfg.Client.Expire(ctx, s.key(sid), s.ttl(ttl)).Err())
}

// Destroy removes a session.
func (s *Store) Destroy(ctx context.Context, sid string) error {
	return wrap(s.cfg.Client.Del(ctx, s.key(sid)).Err())
}

// swap stores ARGV[3] if the key holds ARGV[2], or nothing when ARGV[1] is "0".
var swap = redis.NewScript(`
local now = redis.call('GET', KEYS[1])
if ARGV[1] == '0' then
  if now then return 0 end
elseif now ~= ARGV[2] then
  return 0
end
redis.call('SET', KEYS[1], ARGV[3], 'EX', ARGV[4])
return 1`)

// Swap stores next if old is what is stored; nil stands for nothing.
func (s *Store) Swap(ctx context.Context, sid string, old, next []byte, ttl time.Duration) (bool, error) {
	was := "1"
	if old == nil {
		was = "0"
	}
	done, err := swap.Run(ctx, s.cfg.Client, []string{s.key(sid)}, was, old, next, int64(s.ttl(ttl)/time.Second)).Int()
	return done == 1, wrap(err)
}

func wrap(err error) error {
	if err != nil {
		return fmt.Errorf("redisstore: %w", err)
	}
	return nil
}
