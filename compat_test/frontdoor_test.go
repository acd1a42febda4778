package compat_test

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/go-sails/sails/compat_test/internal/program"
)

// told are the places where a page can tell the front door from the old application
// alone: what was said there, what is said here, and why.
var told = []struct{ line, was, is, why string }{
	{"socket post /echo?x=1", `"port":80,"protocol":"ws"`, `"port":<port>,"protocol":"http"`, "the old application sees plain requests"},
	{"socket post /echo?x=1", `"isSocket":true`, `"isSocket":false`, "the old application sees plain requests"},
	{"socket post /echo?x=1", `"transport":"socket.io"`, `"transport":null`, "the old application sees plain requests"},
	{"socket get /echo/p/one/two", `"body":{},`, ``, "a plain GET has no body there, a virtual one has an empty one"},
	{"socket get /res/null", `"body":null,`, ``, "over HTTP res.send(null) sends nothing"},
}

// TestFrontDoor_Browser has a page with the unmodified sails.io.js in Chromium talk to the
// original application alone, and to the Go server with that behind it, which answers
// half of the routes. Sessions are shared through Redis, and so are broadcasts. The
// page has to see the same.
func TestFrontDoor_Browser(t *testing.T) {
	t.Parallel()
	root := program.Root(t)
	dir := t.TempDir()
	assets := map[string]string{
		"page.html":   filepath.Join(root, "frontdoor", "page.html"),
		"page.js":     filepath.Join(root, "frontdoor", "page.js"),
		"sails.io.js": filepath.Join(root, "..", "internal", "conformance", "driver", "node_modules", "sails.io.js-1.2.1", "dist", "sails.io.js"),
	}
	for name, source := range assets {
		text, err := os.ReadFile(source)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	reference := []string{filepath.Join(root, "..", "internal", "conformance", "driver", "reference.mjs"), filepath.Join(root, "peers", "sails-app")}
	alone := program.Start(t, nil, "node", reference...)
	redis := "redis://" + startRedis(t) + "/0"
	behind := program.Start(t, []string{"SESSION_REDIS=" + redis, "SOCKETS_REDIS=" + redis}, "node", reference...)
	front := program.Start(t, []string{
		"MANIFEST=" + exported(t), "UPSTREAM=" + behind.URL, "PORTED=1", "ASSETS=" + dir, "SESSION_REDIS=" + redis, "SOCKETS_REDIS=" + redis,
	}, program.Build(t, "./servers/lifted"))

	open := startBrowser(t)
	want := visit(open("the original alone", chromedp.WithNewBrowserContext()), withPage(t, alone.URL, dir))
	got := visit(open("front door", chromedp.WithNewBrowserContext()), front.URL)
	if len(want) < 60 || len(got) != len(want) {
		t.Fatalf("the page tells %d things, and %d through the front door", len(want), len(got))
	}
	for i, line := range want {
		for _, d := range told {
			if strings.Contains(line, strconv.Quote(d.line)) {
				if !strings.Contains(line, d.was) {
					t.Errorf("no difference any more (%s): %s", d.why, line)
				}
				line = strings.ReplaceAll(line, d.was, d.is)
			}
		}
		if line != got[i] {
			t.Errorf("the page notices the front door:\n  alone %s\n  here  %s", line, got[i])
		}
	}
}

// withPage serves the page beside the application at address, on one origin.
func withPage(t *testing.T, address, dir string) string {
	t.Helper()
	target, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	files := http.FileServerFS(os.DirFS(dir))
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target); r.Out.Host = r.In.Host }}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := os.Stat(filepath.Join(dir, filepath.Base(r.URL.Path))); err == nil && r.URL.Path != "/" {
			files.ServeHTTP(w, r)
			return
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	return server.URL
}

// visit gets the visitor's cookie, opens the page and returns what it tells.
func visit(tb *tab, address string) []string {
	tb.t.Helper()
	tb.do(chromedp.Navigate(address + "/session/id"))
	tb.do(chromedp.Navigate(address + "/page.html"))
	tb.await("sails.io.js", "window.io && window.play && true")
	tb.do(chromedp.Evaluate[chromedp.Void](`void play().then((list) => { window.told = list; }, (e) => { window.told = [String(e)]; })`))
	tb.awaitWithin(60*time.Second, "the end", "!!window.told")
	list, err := chromedp.Run(tb.ctx, chromedp.Evaluate[[]string]("window.told"))
	if err != nil {
		tb.t.Fatal(err)
	}
	return list
}
