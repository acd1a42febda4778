package protocol

import (
	"net/http"
	"strings"
)

// Spec sheet 1.2 to 1.4: which requests open a session, and how the others are
// refused.
func handshakeCases() []Case {
	var l list
	for i, target := range []string{
		"/socket.io/?EIO=4&transport=polling",
		"/socket.io/?EIO=3&transport=polling",
		"/socket.io/?transport=polling",
		"/socket.io/?EIO=&transport=polling",
		"/socket.io/?EIO=2&transport=polling",
		"/socket.io/?EIO=5&transport=polling",
		"/socket.io/?EIO=abc&transport=polling",
		"/socket.io/?EIO=04&transport=polling",
		"/socket.io/?EIO=3&EIO=4&transport=polling",
		"/socket.io/?EIO=4&transport=websocket&transport=polling",
		"/socket.io/?EIO=%34&transport=poll%69ng",
		"/socket.io/?%45IO=4&tr%61nsport=polling",
		"/socket.io/?EIO=4",
		"/socket.io/?EIO=4&transport=",
		"/socket.io/?EIO=4&transport=Polling",
		"/socket.io/?EIO=4&transport=POLLING",
		"/socket.io/?EIO=4&transport=websocket",
		"/socket.io/?EIO=4&transport=webtransport",
		"/socket.io/?EIO=4&transport=flashsocket",
		"/socket.io/?EIO=4&transport=__proto__",
		"/socket.io/?EIO=4&transport=constructor",
		"/socket.io/?EIO=4&transport[]=polling",
		"/socket.io/?EIO=4&transport=polling&sid=",
		"/socket.io/?EIO=4&transport=polling&sid=unknown",
		"/socket.io/?EIO=4&transport=polling&sid=__proto__",
		"/socket.io/?EIO=4&transport=polling&sid=constructor",
		"/socket.io/?EIO=4&transport=websocket&sid=unknown",
		"/socket.io/?EIO=3&transport=polling&sid=unknown",
		"/socket.io/?EIO=4&transport=polling&j=0",
		"/socket.io/?EIO=4&transport=polling&j=",
		"/socket.io/?EIO=4&transport=polling&j=7x8",
		"/socket.io/?EIO=3&transport=polling&j=12",
		"/socket.io/?EIO=3&transport=polling&j=abc",
		"/socket.io/?EIO=3&transport=polling&b64=1",
		"/socket.io/?EIO=4&transport=polling&t=abc.1",
		"/socket.io/?",
		"/socket.io/",
		"/socket.io",
		"/socket.io?EIO=4&transport=polling",
		"/socket.iox/?EIO=4&transport=polling",
		"/socket.io/extra?EIO=4&transport=polling",
		"/socket.io/extra/more/?EIO=4&transport=polling",
		"/",
		"/nothing",
		"/nothing/?EIO=4&transport=polling",
		"/engine.io/?EIO=4&transport=polling",
		"/engine.io/?EIO=3&transport=polling",
		"/engine.io/default/?EIO=4&transport=polling",
		"/ext/?EIO=4&transport=polling",
		"/ext/?EIO=3&transport=polling",
		"/strict/?EIO=4&transport=polling",
		"/strict/?EIO=3&transport=polling",
		"/strict/?transport=polling",
		"/strict/?EIO=4&transport=polling&deny=message",
		"/strict/?EIO=4&transport=polling&deny=1",
		"/strict/?EIO=4&transport=polling&deny=",
		"/strict/?EIO=3&transport=polling&deny=1",
		"/strict/?EIO=4&transport=polling&deny=message&sid=unknown",
		"/recovery/?EIO=4&transport=polling",
		"/recovery/?EIO=3&transport=polling",
	} {
		l.add("get "+numbered(i, target), func(w *World) { w.Get(target) })
	}
	for _, method := range []string{"POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE", "PROPFIND"} {
		l.add("method "+method, func(w *World) {
			w.Request(method, "/ext/?EIO=4&transport=polling", "")
			w.Request(method, "/ext/?EIO=4&transport=polling&sid=unknown", "")
			w.Request(method, "/ext/?EIO=4&transport=none", "")
		})
	}
	for _, method := range []string{"PUT", "DELETE", "OPTIONS", "PATCH"} {
		l.add("method on a session "+method, func(w *World) {
			o := w.Open("/ext/", 4, "")
			w.Request(method, o.URL(), "")
			o.SendPackets("40")
			o.Poll()
		})
	}
	for i, target := range []string{
		"/socket.io/?EIO=4&transport=websocket",
		"/socket.io/?EIO=3&transport=websocket",
		"/socket.io/?transport=websocket",
		"/socket.io/?EIO=4&transport=websocket&sid=",
		"/socket.io/?EIO=4&transport=websocket&sid=unknown",
		"/socket.io/?EIO=4&transport=polling",
		"/socket.io/?EIO=4&transport=polling&sid=unknown",
		"/socket.io/?EIO=4",
		"/socket.io/?EIO=4&transport=webtransport",
		"/socket.io/?EIO=4&transport=other",
		"/socket.io/?EIO=4&transport=WebSocket",
		"/strict/?EIO=4&transport=websocket",
		"/strict/?EIO=3&transport=websocket",
		"/strict/?EIO=4&transport=websocket&deny=message",
		"/strict/?EIO=4&transport=websocket&deny=1",
		"/recovery/?EIO=4&transport=websocket",
		"/engine.io/?EIO=4&transport=websocket",
		"/engine.io/?EIO=3&transport=websocket",
		"/engine.io/?EIO=4&transport=websocket&b64=1",
		"/ext/?EIO=4&transport=websocket",
		"/ext/?EIO=3&transport=websocket",
	} {
		l.add("websocket "+numbered(i, target), func(w *World) {
			if s := w.Dial(target); s != nil {
				s.Next()
			}
		})
	}
	l.add("revision of another session", func(w *World) {
		o := w.Open("/ext/", 4, "")
		w.Get(strings.Replace(o.URL(), "EIO=4", "EIO=3", 1))
		w.Get(strings.Replace(o.URL(), "EIO=4&", "", 1))
		o3 := w.Open("/ext/", 3, "")
		w.Get(strings.Replace(o3.URL(), "EIO=3", "EIO=4", 1))
		o3.Poll()
	})
	l.add("transport of another session", func(w *World) {
		s := w.Dial("/ext/?EIO=4&transport=websocket")
		sid := sidOf(s.Next())
		w.Get("/ext/?EIO=4&transport=polling&sid=" + sid)
		w.Post("/ext/?EIO=4&transport=polling&sid="+sid, "40")
		w.Get("/ext/?EIO=4&transport=websocket&sid=" + sid)
		s.Send("40")
		s.Next()
		s.Next()
	})
	l.add("session of another mount", func(w *World) {
		o := w.Open("/ext/", 4, "")
		w.Get("/socket.io/?EIO=4&transport=polling&sid=" + o.Sid)
	})
	l.add("cookie", func(w *World) {
		w.Get("/strict/?EIO=4&transport=polling")
		o := w.Open("/strict/", 4, "")
		o.SendPackets("40")
		o.Poll()
		w.Get("/socket.io/?EIO=4&transport=polling")
	})
	l.add("old browsers", func(w *World) {
		for _, agent := range []string{"Mozilla/5.0 (Windows NT 6.1; Trident/7.0; rv:11.0)", "Mozilla/4.0 (compatible;MSIE 8.0)", "Mozilla/4.0 (compatible; MSIE 8.0)", "curl/8"} {
			w.Get("/ext/?EIO=4&transport=polling", "User-Agent", agent)
		}
	})
	l.add("illegal origin", func(w *World) {
		w.Raw("GET /ext/?EIO=4&transport=polling HTTP/1.1\r\nHost: HOST\r\nOrigin: http://a\xffb\r\n\r\n")
	})
	l.add("upgrade header with a polling transport", func(w *World) {
		w.Raw("GET /ext/?EIO=4&transport=polling HTTP/1.1\r\nHost: HOST\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
	})
	key := "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
	start := "GET /ext/?EIO=4&transport=websocket HTTP/1.1\r\nHost: HOST\r\n"
	for i, rest := range []string{
		"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n",
		"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: short\r\n",
		"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 12\r\n" + key,
		"Connection: Upgrade\r\nUpgrade: h2c\r\nSec-WebSocket-Version: 13\r\n" + key,
	} {
		l.add("bad websocket handshake "+numbered(i, rest), func(w *World) {
			a := w.Do(http.MethodGet, "/nothing", "")
			w.Note("%d", a.Status)
			w.Raw(start + rest + "\r\n")
		})
	}
	l.add("websocket behind other tokens", func(w *World) {
		a := w.Do(http.MethodGet, "/nothing", "")
		w.Note("%d", a.Status)
		s := w.Dial("/ext/?EIO=4&transport=websocket", "Sec-Websocket-Protocol", "chat, superchat", "Sec-Websocket-Extensions", "permessage-deflate; client_max_window_bits")
		if s != nil {
			s.Next()
		}
	})
	return l
}

// Spec sheet 1.8: CORS.
func corsCases() []Case {
	var l list
	for _, mount := range []string{"/socket.io/", "/engine.io/", "/ext/", "/strict/", "/recovery/"} {
		l.add("handshake and requests "+mount, func(w *World) {
			target := mount + "?EIO=4&transport=polling"
			w.Get(target, "Origin", "http://allowed.example")
			o := w.Open(mount, 4, "")
			w.Post(o.URL(), "3", "Origin", "http://allowed.example")
			w.Post(o.URL(), "40", "Origin", "http://allowed.example")
			if mount != "/engine.io/" && mount != "/recovery/" {
				w.Get(o.URL(), "Origin", "http://allowed.example")
			}
		})
		l.add("preflight "+mount, func(w *World) {
			target := mount + "?EIO=4&transport=polling"
			w.Request("OPTIONS", target, "", "Origin", "http://allowed.example", "Access-Control-Request-Method", "POST")
			w.Request("OPTIONS", target, "", "Origin", "http://allowed.example", "Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "content-type, x-test")
			w.Request("OPTIONS", target, "")
			w.Request("OPTIONS", mount+"?EIO=4&transport=none", "", "Origin", "http://allowed.example")
			w.Request("OPTIONS", mount, "", "Origin", "http://allowed.example")
		})
		l.add("another origin "+mount, func(w *World) {
			w.Get(mount+"?EIO=4&transport=polling", "Origin", "http://other.example")
			w.Request("OPTIONS", mount+"?EIO=4&transport=polling", "", "Origin", "http://other.example", "Access-Control-Request-Method", "POST")
		})
		l.add("errors "+mount, func(w *World) {
			w.Get(mount+"?EIO=4&transport=none", "Origin", "http://allowed.example")
			w.Get(mount+"?EIO=4&transport=polling&sid=unknown", "Origin", "http://allowed.example")
			w.Post(mount+"?EIO=4&transport=polling", "40", "Origin", "http://allowed.example")
			w.Get(mount+"?EIO=4&transport=polling&deny=1", "Origin", "http://allowed.example")
		})
	}
	l.add("too large, with origin", func(w *World) {
		o := w.Open("/strict/", 4, "")
		w.Post(o.URL(), "4"+strings.Repeat("x", 1000), "Origin", "http://allowed.example")
	})
	l.add("null origin", func(w *World) { w.Get("/socket.io/?EIO=4&transport=polling", "Origin", "null") })
	return l
}
