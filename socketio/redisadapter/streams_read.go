package redisadapter

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/redis/go-redis/v9"

	"github.com/go-sails/sails/socketio"
	"github.com/go-sails/sails/socketio/internal/backoff"
)

// stream is one that is read, from the first Join of a namespace in it until Close.
type stream struct {
	a    *Streams
	name string

	mu       sync.Mutex
	position string                   // id of the last entry read; guarded by mu
	members  map[string]*streamMember // by namespace; guarded by mu
}

// beginning is the position in a stream that has no entry.
const beginning = "0-0"

// follow has the stream of a namespace read, and tells it from where on.
func (a *Streams) follow(ctx context.Context, m *streamMember) error {
	name := a.streamName(m.namespace)
	a.mu.Lock()
	s, closed := a.streams[name], a.closed
	a.mu.Unlock()
	if s == nil && !closed {
		bounded, cancel := context.WithTimeout(ctx, a.cfg.Timeout)
		defer cancel()
		last, err := a.client.XRevRangeN(bounded, name, "+", "-", 1).Result()
		if err != nil {
			return fmt.Errorf("redisadapter: looking for the end of stream %q: %w: %w", name, ErrDown, err)
		}
		a.mu.Lock()
		if s, closed = a.streams[name], a.closed; s == nil && !closed { // or else another namespace was quicker
			s = &stream{a: a, name: name, position: beginning, members: make(map[string]*streamMember)}
			if len(last) > 0 {
				s.position = last[0].ID
			}
			a.streams[name] = s
			a.running.Go(func() { s.run(a.ctx) })
		}
		a.mu.Unlock()
	}
	if closed {
		return ErrClosed
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.members[m.namespace] = m
	s.begin(m)
	return nil
}

// begin tells a namespace that it is told everything after the position. The caller
// holds mu.
func (s *stream) begin(m *streamMember) {
	m.order.Lock()
	defer m.order.Unlock()
	m.deliver(&socketio.ClusterMessage{Namespace: m.namespace, Type: socketio.ClusterLogStart, Offset: s.position})
}

func (s *stream) leave(m *streamMember) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.members[m.namespace] == m {
		delete(s.members, m.namespace)
	}
}

// run reads until ctx ends.
func (s *stream) run(ctx context.Context) {
	var pause backoff.Backoff
	doubt := false // the position may be gone
	for ctx.Err() == nil {
		if doubt {
			if err := s.verify(ctx); err != nil {
				s.failed(ctx, err, &pause)
				continue
			}
		}
		entries, err := s.read(ctx)
		if err != nil {
			doubt = true
			s.failed(ctx, err, &pause)
			continue
		}
		s.a.reading(nil)
		pause.Reset()
		for i := range entries {
			s.take(&entries[i])
		}
		// Whoever reads as much as is allowed may be behind what is cut off.
		doubt = int64(len(entries)) >= s.a.cfg.Streams.ReadCount
	}
}

func (s *stream) failed(ctx context.Context, err error, pause *backoff.Backoff) {
	if ctx.Err() != nil {
		return
	}
	s.a.reading(err)
	if pause.Wait(ctx) {
		s.a.counters.reconnects.Add(1)
	}
}

// read waits for entries; none after some time.
func (s *stream) read(ctx context.Context) ([]redis.XMessage, error) {
	cfg := &s.a.cfg.Streams
	bounded, cancel := context.WithTimeout(ctx, cfg.Block+s.a.cfg.Timeout)
	defer cancel()
	got, err := s.a.reader.XRead(bounded, &redis.XReadArgs{Streams: []string{s.name, s.position}, Count: cfg.ReadCount, Block: cfg.Block}).Result()
	switch {
	case errors.Is(err, redis.Nil), err == nil && len(got) == 0:
		return nil, nil
	case err != nil:
		return nil, err
	}
	return got[0].Messages, nil
}

// verify notices that entries were cut off, or the stream lost, before they were read.
func (s *stream) verify(ctx context.Context) error {
	if s.position == beginning {
		return nil
	}
	bounded, cancel := context.WithTimeout(ctx, s.a.cfg.Timeout)
	defer cancel()
	at, err := s.a.reader.XRangeN(bounded, s.name, s.position, s.position, 1).Result()
	if err != nil || len(at) > 0 {
		return err
	}
	s.a.counters.gaps.Add(1)
	s.a.cfg.Logger.Warn("redisadapter: messages are gone from the stream before this node has read them", "stream", s.name)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range s.members {
		s.begin(m)
	}
	return nil
}

// take hands one entry to its namespace.
func (s *stream) take(x *redis.XMessage) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.position = x.ID // only this goroutine changes it
	namespace, _ := x.Values["nsp"].(string)
	m := s.members[namespace]
	if m == nil {
		return
	}
	message, err := decodeEntry(x, m.self, s.a.cfg.MaxMessage)
	s.a.hand(m, message, err)
}
