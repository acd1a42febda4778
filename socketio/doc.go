// Package socketio is a Socket.IO server: namespaces, rooms, events with
// acknowledgements and broadcasts for every client since 1.0, over the sessions of
// package engineio. It knows nothing of HTTP routing or of Sails.
//
// A Server is an http.Handler. Handlers are registered on namespaces:
//
//	io, err := socketio.NewServer(socketio.Config{})
//	lobby := io.Of("/")
//	lobby.OnConnect(func(ctx context.Context, s *socketio.Socket) error {
//		return s.Join("lobby")
//	})
//	socketio.On(lobby, "say", func(ctx context.Context, s *socketio.Socket, text string) error {
//		return lobby.To("lobby").Emit(ctx, "said", s.ID(), text)
//	})
//	http.Handle("/socket.io/", io)
//
// # Order and concurrency
//
// The handlers of one socket run one after the other, in the order its events
// arrived, on a goroutine that exists only while there are any. They may block:
// heartbeats, acknowledgements and other sockets go on. Everything exported may be
// called concurrently.
//
// Calls that only queue (Socket.Emit, Join, Leave) take no context and never block;
// calls that may leave the process or wait for an answer take one.
//
// # Values
//
// Arguments to send are anything package encoding/json can encode. Byte slices, at
// any depth, travel as binary attachments. json.RawMessage and Args are sent bit
// for bit. Arguments received stay undecoded until a handler asks for a type.
//
// # Limits
//
// Everything a client can make the server hold is bounded by a field of Config.
// What a client may not do ends its own connection at most.
package socketio
