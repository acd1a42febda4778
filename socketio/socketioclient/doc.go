// Package socketioclient is a Socket.IO client for Go programs. It speaks to every
// server since 1.0: Socket.IO 5 over Engine.IO 4 (servers 3.x and 4.x, the
// default) and Socket.IO 4 over Engine.IO 3 (servers 1.x and 2.x, sails 1.x), over
// WebSocket, HTTP long-polling, and polling that upgrades.
//
//	client, err := socketioclient.New("https://example.com", socketioclient.Options{})
//	if err != nil {
//		return err
//	}
//	defer client.Close()
//
//	chat := client.Of("/chat", map[string]any{"token": token})
//	chat.On("said", func(ctx context.Context, e *socketioclient.Event) {
//		var who, text string
//		if err := e.Decode(&who, &text); err == nil {
//			fmt.Println(who, "says", text)
//		}
//	})
//	if err := chat.Connect(ctx); err != nil {
//		return err
//	}
//	err = chat.Emit("say", "hello")
//	answer, err := chat.EmitAck(ctx, "members")
//
// # Connections and sockets
//
// A [Client] is one connection to a server, the Manager of the JavaScript client;
// a [Socket] is this client in one namespace, and any number of sockets share the
// connection. It is opened when the first socket connects and closed when no
// socket is left that wants it. Lost connections are opened again, after a wait
// that doubles with each failure and is spread at random, and the sockets join
// their namespaces again; [Options] has the times and the switches.
//
// When the server keeps the state of connections, sockets get back their id, their
// rooms and the events they missed, and [Socket.Recovered] is true. Such a server
// adds an offset to the arguments of its events, a string, which handlers see as
// the last one.
//
// # Events
//
// What is emitted while a socket is not connected is held back and sent when it
// is, up to [Options].MaxBuffered. An event that was handed to a connection which
// then breaks is lost: ask for an acknowledgement where that matters, and emit
// again on ErrDisconnected if the event may come twice.
//
// Handlers of a client run one at a time, in the order of the server's events. They
// may block, and may call everything here: acknowledgements are not held up by
// handlers. Events wait in a bounded queue; when it is full nothing is read from
// the server, so that handlers which stay behind for longer than the server's
// heartbeat cost the connection.
//
// Arguments stay undecoded until a handler asks. Byte slices travel as binary, in
// both directions and at any depth.
//
// # Contexts
//
// What can block takes a context: [Socket.Connect], [Socket.EmitAck],
// [Client.Flush]. What only queues does not block: Emit, Ack, Disconnect, Close.
// Handlers get a context that ends when the client is closed. After
// [Client.Close], [Client.Done] tells when the last goroutine is gone.
//
// # What it is not
//
// There is no WebTransport, no other packet format than the default one, no proxy
// and no retry queue.
//
// The protocol is described at https://socket.io/docs/v4/socket-io-protocol/.
package socketioclient
