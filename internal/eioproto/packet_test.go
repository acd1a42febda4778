package eioproto_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/go-sails/sails/internal/eioproto"
)

// show makes packets comparable and readable: "type/text" or "type/binary:…".
func show(p eioproto.Packet) string {
	if p.Binary {
		return p.Type.String() + "/binary:" + string(p.Data)
	}
	return p.Type.String() + "/" + string(p.Data)
}

// SEC-42: unknown types are refused, whatever the form.
func TestDecodeText(t *testing.T) {
	for _, c := range []struct {
		in   string
		rev  int
		want string // empty: ErrPacket
	}{
		{"0{}", 4, "open/{}"},
		{"1", 4, "close/"},
		{"2probe", 4, "ping/probe"},
		{"3probe", 3, "pong/probe"},
		{"4hello", 4, "message/hello"},
		{"4€", 3, "message/€"},
		{"5", 4, "upgrade/"},
		{"6", 3, "noop/"},
		{"", 4, ""},
		{"", 3, ""},
		{"7", 4, ""},
		{"/", 4, ""},
		{":", 3, ""},
		{"a", 4, ""},
		{" 4", 4, ""},
		{"€", 4, ""},
		{"bAQID", 4, "message/binary:\x01\x02\x03"},
		{"b4AQID", 3, "message/binary:\x01\x02\x03"},
		{"b2AQID", 3, "ping/binary:\x01\x02\x03"},
		{"b", 4, "message/binary:"},
		{"b4", 3, "message/binary:"},
		{"b", 3, ""},
		{"b7AQID", 3, ""},
		{"bA-_/", 4, "message/binary:\x03\xef\xff"}, // both alphabets, as Node
		{"bAQIDBA", 4, "message/binary:\x01\x02\x03\x04"},
		{"bAQ!I D\n", 4, "message/binary:\x01\x02\x03"},
		{"bAQ==AQ==", 4, "message/binary:\x01"}, // padding ends the data
		{"bA", 4, "message/binary:"},
	} {
		p, err := eioproto.DecodeText([]byte(c.in), c.rev)
		if c.want == "" {
			if !errors.Is(err, eioproto.ErrPacket) {
				t.Errorf("DecodeText(%q, %d) = %s, %v; want ErrPacket", c.in, c.rev, show(p), err)
			}
			continue
		}
		if err != nil || show(p) != c.want {
			t.Errorf("DecodeText(%q, %d) = %q, %v; want %q", c.in, c.rev, show(p), err, c.want)
		}
	}
}

func TestDecodeBinary(t *testing.T) {
	for _, c := range []struct {
		in   string
		rev  int
		want string
	}{
		{"\x01\x02", 4, "message/binary:\x01\x02"},
		{"", 4, "message/binary:"},
		{"\x04\x01\x02", 3, "message/binary:\x01\x02"},
		{"\x04", 3, "message/binary:"},
		{"\x02x", 3, "ping/binary:x"},
		{"", 3, ""},
		{"\x07", 3, ""},
		{"4", 3, ""}, // the type is a raw byte, not a digit
	} {
		p, err := eioproto.DecodeBinary([]byte(c.in), c.rev)
		if c.want == "" {
			if !errors.Is(err, eioproto.ErrPacket) {
				t.Errorf("DecodeBinary(%q, %d) = %s, %v; want ErrPacket", c.in, c.rev, show(p), err)
			}
			continue
		}
		if err != nil || show(p) != c.want {
			t.Errorf("DecodeBinary(%q, %d) = %q, %v; want %q", c.in, c.rev, show(p), err, c.want)
		}
	}
}

func TestType(t *testing.T) {
	names := []string{"open", "close", "ping", "pong", "message", "upgrade", "noop", "unknown"}
	for i, name := range names {
		if got := eioproto.Type(i).String(); got != name {
			t.Errorf("Type(%d) = %q, want %q", i, got, name)
		}
	}
	if got := eioproto.Message.Digit(); got != '4' {
		t.Errorf("Message.Digit() = %q", got)
	}
}

func TestAppendBase64(t *testing.T) {
	for rev, want := range map[int]string{3: "b4AQIDBA==", 4: "bAQIDBA=="} {
		got := eioproto.AppendBase64([]byte(">"), rev, []byte{1, 2, 3, 4})
		if string(got) != ">"+want {
			t.Errorf("revision %d: %q, want %q", rev, got, want)
		}
		if n := eioproto.Base64Len(rev, 4); n != len(want) {
			t.Errorf("Base64Len(%d, 4) = %d, want %d", rev, n, len(want))
		}
	}
}

func TestUTF16Len(t *testing.T) {
	for in, want := range map[string]int{
		"": 0, "abc": 3, "é": 1, "€": 1, "😀": 2, "a😀€é": 5,
		"\xff\xff": 2, "\xe2\x82": 1, "\xe2\x82A": 2, "\xed\xa0\x80": 3, "\xf0\x9f\x98": 1, "\xf0\x9f\x98😀": 3,
		"\xc0\x80": 2, "\xe0\x80": 2, "\xf4\x90": 2, "\xf0\x80": 2, "\xc3": 1,
	} {
		if got := eioproto.UTF16Len([]byte(in)); got != want {
			t.Errorf("UTF16Len(%q) = %d, want %d", in, got, want)
		}
		if got := eioproto.UTF16Len(eioproto.ToValidUTF8([]byte(in))); got != want {
			t.Errorf("UTF16Len(ToValidUTF8(%q)) = %d, want %d", in, got, want)
		}
	}
}

// Invalid UTF-8 is replaced per maximal subpart, as Node's StringDecoder does.
func TestToValidUTF8(t *testing.T) {
	in := "\xe2\x82A\xed\xa0\x80\xf0\x9f"
	if got, want := string(eioproto.ToValidUTF8([]byte(in))), "\uFFFDA\uFFFD\uFFFD\uFFFD\uFFFD"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func FuzzDecodePacket(f *testing.F) {
	for _, seed := range []string{"", "4hello", "bAQID", "b4AQID=", "\x04abc", "7", "2probe", "b4-_", "b\n=A"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, frame []byte) {
		kept := bytes.Clone(frame)
		for _, rev := range []int{3, 4} {
			if p, err := eioproto.DecodeText(frame, rev); err == nil {
				var again []byte
				switch {
				case !p.Binary:
					again = append([]byte{p.Type.Digit()}, p.Data...)
				case p.Type == eioproto.Message:
					again = eioproto.AppendBase64(nil, rev, p.Data)
				default: // a revision 3 oddity nobody writes
					return
				}
				q, err := eioproto.DecodeText(again, rev)
				if err != nil || show(q) != show(p) {
					t.Fatalf("revision %d: %q -> %q -> %q, %v", rev, frame, show(p), show(q), err)
				}
				if len(p.Data) > len(frame) {
					t.Fatalf("%d bytes of data from %d", len(p.Data), len(frame))
				}
			}
			if p, err := eioproto.DecodeBinary(frame, rev); err == nil && rev == 3 {
				if again := append([]byte{byte(p.Type)}, p.Data...); !bytes.Equal(again, frame) {
					t.Fatalf("%q -> %q", frame, again)
				}
			}
		}
		if !bytes.Equal(kept, frame) {
			t.Fatal("input changed")
		}
	})
}

// FuzzBase64 compares the fast path with the definition.
func FuzzBase64(f *testing.F) {
	for _, seed := range []string{"", "AQ==", "AQ", "A", "A\r\nQ", "AQ==AQ", "-_+/", "é"} {
		f.Add(seed)
	}
	const std = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	f.Fuzz(func(t *testing.T, s string) {
		p, err := eioproto.DecodeText([]byte("b"+s), 4)
		if err != nil {
			t.Fatal(err)
		}
		var want []byte
		acc, bits := 0, 0
		head, _, _ := strings.Cut(s, "=")
		for i := range len(head) {
			c := head[i]
			switch c {
			case '-':
				c = '+'
			case '_':
				c = '/'
			}
			v := strings.IndexByte(std, c)
			if v < 0 {
				continue
			}
			acc, bits = (acc<<6|v)&0xFFFFFF, bits+6
			if bits >= 8 {
				bits -= 8
				want = append(want, byte(acc>>bits))
			}
		}
		if !bytes.Equal(p.Data, want) {
			t.Fatalf("%q: %x, want %x", s, p.Data, want)
		}
	})
}
