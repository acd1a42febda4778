// Package engineio serves Engine.IO, the transport under Socket.IO: revisions 3
// (socket.io clients 1.x and 2.x, every sails.io.js) and 4 (clients 3.x and 4.x)
// on one endpoint, over WebSocket and HTTP long-polling with upgrade.
//
// It knows transports, packets and heartbeats. It knows nothing of namespaces,
// rooms or the JSON of events; package socketio adds those.
//
// The protocol is described at https://socket.io/docs/v4/engine-io-protocol/.
package engineio
