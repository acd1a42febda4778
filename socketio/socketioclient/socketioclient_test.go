package socketioclient_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/go-sails/sails/engineio"
	"github.com/go-sails/sails/socketio"
	"github.com/go-sails/sails/socketio/socketioclient"
)

// One story with every revision and transport: namespaces, auth, acks both ways,
// binary, order, disconnections from both sides, reconnection with held events.
func TestClient(t *testing.T) {
	each(t, func(t *testing.T, o socketioclient.Options) {
		_, n := newServer(t, socketio.Config{})
		transports := make(chan socketioclient.Transport, 100)
		o.OnTransport = func(tr socketioclient.Transport) { transports <- tr }
		c := newClient(t, n, o)
		main, chat := c.Of("", nil), c.Of("chat", map[string]any{"token": "a b"})
		onMain, onChat := watch(main), watch(chat)
		if main != c.Of("/", nil) || chat.Namespace() != "/chat" || c.Connected() || c.Transport() != "" || c.SessionID() != "" {
			t.Error("state before the connection")
		}

		connect(t, main)
		connect(t, chat)
		expect(t, onMain, "connect", "welcome {}")
		expect(t, onChat, "connect", `welcome {"token":"a b"}`)
		if want := c.SessionID(); (o.Revision == 3) != (main.ID() == want) || (o.Revision == 3) != (chat.ID() == "/chat#"+want) || chat.ID() == "" {
			t.Errorf("ids %q and %q in session %q", main.ID(), chat.ID(), want)
		}
		if first := wait(t, "transport", transports); len(o.Transports) > 0 && first != o.Transports[0] {
			t.Errorf("transport %q", first)
		}
		if o.Transports == nil {
			if second := wait(t, "upgrade", transports); second != socketioclient.WebSocket || c.Transport() != second {
				t.Errorf("upgraded to %q", second)
			}
		}

		blob := bytes.Repeat([]byte{0, 30, 255}, 1000)
		var number int
		var text string
		var data []byte
		var nested any
		check(t, ask(t, chat, "echo", 1, "é€😀\u2028", blob, map[string]any{"a": []byte{7}}).Decode(&number, &text, &data, &nested))
		if number != 1 || text != "é€😀\u2028" || !bytes.Equal(data, blob) || !bytes.Equal(nested.(map[string]any)["a"].([]byte), []byte{7}) {
			t.Errorf("echo: %d %q %d %v", number, text, len(data), nested)
		}

		main.On("question", func(_ context.Context, e *socketioclient.Event) {
			if !e.WantsAck() || e.Socket() != main {
				t.Error("question wants no answer")
			}
			check(t, e.Ack(e.Args(), "!"))
			if err := e.Ack(); !errors.Is(err, socketioclient.ErrAcked) {
				t.Errorf("second ack: %v", err)
			}
		})
		check(t, main.Emit("ask", raw(`{"z":1,"a":12345678901234567890}`), []byte("bin")))
		const same = ` {"z":1,"a":12345678901234567890} {"_placeholder":true,"num":0}`
		expect(t, onMain, "question"+same, "answered"+same+` "!"`)

		const many = 500
		check(t, main.Emit("burst", many))
		for i := range many {
			expect(t, onMain, fmt.Sprint("n ", i))
		}

		n.block(true)
		n.cut()
		for _, seen := range []<-chan string{onMain, onChat} {
			if got := wait(t, "disconnect", seen); got != "disconnect: transport close" && got != "disconnect: transport error" {
				t.Fatal(got)
			}
		}
		check(t, main.Emit("echo", 1))
		check(t, main.Emit("echo", []byte{2}))
		n.block(false)
		expectLast(t, onMain, "connect")
		expectLast(t, onChat, "connect")
		expect(t, onMain, "welcome {}", "echoed 1", `echoed {"_placeholder":true,"num":0}`)

		check(t, main.Emit("kick", false))
		expect(t, onMain, "disconnect: io server disconnect")
		if main.Connected() || !chat.Connected() {
			t.Error("kicked out of the wrong namespace")
		}
		expectLast(t, n.left, "server namespace disconnect")
		connect(t, main)
		expect(t, onMain, "connect", "welcome {}")
		chat.Disconnect()
		chat.Disconnect()
		expectLast(t, onChat, "disconnect: io client disconnect")
		connect(t, chat)
		check(t, chat.Emit("kick", true))
		expect(t, onMain, "disconnect: io server disconnect")
		expectLast(t, onChat, "disconnect: io server disconnect")
		if c.Connected() {
			t.Error("connected without sockets")
		}
	})
}

// expectLast passes over what comes before want.
func expectLast(t testing.TB, seen <-chan string, want string) {
	t.Helper()
	for wait(t, want, seen) != want {
	}
}

// Spec 2.3: refusals reach Connect and the OnError handlers; other sockets and the
// connection go on.
func TestSocket_ConnectRefused(t *testing.T) {
	each(t, func(t *testing.T, o socketioclient.Options) {
		_, n := newServer(t, socketio.Config{})
		c := newClient(t, n, o)
		main := c.Of("/", nil)
		connect(t, main)
		deny := c.Of("/deny", nil)
		seen := watch(deny)
		var refused *socketioclient.ConnectError
		err := deny.Connect(t.Context())
		if !errors.As(err, &refused) || string(refused.Data) != `{"code":42}` || o.Revision == 4 && refused.Message != "no way" {
			t.Errorf("%v", err)
		}
		expect(t, seen, "error: *socketioclient.ConnectError")
		err = c.Of("/unknown", nil).Connect(t.Context())
		if !errors.As(err, &refused) || refused.Message != "Invalid namespace" || err.Error() != "socketioclient: server refused: Invalid namespace" {
			t.Errorf("%v", err)
		}
		ask(t, main, "echo")
	})
}

// Spec 2.7: same id, rooms and missed events, which come before the connection.
func TestSocket_Recovered(t *testing.T) {
	for _, transports := range [][]socketioclient.Transport{{socketioclient.WebSocket}, {socketioclient.Polling}} {
		t.Run(fmt.Sprint(transports), func(t *testing.T) {
			io, n := newServer(t, socketio.Config{
				Recovery: &socketio.Recovery{},
				// Between two polls only the heartbeat shows that the network is cut.
				Engine: engineio.Config{PingInterval: time.Second, PingTimeout: time.Second},
			})
			c := newClient(t, n, fast(socketioclient.Options{Transports: transports}))
			s := c.Of("/", func(context.Context) (any, error) { return map[string]string{"k": "v"}, nil })
			var texts []string
			events := make(chan string, 100)
			s.On("news", func(_ context.Context, e *socketioclient.Event) {
				var text string
				var data []byte
				check(t, e.Decode(&text, &data))
				events <- fmt.Sprint(text, data)
			})
			s.OnConnect(func(context.Context) { events <- fmt.Sprint("connect ", s.Recovered()) })
			connect(t, s)
			id := s.ID()
			ask(t, s, "join", "room")
			check(t, io.Of("/").To("room").Emit(t.Context(), "news", "one", []byte{1}))
			for range 2 {
				texts = append(texts, wait(t, "event", events))
			}
			gone := make(chan struct{}, 10)
			s.OnDisconnect(func(context.Context, socketioclient.DisconnectReason) { gone <- struct{}{} })
			n.block(true)
			n.cut()
			wait(t, "disconnect", gone)
			for io.Of("/").Len() > 0 { // until the server has noticed, too
				<-time.After(time.Millisecond)
			}
			check(t, io.Of("/").To("room").Emit(t.Context(), "news", "two", []byte{2}))
			n.block(false)
			for range 2 {
				texts = append(texts, wait(t, "event", events))
			}
			if want := []string{"connect false", "one[1]", "two[2]", "connect true"}; !slices.Equal(texts, want) {
				t.Errorf("got %q, want %q", texts, want)
			}
			if s.ID() != id {
				t.Error("another id")
			}
		})
	}
}

func TestSocket_AuthFunc(t *testing.T) {
	_, n := newServer(t, socketio.Config{})
	c := newClient(t, n, fast(socketioclient.Options{}))
	calls := 0
	s := c.Of("/", socketioclient.AuthFunc(func(ctx context.Context) (any, error) {
		if _, ok := ctx.Deadline(); !ok {
			t.Error("no deadline")
		}
		calls++
		if calls == 3 {
			return nil, errors.New("no token")
		}
		return map[string]int{"call": calls}, nil
	}))
	seen := watch(s)
	connect(t, s)
	expect(t, seen, "connect", `welcome {"call":1}`)
	c.Reconnect()
	expect(t, seen, "disconnect: forced close", "connect", `welcome {"call":2}`)
	c.Reconnect()
	expect(t, seen, "disconnect: forced close", "error: *errors.errorString")
	if s.Connected() {
		t.Error("connected without a token")
	}
	for _, auth := range []any{[]int{1}, func() {}, "text"} {
		if err := c.Of("/", auth).Connect(t.Context()); err == nil {
			t.Errorf("auth %T: no error", auth)
		}
	}
}

// Revision 3 sends auth in the query of the namespace.
func TestSocket_AuthRevision3(t *testing.T) {
	_, n := newServer(t, socketio.Config{})
	c := newClient(t, n, socketioclient.Options{Revision: 3})
	s := c.Of("/chat", map[string]any{"n": 1, "list": []string{"a", "b"}, "yes": true})
	seen := watch(s)
	connect(t, s)
	expect(t, seen, "connect", `welcome {"list":"b","n":"1","yes":"true"}`) // of repeated keys the last counts, as in Node
	if err := c.Of("/", map[string]int{"a": 1}).Connect(t.Context()); err == nil {
		t.Error("auth for the main namespace: no error")
	}
	if err := c.Of("/x", map[string]any{"deep": map[string]int{}}).Connect(t.Context()); err == nil {
		t.Error("nested auth: no error")
	}
	if err := c.Of("/y", 1).Connect(t.Context()); err == nil {
		t.Error("auth that is no object: no error")
	}
}

// A server of version 2.x sends no id.
func TestSocket_ErrOldServer(t *testing.T) {
	_, n := newFake(t, "0")
	if err := newClient(t, n, socketioclient.Options{}).Of("/", nil).Connect(t.Context()); !errors.Is(err, socketioclient.ErrOldServer) {
		t.Errorf("%v", err)
	}
}

// Whoever waits for an acknowledgement hears of the end.
func TestSocket_EmitAckEnds(t *testing.T) {
	_, n := newServer(t, socketio.Config{})
	c := newClient(t, n, fast(socketioclient.Options{}))
	s := c.Of("/", nil)
	connect(t, s)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := s.EmitAck(ctx, "never"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("deadline: %v", err)
	}
	results := make(chan error, 1)
	waitForAck := func() {
		go func() {
			_, err := s.EmitAck(context.Background(), "never")
			results <- err
		}()
		check(t, c.Flush(t.Context()))
		ask(t, s, "echo") // by now the event before has left
	}
	waitForAck()
	c.Reconnect()
	if err := wait(t, "ack", results); err != nil && !errors.Is(err, socketioclient.ErrDisconnected) {
		t.Errorf("disconnected: %v", err)
	}
	connect(t, s)
	go func() {
		_, err := s.EmitAck(context.Background(), "never")
		results <- err
	}()
	ask(t, s, "echo")
	c.Close()
	if err := wait(t, "ack", results); !errors.Is(err, socketioclient.ErrClosed) {
		t.Errorf("closed: %v", err)
	}
}

// Emit is bounded while there is no connection; what EmitAck gave up is taken back.
func TestSocket_EmitOffline(t *testing.T) {
	_, n := newServer(t, socketio.Config{})
	c := newClient(t, n, socketioclient.Options{MaxBuffered: 100})
	s := c.Of("/", nil)
	seen := watch(s)
	big := make([]byte, 1000)
	check(t, s.Emit("echo", big)) // one is always accepted
	if err := s.Emit("echo", 1); !errors.Is(err, socketioclient.ErrBufferFull) {
		t.Errorf("%v", err)
	}
	if sent, err := s.EmitVolatile("echo", 1); sent || err != nil {
		t.Errorf("volatile: %t, %v", sent, err)
	}
	connect(t, s)
	expect(t, seen, "connect", "welcome {}", `echoed {"_placeholder":true,"num":0}`)
	s.Disconnect()
	expect(t, seen, "disconnect: io client disconnect")

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.EmitAck(ctx, "echo", "given up"); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	check(t, s.Emit("echo", "kept"))
	if err := c.Flush(t.Context()); !errors.Is(err, socketioclient.ErrDisconnected) {
		t.Errorf("flush: %v", err)
	}
	connect(t, s)
	expect(t, seen, "connect", "welcome {}", `echoed "kept"`)
}

func TestSocket_EmitVolatile(t *testing.T) {
	_, n := newServer(t, socketio.Config{})
	c := newClient(t, n, socketioclient.Options{Transports: []socketioclient.Transport{socketioclient.WebSocket}})
	s := c.Of("/", nil)
	seen := watch(s)
	connect(t, s)
	expect(t, seen, "connect", "welcome {}")
	check(t, c.Flush(t.Context()))
	for sent := false; !sent; { // the writer may still be on its way home
		var err error
		sent, err = s.EmitVolatile("echo", "now")
		check(t, err)
	}
	expect(t, seen, `echoed "now"`)
	if _, err := s.EmitVolatile("connect"); !errors.Is(err, socketioclient.ErrReserved) {
		t.Errorf("%v", err)
	}
	c.Close()
	if _, err := s.EmitVolatile("echo"); !errors.Is(err, socketioclient.ErrClosed) {
		t.Errorf("%v", err)
	}
}

// Spec 2.6.
func TestSocket_EmitRefuses(t *testing.T) {
	_, n := newServer(t, socketio.Config{})
	four := newClient(t, n, socketioclient.Options{}).Of("/", nil)
	three := newClient(t, n, socketioclient.Options{Revision: 3}).Of("/", nil)
	for _, name := range []string{"connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"} {
		if err := four.Emit(name); !errors.Is(err, socketioclient.ErrReserved) {
			t.Errorf("%s: %v", name, err)
		}
	}
	check(t, four.Emit("error"))
	if err := three.Emit("error"); !errors.Is(err, socketioclient.ErrReserved) {
		t.Errorf("%v", err)
	}
	if err := four.Emit("x", func() {}); err == nil {
		t.Error("emitted a function")
	}
	if _, err := four.EmitAck(t.Context(), "x", make(chan int)); err == nil {
		t.Error("emitted a channel")
	}
}

// Handlers can be removed, and run in the order of registration.
func TestSocket_On(t *testing.T) {
	_, n := newServer(t, socketio.Config{})
	c := newClient(t, n, socketioclient.Options{})
	s := c.Of("/", nil)
	calls := make(chan string, 100)
	note := func(text string) socketioclient.Handler {
		return func(context.Context, *socketioclient.Event) { calls <- text }
	}
	offFirst := s.On("echoed", note("first"))
	offSecond := s.On("echoed", note("second"))
	offAny := s.OnAny(note("any"))
	s.On("welcome", note("welcome"))
	offs := []func(){
		s.OnConnect(func(context.Context) { t.Error("connect handler was removed") }),
		s.OnDisconnect(func(context.Context, socketioclient.DisconnectReason) { t.Error("disconnect handler was removed") }),
		s.OnError(func(context.Context, error) { t.Error("error handler was removed") }),
	}
	for _, off := range offs {
		off()
	}
	connect(t, s)
	expect(t, calls, "any", "welcome")
	check(t, s.Emit("echo"))
	expect(t, calls, "any", "first", "second")
	offFirst()
	offAny()
	check(t, s.Emit("echo"))
	expect(t, calls, "second")
	offSecond()
	offSecond()
	check(t, s.Emit("echo"))
	ask(t, s, "echo")
	if len(calls) > 0 {
		t.Errorf("%s was called", <-calls)
	}
}

// The queue of events is bounded; handlers that stay behind lose nothing and may
// wait for acknowledgements.
func TestClient_BackPressure(t *testing.T) {
	_, n := newServer(t, socketio.Config{})
	c := newClient(t, n, socketioclient.Options{MaxQueued: 2, Transports: []socketioclient.Transport{socketioclient.WebSocket}})
	s := c.Of("/", nil)
	release, order := make(chan struct{}), make(chan int, 1000)
	s.On("n", func(_ context.Context, e *socketioclient.Event) {
		var i int
		check(t, e.Decode(&i))
		if i == 0 {
			<-release
		}
		order <- i
	})
	connect(t, s)
	check(t, s.Emit("burst", 300))
	check(t, c.Flush(t.Context()))
	close(release)
	for i := range 300 {
		if got := wait(t, "event", order); got != i {
			t.Fatalf("%d came instead of %d", got, i)
		}
	}
	done := make(chan struct{})
	s.On("echoed", func(ctx context.Context, _ *socketioclient.Event) {
		if _, err := s.EmitAck(ctx, "echo"); err != nil {
			t.Error(err)
		}
		close(done)
	})
	check(t, s.Emit("echo"))
	wait(t, "handler", done)
}

// A reader that waits for room in the queue is no obstacle to the end.
func TestClient_CloseWhileQueueIsFull(t *testing.T) {
	_, n := newServer(t, socketio.Config{})
	c := newClient(t, n, socketioclient.Options{MaxQueued: 1})
	s := c.Of("/", nil)
	started := make(chan struct{}, 1000)
	s.On("n", func(ctx context.Context, _ *socketioclient.Event) {
		started <- struct{}{}
		<-ctx.Done()
		if !errors.Is(context.Cause(ctx), socketioclient.ErrClosed) {
			t.Errorf("cause %v", context.Cause(ctx))
		}
	})
	connect(t, s)
	check(t, s.Emit("burst", 100))
	wait(t, "handler", started)
	c.Close()
	wait(t, "end", c.Done())
	if len(started) > 0 {
		t.Error("an event was handled after Close")
	}
}

// Close may be called by handlers; afterwards nothing works and nothing runs.
func TestClient_Close(t *testing.T) {
	each(t, func(t *testing.T, o socketioclient.Options) {
		io, n := newServer(t, socketio.Config{})
		reasons := make(chan socketio.DisconnectReason, 1)
		io.Of("/left").OnDisconnect(func(_ *socketio.Socket, reason socketio.DisconnectReason) { reasons <- reason })
		last := make(chan string, 1)
		socketio.On(io.Of("/left"), "last", func(_ context.Context, _ *socketio.Socket, text string) error {
			last <- text
			return nil
		})
		c := newClient(t, n, o)
		s := c.Of("/left", nil)
		seen := watch(s)
		s.OnConnect(func(context.Context) {
			check(t, s.Emit("last", "words"))
			c.Close()
			c.Close()
		})
		connect(t, s)
		wait(t, "end", c.Done())
		expect(t, seen, "connect", "disconnect: forced close")
		if got := wait(t, "last event", last); got != "words" {
			t.Error(got)
		}
		if got := wait(t, "reason", reasons); got != socketio.TransportClose {
			t.Errorf("server saw %q", got)
		}
		_, ackErr := s.EmitAck(t.Context(), "x")
		for i, err := range []error{s.Connect(t.Context()), s.Emit("x"), ackErr} {
			if !errors.Is(err, socketioclient.ErrClosed) {
				t.Errorf("%d: %v", i, err)
			}
		}
		s.Disconnect()
		c.Reconnect()
	})
}

// A large message and many small ones go through polling, whatever the limit of a
// payload.
func TestClient_PollingPayloadLimit(t *testing.T) {
	for _, revision := range []int{4, 3} {
		_, n := newServer(t, socketio.Config{Engine: engineio.Config{MaxPayload: 2000}})
		c := newClient(t, n, socketioclient.Options{Revision: revision, Transports: []socketioclient.Transport{socketioclient.Polling}})
		s := c.Of("/", nil)
		seen := watch(s)
		text := string(bytes.Repeat([]byte("x"), 100))
		for range 100 {
			check(t, s.Emit("echo", text))
		}
		connect(t, s)
		expect(t, seen, "connect", "welcome {}")
		for range 100 {
			expect(t, seen, `echoed "`+text+`"`)
		}
	}
}

func TestClient_Compress(t *testing.T) {
	_, n := newServer(t, socketio.Config{Engine: engineio.Config{CompressWebSocket: true}})
	c := newClient(t, n, socketioclient.Options{Compress: true, Transports: []socketioclient.Transport{socketioclient.WebSocket}})
	s := c.Of("/", nil)
	connect(t, s)
	text := string(bytes.Repeat([]byte("compressible "), 1000))
	var got string
	check(t, ask(t, s, "echo", text).Decode(&got))
	if got != text {
		t.Error("text was changed")
	}
}
