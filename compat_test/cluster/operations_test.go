package cluster_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-sails/sails/socketio"
)

// node is a server of either kind that does something to the other.
type node interface {
	emit(to, except []string, args ...any)
	emitWithAck(to []string, args ...any) (answers []string, missing bool)
	join(to, except []string, rooms ...string)
	leave(to []string, rooms ...string)
	disconnect(to []string, closeSession bool)
	fetch(to, except []string) []fetched
	allRooms() []string
	serverSideEmit(args ...any)
	serverSideEmitWithAck(args ...any) []string
	// seen waits for the next server-side event and returns its arguments as JSON.
	seen() string
	count() int
	address() string
}

// fetched is what FetchSockets tells.
type fetched struct {
	ID    string         `json:"id"`
	Rooms []string       `json:"rooms"`
	Data  object         `json:"data"`
	Query map[string]any `json:"query"`
}

// goNode is a node of this library.
type goNode struct {
	*goServer
	t   testing.TB
	ctx context.Context
}

func (g *goNode) address() string { return g.url }

func (g *goNode) emit(to, except []string, args ...any) {
	g.t.Helper()
	check(g.t, g.To(to...).Except(except...).Emit(g.ctx, args[0].(string), args[1:]...))
}

// ackTimeout is long enough for answers that come, and short for those that do not.
const ackTimeout = 1500 * time.Millisecond

func (g *goNode) emitWithAck(to []string, args ...any) ([]string, bool) {
	g.t.Helper()
	ctx, cancel := context.WithTimeout(g.ctx, ackTimeout)
	defer cancel()
	list, err := g.To(to...).EmitAck(ctx, args[0].(string), args[1:]...)
	var partial *socketio.PartialError
	if err != nil && !errors.As(err, &partial) {
		g.t.Fatal(err)
	}
	var answers []string
	for _, a := range list {
		var s string
		check(g.t, a.Decode(&s))
		answers = append(answers, s)
	}
	slices.Sort(answers)
	return answers, err != nil
}

func (g *goNode) join(to, except []string, rooms ...string) {
	g.t.Helper()
	check(g.t, g.In(to...).Except(except...).SocketsJoin(g.ctx, rooms...))
}

func (g *goNode) leave(to []string, rooms ...string) {
	g.t.Helper()
	check(g.t, g.In(to...).SocketsLeave(g.ctx, rooms...))
}

func (g *goNode) disconnect(to []string, closeSession bool) {
	g.t.Helper()
	check(g.t, g.In(to...).DisconnectSockets(g.ctx, closeSession))
}

func (g *goNode) fetch(to, except []string) []fetched {
	g.t.Helper()
	list, err := g.In(to...).Except(except...).FetchSockets(g.ctx)
	check(g.t, err)
	var result []fetched
	for _, s := range list {
		f := fetched{ID: s.ID, Rooms: s.Rooms, Query: object{}}
		check(g.t, s.DecodeData(&f.Data))
		for k := range s.Handshake.Query {
			f.Query[k] = s.Handshake.Query.Get(k)
		}
		result = append(result, f)
	}
	return result
}

func (g *goNode) allRooms() []string {
	g.t.Helper()
	rooms, err := g.AllRooms(g.ctx)
	check(g.t, err)
	return rooms
}

func (g *goNode) serverSideEmit(args ...any) {
	g.t.Helper()
	check(g.t, g.ServerSideEmit(g.ctx, args[0].(string), args[1:]...))
}

func (g *goNode) serverSideEmitWithAck(args ...any) []string {
	g.t.Helper()
	list, err := g.ServerSideEmitAck(g.ctx, args[0].(string), args[1:]...)
	check(g.t, err)
	var answers []string
	for _, a := range list {
		answers = append(answers, canonical(g.t, a.Raw(0)))
	}
	return answers
}

func (g *goNode) seen() string {
	g.t.Helper()
	select {
	case s := <-g.serverSide:
		return "[" + strings.ReplaceAll(s, ", ", ",") + "]"
	case <-g.ctx.Done():
		g.t.Fatal("no server-side event arrived")
		return ""
	}
}

func (g *goNode) count() int {
	g.t.Helper()
	n, err := g.ServerCount(g.ctx)
	check(g.t, err)
	return n
}

// canonical sorts the keys of a JSON text.
func canonical(t testing.TB, text []byte) string {
	t.Helper()
	var v any
	check(t, json.Unmarshal(text, &v))
	b, err := json.Marshal(v)
	check(t, err)
	return string(b)
}

func (p *nodePeer) address() string { return p.url }

func (p *nodePeer) emit(to, except []string, args ...any) {
	p.t.Helper()
	p.do("emit", object{"to": list(to), "except": list(except), "args": bytesOf(args)})
}

func (p *nodePeer) emitWithAck(to []string, args ...any) ([]string, bool) {
	p.t.Helper()
	r := get[struct {
		Missing bool
		Answers []string
	}](p, "emitWithAck", object{"to": list(to), "args": bytesOf(args), "timeout": ackTimeout.Milliseconds()})
	slices.Sort(r.Answers)
	return r.Answers, r.Missing
}

func (p *nodePeer) join(to, except []string, rooms ...string) {
	p.t.Helper()
	p.do("join", object{"to": list(to), "except": list(except), "rooms": rooms})
}

func (p *nodePeer) leave(to []string, rooms ...string) {
	p.t.Helper()
	p.do("leave", object{"to": list(to), "rooms": rooms})
}

func (p *nodePeer) disconnect(to []string, closeSession bool) {
	p.t.Helper()
	p.do("disconnect", object{"to": list(to), "close": closeSession})
}

func (p *nodePeer) fetch(to, except []string) []fetched {
	p.t.Helper()
	return get[[]fetched](p, "fetch", object{"to": list(to), "except": list(except)})
}

func (p *nodePeer) allRooms() []string {
	p.t.Helper()
	return get[[]string](p, "allRooms", nil)
}

func (p *nodePeer) serverSideEmit(args ...any) {
	p.t.Helper()
	p.do("serverSideEmit", object{"args": args})
}

func (p *nodePeer) serverSideEmitWithAck(args ...any) []string {
	p.t.Helper()
	var answers []string
	for _, a := range get[[]json.RawMessage](p, "serverSideEmitWithAck", object{"args": args}) {
		answers = append(answers, canonical(p.t, a))
	}
	return answers
}

func (p *nodePeer) seen() string {
	p.t.Helper()
	got := get[[]json.RawMessage](p, "serverSideSeen", object{"count": 1})
	return string(got[0])
}

func (p *nodePeer) count() int {
	p.t.Helper()
	return get[int](p, "serverCount", nil)
}

func list(names []string) []string {
	if names == nil {
		return []string{}
	}
	return names
}

// bytesOf marks byte strings for peer.mjs.
func bytesOf(args []any) []any {
	marked := make([]any, len(args))
	for i, a := range args {
		if b, ok := a.([]byte); ok {
			a = object{"$bytes": b}
		}
		marked[i] = a
	}
	return marked
}

// pair is two nodes: from does something, to is where it shows. Each has a client.
type pair struct {
	t        *testing.T
	from, to node
	clients  *nodePeer // hosts both clients
	emitter  sender    // a process without sockets, in the language of from; nil: there is none
	toID     string
	fromID   string
}

func newPair(t *testing.T, from, to node, clients *nodePeer) *pair {
	t.Helper()
	eventually(t, "the nodes to know each other", func() bool { return from.count() == 2 && to.count() == 2 })
	p := &pair{t: t, from: from, to: to, clients: clients}
	p.fromID = clients.connect("near", from.address())
	p.toID = clients.connect("far", to.address())
	return p
}

func (p *pair) all(*testing.T) {
	p.from.emit(nil, nil, "all", 1, "two", nil)
	p.clients.expectEvents("far", `["all",1,"two",null]`)
	p.clients.expectEvents("near", `["all",1,"two",null]`)
}

func (p *pair) joinLeave(t *testing.T) {
	p.from.join([]string{p.toID}, nil, "r", "r2")
	p.from.join(nil, []string{p.toID}, "n")
	p.waitRooms(t, p.toID, "r", "r2")
	p.from.leave([]string{p.toID}, "r2")
	p.waitRooms(t, p.toID, "r")
	p.waitRooms(t, p.fromID, "n")
	if d, ok := p.to.(interface{ settled(string, int64) }); ok {
		d.settled("r", 1)
	}
}

func (p *pair) waitRooms(t *testing.T, id string, rooms ...string) {
	t.Helper()
	want := append([]string{id}, rooms...)
	slices.Sort(want)
	eventually(t, "the rooms", func() bool {
		got := p.from.fetch([]string{id}, nil)
		if len(got) != 1 {
			return false
		}
		slices.Sort(got[0].Rooms)
		return slices.Equal(got[0].Rooms, want)
	})
}

func (p *pair) room(*testing.T) {
	p.from.emit([]string{"r"}, nil, "one room")
	p.from.emit([]string{"r", "other"}, nil, "two rooms")
	p.from.emit([]string{"nobody's"}, nil, "no room")
	p.from.emit([]string{p.toID}, nil, "own room")
	p.barrier(`["one room"]`, `["two rooms"]`, `["own room"]`)
	p.clients.expectEvents("near", `["barrier"]`)
}

// barrier expects events of the far client and that nothing else is on its way.
func (p *pair) barrier(want ...string) {
	p.t.Helper()
	p.from.emit(nil, nil, "barrier")
	p.clients.expectEvents("far", append(want, `["barrier"]`)...)
}

func (p *pair) except(*testing.T) {
	p.from.emit(nil, []string{"r"}, "not r")
	p.from.emit([]string{"r", "n"}, []string{p.toID}, "not far")
	p.from.emit(nil, []string{"n"}, "not n")
	p.barrier(`["not n"]`)
	p.clients.expectEvents("near", `["not r"]`, `["not far"]`, `["barrier"]`)
}

func (p *pair) binary(*testing.T) {
	p.from.emit([]string{"r"}, nil, "bin", []byte{0, 1, 255}, "x")
	p.barrier(`["bin",{"$bytes":"AAH/"},"x"]`)
	p.clients.expectEvents("near", `["barrier"]`)
}

func (p *pair) verbatim(*testing.T) {
	p.from.emit(nil, nil, "v", json.RawMessage(`{"b":[1,-0.5,12345678901,"é😀",true,null],"a":{},"n":[[]]}`))
	p.barrier(`["v",{"b":[1,-0.5,12345678901,"é😀",true,null],"a":{},"n":[[]]}]`)
	p.clients.expectEvents("near", `["v",{"b":[1,-0.5,12345678901,"é😀",true,null],"a":{},"n":[[]]}]`, `["barrier"]`)
}

func (p *pair) fetch(t *testing.T) {
	got := p.from.fetch(nil, nil)
	if len(got) != 2 {
		t.Fatalf("fetched %+v", got)
	}
	got = p.from.fetch([]string{"r", "n"}, []string{p.fromID})
	if len(got) != 1 || got[0].ID != p.toID || got[0].Data["node"] != "to" || got[0].Query["name"] != "far" || !slices.Contains(got[0].Rooms, "r") {
		t.Errorf("fetched %+v", got)
	}
}

func (p *pair) ack(t *testing.T) {
	answers, missing := p.from.emitWithAck(nil, "q", 1)
	if missing || fmt.Sprint(answers) != "[ack of far ack of near]" {
		t.Errorf("answers %q, missing %v", answers, missing)
	}
	answers, missing = p.from.emitWithAck([]string{p.toID}, "q", []byte{1})
	if missing || fmt.Sprint(answers) != "[ack of far]" {
		t.Errorf("answers %q, missing %v", answers, missing)
	}
	p.barrier(`["q",1]`, `["q",{"$bytes":"AQ=="}]`)
	p.clients.expectEvents("near", `["q",1]`, `["barrier"]`)
}

func (p *pair) serverSide(t *testing.T) {
	p.from.serverSideEmit("hello", "x", object{"a": 1})
	if got := p.to.seen(); got != `["x",{"a":1}]` {
		t.Errorf("saw %s", got)
	}
}

func (p *pair) serverSideAck(t *testing.T) {
	got := p.from.serverSideEmitWithAck("hello", 1)
	if len(got) != 1 || got[0] != `{"args":[1],"from":"to"}` {
		t.Errorf("answers %q", got)
	}
	p.to.seen()
}

func (p *pair) disconnect(t *testing.T) {
	p.from.disconnect([]string{p.toID}, false)
	p.clients.expectEvents("far", `["disconnected","io server disconnect"]`)
	eventually(t, "the socket to go", func() bool { return len(p.from.fetch(nil, nil)) == 1 })
	p.toID = p.clients.connect("far2", p.to.address())
	p.from.disconnect([]string{p.toID}, true)
	p.clients.expectEvents("far2", `["disconnected","io server disconnect"]`)
	p.clients.do("close", object{"name": "near"})
}

func (p *pair) allRooms(t *testing.T) {
	want := []string{p.fromID, p.toID, "n", "r"}
	slices.Sort(want)
	if got := p.from.allRooms(); !slices.Equal(got, want) {
		t.Errorf("rooms %q, want %q", got, want)
	}
}

func (p *pair) emitted(t *testing.T) {
	p.emitter(nil, nil, "emit", "all", 1, []byte{2})
	p.emitter([]string{"r", "n"}, []string{p.fromID}, "emit", "rooms")
	p.emitter([]string{p.toID}, nil, "socketsJoin", "e")
	p.waitRooms(t, p.toID, "r", "e")
	p.emitter([]string{p.toID}, nil, "socketsLeave", "e")
	p.waitRooms(t, p.toID, "r")
	p.barrier(`["all",1,{"$bytes":"Ag=="}]`, `["rooms"]`)
	p.clients.expectEvents("near", `["all",1,{"$bytes":"Ag=="}]`, `["barrier"]`)
	if n := p.from.count(); n != 2 {
		t.Errorf("%d nodes: an emitter is none", n)
	}
}
