package protocol

import (
	"time"
)

// Spec sheet 2.5: why a socket went, as another one is told.
func reasonCases() []Case {
	var l list
	for _, rev := range []int{5, 4} {
		join := func(w *World) *Socket {
			if rev == 4 {
				return w.Join3("/ext/")
			}
			return w.Join("/ext/", "/")
		}
		name := map[int]string{5: "rev 5 ", 4: "rev 4 "}[rev]
		add := func(what string, do func(w *World, s *Socket)) {
			l.add(name+what, func(w *World) {
				s := join(w)
				id := s.ID()
				do(w, s)
				w.Join("/ext/", "/").ReasonOf(id)
			})
		}
		add("still here", func(w *World, s *Socket) {
			s.Ask(1, "reason-of", `"unknown"`)
			s.Leave(1000)
		})
		add("client disconnects", func(_ *World, s *Socket) { s.Send("41"); s.SyncEngine() })
		add("server disconnects", func(_ *World, s *Socket) {
			s.Send(`42["bye",false]`)
			s.Until("41")
		})
		add("server closes", func(_ *World, s *Socket) {
			s.Send(`42["bye",true]`)
			s.End()
		})
		add("client closes", func(_ *World, s *Socket) { s.Leave(1000) })
		add("connection lost", func(_ *World, s *Socket) { s.Leave(-1) })
		add("undecodable engine packet", func(_ *World, s *Socket) { s.Send("x"); s.End() })
		add("undecodable packet", func(_ *World, s *Socket) { s.Send("4x"); s.End() })
		add("reserved event", func(_ *World, s *Socket) { s.Send(`42["disconnect"]`); s.End() })
		add("stray attachment", func(_ *World, s *Socket) { s.SendBinary(4, 1); s.End() })
		add("connects twice", func(_ *World, s *Socket) { s.Send(`40`); s.End() })
		add("event for another namespace", func(_ *World, s *Socket) { s.Send(`42/custom,["x"]`); s.End() })
		add("frame error", func(_ *World, s *Socket) {
			s.SendRaw("unmasked", []byte{0x81, 1, '4'})
			s.End()
		})
		add("wrong heartbeat", func(_ *World, s *Socket) {
			s.Send(map[int]string{5: "2", 4: "3"}[rev])
			s.End()
		})
		add("kicked", func(w *World, s *Socket) {
			id := s.ID()
			other := w.Join("/ext/", "/")
			other.Send(`42["kick","` + id + `",false]`)
			s.Until("41")
		})
		for _, closing := range []struct{ name, payload string }{
			{"goodbye over polling", "1"}, {"undecodable over polling", "x"}, {"malformed over polling", "4x"},
			{"invalid over polling", `42/custom,["x"]`}, {"connects twice over polling", "40"}, {"reserved over polling", `42["connect"]`},
		} {
			for _, held := range []bool{true, false} {
				what := closing.name
				if held {
					what += ", poll held"
				}
				l.add(name+what, func(w *World) {
					o, id := w.polling(rev)
					var poll func() *Answer
					if held {
						poll = w.Later("GET", o.URL(), "")
						pause(30 * time.Millisecond)
					}
					o.SendPackets(closing.payload)
					if held {
						poll()
					}
					w.Join("/ext/", "/").ReasonOf(id)
				})
			}
		}
		l.add(name+"overlapping polls", func(w *World) {
			o, id := w.polling(rev)
			poll := w.Later("GET", o.URL(), "")
			pause(30 * time.Millisecond)
			o.Poll()
			poll()
			w.Join("/ext/", "/").ReasonOf(id)
		})
		l.add(name+"lost poll", func(w *World) {
			o, id := w.polling(rev)
			conn := w.Pending(o.URL())
			pause(30 * time.Millisecond)
			_ = conn.Close()
			w.Join("/ext/", "/").ReasonOf(id)
		})
		l.add(name+"no heartbeat", func(w *World) {
			w.pings = true
			var s *Socket
			if rev == 4 {
				s = w.Join3("/recovery/")
			} else {
				s = w.Join("/recovery/", "/")
			}
			id := s.ID()
			s.End()
			w.pings = false
			w.Join("/recovery/", "/").ReasonOf(id)
		})
	}
	l.add("other namespaces go with the connection", func(w *World) {
		s := w.Join("/ext/", "/")
		s.Send("40/custom,")
		s.Next()
		s.Next()
		s.Send(`42/custom,5["who"]`)
		id := sidOf2(s.Next())
		s.Send(`42["bye",true]`)
		s.End()
		w.Join("/ext/", "/").ReasonOf(id)
	})
	l.add("other namespaces stay", func(w *World) {
		s := w.Join("/ext/", "/")
		s.Connect("/custom")
		s.Send(`42["bye",false]`)
		s.Next()
		s.Send(`42/custom,5["who"]`)
		s.Next()
	})
	return l
}

// polling joins "/" over polling and returns the socket's id.
func (w *World) polling(rev int) (*Opened, string) {
	eio := rev - 1
	o := w.Open("/ext/", eio, "")
	if eio == 4 {
		o.SendPackets("40")
	}
	o.Poll()
	o.SendPackets(`421["who"]`)
	return o, sidOf2(o.Poll().Body)
}

// sidOf2 finds the id in the answer of "who".
func sidOf2(text string) string {
	if m := identifier.FindStringSubmatch(text); m != nil {
		return m[1]
	}
	return ""
}
