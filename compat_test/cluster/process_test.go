package cluster_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/go-sails/sails/socketio"
)

// nodeProcess is the environment variable that makes the test program a Go node, which
// can be killed.
const nodeProcess = "CLUSTER_TEST_NODE"

// startGoProcess starts a Go node in a process of its own.
func startGoProcess(t testing.TB, medium string, port int, key string) *nodePeer {
	t.Helper()
	self, err := os.Executable()
	check(t, err)
	config, err := json.Marshal(processConfig{medium, port, key})
	check(t, err)
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), nodeProcess+"="+string(config))
	return startSteered(t, cmd)
}

type processConfig struct {
	Medium string
	Port   int
	Key    string
}

// serveProcess is that process: it ends with its standard input.
func serveProcess(text string) error {
	var config processConfig
	if err := json.Unmarshal([]byte(text), &config); err != nil {
		return err
	}
	adapter, err := newAdapter(config.Medium, config.Port, config.Key)
	if err != nil {
		return err
	}
	srv, err := socketio.NewServer(socketio.Config{Adapter: adapter})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := srv.Ready(ctx); err != nil {
		return err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	h := &http.Server{Handler: srv, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = h.Serve(l) }() // until the process ends
	fmt.Printf("{\"id\":0,\"result\":%d}\n", l.Addr().(*net.TCPAddr).Port)
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}
