// Package session keeps Sails sessions: the signed "sails.sid" cookie, the
// values stored behind it and the rules that decide when either is written. A
// cookie or a stored session written by Node (express-session 1.18) works here
// and the other way round.
//
// [Manager] is ordinary middleware, for plain HTTP and for the requests a
// socket carries (virtual requests) alike:
//
//	sessions, err := session.New(session.Config{Secrets: []string{secret}})
//	...
//	http.ListenAndServe(addr, sessions.Handler(router))
//
// and a handler finds its session with [FromContext].
//
// # Concurrent requests
//
// Requests of one session run side by side and each works on its own copy, as
// in Sails. They differ from Sails in how they end (SE-14): a request writes
// only the keys it changed, onto what is stored at that moment, so two requests
// that touch different keys both keep their work, and a key deleted by one
// stays deleted. A session destroyed or regenerated meanwhile is never written
// again: the changes of a request that ends late are dropped. The order is kept
// by a lock per session id within the process, held only while the store is
// read and written, never while a handler runs; across processes by
// [Swapper], where the store offers it. Two requests that set the same key:
// the last one to save wins.
//
// # What it is not
//
// Not a store: [MemoryStore] serves one process, others plug in through
// [Store]. Rules are cited as SE-n and CN-n (semantics) and SEC-n (security).
package session
