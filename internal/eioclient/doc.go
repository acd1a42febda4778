// Package eioclient has the client's side of the Engine.IO transports: dialling,
// one WebSocket, one long-polling endpoint, each at the level of packets. It
// keeps no session state, runs no goroutine and answers no heartbeat; package
// socketioclient builds a connection of it, package engineiotest a test client
// that may do everything wrong on purpose.
package eioclient
