//go:build !unix

package engineio

import "net"

// rawConn is only there on unix; elsewhere every connection is read and written
// with a buffer of its own while it waits.
type rawConn struct{}

type rawWriter struct{}

func newRawConn(net.Conn, *wsTransport) *rawConn { return nil }

func (*rawConn) serve() error { panic("engineio: no raw connections here") }

func (*rawConn) atEnd() bool { panic("engineio: no raw connections here") }

func (*rawConn) tryWrite(*rawWriter, []byte) (int, error) {
	panic("engineio: no raw connections here")
}
