package main

import "strings"

// levers name, by the beginning of a row's id, what measurements say would help next
// where a goal is missed. The first that fits counts.
var levers = []struct{ rows, text string }{
	{"echo-1", "read(2), write(2) and epoll_wait are nearly three fifths of it, as on the floor; of the rest, waking each connection's reader, which the event loop has none of (go-sails-direct)"},
	{"echo-4", "decoding, the mailbox and two allocations of an event and its answer, 352 B with the boxed arguments"},
	{"polling", "headers that browsers and caches need (1.6 µs), the packet itself (1), bounds on the request (0.9) and the handler's worker (0.7) are what is left above net/http; the event loop for plain TCP (go-sails-direct) goes around net/http itself"},
	{"rooms", "the kernel is half of a join or leave and the index 5 %; decoding the room's name by encoding/json is a tenth"},
	{"heartbeat", "write(2) and read(2) of the ping and pong are three fifths of it, waking the parked reader a sixth; the event loop parks none"},
	{"virtual", "garbage: of 3.1 KB per request half is gorilla/mux's two copies of it and the two header maps, which belong to the handler; then one queue of due times for all lanes instead of a timer each (1 %)"},
	{"idle", "net/http's buffers of the handshake, which become garbage when the connection is taken over; the event loop has none"},
	{"broadcast", "write(2) is nine tenths of it; fewer writes need deliveries to wait for each other"},
	{"connect", "net/http's parser and the goroutine that serves the handshake"},
	{"cluster-2", "system calls: an exchange carries 2.8 of the 4 events in flight, as many as Node's; publishing on the subscriber's connection would save a read and a wake-up, which go-redis cannot"},
	{"cluster-many", "two fifths is reading the senders' sockets and writing their acknowledgements; the collector scans 200 parked stacks; an exchange has 16 messages, and Redis pays for each exchange"},
	{"cluster", "write(2) to the members"},
	{"records-postgres-create-10000", "write(2) of 10,000 frames is four fifths, as on the floor, the joins a twentieth"},
	{"records-embedded-create-10000", "write(2) of 10,000 frames is four fifths, as on the floor, the joins a twentieth"},
	{"records", "BEGIN and COMMIT are a quarter of a create and reading the record again an eighth; a find allocates a quarter of its time"},
	{"latency", "the collector: on one processor, nine tenths busy, what waits for a collection takes ten times as long to drain; GOGC=off with GOMEMLIMIT halves the p99"},
}

func lever(id string) string {
	for _, l := range levers {
		if strings.HasPrefix(id, l.rows) {
			return l.text
		}
	}
	return ""
}
