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
	// confirmation is lost must not be repeated. Protocol is 2 unless set.
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

	// Confirm makes every Emit wait until Redis has the message, so that its nil error says
	// that. By default an Emit returns when the message is on its way, in its order; the
	// last 256 of a node, or the last megabyte, can then be lost with Redis (Stats.Lost)
	// although nobody got an error. Whoever publishes beyond that waits.
	Confirm bool

	// Streams configures NewStreams.
	Streams StreamsConfig

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

// StreamsConfig is the part of Config that only NewStreams uses. What all nodes must
// agree on is said so; names in brackets are those of createAdapter in JavaScript.
type StreamsConfig struct {
	// Name of the stream (streamName). Default "socket.io"; all nodes must agree.
	Name string
	// Count is the number of streams that namespaces are spread over (streamCount), at
	// most 1,024. Default 1; all nodes must agree.
	Count int
	// MaxLen is about how many messages a stream keeps (maxLen). Default 10,000. A
	// client can be recovered as long as what it saw last is among them.
	MaxLen int64
	// ReadCount is how many messages are read at once (readCount). Default 100.
	ReadCount int64
	// Block is how long one reading waits for messages (blockTimeInMs), and a Redis
	// that is silent is noticed after this and Config.Timeout. Default 2s.
	Block time.Duration
	// SessionPrefix of the keys of lost sockets (sessionKeyPrefix). Default
	// "sio:session:"; all nodes must agree.
	SessionPrefix string
	// ShardedPubSub sends requests and answers by sharded PUB/SUB (useShardedPubSub),
	// of Redis 7. All nodes must agree.
	ShardedPubSub bool
}

func (cfg *StreamsConfig) complete() error {
	if cfg.Count < 0 || cfg.Count > 1024 || cfg.MaxLen < 0 || cfg.ReadCount < 0 || cfg.Block < 0 {
		return errors.New("redisadapter: a number of Config.Streams is out of range; none can be off")
	}
	if cfg.Name == "" {
		cfg.Name = "socket.io"
	}
	if cfg.SessionPrefix == "" {
		cfg.SessionPrefix = "sio:session:"
	}
	cfg.Count = max(cfg.Count, 1)
	if cfg.MaxLen == 0 {
		cfg.MaxLen = 10_000
	}
	if cfg.ReadCount == 0 {
		cfg.ReadCount = 100
	}
	if cfg.Block == 0 {
		cfg.Block = 2 * time.Second
	}
	cfg.Block = max(cfg.Block, time.Millisecond) // zero would be forever
	return nil
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
	if err := cfg.Streams.complete(); err != nil {
		return cfg, err
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
	if o.Protocol == 0 {
		o.Protocol = 2 // with 3 the client looks for pushes before everything it reads; there are none here
	}
	o.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	return redis.NewUniversalClient(&o)
}
