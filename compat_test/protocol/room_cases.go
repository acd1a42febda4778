package protocol

import (
	"fmt"
	"strings"
	"sync/atomic"
	"time"
)

// Spec sheet 2.9: rooms and broadcasts. The cases reach every client of the mount.
func roomCases() []Case {
	var l list
	add := func(name string, do func(w *World, a, b, c *Socket)) {
		l.add(name, func(w *World) {
			w.ownRooms()
			a, b, c := w.Join("/ext/", "/"), w.Join("/ext/", "/"), w.Join3("/ext/")
			do(w, a, b, c)
			for _, s := range []*Socket{a, b, c} {
				if !s.Closed {
					s.Sync()
				}
			}
		})
	}
	add("everybody", func(_ *World, a, _, _ *Socket) { a.Ask(1, "bcast", `null`, `null`, `["news",1,{"a":"b"}]`) })
	add("everybody but the sender", func(_ *World, a, _, _ *Socket) { a.Ask(1, "sbcast", `["news",[2]]`) })
	add("volatile to everybody", func(_ *World, a, _, _ *Socket) { a.Ask(1, "bcast-volatile", `["news"]`) })
	add("room", func(_ *World, a, b, _ *Socket) {
		b.Ask(1, "join", `"r"`)
		a.Ask(1, "bcast", `"r"`, `null`, `["to r"]`)
	})
	add("room of the sender", func(_ *World, a, b, _ *Socket) {
		a.Ask(1, "join", `"r"`)
		b.Ask(1, "join", `"r"`)
		a.Ask(2, "bcast", `"r"`, `null`, `["to r"]`)
	})
	add("empty room", func(_ *World, a, _, _ *Socket) { a.Ask(1, "bcast", `"nobody"`, `null`, `["to nobody"]`) })
	add("empty list of rooms", func(_ *World, a, _, _ *Socket) { a.Ask(1, "bcast", `[]`, `[]`, `["to all"]`) })
	add("union of rooms, once each", func(_ *World, a, b, c *Socket) {
		b.Ask(1, "join", `"r1"`)
		b.Ask(2, "join", `"r2"`)
		c.Ask(1, "join", `"r2"`)
		a.Ask(1, "bcast", `["r1","r2"]`, `null`, `["to both"]`)
	})
	add("except", func(_ *World, a, b, c *Socket) {
		b.Ask(1, "join", `"r1"`)
		c.Ask(1, "join", `"r1"`)
		c.Ask(2, "join", `"r2"`)
		a.Ask(1, "bcast", `"r1"`, `"r2"`, `["r1 without r2"]`)
		a.Ask(2, "bcast", `null`, `["r1","r2"]`, `["nobody of them"]`)
	})
	add("a socket id is a room", func(_ *World, a, b, c *Socket) {
		id := b.ID()
		a.Ask(1, "bcast", fmt.Sprintf("%q", id), `null`, `["for one"]`)
		a.Ask(2, "bcast", `null`, fmt.Sprintf("%q", id), `["for the others"]`)
		id = c.ID()
		a.Ask(3, "bcast", fmt.Sprintf("[%q]", id), `null`, `["for the old one"]`)
	})
	add("join twice, leave once", func(_ *World, a, b, _ *Socket) {
		b.Ask(1, "join", `"r"`)
		b.Ask(2, "join", `"r"`)
		b.Ask(3, "who")
		a.Ask(1, "bcast", `"r"`, `null`, `["once"]`)
		b.Ask(4, "leave", `"r"`)
		b.Ask(5, "leave", `"r"`)
		b.Ask(6, "who")
		a.Ask(2, "bcast", `"r"`, `null`, `["never"]`)
	})
	add("join several", func(_ *World, a, b, _ *Socket) {
		b.Ask(1, "join", `["r1","r2"]`)
		b.Ask(2, "who")
		a.Ask(1, "bcast", `"r2"`, `null`, `["to r2"]`)
	})
	add("sockets-leave", func(_ *World, a, b, c *Socket) {
		b.Ask(1, "join", `"r"`)
		c.Ask(1, "join", `"r"`)
		a.Ask(1, "sockets-leave", `"r"`)
		a.Ask(2, "bcast", `"r"`, `null`, `["never"]`)
		b.Ask(3, "who")
	})
	add("kick", func(_ *World, a, b, c *Socket) {
		b.Ask(1, "join", `"r"`)
		c.Ask(1, "join", `"r"`)
		a.Send(`42["kick","r",false]`)
		b.Next()
		c.Next()
		b.Connect("/")
	})
	add("kick with the connection", func(_ *World, a, b, c *Socket) {
		b.Ask(1, "join", `"r"`)
		c.Ask(1, "join", `"r"`)
		a.Send(`42["kick","r",true]`)
		b.End()
		c.End()
	})
	add("kick oneself", func(_ *World, a, _, _ *Socket) {
		a.Ask(1, "join", `"r"`)
		a.Send(`42["kick","r",true]`)
		a.End()
	})
	add("rooms end with the socket", func(_ *World, a, b, _ *Socket) {
		b.Ask(1, "join", `"r"`)
		b.Send("41")
		b.SyncEngine()
		b.Connect("/")
		b.Ask(2, "who")
		a.Ask(1, "bcast", `"r"`, `null`, `["never"]`)
	})
	add("rooms belong to a namespace", func(_ *World, a, b, _ *Socket) {
		b.Connect("/custom")
		a.Ask(1, "bcast", `null`, `null`, `["only on the main one"]`)
	})
	add("binary to a room", func(_ *World, a, b, c *Socket) {
		b.Ask(1, "join", `"r"`)
		c.Ask(1, "join", `"r"`)
		a.Send(`451-1["bcast","r",null,["bytes",{"_placeholder":true,"num":0},{"x":1}]]`)
		a.SendBinary(9, 8, 7)
		a.Answer(1)
		b.Next()
		b.Next()
		c.Next()
		c.Next()
	})
	add("bcast-ack, all answer", func(_ *World, a, b, c *Socket) {
		b.Ask(1, "join", `"r"`)
		c.Ask(1, "join", `"r"`)
		a.Send(`421["bcast-ack","r",2000,["q",1]]`)
		ackOf(b, `["from b",2]`)
		b.Sync()
		ackOf(c, `[]`)
		a.Answer(1)
	})
	add("bcast-ack, one is late", func(w *World, a, b, c *Socket) {
		b.Ask(1, "join", `"r"`)
		c.Ask(1, "join", `"r"`)
		began := time.Now()
		a.Send(`421["bcast-ack","r",200,["q"]]`)
		ackOf(b, `[{"x":[1]}]`)
		c.Next()
		a.Answer(1)
		w.Note("in time: %t", near(time.Since(began), 200*time.Millisecond))
	})
	add("bcast-ack, nobody answers", func(_ *World, a, b, _ *Socket) {
		b.Ask(1, "join", `"r"`)
		a.Send(`421["bcast-ack","r",100,["q"]]`)
		b.Next()
		a.Answer(1)
	})
	add("bcast-ack, nobody there", func(_ *World, a, _, _ *Socket) { a.Ask(1, "bcast-ack", `"nobody"`, `300`, `["q"]`) })
	add("bcast-ack, one leaves", func(w *World, a, b, _ *Socket) {
		b.Ask(1, "join", `"r"`)
		a.Ask(1, "join", `"r"`)
		began := time.Now()
		a.Send(`422["bcast-ack","r",300,["q"]]`)
		ackOf(a, `["from a"]`)
		b.Next()
		b.Leave(1000)
		a.Answer(2)
		w.Note("in time: %t", near(time.Since(began), 300*time.Millisecond))
	})
	add("bcast-ack and go on", func(_ *World, a, b, _ *Socket) {
		b.Ask(1, "join", `"r"`)
		a.Burst(`421["bcast-ack","r",2000,["q"]]`, `42["message","meanwhile"]`)
		a.Next()
		ackOf(b, `["b"]`)
		a.Answer(1)
	})
	add("bcast-ack, binary answer", func(_ *World, a, b, _ *Socket) {
		b.Ask(1, "join", `"r"`)
		a.Send(`421["bcast-ack","r",2000,["q"]]`)
		f := b.Next()
		b.Send(`461-` + idOf(f) + `[{"_placeholder":true,"num":0}]`)
		b.SendBinary(5)
		a.Next()
		a.Next()
	})
	add("ids of questions are shared by a namespace", func(_ *World, a, b, _ *Socket) {
		a.Send(`42["ask-me",["one"]]`)
		f := a.Next()
		b.Send(`42["ask-me",["two"]]`)
		g := b.Next()
		b.Send("43" + idOf(f) + `["of another socket"]`)
		b.Send("43" + idOf(g) + `["mine"]`)
		b.Next()
		a.Send("43" + idOf(f) + `["mine too"]`)
		a.Next()
	})
	l.add("bcast-volatile over polling without a poll", func(w *World) {
		o := w.Open("/ext/", 4, "")
		o.SendPackets("40")
		o.Poll()
		o.SendPackets(`421["bcast-volatile",["lost",1]]`)
		o.Poll()
	})
	l.add("rooms over polling", func(w *World) {
		o := w.Open("/ext/", 4, "")
		o.SendPackets("40")
		o.Poll()
		o.SendPackets(`421["join","r"]`)
		o.Poll()
		poll := w.Later("GET", o.URL(), "")
		pause(30 * time.Millisecond)
		s := w.Join("/ext/", "/")
		s.Ask(1, "bcast", `"r"`, `null`, `["news",1]`)
		poll()
		s.Ask(2, "bcast", `"r"`, `null`, `["news",2]`)
		s.Ask(3, "bcast", `"r"`, `null`, `["news",3]`)
		o.Poll()
	})
	return l
}

// rooms counts the cases that have rooms.
var rooms atomic.Int64

// ownRooms gives the rooms r, r1 and r2 other names on the wire: sockets of an earlier
// case may still be there.
func (w *World) ownRooms() { w.suffix = fmt.Sprintf("@%d", rooms.Add(1)) }

func (w *World) outgoing(text string) string {
	if w.suffix == "" {
		return text
	}
	for _, room := range []string{`"r`, `"r1`, `"r2`} {
		text = strings.ReplaceAll(text, room+`"`, room+w.suffix+`"`)
	}
	return text
}

func (w *World) incoming(text string) string {
	if w.suffix == "" {
		return text
	}
	return strings.ReplaceAll(text, w.suffix+`"`, `"`)
}

// ackOf answers the next event of a socket, whose id is not the same in every run.
func ackOf(s *Socket, args string) {
	s.Send("43" + idOf(s.Next()) + args)
}

// idOf is the id of an event that wants an acknowledgement.
func idOf(frame string) string {
	id := ""
	for _, r := range frame[len("text 42"):] {
		if r < '0' || r > '9' {
			break
		}
		id += string(r)
	}
	return id
}
