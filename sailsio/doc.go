// Package sailsio serves Sails' realtime semantics to unmodified sails.io.js
// clients: an ordinary http.Handler answers the requests that come over a socket
// (virtual requests), sockets join rooms and receive broadcasts, and models tell
// their subscribers what happens to records.
//
// It is the one package that knows both sides: virtualrequest, which runs requests
// and knows no sockets, and socketio, which knows no HTTP routing. Routes,
// sessions, response helpers, models and blueprints are sub-packages of their own.
//
//	r := mux.NewRouter()
//	app, err := sailsio.New(sailsio.Config{Handler: r})
//	...
//	r.HandleFunc("/rooms/{room}/join", func(w http.ResponseWriter, req *http.Request) {
//		err := app.Sockets().Join(req.Context(), sailsio.SocketID(req), mux.Vars(req)["room"])
//		...
//	})
//	http.ListenAndServe(":1337", app)
//
// # The life of a request
//
// A client's message arrives as a Socket.IO event named like the HTTP method. It is
// parsed, waits for its turn among the requests of its socket, and runs on a worker
// with the identity of the socket's handshake: cookies, origin, address. Its context
// ends when the client goes. What the handler emits before it returns arrives
// before the answer. Exactly one answer is sent, if the client asked for one.
//
// Requests of one socket start in the order they were sent. The next one starts when
// the one before has answered, or after ten milliseconds beside it: so what a client
// sends in one burst happens in order, as in Node, and a slow handler holds up
// nobody. What a handler may hold is bounded; see Config.MaxInFlight.
//
// # Two generations
//
// Config.Sails012 switches resourceful pubsub from Sails 1.x to 0.12. Rules named in
// comments (VR-13, PS-20, SEC-71) are those of the project's specification.
package sailsio
