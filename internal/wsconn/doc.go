// Package wsconn is the RFC 6455 layer below the Engine.IO transports: the
// opening handshake on both sides, an incremental [Decoder] for one direction of
// a connection, and functions that build frames.
//
// It owns no goroutine, no timer and no queue, and it never reads from or writes
// to an established connection. The caller reads as much as the connection has
// (into a buffer it borrows for that one read), pushes the bytes into a Decoder
// and gets messages through a [Sink]; what it wants to send it builds with
// [AppendFrame], [PutHeader] and [AppendClose] and writes itself, many frames in
// one write or one frame to many connections. An idle connection therefore costs
// the Decoder struct (at most 64 bytes) and no buffer.
//
// Everything a peer sends is held to RFC 6455 without leniency: what is
// ambiguous is refused (rules SEC-7, SEC-10 and SEC-17 to SEC-27 of the security
// requirements). permessage-deflate (RFC 7692) is supported without context
// take-over and only when asked for.
package wsconn
