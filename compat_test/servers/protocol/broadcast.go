package main

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/go-sails/sails/socketio"
)

// broadcasts registers the events that reach other sockets.
func (x *extended) broadcasts() {
	x.root.HandleFunc("bcast", func(ctx context.Context, e *socketio.Event) error {
		return emitAndAck(ctx, e, 2, x.root.To(names(e.Raw(0))...).Except(names(e.Raw(1))...))
	})
	x.root.HandleFunc("bcast-volatile", func(ctx context.Context, e *socketio.Event) error {
		return emitAndAck(ctx, e, 0, x.root.Volatile())
	})
	x.root.HandleFunc("sbcast", func(ctx context.Context, e *socketio.Event) error {
		return emitAndAck(ctx, e, 0, e.Socket().Broadcast())
	})
	x.root.HandleFunc("bcast-ack", x.broadcastAck)
	x.root.HandleFunc("sockets-leave", func(ctx context.Context, e *socketio.Event) error {
		rooms := names(e.Raw(0))
		if err := x.root.In(rooms...).SocketsLeave(ctx, rooms...); err != nil {
			return err
		}
		return e.Ack("ok")
	})
	x.root.HandleFunc("kick", func(ctx context.Context, e *socketio.Event) error {
		var closeSessions bool
		_ = e.Decode(nil, &closeSessions) // what is no boolean is no true
		return x.root.In(names(e.Raw(0))...).DisconnectSockets(ctx, closeSessions)
	})
}

// emitAndAck emits what argument i of e says and acknowledges e.
func emitAndAck(ctx context.Context, e *socketio.Event, i int, to socketio.BroadcastOperator) error {
	event, args, err := emission(e, i)
	if err != nil {
		return err
	}
	if err := to.Emit(ctx, event, args...); err != nil {
		return err
	}
	return e.Ack("ok")
}

// broadcastAck answers with the first argument of each acknowledgement. The
// requester may be among those asked, and has to be able to go on meanwhile.
func (x *extended) broadcastAck(ctx context.Context, e *socketio.Event) error {
	var ms int
	if err := e.Decode(nil, &ms); err != nil {
		return err
	}
	event, args, err := emission(e, 2)
	if err != nil {
		return err
	}
	limited, cancel := context.WithTimeout(ctx, time.Duration(ms)*time.Millisecond)
	err = x.root.To(names(e.Raw(0))...).EmitAckFunc(limited, func(answers []socketio.Args, err error) {
		cancel()
		var message any
		if err != nil {
			message = timedOut
		}
		first := make([]any, len(answers)) // null where an answer has no argument
		for i, a := range answers {
			if a.Len() > 0 {
				_ = a.Decode(&first[i]) // any JSON fits
			}
		}
		_ = e.Ack(message, first) // or it has gone
	}, event, args...)
	if err != nil {
		cancel()
	}
	return err
}

// names reads the rooms of an argument: null, a string or an array.
func names(raw json.RawMessage) []string {
	var list []any
	if json.Unmarshal(raw, &list) != nil {
		var one any
		if json.Unmarshal(raw, &one) != nil || one == nil {
			return nil
		}
		list = []any{one}
	}
	var rooms []string
	for _, v := range list {
		switch v := v.(type) {
		case string:
			rooms = append(rooms, v)
		default:
			text, err := json.Marshal(v)
			if err == nil {
				rooms = append(rooms, string(text))
			}
		}
	}
	return rooms
}

var errEmission = errors.New("protocol: an emission is an array of an event's name and its arguments")

// emission reads argument i of e: an event and its arguments, which are passed on
// as they came. Only where there are attachments they are decoded.
func emission(e *socketio.Event, i int) (event string, args []any, err error) {
	argument := e.Args().Slice(i, i+1)
	if len(e.Args().Attachments()) > 0 {
		if err := argument.Decode(&args); err != nil {
			return "", nil, err
		}
	} else {
		var raw []json.RawMessage
		if err := argument.Decode(&raw); err != nil {
			return "", nil, err
		}
		for _, v := range raw {
			args = append(args, v)
		}
		if len(args) > 0 {
			if err := json.Unmarshal(raw[0], &event); err != nil {
				return "", nil, errEmission
			}
			return event, args[1:], nil
		}
	}
	if len(args) == 0 {
		return "", nil, errEmission
	}
	event, ok := args[0].(string)
	if !ok {
		return "", nil, errEmission
	}
	return event, args[1:], nil
}
