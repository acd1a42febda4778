//go:build !unix

package engineio

import (
	"errors"
	"net"
)

// rawConn is only there on unix; elsewhere every connection is read and written
// with a buffer of its own while it waits, and newRawConn says so.
type rawConn struct{}

type rawWriter struct{}

func newRawConn(net.Conn, *wsTransport) *rawConn { return nil }

func (*rawConn) serve() error { return errors.ErrUnsupported }

func (*rawConn) atEnd() bool { return false }

func (*rawConn) tryWrite(*rawWriter, []byte) (int, error) { return 0, errors.ErrUnsupported }
