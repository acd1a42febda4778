package compat_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/go-sails/sails/compat_test/internal/program"
)

// A tab is one page of the demo in a real browser.
type tab struct {
	t    *testing.T
	ctx  context.Context
	name string
}

// openTab opens a tab of a running browser; chromedp.WithNewBrowserContext gives it
// cookies of its own.
type openTab func(name string, opts ...chromedp.ContextOption) *tab

// startBrowser runs Chromium with a fresh profile and returns a function that
// opens tabs in it.
func startBrowser(t *testing.T) openTab {
	t.Helper()
	opts := []chromedp.ExecAllocatorOption{
		chromedp.ExecPath("/usr/bin/chromium"),
		chromedp.Headless, chromedp.NoSandbox, chromedp.NoFirstRun, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("ignore-certificate-errors", true), // those of net/http/httptest

		chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true),
		chromedp.Flag("disable-dev-shm-usage", true),
		chromedp.UserDataDir(t.TempDir()),
		chromedp.WindowSize(1100, 760),
		chromedp.WSURLReadTimeout(60 * time.Second),
	}
	allocator, stop := chromedp.NewExecAllocator(context.Background(), opts...)
	t.Cleanup(stop)
	browser, closeBrowser := chromedp.NewContext(allocator)
	t.Cleanup(closeBrowser)
	if err := chromedp.Do(browser); err != nil {
		t.Fatalf("chromium does not start; run \"make setup\": %v", err)
	}
	return func(name string, opts ...chromedp.ContextOption) *tab {
		ctx, closeTab := chromedp.NewContext(browser, opts...)
		t.Cleanup(closeTab)
		if err := chromedp.Listen(ctx, func(ev any) {
			if e, ok := ev.(*runtime.EventExceptionThrown); ok {
				t.Errorf("tab %s: %v", name, e.ExceptionDetails)
			}
		}); err != nil {
			t.Fatal(err)
		}
		return &tab{t, ctx, name}
	}
}

// do runs actions, for ten seconds at most.
func (tb *tab) do(actions ...chromedp.Action[chromedp.Void]) {
	tb.t.Helper()
	ctx, cancel := context.WithTimeout(tb.ctx, 10*time.Second)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		tb.t.Fatalf("tab %s: %v", tb.name, err)
	}
}

// await waits until the JavaScript expression is true on the page, for ten seconds
// at most.
func (tb *tab) await(what, expression string) {
	tb.t.Helper()
	tb.awaitWithin(10*time.Second, what, expression)
}

func (tb *tab) awaitWithin(limit time.Duration, what, expression string) {
	tb.t.Helper()
	ctx, cancel := context.WithTimeout(tb.ctx, limit)
	defer cancel()
	if err := chromedp.Do(ctx, chromedp.Poll[chromedp.Void](expression, chromedp.WithPollingInterval(20*time.Millisecond), chromedp.WithPollingTimeout(0))); err != nil {
		shown, _ := chromedp.Run(tb.ctx, chromedp.Evaluate[string]("document.body.innerText"))
		tb.t.Fatalf("tab %s never shows %s: %v\nit shows:\n%s", tb.name, what, err, shown)
	}
}

func (tb *tab) awaitIn(selector, text string) {
	tb.t.Helper()
	tb.await(strconv.Quote(text), "[...document.querySelectorAll("+strconv.Quote(selector)+")].some((e) => e.textContent.includes("+strconv.Quote(text)+"))")
}

// enter opens the page and answers its question for a name.
func (tb *tab) enter(url, name string) {
	tb.t.Helper()
	tb.do(
		chromedp.Navigate(url),
		chromedp.WaitVisible(chromedp.CSS("#name")),
		chromedp.SendKeys(chromedp.CSS("#name"), name),
		chromedp.Click(chromedp.CSS("#welcome-form button")),
	)
	tb.awaitIn("#status[data-state=online]", "connected")
	tb.awaitIn("#people li", name)
}

func (tb *tab) say(text string) {
	tb.t.Helper()
	tb.do(chromedp.SendKeys(chromedp.CSS("#text"), text), chromedp.Click(chromedp.CSS("#send")))
}

// count returns how many elements the page has.
func (tb *tab) count(selector string) int {
	tb.t.Helper()
	n, err := chromedp.Run(tb.ctx, chromedp.Evaluate[int]("document.querySelectorAll("+strconv.Quote(selector)+").length"))
	if err != nil {
		tb.t.Fatalf("tab %s: %v", tb.name, err)
	}
	return n
}

// TestBrowser lets two tabs of a real Chromium chat through the demo, with the
// unmodified sails.io.js 1.2.1, and checks what each of them shows.
func TestBrowser(t *testing.T) {
	t.Parallel()
	root := program.Root(t)
	client := filepath.Join(root, "..", "examples", "chat", "node_modules", "sails.io.js", "dist", "sails.io.js")
	demo := program.Start(t, nil, program.Build(t, "../examples/chat"), "-client", client)
	page := "http://localhost:" + strconv.Itoa(demo.Port) + "/"
	open := startBrowser(t)
	ann, bob := open("ann"), open("bob")

	ann.enter(page+"#blue", "Ann")
	bob.enter(page+"#blue", "Bob")
	ann.awaitIn("#people li", "Bob")
	ann.awaitIn(".event", "Bob joined")
	bob.awaitIn("#people li", "Ann") // who was there before

	ann.say("hello <b>Bob</b>")
	for _, tb := range []*tab{ann, bob} {
		tb.awaitIn(".msg .text", "hello <b>Bob</b>") // as text, not as markup
	}
	if n := ann.count(".msg"); n != 1 {
		t.Errorf("Ann sees her message %d times", n)
	}
	if mine, other := ann.count(".msg.mine"), bob.count(".msg.mine"); mine != 1 || other != 0 {
		t.Errorf("messages shown as one's own: %d to Ann, %d to Bob", mine, other)
	}
	ann.awaitIn("#last", "POST /rooms/blue/messages → 201")

	// The same route over plain HTTP reaches both tabs.
	res := post(t, demo.URL+"/rooms/blue/messages", `{"from":"curl","text":"from outside"}`)
	if want := `"from":"curl"`; !strings.Contains(res, want) {
		t.Errorf("the answer %s does not contain %s", res, want)
	}
	for _, tb := range []*tab{ann, bob} {
		tb.awaitIn(".msg .who", "curl")
		tb.awaitIn(".msg .text", "from outside")
	}

	// Another room is another conversation.
	bob.do(chromedp.Click(chromedp.CSS(`#rooms a[href="#green"]`)))
	bob.awaitIn("#room-name", "green")
	ann.awaitIn(".event", "Bob left")
	bob.awaitIn(".empty", "Nothing said here yet")
	bob.say("green only")
	bob.awaitIn(".msg .text", "green only")
	ann.say("blue only")
	ann.awaitIn(".msg .text", "blue only")
	if n := ann.count(".msg"); n != 3 {
		t.Errorf("Ann sees %d messages in room blue, want 3", n)
	}
	if n := bob.count(".msg"); n != 1 {
		t.Errorf("Bob sees %d messages in room green, want 1", n)
	}

	// Closing a tab is noticed; history is there for who comes back.
	bob.do(chromedp.Click(chromedp.CSS(`#rooms a[href="#blue"]`)))
	ann.await("Bob twice joined", `[...document.querySelectorAll(".event")].filter((e) => e.textContent === "Bob joined").length === 2`)
	bob.awaitIn(".msg .text", "blue only")
	if dir := os.Getenv("SCREENSHOTS"); dir != "" {
		for _, tb := range []*tab{ann, bob} {
			png, err := chromedp.Run(tb.ctx, chromedp.CaptureScreenshot())
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, tb.name+".png"), png, 0o644); err != nil {
				t.Error(err)
			}
		}
	}
	if err := chromedp.Cancel(bob.ctx); err != nil { // closes the tab
		t.Fatal(err)
	}
	ann.await("Bob twice left", `[...document.querySelectorAll(".event")].filter((e) => e.textContent === "Bob left").length === 2`)
	ann.await("that she is alone", `document.querySelectorAll("#people li").length === 1`)
}

// TestBrowser_ClientMissing shows what the page says when the npm package is not
// installed.
func TestBrowser_ClientMissing(t *testing.T) {
	t.Parallel()
	demo := program.Start(t, nil, program.Build(t, "../examples/chat"), "-client", filepath.Join(t.TempDir(), "nothing.js"))
	page := startBrowser(t)("page")
	page.do(chromedp.Navigate("http://localhost:" + strconv.Itoa(demo.Port) + "/"))
	page.awaitIn("#missing:not([hidden])", "npm ci --prefix examples/chat")
	page.awaitIn("#status", "client missing")
}

func post(t *testing.T, url, body string) string {
	t.Helper()
	res, err := http.Post(url, "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	if res.StatusCode != http.StatusCreated || !json.Valid(text) {
		t.Errorf("POST %s: %s %s", url, res.Status, text)
	}
	return string(text)
}
