package cluster_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/go-sails/sails/socketio"
	"github.com/go-sails/sails/socketio/redisadapter"
)

// A Redis behind Sentinel is killed; its replica takes over, and the nodes follow.
func TestRedisSentinel(t *testing.T) {
	primary := startRedis(t)
	replica := startRedis(t, "--replicaof", "127.0.0.1 "+strconv.Itoa(primary.port), "--repl-diskless-sync-delay", "0")
	port := freePort(t)
	file := filepath.Join(t.TempDir(), "sentinel.conf")
	check(t, os.WriteFile(file, fmt.Appendf(nil, `port %d
bind 127.0.0.1
sentinel monitor app 127.0.0.1 %d 1
sentinel down-after-milliseconds app 500
sentinel failover-timeout app 5000
`, port, primary.port), 0o600))
	sentinel := start(t, exec.Command(program(t, "redis-server"), file, "--sentinel"))
	sentinel.listening(port)
	ctx := testContext(t)
	watch := redis.NewSentinelClient(&redis.Options{Addr: address(port)})
	defer watch.Close()
	eventually(t, "the replica to be known", func() bool {
		replicas, err := watch.Replicas(ctx, "app").Result()
		return err == nil && len(replicas) == 1 && replicas[0]["master-link-status"] == "ok"
	})

	key := prefix()
	var found []*redisadapter.Adapter
	node := func(name string) *goNode {
		a, err := redisadapter.New(redisadapter.Config{Redis: &redis.UniversalOptions{Addrs: []string{address(port)}, MasterName: "app"}, Key: key})
		check(t, err)
		found = append(found, a)
		return &goNode{startGo(t, name, socketio.Config{Adapter: a}), t, ctx}
	}
	a, b := node("a"), node("b")
	clients := startPeer(t, object{"adapter": "none"})
	clients.connect("far", b.url)
	eventually(t, "both nodes", func() bool { return a.count() == 2 })
	a.emit(nil, nil, "before")
	clients.expectEvents("far", `["before"]`)
	primary.kill()
	eventually(t, "the replica to take over", func() bool {
		at, err := watch.GetMasterAddrByName(ctx, "app").Result()
		return err == nil && at[1] == strconv.Itoa(replica.port)
	})
	eventually(t, "both to follow", func() bool {
		_ = a.Emit(ctx, "ping") // nothing notices a loss as fast as a message
		return found[0].Stats().Reconnects > 0 && found[1].Stats().Reconnects > 0 && found[0].Health().Healthy() && found[1].Health().Healthy()
	})
	eventually(t, "both nodes", func() bool { return a.count() == 2 })
	a.emit(nil, nil, "after")
	events := get[[][]any](clients, "events", object{"name": "far", "until": "after"})
	if len(events) == 0 {
		t.Error("nothing arrived")
	}
}
