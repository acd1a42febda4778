// Package eioproto is the wire codec of Engine.IO revisions 3 and 4: packets,
// polling payloads and the JSONP wrapping. It consists of pure functions over
// bytes: no I/O, no state, no goroutines, safe for concurrent use.
//
// A packet is one type and its data. Over a WebSocket one frame carries one
// packet (DecodeText, DecodeBinary); over long-polling one body carries several
// (DecodePayload4, DecodePayload3, DecodePayload3Binary). The protocol texts are
// https://socket.io/docs/v4/engine-io-protocol/ and, for revision 3,
// https://github.com/socketio/engine.io-protocol/tree/v3.
//
// Every decoder runs in time linear in its input and allocates only for bytes
// that are there, never for a length that was merely announced (SEC-4, SEC-35).
// Where the JavaScript parser is lenient in a way that hides damage (a length
// written "1e1", a binary length that runs past the end, an unknown type byte)
// these decoders report ErrPacket instead.
package eioproto
