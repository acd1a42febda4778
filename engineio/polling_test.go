package engineio_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/go-sails/sails/engineio"
)

// Answers say how long they are, whoever counts: their size lies on either side of what
// net/http keeps until a handler returns.
func TestPoll_AnswersHaveLengths(t *testing.T) {
	h := newRecorder()
	r := newRig(t, h, engineio.Config{DisableHTTPCompression: true})
	q, _ := r.open(4)
	session := await(t, h.opened, "session")
	check := func(a answer, want string) {
		t.Helper()
		if a.body != want {
			t.Fatalf("%d bytes %.20q, want %d", len(a.body), a.body, len(want))
		}
		if got := a.header["Content-Length"]; !slices.Equal(got, []string{strconv.Itoa(len(want))}) {
			t.Errorf("length %q of %d bytes", got, len(want))
		}
		if len(a.header["Transfer-Encoding"]) > 0 {
			t.Errorf("%d bytes came in chunks", len(want))
		}
	}
	for _, size := range []int{1, 100, 2046, 2047, 2048, 4096, 8192, 70_000} { // with the type's digit
		text := strings.Repeat("x", size)
		if err := session.Send(engineio.Text(text)); err != nil {
			t.Fatal(err)
		}
		check(r.get(q), "4"+text)
	}
	check(r.post(q, "4a"), "ok")
}

// What is queued while a poll is held wakes it, and what is queued together with that
// does not get lost: each message arrives once and in order.
func TestPoll_WokenByEachMessage(t *testing.T) {
	h := newRecorder()
	r := newRig(t, h, engineio.Config{})
	q, _ := r.open(4)
	session := await(t, h.opened, "session")
	const messages = 200
	go func() {
		for i := range messages {
			if err := session.Send(engineio.Text(strconv.Itoa(i))); err != nil {
				t.Error(err)
			}
		}
	}()
	for next := 0; next < messages; {
		a := r.get(q)
		if a.status != http.StatusOK {
			t.Fatalf("%d %q", a.status, a.body)
		}
		for packet := range strings.SplitSeq(a.body, "\x1e") {
			if packet != "4"+strconv.Itoa(next) {
				t.Fatalf("%q, want number %d", packet, next)
			}
			next++
		}
	}
}

// Header values that answers share are the same after an application changed its own
// copy of an answer's header.
func TestPoll_SharedHeaderValuesStay(t *testing.T) {
	h := newRecorder()
	h.onMessage = echo
	r := newRig(t, h, engineio.Config{
		CORS: &engineio.CORS{Origins: []string{"http://a.example", "http://b.example"}},
		OnHeaders: func(h http.Header, _ *http.Request, _ bool) {
			h.Add("Vary", "Cookie")
			h.Add("Cache-Control", "private")
		},
	})
	q, _ := r.open(4)
	for range 3 {
		a := r.post(q, "4"+strings.Repeat("x", 3000), "Origin", "http://a.example")
		if got := a.header["Vary"]; !slices.Equal(got, []string{"Origin", "Cookie"}) {
			t.Errorf("Vary %q", got)
		}
		a = r.get(q, "Origin", "http://b.example", "Accept-Encoding", "gzip")
		if got := a.header["Cache-Control"]; !slices.Equal(got, []string{"no-store", "private"}) {
			t.Errorf("Cache-Control %q", got)
		}
		packed, err := gzip.NewReader(strings.NewReader(a.body))
		if err != nil {
			t.Fatal(err)
		}
		if body, err := io.ReadAll(packed); err != nil || len(body) != 3001 {
			t.Errorf("%d bytes, %v", len(body), err)
		}
	}
}
