package protocol

import (
	"bufio"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// A native client is how clients outside of browsers write their requests: none sends
// what a browser would, and each something else. Names and values are as published
// sources and captures of these clients show them.
type native struct {
	name    string
	eio     int
	query   string // of the first request, with %s for the transport
	headers string // lines of every request
	post    string // further lines of a POST
	upgrade string // further lines of the opening of a WebSocket; "" is no WebSocket
}

var natives = []native{
	{
		name: "Java 2", eio: 4, query: "EIO=4&transport=%s",
		headers: "Accept-Encoding: gzip\r\nUser-Agent: okhttp/3.12.12\r\n",
		post:    "Content-Type: text/plain;charset=UTF-8\r\nAccept: */*\r\nConnection: Keep-Alive\r\n",
		upgrade: "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Extensions: permessage-deflate\r\n",
	},
	{
		name: "Java 1", eio: 3, query: "EIO=3&transport=%s",
		headers: "Accept-Encoding: gzip\r\nUser-Agent: okhttp/3.8.1\r\n",
		post:    "Content-Type: text/plain;charset=UTF-8\r\nAccept: */*\r\nConnection: Keep-Alive\r\n",
		upgrade: "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n",
	},
	{
		name: "Swift", eio: 4, query: "transport=%s&b64=1&EIO=4",
		headers: "Accept: */*\r\nAccept-Language: en-us\r\nAccept-Encoding: gzip, deflate\r\nUser-Agent: App/1 CFNetwork/1240.0.4 Darwin/20.6.0\r\n",
		post:    "Content-Type: text/plain; charset=UTF-8\r\nConnection: keep-alive\r\n",
		upgrade: "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Extensions: permessage-deflate; client_max_window_bits; server_max_window_bits=15\r\n",
	},
	{
		name: "Swift, version 2", eio: 3, query: "transport=%s&b64=1&EIO=3",
		headers: "Accept: */*\r\nAccept-Encoding: gzip, deflate\r\nUser-Agent: App/1 CFNetwork/978 Darwin/18.7.0\r\n",
		post:    "Content-Type: text/plain; charset=UTF-8\r\nConnection: keep-alive\r\n",
		upgrade: "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n",
	},
	{
		name: "Dart", eio: 4, query: "EIO=4&transport=%s",
		headers: "user-agent: Dart/3.5 (dart:io)\r\naccept-encoding: gzip\r\n",
		post:    "content-type: text/plain; charset=utf-8\r\n",
		upgrade: "connection: Upgrade\r\ncache-control: no-cache\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-extensions: permessage-deflate; client_max_window_bits\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
	},
	{
		name: "Dart, EIO 3", eio: 3, query: "EIO=3&transport=%s",
		headers: "user-agent: Dart/2.10 (dart:io)\r\naccept-encoding: gzip\r\n",
		post:    "content-type: text/plain; charset=utf-8\r\n",
		upgrade: "upgrade: websocket\r\nconnection: Upgrade\r\ncache-control: no-cache\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-extensions: permessage-deflate; client_max_window_bits\r\n",
	},
	{
		name: "Python", eio: 4, query: "transport=%s&EIO=4&t=1700000000.1234567",
		headers: "User-Agent: python-requests/2.31.0\r\nAccept-Encoding: gzip, deflate\r\nAccept: */*\r\nConnection: keep-alive\r\n",
		post:    "Content-Type: text/plain\r\n",
		upgrade: "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n",
	},
	{
		name: "Python 3", eio: 3, query: "transport=%s&EIO=3&b64=1&t=1600000000.5",
		headers: "User-Agent: python-requests/2.22.0\r\nAccept-Encoding: gzip, deflate\r\nAccept: */*\r\nConnection: keep-alive\r\n",
		post:    "Content-Type: text/plain\r\n",
	},
	{
		name: "C++", eio: 4, query: "EIO=4&transport=%s&t=1700000000",
		upgrade: "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nUpgrade: websocket\r\nUser-Agent: WebSocket++/0.8.2\r\n",
	},
	{
		name: "Rust", eio: 4, query: "EIO=4&transport=%s&t=17a8",
		headers: "accept: */*\r\n",
		post:    "content-type: text/plain\r\n",
		upgrade: "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
	},
	{
		name: "C#", eio: 4, query: "EIO=4&transport=%s",
		post:    "Content-Type: text/plain; charset=utf-8\r\n",
		upgrade: "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
	},
	{
		name: "a controller", eio: 4, query: "EIO=4&transport=%s",
		upgrade: "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: arduino\r\nOrigin: file://\r\nUser-Agent: arduino-WebSocket-Client\r\n",
	},
	{
		name: "shouting", eio: 3, query: "EIO=3&transport=%s&device=A%%201&platform=tv",
		headers: "USER-AGENT: TV/1\r\nACCEPT: */*\r\nX-TEST: loud\r\n",
		post:    "CONTENT-TYPE: TEXT/PLAIN; CHARSET=utf-8\r\n",
		upgrade: "UPGRADE: WebSocket\r\nCONNECTION: keep-alive, UPGRADE\r\nSEC-WEBSOCKET-VERSION: 13\r\nSEC-WEBSOCKET-KEY: dGhlIHNhbXBsZSBub25jZQ==\r\n",
	},
	{
		name: "extra parameters", eio: 4, query: "token=abc%%2Bdef&&x&transport=%s&x=2&EIO=4&__sails_io_sdk_version=1.2.1&__sails_io_sdk_platform=mobile",
		headers: "X-Test: extra\r\nCookie: a=b; sails.sid=none\r\nAuthorization: Bearer t\r\n",
		post:    "Content-Type: text/plain\r\n",
		upgrade: "Connection: upgrade\r\nUpgrade: WEBSOCKET\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
	},
}

// What clients in the wild send instead of what browsers do: other headers, in other
// letter cases and orders, no Origin, no t, and paths without the last slash.
func nativeCases() []Case {
	var l list
	const path = "/ext/"
	for i, n := range natives {
		if n.post != "" {
			l.add(n.name+" polling", func(w *World) { w.nativePolling(n, path) })
		}
		if n.upgrade != "" {
			l.add(n.name+" websocket", func(w *World) {
				if s := w.nativeSocket(n, path, ""); s != nil {
					s.greet(n.eio)
				}
			})
		}
		if n.post != "" && n.upgrade != "" {
			l.add(n.name+" upgrade", func(w *World) { w.nativeUpgrade(n, path) })
		}
		if i < 2 { // one of each revision
			l.add(n.name+" without the last slash", func(w *World) {
				w.nativePolling(n, "/ext")
				w.nativeSocket(n, "/ext", "")
			})
		}
	}
	return l
}

func (n native) target(path, transport, sid string) string {
	if sid != "" {
		sid = "&sid=" + sid
	}
	return path + "?" + fmt.Sprintf(n.query, transport) + sid
}

func (w *World) nativeGet(n native, target string) *Answer {
	return w.Raw("GET " + target + " HTTP/1.1\r\nHost: HOST\r\n" + n.headers + "\r\n")
}

func (w *World) nativePost(n native, target, body string) {
	w.Raw(fmt.Sprintf("POST %s HTTP/1.1\r\nHost: HOST\r\n%s%sContent-Length: %d\r\n\r\n%s", target, n.headers, n.post, len(body), body))
}

// payload is one packet as the client posts it.
func (n native) payload(packet string) string {
	if n.eio == 3 {
		return fmt.Sprintf("%d:%s", len(packet), packet)
	}
	return packet
}

func (w *World) nativePolling(n native, path string) {
	sid := sidOf(w.nativeGet(n, n.target(path, "polling", "")).Body)
	if sid == "" {
		return
	}
	target := n.target(path, "polling", sid)
	if n.eio == 4 {
		w.nativePost(n, target, "40")
	}
	w.nativeGet(n, target)
	w.nativePost(n, target, n.payload(`420["message-with-ack","native",{"n":1.5}]`))
	w.nativeGet(n, target)
	w.nativePost(n, target, n.payload("41"))
}

func (w *World) nativeUpgrade(n native, path string) {
	sid := sidOf(w.nativeGet(n, n.target(path, "polling", "")).Body)
	if sid == "" {
		return
	}
	if n.eio == 4 {
		w.nativePost(n, n.target(path, "polling", sid), "40")
	}
	w.nativeGet(n, n.target(path, "polling", sid))
	s := w.nativeSocket(n, path, sid)
	if s == nil {
		return
	}
	s.Send("2probe")
	s.Next()
	s.Send("5")
	s.Ask(0, "message-with-ack", `"after the upgrade"`)
}

// greet plays the first packets of a client.
func (s *Socket) greet(eio int) {
	s.Next()
	if eio == 4 {
		s.Send("40")
	}
	s.Until("40")
	s.Ask(0, "message-with-ack", `"native"`, "7")
	s.Send("41")
}

// nativeSocket opens a WebSocket with just the bytes of the client. It returns nil
// when the server does not answer with 101.
func (w *World) nativeSocket(n native, path, sid string) *Socket {
	target := n.target(path, "websocket", sid)
	conn := w.connect(target)
	_, _ = fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: %s\r\n%s%s\r\n", target, conn.RemoteAddr(), n.headers, n.upgrade)
	_ = conn.SetReadDeadline(time.Now().Add(patience))
	r := bufio.NewReader(conn)
	res, err := http.ReadResponse(r, &http.Request{Method: http.MethodGet})
	if err != nil {
		_ = conn.Close()
		w.Fail("ws %s → failed", target)
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusSwitchingProtocols {
		w.Note("ws %s → %d", target, res.StatusCode)
		_ = conn.Close()
		return nil
	}
	w.Note("ws %s → 101 [Sec-Websocket-Accept: %s] [Sec-Websocket-Protocol: %s] [Sec-Websocket-Extensions: %s]", target,
		res.Header.Get("Sec-WebSocket-Accept"), res.Header.Get("Sec-WebSocket-Protocol"), strings.ToLower(res.Header.Get("Sec-WebSocket-Extensions")))
	rest := make([]byte, r.Buffered())
	_, _ = r.Read(rest)
	s := &Socket{w: w, label: "ws", conn: conn, rest: rest}
	s.dec.Client = true
	s.dec.MaxMessage = 64 << 20
	w.sockets = append(w.sockets, s)
	return s
}
