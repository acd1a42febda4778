package direct_test

import (
	"net"
	"os"
	"syscall"
	"testing"

	"github.com/go-sails/sails/engineio/direct"
)

// SEC-43: a server that ran out of something goes on when there is some again;
// TestDescriptors of the reliability tests has it happen. A listener that is broken ends.
func TestAccept_Passing(t *testing.T) {
	t.Parallel()
	for err, want := range map[error]bool{
		syscall.EMFILE: true, syscall.ENFILE: true, syscall.ENOBUFS: true, syscall.ENOMEM: true, syscall.EPERM: true,
		syscall.EBADF: false, syscall.EINVAL: false, syscall.ENOTSOCK: false, net.ErrClosed: false,
	} {
		if got := direct.Passing(&os.SyscallError{Syscall: "accept4", Err: err}); got != want {
			t.Errorf("%v: %v", err, got)
		}
	}
}
