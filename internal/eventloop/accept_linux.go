package eventloop

import (
	"net"
	"net/netip"
	"os"
	"syscall"
)

// Acceptor accepts connections as bare descriptors.
type Acceptor struct {
	file *os.File
	raw  syscall.RawConn
}

// keepAlive is what package net sets for connections it accepts: probes after 15
// seconds without traffic, 15 seconds apart, 9 of them.
var keepAlive = []struct{ level, name, value int }{
	{syscall.IPPROTO_TCP, syscall.TCP_NODELAY, 1},
	{syscall.SOL_SOCKET, syscall.SO_KEEPALIVE, 1},
	{syscall.IPPROTO_TCP, syscall.TCP_KEEPIDLE, 15},
	{syscall.IPPROTO_TCP, syscall.TCP_KEEPINTVL, 15},
	{syscall.IPPROTO_TCP, syscall.TCP_KEEPCNT, 9},
}

// NewAcceptor accepts from l, which stays the caller's and must not accept itself.
// The options of connections are set on the listening socket, once: on Linux
// connections inherit them.
func NewAcceptor(l *net.TCPListener) (*Acceptor, error) {
	f, err := l.File()
	if err != nil {
		return nil, err
	}
	raw, err := f.SyscallConn()
	if err == nil {
		var failed error
		err = raw.Control(func(fd uintptr) {
			for _, o := range keepAlive {
				if e := syscall.SetsockoptInt(int(fd), o.level, o.name, o.value); e != nil {
					failed = os.NewSyscallError("setsockopt", e)
				}
			}
		})
		if err == nil {
			err = failed
		}
	}
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	return &Acceptor{file: f, raw: raw}, nil
}

// Accept waits for a connection and returns its descriptor, which does not block,
// and the peer's address.
func (a *Acceptor) Accept() (fd int, peer netip.AddrPort, err error) {
	var sa syscall.Sockaddr
	var failed error
	err = a.raw.Read(func(listener uintptr) bool {
		for {
			fd, sa, failed = syscall.Accept4(int(listener), syscall.SOCK_NONBLOCK|syscall.SOCK_CLOEXEC)
			switch failed {
			case syscall.EINTR:
			case syscall.ECONNABORTED, syscall.ENETDOWN, syscall.EPROTO, syscall.ENOPROTOOPT, syscall.EHOSTDOWN,
				syscall.ENONET, syscall.EHOSTUNREACH, syscall.ENETUNREACH: // of one connection, which is gone: accept(2)
			case syscall.EAGAIN:
				return false
			default:
				return true
			}
		}
	})
	switch {
	case err != nil:
		return 0, peer, net.ErrClosed
	case failed != nil:
		return 0, peer, os.NewSyscallError("accept4", failed)
	}
	return fd, addrPort(sa), nil
}

// Close ends Accept.
func (a *Acceptor) Close() error { return a.file.Close() }
