package protocol

import (
	"strings"
	"time"
)

const bodyLimit = 1_000_000

// Spec sheet 1.5 and 1.8: payloads of revision 4, over the mirror.
func polling4Cases() []Case {
	var l list
	for i, payload := range []string{
		"4hello", "4", "4a\x1e4b\x1e4c", "4€\x1e4😀", "4\x00", "4\r\n\t\"\\",
		"bAQIDBA==", "b", "bAQ==\x1e4x\x1ebAAAA", "bAQIDBA", "bAQI=", "bAQIDBA===", "b!!!!", "bAQ ID", "b-_-_", "b4AQIDBA==",
		"4a\x1e", "\x1e4a", "\x1e", "4a\x1e\x1e4b",
		"0", "0{}", "2", "2probe", "2x", "3", "3probe", "5", "6", "6x", "7", "8", "9", "a", "x4hello", " 4hello", "4 hello", "-1",
		"4a\x1e2\x1e4b", "4a\x1e9\x1e4b", "4a\x1e1\x1e4b", "1", "1x", "4a\x1e3\x1e0\x1e5\x1e6\x1e4b",
		"4\xff\xfe", "4\xed\xa0\x80", "4\xc3", "{\"json\":1}", "5:4hello",
	} {
		l.add("payload "+numbered(i, payload), func(w *World) {
			o := w.Open("/engine.io/", 4, "")
			o.Send(payload)
			o.Send("4end")
			o.Poll()
		})
	}
	l.add("many packets", func(w *World) {
		o := w.Open("/engine.io/", 4, "")
		o.Send(strings.Repeat("4x\x1e", 999) + "4x")
		o.Poll()
	})
	for _, n := range []int{bodyLimit - 1, bodyLimit, bodyLimit + 1} {
		l.add("size "+numbered(n-bodyLimit+1, "over a million less one"), func(w *World) {
			o := w.Open("/ext/", 4, "")
			w.Note("%s", w.Do("POST", o.URL(), "42[\"none\",\""+strings.Repeat("x", n-12)+"\"]"))
			o.SendPackets("40")
			o.Poll()
		})
	}
	l.add("size strict", func(w *World) {
		o := w.Open("/strict/", 4, "")
		o.Send("4" + strings.Repeat("x", 1000))
		o.SendPackets("40")
		o.Poll()
		o.Send("42[\"message\",\"" + strings.Repeat("x", 986) + "\"]")
		o.Poll()
	})
	l.add("size chunked", func(w *World) {
		o := w.Open("/strict/", 4, "")
		body := "4" + strings.Repeat("x", 1000)
		w.Raw("POST " + o.URL() + " HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n" + body + "\r\n0\r\n\r\n")
		o.SendPackets("40")
		o.Poll()
	})
	l.add("chunked", func(w *World) {
		o := w.Open("/engine.io/", 4, "")
		w.Raw("POST " + o.URL() + " HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n4he\r\n3\r\nllo\r\n0\r\n\r\n")
		o.Poll()
	})
	for i, contentType := range []string{"", "text/plain", "text/plain;charset=UTF-8", "application/octet-stream", "application/octet-stream; x=1", "APPLICATION/OCTET-STREAM", "application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"} {
		l.add("content type "+numbered(i, contentType), func(w *World) {
			o := w.Open("/engine.io/", 4, "")
			w.Post(o.URL(), "4hello", "Content-Type", contentType)
			o.Send("4end")
			o.Poll()
		})
	}
	l.add("empty body", func(w *World) {
		o := w.Open("/engine.io/", 4, "")
		w.Raw("POST " + o.URL() + " HTTP/1.1\r\nHost: HOST\r\nContent-Length: 0\r\n\r\n")
		o.Send("4end")
		o.Poll()
	})
	for i, accept := range []string{"", "gzip", "deflate", "gzip, deflate, br", "br", "identity", "gzip;q=0", "deflate;q=1, gzip;q=0.5", "*"} {
		l.add("compression "+numbered(i, accept), func(w *World) {
			o := w.Open("/engine.io/", 4, "")
			o.Send("4" + strings.Repeat("x", 1022))
			w.encodings(o.URL(), accept)
			o.Send("4" + strings.Repeat("x", 1023))
			w.encodings(o.URL(), accept)
		})
	}
	for i, d := range []string{"4hello", "4a%1E4b", "4%5Cn", "4%5C%5Cn", "4%0A", "4%2Bplus+blank", "4%E2%82%AC", "bAQIDBA%3D%3D", ""} {
		l.add("jsonp "+numbered(i, d), func(w *World) {
			o := w.Open("/engine.io/", 4, "&j=3")
			w.Post(o.URL(), "d="+d, "Content-Type", "application/x-www-form-urlencoded")
			w.Post(o.URL(), "d=4end", "Content-Type", "application/x-www-form-urlencoded")
			o.Poll()
		})
	}
	l.add("jsonp escapes", func(w *World) {
		o := w.Open("/engine.io/", 4, "&j=0")
		w.Post(o.URL(), "d="+"4%E2%80%A8%E2%80%A9%22%5C%3C%2Fscript%3E%00%7F", "Content-Type", "application/x-www-form-urlencoded")
		o.Poll()
	})
	l.add("jsonp index of a later request", func(w *World) {
		o := w.Open("/ext/", 4, "&j=3")
		w.Post(o.URL(), "d=40", "Content-Type", "application/x-www-form-urlencoded")
		w.Get(strings.Replace(o.URL(), "j=3", "j=9", 1))
		w.Post(o.URL(), "d=42[\"message\",1]", "Content-Type", "application/x-www-form-urlencoded")
		w.Get(strings.Replace(o.URL(), "&j=3", "", 1))
	})
	l.add("jsonp asked for later", func(w *World) {
		o := w.Open("/ext/", 4, "")
		w.Post(o.URL()+"&j=1", "40")
		w.Get(o.URL() + "&j=1")
	})
	l.add("b64 means nothing", func(w *World) {
		o := w.Open("/engine.io/", 4, "&b64=1")
		o.Send("bAQID\x1e4x")
		o.Poll()
	})
	l.add("poll waits", func(w *World) {
		o := w.Open("/ext/", 4, "")
		o.SendPackets("40")
		o.Poll()
		answer := w.Later("GET", o.URL(), "")
		pause(30 * time.Millisecond)
		o.SendPackets(`421["message-with-ack","b",{"c":[1,null]}]`)
		answer()
	})
	return l
}

// encodings records how an answer is encoded, not the compressed bytes.
func (w *World) encodings(target, accept string) {
	a := w.Do("GET", target, "", "Accept-Encoding", accept)
	w.Note("GET Accept-Encoding %q → %d %q, plain length %t", accept, a.Status, a.Header.Get("Content-Encoding"), len(a.Body) > 1000)
}

// Spec sheet 1.5: payloads of revision 3.
func polling3Cases() []Case {
	var l list
	for i, payload := range []string{
		"6:4hello", "1:4", "2:4a2:4b2:4c", "2:4€", "3:4😀", "4:4😀", "2:4😀", "5:4€😀x",
		"10:b4AQIDBA==", "2:b4", "10:b4AQIDBA==2:4x", "9:bAQIDBA==", "6:b4!!!!",
		"0:", "0:2:4a", "2:4a0:", "2:4a0:2:4b", ":4a", "4a", "x:4a", "-2:4a", "2.0:4a", "02:4a", " 2:4a", "2 :4a", "3:4a", "1:4a", "2:4", "2", "2:",
		"99999999999999999999:4a", "1e1:4a", "2:4a,2:4b", "2:4a\x1e",
		"2:0x", "1:2", "2:2x", "6:2probe", "1:3", "1:5", "1:6", "1:7", "1:9", "1:x", "2:4a1:11:4",
		"2:4a1:32:4b", "2:4a1:92:4b", "2:4a1:52:4b", "1:1", "1:", "\xff", "2:4\xff", "hello",
	} {
		l.add("payload "+numbered(i, payload), func(w *World) {
			o := w.Open("/engine.io/", 3, "")
			o.Send(payload)
			o.Send("4:4end")
			o.Poll()
		})
	}
	octets := func(b ...byte) string { return string(b) }
	for i, payload := range []string{
		octets(0, 6, 255, '4', 'h', 'e', 'l', 'l', 'o'),
		octets(1, 4, 255, 4, 1, 2, 3),
		octets(0, 6, 255, '4', 'h', 'e', 'l', 'l', 'o', 1, 5, 255, 4, 1, 2, 3, 4),
		octets(1, 1, 255, 4),
		octets(1, 1, 0, 255, 4, 1, 2, 3, 4, 5, 6, 7, 8, 9),
		octets(0, 4, 255, '4', 0xe2, 0x82, 0xac),
		octets(0, 5, 255, '4', 0xf0, 0x9f, 0x98, 0x80),
		octets(0, 0, 255),
		octets(1, 0, 255),
		octets(0),
		octets(0, 1),
		octets(0, 255),
		octets(0, 9, 255, '4'),
		octets(1, 9, 255, 4),
		octets(2, 2, 255, '4', 'a'),
		octets(0, 10, 255, '4'),
		octets(1, 2, 255, '4', 'a'),
		octets(1, 2, 255, 9, 'a'),
		octets(0, 2, 255, '9', 'a'),
		octets(0, 1, 255, '2'),
		octets(1, 1, 255, 2),
		octets(0, 1, 255, '1'),
		octets(0, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 255, '4'),
		"6:4hello",
	} {
		l.add("octets "+numbered(i, ""), func(w *World) {
			o := w.Open("/engine.io/", 3, "")
			w.Post(o.URL(), payload, "Content-Type", "application/octet-stream")
			o.Send("4:4end")
			o.Poll()
		})
	}
	l.add("binary answers", func(w *World) {
		o := w.Open("/engine.io/", 3, "")
		o.Send("10:b4AQIDBA==")
		o.Poll()
		o.Send("10:b4AQIDBA==6:4hello3:4é€")
		o.Poll()
		o.Send("6:4hello")
		o.Poll()
	})
	l.add("binary answers with b64", func(w *World) {
		o := w.Open("/engine.io/", 3, "&b64=1")
		o.Send("10:b4AQIDBA==6:4hello3:4é€")
		o.Poll()
	})
	l.add("binary answers with jsonp", func(w *World) {
		o := w.Open("/engine.io/", 3, "&j=2")
		w.Post(o.URL(), "d=10%3Ab4AQIDBA%3D%3D6%3A4hello", "Content-Type", "application/x-www-form-urlencoded")
		o.Poll()
	})
	for i, d := range []string{"6:4hello", "2:4%5Cn", "3:4%5C%5Cn", "2:4%0A", "2:4%E2%82%AC", "6:4%5Cu00e9", ""} {
		l.add("jsonp "+numbered(i, d), func(w *World) {
			o := w.Open("/engine.io/", 3, "&j=3")
			w.Post(o.URL(), "d="+d, "Content-Type", "application/x-www-form-urlencoded")
			w.Post(o.URL(), "d=4:4end", "Content-Type", "application/x-www-form-urlencoded")
			o.Poll()
		})
	}
	l.add("socket.io binary event", func(w *World) {
		o := w.Open("/ext/", 3, "")
		o.Poll()
		o.SendPackets(`42["bin",2]`)
		o.Poll()
		o.SendPackets(`42["bin",1]`, `42["message","é€😀<&>"]`)
		o.Poll()
	})
	l.add("greeting", func(w *World) {
		o := w.Open("/socket.io/", 3, "")
		o.Poll()
		o.SendPackets(`2`)
		o.Poll()
	})
	for _, n := range []int{bodyLimit - 1, bodyLimit, bodyLimit + 1} {
		l.add("size "+numbered(n-bodyLimit+1, "over a million less one"), func(w *World) {
			o := w.Open("/ext/", 3, "")
			text := `42["none","` + strings.Repeat("x", n-7-13) + `"]`
			w.Note("%s", w.Do("POST", o.URL(), o.payload([]string{text})))
			o.Poll()
			o.SendPackets("2")
			o.Poll()
		})
	}
	return l
}
