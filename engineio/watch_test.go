package engineio_test

import (
	"context"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/go-sails/sails/engineio"
)

// watched is a rig that tells when a request begins to wait: for something to answer
// with, or for its body.
type watched struct {
	*rig
	waits chan struct{}
}

func newWatched(t testing.TB, h engineio.Handler) *watched {
	t.Helper()
	w := &watched{waits: make(chan struct{}, 100)}
	w.rig = newTCPRig(t, h, engineio.Config{}, func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			r = r.WithContext(watchedContext{r.Context(), w})
			r.Body = watchedBody{r.Body, w}
			h.ServeHTTP(rw, r)
		})
	})
	return w
}

func (w *watched) tell() {
	select {
	case w.waits <- struct{}{}:
	default: // whoever waits has enough to look at
	}
}

// until waits for something that is true when a request begins to wait.
func (w *watched) until(what string, is func() bool) {
	w.t.Helper()
	for !is() {
		await(w.t, w.waits, what)
	}
}

// held waits until a poll of s is held.
func (w *watched) held(s *engineio.Session) {
	w.t.Helper()
	w.until("held poll", func() bool { return engineio.PollHeld(s) })
}

// posting waits until a POST is under way.
func (w *watched) posting() {
	w.t.Helper()
	w.until("POST", func() bool { return engineio.Posting(w.engine) > 0 })
}

// watchedContext is asked for its end by whoever waits.
type watchedContext struct {
	context.Context
	w *watched
}

func (c watchedContext) Done() <-chan struct{} {
	c.w.tell()
	return c.Context.Done()
}

// watchedBody is read by whoever takes a POST.
type watchedBody struct {
	io.ReadCloser
	w *watched
}

func (b watchedBody) Read(p []byte) (int, error) {
	b.w.tell()
	return b.ReadCloser.Read(p)
}

// eventually waits for the last step of a task, which nothing announces.
func eventually(t testing.TB, what string, is func() bool) {
	t.Helper()
	tick, late := time.NewTicker(2*time.Millisecond), time.NewTimer(patience)
	defer tick.Stop()
	defer late.Stop()
	for !is() {
		select {
		case <-tick.C:
		case <-late.C:
			t.Fatalf("not in %v: %s", patience, what)
		}
	}
}
