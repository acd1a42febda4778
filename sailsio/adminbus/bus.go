package adminbus

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"

	"github.com/go-sails/sails/sailsio"
	"github.com/go-sails/sails/socketio"
)

// DefaultChannel is what Sails uses when its socket configuration has no key (CB-21).
const DefaultChannel = "socket.io#sails#"

// Medium carries the messages of a channel to everyone, the sender included: a
// *redisadapter.Adapter.
type Medium interface {
	// Listen hands messages to receive, which does not block, until ctx ends.
	Listen(ctx context.Context, channel string, receive func([]byte)) error
	// Send publishes a message.
	Send(ctx context.Context, channel string, payload []byte) error
}

// Config configures a Bus.
type Config struct {
	// Medium is required.
	Medium Medium
	// Channel is DefaultChannel when empty. When the Sails servers have set
	// sails.config.sockets.key (or adapterOptions.key) it is that key, without any
	// suffix (CB-21, SU-8).
	Channel string
	// OnMessage is told of every message of other nodes, also of events of the
	// application's own, after the bus has done its part. It must not block. In Sails
	// this is the event hook:sockets:adminMessage.
	OnMessage func(Message)
	// Logger is told of messages that cannot be used; nil discards.
	Logger *slog.Logger
}

// Message is what travels on the bus.
type Message struct {
	UID     string          `json:"uid,omitempty"` // the sender, "" when it wants to receive the message too
	Event   string          `json:"event"`
	Payload json.RawMessage `json:"payload"`
}

// Bus takes part in the admin bus. Safe for concurrent use.
type Bus struct {
	cfg       Config
	uid       string
	namespace atomic.Pointer[socketio.Namespace]
	malformed atomic.Uint64
}

// New returns a Bus that can send; Start makes it listen.
func New(cfg Config) (*Bus, error) {
	if cfg.Medium == nil {
		return nil, errors.New("adminbus: Config.Medium is required")
	}
	if cfg.Channel == "" {
		cfg.Channel = DefaultChannel
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	return &Bus{cfg: cfg, uid: rand.Text()}, nil
}

// Start does for the sockets of n, the namespace "/", what other nodes ask, until ctx
// ends. It returns when it listens, or why it cannot.
func (b *Bus) Start(ctx context.Context, n *socketio.Namespace) error {
	if !b.namespace.CompareAndSwap(nil, n) {
		return errors.New("adminbus: started already")
	}
	if err := b.cfg.Medium.Listen(ctx, b.cfg.Channel, b.receive); err != nil {
		b.namespace.Store(nil) // it may be tried again
		return fmt.Errorf("adminbus: %w", err)
	}
	return nil
}

// Broadcast sends a message to the other nodes (broadcastAdminMessage).
func (b *Bus) Broadcast(ctx context.Context, event string, payload any) error {
	return b.send(ctx, b.uid, event, payload)
}

// Blast sends a message to all nodes, this one included (blastAdminMessage, CB-24).
func (b *Bus) Blast(ctx context.Context, event string, payload any) error {
	return b.send(ctx, "", event, payload)
}

func (b *Bus) send(ctx context.Context, uid, event string, payload any) error {
	text, err := json.Marshal(payload)
	if err != nil {
		return fmt.Errorf("adminbus: payload: %w", err)
	}
	message, err := json.Marshal(Message{UID: uid, Event: event, Payload: text})
	if err != nil {
		return fmt.Errorf("adminbus: %w", err)
	}
	if err := b.cfg.Medium.Send(ctx, b.cfg.Channel, message); err != nil {
		return fmt.Errorf("adminbus: %w", err)
	}
	return nil
}

// move is the payload of the three events. The options of leaveAll are an addition:
// Sails does not send them, and its servers apply the defaults whatever was asked
// (SU-9); nodes of this library do as asked.
type move struct {
	SourceRoom string `json:"sourceRoom"`
	DestRooms  rooms  `json:"destRooms,omitempty"`
	sailsio.LeaveAllOptions
}

// rooms are names; what is no string is skipped, as in Sails.
type rooms []string

// UnmarshalJSON takes an array.
func (r *rooms) UnmarshalJSON(data []byte) error {
	var list []any
	if err := json.Unmarshal(data, &list); err != nil {
		return err
	}
	*r = nil
	for _, v := range list {
		if s, ok := v.(string); ok && s != "" {
			*r = append(*r, s)
		}
	}
	return nil
}

// LeaveAll tells the other nodes to make the members of source leave all their rooms.
// It is for sailsio.Config.LeaveAll; the sockets of this node are left alone.
func (b *Bus) LeaveAll(ctx context.Context, source string, o sailsio.LeaveAllOptions) error {
	return b.Broadcast(ctx, "leaveAll", move{SourceRoom: source, LeaveAllOptions: o})
}

// receive takes a message from the bus.
func (b *Bus) receive(data []byte) {
	var m Message
	if err := json.Unmarshal(data, &m); err != nil {
		b.bad("no message", err)
		return
	}
	if m.UID == b.uid {
		return
	}
	if n := b.namespace.Load(); n != nil && (m.Event == "join" || m.Event == "leave" || m.Event == "leaveAll") {
		if err := apply(n, m.Event, m.Payload); err != nil {
			b.bad(m.Event, err)
		}
	}
	if b.cfg.OnMessage != nil {
		b.cfg.OnMessage(m)
	}
}

func (b *Bus) bad(what string, err error) {
	if b.malformed.Add(1)%1000 == 1 {
		b.cfg.Logger.Warn("adminbus: message cannot be used", "message", what, "error", err)
	}
}

// Malformed counts the messages that could not be used.
func (b *Bus) Malformed() uint64 { return b.malformed.Load() }

var errSource = errors.New("sourceRoom is empty or missing")

// apply does for local sockets what a message says; it is never sent on (CB-25).
func apply(n *socketio.Namespace, event string, payload json.RawMessage) error {
	var p move
	if err := json.Unmarshal(payload, &p); err != nil {
		return err
	}
	if p.SourceRoom == "" { // it would be everyone
		return errSource
	}
	for s := range n.SocketsIn(p.SourceRoom) {
		switch event {
		case "join":
			_ = s.Join(p.DestRooms...) // it may have gone meanwhile
		case "leave":
			s.Leave(p.DestRooms...)
		case "leaveAll":
			for _, room := range s.Rooms() {
				if room == p.SourceRoom && p.KeepSourceRoom || room == s.ID() && !p.SocketRooms {
					continue
				}
				s.Leave(room)
			}
		}
	}
	return nil
}
