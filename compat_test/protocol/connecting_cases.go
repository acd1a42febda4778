package protocol

import "strings"

// Spec sheet 2.3: joining namespaces.
func connectingCases() []Case {
	var l list
	mounts := []string{"/socket.io/", "/ext/", "/strict/", "/recovery/"}
	for _, mount := range mounts {
		for i, connect := range []string{
			"40", "40{}", `40{"token":"x"}`, `40{"a":{"b":[1,null,"é😀"]},"__proto__":{"x":1}}`, "40/", "40/,", `40/,{"a":1}`,
			"40/custom", "40/custom,", `40/custom,{"token":"y"}`, "40/custom,{}", "40/none", "40/none,", `40/none,{"a":1}`,
			"40/locked,", `40/locked,{"token":"sesame"}`, `40/locked,{"token":"wrong"}`, `40/locked,{"token":["sesame"]}`, "40/locked-plain,",
			"40/dyn-1,", "40/dyn-12345,", "40/dyn-,", "40/dyn-x,", "40/dyn-1x,", "40/xdyn-1,", "40/DYN-1,", "40/dyn-1/,", "40/" + strings.Repeat("n", 300) + ",",
			`40/é,`, "40/a b,", `40/custom?x=1,`, `40{"pid":1,"offset":2}`, `40{"pid":"x","offset":"y"}`,
		} {
			l.add("rev 5 "+mount+" "+numbered(i, connect), func(w *World) {
				s := w.Engine(mount, 4)
				s.Send(connect)
				if f := s.Next(); strings.Contains(f, `"sid"`) && !strings.Contains(f, "locked") {
					s.Next()
				}
				if !s.Closed && !strings.HasPrefix(connect, `40{`) && connect != "40" && !strings.HasPrefix(connect, "40/,") && connect != "40/" {
					s.Send("40")
					s.Next()
					s.Next()
				}
			})
		}
	}
	for _, mount := range []string{"/socket.io/", "/ext/", "/recovery/"} {
		for i, connect := range []string{
			"40", "40/", "40/custom", "40/custom,", "40/custom?a=b", "40/custom?a=b,", "40/custom?a=b&c=%20d+e&a=2&empty=&bare,", "40/custom?,", `40/custom,{"token":1}`,
			"40/none", "40/none?x=1,", "40/locked", "40/locked?token=sesame", "40/locked?token=wrong,", "40/locked-plain", "40/dyn-7", "40/dyn-7?x=1", "40/dyn-x",
		} {
			l.add("rev 4 "+mount+" "+numbered(i, connect), func(w *World) {
				s := w.Join3(mount)
				s.Send(connect)
				f := s.Next()
				if strings.HasPrefix(f, "text 40/") && !strings.Contains(f, "locked") {
					s.Next()
				}
				s.Sync()
			})
		}
		l.add("rev 4 implicit "+mount, func(w *World) {
			s := w.Engine(mount, 3, "&token=x&a=1")
			s.Next()
			s.Next()
		})
	}
	l.add("many namespaces", func(w *World) {
		s := w.Join("/ext/", "/custom")
		s.Connect("/dyn-1")
		s.Next()
		s.Connect("/dyn-2")
		s.Next()
		s.Connect("/")
		s.Ask(1, "who")
		s.Send(`42/custom,2["who"]`)
		s.Next()
		s.Send("41/custom,")
		s.Sync()
		s.Send(`42/dyn-1,["x"]`)
		s.Sync()
	})
	l.add("join twice", func(w *World) {
		s := w.Join("/ext/", "/")
		s.Send("40")
		s.End()
	})
	l.add("join, leave and join again", func(w *World) {
		s := w.Join("/ext/", "/")
		s.Send("41")
		s.SyncEngine()
		s.Connect("/", `{"again":true}`)
		s.Ask(1, "who")
	})
	l.add("refused, then accepted", func(w *World) {
		s := w.Engine("/ext/", 4)
		s.Send("40/locked,")
		s.Next()
		s.Send(`40/locked,{"token":"sesame"}`)
		s.Next()
		s.Send("40/locked-plain,")
		s.Next()
		s.Connect("/")
		s.Sync()
	})
	l.add("event pipelined behind CONNECT", func(w *World) {
		s := w.Engine("/ext/", 4)
		s.Burst("40", `42["message",1]`, `421["message-with-ack",2]`)
		s.Next()
		s.Next()
		s.Next()
	})
	l.add("event for a refused namespace", func(w *World) {
		s := w.Join("/ext/", "/")
		s.Burst("40/locked-plain,", `42/locked-plain,["x"]`)
		s.End()
	})
	l.add("over polling", func(w *World) {
		o := w.Open("/ext/", 4, "")
		for _, connect := range []string{"40", "40/custom,", `40/none,`, `40/locked,{"token":"sesame"}`, "40/dyn-3,"} {
			o.SendPackets(connect)
			o.Poll()
		}
	})
	for _, eio := range []int{3, 4} {
		l.add("who rev "+numbered(eio-1, ""), func(w *World) {
			s := w.Dial("/ext/?EIO="+string(rune('0'+eio))+"&transport=websocket&x=1&y=%20x&y=y&z", "X-Test", "hello", "Origin", "http://a.example")
			s.Next()
			if eio == 4 {
				s.Connect("/", `{"x":1}`)
			} else {
				s.Until("42")
			}
			s.Ask(1, "who")
			s.Connect("/custom", map[int]string{4: `{"y":2}`, 3: ""}[eio])
			s.Send(`42/custom,2["who"]`)
			s.Until("43/custom,2")
		})
		l.add("who over polling rev "+numbered(eio-1, ""), func(w *World) {
			o := w.Open("/ext/", eio, "&x=%C3%A9")
			if eio == 4 {
				o.SendPackets("40")
			}
			o.Poll()
			o.SendPackets(`421["who"]`)
			o.Poll()
		})
	}
	l.add("repeated header", func(w *World) {
		s := w.Dial("/ext/?EIO=4&transport=websocket", "X-Test", "one", "X-Test", "two")
		s.Next()
		s.Connect("/")
		s.Ask(1, "who")
	})
	return l
}
