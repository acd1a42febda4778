// Package engineiotest helps to test what is served over Engine.IO: a server in
// memory for any http.Handler, and a client at the level of packets that does what
// a test says and nothing by itself. It speaks revisions 3 and 4 over polling and
// WebSocket, and it can misbehave: wrong packets, wrong frames, half an upgrade.
//
//	server := engineiotest.NewServer(handler)
//	defer server.Close()
//	c, err := server.Open(ctx, engineiotest.Options{Transport: engineiotest.WebSocket})
//	...
//	defer c.Abort()
//	err = c.Send(ctx, engineiotest.Text("hello"))
//	err = c.Expect(ctx, engineiotest.Text("hello"))
//
// Neither side starts timers or goroutines beyond those of net/http, and the
// connections of a Server are pipes, so that tests may run in a bubble of
// testing/synctest, where heartbeats take no time.
//
// For a client that keeps a connection up, reconnects and knows Socket.IO, see
// package socketioclient.
package engineiotest
