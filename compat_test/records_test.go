package compat_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/go-sails/sails/compat_test/internal/program"
)

// TestRecords shows records changing live in two tabs of a real Chromium, served by
// `sails lift` from a manifest.
func TestRecords(t *testing.T) {
	t.Parallel()
	root := program.Root(t)
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Join(root, "..", "examples", "records"))); err != nil {
		t.Fatal(err)
	}
	demo := program.Start(t, nil, program.Build(t, "../cmd/sails"), "lift", "--dev", dir)
	page := "http://localhost:" + strconv.Itoa(demo.Port) + "/"
	open := startBrowser(t)
	one, two := open("one"), open("two")

	one.do(chromedp.Navigate(page))
	one.awaitIn("#state[data-state=live]", "connected")
	one.awaitIn(".task span", "Tick a task there") // the first visitor makes records
	two.do(chromedp.Navigate(page))
	two.awaitIn(".task span", "Tick a task there")

	// Created, updated and destroyed in one tab, seen in the other.
	two.do(
		chromedp.SendKeys(chromedp.CSS("[data-list='1'] [name=title]"), "<i>from two</i>"),
		chromedp.Click(chromedp.CSS("[data-list='1'] form button")),
	)
	one.awaitIn("[data-task='4'] span", "<i>from two</i>") // as text, not as markup
	one.awaitIn("#log li", "task 4 created")
	one.do(chromedp.Click(chromedp.CSS("[data-task='4'] input")))
	two.await("task 4 done", "document.querySelector('[data-task=\"4\"]').classList.contains('done')")
	two.do(chromedp.Click(chromedp.CSS("[data-task='4'] button")))
	one.await("task 4 gone", "!document.querySelector('[data-task=\"4\"]')")
	if n := two.count("#log li"); n < 1 {
		t.Errorf("tab two heard of %d changes", n)
	}

	// Plain HTTP reaches both, and a draft survives what others do.
	one.do(chromedp.SendKeys(chromedp.CSS("[data-list='1'] [name=title]"), "a draft"))
	if status, body := send(t, demo.URL+"/list", `{"name":"from curl"}`); status != 200 {
		t.Errorf("%d %s", status, body)
	}
	for _, tb := range []*tab{one, two} {
		tb.awaitIn(".list h3", "from curl")
	}
	one.await("the draft", "document.querySelector('[data-list=\"1\"] [name=title]').value === 'a draft'")

	// What the server refuses is said.
	two.do(chromedp.SendKeys(chromedp.CSS("#new-list [name=name]"), "   "))
	if status, body := send(t, demo.URL+"/task", `{}`); status != 400 || !strings.Contains(body, "title") {
		t.Errorf("%d %s", status, body)
	}
	if dir := os.Getenv("SCREENSHOTS"); dir != "" {
		png, err := chromedp.Run(one.ctx, chromedp.CaptureScreenshot())
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "records.png"), png, 0o644); err != nil {
			t.Error(err)
		}
	}
}
