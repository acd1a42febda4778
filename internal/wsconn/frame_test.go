package wsconn_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/go-sails/sails/internal/wsconn"
)

// What we build, we decode: every length class, both directions.
func TestAppend_RoundTrip(t *testing.T) {
	for _, n := range []int{0, 1, 125, 126, 65535, 65536, 200_000} {
		payload := bytes.Repeat([]byte{'x'}, n)
		want := []string{fmt.Sprintf("text %q", payload)}
		whole := func() int { return 1 << 30 }

		room := make([]byte, wsconn.MaxServerHeader+n)
		copy(room[wsconn.MaxServerHeader:], payload)
		built := map[string][]byte{
			"AppendFrame":  wsconn.AppendFrame(nil, wsconn.OpText, payload),
			"AppendHeader": append(wsconn.AppendHeader(nil, wsconn.OpText, n, false), payload...),
			"PutHeader":    room[wsconn.PutHeader(room, wsconn.OpText, n):],
		}
		for name, frame := range built {
			if got := feed(client(), frame, whole); !slices.Equal(got, want) {
				t.Errorf("%s %d: %.80q", name, n, got)
			}
			if !bytes.Equal(frame, built["AppendFrame"]) {
				t.Errorf("%s %d: differs", name, n)
			}
		}
		masked := wsconn.AppendMasked([]byte("keep"), wsconn.OpText, payload, wsconn.NewMask())
		if len(masked)-len(payload)-4 > wsconn.MaxHeader {
			t.Errorf("header of %d bytes", len(masked)-len(payload)-4)
		}
		if got := feed(server(), masked[4:], whole); !slices.Equal(got, want) || string(masked[:4]) != "keep" {
			t.Errorf("AppendMasked %d: %.80q", n, got)
		}
		if n > 0 && payload[0] != 'x' {
			t.Error("AppendMasked touched the payload")
		}
	}
}

func TestAppend_ControlIsCut(t *testing.T) {
	long := make([]byte, 300)
	for _, op := range []wsconn.Opcode{wsconn.OpPing, wsconn.OpPong} {
		if f := wsconn.AppendFrame(nil, op, long); len(f) != 2+125 {
			t.Errorf("op %x: %d bytes", op, len(f))
		}
		if f := wsconn.AppendMasked(nil, op, long, [4]byte{}); len(f) != 6+125 {
			t.Errorf("masked op %x: %d bytes", op, len(f))
		}
	}
}

func TestAppendHeader_Compressed(t *testing.T) {
	if got := wsconn.AppendHeader(nil, wsconn.OpText, 5, true); !bytes.Equal(got, []byte{0xc1, 5}) {
		t.Errorf("%x", got)
	}
	if got := wsconn.AppendFrame(nil, wsconn.OpBinary|wsconn.Compressed, []byte("z")); !bytes.Equal(got, []byte{0xc2, 1, 'z'}) {
		t.Errorf("%x", got)
	}
}

// SEC-19: every close frame we build is one a strict peer accepts.
func TestAppendClose(t *testing.T) {
	for _, c := range []struct {
		code   uint16
		reason string
		want   string
	}{
		{1000, "", `close 1000 ""`},
		{1001, "bye", `close 1001 "bye"`},
		{wsconn.CloseNoStatus, "ignored", `close 1005 ""`},
		{0, "", `close 1005 ""`},
		{1006, "ignored", `close 1005 ""`},
		{4999, strings.Repeat("r", 200), fmt.Sprintf("close 4999 %q", strings.Repeat("r", 123))},
		{1002, strings.Repeat("r", 122) + "€", fmt.Sprintf("close 1002 %q", strings.Repeat("r", 122))},
		{1002, strings.Repeat("r", 120) + "€€", fmt.Sprintf("close 1002 %q", strings.Repeat("r", 120)+"€")},
		{1002, "bad \xff", `close 1002 "bad �"`},
	} {
		got := feed(client(), wsconn.AppendClose(nil, c.code, c.reason), func() int { return 1 })
		if !slices.Equal(got, []string{c.want}) {
			t.Errorf("%d %q: %q", c.code, c.reason, got)
		}
		body := wsconn.AppendCloseBody(nil, c.code, c.reason)
		got = feed(server(), wsconn.AppendMasked(nil, wsconn.OpClose, body, testKey), func() int { return 1 })
		if !slices.Equal(got, []string{c.want}) || !utf8.ValidString(c.want) {
			t.Errorf("masked %d %q: %q", c.code, c.reason, got)
		}
	}
}

func TestMask(t *testing.T) {
	for n := range 100 {
		for pos := range 5 {
			p := make([]byte, n)
			want := make([]byte, n)
			for i := range p {
				p[i] = byte(i * 7)
				want[i] = p[i] ^ testKey[(i+pos)&3]
			}
			wsconn.MaskAt(p, 0x3d21fa37, pos)
			if !bytes.Equal(p, want) {
				t.Fatalf("%d bytes at %d", n, pos)
			}
		}
	}
}
