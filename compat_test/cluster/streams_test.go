package cluster_test

import (
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/go-sails/sails/socketio"
	"github.com/go-sails/sails/socketio/adaptertest"
	"github.com/go-sails/sails/socketio/redisadapter"
)

// streamsConfigs are the forms of the streams adapter, beside the options of JavaScript
// nodes that mean the same.
var streamsConfigs = []struct {
	name    string
	cfg     redisadapter.StreamsConfig
	options object
}{
	{"Default", redisadapter.StreamsConfig{}, nil},
	{"Spread", redisadapter.StreamsConfig{Count: 4, ShardedPubSub: true}, object{"streamCount": 4, "useShardedPubSub": true, "onlyPlaintext": false}},
}

// streamsOn returns a configuration on a Redis with names of its own.
func streamsOn(o *redis.UniversalOptions, s redisadapter.StreamsConfig) redisadapter.Config {
	key := prefix()
	s.Name = key
	return redisadapter.Config{Redis: o, Key: key, Streams: s}
}

func TestStreamsAdapter(t *testing.T) {
	server := startRedis(t)
	for _, c := range streamsConfigs {
		t.Run(c.name, func(t *testing.T) {
			adaptertest.Run(t, func(t *testing.T) func() socketio.Adapter {
				return adapters(t, redisadapter.NewStreams, streamsOn(server.options(), c.cfg))
			})
		})
	}
}

// A Redis Cluster: streams and channels on three servers.
func TestStreamsCluster(t *testing.T) {
	o := startRedisCluster(t)
	adaptertest.Run(t, func(t *testing.T) func() socketio.Adapter {
		return adapters(t, redisadapter.NewStreams, streamsOn(o, redisadapter.StreamsConfig{Count: 3, ShardedPubSub: true}))
	})
}
