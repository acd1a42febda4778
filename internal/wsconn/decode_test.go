package wsconn_test

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/go-sails/sails/internal/wsconn"
)

func server() *wsconn.Decoder { return &wsconn.Decoder{} }
func client() *wsconn.Decoder { return &wsconn.Decoder{Client: true} }

func q(kind, s string) string { return fmt.Sprintf("%s %q", kind, s) }
func x(s string) string       { return fmt.Sprintf("binary %x", s) }

func refused(code int) string { return fmt.Sprintf("error %d", code) }

// Section numbers are those of the public Autobahn fuzzing suite whose situations
// the tables cover.

// Section 1: messages of every length class, both kinds and both directions.
func TestDecode_Lengths(t *testing.T) {
	for _, n := range []int{0, 1, 124, 125, 126, 127, 128, 65535, 65536, 70000} {
		s := strings.Repeat("*", n)
		for _, from := range []side{fromClient, fromServer} {
			d := server
			if from == fromServer {
				d = client
			}
			checkAll(t, d, []decodeCase{
				{fmt.Sprintf("text %d", n), from.frame(fin|text, s), []string{q("text", s)}},
				{fmt.Sprintf("binary %d", n), from.frame(fin|bin, s), []string{x(s)}},
			})
		}
	}
}

// Section 2: pings and pongs.
func TestDecode_Control(t *testing.T) {
	c := fromClient
	long := strings.Repeat("p", 125)
	many := []byte{}
	var pings []string
	for i := range 10 {
		many = append(many, c.frame(fin|ping, fmt.Sprint("p", i))...)
		pings = append(pings, q("ping", fmt.Sprint("p", i)))
	}
	checkAll(t, server, []decodeCase{
		{"2.1 empty", c.frame(fin|ping, ""), []string{`ping ""`}},
		{"2.2 text", c.frame(fin|ping, "Hello"), []string{`ping "Hello"`}},
		{"2.3 not UTF-8", c.frame(fin|ping, "\x00\xff\xfe"), []string{`ping "\x00\xff\xfe"`}},
		{"2.4 125 bytes", c.frame(fin|ping, long), []string{q("ping", long)}},
		{"2.5 126 bytes", c.frame(fin|ping, long+"p"), []string{refused(1002)}},
		{"2.7 pong nobody asked for", c.frame(fin|pong, ""), []string{`pong ""`}},
		{"2.8 with payload", c.frame(fin|pong, "unasked"), []string{`pong "unasked"`}},
		{"2.9 pong and ping", cat(c.frame(fin|pong, "a"), c.frame(fin|ping, "b")), []string{`pong "a"`, `ping "b"`}},
		{"2.10 ten pings", many, pings},
		{"pong of 126", c.frame(fin|pong, long+"p"), []string{refused(1002)}},
		{"close of 126", c.frame(fin|closing, "\x03\xe8"+long), []string{refused(1002)}},
	})
}

// Section 3: reserved bits (SEC-18).
func TestDecode_ReservedBits(t *testing.T) {
	c := fromClient
	hello := c.frame(fin|text, "ok")
	for rsv := byte(1); rsv < 8; rsv++ {
		for _, op := range []byte{text, bin, closing, ping, pong} {
			checkAll(t, server, []decodeCase{{fmt.Sprintf("rsv %d op %x", rsv, op),
				cat(hello, c.frame(fin|rsv<<4|op, ""), hello), []string{`text "ok"`, refused(1002)}}})
		}
		checkAll(t, server, []decodeCase{{fmt.Sprintf("rsv %d continuation", rsv),
			cat(c.frame(text, "a"), c.frame(fin|rsv<<4|cont, "b")), []string{refused(1002)}}})
	}
}

// Section 4: reserved opcodes (SEC-18).
func TestDecode_ReservedOpcodes(t *testing.T) {
	c := fromClient
	for _, op := range []byte{3, 4, 5, 6, 7, 11, 12, 13, 14, 15} {
		checkAll(t, server, []decodeCase{
			{fmt.Sprint("op ", op), cat(c.frame(fin|text, "ok"), c.frame(fin|op, ""), c.frame(fin|ping, "")), []string{`text "ok"`, refused(1002)}},
			{fmt.Sprint("op with payload ", op), c.frame(fin|op, "payload"), []string{refused(1002)}},
			{fmt.Sprint("op unfinished ", op), c.frame(op, ""), []string{refused(1002)}},
			{fmt.Sprint("op inside a message ", op), cat(c.frame(text, "a"), c.frame(fin|op, "")), []string{refused(1002)}},
		})
	}
}

// Section 5: fragmentation.
func TestDecode_Fragments(t *testing.T) {
	c := fromClient
	checkAll(t, server, []decodeCase{
		{"5.1 fragmented ping", c.frame(ping, "a"), []string{refused(1002)}},
		{"5.2 fragmented pong", cat(c.frame(pong, "a"), c.frame(fin|cont, "b")), []string{refused(1002)}},
		{"fragmented close", c.frame(closing, ""), []string{refused(1002)}},
		{"5.3 two fragments", cat(c.frame(text, "frag1"), c.frame(fin|cont, "frag2")), []string{`text "frag1frag2"`}},
		{"5.6 ping between", cat(c.frame(text, "frag1"), c.frame(fin|ping, "ping"), c.frame(fin|cont, "frag2")), []string{`ping "ping"`, `text "frag1frag2"`}},
		{"pings around empty fragments", cat(c.frame(text, ""), c.frame(fin|ping, "1"), c.frame(cont, ""), c.frame(fin|pong, "2"), c.frame(fin|cont, "")), []string{`ping "1"`, `pong "2"`, `text ""`}},
		{"5.9 stray continuation, final", cat(c.frame(fin|cont, "x"), c.frame(fin|text, "y")), []string{refused(1002)}},
		{"5.12 stray continuation, not final", c.frame(cont, "x"), []string{refused(1002)}},
		{"stray continuation behind a message", cat(c.frame(fin|text, "m"), c.frame(fin|cont, "x")), []string{`text "m"`, refused(1002)}},
		{"stray continuation behind a fragmented message", cat(c.frame(bin, "m"), c.frame(fin|cont, "n"), c.frame(cont, "x")), []string{x("mn"), refused(1002)}},
		{"stray continuation behind a ping", cat(c.frame(fin|ping, "pp"), c.frame(fin|cont, "x")), []string{`ping "pp"`, refused(1002)}},
		{"5.18 text inside a message", cat(c.frame(text, "1"), c.frame(fin|text, "2")), []string{refused(1002)}},
		{"binary inside a message", cat(c.frame(text, "1"), c.frame(bin, "2")), []string{refused(1002)}},
		{"5.19 five fragments and pings", cat(c.frame(text, "1"), c.frame(cont, "2"), c.frame(fin|ping, "a"), c.frame(cont, "3"), c.frame(cont, "4"), c.frame(fin|ping, "b"), c.frame(fin|cont, "5")), []string{`ping "a"`, `ping "b"`, `text "12345"`}},
		{"messages around", cat(c.frame(fin|bin, "0"), c.frame(bin, "1"), c.frame(fin|cont, "2"), c.frame(fin|text, "3")), []string{x("0"), x("12"), `text "3"`}},
		{"close inside a message", cat(c.frame(text, "1"), c.frame(fin|closing, "\x03\xe8"), c.frame(fin|cont, "2")), []string{`close 1000 ""`}},
		{"long fragments", cat(c.frame(bin, strings.Repeat("a", 5000)), c.frame(fin|ping, "mid"), c.frame(cont, ""), c.frame(fin|cont, strings.Repeat("b", 70000))), []string{`ping "mid"`, x(strings.Repeat("a", 5000) + strings.Repeat("b", 70000))}},
	})
}

// SEC-18: masking, and lengths not in their shortest form.
func TestDecode_MaskAndLength(t *testing.T) {
	masked := func(b ...byte) []byte { return append(b, make([]byte, 4+70000)...) }
	long := func(n uint64) []byte { return binary.BigEndian.AppendUint64([]byte{fin | bin, 0xff}, n) }
	checkAll(t, server, []decodeCase{
		{"unmasked", fromServer.frame(fin|text, "hi"), []string{refused(1002)}},
		{"unmasked and empty", fromServer.frame(fin|text, ""), []string{refused(1002)}},
		{"unmasked control", fromServer.frame(fin|ping, ""), []string{refused(1002)}},
		{"0 in 16 bits", masked(fin|text, 0xfe, 0, 0), []string{refused(1002)}},
		{"125 in 16 bits", masked(fin|text, 0xfe, 0, 125), []string{refused(1002)}},
		{"126 in 64 bits", masked(long(126)...), []string{refused(1002)}},
		{"65535 in 64 bits", masked(long(65535)...), []string{refused(1002)}},
		{"16 bits on a ping", masked(fin|ping, 0xfe, 0, 126), []string{refused(1002)}},
		{"64 bits on a ping", masked(fin|ping, 0xff), []string{refused(1002)}},
		{"SEC-22 highest bit", long(1 << 63), []string{refused(1002)}},
		{"SEC-22 all bits", long(1<<64 - 1), []string{refused(1002)}},
		{"SEC-22 highest bit is enough", []byte{fin | bin, 0xff, 0x80}, []string{refused(1002)}},
		{"SEC-22 largest legal", long(1<<63 - 1), []string{refused(1009)}},
		{"SEC-22 over the limit by one", long(1_000_001), []string{refused(1009)}},
	})
	checkAll(t, client, []decodeCase{
		{"masked by a server", fromClient.frame(fin|text, "hi"), []string{refused(1002)}},
	})
}

// Section 7 and SEC-19: close frames.
func TestDecode_Close(t *testing.T) {
	c := fromClient
	body := func(code uint16, reason string) string {
		return string(binary.BigEndian.AppendUint16(nil, code)) + reason
	}
	reason := strings.Repeat("r", 123)
	cases := []decodeCase{
		{"7.1 behind a close all is dropped", cat(c.frame(fin|closing, ""), c.frame(fin|text, "late"), c.frame(fin|ping, ""), []byte{0xff, 0xff}), []string{`close 1005 ""`}},
		{"7.3.1 empty", c.frame(fin|closing, ""), []string{`close 1005 ""`}},
		{"7.3.2 one byte", c.frame(fin|closing, "\x03"), []string{refused(1002)}},
		{"7.3.5 longest reason", c.frame(fin|closing, body(1000, reason)), []string{fmt.Sprintf("close 1000 %q", reason)}},
		{"7.3.6 too long a reason", c.frame(fin|closing, body(1000, reason+"r")), []string{refused(1002)}},
		{"7.5 reason is not UTF-8", c.frame(fin|closing, body(1000, "\xce\xba\xe1\xbd\xb9\xed\xa0\x80")), []string{refused(1007)}},
		{"7.5 reason ends in a character", c.frame(fin|closing, body(1000, "\xe2\x82")), []string{refused(1007)}},
		{"7.5 UTF-8", c.frame(fin|closing, body(1000, "κόσμε")), []string{`close 1000 "κόσμε"`}},
	}
	for _, code := range []uint16{1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999} {
		cases = append(cases, decodeCase{fmt.Sprint("7.7 ", code), c.frame(fin|closing, body(code, "")), []string{fmt.Sprintf(`close %d ""`, code)}})
	}
	for _, code := range []uint16{0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535} {
		cases = append(cases, decodeCase{fmt.Sprint("7.9 ", code), c.frame(fin|closing, body(code, "bye")), []string{refused(1002)}})
	}
	checkAll(t, server, cases)
}

// Sections 9 and 10, SEC-22 and SEC-23: the limit of a message, alone and summed.
func TestDecode_MessageLimit(t *testing.T) {
	c := fromClient
	s := strings.Repeat("s", 1000)
	limited := func() *wsconn.Decoder { return &wsconn.Decoder{MaxMessage: 1000, MaxFrames: 4} }
	checkAll(t, limited, []decodeCase{
		{"exactly", cat(c.frame(fin|text, s), c.frame(fin|text, s)), []string{q("text", s), q("text", s)}},
		{"one more", cat(c.frame(fin|text, "in front"), c.frame(fin|text, s+"s")), []string{`text "in front"`, refused(1009)}},
		{"header alone", c.frame(fin|bin, s+"s")[:4], []string{refused(1009)}},
		{"exactly in sum", cat(c.frame(bin, s[:600]), c.frame(cont, ""), c.frame(fin|cont, s[600:])), []string{x(s)}},
		{"SEC-23 sum passes", cat(c.frame(bin, s[:600]), c.frame(fin|ping, "z"), c.frame(cont, s[:401])), []string{`ping "z"`, refused(1009)}},
		{"SEC-23 from the header", cat(c.frame(bin, s), c.frame(fin|cont, "s")[:2]), []string{refused(1009)}},
		{"control frames do not count", cat(c.frame(bin, s), c.frame(fin|ping, s[:125]), c.frame(fin|cont, "")), []string{q("ping", s[:125]), x(s)}},
		{"SEC-24 frames", cat(c.frame(text, ""), c.frame(cont, ""), c.frame(cont, "x"), c.frame(fin|cont, "")), []string{`text "x"`}},
		{"SEC-24 one frame more", cat(c.frame(text, ""), c.frame(cont, ""), c.frame(cont, "x"), c.frame(cont, ""), c.frame(fin|cont, "")), []string{refused(1008)}},
		{"SEC-24 counted per message", cat(c.frame(text, "a"), c.frame(cont, ""), c.frame(fin|cont, ""), c.frame(text, "b"), c.frame(cont, ""), c.frame(fin|cont, "")), []string{`text "a"`, `text "b"`}},
	})
}

// Section 9, SEC-9: by default exactly 1,000,000 bytes are accepted, in one frame
// or in many.
func TestDecode_DefaultLimit(t *testing.T) {
	const limit = wsconn.DefaultMaxMessage
	c := fromClient
	s := strings.Repeat("m", limit)
	fragments := c.frame(bin, s[:limit/1000])
	for range 999 {
		fragments = append(fragments, c.frame(cont, s[:limit/1000])...)
	}
	for name, input := range map[string][]byte{
		"one frame": c.frame(fin|bin, s),
		"fragments": cat(fragments, c.frame(fin|cont, "")),
	} {
		for _, read := range []int{997, 64 << 10, 2 * limit} {
			var d wsconn.Decoder
			var got discard
			for in := append([]byte(nil), input...); len(in) > 0; {
				n := min(read, len(in))
				if err := d.Decode(in[:n], &got); err != nil {
					t.Fatalf("%s, reads of %d: %v", name, read, err)
				}
				in = in[n:]
			}
			if got.messages != 1 || got.bytes != limit {
				t.Errorf("%s, reads of %d: %+v", name, read, got)
			}
		}
	}
	if got := feed(server(), cat(fragments, c.frame(fin|cont, "m")), func() int { return 4096 }); len(got) != 1 || got[0] != refused(1009) {
		t.Errorf("one byte over: %.100q", got)
	}
}

// SEC-24: the default cap of 16,384 frames, all of them empty.
func TestDecode_EmptyFragmentsDefaultCap(t *testing.T) {
	input := fromClient.frame(text, "")
	for range wsconn.DefaultMaxFrames - 1 {
		input = append(input, fromClient.frame(cont, "")...)
	}
	var d wsconn.Decoder
	if got := feed(&d, input, func() int { return 4096 }); len(got) != 0 {
		t.Fatalf("within the cap: %q", got)
	}
	if n := wsconn.HeldCapacity(&d); n != 0 {
		t.Errorf("empty fragments hold %d bytes", n)
	}
	if got := feed(&d, fromClient.frame(cont, ""), func() int { return 1 }); len(got) != 1 || got[0] != refused(1008) {
		t.Errorf("over the cap: %q", got)
	}
}

// An error of the sink ends decoding and is returned as it is, from every method
// and in every cut.
func TestDecode_SinkErrors(t *testing.T) {
	c := fromClient
	input := cat(c.frame(text, "te"), c.frame(fin|ping, "p"), c.frame(fin|cont, "xt"), c.frame(fin|bin, "b"), c.frame(fin|closing, ""))
	for _, fail := range []string{"text", "binary", "ping", "close"} {
		for name, next := range cuts() {
			var d wsconn.Decoder
			r := record{fail: fail}
			var err error
			in := append([]byte(nil), input...)
			for f := next(); len(in) > 0 && err == nil; {
				n := min(f(), len(in))
				err = d.Decode(in[:n], &r)
				in = in[n:]
			}
			if err != errSink {
				t.Errorf("%s, %s: %v", fail, name, err)
			}
			if !strings.HasPrefix(r.events[len(r.events)-1], fail) {
				t.Errorf("%s, %s: went on: %q", fail, name, r.events)
			}
			if err := d.Decode([]byte{0}, &r); err != wsconn.ErrDecoderFailed {
				t.Errorf("%s, %s: afterwards: %v", fail, name, err)
			}
			if !d.Idle() {
				t.Errorf("%s, %s: still holds input", fail, name)
			}
		}
	}
}

func TestDecode_Idle(t *testing.T) {
	c := fromClient
	input := cat(c.frame(text, "ab"), c.frame(fin|ping, "cd"), c.frame(fin|cont, "ef"))
	var d wsconn.Decoder
	var r record
	for i := range input {
		if got, want := d.Idle(), i == 0; got != want {
			t.Fatalf("before byte %d: Idle = %v", i, got)
		}
		if err := d.Decode(input[i:i+1], &r); err != nil {
			t.Fatal(err)
		}
	}
	if !d.Idle() {
		t.Error("not idle behind a message")
	}
	d.Release()
	if err := d.Decode([]byte{fin | text}, &r); err != wsconn.ErrDecoderFailed {
		t.Errorf("after Release: %v", err)
	}
}

// What a heartbeat is taken for is that frame and nothing else, between messages.
func TestDecode_OneByte(t *testing.T) {
	c := fromClient
	beat := c.frame(fin|text, "3")
	for name, in := range map[string][]byte{
		"nothing": nil, "half": beat[:6], "two": cat(beat, beat), "more behind": append(slices.Clone(beat), 0), "empty": c.frame(fin|text, ""),
		"two bytes": c.frame(fin|text, "33"), "binary": c.frame(fin|bin, "3"), "fragment": c.frame(text, "3"), "control": c.frame(fin|pong, "3"),
		"compressed": c.frame(fin|rsv1|text, "3"), "no UTF-8": c.frame(fin|text, "\x80"), "not masked": fromServer.frame(fin|text, "3"),
	} {
		if b, ok := server().OneByte(in); ok {
			t.Errorf("%s: %q", name, b)
		}
	}
	d := server()
	if b, ok := d.OneByte(beat); !ok || b != '3' || !d.Idle() {
		t.Errorf("%q, %v", b, ok)
	}
	if err := d.Decode(c.frame(text, "a"), new(record)); err != nil {
		t.Fatal(err)
	}
	if _, ok := d.OneByte(beat); ok {
		t.Error("inside a message")
	}
	d.Release()
	if _, ok := d.OneByte(beat); ok {
		t.Error("of a decoder that has failed")
	}
	if _, ok := client().OneByte(fromServer.frame(fin|text, "3")); ok {
		t.Error("from a server")
	}
}

func TestDecode_CloseError(t *testing.T) {
	var d wsconn.Decoder
	err := d.Decode([]byte{0xff}, &record{})
	if err == nil || err.Error() != "wsconn: reserved opcode (close code 1002)" {
		t.Errorf("got %v", err)
	}
	if err := d.Decode(nil, &record{}); err != wsconn.ErrDecoderFailed {
		t.Errorf("afterwards: %v", err)
	}
	huge := wsconn.Decoder{MaxMessage: 1<<63 - 1}
	if got := feed(&huge, []byte{fin | bin, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0}, func() int { return 20 }); len(got) != 1 || got[0] != refused(1009) {
		t.Errorf("no limit at all: %q", got)
	}
}
