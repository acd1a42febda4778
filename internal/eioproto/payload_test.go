package eioproto_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/go-sails/sails/internal/eioproto"
)

type decoder func(body []byte, maxPackets int, each func(eioproto.Packet) error) error

func collect(decode decoder, body string, maxPackets int) ([]string, error) {
	var got []string
	err := decode([]byte(body), maxPackets, func(p eioproto.Packet) error {
		got = append(got, show(p))
		return nil
	})
	return got, err
}

type payloadCase struct {
	body string
	want []string
	err  error
}

func checkPayloads(t *testing.T, decode decoder, cases []payloadCase) {
	t.Helper()
	for _, c := range cases {
		got, err := collect(decode, c.body, 0)
		if !slices.Equal(got, c.want) || !errors.Is(err, c.err) || (c.err == nil) != (err == nil) {
			t.Errorf("%q: %q, %v; want %q, %v", c.body, got, err, c.want, c.err)
		}
	}
}

// Packets in front of a malformed one are delivered; an empty packet is
// malformed (SEC-35).
func TestDecodePayload4(t *testing.T) {
	checkPayloads(t, eioproto.DecodePayload4, []payloadCase{
		{"4hello", []string{"message/hello"}, nil},
		{"4hello\x1e2\x1e4world", []string{"message/hello", "ping/", "message/world"}, nil},
		{"4€😀\x1ebAQID", []string{"message/€😀", "message/binary:\x01\x02\x03"}, nil},
		{"", nil, eioproto.ErrPacket},
		{"4a\x1e", []string{"message/a"}, eioproto.ErrPacket},
		{"\x1e4a", nil, eioproto.ErrPacket},
		{"4a\x1e\x1e4b", []string{"message/a"}, eioproto.ErrPacket},
		{"4a\x1eabc\x1e4b", []string{"message/a"}, eioproto.ErrPacket},
		{"4\xe2\x82\x1e4\xff", []string{"message/\uFFFD", "message/\uFFFD"}, nil},
	})
}

// Lengths are UTF-16 code units and checked against what is there (SEC-35).
func TestDecodePayload3(t *testing.T) {
	checkPayloads(t, eioproto.DecodePayload3, []payloadCase{
		{"6:4hello", []string{"message/hello"}, nil},
		{"6:4hello2:4€3:4😀", []string{"message/hello", "message/€", "message/😀"}, nil},
		{"1:110:b4AQIDBA==", []string{"close/", "message/binary:\x01\x02\x03\x04"}, nil},
		{"0:", nil, nil},
		{"0:0:2:4a", []string{"message/a"}, nil},
		{"002:4a", []string{"message/a"}, nil},
		{"2:4\xff", []string{"message/\uFFFD"}, nil},
		{"3:4\xff\xff", []string{"message/\uFFFD\uFFFD"}, nil},
		{"2:4\xe2\x82", []string{"message/\uFFFD"}, nil},
		{"", nil, eioproto.ErrPacket},
		{":", nil, eioproto.ErrPacket},
		{"2", nil, eioproto.ErrPacket},
		{"2:", nil, eioproto.ErrPacket},
		{"3:4a", nil, eioproto.ErrPacket},
		{"2:4a5", []string{"message/a"}, eioproto.ErrPacket},
		{"2:4a2:4", []string{"message/a"}, eioproto.ErrPacket},
		{"2:4a1:7", []string{"message/a"}, eioproto.ErrPacket},
		{"2:4😀", nil, eioproto.ErrPacket}, // half a surrogate pair
		{"-1:4", nil, eioproto.ErrPacket},
		{" 2:4a", nil, eioproto.ErrPacket},
		{"1e0:4", nil, eioproto.ErrPacket},
		{"99999999999999999999999999:4", nil, eioproto.ErrPacket},
		{strings.Repeat("9", 400) + ":4", nil, eioproto.ErrPacket},
	})
}

// The first case is the corrected example of the protocol text.
func TestDecodePayload3Binary(t *testing.T) {
	checkPayloads(t, eioproto.DecodePayload3Binary, []payloadCase{
		{"\x00\x06\xff4hello\x01\x05\xff\x04\x01\x02\x03\x04", []string{"message/hello", "message/binary:\x01\x02\x03\x04"}, nil},
		{"\x00\x01\x01\xff4héhéhéh", []string{"message/héhéhéh"}, nil}, // 11 bytes, 8 units
		{"\x00\x05\xff4😀", []string{"message/😀"}, nil},
		{"\x00\x07\xffb4AQID=", []string{"message/binary:\x01\x02\x03"}, nil},
		{"\x00\x04\xff4\xed\xa0\x80", []string{"message/\uFFFD"}, nil}, // lone surrogate
		{"\x00\x07\xff4\xed\xa0\x80€", []string{"message/\uFFFD€"}, nil},
		{"", nil, nil},
		{"\x00\x02\xff4\xff", nil, eioproto.ErrPacket},
		{"\x00\x00\xff", nil, eioproto.ErrPacket},
		{"\x01\x00\xff", nil, eioproto.ErrPacket},
		{"\x00\x01\xff1\x02\x01\xff4", []string{"close/"}, eioproto.ErrPacket}, // kind
		{"\x00\xff4", nil, eioproto.ErrPacket},
		{"\x00\x0a\xff4", nil, eioproto.ErrPacket},
		{"\x00\x06\xff4", nil, eioproto.ErrPacket},
		{"\x00\x01", nil, eioproto.ErrPacket},
		{"\x00", nil, eioproto.ErrPacket},
		{"\x01\x01\xff\x07", nil, eioproto.ErrPacket},
		{"\x01" + strings.Repeat("\x09", 500) + "\xff", nil, eioproto.ErrPacket},
	})
}

// SEC-35: the number of packets has a bound; those within it are delivered.
func TestTooManyPackets(t *testing.T) {
	for name, c := range map[string]struct {
		decode decoder
		packet string
	}{
		"4":        {eioproto.DecodePayload4, "4\x1e"},
		"3":        {eioproto.DecodePayload3, "1:4"},
		"3 empty":  {eioproto.DecodePayload3, "0:"},
		"3 binary": {eioproto.DecodePayload3Binary, "\x00\x01\xff4"},
	} {
		body := strings.TrimSuffix(strings.Repeat(c.packet, 5), "\x1e")
		if _, err := collect(c.decode, body, 5); err != nil {
			t.Errorf("%s: 5 of 5: %v", name, err)
		}
		got, err := collect(c.decode, body, 4)
		if !errors.Is(err, eioproto.ErrTooManyPackets) || name != "3 empty" && len(got) != 4 {
			t.Errorf("%s: 5 of 4: %d packets, %v", name, len(got), err)
		}
	}
}

func TestEachErrorStops(t *testing.T) {
	stop := errors.New("stop")
	for name, c := range map[string]struct {
		decode decoder
		body   string
	}{
		"4":        {eioproto.DecodePayload4, "4a\x1e4b"},
		"3":        {eioproto.DecodePayload3, "2:4a2:4b"},
		"3 binary": {eioproto.DecodePayload3Binary, "\x00\x01\xff4\x00\x01\xff4"},
	} {
		calls := 0
		err := c.decode([]byte(c.body), 0, func(eioproto.Packet) error { calls++; return stop })
		if !errors.Is(err, stop) || calls != 1 {
			t.Errorf("%s: %d calls, %v", name, calls, err)
		}
	}
}

// SEC-4: what a length declares is never allocated. Valid input is not copied.
func TestDecodersDoNotAllocate(t *testing.T) {
	each := func(eioproto.Packet) error { return nil }
	for name, c := range map[string]struct {
		decode decoder
		body   string
	}{
		"declared text":   {eioproto.DecodePayload3, "999999999999:4"},
		"declared binary": {eioproto.DecodePayload3Binary, "\x01\x09\x09\x09\x09\x09\x09\xff\x04"},
		"valid 4":         {eioproto.DecodePayload4, "4hello\x1e4world"},
		"valid 3":         {eioproto.DecodePayload3, "6:4hello6:4world"},
		"valid 3 binary":  {eioproto.DecodePayload3Binary, "\x00\x06\xff4hello"},
	} {
		body := []byte(c.body)
		if n := testing.AllocsPerRun(100, func() { _ = c.decode(body, 0, each) }); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

func TestAppend3(t *testing.T) {
	dst := eioproto.AppendText3(nil, []byte("4hello"))
	dst = eioproto.AppendText3(dst, []byte("4€😀"))
	if got, want := string(dst), "6:4hello4:4€😀"; got != want {
		t.Errorf("text: %q, want %q", got, want)
	}
	dst = eioproto.AppendBinary3(nil, false, []byte("4hello"))
	dst = eioproto.AppendBinary3(dst, true, []byte("\x04\x01\x02\x03\x04"))
	if got, want := string(dst), "\x00\x06\xff4hello\x01\x05\xff\x04\x01\x02\x03\x04"; got != want {
		t.Errorf("binary: %q, want %q", got, want)
	}
	if got, want := string(eioproto.AppendBinaryHeader3(nil, true, 1024)), "\x01\x01\x00\x02\x04\xff"; got != want {
		t.Errorf("header: %q, want %q", got, want)
	}
}

func FuzzDecodePayload4(f *testing.F) {
	for _, seed := range []string{"", "4hello", "4a\x1e2\x1ebAQID", "\x1e", "4\xff\x1e7"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var again [][]byte
		var want []string
		err := eioproto.DecodePayload4(body, 1000, func(p eioproto.Packet) error {
			want = append(want, show(p))
			if p.Binary {
				again = append(again, eioproto.AppendBase64(nil, 4, p.Data))
			} else {
				again = append(again, append([]byte{p.Type.Digit()}, p.Data...))
			}
			return nil
		})
		if err != nil && len(again) == 0 {
			return
		}
		got, err := collect(eioproto.DecodePayload4, string(bytes.Join(again, []byte{eioproto.Separator})), 1000)
		if err != nil || !slices.Equal(got, want) {
			t.Fatalf("%q: %q, %v; want %q", body, got, err, want)
		}
	})
}

func FuzzDecodePayload3(f *testing.F) {
	for _, seed := range []string{"", "0:", "6:4hello", "2:4€3:4😀", "10:b4AQIDBA==", "2:4😀", "2:4\xff", "9:4"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var text, binary []byte
		var want []string
		_ = eioproto.DecodePayload3(body, 1000, func(p eioproto.Packet) error {
			if p.Binary && p.Type != eioproto.Message {
				return nil // nothing writes these
			}
			want = append(want, show(p))
			if p.Binary {
				text = eioproto.AppendText3(text, eioproto.AppendBase64(nil, 3, p.Data))
				binary = eioproto.AppendBinary3(binary, true, append([]byte{byte(p.Type)}, p.Data...))
			} else {
				pkt := append([]byte{p.Type.Digit()}, p.Data...)
				text = eioproto.AppendText3(text, pkt)
				binary = eioproto.AppendBinary3(binary, false, pkt)
			}
			return nil
		})
		if len(want) == 0 {
			return
		}
		if got, err := collect(eioproto.DecodePayload3, string(text), 1000); err != nil || !slices.Equal(got, want) {
			t.Fatalf("text: %q: %q, %v; want %q", body, got, err, want)
		}
		if got, err := collect(eioproto.DecodePayload3Binary, string(binary), 1000); err != nil || !slices.Equal(got, want) {
			t.Fatalf("binary: %q: %q, %v; want %q", body, got, err, want)
		}
	})
}

func FuzzDecodePayload3Binary(f *testing.F) {
	for _, seed := range []string{"", "\x00\x06\xff4hello\x01\x05\xff\x04\x01\x02\x03\x04", "\x00\x04\xff4\xed\xa0\x80", "\x01\x09\x09\xff"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		total := 0
		_ = eioproto.DecodePayload3Binary(body, 1000, func(p eioproto.Packet) error {
			total += len(p.Data)
			if !p.Binary && utf8.Valid(body) && !utf8.Valid(p.Data) {
				t.Fatalf("%q is not UTF-8", p.Data)
			}
			return nil
		})
		if total > len(body) {
			t.Fatalf("%d bytes out of %d", total, len(body))
		}
	})
}

func FuzzUTF16Len(f *testing.F) {
	for _, seed := range []string{"", "a€😀", "\xff", "\xe2\x82A", "\xf0\x9f\x98", "\xed\xa0\x80"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, s []byte) {
		valid := eioproto.ToValidUTF8(s)
		if !utf8.Valid(valid) {
			t.Fatalf("%q is not UTF-8", valid)
		}
		want := 0
		for _, r := range string(valid) {
			want++
			if r > 0xFFFF {
				want++
			}
		}
		if got := eioproto.UTF16Len(s); got != want {
			t.Fatalf("%q: %d, want %d", s, got, want)
		}
		if got := eioproto.UTF16Len(valid); got != want {
			t.Fatalf("%q: %d, want %d", valid, got, want)
		}
	})
}

// BenchmarkDecodePayload shows that decoding is linear: ns/op per MB stays the
// same for many small packets and for one large one.
func BenchmarkDecodePayload(b *testing.B) {
	small := strings.Repeat("9:4message·", 10_000)
	large := fmt.Sprintf("%d:4%s", 1_000_001, strings.Repeat("x", 1_000_000))
	for name, body := range map[string]string{"small": small, "large": large} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			for b.Loop() {
				_ = eioproto.DecodePayload3([]byte(body), 0, func(eioproto.Packet) error { return nil })
			}
		})
	}
}
