package virtualrequest_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-sails/sails/virtualrequest"
)

func get(url string) *virtualrequest.Request {
	return &virtualrequest.Request{Method: http.MethodGet, URL: url}
}

// SEC-73: a panic is a generic 500, logged once with its stack; what was
// written before is gone. http.ErrAbortHandler is not logged.
func TestDispatcher_Panic(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		fault  any
		logged string
	}{
		{"secret", "secret"}, {errors.New("secret"), "secret"}, {http.ErrAbortHandler, ""},
	} {
		for _, timeout := range []time.Duration{0, time.Hour} {
			var log bytes.Buffer
			d := &virtualrequest.Dispatcher{
				Timeout: timeout,
				Logger:  slog.New(slog.NewTextHandler(&log, nil)),
				Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
					w.Header().Set("X-A", "1")
					_, _ = io.WriteString(w, "partial")
					panic(tc.fault)
				}),
			}
			done := make(chan struct{})
			var response *virtualrequest.Response
			go func() {
				defer close(done)
				d.Run(context.Background(), nil, get("/boom"), func(a *virtualrequest.Answer) { response = a.Response() })
			}()
			<-done
			if got := show(response); got != `{"body":"Internal Server Error","headers":{},"statusCode":500}` {
				t.Errorf("%v: %s", tc.fault, got)
			}
			lines := strings.Count(log.String(), "\n")
			if tc.logged == "" && lines != 0 || tc.logged != "" && (lines != 1 || !strings.Contains(log.String(), tc.logged) || !strings.Contains(log.String(), "dispatcher_test.go")) {
				t.Errorf("%v: logged %q", tc.fault, log.String())
			}
		}
	}
}

// A handler that ends its goroutine is answered too; so is one that panics
// after its answer went out, once.
func TestDispatcher_ExactlyOneAnswer(t *testing.T) {
	t.Parallel()
	for name, h := range map[string]http.HandlerFunc{
		"goexit": func(http.ResponseWriter, *http.Request) { runtime.Goexit() },
		"flush, then panic": func(w http.ResponseWriter, _ *http.Request) {
			virtualrequest.SetBody(w, "Internal Server Error")
			w.(http.Flusher).Flush()
			w.(http.Flusher).Flush()
			panic("later")
		},
	} {
		d := &virtualrequest.Dispatcher{Handler: h}
		answers := make(chan *virtualrequest.Response, 10)
		done := make(chan struct{})
		go func() {
			defer close(done)
			d.Run(context.Background(), nil, get("/"), func(a *virtualrequest.Answer) { answers <- a.Response() })
		}()
		<-done
		if len(answers) != 1 || (<-answers).Body != "Internal Server Error" {
			t.Errorf("%s: %d answers", name, len(answers))
		}
	}
	var none virtualrequest.Dispatcher // no handler at all
	if got := none.Serve(context.Background(), nil, get("/")).StatusCode; got != 500 {
		t.Errorf("without a handler: %d", got)
	}
}

// RS-10: a flushed answer leaves before the handler goes on.
func TestDispatcher_AnswerBeforeReturn(t *testing.T) {
	t.Parallel()
	var order []string
	d := &virtualrequest.Dispatcher{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		order = append(order, "before")
		virtualrequest.SetBody(w, map[string]int{"n": 2})
		if err := http.NewResponseController(wrapper{w}).Flush(); err != nil {
			t.Error(err)
		}
		order = append(order, "after")
		if _, err := io.WriteString(w, "more"); !errors.Is(err, virtualrequest.ErrAnswered) {
			t.Error(err)
		}
		if _, err := w.Write([]byte("more")); !errors.Is(err, virtualrequest.ErrAnswered) {
			t.Error(err)
		}
		virtualrequest.SetBody(w, 3)
		w.WriteHeader(500)
	})}
	d.Run(context.Background(), nil, get("/"), func(a *virtualrequest.Answer) { order = append(order, show(a.Response())) })
	if got, want := strings.Join(order, " "), `before {"body":{"n":2},"headers":{},"statusCode":200} after`; got != want {
		t.Errorf("order %s, want %s", got, want)
	}
}

// SEC-72: 503 at the time limit, while the handler still runs; its context
// ends, and what it writes later is nobody's.
func TestDispatcher_Timeout(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ended := make(chan error, 1)
		d := &virtualrequest.Dispatcher{Timeout: 3 * time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-A", "1")
			_, _ = io.WriteString(w, "partial")
			if deadline, ok := r.Context().Deadline(); !ok || time.Until(deadline) != 3*time.Second {
				t.Errorf("deadline %v", deadline)
			}
			<-r.Context().Done()
			<-time.After(time.Second)
			_, err := io.WriteString(w, "late")
			virtualrequest.SetBody(w, "late")
			w.Header().Set("X-B", "1")
			if !errors.Is(r.Context().Err(), context.DeadlineExceeded) {
				t.Error(r.Context().Err())
			}
			ended <- err
		})}
		start := time.Now()
		response := d.Serve(context.Background(), nil, get("/"))
		if got := show(response); got != `{"body":"Service Unavailable","headers":{},"statusCode":503}` || time.Since(start) != 3*time.Second {
			t.Errorf("after %v: %s", time.Since(start), got)
		}
		if err := <-ended; !errors.Is(err, virtualrequest.ErrAnswered) {
			t.Errorf("late write: %v", err)
		}
	})
}

// With a limit but in time, nothing of the limit shows.
func TestDispatcher_InTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := &virtualrequest.Dispatcher{Timeout: time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			<-time.After(999 * time.Millisecond)
			_, _ = io.WriteString(w, "in time")
		})}
		if got := d.Serve(context.Background(), nil, get("/")); got.Body != "in time" {
			t.Errorf("%+v", got)
		}
	})
}

// RS-11, SEC-72: without a limit a request lasts until its socket goes away;
// its context then ends.
func TestDispatcher_SocketGone(t *testing.T) {
	t.Parallel()
	for _, timeout := range []time.Duration{0, 24 * time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			gone := errors.New("socket gone")
			ctx, cancel := context.WithCancelCause(context.Background())
			time.AfterFunc(time.Hour, func() { cancel(gone) })
			d := &virtualrequest.Dispatcher{Timeout: timeout, Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				<-r.Context().Done()
				if context.Cause(r.Context()) != gone || !errors.Is(r.Context().Err(), context.Canceled) {
					t.Errorf("cause %v", context.Cause(r.Context()))
				}
			})}
			start := time.Now()
			if d.Serve(ctx, nil, get("/")) == nil || time.Since(start) != time.Hour {
				t.Errorf("answered after %v", time.Since(start))
			}
			synctest.Wait()
		})
	}
}

type key struct{}

// The context of a request: values of the socket, the request itself, and an
// end when the handler returns, whether anybody looked before or not.
func TestContext(t *testing.T) {
	t.Parallel()
	parent := context.WithValue(context.Background(), key{}, "socket")
	for _, look := range []bool{false, true} {
		var kept context.Context
		d := &virtualrequest.Dispatcher{Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			kept = r.Context()
			if look {
				select {
				case <-kept.Done():
					t.Error("ended too early")
				default:
				}
			}
			if _, ok := kept.Deadline(); ok || kept.Err() != nil || kept.Value(key{}) != "socket" {
				t.Errorf("context %v", kept)
			}
			v, ok := virtualrequest.FromContext(kept)
			if !ok || v.URL != "/x?y" || v.Origin() == nil {
				t.Errorf("FromContext: %+v, %v", v, ok)
			}
			child, cancel := context.WithTimeout(kept, time.Hour)
			defer cancel()
			if v, ok := virtualrequest.FromContext(child); !ok || v.Method != "GET" {
				t.Error("no request in a derived context")
			}
		})}
		d.Serve(parent, nil, get("/x?y"))
		if !errors.Is(kept.Err(), context.Canceled) {
			t.Errorf("look=%v: Err after the request: %v", look, kept.Err())
		}
		<-kept.Done()
		if !errors.Is(context.Cause(kept), context.Canceled) {
			t.Error(context.Cause(kept))
		}
		stop := context.AfterFunc(kept, func() {})
		stop()
	}
	if _, ok := virtualrequest.FromContext(context.Background()); ok {
		t.Error("an HTTP request counts as virtual")
	}
}

// The request knows whether its socket uses TLS, and has a body that is `{}`
// for Sails when there is none.
func TestRequest_TLSAndJSON(t *testing.T) {
	t.Parallel()
	h := newHandshake()
	h.TLS = &tls.ConnectionState{}
	d := &virtualrequest.Dispatcher{Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		v, _ := virtualrequest.FromContext(r.Context())
		if r.TLS == nil || string(v.JSON()) != "{}" || r.Body != http.NoBody {
			t.Errorf("%+v", r)
		}
	})}
	d.Serve(context.Background(), virtualrequest.NewOrigin(h), get("/"))
	if r, err := virtualrequest.Parse("post", []byte(`{"url":"/","data":[1]}`)); err != nil || string(r.JSON()) != "[1]" {
		t.Errorf("%v %v", r, err)
	}
}

// Requests do not share anything that a handler can change.
func TestDispatcher_Concurrent(t *testing.T) {
	t.Parallel()
	d := &virtualrequest.Dispatcher{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, values := range r.Header {
			values[0] = "changed"
		}
		r.Header.Set("Content-Type", "x")
		_, _ = io.WriteString(w, r.URL.Path)
	})}
	origin := virtualrequest.NewOrigin(newHandshake())
	done := make(chan struct{})
	for i := range 8 {
		go func() {
			defer func() { done <- struct{}{} }()
			path := "/" + strings.Repeat("x", i)
			for range 50 {
				r, err := virtualrequest.Parse("post", []byte(`{"url":"`+path+`","data":{}}`))
				if err != nil {
					t.Error(err)
					return
				}
				if got := d.Serve(context.Background(), origin, r).Body; got != path {
					t.Errorf("%v, want %s", got, path)
				}
			}
		}()
	}
	for range 8 {
		<-done
	}
	if origin.Cookie() != "sails.sid=s%3Aabc" {
		t.Error("a handler changed the socket's cookie")
	}
}

// A Request is good for one Serve; a second one is a mistake, but no reason to hand a
// handler what another may have kept, or never to answer.
func TestDispatcher_ServedTwice(t *testing.T) {
	t.Parallel()
	var seen []*http.Request
	var writers []http.ResponseWriter
	d := &virtualrequest.Dispatcher{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen, writers = append(seen, r), append(writers, w)
		_, _ = io.WriteString(w, "once more")
	})}
	r := get("/")
	for range 2 {
		if got := d.Serve(t.Context(), nil, r); got.Body != "once more" {
			t.Fatalf("body %v", got.Body)
		}
	}
	if seen[0] == seen[1] || writers[0] == writers[1] || seen[0].Context() == seen[1].Context() {
		t.Error("both handlers got the same objects")
	}
}

// RS-4, RS-5: an answer of one field, which most are, is written as all others.
func TestDispatcher_OneField(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"Content-Type":   `{"body":{"a":1},"headers":{"Content-Type":"application/json","content-type":"application/json"},"statusCode":200}`,
		"content-type":   `{"body":{"a":1},"headers":{"content-type":"application/json"},"statusCode":200}`,
		"CONTENT-TYPE":   `{"body":{"a":1},"headers":{"CONTENT-TYPE":"application/json","content-type":"application/json"},"statusCode":200}`,
		"X-Other":        `{"body":"{\"a\":1}","headers":{"X-Other":"application/json","x-other":"application/json"},"statusCode":200}`,
		"Set-Cookie":     `{"body":"{\"a\":1}","headers":{},"statusCode":200}`,
		"Content-Length": `{"body":"{\"a\":1}","headers":{"Content-Length":"application/json","content-length":"application/json"},"statusCode":200}`,
	} {
		d := &virtualrequest.Dispatcher{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header()[name] = []string{"application/json"}
			_, _ = io.WriteString(w, `{"a":1}`)
		})}
		d.Run(t.Context(), nil, get("/"), func(a *virtualrequest.Answer) {
			if got, _ := a.AppendJSON(nil); string(got) != want {
				t.Errorf("%s: %s, want %s", name, got, want)
			}
			if cookies := len(a.SetCookie); cookies > 0 != (name == "Set-Cookie") {
				t.Errorf("%s: %d cookies", name, cookies)
			}
		})
	}
}
