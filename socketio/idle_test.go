package socketio_test

import (
	"reflect"
	"testing"

	"github.com/go-sails/sails/socketio"
)

// What an idle client costs here is a Socket and a conn, its id and its places in the
// index. Both structs fill their size class: another field of either costs a server
// with a million clients 16 to 32 MB, twice that with the garbage collector's share.
func TestIdleSize(t *testing.T) {
	if reflect.TypeFor[uintptr]().Size() != 8 {
		t.Log("sizes are those of 64 bit machines")
		return
	}
	if n := reflect.TypeFor[socketio.Socket]().Size(); n > 128 {
		t.Errorf("a Socket has %d bytes, more than 128", n)
	}
	if socketio.ConnSize > 96 {
		t.Errorf("a conn has %d bytes, more than 96", socketio.ConnSize)
	}
}
