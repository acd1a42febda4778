// Package sioproto is the default Socket.IO packet format, both ways: pure
// functions over bytes, without sockets, goroutines or locks.
//
// A packet is <type>[<attachments>-][<namespace>,][<id>][<JSON>]. Parsing is
// phased: ParseHeader slices the text, Split validates the JSON in one pass and
// marks its top-level elements without building a value. Values are made when a
// handler asks for a type, from the bytes that arrived; what is sent on unasked
// leaves bit for bit as it came.
//
// Everything works for revision 4 (clients 1.x and 2.x) and 5 (3.x and 4.x);
// the two differ in what they put into CONNECT and CONNECT_ERROR only.
package sioproto
