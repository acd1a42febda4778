package main

import "github.com/go-sails/sails/compat_test/bench/report"

// lever is something that was done for speed or size.
type lever struct {
	name  string // of the patch that undoes it, and of its server
	title string
	undo  string // what the patch puts in its place
	// rejected tells that undo is something else that was tried, rather than what
	// most people would write.
	rejected bool
	record   string // in docs/decisions
	rows     []string
	profiled string   // the row whose load is profiled; "" is none
	before   []string // environment that undoes it, instead of a patch
}

// The server with every lever in its place.
const now = "now"

// gcName selects the table of settings of the collector.
const gcName = "gc"

var levers = []*lever{
	{
		name: "handlers-on-fresh-goroutines", title: "Handlers run on kept goroutines",
		undo:   "a goroutine is started whenever a mailbox has something to do",
		record: "0002-where-handlers-run.md", rows: []string{"echo-1", "echo-4"}, profiled: "echo-1",
	},
	{
		name: "worker-per-mailbox", title: "A worker empties all mailboxes that a turn of the poller has filled",
		undo:   "each mailbox is handed to a worker of its own",
		record: "0002-where-handlers-run.md", rows: []string{"echo-1", "echo-4", "virtual"}, profiled: "echo-1",
	},
	{
		name: "handlers-on-the-reader", title: "Handlers run beside the reader",
		undo:     "events are handled on the goroutine that read them, where a handler that waits stops its connection",
		rejected: true,
		record:   "0002-where-handlers-run.md", rows: []string{"echo-1", "echo-4"}, profiled: "echo-1",
	},
	{
		name: "write-per-message", title: "Writes are gathered",
		undo:   "whoever sends writes to the connection",
		record: "0003-writes-are-gathered.md", rows: []string{"echo-1", "echo-4", "fan-1", "fan-4"}, profiled: "echo-4",
	},
	{
		name: "writer-goroutine-per-connection", title: "Flushers are shared, and exist while there is work",
		undo:     "each connection has a goroutine that writes what is queued",
		rejected: true,
		record:   "0003-writes-are-gathered.md", rows: []string{"echo-1", "echo-4", "fan-1", "fan-4", "idle"}, profiled: "fan-1",
	},
	{
		name: "goroutine-per-flush", title: "One flusher for many connections",
		undo:     "a goroutine is started for each connection that has something to write",
		rejected: true,
		record:   "0003-writes-are-gathered.md", rows: []string{"echo-4", "fan-1"},
	},
	{
		name: "flush-without-yielding", title: "A flusher lets others run before it begins",
		undo:   "it begins at once",
		record: "0003-writes-are-gathered.md", rows: []string{"echo-1", "echo-4", "fan-4"},
	},
	{
		name: "encode-per-receiver", title: "A broadcast is encoded and framed once",
		undo:   "each member is sent an event of its own",
		record: "0003-writes-are-gathered.md", rows: []string{"fan-1", "fan-4", "fan-2k-4"}, profiled: "fan-4",
	},
	{
		name: "timer-per-session", title: "Heartbeats share one coarse wheel",
		undo:   "each session has a timer of the runtime, which moves with each pong",
		record: "0004-one-coarse-wheel.md", rows: []string{"heartbeat", "idle"}, profiled: "heartbeat",
	},
	{
		name: "pong-through-the-decoder", title: "A pong is taken on the small stack of an idle reader",
		undo:   "it is decoded like any packet, which grows the stack, and a new reader starts on a small one",
		record: "0004-one-coarse-wheel.md", rows: []string{"heartbeat"}, profiled: "heartbeat",
	},
	{
		name: "buffer-per-connection", title: "An idle connection holds no buffer",
		undo:   "each connection has a buffer of 4 KiB to read into",
		record: "0021-small-connections.md", rows: []string{"idle", "connect", "echo-1"}, profiled: "idle",
	},
	{
		name: "reader-in-the-http-handler", title: "net/http gets its stack and buffers back",
		undo:   "the connection is read where net/http called the handler, so that its goroutine, its buffers and the request stay",
		record: "0021-small-connections.md", rows: []string{"idle", "connect"}, profiled: "idle",
	},
	{
		name: "stack-kept", title: "A reader that was idle starts over on a small stack",
		undo:   "it keeps the stack that its first messages have grown",
		record: "0021-small-connections.md", rows: []string{"idle"},
	},
	{
		name: "net-http-in-front", title: "An event loop beneath net/http",
		undo:   "package direct is left out: net/http accepts, and each connection has a goroutine",
		before: []string{"DIRECT=0"},
		record: "0011-event-loop.md", rows: []string{"echo-1", "echo-4", "polling", "connect", "idle"}, profiled: "polling",
	},
	{
		name: "arguments-decoded-first", title: "JSON is touched once, arguments are decoded late",
		undo:   "arguments are decoded into []any when they come and encoded again when they leave",
		record: "0022-json-is-touched-once.md", rows: []string{"echo-1", "echo-4"}, profiled: "echo-4",
	},
	{
		name: "rooms-in-maps", title: "Rooms are slices in shards, memberships of a socket a short list",
		undo:   "a map of members in each room, a map of rooms in each socket, one lock",
		record: "0019-room-index.md", rows: []string{"rooms", "membership", "fan-1", "fan-4"}, profiled: "rooms",
	},
	{
		name: "context-per-message", title: "No context and no closure per message",
		undo:   "each event is handled under a context of its own, and each hand-over to a worker is a closure",
		record: "0015-one-allocation-per-message.md", rows: []string{"echo-1", "echo-4"}, profiled: "echo-4",
	},
}

func names() []string {
	var list []string
	for _, l := range levers {
		list = append(list, l.name)
	}
	return list
}

// collectors are settings of the garbage collector; the defaults are those of now.
var collectors = []struct {
	name string
	env  []string
}{
	{"GOGC=50", []string{"GOGC=50"}},
	{"GOGC=100, the default", nil},
	{"GOGC=200", []string{"GOGC=200"}},
	{"GOGC=400", []string{"GOGC=400"}},
	{"GOGC=off, GOMEMLIMIT=256MiB", []string{"GOGC=off", "GOMEMLIMIT=256MiB"}},
}

// collectorRows are what the settings change.
var collectorRows = []string{"echo-4", "virtual", "virtual-rss", "idle"}

// Units.
const (
	microseconds = "µs"
	kibibytes    = "KiB"
	mebibytes    = "MiB"
	bytesUnit    = "B"
)

// newRows are the kinds of work.
func newRows() []*report.Row {
	var rows []*report.Row
	add := func(id, title, unit string) {
		rows = append(rows, &report.Row{ID: id, Title: title, Unit: unit, Revision: 4, Cells: map[string]*report.Cell{}})
	}
	add("echo-1", "echo, 200 clients, 1 outstanding", microseconds)
	add("echo-4", "echo, 200 clients, 4 outstanding", microseconds)
	add("fan-1", "delivery to 1,000 members, 100 B, one broadcast at a time", microseconds)
	add("fan-4", "delivery to 1,000 members, 100 B, 4 broadcasts in flight", microseconds)
	add("fan-2k-4", "delivery to 1,000 members, 2 KiB, 4 broadcasts in flight", microseconds)
	add("rooms", "room joined or left, 200 clients, 2 outstanding", microseconds)
	add("membership", "a membership, 4,000 clients in 20 rooms of ten each, live memory", bytesUnit)
	add("virtual", "virtual GET through gorilla/mux, 200 clients × 4", microseconds)
	add("virtual-rss", "RSS of the server after that", mebibytes)
	add("polling", "polling echo, 100 clients", microseconds)
	add("connect", "connect and answer to CONNECT, 10,000 clients", microseconds)
	add("idle", "idle connection, RSS, 10,000 clients", kibibytes)
	add("heartbeat", "heartbeat, 10,000 clients, one every 1.5 s each", microseconds)
	return rows
}
