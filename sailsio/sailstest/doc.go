// Package sailstest tests the realtime behaviour of handlers inside a plain
// `go test`: a server in memory and clients that speak to it as sails.io.js does.
// Nothing listens and no port is used; a request takes tens of microseconds, and
// everything works inside a testing/synctest bubble.
//
//	server := sailstest.NewServer(app)
//	defer server.Close()
//	ann, err := server.Connect(ctx, sailstest.Options{})
//	answer, err := ann.Post(ctx, "/rooms/blue/join", nil)
//	event, err := ann.ExpectEvent(ctx, "said")
//
// What a client receives is kept in order. An answer comes after everything the
// server sent to that client before it, so after a request Received tells all that
// has happened until then.
package sailstest
