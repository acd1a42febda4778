package cluster_test

import (
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/go-sails/sails/socketio"
	"github.com/go-sails/sails/socketio/redisadapter"
)

// documented returns a configuration from docs/cluster.md: the block in a language that
// begins with "# name". Its ports are replaced by these.
func documented(t *testing.T, language, name string, ports ...string) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/cluster.md")
	check(t, err)
	_, after, ok := strings.Cut(string(text), "```"+language+"\n# "+name+"\n")
	block, _, end := strings.Cut(after, "```")
	if !ok || !end {
		t.Fatalf("docs/cluster.md has no %s configuration called %q", language, name)
	}
	for i, port := range ports {
		before := fmt.Sprintf("127.0.0.1:%d", 3000+i)
		if !strings.Contains(block, before) {
			t.Fatalf("the configuration has no %s", before)
		}
		block = strings.ReplaceAll(block, before, "127.0.0.1:"+port)
	}
	return block
}

// The configurations in the documentation: clients of the original software reach two
// nodes through them, also by polling, and each other through Redis.
func TestProxies(t *testing.T) {
	server := startRedis(t)
	for _, c := range []struct {
		language, name string
		transports     []string
	}{
		{"nginx", "sticky", []string{"polling", "websocket"}},
		{"nginx", "sticky", []string{"polling"}},
		{"nginx", "websocket", []string{"websocket"}},
		{"haproxy", "sticky", []string{"polling", "websocket"}},
		{"haproxy", "sticky", []string{"polling"}},
		{"haproxy", "websocket", []string{"websocket"}},
	} {
		t.Run(c.language+"/"+c.name+"/"+strings.Join(c.transports, "+"), func(t *testing.T) {
			create := adapters(t, redisadapter.New, redisadapter.Config{Redis: server.options(), Key: prefix()})
			nodes := []*goServer{
				startGo(t, "a", socketio.Config{Adapter: create()}),
				startGo(t, "b", socketio.Config{Adapter: create()}),
			}
			port := freePort(t)
			ports := []string{fmt.Sprint(port)}
			for _, n := range nodes {
				u, err := url.Parse(n.url)
				check(t, err)
				ports = append(ports, u.Port())
			}
			startProxy(t, c.language, documented(t, c.language, c.name, ports...), port)
			clients := startPeer(t, object{"adapter": "none"})
			const count = 8
			var ids []string
			for i := range count {
				ids = append(ids, get[string](clients, "connect", object{
					"name": fmt.Sprint(i), "url": fmt.Sprintf("http://127.0.0.1:%d", port), "transports": c.transports, "cookies": true,
				}))
			}
			// A client of each node joins a room by way of the other node.
			on := make([]int, len(nodes))
			for i, n := range nodes {
				for _, id := range ids {
					if _, ok := n.Socket(id); ok {
						on[i]++
					}
				}
			}
			spread := c.language != "nginx" || c.name != "sticky" // there all have one address
			if on[0]+on[1] != count || spread && (on[0] == 0 || on[1] == 0) {
				t.Errorf("clients per node %v", on)
			}
			ctx := testContext(t)
			for _, n := range nodes {
				check(t, n.Emit(ctx, "hello", []byte{1}))
			}
			for i := range count {
				if got := get[[][]any](clients, "events", object{"name": fmt.Sprint(i), "count": 2}); got[0][0] != "hello" || got[1][0] != "hello" {
					t.Errorf("client %d received %v", i, got)
				}
				clients.do("close", object{"name": fmt.Sprint(i)})
			}
		})
	}
}

// startProxy runs a proxy with a configuration.
func startProxy(t *testing.T, language, text string, port int) {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, language+".cfg")
	if language == "nginx" {
		// Everything else it would write into its usual places.
		var places strings.Builder
		for _, p := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
			fmt.Fprintf(&places, "\t%s_temp_path %s;\n", p, filepath.Join(dir, p))
		}
		text = strings.Replace(text, "http {\n", "http {\n\taccess_log off;\n"+places.String(), 1)
		text = "daemon off;\npid " + filepath.Join(dir, "pid") + ";\nerror_log stderr;\n" + text
		if os.Getuid() == 0 {
			text = "user root;\n" + text
		}
	}
	check(t, os.WriteFile(file, []byte(text), 0o600))
	args := []string{"-c", file, "-p", dir, "-e", "stderr"}
	if language == "haproxy" {
		args = []string{"-db", "-f", file}
	}
	p := start(t, exec.Command(program(t, language), args...))
	p.listening(port)
	t.Cleanup(func() { // not killed: its workers would stay
		p.signal(syscall.SIGTERM)
		limit := time.NewTimer(patience)
		defer limit.Stop()
		select {
		case <-p.ended:
		case <-limit.C:
			t.Error("the proxy does not end")
		}
	})
}
