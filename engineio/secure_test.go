package engineio_test

import (
	"context"
	"crypto/tls"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-sails/sails/engineio"
	"github.com/go-sails/sails/internal/wsconn"
)

// Over TLS reads hold a buffer and writes block: the other path through the engine.
func TestTLS(t *testing.T) {
	h := newRecorder()
	h.onMessage = echo
	engine, err := engineio.NewServer(h, engineio.Config{CompressWebSocket: true, PingInterval: 200 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewTLSServer(engine)
	defer server.Close()
	pool := server.Client().Transport.(*http.Transport).TLSClientConfig
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	conn, rest, res, err := wsconn.Dial(ctx, server.URL+"/engine.io/?EIO=4&transport=websocket", wsconn.DialOptions{TLS: &tls.Config{RootCAs: pool.RootCAs}, Deflate: true})
	if err != nil {
		t.Fatal(err)
	}
	w := &ws{t: t, conn: conn, rest: rest}
	w.dec.Client = true
	w.dec.Deflate = wsconn.DeflateAccepted(res)
	if !w.dec.Deflate {
		t.Fatal("permessage-deflate was not accepted")
	}
	w.next()
	long := strings.Repeat("compressible ", 20_000)
	w.send("4hello", "4"+long)
	var got []string
	for len(got) < 2 {
		if f := w.next(); f == "2" {
			w.send("3")
		} else {
			got = append(got, f)
		}
	}
	if got[0] != "4hello" || got[1] != "4"+long {
		t.Fatal("echo differs")
	}
	s := await(t, h.opened, "session")
	if s.Request().TLS == nil {
		t.Fatal("request does not know of TLS")
	}
	done := make(chan error, 1)
	go func() { done <- engine.Shutdown(ctx) }()
	for f := w.next(); !strings.HasPrefix(f, "close 1001"); f = w.next() {
	}
	if err := await(t, done, "end of Shutdown"); err != nil {
		t.Fatal(err)
	}
	conn.Close()
}

// HTTP/2 without TLS carries polling; an upgrade is refused in a way the client
// understands.
func TestH2C(t *testing.T) {
	h := newRecorder()
	h.onMessage = echo
	engine, err := engineio.NewServer(h, engineio.Config{})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(engine)
	server.Config.Protocols = new(http.Protocols)
	server.Config.Protocols.SetUnencryptedHTTP2(true)
	server.Start()
	defer server.Close()
	defer func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
		defer cancel()
		_ = engine.Shutdown(ctx)
	}()
	transport := &http.Transport{Protocols: server.Config.Protocols}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport, Timeout: patience}
	do := func(method, query, body string) (int, string) {
		req, _ := http.NewRequest(method, server.URL+"/engine.io/?EIO=4&transport="+query, strings.NewReader(body))
		res, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		b, _ := io.ReadAll(res.Body)
		if res.ProtoMajor != 2 {
			t.Fatal(res.Proto)
		}
		return res.StatusCode, string(b)
	}
	_, open := do("GET", "polling", "")
	q := "polling&sid=" + sidOf(t, open)
	if _, got := do("POST", q, "4over h2"); got != "ok" {
		t.Fatal(got)
	}
	if _, got := do("GET", q, ""); got != "4over h2" {
		t.Fatal(got)
	}
	if status, got := do("GET", "websocket", ""); status != 400 || !strings.Contains(got, `"code":3`) {
		t.Fatal(status, got)
	}
}

// A close frame is not lost when a write is under way, and not put into its middle.
func TestClose_WaitsForTheWriteUnderWay(t *testing.T) {
	for range 50 {
		synctest.Test(t, func(t *testing.T) { // a pipe has no half-close: 2 s of virtual time
			h := newRecorder()
			h.onMessage = echo
			r := newPipeRig(t, h, engineio.Config{})
			w, _ := r.openWS(4)
			w.send("4a", "4b", "9")
			w.want("4a", "4b")
			seen := ""
			for f := w.next(); f != "eof"; f = w.next() {
				seen += f + " "
			}
			if !strings.Contains(seen, "close 1005") {
				t.Fatalf("saw %q", seen)
			}
		})
	}
}
