package socketio_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-sails/sails/engineio/engineiotest"
	"github.com/go-sails/sails/internal/leakcheck"
	"github.com/go-sails/sails/socketio"
)

func TestMain(m *testing.M) { leakcheck.Main(m) }

// patience bounds every wait of the tests; inside a bubble it takes no time.
const patience = 10 * time.Hour

// rig is a server in memory and raw clients for it.
type rig struct {
	t    *testing.T
	io   *socketio.Server
	http *engineiotest.Server
}

// quiet is a Config without heartbeats in the way of long waits.
func quiet(cfg socketio.Config) socketio.Config {
	if cfg.Engine.PingInterval == 0 {
		cfg.Engine.PingInterval = time.Hour
	}
	return cfg
}

func newRig(t *testing.T, cfg socketio.Config) *rig {
	t.Helper()
	io, err := socketio.NewServer(quiet(cfg))
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{t: t, io: io, http: engineiotest.NewServer(io)}
	t.Cleanup(r.stop)
	return r
}

func (r *rig) stop() {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := r.io.Shutdown(ctx); err != nil && !errors.Is(err, socketio.ErrServerClosed) {
		r.t.Errorf("Shutdown: %v", err)
	}
	r.http.Close()
}

// bubble runs a test where time passes by itself.
func bubble(t *testing.T, cfg socketio.Config, test func(t *testing.T, r *rig)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		// The last to run: idle workers end by themselves, in their own time.
		t.Cleanup(func() { <-time.After(time.Minute) })
		test(t, newRig(t, cfg))
	})
}

// client is a raw client: it sends and expects packets, without their "4".
type client struct {
	t    *testing.T
	ctx  context.Context
	conn *engineiotest.Conn
	sid  string // of "/"
}

func (r *rig) dial(o engineiotest.Options) *client {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	r.t.Cleanup(cancel)
	if o.Path == "" {
		o.Path = r.io.Path() + "/"
	}
	conn, err := r.http.Open(ctx, o)
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(conn.Abort)
	return &client{t: r.t, ctx: ctx, conn: conn}
}

// open connects a session over WebSocket that has joined nothing.
func (r *rig) open() *client {
	r.t.Helper()
	return r.dial(engineiotest.Options{Transport: engineiotest.WebSocket})
}

// open3 connects a client of revision 3; "/" is joined implicitly.
func (r *rig) open3() *client {
	r.t.Helper()
	return r.dial(engineiotest.Options{Transport: engineiotest.WebSocket, Revision: 3})
}

// join connects a client of revision 4 and joins "/".
func (r *rig) join() *client {
	r.t.Helper()
	c := r.open()
	c.send("0")
	c.sid = c.connected("/")
	return c
}

func (c *client) send(packets ...string) {
	c.t.Helper()
	for _, p := range packets {
		if err := c.conn.Send(c.ctx, engineiotest.Text(p)); err != nil {
			c.t.Fatalf("sending %q: %v", p, err)
		}
	}
}

func (c *client) sendBinary(parts ...string) {
	c.t.Helper()
	for _, p := range parts {
		if err := c.conn.Send(c.ctx, engineiotest.Binary([]byte(p)...)); err != nil {
			c.t.Fatalf("sending binary: %v", err)
		}
	}
}

// receive returns the next message; binary ones as "bin:" and their bytes.
func (c *client) receive() string {
	c.t.Helper()
	p, err := c.conn.ReceiveMessage(c.ctx)
	if err != nil {
		c.t.Fatalf("receiving: %v", err)
	}
	if p.Binary {
		return "bin:" + p.Data
	}
	return p.Data
}

func (c *client) expect(want ...string) {
	c.t.Helper()
	for _, w := range want {
		if got := c.receive(); got != w {
			c.t.Fatalf("received %q, want %q", got, w)
		}
	}
}

var connectAnswer = regexp.MustCompile(`^0(?:(/[^,]*),)?\{"sid":"([A-Za-z0-9_-]{20})"(?:,"pid":"([^"]+)")?\}$`)

// connected expects the CONNECT answer of a namespace and returns the socket's id.
func (c *client) connected(namespace string) string {
	c.t.Helper()
	got := c.receive()
	m := connectAnswer.FindStringSubmatch(got)
	if m == nil || m[1] != strings.TrimSuffix(namespace, "/") && m[1] != namespace {
		c.t.Fatalf("received %q, want the CONNECT answer of %s", got, namespace)
	}
	return m[2]
}

// closed expects the session to be ended by the server without another message.
func (c *client) closed() {
	c.t.Helper()
	if err := c.conn.ExpectClosed(c.ctx); err != nil {
		c.t.Fatalf("session should be closed: %v", err)
	}
}

// silent checks that nothing more comes than the answer to an event with an ack.
func (c *client) sync() {
	c.t.Helper()
	c.send(`299["sync"]`)
	c.expect(`399[]`)
}

// syncing adds the event that sync uses.
func syncing(n *socketio.Namespace) {
	n.HandleFunc("sync", func(_ context.Context, e *socketio.Event) error { return e.Ack() })
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func equal(t *testing.T, got, want any) {
	t.Helper()
	g, err := json.Marshal(got)
	must(t, err)
	w, err := json.Marshal(want)
	must(t, err)
	if string(g) != string(w) {
		t.Fatalf("got %s, want %s", g, w)
	}
}

// await receives from c or fails the test.
func await[T any](t testing.TB, c <-chan T) T {
	t.Helper()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case v := <-c:
		return v
	case <-timer.C:
		t.Fatal("waited in vain")
		panic("unreachable")
	}
}

// reasons records disconnections.
func reasons(n *socketio.Namespace) <-chan socketio.DisconnectReason {
	c := make(chan socketio.DisconnectReason, 1000)
	n.OnDisconnect(func(_ *socketio.Socket, r socketio.DisconnectReason) { c <- r })
	return c
}

var discard = slog.New(slog.DiscardHandler)

// wsOptions are options for a WebSocket with a query and headers.
func wsOptions(query, header map[string]string) engineiotest.Options {
	o := engineiotest.Options{Transport: engineiotest.WebSocket, Query: url.Values{}, Header: http.Header{}}
	for k, v := range query {
		o.Query.Set(k, v)
	}
	for k, v := range header {
		o.Header.Set(k, v)
	}
	return o
}
