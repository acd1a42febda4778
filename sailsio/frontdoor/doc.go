// Package frontdoor hands requests to another server, usually the Node application
// that is being replaced: whatever has no handler in Go yet is answered there, and
// clients notice nothing. A Proxy is an http.Handler, for the place of a router's
// "not found" or of single routes.
//
//	old, err := frontdoor.New(frontdoor.Config{Target: "http://127.0.0.1:1338"})
//	...
//	router.NotFoundHandler = old
//
// # Virtual requests
//
// A request that came over a socket is sent on as a plain one, with the socket's
// cookies and its client's address, and the answer becomes what it would have been
// over a socket: JSON as the value itself, text as a string, without the headers
// that only HTTP has. Data of GET requests, which HTTP servers do not read from a
// body, becomes part of the query in the form a[b]=c, so that its numbers and
// booleans arrive as strings. Cookies that the answer sets stay with the socket.
//
// The other server sees a plain request: req.isSocket is false there, and a socket
// of its own does not exist. Actions that join rooms have to move first. What the
// other server broadcasts reaches the sockets here when both share a Redis
// (packages redisadapter and adminbus).
//
// # Shared sessions
//
// Both servers see the same session when both keep it in one store and sign it with
// one secret; package redissession speaks the language of Sails' connect-redis. Without
// that each server has its own session, under the same cookie's name: the last one to
// set it wins.
package frontdoor
