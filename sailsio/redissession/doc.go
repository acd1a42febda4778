// Package redissession keeps sessions in Redis, in the layout of connect-redis and
// @sailshq/connect-redis, so that applications in JavaScript and in Go share them
// (SE-22): the JSON text under "sess:" and the session's id, with a time to live.
//
//	store, err := redissession.New(redissession.Config{Client: client})
//	sessions, err := session.New(session.Config{Secrets: secrets, Store: store})
//
// Go processes that save the same session at the same time do not lose each other's
// changes; JavaScript ones do not look before they write, and the last one wins.
package redissession
