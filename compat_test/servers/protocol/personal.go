package main

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/go-sails/sails/socketio"
)

// timedOut is what the JavaScript server calls a missing acknowledgement.
const timedOut = "operation has timed out"

// mostAtOnce bounds the counts that clients ask for.
const mostAtOnce = 100_000

// personal registers the events that concern the socket that sends them.
func (x *extended) personal() {
	x.root.HandleFunc("set-data", func(_ context.Context, e *socketio.Event) error {
		e.Socket().SetData(map[string]json.RawMessage{"v": e.Raw(0)})
		return e.Ack("ok")
	})
	x.root.HandleFunc("join", func(_ context.Context, e *socketio.Event) error {
		if err := e.Socket().JoinLimited(names(e.Raw(0))...); err != nil {
			return err
		}
		return e.Ack("ok")
	})
	x.root.HandleFunc("leave", func(_ context.Context, e *socketio.Event) error {
		e.Socket().Leave(names(e.Raw(0))...)
		return e.Ack("ok")
	})
	x.root.HandleFunc("volatile-me", counted(func(s *socketio.Socket, n int) error {
		for i := range n {
			s.EmitVolatile("v", i)
		}
		return s.Emit("volatile-done")
	}))
	x.root.HandleFunc("bin", counted(func(s *socketio.Socket, n int) error {
		buffers := make([]any, n)
		for i := range buffers {
			buffers[i] = []byte{byte(i), byte(i + 1)}
		}
		return s.Emit("bin", buffers...)
	}))
	x.root.HandleFunc("many", counted(func(s *socketio.Socket, n int) error {
		for i := range n {
			if err := s.Emit("m", i); err != nil {
				return err
			}
		}
		return nil
	}))
	x.root.HandleFunc("bye", func(_ context.Context, e *socketio.Event) error {
		var closeSession bool
		_ = e.Decode(&closeSession) // what is no boolean is no true
		e.Socket().Disconnect(closeSession)
		return nil
	})
	x.root.HandleFunc("ask-me", x.askMe)
	x.root.HandleFunc("ask-timeout", x.askTimeout)
}

// counted is an event whose argument is a number.
func counted(do func(s *socketio.Socket, n int) error) socketio.HandlerFunc {
	return func(_ context.Context, e *socketio.Event) error {
		var n int
		if err := e.Decode(&n); err != nil {
			return err
		}
		return do(e.Socket(), max(0, min(n, mostAtOnce)))
	}
}

func (x *extended) askMe(ctx context.Context, e *socketio.Event) error {
	event, args, err := emission(e, 0)
	if err != nil {
		return err
	}
	s := e.Socket()
	x.ask(s, func() {
		if answer, err := s.EmitAck(ctx, event, args...); err == nil {
			_ = s.Emit("answered", answer) // or it has gone
		}
	})
	return nil
}

func (x *extended) askTimeout(ctx context.Context, e *socketio.Event) error {
	var ms int
	if err := e.Decode(&ms); err != nil {
		return err
	}
	s := e.Socket()
	x.ask(s, func() {
		ctx, cancel := context.WithTimeout(ctx, time.Duration(ms)*time.Millisecond)
		defer cancel()
		answer, err := s.EmitAck(ctx, "q")
		switch {
		case err == nil:
			_ = s.Emit("asked", nil, answer)
		case errors.Is(err, socketio.ErrAckTimeout):
			_ = s.Emit("asked", timedOut)
		}
	})
	return nil
}

// ask runs what asks the client something next to the socket's other events, and
// returns when the question is on its way: two questions leave in their order.
func (x *extended) ask(s *socketio.Socket, question func()) {
	left := make(chan bool)
	x.mu.Lock()
	x.asking[s] = left
	x.mu.Unlock()
	answered := make(chan struct{})
	go func() {
		defer close(answered)
		question()
	}()
	select {
	case <-left:
	case <-answered: // it could not be asked
	}
	x.mu.Lock()
	delete(x.asking, s)
	x.mu.Unlock()
}

// sent sees every event that leaves.
func (x *extended) sent(s *socketio.Socket, _ string, _ socketio.Args) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if left := x.asking[s]; left != nil {
		close(left)
		delete(x.asking, s)
	}
}
