// Package protocol plays raw Engine.IO and Socket.IO exchanges against a server that
// keeps the contract of servers/protocol, and records what can be seen on the wire.
//
// The recordings of the original software are in ../../testdata/protocol. What ours
// does has to be the same, but for the rows of ../differences.md that begin with
// "p:".
//
//	world.go       one case's view of the server: requests, masks, the record
//	socket.go      a WebSocket at the level of frames
//	client.go      a Socket.IO client at the level of packets
//	cases.go       the list of all cases, and what they are made of
//	*_cases.go     the cases, by subject
package protocol
