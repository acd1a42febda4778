package redisadapter

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// Level says which JavaScript adapter the other nodes use. Go nodes understand each
// other at any level; all should use the same.
type Level int

const (
	// Level8 is @socket.io/redis-adapter 7 and 8.
	Level8 Level = iota
	// Level6 is socket.io-redis 6.1 and @sailshq/socket.io-redis 6.1, which stop at
	// a request that is no JSON. Broadcasts with acknowledgements and server-side
	// events reach Go nodes only: nodes of that level have neither, so they are
	// missing from the answers (a *socketio.PartialError).
	Level6
)

// Config configures an adapter. For numbers and durations zero means the default;
// negative ones are refused.
type Config struct {
	// Redis says how to reach Redis. It is required. The adapter makes its own client
	// of a copy, in which it sets timeouts and switches retries off: a publish whose
	// confirmation is lost must not be repeated.
	Redis *redis.UniversalOptions
	// Key is the prefix of all channels. Default "socket.io". With NewSharded it is
	// called channelPrefix in JavaScript.
	Key string
	// Level is the compatibility level; New only.
	Level Level
	// SpecificResponses sends answers on a channel of their own for each node, which
	// only the asking node reads (publishOnSpecificResponseChannel). Default false
	// as in JavaScript. Not at Level6, whose nodes do not listen there. New only.
	SpecificResponses bool
	// StaticChannels uses the common channel for all rooms (subscriptionMode
	// "static"); otherwise each room has its own, "dynamic". All nodes must agree.
	// NewSharded only.
	StaticChannels bool

	// Timeout bounds each exchange with Redis. Default 1s. It is how long an Emit can
	// be held up by a Redis that does not answer, once.
	Timeout time.Duration
	// MaxMessage is the size in bytes of messages accepted from other nodes and of
	// those published. Default 2,048,576 (SEC-92).
	MaxMessage int
	// MaxQueue is how many bytes may wait to be published. Default 8 MiB.
	MaxQueue int

	// Logger receives one line when Redis is lost and one when it is back; nil
	// discards.
	Logger *slog.Logger
}

// withDefaults returns cfg completed and checked.
func (cfg Config) withDefaults() (Config, error) {
	switch {
	case cfg.Redis == nil || len(cfg.Redis.Addrs) == 0:
		return cfg, errors.New("redisadapter: Config.Redis with at least one address is required")
	case cfg.Level != Level8 && cfg.Level != Level6:
		return cfg, fmt.Errorf("redisadapter: Config.Level %d is none of Level8, Level6", cfg.Level)
	case cfg.Timeout < 0 || cfg.MaxMessage < 0 || cfg.MaxQueue < 0:
		return cfg, errors.New("redisadapter: Config.Timeout, MaxMessage and MaxQueue cannot be off")
	case cfg.SpecificResponses && cfg.Level == Level6:
		return cfg, errors.New("redisadapter: Config.SpecificResponses needs Level8 nodes")
	}
	if cfg.Key == "" {
		cfg.Key = "socket.io"
	}
	if cfg.Timeout == 0 {
		cfg.Timeout = time.Second
	}
	if cfg.MaxMessage == 0 {
		cfg.MaxMessage = 1_000_000 + 1<<20
	}
	if cfg.MaxQueue == 0 {
		cfg.MaxQueue = 8 << 20
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	return cfg, nil
}

// client returns the adapter's own client.
func (cfg Config) client() redis.UniversalClient {
	o := *cfg.Redis
	o.MaxRetries = -1
	o.DialerRetries = 1
	o.DialTimeout, o.ReadTimeout, o.WriteTimeout = cfg.Timeout, cfg.Timeout, cfg.Timeout
	o.ContextTimeoutEnabled = true
	o.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	return redis.NewUniversalClient(&o)
}
