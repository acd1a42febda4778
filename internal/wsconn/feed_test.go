package wsconn_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/go-sails/sails/internal/wsconn"
)

// record is a Sink that writes down what it gets.
type record struct {
	events []string
	fail   string // event prefix that is answered with errSink
}

var errSink = errors.New("sink says no")

func (r *record) add(format string, args ...any) error {
	e := fmt.Sprintf(format, args...)
	r.events = append(r.events, e)
	if r.fail != "" && strings.HasPrefix(e, r.fail) {
		return errSink
	}
	return nil
}

func (r *record) OnText(p []byte) error   { return r.add("text %q", p) }
func (r *record) OnBinary(p []byte) error { return r.add("binary %x", p) }
func (r *record) OnPing(p []byte) error   { return r.add("ping %q", p) }
func (r *record) OnPong(p []byte)         { _ = r.add("pong %q", p) }
func (r *record) OnClose(code uint16, reason string) error {
	return r.add("close %d %q", code, reason)
}

// raw builds one frame with whatever first byte; as a client (masked) unless the
// peer under test is a client.
type side bool

const (
	fromClient side = true
	fromServer side = false
)

var testKey = [4]byte{0x37, 0xfa, 0x21, 0x3d}

func (s side) frame(first byte, payload string) []byte {
	b := []byte{first}
	m := byte(0)
	if s == fromClient {
		m = 0x80
	}
	switch n := len(payload); {
	case n <= 125:
		b = append(b, m|byte(n))
	case n <= 0xffff:
		b = append(b, m|126, byte(n>>8), byte(n))
	default:
		b = append(b, m|127, 0, 0, 0, 0, byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
	}
	if s == fromServer {
		return append(b, payload...)
	}
	b = append(b, testKey[:]...)
	for i := range len(payload) {
		b = append(b, payload[i]^testKey[i&3])
	}
	return b
}

// Names of first bytes, to make tables readable.
const (
	fin     = 0x80
	rsv1    = 0x40
	cont    = 0x0
	text    = 0x1
	bin     = 0x2
	closing = 0x8
	ping    = 0x9
	pong    = 0xa
)

func cat(parts ...[]byte) []byte { return slices.Concat(parts...) }

// feed decodes a copy of input in pieces of the sizes next gives and returns the
// events, the last one being the error if there was one.
func feed(d *wsconn.Decoder, input []byte, next func() int) []string {
	var r record
	for input := slices.Clone(input); len(input) > 0; {
		n := min(max(next(), 1), len(input))
		if err := d.Decode(input[:n:n], &r); err != nil {
			return append(r.events, outcome(err))
		}
		clear(input[:n]) // the decoder must not keep a reference
		input = input[n:]
	}
	return r.events
}

func outcome(err error) string {
	var c *wsconn.CloseError
	if !errors.As(err, &c) {
		return "error " + err.Error()
	}
	return fmt.Sprintf("error %d", c.Code)
}

// cuts are the ways every input is fed.
func cuts() map[string]func() func() int {
	m := map[string]func() func() int{
		"whole":  func() func() int { return func() int { return 1 << 30 } },
		"single": func() func() int { return func() int { return 1 } },
		"two":    func() func() int { return func() int { return 2 } },
		"seven":  func() func() int { return func() int { return 7 } },
	}
	for seed := range uint64(12) {
		m[fmt.Sprint("random", seed)] = func() func() int {
			r := rand.New(rand.NewPCG(seed, 1))
			return func() int { return 1 + r.IntN(1<<(1+r.IntN(9))) }
		}
	}
	return m
}

type decodeCase struct {
	name  string
	input []byte
	want  []string
}

// checkAll feeds each case in every cut to a fresh Decoder like d.
func checkAll(t *testing.T, newDecoder func() *wsconn.Decoder, cases []decodeCase) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			for name, next := range cuts() {
				d := newDecoder()
				got := feed(d, c.input, next())
				if !slices.Equal(got, c.want) {
					t.Errorf("%s: got %.300q, want %.300q", name, got, c.want)
				}
				d.Release()
				if !d.Idle() {
					t.Errorf("%s: not idle after Release", name)
				}
			}
		})
	}
}
