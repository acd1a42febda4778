package socketio

import (
	"context"
	"maps"
	"slices"
)

// ConnectFunc takes part in a client's connection to a namespace.
type ConnectFunc func(ctx context.Context, s *Socket) error

// Middleware wraps the connection of clients to a namespace. Calling next accepts
// the client: the connection is confirmed and the OnConnect functions run. The
// context given to next, with the values put into it, becomes Socket.Context.
// Returning an error without having called next refuses the client (see
// ConnectError); so does returning nil without having called next.
type Middleware func(next ConnectFunc) ConnectFunc

// RoomEvent tells of a change of rooms on this node. Room names include the own
// room of each socket, named by its id.
type RoomEvent struct {
	Kind   RoomEventKind
	Room   string
	Socket string // the socket's id; "" for RoomCreated and RoomDeleted
}

// RoomEventKind is one of the adapter events of the JavaScript server.
type RoomEventKind string

// The kinds of RoomEvent.
const (
	RoomCreated RoomEventKind = "create-room"
	RoomDeleted RoomEventKind = "delete-room"
	RoomJoined  RoomEventKind = "join-room"
	RoomLeft    RoomEventKind = "leave-room"
)

// ServerSideFunc serves an event of another node. What it returns answers an
// emitter that asked (ServerSideEmitAck).
type ServerSideFunc func(ctx context.Context, args Args) (any, error)

// registration is everything registered on a namespace. A published registration
// never changes; registering publishes a new one.
type registration struct {
	handlers        map[string]*route
	catchAll        []Handler
	eventWares      []func(Handler) Handler
	wares           []Middleware
	onConnect       []ConnectFunc
	onDisconnecting []func(*Socket, DisconnectReason)
	onDisconnect    []func(*Socket, DisconnectReason)
	onOutgoing      []func(*Socket, string, Args)
	onError         []func(*Event, error)
	serverSide      map[string]ServerSideFunc

	connect   ConnectFunc // wares around accepting
	unhandled Handler     // eventWares around nothing, for events only catch-all handlers see
}

// route is a registered event. Its name is the string that Event.Name returns, so
// dispatching allocates none.
type route struct {
	name    string
	plain   Handler
	handler Handler // behind the event middleware
}

var noEvent = HandlerFunc(func(context.Context, *Event) error { return nil })

func newRegistration() *registration {
	r := &registration{handlers: map[string]*route{}, serverSide: map[string]ServerSideFunc{}}
	r.build()
	return r
}

func (r *registration) clone() *registration {
	c := *r
	c.handlers = maps.Clone(r.handlers)
	c.serverSide = maps.Clone(r.serverSide)
	c.catchAll = slices.Clip(r.catchAll)
	c.eventWares = slices.Clip(r.eventWares)
	c.wares = slices.Clip(r.wares)
	c.onConnect = slices.Clip(r.onConnect)
	c.onDisconnecting = slices.Clip(r.onDisconnecting)
	c.onDisconnect = slices.Clip(r.onDisconnect)
	c.onOutgoing = slices.Clip(r.onOutgoing)
	c.onError = slices.Clip(r.onError)
	return &c
}

// build derives what is derived.
func (r *registration) build() {
	r.connect = accept
	for _, w := range slices.Backward(r.wares) {
		r.connect = w(r.connect)
	}
	wrap := func(h Handler) Handler {
		for _, w := range slices.Backward(r.eventWares) {
			h = w(h)
		}
		return h
	}
	handlers := make(map[string]*route, len(r.handlers))
	for name, old := range r.handlers {
		handlers[name] = &route{name: name, plain: old.plain, handler: wrap(old.plain)}
	}
	r.handlers = handlers
	r.unhandled = nil
	if len(r.eventWares) > 0 {
		r.unhandled = wrap(noEvent)
	}
}

// immediate tells whether connecting runs no user code, so that the goroutine that
// reads may do it.
func (r *registration) immediate() bool { return len(r.wares) == 0 && len(r.onConnect) == 0 }

// registered returns what is in force for the namespace now. A dynamic namespace
// has its parent's until something is registered on itself.
func (n *Namespace) registered() *registration {
	if r := n.reg.Load(); r != nil {
		return r
	}
	return n.parent.reg.Load()
}

// register publishes a changed registration. Middleware is wrapped outside of any
// lock: it is user code.
func (n *Namespace) register(change func(*registration)) {
	for {
		old := n.reg.Load()
		r := n.registered().clone()
		change(r)
		r.build()
		if n.reg.CompareAndSwap(old, r) {
			return
		}
	}
}

// Use appends middleware around connecting, the first outermost. Middleware is
// wrapped anew whenever something is registered on the namespace.
//
// This and all other registering is safe at any time and concerns what happens
// from then on; register before serving, so that no client comes too early. What is
// registered on the parent of dynamic namespaces holds for all of them, except
// those that had something registered on themselves.
func (n *Namespace) Use(middleware ...Middleware) {
	n.register(func(r *registration) { r.wares = append(r.wares, middleware...) })
}

// OnConnect adds a function to run for every client that has connected. Its
// answer has been sent and its own room exists, so what fn emits arrives. Events of
// the client wait until fn returns. An error disconnects the socket and is logged.
// Several functions run in the order they were added, until the first error.
func (n *Namespace) OnConnect(fn ConnectFunc) {
	n.register(func(r *registration) { r.onConnect = append(r.onConnect, fn) })
}

// OnDisconnecting adds a function to run when a socket goes away, before the
// functions of OnDisconnect. Socket.Rooms still tells its rooms, although nothing
// reaches it any more.
func (n *Namespace) OnDisconnecting(fn func(s *Socket, reason DisconnectReason)) {
	n.register(func(r *registration) { r.onDisconnecting = append(r.onDisconnecting, fn) })
}

// OnDisconnect adds a function to run when a connected socket is gone, after the
// handlers of its events. Its rooms are left and its context is cancelled.
func (n *Namespace) OnDisconnect(fn func(s *Socket, reason DisconnectReason)) {
	n.register(func(r *registration) { r.onDisconnect = append(r.onDisconnect, fn) })
}

// Handle has h serve the events of this name. A later Handle for the same name
// replaces it. Reserved names (spec 2.6) never come.
func (n *Namespace) Handle(event string, h Handler) {
	n.register(func(r *registration) { r.handlers[event] = &route{name: event, plain: h} })
}

// HandleFunc is Handle for a function.
func (n *Namespace) HandleFunc(event string, fn func(ctx context.Context, e *Event) error) {
	n.Handle(event, HandlerFunc(fn))
}

// HandleAny adds a handler that sees every event, of every name, before the
// handler of its name does. Its error ends the event.
func (n *Namespace) HandleAny(h Handler) {
	n.register(func(r *registration) { r.catchAll = append(r.catchAll, h) })
}

// UseEvent appends middleware around all event handlers but the catch-all ones;
// it runs for events without a handler too (socket.use in JavaScript).
func (n *Namespace) UseEvent(middleware ...func(next Handler) Handler) {
	n.register(func(r *registration) { r.eventWares = append(r.eventWares, middleware...) })
}

// OnAnyOutgoing adds a function that sees every event sent to a socket, broadcasts
// included, acknowledgements not. It runs where the event is sent, once per socket,
// so it must be quick and must not block.
func (n *Namespace) OnAnyOutgoing(fn func(s *Socket, event string, args Args)) {
	n.register(func(r *registration) { r.onOutgoing = append(r.onOutgoing, fn) })
}

// OnError adds a function that is told of every error of a handler or of event
// middleware, after a panic too.
func (n *Namespace) OnError(fn func(e *Event, err error)) {
	n.register(func(r *registration) { r.onError = append(r.onError, fn) })
}

// OnRoom adds a function that is told of rooms created and deleted, joined and
// left on this node. It runs on the goroutine that caused the change, after it;
// changes made concurrently may be told in another order. It must not block. What is
// registered on the parent of dynamic namespaces holds for every one of them.
func (n *Namespace) OnRoom(fn func(RoomEvent)) {
	for {
		old := n.onRoom.Load()
		var list []func(RoomEvent)
		if old != nil {
			list = slices.Clip(*old)
		}
		list = append(list, fn)
		if n.onRoom.CompareAndSwap(old, &list) {
			return
		}
	}
}

// roomWatchers returns the functions of OnRoom.
func (n *Namespace) roomWatchers() []func(RoomEvent) {
	var list []func(RoomEvent)
	if n.parent != nil {
		list = n.parent.roomWatchers()
	}
	switch own := n.onRoom.Load(); {
	case own == nil:
		return list
	case len(list) == 0:
		return *own
	default:
		return slices.Concat(list, *own)
	}
}

// OnServerSide has fn serve the server-side events of this name that other nodes
// emit. The names connect, connection and new_namespace are reserved and refused by
// the emitters.
func (n *Namespace) OnServerSide(event string, fn ServerSideFunc) {
	n.register(func(r *registration) { r.serverSide[event] = fn })
}
