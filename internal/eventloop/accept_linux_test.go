package eventloop_test

import (
	"net"
	"syscall"
	"testing"

	"github.com/go-sails/sails/internal/eventloop"
)

// Accepted connections have the options that package net would set, one by one.
func TestAcceptor_Options(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	a, err := eventloop.NewAcceptor(l.(*net.TCPListener))
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	client, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	fd, peer, err := a.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(fd)
	if peer.String() != client.LocalAddr().String() {
		t.Errorf("peer %s, want %s", peer, client.LocalAddr())
	}
	for _, o := range []struct {
		what              string
		level, name, want int
	}{
		{"no delay", syscall.IPPROTO_TCP, syscall.TCP_NODELAY, 1},
		{"keep-alive", syscall.SOL_SOCKET, syscall.SO_KEEPALIVE, 1},
		{"idle", syscall.IPPROTO_TCP, syscall.TCP_KEEPIDLE, 15},
		{"interval", syscall.IPPROTO_TCP, syscall.TCP_KEEPINTVL, 15},
		{"count", syscall.IPPROTO_TCP, syscall.TCP_KEEPCNT, 9},
	} {
		if got, err := syscall.GetsockoptInt(fd, o.level, o.name); err != nil || got != o.want && !(o.want == 1 && got != 0) {
			t.Errorf("%s: %d (%v), want %d", o.what, got, err, o.want)
		}
	}
	if flags, _, errno := syscall.Syscall(syscall.SYS_FCNTL, uintptr(fd), syscall.F_GETFL, 0); errno != 0 || flags&syscall.O_NONBLOCK == 0 {
		t.Error("the descriptor blocks")
	}
}
