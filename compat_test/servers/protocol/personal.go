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
	x.root.HandleFunc("ask-me", askMe)
	x.root.HandleFunc("ask-timeout", askTimeout)
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

func askMe(ctx context.Context, e *socketio.Event) error {
	event, args, err := emission(e, 0)
	if err != nil {
		return err
	}
	s := e.Socket()
	return s.EmitAckFunc(ctx, func(answer socketio.Args, err error) {
		if err == nil {
			_ = s.Emit("answered", answer) // or it has gone
		}
	}, event, args...)
}

func askTimeout(ctx context.Context, e *socketio.Event) error {
	var ms int
	if err := e.Decode(&ms); err != nil {
		return err
	}
	s := e.Socket()
	limited, cancel := context.WithTimeout(ctx, time.Duration(ms)*time.Millisecond)
	err := s.EmitAckFunc(limited, func(answer socketio.Args, err error) {
		cancel()
		switch {
		case err == nil:
			_ = s.Emit("asked", nil, answer) // or it has gone
		case errors.Is(err, socketio.ErrAckTimeout):
			_ = s.Emit("asked", timedOut)
		}
	}, "q")
	if err != nil {
		cancel()
	}
	return err
}
