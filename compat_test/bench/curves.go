package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/go-sails/sails/compat_test/bench/load"
	"github.com/go-sails/sails/compat_test/bench/report"
)

// growing is a curve and how its points are measured.
type growing struct {
	report.Curve
	steps   []int
	clients bool // the steps are connections
	floor   bool // the floor is measured too
	play    func(st *stage, n int) (float64, error)
}

var growths = []growing{
	{report.Curve{ID: "delivery-members", Title: "Cost of a delivery by members of the room", X: "members", Unit: microseconds}, []int{10, 100, 1000, 10_000}, true, true, deliveryByMembers},
	{report.Curve{ID: "delivery-connections", Title: "Cost of a delivery to 100 members by connections besides", X: "connections", Unit: microseconds}, []int{10, 100, 1000, 10_000}, true, false, deliveryByConnections},
	{report.Curve{ID: "delivery-rooms", Title: "Cost of a delivery to 100 members by rooms on the server", X: "rooms", Unit: microseconds}, []int{1, 10, 100, 1000, 10_000, 100_000}, false, false, deliveryByRooms},
	{report.Curve{ID: "delivery-namespaces", Title: "Cost of a delivery to 100 members by namespaces on the server", X: "namespaces", Unit: microseconds}, []int{1, 10, 100, 1000}, false, false, deliveryByNamespaces},
	{report.Curve{ID: "bytes-rooms", Title: "Memory of a membership by rooms of a connection", X: "rooms of each of 1,000 connections", Unit: "B"}, []int{1, 10, 100, 900}, false, false, bytesByRooms},
	{report.Curve{ID: "bytes-namespaces", Title: "Memory of a connection by namespaces joined", X: "namespaces", Unit: kibibytes, Total: true}, []int{1, 10, 100}, false, false, bytesByNamespaces},
	{report.Curve{ID: "bytes-connections", Title: "Memory of a connection by connections", X: "connections", Unit: kibibytes}, []int{100, 1000, 10_000, 100_000}, true, false, bytesByConnections},
	{report.Curve{ID: "connect-connections", Title: "Cost of connecting by connections", X: "connections", Unit: microseconds}, []int{100, 1000, 10_000, 100_000}, true, true, connectByConnections},
}

// playCurves shows how our figures grow by powers of ten.
func (b *bench) playCurves() error {
	if b.results.Short || !b.wants("curves", report.Ours) {
		return nil
	}
	for _, g := range growths {
		curve := g.Curve
		for _, n := range g.steps {
			if g.clients && n >= b.maxClients {
				continue
			}
			point := func(name string, points *[]report.Point) error {
				b.total++
				s := &scene{name: "curves", revision: 4, play: func(st *stage) error {
					y, err := g.play(st, n)
					if err == nil {
						*points = append(*points, report.Point{X: float64(n), Y: y})
					}
					return err
				}}
				return b.stage(fmt.Sprintf("%s: %d, %s", strings.ToLower(curve.Title), n, name), s, name)
			}
			if err := point(report.Ours, &curve.Points); err != nil {
				return err
			}
			if g.floor && b.wants("curves", report.Floor) {
				if err := point(report.Floor, &curve.Floor); err != nil {
					return err
				}
			}
		}
		if len(curve.Points) > 0 {
			b.results.SetCurve(&curve)
		}
	}
	return nil
}

func deliveryByMembers(st *stage, n int) (float64, error) {
	b, err := st.fan(n)
	if err != nil {
		return 0, err
	}
	return st.deliver(b)
}

func (st *stage) deliver(b *load.Broadcasts) (float64, error) {
	b.Size = 100
	s, err := st.loop.Fan(b, 1, st.window())
	if err != nil {
		return 0, err
	}
	return s.PerOp().Seconds() * 1e6, nil
}

func deliveryByRooms(st *stage, n int) (float64, error) {
	b, err := st.fan(100)
	if err != nil {
		return 0, err
	}
	const perClient = 500
	others, err := st.dial((n + perClient - 1) / perClient)
	if err != nil {
		return 0, err
	}
	err = st.loop.Join(others, func(client, i int) string { return fmt.Sprintf("other-%d", client*perClient+i) }, min(n, perClient))
	if err != nil {
		return 0, err
	}
	return st.deliver(b)
}

func deliveryByConnections(st *stage, n int) (float64, error) {
	b, err := st.fan(100)
	if err != nil {
		return 0, err
	}
	if _, err := st.dial(n); err != nil {
		return 0, err
	}
	return st.deliver(b)
}

func deliveryByNamespaces(st *stage, n int) (float64, error) {
	b, err := st.fan(100)
	if err != nil {
		return 0, err
	}
	const perClient = 90 // of 100 that a client may join
	others, err := st.dial((n + perClient - 1) / perClient)
	if err != nil {
		return 0, err
	}
	for i, c := range others {
		first := i * perClient
		if err := st.loop.JoinNamespaces([]*load.Client{c}, first, min(perClient, n-first)); err != nil {
			return 0, err
		}
	}
	return st.deliver(b)
}

// growth returns what the server's memory grew by while do ran, after a rest.
func (st *stage) growth(do func() error) (float64, error) {
	before, err := st.server.RSS()
	if err != nil {
		return 0, err
	}
	if err := do(); err != nil {
		return 0, err
	}
	if err := st.loop.Run(time.Now().Add(st.b.rest), nil); err != nil {
		return 0, err
	}
	after, err := st.server.RSS()
	return float64(after - before), err
}

func bytesByRooms(st *stage, n int) (float64, error) {
	const connections = 1000
	clients, err := st.dial(connections)
	if err != nil {
		return 0, err
	}
	// Rooms of ten members, as chats have.
	grown, err := st.growth(func() error {
		return st.loop.Join(clients, func(client, i int) string { return fmt.Sprintf("room-%d-%d", client/10, i) }, n)
	})
	return grown / connections / float64(n), err
}

func bytesByNamespaces(st *stage, n int) (float64, error) {
	const connections = 1000
	var clients []*load.Client
	grown, err := st.growth(func() error {
		var err error
		if clients, err = st.dial(connections); err != nil {
			return err
		}
		return st.loop.JoinNamespaces(clients, 0, n-1)
	})
	return grown / 1024 / connections, err
}

func bytesByConnections(st *stage, n int) (float64, error) {
	grown, err := st.growth(func() error {
		_, err := st.dial(n)
		return err
	})
	return grown / 1024 / float64(n), err
}

func connectByConnections(st *stage, n int) (float64, error) {
	before, err := st.server.CPU()
	if err != nil {
		return 0, err
	}
	if _, err := st.dial(n); err != nil {
		return 0, err
	}
	after, err := st.server.CPU()
	return (after - before).Seconds() * 1e6 / float64(n), err
}
