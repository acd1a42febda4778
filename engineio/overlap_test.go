package engineio_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-sails/sails/engineio"
)

// slowWriter is an answer whose body has reached the client while the handler still
// writes it.
type slowWriter struct {
	*httptest.ResponseRecorder
	arrived, done chan struct{}
}

func (w *slowWriter) Write(p []byte) (int, error) {
	close(w.arrived)
	<-w.done
	return w.ResponseRecorder.Write(p)
}

// A client that asks again over another connection, as soon as it has its answer,
// does not meet its own poll (SEC-40 is about two polls at once). One that asks twice,
// or while the answer does not leave, does.
func TestPoll_BehindItsAnswer(t *testing.T) {
	for _, c := range []struct {
		name        string
		third       bool
		after       time.Duration
		second      int
		wantsClosed bool
	}{
		{"answered", false, 500 * time.Millisecond, 200, false},
		{"not answered", false, 2 * time.Second, 400, true},
		{"asked twice", true, 500 * time.Millisecond, 400, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := newRecorder()
				r := newPipeRig(t, h, engineio.Config{})
				q, _ := r.open(4)
				session := await(t, h.opened, "session")
				serve := func(w http.ResponseWriter) <-chan struct{} {
					served := make(chan struct{})
					go func() {
						defer close(served)
						r.engine.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "http://"+r.addr+"/engine.io/?"+q, nil))
					}()
					return served
				}
				send := func(text string) {
					if err := session.Send(engineio.Text(text)); err != nil {
						t.Error(err)
					}
				}
				send("one")
				first := &slowWriter{httptest.NewRecorder(), make(chan struct{}), make(chan struct{})}
				firstServed := serve(first)
				<-first.arrived
				send("two")
				second := httptest.NewRecorder()
				secondServed := serve(second)
				synctest.Wait()
				if c.third {
					third := httptest.NewRecorder()
					<-serve(third)
					if third.Code != 400 {
						t.Errorf("the third poll got %d", third.Code)
					}
				}
				time.Sleep(c.after)
				close(first.done)
				<-firstServed
				<-secondServed
				if first.Body.String() != "4one" || second.Code != c.second {
					t.Errorf("%q, then %d %q", first.Body, second.Code, second.Body)
				}
				if c.second == 200 && second.Body.String() != "4two" {
					t.Errorf("%q", second.Body)
				}
				closed := len(h.closed) > 0
				if closed != c.wantsClosed {
					t.Errorf("closed: %v", closed)
				}
				if !closed {
					session.Close(engineio.ForcedClose)
					poll := httptest.NewRecorder()
					<-serve(poll)
				}
				<-h.closed
			})
		})
	}
}
