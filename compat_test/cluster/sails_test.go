package cluster_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/go-sails/sails/sailsio"
	"github.com/go-sails/sails/sailsio/adminbus"
	"github.com/go-sails/sails/sailsio/redissession"
	"github.com/go-sails/sails/sailsio/session"
	"github.com/go-sails/sails/socketio"
	"github.com/go-sails/sails/socketio/redisadapter"
)

const secret = "conformance-secret-conformance-secret"

// goSails is a Sails-like server of this library.
type goSails struct {
	*sailsio.App
	url string
	bus *adminbus.Bus
	t   testing.TB
}

func startGoSails(t testing.TB, server *redisServer, key string) *goSails {
	t.Helper()
	ctx := testContext(t)
	adapter, err := redisadapter.New(redisadapter.Config{Redis: server.options(), Key: key, Level: redisadapter.Level6})
	check(t, err)
	bus, err := adminbus.New(adminbus.Config{Medium: adapter, Channel: key}) // CB-21
	check(t, err)
	store, err := redissession.New(redissession.Config{Client: server.client()})
	check(t, err)
	sessions, err := session.New(session.Config{Secrets: []string{secret}, Store: store})
	check(t, err)
	app, err := sailsio.New(sailsio.Config{
		Handler: http.HandlerFunc(serveSession), Sessions: sessions,
		SocketIO: socketio.Config{Adapter: adapter}, LeaveAll: bus.LeaveAll, AllowPlainClients: true,
	})
	check(t, err)
	h := httptest.NewServer(app)
	t.Cleanup(func() {
		check(t, app.Shutdown(testContext(t)))
		h.Close()
	})
	check(t, app.IO().Ready(ctx))
	check(t, bus.Start(ctx, app.IO().Of("/")))
	return &goSails{App: app, url: h.URL, bus: bus, t: t}
}

// serveSession does what the routes of sails.mjs do.
func serveSession(w http.ResponseWriter, r *http.Request) {
	s, ok := session.FromContext(r.Context())
	if !ok {
		http.Error(w, "no session", http.StatusForbidden)
		return
	}
	answer := object{}
	switch r.Method {
	case http.MethodPut:
		var body object
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		for k, v := range body {
			if err := s.Set(k, v); err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
				return
			}
		}
	case http.MethodDelete:
		if err := s.Destroy(r.Context()); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
	default:
		for _, k := range s.Keys() {
			answer[k] = session.Value[any](s, k)
		}
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(answer) // the client may have gone
}

func (g *goSails) rooms(id string) string {
	s, ok := g.IO().Of("/").Socket(id)
	if !ok {
		return "gone"
	}
	return named(s.Rooms(), id)
}

// named lists rooms other than the socket's own.
func named(rooms []string, id string) string {
	rooms = slices.DeleteFunc(rooms, func(r string) bool { return r == id })
	slices.Sort(rooms)
	return strings.Join(rooms, " ")
}

// sailsPair is a Go node and a Node node on one Redis, a client on each.
type sailsPair struct {
	g            *goSails
	n            *nodePeer
	server       *redisServer
	goID, nodeID string
}

func startSailsPair(t *testing.T) *sailsPair {
	t.Helper()
	server, key := startRedis(t), "sails"
	p := &sailsPair{server: server, g: startGoSails(t, server, key)}
	p.n = startNode(t, "sails.mjs", object{"port": server.port, "key": key, "listen": freePort(t), "secret": secret})
	channel := key + "-request#/#"
	eventually(t, "both nodes", func() bool {
		counts, err := server.client().PubSubNumSub(testContext(t), channel, key).Result()
		return err == nil && counts[channel] == 2 && counts[key] == 2
	})
	query := object{"__sails_io_sdk_version": "1.2.1"}
	origin := func(url string) object { return object{"origin": url} }
	p.goID = get[string](p.n, "connect", object{"name": "on go", "url": p.g.url, "query": query, "headers": origin(p.g.url)})
	p.nodeID = get[string](p.n, "connect", object{"name": "on node", "url": p.n.url, "query": query, "headers": origin(p.n.url)})
	return p
}

func (p *sailsPair) nodeRooms() string {
	return named(get[[]string](p.n, "rooms", object{"socket": p.nodeID}), p.nodeID)
}

// expectRooms waits until the sockets are in these rooms.
func (p *sailsPair) expectRooms(t *testing.T, onGo, onNode string) {
	t.Helper()
	ok := false
	defer func() {
		if !ok {
			t.Logf("rooms on Go %q, want %q; on Node %q, want %q", p.g.rooms(p.goID), onGo, p.nodeRooms(), onNode)
		}
	}()
	eventually(t, "the rooms", func() bool { return p.g.rooms(p.goID) == onGo && p.nodeRooms() == onNode })
	ok = true
}

// CB-1, CB-3, CB-20 to CB-25, CB-27, SU-8: the rooms of Sails, moved from either side,
// on a channel that is the configured key and nothing else.
func TestSailsRooms(t *testing.T) {
	p := startSailsPair(t)
	ctx := testContext(t)
	sockets := p.g.Sockets()
	rooms := func(names ...string) object { return object{"source": names[0], "rooms": names[1:]} }

	check(t, sockets.Join(ctx, p.goID, "r"))
	check(t, sockets.Join(ctx, p.nodeID, "r")) // it is over there
	p.expectRooms(t, "r", "r")
	p.n.do("addRoomMembersToRooms", rooms("r", "a", "b"))
	p.expectRooms(t, "a b r", "a b r")
	check(t, sockets.AddRoomMembersToRooms(ctx, "r", "c"))
	p.expectRooms(t, "a b c r", "a b c r")
	p.n.do("removeRoomMembersFromRooms", rooms("r", "a"))
	p.expectRooms(t, "b c r", "b c r")
	check(t, sockets.RemoveRoomMembersFromRooms(ctx, "r", "b"))
	p.expectRooms(t, "c r", "c r")
	p.n.do("join", object{"socket": p.goID, "rooms": []string{"d"}}) // by id
	p.expectRooms(t, "c d r", "c r")
	p.n.do("leave", object{"socket": p.goID, "rooms": []string{"c"}})
	p.expectRooms(t, "d r", "c r")

	// Broadcasts both ways.
	p.n.do("broadcast", object{"room": "r", "event": "from node", "data": object{"x": 1}})
	p.n.do("broadcast", object{"room": "d", "event": "only go"})
	p.n.do("blast", object{"event": "all", "data": 2})
	eventually(t, "what Node sent", func() bool { return len(get[[][]any](p.n, "look", object{"name": "on go"})) == 3 })
	check(t, sockets.Broadcast(ctx, "r", "from go", object{"y": 1}, sailsio.Omit(p.goID)))
	check(t, sockets.Blast(ctx, "end", nil))
	p.n.expectEvents("on go", `["from node",{"x":1}]`, `["only go",null]`, `["all",2]`, `["end",null]`)
	p.n.expectEvents("on node", `["from node",{"x":1}]`, `["all",2]`, `["from go",{"y":1}]`, `["end",null]`)

	p.n.do("leaveAll", rooms("r"))
	p.expectRooms(t, "", "")
	check(t, sockets.Join(ctx, p.goID, "r", "e"))
	check(t, sockets.Join(ctx, p.nodeID, "r", "e"))
	p.expectRooms(t, "e r", "e r")
	check(t, sockets.LeaveAll(ctx, "e", sailsio.LeaveAllOptions{}))
	p.expectRooms(t, "", "")

	// CB-23, CB-24: an application's own messages.
	check(t, p.g.bus.Blast(ctx, "cache:clear", object{"a": 1}))
	eventually(t, "the message", func() bool {
		return slices.Contains(get[[]string](p.n, "adminMessages", nil), "cache:clear")
	})
}

// call is a plain HTTP request with a cookie; it returns the body and the cookie to use next.
func call(t *testing.T, method, url, cookie, body string) (string, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(testContext(t), method, url+"/session", strings.NewReader(body))
	check(t, err)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Cookie", cookie)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Do(r)
	check(t, err)
	defer res.Body.Close()
	got, err := io.ReadAll(res.Body)
	check(t, err)
	if res.StatusCode != http.StatusOK {
		t.Fatalf("%s %s: %s: %s", method, url, res.Status, got)
	}
	if set := res.Header.Get("Set-Cookie"); set != "" {
		cookie, _, _ = strings.Cut(set, ";")
	}
	return canonical(t, got), cookie
}

// SE-16, SE-22: a session of either side is read and written by the other.
func TestSailsSessions(t *testing.T) {
	p := startSailsPair(t)
	client := p.server.client()
	for _, direction := range []struct{ name, from, to string }{{"NodeToGo", p.n.url, p.g.url}, {"GoToNode", p.g.url, p.n.url}} {
		t.Run(direction.name, func(t *testing.T) {
			_, cookie := call(t, "PUT", direction.from, "", `{"user":{"id":7,"name":"é"},"n":1}`)
			got, kept := call(t, "GET", direction.to, cookie, "")
			if got != `{"n":1,"user":{"id":7,"name":"é"}}` || kept != cookie {
				t.Errorf("the other side reads %s, cookie %q after %q", got, kept, cookie)
			}
			_, kept = call(t, "PUT", direction.to, cookie, `{"n":2}`)
			if got, _ := call(t, "GET", direction.from, kept, ""); !strings.Contains(got, `"n":2`) || !strings.Contains(got, `"id":7`) {
				t.Errorf("the first side reads %s", got)
			}
			// Over the socket, by its handshake's cookie (SE-16).
			name := "socket of " + direction.name
			p.n.do("connect", object{"name": name, "url": p.g.url, "query": object{"__sails_io_sdk_version": "1.2.1"}, "headers": object{"cookie": cookie, "origin": p.g.url}})
			if got := get[string](p.n, "request", object{"name": name, "method": "get", "url": "/session"}); !strings.Contains(got, `"n":2`) {
				t.Errorf("the socket reads %s", got)
			}
			p.n.do("close", object{"name": name})
			call(t, "DELETE", direction.to, cookie, "")
			if got, _ := call(t, "GET", direction.from, cookie, ""); got != "{}" {
				t.Errorf("after the end: %s", got)
			}
		})
	}
	keys, err := client.Keys(testContext(t), "sess:*").Result()
	check(t, err)
	if len(keys) == 0 {
		t.Fatal("no session is stored")
	}
	for _, key := range keys {
		ttl, err := client.TTL(testContext(t), key).Result()
		check(t, err)
		if ttl <= 0 || ttl.Hours() > 24 {
			t.Errorf("%s lives %v", key, ttl)
		}
	}
}

// The store itself, on a real Redis.
func TestRedisSessionStore(t *testing.T) {
	server := startRedis(t)
	ctx := testContext(t)
	client := server.client()
	store, err := redissession.New(redissession.Config{Client: client, MaxBytes: 100})
	check(t, err)
	if _, err := store.Get(ctx, "a"); err != session.ErrNotFound {
		t.Errorf("Get of nothing: %v", err)
	}
	check(t, store.Touch(ctx, "a", 0))
	check(t, store.Destroy(ctx, "a"))
	check(t, store.Set(ctx, "a", []byte(`{"x":1}`), 0))
	expectTTL(t, client, "sess:a", 86400)
	check(t, store.Touch(ctx, "a", 1500*time.Millisecond)) // rounded up
	expectTTL(t, client, "sess:a", 2)
	got, err := store.Get(ctx, "a")
	check(t, err)
	if string(got) != `{"x":1}` {
		t.Errorf("got %s", got)
	}
	swap := func(old, next string, want bool) {
		t.Helper()
		var before []byte
		if old != "" {
			before = []byte(old)
		}
		done, err := store.Swap(ctx, "a", before, []byte(next), 90*time.Second)
		check(t, err)
		if done != want {
			t.Errorf("Swap of %q for %q: %v", old, next, done)
		}
	}
	swap("", `{"x":2}`, false)
	swap(`{"x":9}`, `{"x":2}`, false)
	swap(`{"x":1}`, `{"x":2}`, true)
	swap(`{"x":1}`, `{"x":2}`, true) // repeated: it is done
	expectTTL(t, client, "sess:a", 90)
	check(t, store.Destroy(ctx, "a"))
	swap(`{"x":2}`, `{"x":3}`, false)
	swap("", `{"x":3}`, true)
	check(t, client.Set(ctx, "sess:big", strings.Repeat("x", 101), 0).Err())
	if _, err := store.Get(ctx, "big"); err != session.ErrTooLarge {
		t.Errorf("Get of too much: %v", err)
	}
	// Of many that swap at once, one wins each round.
	var lost, won int
	results := make(chan bool)
	for i := range 20 {
		go func() {
			done, err := store.Swap(ctx, "a", []byte(`{"x":3}`), fmt.Appendf(nil, `{"y":%d}`, i), 0)
			results <- done && err == nil
		}()
	}
	for range 20 {
		if <-results {
			won++
		} else {
			lost++
		}
	}
	if won != 1 {
		t.Errorf("%d won, %d lost", won, lost)
	}
}

func expectTTL(t *testing.T, client redis.UniversalClient, key string, seconds float64) {
	t.Helper()
	ttl, err := client.PTTL(testContext(t), key).Result()
	check(t, err)
	if ttl.Seconds() > seconds || ttl.Seconds() < seconds-1 {
		t.Errorf("%s lives %v, want %v seconds", key, ttl, seconds)
	}
}
