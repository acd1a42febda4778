package sailstest_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-sails/sails/sailsio"
	"github.com/go-sails/sails/sailsio/action"
	"github.com/go-sails/sails/sailsio/sailstest"
	"github.com/go-sails/sails/socketio"
)

// A chat whose realtime behaviour is tested without a network.
func Example() {
	mux := http.NewServeMux()
	app, err := sailsio.New(sailsio.Config{Handler: mux})
	if err != nil {
		log.Fatal(err)
	}
	mux.HandleFunc("POST /join", func(w http.ResponseWriter, r *http.Request) {
		_ = app.Sockets().Join(r.Context(), sailsio.SocketID(r), "chat")
	})
	mux.HandleFunc("POST /say", func(w http.ResponseWriter, r *http.Request) {
		_ = app.Sockets().Broadcast(r.Context(), "chat", "said", action.Param(r, "text"), sailsio.By(r))
	})

	server := sailstest.NewServer(app)
	defer server.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	ann, err := server.Connect(ctx, sailstest.Options{})
	if err != nil {
		log.Fatal(err)
	}
	bob, err := server.Connect(ctx, sailstest.Options{Revision: 4})
	if err != nil {
		log.Fatal(err)
	}
	for _, client := range []*sailstest.Client{ann, bob} {
		if _, err := client.Post(ctx, "/join", nil); err != nil {
			log.Fatal(err)
		}
	}
	answer, err := ann.Post(ctx, "/say", map[string]string{"text": "hello"})
	fmt.Println(answer.StatusCode, err)
	event, err := bob.ExpectEvent(ctx, "said")
	fmt.Println(event, err)
	fmt.Println(len(ann.Received())) // the speaker does not hear itself
	// Output:
	// 200 <nil>
	// ["said","hello"] <nil>
	// 0
}

func app(t *testing.T, cfg sailsio.Config) (*sailsio.App, *sailstest.Server) {
	t.Helper()
	a, err := sailsio.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	s := sailstest.NewServer(a)
	t.Cleanup(s.Close)
	return a, s
}

func echo(w http.ResponseWriter, r *http.Request) {
	action.JSON(w, r, map[string]any{
		"method": r.Method, "path": r.URL.Path, "x": r.Header.Get("X-Test"), "params": action.AllParams(r),
		"sdk": "", "socket": action.IsSocket(r),
	})
}

func TestClient_Methods(t *testing.T) {
	_, s := app(t, sailsio.Config{Handler: http.HandlerFunc(echo)})
	ctx := t.Context()
	c, err := s.Connect(ctx, sailstest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for method, call := range map[string]func(context.Context, string, any) (*sailstest.Response, error){
		"GET": c.Get, "POST": c.Post, "PUT": c.Put, "PATCH": c.Patch, "DELETE": c.Delete,
	} {
		r, err := call(ctx, "/a?q=1", map[string]any{"d": 2})
		if err != nil {
			t.Fatal(err)
		}
		var got map[string]any
		if err := r.Decode(&got); err != nil || got["method"] != method || r.StatusCode != 200 {
			t.Errorf("%s: %s, %v", method, r.Raw, err)
		}
	}
	r, err := c.Do(ctx, sailstest.Request{URL: "/b", Header: map[string]string{"X-Test": "yes"}})
	if err != nil || !strings.Contains(string(r.Body), `"x":"yes"`) || !strings.Contains(string(r.Body), `"GET"`) {
		t.Errorf("%s, %v", r.Raw, err)
	}
}

func TestClient_PlainHTTP(t *testing.T) {
	_, s := app(t, sailsio.Config{Handler: http.RedirectHandler("/x", http.StatusFound)})
	r, err := s.Client().Get(sailstest.URL + "/")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	if r.StatusCode != http.StatusFound {
		t.Errorf("status %d", r.StatusCode)
	}
}

func TestClient_EventsAndBinary(t *testing.T) {
	a, s := app(t, sailsio.Config{Handler: http.NotFoundHandler()})
	ns := a.IO().Of("/")
	ns.Handle("echo", socketio.HandlerFunc(func(_ context.Context, e *socketio.Event) error {
		if e.WantsAck() {
			return e.Ack(e.Args())
		}
		return e.Socket().Emit("echoed", e.Args())
	}))
	ns.Handle("bye", socketio.HandlerFunc(func(_ context.Context, e *socketio.Event) error {
		e.Socket().Disconnect(false)
		return nil
	}))
	for _, revision := range []int{3, 4} {
		c, err := s.Connect(t.Context(), sailstest.Options{Revision: revision})
		if err != nil {
			t.Fatal(err)
		}
		args, err := c.Call(t.Context(), "echo", "text", []byte{1, 2}, map[string]any{"in": []byte("ab")})
		var text string
		var bin []byte
		var in struct{ In []byte }
		e := sailstest.Event{Name: "ack", Args: args}
		if err != nil || e.Decode(&text, &bin, &in) != nil || text != "text" || string(bin) != "\x01\x02" || string(in.In) != "ab" {
			t.Errorf("%s, %v", args, err)
		}
		if e.Decode(&in) == nil || e.Decode(&text, &bin, &in, &text) == nil {
			t.Error("unsuitable arguments were decoded")
		}
		if err := c.Send("echo", 1, nil); err != nil {
			t.Fatal(err)
		}
		if err := c.Send("echo", func() {}); err == nil {
			t.Error("a function was sent")
		}
		got, err := c.ExpectEvent(t.Context(), "echoed")
		if err != nil || got.String() != `["echoed",1,null]` {
			t.Errorf("%v, %v", got, err)
		}
		if err := c.Send("bye"); err != nil {
			t.Fatal(err)
		}
		<-c.Done()
		if !errors.Is(c.Err(), sailstest.ErrClosed) || !strings.Contains(c.Err().Error(), "io server disconnect") {
			t.Errorf("error %v", c.Err())
		}
		if _, err := c.ExpectEvent(t.Context(), "never"); !errors.Is(err, sailstest.ErrClosed) {
			t.Errorf("error %v", err)
		}
		if _, err := c.Get(t.Context(), "/", nil); !errors.Is(err, sailstest.ErrClosed) {
			t.Errorf("error %v", err)
		}
	}
}

func TestClient_WaitsEndWithTheContext(t *testing.T) {
	_, s := app(t, sailsio.Config{Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })})
	c, err := s.Connect(t.Context(), sailstest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := c.Get(ctx, "/never", nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v", err)
	}
	if _, err := c.ExpectEvent(ctx, "never"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v", err)
	}
	if err := c.Err(); err != nil {
		t.Errorf("the client ended: %v", err)
	}
}

func TestConnect_Refusals(t *testing.T) {
	a, s := app(t, sailsio.Config{Handler: http.NotFoundHandler(), BeforeConnect: func(r *http.Request) error {
		if r.URL.Query().Has("deny") {
			return errors.New("no")
		}
		return nil
	}})
	a.IO().Of("/").Use(func(next socketio.ConnectFunc) socketio.ConnectFunc {
		return func(ctx context.Context, s *socketio.Socket) error {
			if s.Handshake().Query.Has("refuse") {
				return &socketio.ConnectError{Message: "go away"}
			}
			return next(ctx, s)
		}
	})
	for _, o := range []sailstest.Options{
		{Query: map[string][]string{"deny": {"1"}}},
		{Query: map[string][]string{"refuse": {"1"}}},
		{Query: map[string][]string{"refuse": {"1"}}, Revision: 4},
		{Path: "/elsewhere/"},
		{Path: "no path"},
	} {
		if c, err := s.Connect(t.Context(), o); err == nil {
			t.Errorf("%+v connected", o)
			c.Close()
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Connect(ctx, sailstest.Options{}); err == nil {
		t.Error("connected with a context that has ended")
	}
}

func TestClient_StaysConnected(t *testing.T) { // both heartbeats
	synctest.Test(t, func(t *testing.T) {
		_, s := app(t, sailsio.Config{Handler: http.HandlerFunc(echo)})
		for _, revision := range []int{3, 4} {
			c, err := s.Connect(t.Context(), sailstest.Options{Revision: revision})
			if err != nil {
				t.Fatal(err)
			}
			time.Sleep(10 * time.Minute) // virtual time
			if _, err := c.Get(t.Context(), "/", nil); err != nil {
				t.Errorf("revision %d: %v", revision, err)
			}
			c.Close()
		}
		s.Close()
		time.Sleep(time.Minute) // virtual time: workers and timers end
	})
}

func TestResponse_Decode(t *testing.T) {
	var v any
	if err := (&sailstest.Response{StatusCode: 204}).Decode(&v); err == nil {
		t.Error("an absent body was decoded")
	}
	r := sailstest.Response{Body: json.RawMessage(`{"a":1}`)}
	if err := r.Decode(&v); err != nil {
		t.Error(err)
	}
}

func BenchmarkRequest(b *testing.B) {
	a, err := sailsio.New(sailsio.Config{Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})})
	if err != nil {
		b.Fatal(err)
	}
	s := sailstest.NewServer(a)
	defer s.Close()
	c, err := s.Connect(b.Context(), sailstest.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.Get(b.Context(), "/", nil); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRequest_Parallel(b *testing.B) {
	a, err := sailsio.New(sailsio.Config{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		action.JSON(w, r, map[string]int{"n": 1})
	})})
	if err != nil {
		b.Fatal(err)
	}
	s := sailstest.NewServer(a)
	defer s.Close()
	b.SetParallelism(32)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		c, err := s.Connect(b.Context(), sailstest.Options{})
		if err != nil {
			b.Error(err)
			return
		}
		for pb.Next() {
			if _, err := c.Get(b.Context(), "/", nil); err != nil {
				b.Error(err)
				return
			}
		}
	})
}
