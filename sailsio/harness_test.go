package sailsio_test

import (
	"context"
	"encoding/json"
	"net/http"
	"reflect"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-sails/sails/sailsio"
	"github.com/go-sails/sails/sailsio/action"
	"github.com/go-sails/sails/sailsio/sailstest"
)

// world is an App in memory and its clients.
type world struct {
	t      *testing.T
	ctx    context.Context
	app    *sailsio.App
	server *sailstest.Server
}

func newWorld(t *testing.T, cfg sailsio.Config) *world {
	t.Helper()
	app, err := sailsio.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	t.Cleanup(cancel)
	w := &world{t: t, ctx: ctx, app: app, server: sailstest.NewServer(app)}
	t.Cleanup(w.server.Close)
	return w
}

func (w *world) connect(o ...sailstest.Options) *client {
	w.t.Helper()
	o = append(o, sailstest.Options{})
	c, err := w.server.Connect(w.ctx, o[0])
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(c.Close)
	// The first answer tells that the server is done with connecting.
	if _, err := c.Get(w.ctx, "/ping", nil); err != nil {
		w.t.Fatal(err)
	}
	return &client{Client: c, w: w}
}

// end closes everything before the bubble of a test ends.
func (w *world) end(clients ...*client) {
	for _, c := range clients {
		c.Close()
	}
	w.server.Close()
	time.Sleep(5 * time.Second) // virtual: workers and timers end
	synctest.Wait()
}

type client struct {
	*sailstest.Client
	w *world
}

// do sends a request that must be answered.
func (c *client) do(method, url string, data any) *sailstest.Response {
	c.w.t.Helper()
	r, err := c.Do(c.w.ctx, sailstest.Request{Method: method, URL: url, Data: data})
	if err != nil {
		c.w.t.Fatalf("%s %s: %v", method, url, err)
	}
	return r
}

// sees waits for the answer to a request and compares what came until then.
func (c *client) sees(want ...string) {
	c.w.t.Helper()
	c.do("GET", "/ping", nil)
	c.got(want...)
}

// got compares what was received, as JSON arrays.
func (c *client) got(want ...string) {
	c.w.t.Helper()
	events := c.Received()
	for i := range max(len(want), len(events)) {
		switch {
		case i >= len(want):
			c.w.t.Errorf("received also %s", events[i])
		case i >= len(events):
			c.w.t.Errorf("did not receive %s", want[i])
		case !sameJSON(want[i], events[i].String()):
			c.w.t.Errorf("received %s, want %s", events[i], want[i])
		}
	}
}

func sameJSON(a, b string) bool {
	var x, y any
	return json.Unmarshal([]byte(a), &x) == nil && json.Unmarshal([]byte(b), &y) == nil && reflect.DeepEqual(x, y)
}

// is compares a whole answer.
func is(t *testing.T, r *sailstest.Response, want string) {
	t.Helper()
	if !sameJSON(want, string(r.Raw)) {
		t.Errorf("answer %s, want %s", r.Raw, want)
	}
}

// routes is a mux that knows /ping.
func routes() *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("/ping", func(w http.ResponseWriter, r *http.Request) { action.Send(w, r, "pong") })
	return mux
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Error(err)
	}
}

// handleError makes a handler of a publish call on behalf of the request.
func handleError(t *testing.T, fn func(ctx context.Context, by sailsio.Option) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		check(t, fn(r.Context(), sailsio.By(r)))
		action.OK(w, r)
	}
}

// allRooms returns the rooms of a socket, its own included.
func (c *client) allRooms() []string {
	c.w.t.Helper()
	rooms, err := c.w.app.Sockets().SocketRooms(c.ID())
	if err != nil {
		c.w.t.Fatal(err)
	}
	return rooms
}
