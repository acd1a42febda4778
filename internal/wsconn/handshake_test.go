package wsconn_test

import (
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/go-sails/sails/internal/wsconn"
)

const sampleKey, sampleAccept = "dGhlIHNhbXBsZSBub25jZQ==", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" // RFC 6455 §1.3

func upgradeRequest() *http.Request {
	return &http.Request{Method: "GET", ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{
		"Connection":            {"Upgrade"},
		"Upgrade":               {"websocket"},
		"Sec-Websocket-Version": {"13"},
		"Sec-Websocket-Key":     {sampleKey},
	}}
}

// SEC-7, SEC-21.
func TestCheckRequest(t *testing.T) {
	set := func(name string, values ...string) func(*http.Request) {
		return func(r *http.Request) { r.Header[name] = values }
	}
	for _, c := range []struct {
		name   string
		change func(*http.Request)
		status int
	}{
		{"as is", func(*http.Request) {}, 0},
		{"POST", func(r *http.Request) { r.Method = "POST" }, 400},
		{"get", func(r *http.Request) { r.Method = "get" }, 400},
		{"no method", func(r *http.Request) { r.Method = "" }, 400},
		{"HTTP/1.0", func(r *http.Request) { r.ProtoMinor = 0 }, 400},
		{"HTTP/2", func(r *http.Request) { r.ProtoMajor, r.ProtoMinor = 2, 0 }, 400},
		{"body", func(r *http.Request) { r.ContentLength = 1 }, 400},
		{"body of unknown length", func(r *http.Request) { r.ContentLength = -1 }, 400},
		{"chunked", func(r *http.Request) { r.TransferEncoding = []string{"chunked"} }, 400},
		{"Connection list", set("Connection", "keep-alive ,\tUPGRADE"), 0},
		{"Connection lines", set("Connection", "keep-alive", "close, uPgRaDe,"), 0},
		{"Connection missing", set("Connection"), 400},
		{"Connection substring", set("Connection", "upgraded, xupgrade, up grade"), 400},
		{"Upgrade in capitals", set("Upgrade", "WebSocket"), 0},
		{"Upgrade list", set("Upgrade", "h2c, websocket"), 0},
		{"Upgrade with a version", set("Upgrade", "websocket/13"), 400},
		{"Upgrade with the Kelvin sign", set("Upgrade", "websoc\u212Aet"), 400},
		{"Upgrade missing", set("Upgrade"), 400},
		{"version missing", set("Sec-Websocket-Version"), 426},
		{"version 8", set("Sec-Websocket-Version", "8"), 426},
		{"version 013", set("Sec-Websocket-Version", "013"), 426},
		{"version list", set("Sec-Websocket-Version", "13, 8"), 426},
		{"version twice", set("Sec-Websocket-Version", "13", "13"), 426},
		{"key missing", set("Sec-Websocket-Key"), 400},
		{"key empty", set("Sec-Websocket-Key", ""), 400},
		{"key twice", set("Sec-Websocket-Key", sampleKey, sampleKey), 400},
		{"key of 15 bytes", set("Sec-Websocket-Key", "dGhlIHNhbXBsZSBub25j"), 400},
		{"key of 17 bytes", set("Sec-Websocket-Key", "dGhlIHNhbXBsZSBub25jZWU="), 400},
		{"key of 18 bytes", set("Sec-Websocket-Key", "dGhlIHNhbXBsZSBub25jZWVl"), 400},
		{"key not base64", set("Sec-Websocket-Key", "dGhlIHNhbXBsZSBub25j*Q=="), 400},
		{"key in the URL alphabet", set("Sec-Websocket-Key", "____________________-_=="), 400},
		{"key with line breaks", set("Sec-Websocket-Key", "dGhlIHNhbXBs\r\nZSBub25jZQ"), 400},
		{"junk in the rest", set("Sec-Websocket-Extensions", ";;;===,\"", "\x00\xff"), 0},
	} {
		r := upgradeRequest()
		c.change(r)
		if status, reason := wsconn.CheckRequest(r); status != c.status || (reason == "") != (status == 0) {
			t.Errorf("%s: %d %q, want %d", c.name, status, reason, c.status)
		}
	}
}

// SEC-10: time doubles at most when the input doubles. Quadratic reading would
// take sixteen times as long for four times the input.
func TestHeaders_LinearTime(t *testing.T) {
	for name, unit := range map[string]string{
		"commas": ",", "blanks": " ", "commas and blanks": ", ", "semicolons": ";", "quotes": `"`, "pairs of quotes": `"",`, "escapes": `\"`, "params": "a;b=c;", "offers": "permessage-deflate;x,",
		"good parameters": "permessage-deflate;client_max_window_bits;", "equals": "=", "tokens": "x",
	} {
		measure := func(n int) time.Duration {
			r := upgradeRequest()
			junk := strings.Repeat(unit, n/len(unit))
			r.Header["Connection"] = []string{junk + "upgrade"}
			r.Header["Upgrade"] = []string{junk + ",websocket"}
			extensions := []string{"permessage-deflate" + junk, junk, "a;" + junk}
			best := time.Hour
			for range 5 {
				start := time.Now()
				wsconn.CheckRequest(r)
				wsconn.AcceptDeflate(extensions...)
				best = min(best, time.Since(start))
			}
			return best
		}
		const n = 4 << 10
		small, large := measure(n), measure(16*n)
		if large > 64*small+time.Millisecond {
			t.Errorf("%s: %v for %d bytes, %v for %d", name, small, n, large, 16*n)
		}
	}
}

// RFC 7692 §5.1, §7.1: which offers are taken, and the answer.
func TestAcceptDeflate(t *testing.T) {
	const yes = "permessage-deflate; server_no_context_takeover; client_no_context_takeover"
	for _, c := range []struct {
		offer []string
		want  string
	}{
		{nil, ""},
		{[]string{""}, ""},
		{[]string{"permessage-deflate"}, yes},
		{[]string{"PerMessage-Deflate"}, yes},
		{[]string{"permessage-deflate; client_max_window_bits"}, yes},
		{[]string{"permessage-deflate; client_max_window_bits=10"}, yes},
		{[]string{`permessage-deflate; client_max_window_bits="10"`}, yes},
		{[]string{"permessage-deflate ; server_no_context_takeover ; client_no_context_takeover"}, yes},
		{[]string{"permessage-deflate; server_max_window_bits=15"}, yes + "; server_max_window_bits=15"},
		{[]string{"permessage-deflate; server_max_window_bits=10, permessage-deflate"}, yes},
		{[]string{"permessage-deflate; server_max_window_bits=8"}, ""},
		{[]string{"x-webkit-deflate-frame, permessage-deflate"}, yes},
		{[]string{"foo; a=\"b,c\", permessage-deflate"}, yes},
		{[]string{"foo", "bar; x, permessage-deflate"}, yes},
		{[]string{", ,permessage-deflate"}, yes},
		{[]string{"permessage-deflate;"}, ""},
		{[]string{"permessage-deflate; server_no_context_takeover;"}, ""},
		{[]string{"permessage-deflate; ;server_no_context_takeover"}, ""},
		{[]string{"permessage-deflate; unknown"}, ""},
		{[]string{"permessage-deflate; server_no_context_takeover=1"}, ""},
		{[]string{"permessage-deflate; client_no_context_takeover=true"}, ""},
		{[]string{"permessage-deflate; server_no_context_takeover; server_no_context_takeover"}, ""},
		{[]string{"permessage-deflate; client_no_context_takeover; client_no_context_takeover"}, ""},
		{[]string{"permessage-deflate; client_max_window_bits; client_max_window_bits"}, ""},
		{[]string{"permessage-deflate; client_max_window_bits=9; client_max_window_bits=9"}, ""},
		{[]string{"permessage-deflate; server_max_window_bits=15; server_max_window_bits=15"}, ""},
		{[]string{"permessage-deflate; server_max_window_bits"}, ""},
		{[]string{"permessage-deflate; server_max_window_bits=7"}, ""},
		{[]string{"permessage-deflate; server_max_window_bits=16"}, ""},
		{[]string{"permessage-deflate; client_max_window_bits=016"}, ""},
		{[]string{"permessage-deflate; client_max_window_bits=1x"}, ""},
		{[]string{"permessage-deflate; client_max_window_bits="}, ""},
		{[]string{`permessage-deflate; client_max_window_bits="`}, ""},
		{[]string{`permessage-deflate; client_max_window_bits="1 0"`}, ""},
		{[]string{"permessage-deflate=1"}, ""},
		{[]string{"per message-deflate"}, ""},
		{[]string{"; permessage-deflate"}, ""},
	} {
		if got := wsconn.AcceptDeflate(c.offer...); got != c.want {
			t.Errorf("%q: %q, want %q", c.offer, got, c.want)
		}
	}
}

func FuzzHandshakeHeaders(f *testing.F) {
	f.Add("Upgrade", "websocket", "13", sampleKey, "permessage-deflate; client_max_window_bits", "chat")
	f.Add("keep-alive, upgrade", "h2c,WebSocket", "13", sampleKey, `permessage-deflate;server_max_window_bits="15";`, "")
	f.Add(",", "", "8", "AAAAAAAAAAAAAAAAAAAAAA==", `foo;a="b,c",permessage-deflate;client_no_context_takeover`, ",,")
	f.Add("upgrade", "websocket", "13", sampleKey, "permessage-deflate; server_max_window_bits=8, permessage-deflate", "a b")
	f.Fuzz(func(t *testing.T, connection, upgrade, version, key, extensions, protocol string) {
		r := upgradeRequest()
		r.Header = http.Header{"Connection": {connection}, "Upgrade": {upgrade}, "Sec-Websocket-Version": {version},
			"Sec-Websocket-Key": {key}, "Sec-Websocket-Extensions": {extensions}, "Sec-Websocket-Protocol": {protocol}}
		before := maps.Clone(r.Header)
		status, reason := wsconn.CheckRequest(r)
		switch {
		case status != 0 && status != 400 && status != 426, (status == 0) != (reason == ""):
			t.Fatalf("%d %q", status, reason)
		case status == 0 && (version != "13" || len(key) != 24):
			t.Fatal("accepted a wrong version or key")
		case status == 0 && (!strings.Contains(strings.ToLower(connection), "upgrade") || !strings.Contains(strings.ToLower(upgrade), "websocket")):
			t.Fatal("accepted without being asked to upgrade")
		case fmt.Sprint(before) != fmt.Sprint(r.Header):
			t.Fatal("header changed")
		}
		if got := wsconn.AcceptDeflate(extensions); got != "" && !strings.Contains(strings.ToLower(extensions), "permessage-deflate") {
			t.Fatalf("accepted %q for an offer of %q", got, extensions)
		}
		answer := &http.Response{Header: r.Header}
		if wsconn.DeflateAccepted(answer) && !strings.Contains(extensions, "server_no_context_takeover") {
			t.Fatalf("took %q for a usable answer", extensions)
		}
	})
}
