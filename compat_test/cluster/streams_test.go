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

func TestStreamsTable(t *testing.T) {
	server := startRedis(t)
	for _, c := range streamsConfigs {
		t.Run(c.name, func(t *testing.T) {
			table(t, false, func(t *testing.T) (func(string) node, func(string) node) {
				cfg := streamsOn(server.options(), c.cfg)
				create := adapters(t, redisadapter.NewStreams, cfg)
				return func(name string) node {
						return &goNode{startGo(t, name, socketio.Config{Adapter: create()}), t, testContext(t)}
					}, func(name string) node {
						return startPeer(t, object{"adapter": "streams", "name": name, "key": cfg.Key, "port": server.port, "options": c.options})
					}
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
	t.Run("Table", func(t *testing.T) {
		urls := make([]string, len(o.Addrs))
		for i, a := range o.Addrs {
			urls[i] = "redis://" + a
		}
		table(t, false, func(t *testing.T) (func(string) node, func(string) node) {
			cfg := streamsOn(o, redisadapter.StreamsConfig{})
			create := adapters(t, redisadapter.NewStreams, cfg)
			return func(name string) node {
					return &goNode{startGo(t, name, socketio.Config{Adapter: create()}), t, testContext(t)}
				}, func(name string) node {
					return startPeer(t, object{"adapter": "streams", "name": name, "key": cfg.Key, "cluster": urls})
				}
		})
	})
}
