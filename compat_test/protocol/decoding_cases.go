package protocol

import "strings"

// malformed, strange and fine packets, as engine messages without their 4.
var packets = []string{
	// events
	`2["message"]`, `2["message",1]`, `2["message",1,"two",[3],{"four":5},null,true,false]`,
	`2["message","é€😀\u0000\n"]`, `2["message","\ud800"]`,
	`2["message",{"__proto__":{"x":1},"constructor":1}]`, `2["message",{"toString":1}]`,
	`2 ["message",1]`, `2["message",1] `, `2[ "message" , 1 ]`, "2[\"message\",\t1\r\n]", `2["message",1]x`, `2["message",1]]`, `2["message",1`,
	`2["message",01]`, `2["message",.5]`, `2["message",5.]`, `2["message",+5]`, `2["message",NaN]`, `2["message",undefined]`, `2["message",'x']`, `2["message",1,]`, `2[,"message"]`,
	"2[\"message\",\"\x01\"]", `2["message","\x"]`, `2["message","\u12"]`, `2["message",tru]`, `2["message",nullx]`,
	`2`, `2[]`, `2{}`, `2"message"`, `2null`, `2true`, `21`, `2[null]`, `2[true]`, `2[{}]`, `2[["message"]]`, `2[1]`, `2[1,2]`, `2[1.5]`, `2[""]`, `2["unknown",1]`,
	`2["connect"]`, `2["connect_error"]`, `2["disconnect"]`, `2["disconnecting"]`, `2["newListener"]`, `2["removeListener"]`, `2["error","x"]`, `2["connection"]`, `2["Connect"]`, `2["\u0063onnect"]`, `2["__proto__"]`, `2["hasOwnProperty"]`,
	// ids
	`21["message-with-ack","a"]`, `20["message-with-ack"]`, `2007["message-with-ack"]`, `29007199254740991["message-with-ack"]`, `29007199254740993["message-with-ack"]`,
	`2123456789012345678901234567890["message-with-ack"]`, `2-1["message-with-ack"]`, `21.5["message-with-ack"]`, `2abc["message-with-ack"]`, `2+1["message-with-ack"]`, `21e3["message-with-ack"]`, `2 1["message-with-ack"]`, `21 ["message-with-ack"]`, `2١["message-with-ack"]`, `21["message",5]`, `25`, `25[]`, `25["unknown"]`,
	`21["message-with-ack",1,2,{"c":[]}]`,
	// namespaces
	`2/,["message",1]`, `2/custom,["message",1]`, `2/none,["message",1]`, `2/["message",1]`, `2/,`, `2/`, `2/,1["message-with-ack",1]`, `2custom,["message",1]`, `2,["message",1]`, `2/?a=b,["message",1]`,
	// acknowledgements
	`3`, `3[]`, `30[]`, `31[]`, `31["x"]`, `3["x"]`, `31{}`, `31"x"`, `31null`, `3999999999999999999999[]`, `3-1[]`, `3x[]`, `31[`, `3/custom,1[]`, `3/none,1[]`,
	// connect and disconnect
	`0`, `0{}`, `0{"token":1}`, `0/`, `0/,`, `0/custom`, `0/none,`, `0[]`, `0"x"`, `0null`, `01`, `0{`, `0/custom,[]`, `0/custom,"x"`, `0/custom,null`, `0/custom,1`, `0/custom,{"a":1}x`, `0custom`, `0/custom,{}`, `0/custom?x=1,`, `0/custom/`, `0/CUSTOM`,
	`1`, `1/`, `1/,`, `1{}`, `1[]`, `1"x"`, `11`, `1/custom`, `1/custom,`, `1/none`,
	// errors from a client
	`4`, `4{}`, `4"x"`, `4{"message":"x"}`, `4[]`, `4null`, `41`, `4/custom,"x"`, `4/none,{}`,
	// binary
	`5`, `5-`, `50-["message"]`, `51-["message"]`, `5-1-["message"]`, `51["message"]`, `5["message"]`, `51.5-["message"]`, `5a-["message"]`, `5 1-["message"]`, `51e0-["message"]`, `511-["message"]`, `599999999999999999999-["message"]`, `5-["message"]`, `501-["message",{"_placeholder":true,"num":0}]`,
	`51-`, `51-/,`, `51-{}`, `51-["connect"]`, `51-[1,{"_placeholder":true,"num":0}]`, `51-/none,["message"]`,
	`6`, `60-[]`, `61-[]`, `61-1[]`, `61-1`, `6-[]`, `611-1[]`,
	// look-alikes
	`2["message",{"_placeholder":true,"num":0}]`, `2["message",{"_placeholder":true}]`, `2["message",{"_placeholder":false,"num":0}]`,
	// unknown types
	`7`, `8`, `9`, `7["message"]`, `a`, `A["message"]`, ` 2["message"]`, `-1`, `"2"`, `{}`, `[]`, `\x00`, "\x00", `é`, ``,
}

// Spec sheet 2.1: each packet on a connection that has joined "/" and "/custom".
func decodingCases() []Case {
	var l list
	for i, p := range packets {
		l.add("packet "+numbered(i, p), func(w *World) {
			s := w.Join("/ext/", "/")
			s.Connect("/custom")
			s.Send("4" + p)
			s.settle(p)
		})
	}
	for _, depth := range []int{100, 511} {
		l.add("nested "+numbered(depth, ""), func(w *World) {
			s := w.Join("/ext/", "/")
			s.Ask(1, "message-with-ack", strings.Repeat("[", depth-1)+strings.Repeat("]", depth-1))
		})
	}
	type message struct {
		text   string
		binary [][]byte
	}
	one, two := []byte{1, 2, 3}, []byte{}
	place := func(n string) string { return `{"_placeholder":true,"num":` + n + `}` }
	for i, m := range []message{
		{`51-["message",` + place("0") + `]`, [][]byte{one}},
		{`51-7["message-with-ack",` + place("0") + `]`, [][]byte{one}},
		{`52-["message",` + place("0") + `,` + place("1") + `]`, [][]byte{one, two}},
		{`52-["message",` + place("1") + `,` + place("0") + `]`, [][]byte{one, two}},
		{`51-["message",{"deep":[1,{"x":` + place("0") + `}]}]`, [][]byte{one}},
		{`51-["message",{"a":` + place("0") + `,"z":1}]`, [][]byte{two}},
		{`51-["message",{"num":0,"_placeholder":true}]`, [][]byte{one}},
		{`51-["message",{"_placeholder":true,"num":0,"more":1}]`, [][]byte{one}},
		{`51-["message",{ "_placeholder" : true , "num" : 0 }]`, [][]byte{one}},
		{`51-["message",` + place("0.0") + `]`, [][]byte{one}},
		{`51-["message",` + place("-0") + `]`, [][]byte{one}},
		{`51-["message",` + place("1") + `]`, [][]byte{one}},
		{`51-["message",` + place("-1") + `]`, [][]byte{one}},
		{`51-["message",` + place("0.5") + `]`, [][]byte{one}},
		{`51-["message",` + place(`"0"`) + `]`, [][]byte{one}},
		{`51-["message",` + place("null") + `]`, [][]byte{one}},
		{`51-["message",{"_placeholder":true}]`, [][]byte{one}},
		{`51-["message",{"_placeholder":1,"num":0}]`, [][]byte{one}},
		{`51-["message",{"_placeholder":"true","num":0}]`, [][]byte{one}},
		{`51-["message",` + place("0") + `,` + place("0") + `]`, [][]byte{one}},
		{`51-["message","none"]`, [][]byte{one}},
		{`52-["message",` + place("0") + `]`, [][]byte{one, two}},
		{`51-["message",` + place("0") + `]`, [][]byte{two}},
		{`510-["message",` + place("9") + `]`, [][]byte{one, one, one, one, one, one, one, one, one, one}},
		{`51-/,["message",` + place("0") + `]`, [][]byte{one}},
		{`51-/custom,["message",` + place("0") + `]`, [][]byte{one}},
		{`51-[` + place("0") + `]`, [][]byte{one}},
		{`51-["unknown",` + place("0") + `]`, [][]byte{one}},
		{`61-1[` + place("0") + `]`, [][]byte{one}},
		{`61-[` + place("0") + `]`, [][]byte{one}},
	} {
		l.add("attachments "+numbered(i, m.text), func(w *World) {
			s := w.Join("/ext/", "/")
			s.Connect("/custom")
			s.Send("4" + m.text)
			for _, b := range m.binary {
				s.SendBinary(b...)
			}
			s.Sync()
		})
		l.add("attachments over polling "+numbered(i, m.text), func(w *World) {
			o := w.Open("/ext/", 4, "")
			o.SendPackets("40")
			o.Poll()
			o.SendPackets("40/custom,")
			o.Poll()
			parts := []string{"4" + m.text}
			for _, b := range m.binary {
				parts = append(parts, "b"+base64text(b))
			}
			o.SendPackets(append(parts, `42999["message-with-ack","sync"]`)...)
			o.Poll()
		})
	}
	l.add("text while attachments are missing", func(w *World) {
		s := w.Join("/ext/", "/")
		s.Send(`451-["message",` + place("0") + `]`)
		s.Sync()
	})
	l.add("disconnect while attachments are missing", func(w *World) {
		s := w.Join("/ext/", "/")
		s.Send(`451-["message",`+place("0")+`]`, "41")
		s.End()
	})
	l.add("heartbeat while attachments are missing", func(w *World) {
		s := w.Join("/ext/", "/")
		s.Send(`451-["message",`+place("0")+`]`, "3")
		s.SendBinary(1)
		s.Sync()
	})
	l.add("empty binary message", func(w *World) {
		s := w.Join("/ext/", "/")
		s.SendBinary()
		s.Sync()
	})
	for i, p := range []string{`2["message",1]`, `21["message-with-ack",1]`, `31[]`, `1`, `4{}`, `2/custom,["x"]`, `x`, ``, `0/none,`, `51-["message",{"_placeholder":true,"num":0}]`} {
		l.add("before joining "+numbered(i, p), func(w *World) {
			s := w.Engine("/ext/", 4)
			s.Burst("4"+p, "40")
			s.Next()
			if !s.Closed {
				s.Next()
			}
		})
	}
	return l
}

// settle waits until a packet has had its effect. After a DISCONNECT of "/" there is
// nobody to ask there.
func (s *Socket) settle(p string) {
	if p == "1" || p == "1/" || p == "1/," || p == "11" {
		s.SyncEngine()
		return
	}
	s.Sync()
}

// Spec sheet 2.1 for clients of revision 4 of Socket.IO.
func decoding3Cases() []Case {
	var l list
	for i, p := range packets {
		l.add("packet "+numbered(i, p), func(w *World) {
			s := w.Join3("/ext/")
			s.Send("40/custom")
			s.Until("42/custom")
			s.Send("4" + p)
			s.settle(p)
		})
	}
	place := `{"_placeholder":true,"num":0}`
	for i, text := range []string{`51-["message",` + place + `]`, `51-3["message-with-ack",` + place + `]`, `51-/custom,["x",` + place + `]`, `51-["message",1]`, `61-0[` + place + `]`} {
		l.add("attachments "+numbered(i, text), func(w *World) {
			s := w.Join3("/ext/")
			s.Send("40/custom")
			s.Until("42/custom")
			s.Send("4" + text)
			s.SendBinary(4, 1, 2, 3)
			s.Sync()
		})
		l.add("attachments in text "+numbered(i, text), func(w *World) {
			o := w.Open("/ext/", 3, "&b64=1")
			o.Poll()
			o.SendPackets("40/custom")
			o.Poll()
			o.SendPackets("4"+text, "b4AQID", `42999["message-with-ack","sync"]`)
			o.Poll()
		})
	}
	return l
}
