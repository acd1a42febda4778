package protocol

import (
	"encoding/base64"
	"fmt"
	"strings"
	"time"
)

func base64text(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

// Spec sheet 2.2 and 2.4: events, acknowledgements and binary, both generations.
func eventCases() []Case {
	var l list
	type opener struct {
		name string
		join func(*World) *Socket
	}
	for _, rev := range []opener{
		{"rev 5 ", func(w *World) *Socket { return w.Join("/ext/", "/") }},
		{"rev 4 ", func(w *World) *Socket { return w.Join3("/ext/") }},
	} {
		join := rev.join
		add := func(name string, do func(*World, *Socket)) {
			l.add(rev.name+name, func(w *World) { do(w, join(w)) })
		}
		add("echo of values", func(_ *World, s *Socket) {
			for i, v := range []string{`null`, `0`, `1`, `-1`, `0.1`, `123456789012345680000`, `"<>&"`, `"é😀"`, `""`, `{}`, `[]`, `{"a":{"b":[]}}`, `true`, `[null,null]`} {
				s.Ask(i, "message-with-ack", v)
			}
		})
		add("message-back", func(_ *World, s *Socket) {
			s.Send(`42["message"]`, `42["message",1,2]`, `42["message",{"a":1},[2]]`)
			s.Next()
			s.Next()
			s.Next()
		})
		add("ack of nothing", func(_ *World, s *Socket) { s.Ask(0, "message-with-ack") })
		add("ack ids", func(_ *World, s *Socket) {
			s.Ask(0, "message-with-ack", "1")
			s.Ask(123456, "message-with-ack", "2")
			s.Ask(0, "message-with-ack", "3")
		})
		add("acks in order", func(_ *World, s *Socket) {
			var all []string
			for i := range 20 {
				all = append(all, fmt.Sprintf(`42%d["message-with-ack",%d]`, i, i))
			}
			s.Burst(all...)
			s.Answer(19)
		})
		for _, n := range []int{0, 1, 2, 12} {
			add("bin "+numbered(n-1, ""), func(_ *World, s *Socket) {
				s.Send(fmt.Sprintf(`42["bin",%d]`, n))
				for range n + 1 {
					s.Next()
				}
			})
		}
		add("many", func(_ *World, s *Socket) {
			s.Send(`42["many",50]`)
			s.Sync()
		})
		add("volatile", func(_ *World, s *Socket) {
			s.Send(`42["volatile-me",1]`)
			s.Until(`42["volatile-done"`)
		})
		add("ask-me", func(_ *World, s *Socket) {
			s.Send(`42["ask-me",["question",1,"two"]]`)
			id := idOf(s.Next())
			s.Send("43" + id + `["answer",{"n":1}]`)
			s.Next()
			s.Send("43" + id + `["again"]`)
			s.Sync()
		})
		add("ask-me twice, answered the other way round", func(_ *World, s *Socket) {
			s.Burst(`42["ask-me",["first"]]`, `42["ask-me",["second"]]`)
			first, second := idOf(s.Next()), idOf(s.Next())
			s.Send("43" + second + `["b"]`)
			s.Next()
			s.Send("43" + first + `["a"]`)
			s.Next()
		})
		add("ask-me and go on", func(_ *World, s *Socket) {
			s.Burst(`42["ask-me",["question"]]`, `42["message","meanwhile"]`)
			id := idOf(s.Next())
			s.Next()
			s.Send("43" + id + `[]`)
			s.Next()
		})
		add("ask-me, a binary answer", func(_ *World, s *Socket) {
			s.Send(`42["ask-me",["question"]]`)
			s.Send("461-" + idOf(s.Next()) + `[{"_placeholder":true,"num":0}]`)
			if strings.HasPrefix(rev.name, "rev 4") {
				s.SendBinary(4, 7, 8)
			} else {
				s.SendBinary(7, 8)
			}
			s.Next()
			s.Next()
		})
		add("answers to nobody", func(_ *World, s *Socket) {
			s.Send(`43876543["x"]`, `43987654["x"]`, `43["x"]`)
			s.Sync()
		})
		add("ask-timeout answered", func(_ *World, s *Socket) {
			s.Send(`42["ask-timeout",2000]`)
			s.Send("43" + idOf(s.Next()) + `["yes",2]`)
			s.Next()
		})
		add("ask-timeout over", func(w *World, s *Socket) {
			began := time.Now()
			s.Send(`42["ask-timeout",100]`)
			id := idOf(s.Next())
			s.Next()
			w.Note("in time: %t", near(time.Since(began), 100*time.Millisecond))
			s.Send("43" + id + `["late"]`)
			s.Sync()
		})
		add("set-data", func(_ *World, s *Socket) {
			s.Ask(1, "set-data", `{"b":1,"a":[2]}`)
			s.Ask(2, "who")
			s.Ask(3, "set-data", `"x"`)
			s.Ask(4, "who")
		})
		add("unknown events", func(_ *World, s *Socket) {
			s.Send(`42["nothing",1]`, `425["nothing"]`)
			s.Sync()
		})
		add("large", func(_ *World, s *Socket) {
			s.Ask(1, "message-with-ack", `"`+strings.Repeat("large ", 20_000)+`"`)
		})
	}
	l.add("volatile over polling without a poll", func(w *World) {
		o := w.Open("/ext/", 4, "")
		o.SendPackets("40")
		o.Poll()
		o.SendPackets(`42["volatile-me",3]`)
		o.Poll()
	})
	l.add("custom is silent", func(w *World) {
		s := w.Join("/ext/", "/custom")
		s.Send(`42/custom,["message",1]`, `42/custom,1["message-with-ack",1]`, `42/custom,2["who"]`)
		s.Next()
		s.Send(`42/custom,3["reason-of","x"]`, `42/custom,4["who"]`)
		s.Next()
	})
	l.add("binary over polling", func(w *World) {
		o := w.Open("/ext/", 4, "")
		o.SendPackets("40")
		o.Poll()
		o.SendPackets(`42["bin",3]`, `42["message","after"]`)
		o.Poll()
	})
	l.add("base", func(w *World) {
		s := w.Join("/socket.io/", "/", `{"token":"123"}`)
		s.Send(`42["message",1,"2",{"3":[true]}]`)
		s.Next()
		s.Ask(456, "message-with-ack", "1", `"2"`)
		s.Send(`452-["message",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]`)
		s.SendBinary(1, 2, 3)
		s.SendBinary(4, 5, 6)
		s.Next()
		s.Next()
		s.Next()
		s.Send(`42["who"]`, `421["join","x"]`)
		s.Sync()
	})
	return l
}
