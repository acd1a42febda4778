package adaptertest

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/go-sails/sails/socketio"
)

// LogBus connects the adapters of servers in one process through a log, for
// Config.Recovery across servers. Nothing is ever cut off but by Trim. The zero value is
// ready; methods may be called concurrently.
type LogBus struct {
	bus Bus // questions and answers

	mu       sync.Mutex
	entries  [][]byte // guarded by mu
	trimmed  int      // entries before it are gone; guarded by mu
	states   map[string]savedState
	adapters []*LogAdapter // guarded by mu
}

type savedState struct {
	namespace string
	state     socketio.SavedSocket
	until     time.Time
}

// LogAdapter is a socketio.LogAdapter on a LogBus. Offsets are decimal numbers.
type LogAdapter struct {
	*BusAdapter
	log *LogBus

	mu      sync.Mutex
	members map[string]*subscription // by namespace; guarded by mu
	read    int                      // entries delivered or skipped; guarded by mu
	held    bool                     // guarded by mu
	running bool                     // guarded by mu
	ended   bool                     // guarded by mu
	idle    sync.WaitGroup           // nothing is added once ended
}

var _ socketio.LogAdapter = (*LogAdapter)(nil)

// Adapter returns a new adapter on the bus.
func (b *LogBus) Adapter() *LogAdapter {
	a := &LogAdapter{BusAdapter: b.bus.Adapter(), log: b, members: make(map[string]*subscription)}
	b.mu.Lock()
	defer b.mu.Unlock()
	a.read = len(b.entries)
	b.adapters = append(b.adapters, a)
	return a
}

// Trim cuts off all entries there are.
func (b *LogBus) Trim() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.trimmed = len(b.entries)
}

// States returns how many states are kept.
func (b *LogBus) States() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.states)
}

// Hold makes the adapter's reading stop, or go on.
func (a *LogAdapter) Hold(held bool) {
	a.mu.Lock()
	a.held = held
	a.mu.Unlock()
	a.advance()
}

// Join implements socketio.Adapter.
func (a *LogAdapter) Join(ctx context.Context, namespace, self string, deliver func(*socketio.ClusterMessage)) error {
	if err := a.BusAdapter.Join(ctx, namespace, self, deliver); err != nil {
		return err
	}
	s := &subscription{namespace: namespace, self: self, deliver: deliver}
	a.mu.Lock()
	a.members[namespace] = s
	at := a.read
	a.mu.Unlock()
	s.order.Lock()
	deliver(&socketio.ClusterMessage{Namespace: namespace, Type: socketio.ClusterLogStart, Offset: strconv.Itoa(at)})
	s.order.Unlock()
	context.AfterFunc(ctx, func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		delete(a.members, namespace)
	})
	return nil
}

// Publish implements socketio.Adapter.
func (a *LogAdapter) Publish(ctx context.Context, m *socketio.ClusterMessage) (string, error) {
	switch {
	case m.Type == socketio.ClusterBroadcast && m.RequestID == "", m.Type == socketio.ClusterSocketsJoin,
		m.Type == socketio.ClusterSocketsLeave, m.Type == socketio.ClusterDisconnectSockets:
		return a.append(m)
	}
	return a.BusAdapter.Publish(ctx, m)
}

// Append implements socketio.LogAdapter.
func (a *LogAdapter) Append(m *socketio.ClusterMessage, done func(string, error)) error {
	offset, err := a.append(m)
	if err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.ended {
		a.idle.Go(func() { done(offset, nil) })
	}
	return nil
}

func (a *LogAdapter) append(m *socketio.ClusterMessage) (string, error) {
	a.BusAdapter.mu.Lock()
	failure := a.failure
	if a.closed {
		failure = ErrClosed
	}
	a.BusAdapter.mu.Unlock()
	if failure != nil {
		return "", failure
	}
	text, err := json.Marshal(m)
	if err != nil {
		return "", err
	}
	a.log.mu.Lock()
	a.log.entries = append(a.log.entries, text)
	offset := strconv.Itoa(len(a.log.entries))
	others := slices.Clone(a.log.adapters)
	a.log.mu.Unlock()
	for _, other := range others {
		other.advance()
	}
	return offset, nil
}

// advance has the adapter deliver what it has not, on a goroutine that ends with it.
func (a *LogAdapter) advance() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.running && !a.held && !a.ended {
		a.running = true
		a.idle.Go(a.deliver)
	}
}

func (a *LogAdapter) deliver() {
	for {
		a.mu.Lock()
		a.log.mu.Lock()
		var text []byte
		if a.read < len(a.log.entries) && !a.held {
			text = a.log.entries[a.read]
			a.read++
		}
		at := a.read
		a.log.mu.Unlock()
		if text == nil {
			a.running = false
			a.mu.Unlock()
			return
		}
		var m socketio.ClusterMessage
		var s *subscription
		if json.Unmarshal(text, &m) == nil {
			s = a.members[m.Namespace]
		}
		a.mu.Unlock()
		if s == nil || m.UID == s.self && m.Serial == 0 {
			continue
		}
		m.Offset = strconv.Itoa(at)
		s.order.Lock()
		s.deliver(&m)
		s.order.Unlock()
	}
}

// Save implements socketio.LogAdapter.
func (a *LogAdapter) Save(_ context.Context, namespace string, s *socketio.SavedSocket, ttl time.Duration) error {
	a.log.mu.Lock()
	defer a.log.mu.Unlock()
	if a.log.states == nil {
		a.log.states = make(map[string]savedState)
	}
	a.log.states[s.PID] = savedState{namespace, *s, time.Now().Add(ttl)}
	return nil
}

// Take implements socketio.LogAdapter.
func (a *LogAdapter) Take(_ context.Context, namespace, pid string) (*socketio.SavedSocket, error) {
	a.log.mu.Lock()
	defer a.log.mu.Unlock()
	s, ok := a.log.states[pid]
	delete(a.log.states, pid)
	if !ok || s.namespace != namespace || time.Now().After(s.until) {
		return nil, nil
	}
	return &s.state, nil
}

// Since implements socketio.LogAdapter.
func (a *LogAdapter) Since(_ context.Context, namespace, after, until string, each func(*socketio.ClusterMessage) bool) error {
	from, _ := strconv.Atoi(after)
	to, _ := strconv.Atoi(until)
	for i := from; i <= to; i++ {
		a.log.mu.Lock()
		var m socketio.ClusterMessage
		gone := i < 1 || i <= a.log.trimmed || i > len(a.log.entries) || json.Unmarshal(a.log.entries[i-1], &m) != nil
		a.log.mu.Unlock()
		wanted := m.Namespace == namespace && m.Type == socketio.ClusterBroadcast
		if i == from && (gone || !wanted) {
			return socketio.ErrOffset
		}
		m.Offset = strconv.Itoa(i)
		if i > from && wanted && !each(&m) {
			return nil
		}
	}
	return nil
}

// ValidOffset implements socketio.LogAdapter.
func (a *LogAdapter) ValidOffset(offset string) bool {
	n, err := strconv.Atoi(offset)
	return err == nil && strconv.Itoa(n) == offset
}

// Compare implements socketio.LogAdapter.
func (a *LogAdapter) Compare(x, y string) int {
	i, _ := strconv.Atoi(x)
	j, _ := strconv.Atoi(y)
	return i - j
}

// Close implements socketio.Adapter.
func (a *LogAdapter) Close() error {
	err := a.BusAdapter.Close()
	a.mu.Lock()
	clear(a.members)
	a.ended = true
	a.mu.Unlock()
	a.idle.Wait()
	return err
}
