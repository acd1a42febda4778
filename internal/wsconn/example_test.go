package wsconn_test

import (
	"fmt"

	"github.com/go-sails/sails/internal/wsconn"
)

// printer prints what a Decoder finds.
type printer struct{}

func (printer) OnText(p []byte) error   { fmt.Printf("text %s\n", p); return nil }
func (printer) OnBinary(p []byte) error { fmt.Printf("binary %x\n", p); return nil }
func (printer) OnPing(p []byte) error   { fmt.Printf("ping %s\n", p); return nil }
func (printer) OnPong(p []byte)         { fmt.Printf("pong %s\n", p) }
func (printer) OnClose(code uint16, reason string) error {
	fmt.Println("close", code, reason)
	return nil
}

func ExampleDecoder() {
	stream := wsconn.AppendMasked(nil, wsconn.OpText, []byte("hello"), wsconn.NewMask())
	stream = wsconn.AppendMasked(stream, wsconn.OpPing, []byte("still there?"), wsconn.NewMask())
	stream = append(stream, 0x83) // a reserved opcode

	var d wsconn.Decoder // decodes what a client sends
	for len(stream) > 0 {
		n := min(10, len(stream)) // however the network cuts it
		if err := d.Decode(stream[:n], printer{}); err != nil {
			fmt.Println(err)
			break
		}
		stream = stream[n:]
	}
	// Output:
	// text hello
	// ping still there?
	// wsconn: reserved opcode (close code 1002)
}

func ExamplePutHeader() {
	// One allocation for header and payload, shared by every receiver.
	frame := make([]byte, wsconn.MaxServerHeader, 64)
	frame = append(frame, "4hello"...)
	start := wsconn.PutHeader(frame, wsconn.OpText, len(frame)-wsconn.MaxServerHeader)
	fmt.Printf("%q\n", frame[start:])
	// Output: "\x81\x064hello"
}
