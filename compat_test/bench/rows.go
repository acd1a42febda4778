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

// table collects rows.
type table struct{ rows []*report.Row }

func (t *table) add(section, id, title, unit string, revision int, goals ...report.Goal) *report.Row {
	row := &report.Row{
		Section: section, ID: id, Title: title, Unit: unit, Revision: revision, Goals: goals,
		Cells: map[string]*report.Cell{}, Lever: lever(id),
	}
	t.rows = append(t.rows, row)
	return row
}

// newRows lists everything that is measured, with what is to be reached. The
// figures are the server's CPU time per operation unless the title says otherwise.
func newRows() []*report.Row {
	t := new(table)
	for _, rev := range []int{4, 3} {
		t.basics(rev)
	}
	t.add("Connections", "idle-100k", "idle connection, RSS above the empty servers, 100,000 clients", kibibytes, 4, report.Goal{Max: 8}, direct)
	t.add("Connections", "heartbeat-100k", "heartbeat of an idle connection, 100,000 clients, one every 10 s", microseconds, 4, onBothRoads(ratio(report.Node, 0.5))...)
	t.add("Connections", "kernel-100k", "idle connection, the kernel's memory for both of its ends, 100,000 clients", kibibytes, 4)
	t.latencies()
	t.clusters()
	t.records()
	slices.SortStableFunc(t.rows, func(x, y *report.Row) int { return sectionOf(t.rows, x) - sectionOf(t.rows, y) })
	return t.rows
}

// sectionOf is where the section of a row begins.
func sectionOf(rows []*report.Row, row *report.Row) int {
	return slices.IndexFunc(rows, func(r *report.Row) bool { return r.Section == row.Section })
}

// direct is what the event loop is to reach with idle connections.
var direct = report.Goal{Server: report.Direct, Max: 3}

// onBothRoads holds what reads by net/http and what reads by the event loop to the
// same goals.
func onBothRoads(goals ...report.Goal) []report.Goal {
	for _, g := range goals {
		g.Server = report.Direct
		goals = append(goals, g)
	}
	return goals
}

func (t *table) basics(rev int) {
	id := func(name string) string { return rowID(name, rev) }
	echo := []report.Goal{ratio(report.Node, 0.30), ratio(report.Floor, 2)}
	t.add("Echo", id("echo-1"), "echo with ack, 200 clients, 1 outstanding each", microseconds, rev, echo...)
	t.add("Echo", id("echo-4"), "echo with ack, 200 clients, 4 outstanding each", microseconds, rev, echo...)
	for _, members := range []int{1000, 10_000} {
		title := func(size string, n int) string {
			how := "one at a time"
			if n > 1 {
				how = fmt.Sprintf("%d in flight", n)
			}
			return fmt.Sprintf("broadcast to %s members, %s, %s, per delivery", thousands(members), size, how)
		}
		t.add("Broadcast", id(fanID(members, 100, 1)), title("100 B", 1), microseconds, rev, ratio(report.Floor, 1.2))
		t.add("Broadcast", id(fanID(members, 100, 4)), title("100 B", 4), microseconds, rev, ratio(report.Node, 0.35))
		t.add("Broadcast", id(fanID(members, 2048, 1)), title("2 KiB", 1), microseconds, rev, ratio(report.Node, 0.55))
		t.add("Broadcast", id(fanID(members, 2048, 4)), title("2 KiB", 4), microseconds, rev, ratio(report.Node, 0.55))
	}
	t.add("Rooms", id("rooms"), "room join or leave with ack, 200 clients, 2 outstanding each", microseconds, rev, ratio(report.Node, 0.35))
	t.add("Rooms", id("rooms-1"), "room join or leave with ack, 200 clients, 1 outstanding each", microseconds, rev, ratio(report.Node, 0.35))
	t.add("Polling", id("polling"), "polling echo with ack, 100 clients (a GET and a POST)", microseconds, rev,
		onBothRoads(ratio(report.Node, 0.45), ratio(report.Floor, 1.2))...)
	t.add("Virtual requests", id("virtual"), "virtual GET through gorilla/mux, no sessions, 200 clients × 4", microseconds, rev, onBothRoads(ratio(report.NodeSails, 0.06))...)
	t.add("Virtual requests", id("virtual-sessions"), "virtual GET through gorilla/mux, with sessions, 200 clients × 4", microseconds, rev, onBothRoads(ratio(report.NodeSails, 0.06))...)
	t.add("Connections", id("connect"), "connect and answer to CONNECT, 10,000 clients", microseconds, rev, ratio(report.Node, 0.35))
	t.add("Connections", id("idle"), "idle connection, RSS above the empty server, 10,000 clients", kibibytes, rev, report.Goal{Max: 8}, direct)
}

func (t *table) latencies() {
	for _, gathered := range []bool{true, false} {
		section := "Latency at a quarter of each server's saturation"
		if !gathered {
			section = "Latency at a quarter of each server's saturation by clients with one request outstanding"
		}
		for _, l := range latencies {
			if l.gathered != gathered {
				continue
			}
			for _, q := range []string{"p50", "p99", "p99.9"} {
				var goals []report.Goal
				if q == "p99" {
					goals = onBothRoads(ratio(l.peer, 1))
				}
				t.add(section, l.id+"-"+q, l.title+", "+q, microseconds, l.revision, goals...)
			}
			t.add(section, l.id+"-cpu", l.title+", CPU per operation meanwhile", microseconds, l.revision)
			t.add(section, l.id+"-late", l.title+", the generator behind its plan, p99", microseconds, l.revision)
		}
	}
	for _, l := range latencies {
		if l.gathered {
			t.add("Latency at a quarter of Node's saturation", l.id+"-same-p99", l.title+", p99", microseconds, l.revision, ratio(l.peer, 1))
		}
	}
}

func (t *table) clusters() {
	const section = "Two nodes and a Redis on one processor"
	for _, kind := range []struct{ id, nodes string }{{"cluster", ""}, {"cluster-mixed", ", the node of the sender as named, the other of the other kind"}} {
		add := func(id, title string) {
			var goals, rate []report.Goal
			if kind.id == "cluster" {
				goals, rate = []report.Goal{ratio(report.Node, 0.35)}, []report.Goal{ratio(report.Node, 2)}
			}
			id = kind.id + id
			title += kind.nodes + ", 100 B"
			t.add(section, id, title+", CPU of both nodes per delivery", microseconds, 4, goals...)
			t.add(section, id+"-redis", title+", CPU of Redis per delivery", microseconds, 4)
			t.add(section, id+"-rate", title+", deliveries per second (more is better)", "/s", 4, rate...).More = true
		}
		for _, members := range clusterSizes {
			add(fmt.Sprintf("-%d", members), fmt.Sprintf("one sender's broadcasts to %s members, half on each node, %d in flight", thousands(members), clusterInFlight))
		}
		add("-many", fmt.Sprintf("broadcasts with ack of %d senders at one node to a member at the other, 1 outstanding each", manySenders))
	}
}

func (t *table) records() {
	for _, store := range stores {
		section := "Records in " + store.title
		add := func(id, title string, database bool) {
			goal := ratio(report.NodeSails, 0.25)
			if id == "create-10000" { // a delivery is a write, as in the broadcasts
				goal.Factor = 0.55
			}
			t.add(section, "records-"+store.id+"-"+id, title, microseconds, 4, goal)
			if database && store.id == "postgres" {
				t.add(section, "records-"+store.id+"-"+id+"-database", title+": the database's CPU", microseconds, 4)
			}
		}
		add("find", "find over a socket, 30 of 100 records, 50 clients", true)
		add("findone", "findOne over a socket, 50 clients", true)
		for _, n := range subscriberSteps {
			who := thousands(n) + " subscribers"
			if n == 1 {
				who = "1 subscriber"
			}
			add(fmt.Sprintf("create-%d", n), "create over a socket with "+who+" told of it", n == 1)
		}
		add("http-find", "find over HTTP, 30 of 100 records, 50 connections", false)
		add("http-findone", "findOne over HTTP, 50 connections", false)
		add("http-create", "create over HTTP, nobody subscribed, 50 connections", false)
	}
}

// latency is a kind of work whose latency is measured.
type latency struct {
	id, title string
	closed    string // the scene whose row tells the saturation
	peer      string // Node, or Node Sails
	revision  int
	gathered  bool // the closed loop sends what a server can gather: more than arrivals one by one let it do
}

var latencies = []latency{
	{"latency-echo", "echo", "echo-4", report.Node, 4, true},
	{"latency-echo3", "echo", "echo-4", report.Node, 3, true},
	{"latency-broadcast", "broadcast to 1,000 members, 100 B", fanID(1000, 100, 4), report.Node, 4, true},
	{"latency-rooms", "room join or leave", "rooms", report.Node, 4, true},
	{"latency-polling", "polling echo", "polling", report.Node, 4, true},
	{"latency-virtual", "virtual GET", "virtual", report.NodeSails, 3, true},
	{"latency-one-echo", "echo", "echo-1", report.Node, 4, false},
	{"latency-one-echo3", "echo", "echo-1", report.Node, 3, false},
	{"latency-one-rooms", "room join or leave", "rooms-1", report.Node, 4, false},
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
