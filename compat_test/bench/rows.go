package main

import (
	"fmt"
	"slices"

	"github.com/go-sails/sails/compat_test/bench/report"
)

// Units.
const (
	microseconds = "µs"
	kibibytes    = "KiB"
)

func ratio(peer string, factor float64) report.Goal { return report.Goal{Peer: peer, Factor: factor} }

// newRows lists everything that is measured, with what is to be reached. The
// figures are the server's CPU time per operation unless the title says otherwise.
func newRows() []*report.Row {
	var rows []*report.Row
	add := func(section, id, title, unit string, revision int, goals ...report.Goal) {
		rows = append(rows, &report.Row{
			Section: section, ID: id, Title: title, Unit: unit, Revision: revision, Goals: goals, Cells: map[string]*report.Cell{},
		})
	}
	for _, rev := range []int{4, 3} {
		id := func(name string) string { return rowID(name, rev) }
		echo := []report.Goal{ratio(report.Node, 0.30), ratio(report.Floor, 2)}
		add("Echo", id("echo-1"), "echo with ack, 200 clients, 1 outstanding each", microseconds, rev, echo...)
		add("Echo", id("echo-4"), "echo with ack, 200 clients, 4 outstanding each", microseconds, rev, echo...)
		for _, members := range []int{1000, 10_000} {
			title := func(size string, n int) string {
				how := "one at a time"
				if n > 1 {
					how = fmt.Sprintf("%d in flight", n)
				}
				return fmt.Sprintf("broadcast to %s members, %s, %s, per delivery", thousands(members), size, how)
			}
			add("Broadcast", id(fanID(members, 100, 1)), title("100 B", 1), microseconds, rev, ratio(report.Floor, 1.2))
			add("Broadcast", id(fanID(members, 100, 4)), title("100 B", 4), microseconds, rev, ratio(report.Node, 0.35))
			add("Broadcast", id(fanID(members, 2048, 1)), title("2 KiB", 1), microseconds, rev, ratio(report.Node, 0.55))
			add("Broadcast", id(fanID(members, 2048, 4)), title("2 KiB", 4), microseconds, rev, ratio(report.Node, 0.55))
		}
		add("Rooms", id("rooms"), "room join or leave with ack, 200 clients, 2 outstanding each", microseconds, rev, ratio(report.Node, 0.35))
		add("Polling", id("polling"), "polling echo with ack, 100 clients (a GET and a POST)", microseconds, rev, ratio(report.Node, 0.45), ratio(report.Floor, 1.2))
		add("Virtual requests", id("virtual"), "virtual GET through gorilla/mux, no sessions, 200 clients × 4", microseconds, rev, ratio(report.NodeSails, 0.06))
		add("Virtual requests", id("virtual-sessions"), "virtual GET through gorilla/mux, with sessions, 200 clients × 4", microseconds, rev, ratio(report.NodeSails, 0.06))
		add("Connections", id("connect"), "connect and answer to CONNECT, 10,000 clients", microseconds, rev, ratio(report.Node, 0.35))
		add("Connections", id("idle"), "idle connection, RSS above the empty server, 10,000 clients", kibibytes, rev, report.Goal{Max: 8})
	}
	add("Connections", "heartbeat", "heartbeats of an idle connection, CPU per interval of 25 s, 10,000 clients", microseconds, 4, ratio(report.Node, 0.5))
	add("Connections", "idle-100k", "idle connection, RSS above the empty server, 100,000 clients", kibibytes, 4, report.Goal{Max: 8})
	add("Connections", "heartbeat-100k", "heartbeats of an idle connection, CPU per interval of 25 s, 100,000 clients", microseconds, 4)
	for _, l := range latencies {
		for _, q := range []string{"p50", "p99", "p99.9"} {
			var goals []report.Goal
			if q == "p99" {
				goals = []report.Goal{ratio(l.peer, 1)}
			}
			add("Latency at a quarter of each server's saturation", l.id+"-"+q, l.title+", "+q, microseconds, 4, goals...)
		}
		add("Latency at a quarter of each server's saturation", l.id+"-cpu", l.title+", CPU per operation meanwhile", microseconds, 4)
	}
	for _, l := range latencies {
		var goals []report.Goal
		goals = append(goals, ratio(l.peer, 1))
		add("Latency at a quarter of Node's saturation", l.id+"-same-p99", l.title+", p99", microseconds, 4, goals...)
	}
	return rows
}

// latency is a kind of work whose latency is measured.
type latency struct {
	id, title string
	closed    string // the row that tells the saturation
	peer      string // Node, or Node Sails
}

var latencies = []latency{
	{"latency-echo", "echo", "echo-4", report.Node},
	{"latency-broadcast", "broadcast to 1,000 members, 100 B", fanID(1000, 100, 4), report.Node},
	{"latency-rooms", "room join or leave", "rooms", report.Node},
	{"latency-polling", "polling echo", "polling", report.Node},
	{"latency-virtual", "virtual GET", "virtual", report.NodeSails},
}

func rowID(name string, revision int) string { return fmt.Sprintf("%s-eio%d", name, revision) }

func fanID(members, size, inFlight int) string {
	return fmt.Sprintf("broadcast-%d-%d-%d", members, size, inFlight)
}

func thousands(n int) string {
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%d,%03d", n/1000, n%1000)
}

// withoutEmpty leaves out what was not run.
func withoutEmpty(rows []*report.Row) []*report.Row {
	return slices.DeleteFunc(rows, func(r *report.Row) bool { return len(r.Cells) == 0 })
}
