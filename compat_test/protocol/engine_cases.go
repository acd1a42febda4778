package protocol

import (
	"fmt"
	"net"
	"strings"
	"time"
)

// upgradeURL is where a polling session is upgraded.
func (o *Opened) upgradeURL() string {
	return strings.Replace(o.URL(), "transport=polling", "transport=websocket", 1)
}

// Spec sheet 1.10: upgrades.
func upgradeCases() []Case {
	var l list
	for _, eio := range []int{3, 4} {
		name := map[int]string{3: "rev 3 ", 4: "rev 4 "}[eio]
		open := func(w *World) *Opened { return w.Open("/engine.io/", eio, "") }
		l.add(name+"usual", func(w *World) {
			o := open(w)
			poll := w.Later("GET", o.URL(), "")
			s := w.Dial(o.upgradeURL())
			s.Send("2probe")
			s.Next()
			poll()
			s.Send("5", "4hello")
			s.Next()
			w.Get(o.URL())
			w.Post(o.URL(), "4x")
			s.Send("4still")
			s.Next()
		})
		l.add(name+"data between probe and upgrade", func(w *World) {
			o := open(w)
			s := w.Dial(o.upgradeURL())
			s.Send("2probe")
			s.Next()
			o.SendPackets("4a")
			o.Poll()
			o.SendPackets("4b", "4c")
			s.Send("5")
			s.Next()
			s.Next()
			s.Send("4d")
			s.Next()
		})
		l.add(name+"binary through the upgrade", func(w *World) {
			o := open(w)
			s := w.Dial(o.upgradeURL())
			s.Send("2probe")
			s.Next()
			o.SendPackets(map[int]string{3: "b4AQID", 4: "bAQID"}[eio])
			s.Send("5")
			s.Next()
		})
		l.add(name+"b64 through the upgrade", func(w *World) {
			o := w.Open("/engine.io/", eio, "&b64=1")
			s := w.Dial(o.upgradeURL())
			s.Send("2probe")
			s.Next()
			o.SendPackets(map[int]string{3: "b4AQID", 4: "bAQID"}[eio])
			s.Send("5")
			s.Next()
		})
		for _, bad := range []string{"2", "2other", "2probex", "3probe", "4hello", "0", "1", "6", "x", ""} {
			l.add(name+"bad probe "+bad, func(w *World) {
				o := open(w)
				s := w.Dial(o.upgradeURL())
				s.Send(bad)
				s.End()
				o.SendPackets("4alive")
				o.Poll()
				again := w.Dial(o.upgradeURL())
				again.Send("2probe")
				again.Next()
				again.Send("5", "4x")
				again.Next()
			})
		}
		l.add(name+"upgrade packet without probe", func(w *World) {
			o := open(w)
			s := w.Dial(o.upgradeURL())
			s.Send("5", "4hello")
			s.Until("4hello")
		})
		l.add(name+"two probes on one websocket", func(w *World) {
			o := open(w)
			s := w.Dial(o.upgradeURL())
			s.Send("2probe", "2probe")
			s.Next()
			s.Next()
			s.Send("5", "4x")
			s.Next()
		})
		l.add(name+"message after the probe", func(w *World) {
			o := open(w)
			s := w.Dial(o.upgradeURL())
			s.Send("2probe")
			s.Next()
			s.Send("4early")
			s.End()
			o.SendPackets("4alive")
			o.Poll()
		})
		l.add(name+"two websockets", func(w *World) {
			o := open(w)
			s := w.Dial(o.upgradeURL())
			s.Send("2probe")
			s.Next()
			second := w.Dial(o.upgradeURL())
			second.Send("2probe")
			second.End()
			s.Send("5", "4x")
			s.Next()
			third := w.Dial(o.upgradeURL())
			third.Send("2probe", "5")
			third.End()
			s.Send("4y")
			s.Next()
		})
		l.add(name+"probe lost", func(w *World) {
			o := open(w)
			s := w.Dial(o.upgradeURL())
			s.Send("2probe")
			s.Next()
			s.Leave(1000)
			o.SendPackets("4alive")
			o.Poll()
			again := w.Dial(o.upgradeURL())
			again.Send("2probe")
			again.Next()
		})
		l.add(name+"session ends while probing", func(w *World) {
			o := open(w)
			s := w.Dial(o.upgradeURL())
			s.Send("2probe")
			s.Next()
			o.SendPackets("1")
			s.End()
		})
		l.add(name+"session of a websocket", func(w *World) {
			born := w.Dial(strings.Replace(o3(eio), "polling", "websocket", 1))
			sid := sidOf(born.Next())
			if s := w.Dial(strings.Replace(o3(eio), "polling", "websocket", 1) + "&sid=" + sid); s != nil {
				s.Send("2probe")
				s.Next()
			}
			born.Send("4alive")
			born.Next()
		})
	}
	l.add("noop to every poll while probing", func(w *World) {
		o := w.Open("/ext/", 4, "")
		s := w.Dial(o.upgradeURL())
		s.Send("2probe")
		s.Next()
		began := time.Now()
		o.Poll()
		w.Note("released at once: %t, within 250 ms: %t", time.Since(began) < 20*time.Millisecond, time.Since(began) < 250*time.Millisecond)
		o.Poll()
	})
	l.add("time-out", func(w *World) {
		o := w.Open("/ext/", 4, "")
		s := w.Dial(o.upgradeURL())
		began := time.Now()
		s.End()
		w.Note("after 600 ms: %t", near(time.Since(began), 600*time.Millisecond))
		o.SendPackets("40")
		o.Poll()
	})
	l.add("time-out after the probe", func(w *World) {
		o := w.Open("/ext/", 4, "")
		s := w.Dial(o.upgradeURL())
		s.Send("2probe")
		s.Next()
		began := time.Now()
		s.End()
		w.Note("after 600 ms: %t", near(time.Since(began), 600*time.Millisecond))
		o.SendPackets("40")
		o.Poll()
	})
	l.add("not announced", func(w *World) {
		o := w.Open("/strict/", 4, "")
		if s := w.Dial(o.upgradeURL()); s != nil {
			s.Send("2probe")
			s.Next()
			s.Send("5", "40")
			s.Next()
			s.Next()
		}
	})
	l.add("another revision", func(w *World) {
		o := w.Open("/ext/", 4, "")
		w.Dial(strings.Replace(o.upgradeURL(), "EIO=4", "EIO=3", 1))
		o.SendPackets("40")
		o.Poll()
	})
	l.add("socket.io through the upgrade", func(w *World) {
		o := w.Open("/ext/", 4, "")
		o.SendPackets("40")
		o.Poll()
		s := w.Dial(o.upgradeURL())
		s.Send("2probe")
		s.Next()
		o.SendPackets(`42["many",3]`)
		s.Send("5")
		s.Next()
		s.Next()
		s.Next()
		s.Ask(1, "who")
	})
	return l
}

func o3(eio int) string {
	if eio == 3 {
		return "/engine.io/?EIO=3&transport=polling"
	}
	return "/engine.io/?EIO=4&transport=polling"
}

// near allows for a busy machine: late, never early.
func near(d, want time.Duration) bool {
	return d > want-30*time.Millisecond && d < want+400*time.Millisecond
}

// Spec sheet 1.9: heartbeats.
func heartbeatCases() []Case {
	var l list
	add := func(name string, do func(*World)) {
		l.add(name, func(w *World) { w.pings = true; do(w) })
	}
	add("rev 4 websocket answers", func(w *World) {
		s := w.Engine("/engine.io/", 4)
		began := time.Now()
		for i := range 3 {
			s.Next()
			w.Note("in time: %t", near(time.Since(began), time.Duration(i+1)*300*time.Millisecond))
			s.Send("3")
		}
		s.Send("4x")
		s.Next()
	})
	add("rev 4 websocket silent", func(w *World) {
		s := w.Engine("/engine.io/", 4)
		began := time.Now()
		s.End()
		w.Note("in time: %t", near(time.Since(began), 500*time.Millisecond))
	})
	add("rev 4 talking does not count for long", func(w *World) {
		s := w.Engine("/engine.io/", 4)
		began := time.Now()
		s.Next()
		s.Send("4a")
		s.Next()
		s.Send("4b")
		s.Next()
		s.End()
		w.Note("in time: %t", near(time.Since(began), 500*time.Millisecond))
	})
	add("rev 4 unasked pong restarts", func(w *World) {
		s := w.Engine("/engine.io/", 4)
		s.Silent(150 * time.Millisecond)
		s.Send("3")
		began := time.Now()
		s.Next()
		w.Note("in time: %t", near(time.Since(began), 300*time.Millisecond))
	})
	add("rev 4 pong with data", func(w *World) {
		s := w.Engine("/engine.io/", 4)
		s.Next()
		s.Send("3data", "4x")
		s.Next()
		s.Next()
	})
	add("rev 4 ping from the client", func(w *World) {
		s := w.Engine("/engine.io/", 4)
		s.Send("2")
		s.End()
	})
	add("rev 4 polling answers", func(w *World) {
		o := w.Open("/engine.io/", 4, "")
		for range 3 {
			o.Poll()
			o.SendPackets("3")
		}
	})
	add("rev 4 polling held at the end", func(w *World) {
		o := w.Open("/engine.io/", 4, "")
		o.Poll()
		o.Poll()
		o.Poll()
	})
	add("rev 4 polling never polled", func(w *World) {
		o := w.Open("/engine.io/", 4, "")
		pause(520 * time.Millisecond)
		o.Poll()
	})
	add("rev 4 through the upgrade", func(w *World) {
		o := w.Open("/engine.io/", 4, "")
		s := w.Dial(o.upgradeURL())
		s.Send("2probe")
		s.Next()
		s.Send("5")
		s.Next()
		s.Send("3")
		s.Next()
		s.Send("3")
		s.Next()
	})
	add("rev 3 websocket pings", func(w *World) {
		s := w.Engine("/engine.io/", 3)
		for range 3 {
			pause(250 * time.Millisecond)
			s.Send("2")
			s.Next()
		}
		s.Send("2data")
		s.Next()
	})
	add("rev 3 websocket silent", func(w *World) {
		s := w.Engine("/engine.io/", 3)
		began := time.Now()
		s.End()
		w.Note("in time: %t", near(time.Since(began), 500*time.Millisecond))
	})
	add("rev 3 talking does not count", func(w *World) {
		s := w.Engine("/engine.io/", 3)
		began := time.Now()
		for range 4 {
			pause(100 * time.Millisecond)
			s.Send("4x")
			s.Next()
		}
		s.End()
		w.Note("in time: %t", near(time.Since(began), 500*time.Millisecond))
	})
	add("rev 3 pong from the client", func(w *World) {
		s := w.Engine("/engine.io/", 3)
		s.Send("3")
		s.End()
	})
	add("rev 3 polling pings", func(w *World) {
		o := w.Open("/engine.io/", 3, "")
		for range 3 {
			pause(200 * time.Millisecond)
			o.SendPackets("2")
			o.Poll()
		}
	})
	add("rev 3 polling held at the end", func(w *World) {
		o := w.Open("/engine.io/", 3, "")
		o.Poll()
		o.Poll()
	})
	add("connect time-out", func(w *World) {
		s := w.Engine("/strict/", 4)
		began := time.Now()
		s.End()
		w.Note("in time: %t", near(time.Since(began), 300*time.Millisecond))
	})
	add("connect time-out after a refusal", func(w *World) {
		s := w.Engine("/strict/", 4)
		began := time.Now()
		s.Send("40/none,")
		s.Next()
		s.End()
		w.Note("in time: %t", near(time.Since(began), 300*time.Millisecond))
	})
	add("connect time-out over polling", func(w *World) {
		o := w.Open("/strict/", 4, "")
		o.Poll()
		o.Poll()
	})
	add("connect time-out without a poll", func(w *World) {
		o := w.Open("/strict/", 4, "")
		pause(400 * time.Millisecond)
		o.Poll()
		o.Poll()
	})
	add("no connect time-out once joined and left", func(w *World) {
		s := w.Join("/strict/", "/")
		s.Send("41")
		s.Silent(500 * time.Millisecond)
		s.Connect("/")
	})
	return l
}

// pause lets time go by where a case is about time.
func pause(d time.Duration) {
	t := time.NewTimer(d)
	<-t.C
}

// Spec sheet 1.11 and 1.8: ends of sessions.
func closingCases() []Case {
	var l list
	for _, eio := range []int{3, 4} {
		name := map[int]string{3: "rev 3 ", 4: "rev 4 "}[eio]
		l.add(name+"close packet, poll held", func(w *World) {
			o := w.Open("/ext/", eio, "")
			if eio == 3 {
				o.Poll()
			}
			poll := w.Later("GET", o.URL(), "")
			pause(30 * time.Millisecond)
			o.SendPackets("1")
			poll()
			o.Poll()
		})
		l.add(name+"close packet, no poll", func(w *World) {
			o := w.Open("/ext/", eio, "")
			o.SendPackets("1")
			o.Poll()
			o.SendPackets("1")
		})
		l.add(name+"packets and close packet", func(w *World) {
			o := w.Open("/ext/", eio, "")
			if eio == 3 {
				o.Poll()
				o.SendPackets(`42["message",1]`, "1", `42["message",2]`)
			} else {
				o.SendPackets("40", `42["message",1]`, "1", `42["message",2]`)
			}
			o.Poll()
		})
		l.add(name+"two polls", func(w *World) {
			o := w.Open("/ext/", eio, "")
			if eio == 3 {
				o.Poll()
			}
			poll := w.Later("GET", o.URL(), "")
			pause(50 * time.Millisecond)
			o.Poll()
			poll()
			o.Poll()
		})
		l.add(name+"two posts", func(w *World) {
			o := w.Open("/ext/", eio, "")
			conn := w.half(o)
			o.SendPackets("3")
			_ = conn.SetReadDeadline(time.Now().Add(patience))
			n, _ := conn.Read(make([]byte, 100))
			w.Note("the first POST is cut off: %t", n == 0)
			_ = conn.Close()
			o.Poll()
		})
		l.add(name+"lost poll", func(w *World) {
			o := w.Open("/ext/", eio, "")
			if eio == 3 {
				o.Poll()
			}
			conn := w.Pending(o.URL())
			pause(50 * time.Millisecond)
			_ = conn.Close()
			pause(50 * time.Millisecond)
			o.Poll()
		})
		l.add(name+"lost post", func(w *World) {
			o := w.Open("/ext/", eio, "")
			conn := w.half(o)
			_ = conn.Close()
			pause(50 * time.Millisecond)
			o.SendPackets("3")
			o.Poll()
		})
		l.add(name+"parse error with a poll held", func(w *World) {
			o := w.Open("/ext/", eio, "")
			if eio == 3 {
				o.Poll()
			}
			poll := w.Later("GET", o.URL(), "")
			pause(30 * time.Millisecond)
			o.Send("nonsense")
			poll()
			o.Poll()
		})
	}
	l.add("server closes, poll held", func(w *World) {
		o := w.Open("/ext/", 4, "")
		o.SendPackets("40")
		o.Poll()
		poll := w.Later("GET", o.URL(), "")
		pause(30 * time.Millisecond)
		o.SendPackets(`42["bye",true]`)
		poll()
		o.Poll()
		o.Poll()
	})
	l.add("server closes, no poll", func(w *World) {
		o := w.Open("/ext/", 4, "")
		o.SendPackets("40")
		o.Poll()
		o.SendPackets(`42["many",2]`, `42["bye",true]`)
		o.Poll()
		o.Poll()
		o.Poll()
	})
	l.add("server closes with a malformed packet, poll held", func(w *World) {
		o := w.Open("/ext/", 4, "")
		o.SendPackets("40")
		o.Poll()
		poll := w.Later("GET", o.URL(), "")
		pause(30 * time.Millisecond)
		o.SendPackets(`4x`)
		poll()
		o.Poll()
	})
	l.add("server closes with a malformed packet, no poll", func(w *World) {
		o := w.Open("/ext/", 4, "")
		o.SendPackets("40")
		o.Poll()
		o.SendPackets(`42["message",1]`, `4x`, `42["message",2]`)
		o.SendPackets(`42["message",3]`)
		o.Poll()
		o.Poll()
	})
	l.add("server closes websocket", func(w *World) {
		s := w.Join("/ext/", "/")
		s.Burst(`42["many",3]`, `42["bye",true]`, `42["message",1]`)
		s.End()
	})
	for _, code := range []int{0, 1000, 1001, 1006 - 3, 3000, 4000, -1} {
		l.add("client closes websocket "+numbered(code, ""), func(w *World) {
			s := w.Join("/ext/", "/")
			id := s.ID()
			s.Leave(code)
			w.Join("/ext/", "/").ReasonOf(id)
		})
	}
	return l
}

// half sends half of a POST and returns its connection.
func (w *World) half(o *Opened) net.Conn {
	conn := w.connect(o.path)
	_, _ = fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Length: 10\r\n\r\n40", o.URL(), conn.RemoteAddr())
	pause(50 * time.Millisecond)
	return conn
}
