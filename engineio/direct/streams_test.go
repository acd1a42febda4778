//go:build linux

package direct_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// Parts of requests, right ones more often than odd ones: each of them alone must not
// make the roads differ, and neither must any of their combinations.
var (
	streamMethods = []string{"GET", "GET", "GET", "POST", "POST", "POST", "OPTIONS", "HEAD", "PUT", "get", "", "G ET"}
	streamTargets = []string{
		"/socket.io/?how=a", "/socket.io/?how=length", "/socket.io/?how=close", "/socket.io/?how=type&x", "/socket.io/?how=204",
		"/socket.io/?how=a", "/socket.io/?how=length", "/socket.io/?x=%00%zz&how=a", "/socket.io/?how=a#b", "/socket.io/", "/socket.io/?",
		"/other?how=a", "//socket.io/?how=a", "/x/../socket.io/?how=a", "/socket%2eio/?how=a", "/socket.io/%2e/?how=a",
		"http://a/socket.io/?how=a", "https://b@a/socket.io/?how=a", "*", "a:80", "/socket.io/?how=\x00", "/socket.io/?how=ü", "",
	}
	streamVersions = []string{"HTTP/1.1", "HTTP/1.1", "HTTP/1.1", "HTTP/1.1", "HTTP/1.1", "HTTP/1.1", "HTTP/1.0", "HTTP/2.0", "HTTP/1.2", "HTTP/0.9", "http/1.1", "HTTP/1.1 ", ""}
	streamLines    = []string{
		"Connection: close", "Connection: keep-alive", "Connection: Upgrade", "Connection: keep-alive, x", "connection: CLOSE", "Connection:",
		"Upgrade: websocket", "Upgrade: h2c", "Content-Length: 0", "Content-Length: 3", "content-length: 4", "Content-Length: 3, 3", "Content-Length: +3",
		"Content-Length: 03", "Content-Length:3 ", "Content-Length : 3", "Content-Length: 3\x00", "Content-Length: 18446744073709551619", "Content-Length: -1",
		"Content-Length: 0x3", "Content-Length: 3;x", "Content-Length:", "Transfer-Encoding: chunked", "transfer-encoding: CHUNKED", "Transfer-Encoding: identity",
		"Transfer-Encoding: gzip, chunked", "Transfer-Encoding: chunked, identity", "Transfer-Encoding: \x0bchunked", "Transfer-Encoding : chunked", "Transfer-Encoding:\tchunked",
		"Transfer_Encoding: chunked", "Transfer-Encoding: xchunked", " Transfer-Encoding: chunked", "Expect: 100-continue", "Expect: x", "Trailer: X-A", "TE: trailers",
		"Host: b", "Host: a:80", "Host:", "Host: a/b", "X-A: 1", "X-A: 2", "x-a:\t3\t", "X-A: \xff", "X-A: \x00", "X-A: b\rc", "X-A: b\r", "X-A: b\nX-B: c", "X-A", ": b", "X A: b",
		" folded", "\tfolded", "X-A: " + strings.Repeat("b", 3000), "Pragma: no-cache", "Cookie: a=b; c", "X-(A): b", "Origin: http://x", "X-A: b\x7f", "X-\xffA: b",
	}
	streamBodies = []string{"", "", "", "abc", "abc", "abcd", "3\r\nabc\r\n0\r\n\r\n", "3\r\nabc\r\n0\r\nX-A: b\r\n\r\n", "0\r\n\r\n", "3;x=y\r\nabc\r\n0\r\n\r\n", "-1\r\n", "3\nabc\n0\n\n", "ffffffffffffffff\r\n", "3\r\nabcd\r\n0\r\n\r\n", "\r\n", "ab"}
	streamEnds   = []string{"\r\n\r\n", "\r\n\r\n", "\r\n\r\n", "\r\n\r\n", "\r\n\r\n", "\r\n\r\n", "\n\n", "\r\n\n", "\n\r\n", "\r\r\n\r\n", "\r\n", ""}
)

func one[T any](dice *rand.Rand, list []T) T { return list[dice.IntN(len(list))] }

// stream makes one to four requests, of which most are odd in one or two ways.
func stream(dice *rand.Rand) string {
	var b strings.Builder
	for range 1 + dice.IntN(4) {
		method := one(dice, streamMethods)
		plain := method == "GET" || method == "POST" || method == "OPTIONS"
		target, version := one(dice, streamTargets), one(dice, streamVersions)
		if plain && dice.IntN(3) > 0 {
			target, version = streamTargets[dice.IntN(8)], "HTTP/1.1"
		}
		l := []string{method + " " + target + " " + version}
		if dice.IntN(20) > 0 {
			l = append(l, "Host: a")
		}
		body := ""
		if method == "POST" && dice.IntN(3) > 0 {
			body = one(dice, streamBodies)
			l = append(l, fmt.Sprintf("Content-Length: %d", len(body)))
		}
		for range dice.IntN(3) {
			l = slices.Insert(l, 1+dice.IntN(len(l)), one(dice, streamLines))
		}
		if body == "" && dice.IntN(4) == 0 {
			body = one(dice, streamBodies)
		}
		b.WriteString(strings.Join(l, "\r\n") + one(dice, streamEnds) + body)
	}
	s := []byte(b.String())
	for range dice.IntN(8) - 5 { // seldom: a byte is lost, doubled or changed
		at := dice.IntN(len(s))
		switch dice.IntN(3) {
		case 0:
			s = slices.Delete(s, at, at+1)
		case 1:
			s = slices.Insert(s, at, s[at])
		default:
			s[at] = byte(dice.IntN(256))
		}
	}
	return string(s)
}

// cut divides s into up to n pieces, each of which is a write.
func cut(dice *rand.Rand, s string, n int) (pieces []string) {
	for range dice.IntN(n) {
		at := dice.IntN(len(s) + 1)
		pieces = append(pieces, s[:at])
		s = s[at:]
	}
	return append(pieces, s)
}

// sameOnBothRoads sends the same bytes to both servers.
func sameOnBothRoads(t *testing.T, plain, ours *server, pieces []string) {
	t.Helper()
	want, got := answers(t, plain.addr, pieces), answers(t, ours.addr, pieces)
	if !same(want, got) || slices.Contains(got, endLate) {
		t.Errorf("%.2000q\ngot\n\t%s\nnet/http gives\n\t%s", pieces, strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

// SEC-5, SEC-6, SEC-7: whatever comes, however odd and however it is cut, has the same
// requests in it on both roads, with the same answers and the same end.
func TestRoads_RandomStreams(t *testing.T) {
	t.Parallel()
	plain := serve(t, "", &http.Server{Handler: http.HandlerFunc(teller)})
	ours := serve(t, "direct", &http.Server{Handler: http.HandlerFunc(teller)})
	for seed := range uint64(1000) {
		dice := rand.New(rand.NewPCG(seed, 5))
		sameOnBothRoads(t, plain, ours, cut(dice, stream(dice), 4))
		if t.Failed() {
			t.Fatalf("stream %d", seed)
		}
	}
}

func FuzzRoads(f *testing.F) {
	for _, c := range corpus {
		f.Add([]byte(c.request), uint(len(c.request)/2))
	}
	for seed := range uint64(50) {
		f.Add([]byte(stream(rand.New(rand.NewPCG(seed, 6)))), uint(seed))
	}
	plain := serve(f, "", &http.Server{Handler: http.HandlerFunc(teller)})
	ours := serve(f, "direct", &http.Server{Handler: http.HandlerFunc(teller)})
	f.Fuzz(func(t *testing.T, b []byte, at uint) {
		at %= uint(len(b) + 1)
		sameOnBothRoads(t, plain, ours, []string{string(b[:at]), string(b[at:])})
	})
}
