// Package direct serves Engine.IO beneath net/http where that is possible: on plain
// TCP, on Linux. It is an option for servers with very many connections, or with
// clients that poll; nothing else changes for the application.
//
//	l, err := net.Listen("tcp", ":3000")
//	…
//	dl, err := direct.Listen(l, srv, "/socket.io/")
//	…
//	srv.Serve(dl)
//
// A connection is read by an event loop, without a goroutine or a buffer of its own.
// Requests for the path are parsed by a small parser and served by srv.Handler, on
// goroutines, with an http.ResponseWriter that can do what that of net/http can. A
// connection that becomes a WebSocket of package engineio stays in the loop.
//
// The parser accepts a strict subset of HTTP/1.1: GET, OPTIONS, and POST with one
// Content-Length, exactly this path and a query, one Host, header lines in plain
// ASCII that end with CR LF. Whatever else comes, be it another path, another
// protocol or something unusual, makes the connection be handed to Accept, and so to
// net/http, together with all bytes since the start of that request. So there is no
// second opinion about what a request is, only requests whose meaning is beyond
// doubt, and requests that net/http judges.
//
// # Differences
//
// What a user of http.Server may notice of the requests served here:
//
//   - TLS ends in front of such a server or is net/http's: everything is handed over
//     where http.Server.TLSConfig is set when Listen is called. Set it for ServeTLS also
//     when the certificate is in files, or who asks without TLS is answered without.
//   - Server.ConnState and SetKeepAlivesEnabled have no effect on them.
//   - A body that has not come and that the handler does not want ends the connection
//     with the answer; net/http waits for up to 256 KB of it.
//   - Server.WriteTimeout does not hold: an answer that is not taken has 30 seconds, or
//     what the handler sets.
//   - TCP keep-alive is set for all connections of the listener, as package net
//     does by default; net.ListenConfig.KeepAlive has no say.
//   - Server.Shutdown and Close do not know of them: call Listener.Shutdown, or
//     engineio.Server.Shutdown, which answers every poll.
//
// On other systems, for listeners of other kinds than TCP, and with TLS, Listen returns a
// Listener that hands everything to net/http.
package direct
