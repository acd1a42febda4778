// Package adaptertest has the tests that every socketio.Adapter must pass (Run), and
// a Bus that connects servers within one process.
package adaptertest

import (
	"context"
	"encoding/json"
	"errors"
	"sync"

	"github.com/go-sails/sails/socketio"
)

// ErrClosed is returned by the methods of a closed BusAdapter.
var ErrClosed = errors.New("adaptertest: adapter is closed")

// Bus connects the adapters of servers in one process. Messages are copied on the
// way, as a network would, and delivered before Publish returns. The zero value is
// ready; methods may be called concurrently.
type Bus struct {
	mu       sync.Mutex
	adapters []*BusAdapter // guarded by mu
}

// Adapter returns a new adapter on the bus.
func (b *Bus) Adapter() *BusAdapter {
	a := &BusAdapter{bus: b, subscriptions: make(map[*subscription]struct{})}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.adapters = append(b.adapters, a)
	return a
}

// BusAdapter is a socketio.Adapter on a Bus.
type BusAdapter struct {
	bus *Bus

	mu            sync.Mutex
	subscriptions map[*subscription]struct{} // guarded by mu
	closed        bool                       // guarded by mu
	cut           bool                       // guarded by mu
	failure       error                      // guarded by mu
	delivering    sync.WaitGroup
}

type subscription struct {
	namespace string
	self      string
	order     sync.Mutex // one delivery at a time
	deliver   func(*socketio.ClusterMessage)
}

// Cut parts the adapter from the others, like a network that swallows everything,
// or joins it again. ServerCount does not notice.
func (a *BusAdapter) Cut(cut bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.cut = cut
}

// Fail makes Publish and Join return err; nil ends that.
func (a *BusAdapter) Fail(err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.failure = err
}

// Join implements socketio.Adapter.
func (a *BusAdapter) Join(ctx context.Context, namespace, self string, deliver func(*socketio.ClusterMessage)) error {
	s := &subscription{namespace: namespace, self: self, deliver: deliver}
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case a.closed:
		return ErrClosed
	case a.failure != nil:
		return a.failure
	}
	a.subscriptions[s] = struct{}{}
	context.AfterFunc(ctx, func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		delete(a.subscriptions, s)
	})
	return nil
}

// Publish implements socketio.Adapter.
func (a *BusAdapter) Publish(_ context.Context, m *socketio.ClusterMessage) (string, error) {
	a.mu.Lock()
	closed, cut, failure := a.closed, a.cut, a.failure
	a.mu.Unlock()
	switch {
	case closed:
		return "", ErrClosed
	case failure != nil:
		return "", failure
	case cut:
		return "", nil
	}
	wire, err := json.Marshal(m)
	if err != nil {
		return "", err
	}
	a.bus.mu.Lock()
	others := append([]*BusAdapter(nil), a.bus.adapters...)
	a.bus.mu.Unlock()
	for _, other := range others {
		if other != a {
			other.receive(wire)
		}
	}
	return "", nil
}

func (a *BusAdapter) receive(wire []byte) {
	var m socketio.ClusterMessage
	if json.Unmarshal(wire, &m) != nil {
		return // it was marshalled a moment ago
	}
	a.mu.Lock()
	var matching []*subscription
	if !a.cut && !a.closed {
		for s := range a.subscriptions {
			if s.namespace == m.Namespace && s.self != m.UID {
				matching = append(matching, s)
			}
		}
	}
	a.delivering.Add(1)
	a.mu.Unlock()
	defer a.delivering.Done()
	for _, s := range matching {
		s.order.Lock()
		own := m
		s.deliver(&own)
		s.order.Unlock()
	}
}

// ServerCount implements socketio.Adapter.
func (a *BusAdapter) ServerCount(_ context.Context, namespace string) (int, error) {
	a.bus.mu.Lock()
	adapters := append([]*BusAdapter(nil), a.bus.adapters...)
	a.bus.mu.Unlock()
	count := 0
	for _, x := range adapters {
		x.mu.Lock()
		for s := range x.subscriptions {
			if s.namespace == namespace {
				count++
			}
		}
		x.mu.Unlock()
	}
	return count, nil
}

// Close implements socketio.Adapter.
func (a *BusAdapter) Close() error {
	a.mu.Lock()
	a.closed = true
	clear(a.subscriptions)
	a.mu.Unlock()
	a.bus.mu.Lock()
	for i, x := range a.bus.adapters {
		if x == a {
			a.bus.adapters = append(a.bus.adapters[:i:i], a.bus.adapters[i+1:]...)
			break
		}
	}
	a.bus.mu.Unlock()
	a.delivering.Wait()
	return nil
}
