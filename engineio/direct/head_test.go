package direct_test

import (
	"bufio"
	"bytes"
	"io"
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/go-sails/sails/engineio/direct"
)

const path = "/socket.io/"

// lines joins header lines to a request.
func lines(l ...string) string { return strings.Join(l, "\r\n") + "\r\n\r\n" }

const get = "GET /socket.io/?EIO=4&transport=polling HTTP/1.1"
const post = "POST /socket.io/?EIO=4&transport=polling&sid=x HTTP/1.1"

// Whatever could mean two things to two servers, or is merely odd, is left to
// net/http (SEC-5, SEC-6, SEC-10, SEC-11).
var corpus = []struct {
	name, request string
	ours          bool
}{
	{"poll", lines(get, "Host: a"), true},
	{"browser", lines(get, "host: 127.0.0.1:80", "Origin: http://a", "connection: keep-alive", "sec-ch-ua: \"x\"", "Cookie: a=b; c=d"), true},
	{"websocket", lines(get, "Host: a", "Connection: keep-alive, Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13"), true},
	{"post", lines(post, "Host: a", "Content-Length: 3"), true},
	{"empty post", lines(post, "Host: a", "Content-Length: 0"), true},
	{"preflight", lines("OPTIONS /socket.io/?EIO=4 HTTP/1.1", "Host: a"), true},
	{"last of a connection", lines(get, "Host: a", "Connection: close"), true},
	{"empty value", lines(get, "Host: a", "X-A:"), true},
	{"white space around a value", lines(get, "Host: \t a \t", "X-A: \t b"), true},
	{"repeated line", lines(get, "Host: a", "X-A: 1", "x-a: 2"), true},
	{"old cache control", lines(get, "Host: a", "Pragma: no-cache"), true},

	{"other path", lines("GET / HTTP/1.1", "Host: a"), false},
	{"path without a query", lines("GET /socket.io/ HTTP/1.1", "Host: a"), false},
	{"empty query", lines("GET /socket.io/? HTTP/1.1", "Host: a"), false},
	{"longer path", lines("GET /socket.io/x?EIO=4 HTTP/1.1", "Host: a"), false},
	{"encoded path", lines("GET /socket%2eio/?EIO=4 HTTP/1.1", "Host: a"), false},
	{"dots", lines("GET /x/../socket.io/?EIO=4 HTTP/1.1", "Host: a"), false},
	{"absolute target", lines("GET http://a/socket.io/?EIO=4 HTTP/1.1", "Host: a"), false},
	{"fragment", lines("GET /socket.io/?EIO=4#x HTTP/1.1", "Host: a"), false},
	{"control in the target", lines("GET /socket.io/?EIO=4\x01 HTTP/1.1", "Host: a"), false},
	{"unicode in the target", lines("GET /socket.io/?EIO=ü HTTP/1.1", "Host: a"), false},
	{"two spaces", lines("GET /socket.io/?EIO=4  HTTP/1.1", "Host: a"), false},
	{"HTTP/1.0", lines("GET /socket.io/?EIO=4 HTTP/1.0", "Host: a"), false},
	{"HTTP/1.10", lines("GET /socket.io/?EIO=4 HTTP/1.10", "Host: a"), false},
	{"HTTP/2.0", lines("GET /socket.io/?EIO=4 HTTP/2.0", "Host: a"), false},
	{"no version", lines("GET /socket.io/?EIO=4", "Host: a"), false},
	{"other method", lines("PUT /socket.io/?EIO=4 HTTP/1.1", "Host: a", "Content-Length: 0"), false},
	{"HEAD", lines("HEAD /socket.io/?EIO=4 HTTP/1.1", "Host: a"), false},
	{"lower-case method", lines("get /socket.io/?EIO=4 HTTP/1.1", "Host: a"), false},
	{"empty line first", "\r\n" + lines(get, "Host: a"), false},
	{"no host", lines(get, "X-A: b"), false},
	{"no header", get + "\r\n\r\n", false},
	{"empty host", lines(get, "Host:"), false},
	{"two hosts", lines(get, "Host: a", "Host: a"), false},
	{"host with user", lines(get, "Host: b@a"), false},
	{"host with a path", lines(get, "Host: a/b"), false},
	{"host list", lines(get, "Host: a, b"), false},
	{"bare LF", get + "\nHost: a\n\n", false},
	{"bare LF inside", lines(get, "Host: a\nX-A: b"), false},
	{"LF then CR LF", get + "\r\nHost: a\n\r\n", false},
	{"bare CR", lines(get, "Host: a", "X-A: b\rc"), false},
	{"CR CR LF", lines(get, "Host: a", "X-A: b\r"), false},
	{"NUL", lines(get, "Host: a", "X-A: b\x00"), false},
	{"bytes beyond ASCII", lines(get, "Host: a", "X-A: \xff"), false},
	{"folded", lines(get, "Host: a", "X-A: b", " c"), false},
	{"folded first", lines(get, " Host: a"), false},
	{"space before the colon", lines(get, "Host: a", "Content-Length : 3"), false},
	{"no colon", lines(get, "Host: a", "X-A"), false},
	{"empty name", lines(get, "Host: a", ": b"), false},
	{"name that is no token", lines(get, "Host: a", "X(A): b"), false},
	{"name beyond ASCII", lines(get, "Host: a", "Ｃontent-Length: 3"), false},
	{"post without length", lines(post, "Host: a"), false},
	{"two lengths", lines(post, "Host: a", "Content-Length: 3", "Content-Length: 3"), false},
	{"two other lengths", lines(post, "Host: a", "Content-Length: 3", "content-length: 4"), false},
	{"list of lengths", lines(post, "Host: a", "Content-Length: 3, 3"), false},
	{"signed length", lines(post, "Host: a", "Content-Length: +3"), false},
	{"negative length", lines(post, "Host: a", "Content-Length: -3"), false},
	{"hexadecimal length", lines(post, "Host: a", "Content-Length: 0x3"), false},
	{"length with a leading zero", lines(post, "Host: a", "Content-Length: 03"), false},
	{"empty length", lines(post, "Host: a", "Content-Length:"), false},
	{"huge length", lines(post, "Host: a", "Content-Length: 99999999999999999999"), false},
	{"length of a poll", lines(get, "Host: a", "Content-Length: 3"), false},
	{"no length of a poll", lines(get, "Host: a", "Content-Length: 0"), false},
	{"chunked", lines(post, "Host: a", "Transfer-Encoding: chunked"), false},
	{"chunked with a length", lines(post, "Host: a", "Content-Length: 3", "Transfer-Encoding: chunked"), false},
	{"identity", lines(post, "Host: a", "Content-Length: 3", "Transfer-Encoding: identity"), false},
	{"odd coding", lines(post, "Host: a", "Content-Length: 3", "Transfer-Encoding: xchunked"), false},
	{"coding in another case", lines(post, "Host: a", "Content-Length: 3", "tRANSFER-eNCODING: \tchunked"), false},
	{"coding of a poll", lines(get, "Host: a", "Transfer-Encoding: chunked"), false},
	{"expect", lines(post, "Host: a", "Content-Length: 3", "Expect: 100-continue"), false},
	{"trailer", lines(post, "Host: a", "Content-Length: 3", "Trailer: X-A"), false},
	{"connection names a line", lines(post, "Host: a", "Content-Length: 3", "Connection: content-length"), false},
	{"h2c", lines(get, "Host: a", "Connection: Upgrade", "Upgrade: h2c"), false},
	{"two protocols", lines(get, "Host: a", "Connection: Upgrade", "Upgrade: websocket, h2c"), false},
	{"upgrade with a body", lines(post, "Host: a", "Content-Length: 3", "Connection: Upgrade", "Upgrade: websocket"), false},
	{"HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", false},
	{"TLS", "\x16\x03\x01\x00\xa5\x01\x00\x00\xa1", false},
	{"too many lines", lines(append([]string{get, "Host: a"}, strings.Split(strings.Repeat("X-A: b\n", 64), "\n")[:64]...)...), false},
	{"long head", lines(get, "Host: a", "X-A: "+strings.Repeat("b", direct.MaxHead)), false},
}

func TestParse_Corpus(t *testing.T) {
	t.Parallel()
	for _, c := range corpus {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			ours := compare(t, []byte(c.request))
			if ours != c.ours {
				t.Fatalf("taken: %v, want %v", ours, c.ours)
			}
			if at, complete := direct.Look([]byte(c.request), path); c.ours && (at != len(c.request) || !complete) {
				t.Fatalf("byte by byte found something at %d of %d", at, len(c.request))
			}
		})
	}
}

// compare checks that a request which is taken means the same to net/http; it tells
// whether it is taken.
func compare(t *testing.T, b []byte) bool {
	t.Helper()
	r, size, ok := direct.Parse(b, path)
	if !ok {
		return false
	}
	in := bytes.NewReader(b)
	buffered := bufio.NewReaderSize(in, len(b)+16)
	want, err := http.ReadRequest(buffered)
	if err != nil {
		t.Fatalf("net/http refuses %q: %v", b, err)
	}
	headOf := len(b) - in.Len() - buffered.Buffered()
	switch {
	case headOf != size:
		t.Fatalf("head of %d bytes, net/http has %d: %q", size, headOf, b)
	case r.Method != want.Method || r.RequestURI != want.RequestURI || want.URL.Path != path || want.URL.RawPath != "" || want.URL.Host != "" || want.URL.ForceQuery:
		t.Fatalf("%s %s, net/http has %s %s, %+v: %q", r.Method, r.RequestURI, want.Method, want.RequestURI, want.URL, b)
	case direct.Query(r) != want.URL.RawQuery:
		t.Fatalf("query %q, net/http has %q", direct.Query(r), want.URL.RawQuery)
	case r.Host != want.Host || r.ContentLength != want.ContentLength || r.Close != want.Close:
		t.Fatalf("host %q, length %d, close %v; net/http has %q, %d, %v: %q", r.Host, r.ContentLength, r.Close, want.Host, want.ContentLength, want.Close, b)
	case len(want.TransferEncoding) > 0 || want.Trailer != nil || want.ProtoMajor != 1 || want.ProtoMinor != 1:
		t.Fatalf("net/http has %+v: %q", want, b)
	case !maps.EqualFunc(r.Header, want.Header, func(a, b []string) bool { return strings.Join(a, "\x00") == strings.Join(b, "\x00") }):
		t.Fatalf("header %q, net/http has %q", r.Header, want.Header)
	}
	rest, err := io.ReadAll(want.Body)
	if want := min(int(r.ContentLength), len(b)-size); len(rest) != want || err == nil != (int64(want) == r.ContentLength) {
		t.Fatalf("net/http reads a body of %d bytes (%v), want %d: %q", len(rest), err, want, b)
	}
	return true
}

func FuzzParse(f *testing.F) {
	for _, c := range corpus {
		if len(c.request) < 4096 {
			f.Add([]byte(c.request))
			f.Add([]byte(c.request + "abc" + c.request))
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		compare(t, b)
		// However the bytes are cut, the end is found at the same place.
		at, complete := direct.Look(b, path)
		if _, size, ok := direct.Parse(b, path); ok && (!complete || at != size) {
			t.Fatalf("at once %d bytes, one by one %d (%v)", size, at, complete)
		}
	})
}
