package protocol

import (
	"fmt"
	"regexp"
	"strings"
	"time"
)

var confirmed = regexp.MustCompile(`"sid":"([^"]+)","pid":"([^"]+)"`)

// A claim is what a client needs to recover.
type claim struct{ sid, pid, offset string }

func (c claim) auth() string { return fmt.Sprintf(`{"pid":%q,"offset":%q}`, c.pid, c.offset) }

// lasting connects to the mount with recovery.
func (w *World) lasting() (*Socket, claim) {
	s := w.Engine("/recovery/", 4)
	s.Send(`40{"token":1}`)
	m := confirmed.FindStringSubmatch(s.Next())
	if m == nil {
		w.Fail("no pid")
	}
	s.Next()
	return s, claim{sid: m[1], pid: m[2], offset: s.Offset}
}

// again reconnects and records up to the greeting and the answer of who.
func (w *World) again(auth string) *Socket {
	s := w.Engine("/recovery/", 4)
	s.Send("40" + auth)
	s.Until("40")
	s.Next()
	s.Ask(900, "who")
	return s
}

// Spec sheet 2.7: connection state recovery.
func recoveryCases() []Case {
	var l list
	l.add("offsets", func(w *World) {
		s, _ := w.lasting()
		s.Send(`42["message",1]`)
		s.Next()
		s.Send(`42["ask-me",["q",1]]`)
		f := s.Next()
		s.Send("43" + idOf(f) + `["x"]`)
		s.Next()
		s.Send(`42["bin",1]`)
		s.Next()
		s.Next()
		s.Ask(1, "message-with-ack", "2")
		s.Send(`42["volatile-me",0]`)
		s.Next()
	})
	l.add("revision 4 has offsets too", func(w *World) {
		s := w.Join3("/recovery/")
		s.Send(`42["message",1]`)
		s.Next()
	})
	for _, how := range []struct {
		name string
		end  func(*Socket)
	}{
		{"lost", func(s *Socket) { s.Leave(-1) }},
		{"closed", func(s *Socket) { s.Leave(1000) }},
		{"malformed", func(s *Socket) { s.Send("4x"); s.End() }},
		{"undecodable", func(s *Socket) { s.Send("x"); s.End() }},
		{"frame error", func(s *Socket) { s.SendRaw("unmasked", []byte{0x81, 1, '4'}); s.End() }},
		{"left", func(s *Socket) { s.Send("41"); s.Leave(1000) }},
		{"server disconnects", func(s *Socket) { s.Send(`42["bye",false]`); s.Until("41"); s.Leave(1000) }},
		{"server closes", func(s *Socket) { s.Send(`42["bye",true]`); s.End() }},
	} {
		l.add("after the connection was "+how.name, func(w *World) {
			s, c := w.lasting()
			s.Ask(1, "join", `"r"`)
			s.Ask(2, "set-data", `{"a":1}`)
			how.end(s)
			other, _ := w.lasting()
			other.ReasonOf(c.sid)
			w.again(c.auth())
		})
	}
	l.add("missed events", func(w *World) {
		s, c := w.lasting()
		room := fmt.Sprintf("%q", "room of "+c.sid)
		s.Ask(1, "join", room)
		id := c.sid
		s.Leave(-1)
		other, _ := w.lasting()
		other.ReasonOf(id)
		other.Ask(1, "bcast", room, `null`, `["to the room",1]`)
		other.Ask(2, "bcast", fmt.Sprintf("%q", id), `null`, `["to the socket",2]`)
		other.Ask(3, "bcast", `"another room"`, `null`, `["to others",3]`)
		other.Ask(4, "bcast", room, `"another room"`, `["to the room but others",4]`)
		other.Ask(5, "bcast", room, room, `["to the room but the room",5]`)
		other.Ask(6, "bcast", fmt.Sprintf("[%s,%q]", room, "x"), fmt.Sprintf("%q", id), `["to the room but the socket",6]`)
		other.Send(`451-7["bcast",` + room + `,null,["bytes",{"_placeholder":true,"num":0}]]`)
		other.SendBinary(1, 2)
		other.Answer(7)
		back := w.again(c.auth())
		other.Ask(8, "bcast", room, `null`, `["live",8]`)
		back.Next()
	})
	l.add("missed once", func(w *World) {
		s, c := w.lasting()
		s.Leave(-1)
		other, _ := w.lasting()
		other.ReasonOf(c.sid)
		other.Ask(1, "bcast", fmt.Sprintf("%q", c.sid), `null`, `["missed",1]`)
		back := w.again(c.auth())
		back.Leave(-1)
		other.Ask(2, "message-with-ack")
		pause(30 * time.Millisecond)
		again := w.again(fmt.Sprintf(`{"pid":%q,"offset":%q}`, c.pid, back.Offset))
		again.Sync()
	})
	l.add("used twice", func(w *World) {
		s, c := w.lasting()
		s.Leave(-1)
		other, _ := w.lasting()
		other.ReasonOf(c.sid)
		w.again(c.auth())
		second := w.Engine("/recovery/", 4)
		second.Send("40" + c.auth())
		second.Until("40")
		second.Next()
	})
	l.add("still connected", func(w *World) {
		_, c := w.lasting()
		w.again(c.auth())
	})
	for i, change := range []func(claim) string{
		func(c claim) string { return fmt.Sprintf(`{"pid":%q}`, c.pid) },
		func(c claim) string { return fmt.Sprintf(`{"pid":%q,"offset":1}`, c.pid) },
		func(c claim) string { return fmt.Sprintf(`{"pid":%q,"offset":null}`, c.pid) },
		func(c claim) string { return fmt.Sprintf(`{"pid":[%q],"offset":%q}`, c.pid, c.offset) },
		func(c claim) string { return fmt.Sprintf(`{"pid":%q,"offset":"unknown"}`, c.pid) },
		func(c claim) string { return fmt.Sprintf(`{"pid":%q,"offset":""}`, c.pid) },
		func(c claim) string { return fmt.Sprintf(`{"pid":"unknown","offset":%q}`, c.offset) },
		func(c claim) string { return fmt.Sprintf(`{"offset":%q}`, c.offset) },
		func(c claim) string { return fmt.Sprintf(`{"pid":"__proto__","offset":%q}`, c.offset) },
		func(c claim) string { return strings.Replace(c.auth(), "{", `{"token":2,`, 1) },
	} {
		l.add("claim "+numbered(i, ""), func(w *World) {
			s, c := w.lasting()
			s.Leave(-1)
			other, _ := w.lasting()
			other.ReasonOf(c.sid)
			w.again(change(c))
		})
	}
	l.add("locked, skipped by recovery", func(w *World) {
		s := w.Engine("/recovery/", 4)
		s.Send(`40/locked,{"token":"sesame"}`)
		s.Next()
		s.Send(`40/locked-plain,`)
		s.Next()
	})
	return l
}
