//go:build linux

package direct_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/go-sails/sails/engineio/direct"
)

// patience bounds every wait of the tests.
const patience = 10 * time.Second

// server is an HTTP server behind a Listener, or behind net/http alone.
type server struct {
	addr   string
	direct *direct.Listener // nil without
}

func serve(t testing.TB, road string, srv *http.Server) *server {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &server{addr: l.Addr().String()}
	if srv.ErrorLog == nil {
		srv.ErrorLog = log.New(io.Discard, "", 0)
	}
	if road == "direct" {
		if s.direct, err = direct.Listen(l, srv, path); err != nil {
			t.Fatal(err)
		}
		l = s.direct
	}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(l) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
		defer cancel()
		if s.direct != nil {
			_ = s.direct.Shutdown(ctx)
		}
		_ = srv.Close()
		<-served
	})
	return s
}

func (s *server) dial(t testing.TB) *net.TCPConn {
	t.Helper()
	c, err := net.Dial("tcp", s.addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	_ = c.SetDeadline(time.Now().Add(patience))
	return c.(*net.TCPConn)
}

func write(t testing.TB, c net.Conn, s string) {
	t.Helper()
	if _, err := io.WriteString(c, s); err != nil {
		t.Fatal(err)
	}
}

// answers returns everything the server sends in return for the pieces of a request
// stream, answer by answer: status, sorted header without the date, body; and how
// the connection ended.
func answers(t testing.TB, addr string, pieces []string) (got []string) {
	t.Helper()
	s := server{addr: addr}
	c := s.dial(t)
	defer c.Close()
	r := bufio.NewReader(c)
	for _, p := range pieces {
		if rest, ok := strings.CutPrefix(p, "await "); ok { // an answer, before the next piece
			got = append(got, answer(r))
			p = rest
		}
		if _, err := io.WriteString(c, p); err != nil {
			break
		}
	}
	_ = c.CloseWrite()
	for {
		a := answer(r)
		got = append(got, a)
		if strings.HasPrefix(a, "end") {
			return got
		}
	}
}

// endReset is the end of a connection that was closed with something unread, which may
// have taken answers along.
const endReset = "end: reset"

// endLate is that of one which nobody has closed.
const endLate = "end: nothing came"

// same compares what came over two connections.
func same(want, got []string) bool {
	for _, l := range []*[]string{&want, &got} {
		if last := len(*l) - 1; (*l)[last] == endReset {
			*l = (*l)[:last]
			n := min(len(want), len(got))
			return slices.Equal(want[:n], got[:n])
		}
	}
	return slices.Equal(want, got)
}

func answer(r *bufio.Reader) string {
	res, err := http.ReadResponse(r, nil)
	if err != nil {
		var late net.Error
		if errors.As(err, &late) && late.Timeout() {
			return endLate
		}
		if errors.Is(err, syscall.ECONNRESET) {
			return endReset
		}
		return "end"
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if errors.Is(err, syscall.ECONNRESET) { // closed with something unread: not always seen before the end
		if err = io.ErrUnexpectedEOF; res.ContentLength < 0 && res.TransferEncoding == nil {
			err = nil
		}
	}
	date := res.Header.Get("Date")
	if _, e := http.ParseTime(date); e != nil && res.StatusCode < 400 {
		return "end: no date"
	}
	res.Header.Del("Date")
	var h []string
	for name, values := range res.Header {
		h = append(h, fmt.Sprintf("%s: %q", name, values))
	}
	slices.Sort(h)
	return fmt.Sprintf("%d %v %q close=%v length=%d %v %v", res.StatusCode, h, body, res.Close, res.ContentLength, res.TransferEncoding, err)
}

// teller is a handler that answers in all the ways there are.
func teller(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	how := r.URL.Query().Get("how")
	body, err := []byte(nil), error(nil)
	if how != "unread" {
		body, err = io.ReadAll(r.Body)
	}
	told := fmt.Sprintf("%s %s %s %q %v", r.Method, r.RequestURI, r.Host, body, err)
	switch how {
	case "length":
		h["Content-Length"] = []string{fmt.Sprint(len(told))}
	case "short":
		h.Set("Content-Length", "1000")
	case "type":
		h.Set("Content-Type", "text/x-a; a=b")
		h.Add("X-A", "1")
		h.Add("X-A", " 2\r\nX-B: 3")
		h["X (C)"] = []string{"4"}
	case "none":
		return
	case "204":
		w.WriteHeader(http.StatusNoContent)
		return
	case "405":
		h.Set("Allow", "GET")
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	case "twice":
		w.WriteHeader(http.StatusAccepted)
		w.WriteHeader(http.StatusBadGateway)
	case "close":
		h.Set("Connection", "close")
	case "empty":
		h.Set("Content-Length", "0")
		return
	case "large":
		h.Set("Content-Length", "300000")
		_, _ = w.Write(bytes.Repeat([]byte("0123456789"), 30_000))
		return
	case "stream":
		for range 40 {
			_, _ = w.Write(bytes.Repeat([]byte("0123456789"), 1000))
		}
		return
	case "flush":
		_, _ = io.WriteString(w, "a")
		_ = http.NewResponseController(w).Flush()
		_, _ = io.WriteString(w, "b")
		return
	case "late":
		w.WriteHeader(http.StatusOK)
		h.Set("X-Late", "1")
	case "panic":
		panic("teller")
	case "abort":
		panic(http.ErrAbortHandler)
	}
	_, _ = io.WriteString(w, told)
}

func ask(how string) string { return lines("GET /socket.io/?how="+how+" HTTP/1.1", "Host: a") }

func tell(how, body string) string {
	return lines("POST /socket.io/?how="+how+" HTTP/1.1", "Host: a", fmt.Sprintf("Content-Length: %d", len(body))) + body
}

// A client cannot tell the roads apart.
func TestAnswers_AsNetHTTP(t *testing.T) {
	t.Parallel()
	plain := serve(t, "", &http.Server{Handler: http.HandlerFunc(teller)})
	ours := serve(t, "direct", &http.Server{Handler: http.HandlerFunc(teller)})
	long := strings.Repeat("x", 100_000)
	streams := map[string][]string{
		"pipelined":           {ask("a") + tell("b", "body") + ask("c")},
		"pipelined and last":  {ask("a") + lines(get, "Host: a", "Connection: close") + ask("c")},
		"then another path":   {ask("a"), "await " + lines("GET /other?x HTTP/1.1", "Host: a") + ask("b")},
		"pipelined and then":  {ask("a") + lines("GET /other?x HTTP/1.1", "Host: a") + ask("b") + tell("c", "d")},
		"other path first":    {lines("GET /other HTTP/1.1", "Host: a"), "await " + ask("a")},
		"chunked":             {lines(post, "Host: a", "Transfer-Encoding: chunked") + "3\r\nabc\r\n0\r\n\r\n" + ask("b")},
		"expect":              {lines(post, "Host: a", "Content-Length: 3", "Expect: 100-continue"), "await abc"},
		"body in pieces":      {tell("a", "0123456789")[:70], tell("a", "0123456789")[70:]},
		"large body":          {tell("a", long) + ask("b")},
		"head in pieces":      {ask("a")[:1], ask("a")[1:20], ask("a")[20:]},
		"body cut off":        {lines(post, "Host: a", "Content-Length: 3") + "ab"},
		"head cut off":        {ask("a")[:40]},
		"nothing":             {},
		"empty line behind":   {tell("a", "body") + "\r\n" + ask("b") + tell("c", "body"), "await \r", "\n", ask("d")},
		"lines behind":        {tell("a", "body") + "\r\n\r\n" + lines("GET /other?x HTTP/1.1", "Host: a")},
		"too much behind":     {tell("a", "body") + "\r\n\r\n\r" + ask("b")},
		"end behind":          {tell("a", "body") + "\r\n"},
		"empty line, no body": {ask("a") + "\r\n" + ask("b")},
		"garbage":             {"\x00\x01\x02\r\n\r\n"},
		"unread, all there":   {tell("unread", "body") + ask("b")},
		"unread, cut off":     {tell("unread", long)[:1000]},
	}
	for _, how := range []string{"length", "type", "none", "204", "405", "twice", "close", "empty", "large", "stream", "flush", "late", "panic", "abort", "short"} {
		streams["get "+how] = []string{ask(how), ask("b")}
		streams["post "+how] = []string{tell(how, "body") + ask("b")}
	}
	for _, c := range corpus {
		if !c.ours && len(c.request) < 1000 {
			streams["corpus: "+c.name] = []string{c.request}
		}
	}
	for name, pieces := range streams {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want, got := answers(t, plain.addr, pieces), answers(t, ours.addr, pieces)
			if !same(want, got) {
				t.Fatalf("got\n\t%s\nnet/http gives\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
			}
		})
	}
}
