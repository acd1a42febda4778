package main

import "strings"

// levers name, by the beginning of a row's id, what measurements say would help next
// where a goal is missed. The first that fits counts.
var levers = []struct{ rows, text string }{
	{"echo-1", "the second hand-over of a message, from the worker that ran the handler to the flusher (0.4 µs)"},
	{"echo-4", "one allocation per event less, and the mailbox's hand-over (together 1 µs above the floor)"},
	{"polling", "net/http itself is most of it, and the floor on net/http has it too; the event loop for plain TCP (go-sails-direct) goes around it"},
	{"rooms", "the lock of the room index, which joins of one room wait for each other at"},
	{"heartbeat", "write(2) and read(2) of the ping and pong are most of it"},
	{"virtual", "garbage: a quarter of the time is the collector's (GOGC=200 takes a tenth off)"},
	{"idle", "net/http's buffers of the handshake, which become garbage when the connection is taken over; the event loop has none"},
	{"broadcast", "write(2) is nine tenths of it; fewer writes need deliveries to wait for each other"},
	{"connect", "net/http's parser and the goroutine that serves the handshake"},
	{"cluster-2", "Emit returns when Redis has the message, so one sender's messages leave one by one, where Node gathers them; those of many senders gather here too"},
	{"cluster", "the adapter turns JSON into MessagePack and back through encoding/json's tokens: a fifth of the sender's time, a quarter of the receiver's; a scanner in one pass would not"},
	{"records-postgres-create-10000", "write(2) for each delivery, and a room for each record that all who watch the model join"},
	{"records-embedded-create-10000", "write(2) for each delivery, and a room for each record that all who watch the model join"},
	{"records", "BEGIN and COMMIT are a quarter of a create and reading the record again an eighth; a find allocates a quarter of its time"},
	{"latency", "what else runs on the machine; see the share of time that was waited for a processor"},
}

func lever(id string) string {
	for _, l := range levers {
		if strings.HasPrefix(id, l.rows) {
			return l.text
		}
	}
	return ""
}
