package action_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/go-sails/sails/sailsio/action"
)

type plainWrapper struct{ http.ResponseWriter }

func (w plainWrapper) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// Wrappers of others between the package's own do not hide the first answer,
// and http.ResponseController reaches the server through all of them.
func TestWrappers(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer((&action.Config{}).Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w = plainWrapper{w}
		if err := http.NewResponseController(action.Status(w, 201)).SetWriteDeadline(time.Now().Add(time.Minute)); err != nil {
			t.Error(err)
		}
		action.SetHeader(w, "x-a", "1")
		action.SetHeader(w, "X-A", "2")
		if h, lower := w.Header(), "x-a"; len(h[lower]) != 0 || h.Get("X-A") != "2" {
			t.Errorf("%v", h)
		}
		action.Send(w, r, "first")
		action.Send(w, r, "second")
	})))
	defer server.Close()
	response, err := server.Client().Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.ContentLength != int64(len("first")) {
		t.Errorf("length %d", response.ContentLength)
	}
}
