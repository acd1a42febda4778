package load

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"testing"
	"time"
)

// What a server answers, whole or in chunks, is counted; wrong answers are too.
func TestLoop_ClosedPages(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /whole", func(w http.ResponseWriter, r *http.Request) {
		if body, err := io.ReadAll(r.Body); err != nil || string(body) != `{"a":1}` {
			w.WriteHeader(http.StatusBadRequest)
		}
		_, _ = w.Write([]byte("hello"))
	})
	mux.HandleFunc("GET /chunks", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("hel"))
		w.(http.Flusher).Flush()
		_, _ = w.Write([]byte("lo"))
	})
	server := httptest.NewServer(mux)
	defer server.Close()
	u, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	port, err := strconv.Atoi(u.Port())
	if err != nil {
		t.Fatal(err)
	}
	loop, err := NewLoop(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer loop.Close()
	w := Window{Measure: 10 * time.Second, MaxOps: 50, CPU: func() (time.Duration, error) { return 0, nil }}
	ok := func(body []byte) bool { return string(body) == "hello" }
	for _, c := range []struct {
		page  Page
		wrong bool
	}{
		{Page{"POST", "/whole", `{"a":1}`, ok}, false},
		{Page{"GET", "/chunks", "", ok}, false},
		{Page{"GET", "/nothing", "", ok}, true},
	} {
		s, err := loop.ClosedPages(&Target{Port: port}, 5, c.page, w)
		if err != nil {
			t.Fatal(err)
		}
		if s.Ops < 50 || s.Lost != 0 || s.Wrong > 0 != c.wrong {
			t.Errorf("%s: %+v", c.page.Path, s)
		}
	}
}

// However an answer is cut, it is taken whole or not at all, and never more than there is.
func FuzzParseAnswer(f *testing.F) {
	f.Add([]byte("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhelloHTTP/1.1"))
	f.Add([]byte("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n"))
	f.Add([]byte("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7fffffff\r\nx"))
	f.Add([]byte("HTTP/1.1 204 No Content\r\n\r\n"))
	f.Fuzz(func(t *testing.T, p []byte) {
		head, body, taken, err := parseAnswer(p)
		if taken < 0 || taken > len(p) || taken == 0 && (head != nil || body != nil) || err != nil && taken != 0 {
			t.Fatalf("%q: %d of %d bytes, %v", p, taken, len(p), err)
		}
		if taken == 0 {
			return
		}
		again, same, n, err := parseAnswer(p[:taken])
		if err != nil || n != taken || !bytes.Equal(again, head) || !bytes.Equal(same, body) {
			t.Fatalf("%q: %d bytes, alone %d, %v", p, taken, n, err)
		}
		if _, _, n, _ := parseAnswer(p[:taken-1]); n != 0 {
			t.Fatalf("%q: taken without its last byte", p)
		}
	})
}

// Frames of a server are taken whole, and never more than there is.
func FuzzParseFrame(f *testing.F) {
	f.Add([]byte{0x81, 2, 'h', 'i'})
	f.Add([]byte{0x81, 126, 0, 3, 'a', 'b', 'c'})
	f.Add([]byte{0x81, 127, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, p []byte) {
		_, payload, size := parseFrame(p)
		if size < 0 || size > len(p) || len(payload) > size {
			t.Fatalf("%x: size %d, payload %d", p, size, len(payload))
		}
		if size > 0 {
			if _, _, n := parseFrame(p[:size-1]); n != 0 {
				t.Fatalf("%x: taken without its last byte", p)
			}
		}
	})
}

func TestRequest(t *testing.T) {
	x := Request("post", "/widget", `{"a":1}`, `"id":`)
	if got := x.Request(0, 0, 7); got != `427["post",{"method":"post","headers":{},"data":{"a":1},"url":"/widget"}]` {
		t.Error(got)
	}
	for args, want := range map[string]bool{
		`[{"body":{"id":1},"statusCode":200}]`: true,
		`[{"body":{"id":1},"statusCode":500}]`: false,
		`[{"body":{},"statusCode":201}]`:       false,
	} {
		if got := x.Accept(0, []byte(args)); got != want {
			t.Error(fmt.Sprint(args, got))
		}
	}
}
