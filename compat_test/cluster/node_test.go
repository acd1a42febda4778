package cluster_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http/httptest"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-sails/sails/socketio"
)

// object is a JSON object.
type object = map[string]any

// nodePeer is a process of node/peer.mjs: a server and clients of the original.
type nodePeer struct {
	*process
	url       string
	unordered bool // events are compared as they come, in any order: the medium keeps none

	mu      sync.Mutex
	in      io.Writer
	next    int
	pending map[int]chan answer // guarded by mu
}

type answer struct {
	ID     int             `json:"id"`
	Result json.RawMessage `json:"result"`
	Error  string          `json:"error"`
}

// startPeer starts a server with config, whose "adapter" is one of those in peer.mjs.
func startPeer(t testing.TB, config object) *nodePeer {
	t.Helper()
	return startNode(t, "peer.mjs", config)
}

// startNode starts a program that is steered like peer.mjs.
func startNode(t testing.TB, script string, config object) *nodePeer {
	t.Helper()
	text, err := json.Marshal(config)
	check(t, err)
	cmd := exec.Command(program(t, "node"), script, string(text))
	cmd.Dir = "node"
	return startSteered(t, cmd)
}

// startSteered starts a process that says on which port it listens.
func startSteered(t testing.TB, cmd *exec.Cmd) *nodePeer {
	t.Helper()
	stdin, err := cmd.StdinPipe()
	check(t, err)
	r, w := io.Pipe()
	cmd.Stdout = w
	p := &nodePeer{in: stdin, pending: make(map[int]chan answer)}
	ready := p.expect(0)
	go p.read(r)
	p.process = start(t, cmd)
	go func() {
		<-p.ended
		_ = w.Close()
	}()
	var port int
	check(t, json.Unmarshal(p.wait(ready), &port))
	p.url = fmt.Sprintf("http://127.0.0.1:%d", port)
	return p
}

func (p *nodePeer) read(r io.Reader) {
	lines := bufio.NewReader(r)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return
		}
		var a answer
		if json.Unmarshal(line, &a) != nil {
			continue // a log line
		}
		p.mu.Lock()
		c := p.pending[a.ID]
		delete(p.pending, a.ID)
		p.mu.Unlock()
		if c != nil {
			c <- a
		}
	}
}

func (p *nodePeer) expect(id int) chan answer {
	c := make(chan answer, 1)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pending[id] = c
	return c
}

func (p *nodePeer) wait(c chan answer) json.RawMessage {
	p.t.Helper()
	limit := time.NewTimer(patience)
	defer limit.Stop()
	select {
	case a := <-c:
		if a.Error != "" {
			p.t.Fatal("node: ", a.Error)
		}
		return a.Result
	case <-p.ended:
		p.t.Fatalf("node ended: %s", p.Output())
	case <-limit.C:
		p.t.Fatalf("node does not answer: %s", p.Output())
	}
	return nil
}

// begin sends a command; the result is for wait.
func (p *nodePeer) begin(op string, m object) chan answer {
	p.t.Helper()
	p.mu.Lock()
	p.next++
	id := p.next
	p.mu.Unlock()
	c := p.expect(id)
	line := object{"id": id, "op": op}
	for k, v := range m {
		line[k] = v
	}
	text, err := json.Marshal(line)
	check(p.t, err)
	_, err = p.in.Write(append(text, '\n'))
	check(p.t, err)
	return c
}

// do sends a command and returns its result.
func (p *nodePeer) do(op string, m object) json.RawMessage {
	p.t.Helper()
	return p.wait(p.begin(op, m))
}

// get is do with a result of a type.
func get[T any](p *nodePeer, op string, m object) T {
	p.t.Helper()
	var v T
	check(p.t, json.Unmarshal(p.do(op, m), &v))
	return v
}

// connect makes a client, called name, of the server at url and returns its socket's id.
func (p *nodePeer) connect(name, url string) string {
	p.t.Helper()
	return get[string](p, "connect", object{"name": name, "url": url})
}

// expectEvents compares the next events of a client with texts of JSON arrays.
func (p *nodePeer) expectEvents(name string, want ...string) {
	p.t.Helper()
	var last []any
	check(p.t, json.Unmarshal([]byte(want[len(want)-1]), &last))
	which := object{"name": name, "until": last[0]}
	if p.unordered {
		which["count"] = len(want)
	}
	got := get[[]json.RawMessage](p, "events", which)
	if p.unordered {
		slices.SortFunc(got, func(a, b json.RawMessage) int { return strings.Compare(string(a), string(b)) })
		want = slices.Sorted(slices.Values(want))
	}
	same := len(got) == len(want)
	for i := 0; same && i < len(want); i++ {
		same = string(got[i]) == want[i]
	}
	if !same {
		p.t.Errorf("%s received %s, want %s", name, got, want)
	}
}

// goServer is a server of this library on a loopback port.
type goServer struct {
	io  *socketio.Server
	url string
	*socketio.Namespace
	serverSide chan string
	stop       func()
}

// startGo starts a server with an adapter.
func startGo(t testing.TB, name string, cfg socketio.Config) *goServer {
	t.Helper()
	s, err := socketio.NewServer(cfg)
	check(t, err)
	g := &goServer{io: s, Namespace: s.Of("/"), serverSide: make(chan string, 100)}
	g.OnConnect(func(_ context.Context, c *socketio.Socket) error {
		if !c.Recovered() {
			c.SetData(object{"node": name})
		}
		return nil
	})
	g.OnServerSide("hello", func(_ context.Context, args socketio.Args) (any, error) {
		g.serverSide <- args.String()
		return object{"from": name, "args": args}, nil
	})
	h := httptest.NewServer(s)
	g.url = h.URL
	var once sync.Once
	g.stop = func() {
		once.Do(func() {
			ctx, cancel := context.WithTimeout(context.Background(), patience)
			defer cancel()
			if err := s.Shutdown(ctx); err != nil && !errors.Is(err, socketio.ErrServerClosed) {
				t.Errorf("Shutdown: %v", err)
			}
			h.Close()
		})
	}
	t.Cleanup(g.stop)
	check(t, s.Ready(testContext(t)))
	return g
}
