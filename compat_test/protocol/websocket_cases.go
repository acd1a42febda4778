package protocol

import (
	"strconv"
	"strings"

	"github.com/go-sails/sails/internal/wsconn"
)

// Spec sheet 1.6: frames, over the mirror.
func websocketCases() []Case {
	var l list
	for _, eio := range []int{3, 4} {
		rev := "rev " + strconv.Itoa(eio) + " "
		for i, text := range []string{
			"4hello", "4", "4€😀", "4" + strings.Repeat("x", 200), "4" + strings.Repeat("y", 70_000),
			"", "0", "0{}", "1", "2", "2x", "2probe", "3", "3probe", "5", "6", "7", "9", "a", "hello", " 4",
			"bAQIDBA==", "b4AQIDBA==", "b", "b4", "b!!", "b9AQ==",
		} {
			l.add(rev+"text "+numbered(i, text), func(w *World) {
				s := w.Engine("/engine.io/", eio)
				s.Burst(text, "4end")
				s.Until("4end")
			})
		}
		for i, data := range [][]byte{{}, {1}, {4}, {4, 1, 2, 3}, {2}, {3}, {0, 1}, {9, 1}, {'4', 'a'}, {0xff}} {
			l.add(rev+"binary "+numbered(i, ""), func(w *World) {
				s := w.Engine("/engine.io/", eio)
				s.SendBinary(data...)
				s.Burst("4end")
				s.Until("4end")
			})
			l.add(rev+"binary with b64 "+numbered(i, ""), func(w *World) {
				s := w.Engine("/engine.io/", eio, "&b64=1")
				s.SendBinary(data...)
				s.Burst("4end")
				s.Until("4end")
			})
		}
		l.add(rev+"base64 text with b64", func(w *World) {
			s := w.Engine("/engine.io/", eio, "&b64=1")
			s.Burst(map[int]string{3: "b4AQIDBA==", 4: "bAQIDBA=="}[eio], "4end")
			s.Until("4end")
		})
	}
	frame := func(op wsconn.Opcode, p string) []byte { return masked(op, []byte(p)) }
	part := func(first byte, p string) []byte {
		b := frame(wsconn.OpText, p)
		b[0] = first
		return b
	}
	unmasked := func(first byte, p string) []byte { return append([]byte{first, byte(len(p))}, p...) }
	join := func(parts ...[]byte) []byte {
		var all []byte
		for _, p := range parts {
			all = append(all, p...)
		}
		return all
	}
	end := frame(wsconn.OpText, "4end")
	for _, c := range []struct {
		name  string
		bytes []byte
	}{
		{"fragments", join(part(0x01, "4he"), part(0x00, "ll"), part(0x80, "o"), end)},
		{"fragments with a ping between", join(part(0x01, "4he"), frame(wsconn.OpPing, "p"), part(0x80, "llo"), end)},
		{"fragments cut inside a character", join(part(0x01, "4\xe2\x82"), part(0x80, "\xac"), end)},
		{"empty fragments", join(part(0x01, ""), part(0x00, ""), part(0x00, "4x"), part(0x80, ""), end)},
		{"ping", join(frame(wsconn.OpPing, "hello"), end)},
		{"empty ping", join(frame(wsconn.OpPing, ""), end)},
		{"ping of 125 bytes", join(frame(wsconn.OpPing, strings.Repeat("p", 125)), end)},
		{"unasked pong", join(frame(wsconn.OpPong, "hello"), end)},
		{"unmasked", join(unmasked(0x81, "4a"), end)},
		{"rsv1", join(part(0xc1, "4a"), end)},
		{"rsv2", join(part(0xa1, "4a"), end)},
		{"rsv3", join(part(0x91, "4a"), end)},
		{"opcode 3", join(part(0x83, "4a"), end)},
		{"opcode 7", join(part(0x87, "4a"), end)},
		{"opcode 11", join(part(0x8b, "a"), end)},
		{"opcode 15", join(part(0x8f, "a"), end)},
		{"stray continuation", join(part(0x80, "4a"), end)},
		{"new message inside of one", join(part(0x01, "4a"), part(0x81, "4b"), end)},
		{"fragmented ping", join(part(0x09, "p"), end)},
		{"ping of 126 bytes", join([]byte{0x89, 0xfe, 0, 126, 0, 0, 0, 0}, []byte(strings.Repeat("p", 126)), end)},
		{"bad utf-8", join(frame(wsconn.OpText, "4\xff"), end)},
		{"surrogate", join(frame(wsconn.OpText, "4\xed\xa0\x80"), end)},
		{"overlong", join(frame(wsconn.OpText, "4\xc0\xaf"), end)},
		{"beyond unicode", join(frame(wsconn.OpText, "4\xf4\x90\x80\x80"), end)},
		{"cut off character", join(frame(wsconn.OpText, "4\xe2\x82"), end)},
		{"length over the limit", []byte{0x81, 0xff, 0, 0, 0, 0, 0, 0x0f, 0x42, 0x41, 0, 0, 0, 0, '4'}},
		{"length with the highest bit", []byte{0x81, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, '4'}},
		{"close without a code", frame(wsconn.OpClose, "")},
		{"close 1000", frame(wsconn.OpClose, "\x03\xe8")},
		{"close 1000 with a reason", frame(wsconn.OpClose, "\x03\xe8bye")},
		{"close 1001", frame(wsconn.OpClose, "\x03\xe9")},
		{"close 3000", frame(wsconn.OpClose, "\x0b\xb8")},
		{"close 4999", frame(wsconn.OpClose, "\x13\x87")},
		{"close 999", frame(wsconn.OpClose, "\x03\xe7")},
		{"close 1004", frame(wsconn.OpClose, "\x03\xec")},
		{"close 1005", frame(wsconn.OpClose, "\x03\xed")},
		{"close 1006", frame(wsconn.OpClose, "\x03\xee")},
		{"close 1015", frame(wsconn.OpClose, "\x03\xf7")},
		{"close 2999", frame(wsconn.OpClose, "\x0b\xb7")},
		{"close 5000", frame(wsconn.OpClose, "\x13\x88")},
		{"close of one byte", frame(wsconn.OpClose, "\x03")},
		{"close with a bad reason", frame(wsconn.OpClose, "\x03\xe8\xff")},
		{"message and close", join(frame(wsconn.OpText, "4last"), frame(wsconn.OpClose, "\x03\xe8"))},
		{"close and message", join(frame(wsconn.OpClose, "\x03\xe8"), end)},
	} {
		l.add("frame "+c.name, func(w *World) {
			s := w.Engine("/engine.io/", 4)
			s.SendRaw(c.name, c.bytes)
			s.Until("4end")
		})
	}
	for _, n := range []int{bodyLimit - 1, bodyLimit, bodyLimit + 1} {
		l.add("size "+numbered(n-bodyLimit+1, "over a million less one"), func(w *World) {
			s := w.Engine("/engine.io/", 4)
			s.SendRaw("large", frame(wsconn.OpText, "4"+strings.Repeat("x", n-1)))
			s.write("4end")
			s.Until("4end")
		})
	}
	l.add("size over fragments", func(w *World) {
		s := w.Engine("/engine.io/", 4)
		half := strings.Repeat("x", bodyLimit/2)
		s.SendRaw("large", join(part(0x01, "4"+half), part(0x80, half)))
		s.End()
	})
	l.add("size strict", func(w *World) {
		s := w.Join("/strict/", "/")
		s.Send(`42["message","` + strings.Repeat("x", 984) + `"]`)
		s.Next()
		s.Send(`42["message","` + strings.Repeat("x", 985) + `"]`)
		s.End()
	})
	l.add("order", func(w *World) {
		s := w.Engine("/engine.io/", 4)
		var all []string
		for i := range 200 {
			all = append(all, "4"+strconv.Itoa(i))
		}
		s.Burst(append(all, "4end")...)
		s.Until("4end")
	})
	return l
}
