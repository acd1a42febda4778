//go:build linux

package direct_test

import (
	"bufio"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"
)

// A client with its answer asks again at once, over another connection: it must not
// have the whole of it before the handler has let go of the request. Otherwise a
// session sees two polls (SEC-40).
func TestAnswer_AfterHandler(t *testing.T) {
	t.Parallel()
	for _, size := range []int{2, 5 << 10, 40 << 10} {
		t.Run(strconv.Itoa(size), func(t *testing.T) {
			t.Parallel()
			got := make(chan string, 1)
			s := serve(t, "direct", &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Length", strconv.Itoa(size))
				if _, err := w.Write([]byte(strings.Repeat("x", size))); err != nil {
					t.Error(err)
				}
				early := time.NewTimer(50 * time.Millisecond)
				defer early.Stop()
				select {
				case <-got:
					t.Error("the answer was there before the handler returned")
				case <-early.C:
				}
			})})
			c := s.dial(t)
			write(t, c, ask("a"))
			go func() { got <- answer(bufio.NewReader(c)) }()
			if a := await(t, got, "answer"); !strings.Contains(a, "200") {
				t.Error(a)
			}
		})
	}
}
