package socketio_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-sails/sails/socketio"
)

// Spec 2.4: acknowledgements asked by the server, ids from one counter per namespace.
func TestAck_FromClient(t *testing.T) {
	bubble(t, socketio.Config{}, func(t *testing.T, r *rig) {
		ns := r.io.Of("/")
		syncing(ns)
		a, b := r.join(), r.join()
		sa, _ := ns.Socket(a.sid)
		sb, _ := ns.Socket(b.sid)
		answers := make(chan string, 4)
		ask := func(s *socketio.Socket) {
			args, err := s.EmitAck(context.Background(), "q", 1)
			answers <- fmt.Sprint(args, " ", err)
		}
		go ask(sa)
		a.expect(`20["q",1]`)
		go ask(sb)
		b.expect(`21["q",1]`)
		b.send(`30["not asked"]`) // SEC-55: only for the socket asked
		a.send(`30["x",{"a":1}]`)
		equal(t, await(t, answers), `"x", {"a":1} <nil>`)
		a.send(`30["again"]`) // SEC-55: at most once
		b.send(`61-1[{"_placeholder":true,"num":0}]`)
		b.sendBinary("bin")
		equal(t, await(t, answers), `Ymlu <nil>`)
		go ask(sa)
		a.expect(`22["q",1]`)
		a.send("32") // an answer without data has no arguments
		equal(t, await(t, answers), ` <nil>`)
		a.sync()
		b.sync()
	})
}

// SEC-55: time-outs, disconnection, the limit; nothing stays behind.
func TestAck_Ends(t *testing.T) {
	bubble(t, socketio.Config{MaxAcks: 3}, func(t *testing.T, r *rig) {
		ns := r.io.Of("/")
		syncing(ns)
		c := r.join()
		s, _ := ns.Socket(c.sid)

		errs := make(chan error, 10)
		ask := func(ctx context.Context) {
			_, err := s.EmitAck(ctx, "q")
			errs <- err
		}
		start := time.Now()
		go ask(context.Background())
		c.expect(`20["q"]`)
		if err := await(t, errs); !errors.Is(err, socketio.ErrAckTimeout) || time.Since(start) != 30*time.Second {
			t.Fatalf("%v after %v", err, time.Since(start))
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		go ask(ctx)
		c.expect(`21["q"]`)
		if err := await(t, errs); !errors.Is(err, socketio.ErrAckTimeout) || !errors.Is(err, context.DeadlineExceeded) {
			t.Fatal(err)
		}
		c.send(`30["late"]`, `31["late"]`)
		ctx, stop := context.WithCancel(context.Background())
		stop()
		go ask(ctx)
		c.expect(`22["q"]`)
		if err := await(t, errs); !errors.Is(err, context.Canceled) || errors.Is(err, socketio.ErrAckTimeout) {
			t.Fatal(err)
		}
		for range 4 {
			go ask(context.Background())
		}
		if err := await(t, errs); !errors.Is(err, socketio.ErrTooManyAcks) {
			t.Fatal(err)
		}
		synctest.Wait()
		s.Disconnect(false)
		for range 3 {
			if err := await(t, errs); !errors.Is(err, socketio.ErrClosed) {
				t.Fatal(err)
			}
		}
		if _, err := s.EmitAck(context.Background(), "q"); !errors.Is(err, socketio.ErrClosed) {
			t.Fatal(err)
		}
		if _, err := s.EmitAck(context.Background(), "connect"); !errors.Is(err, socketio.ErrReservedEvent) {
			t.Fatal(err)
		}
	})
}

// A handler may wait for an answer of its own socket: answers bypass the mailbox.
func TestAck_InsideHandler(t *testing.T) {
	bubble(t, socketio.Config{}, func(t *testing.T, r *rig) {
		ns := r.io.Of("/")
		ns.OnConnect(func(ctx context.Context, s *socketio.Socket) error {
			args, err := s.EmitAck(ctx, "who")
			if err != nil {
				return err
			}
			return s.Emit("hello", args)
		})
		ns.HandleFunc("ask-me", func(ctx context.Context, e *socketio.Event) error {
			args, err := e.Socket().EmitAck(ctx, "sure?")
			if err != nil {
				return err
			}
			return e.Ack(args)
		})
		c := r.join()
		c.expect(`20["who"]`)
		c.send(`25["ask-me"]`, `30["me"]`)
		c.expect(`2["hello","me"]`, `21["sure?"]`)
		c.send(`31[true]`)
		c.expect(`35[true]`)
	})
}

// Events are acknowledged once, also later and from elsewhere.
func TestAck_Once(t *testing.T) {
	bubble(t, socketio.Config{}, func(t *testing.T, r *rig) {
		ns := r.io.Of("/")
		events := make(chan *socketio.Event, 10)
		ns.HandleFunc("later", func(_ context.Context, e *socketio.Event) error {
			events <- e
			return nil
		})
		c := r.join()
		c.send(`27["later",1]`, `2["later",2]`)
		with, without := await(t, events), await(t, events)
		if !with.WantsAck() || without.WantsAck() {
			t.Error("WantsAck is wrong")
		}
		if err := without.Ack(); !errors.Is(err, socketio.ErrNoAck) {
			t.Error(err)
		}
		if err := with.Ack(make(chan int)); err == nil || !with.WantsAck() {
			t.Error("a broken answer should be an error and leave the event unanswered")
		}
		var wg sync.WaitGroup
		var mu sync.Mutex
		sent := 0
		for i := range 10 {
			wg.Go(func() {
				if with.Ack(i) == nil {
					mu.Lock()
					sent++
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		if sent != 1 {
			t.Errorf("answered %d times", sent)
		}
		c.send(`28["later"]`)
		last := await(t, events)
		if got := c.receive(); !strings.HasPrefix(got, "37[") {
			t.Errorf("received %q", got)
		}
		c.conn.Abort()
		synctest.Wait()
		if err := last.Ack(); !errors.Is(err, socketio.ErrClosed) {
			t.Error(err)
		}
	})
}

// Broadcasts with acknowledgements, complete and partial.
func TestAck_Broadcast(t *testing.T) {
	bubble(t, socketio.Config{}, func(t *testing.T, r *rig) {
		ns := r.io.Of("/")
		clients := []*client{r.join(), r.join(), r.join(), r.join()}
		for i, c := range clients[:3] {
			s, _ := ns.Socket(c.sid)
			must(t, s.Join("r"))
			_ = i
		}
		type result struct {
			n   int
			err error
		}
		results := make(chan result, 1)
		ask := func(d time.Duration) {
			ctx, cancel := context.WithTimeout(context.Background(), d)
			defer cancel()
			list, err := ns.To("r", clients[0].sid).EmitAck(ctx, "q", []byte("b"))
			results <- result{len(list), err}
		}
		go ask(time.Minute)
		for i, c := range clients[:3] {
			c.expect(`51-0["q",{"_placeholder":true,"num":0}]`, "bin:b")
			c.send(fmt.Sprintf(`30[%d]`, i), `30["twice"]`)
		}
		clients[3].send(`30["not asked"]`)
		if got := await(t, results); got.n != 3 || got.err != nil {
			t.Fatalf("%+v", got)
		}

		start := time.Now()
		go ask(time.Second)
		for _, c := range clients[:3] {
			c.expect(`51-1["q",{"_placeholder":true,"num":0}]`, "bin:b")
		}
		clients[1].send(`31[1]`)
		got := await(t, results)
		var partial *socketio.PartialError
		if got.n != 1 || !errors.As(got.err, &partial) || partial.Expected != 3 || partial.Received != 1 || !errors.Is(got.err, socketio.ErrAckTimeout) {
			t.Fatalf("%+v", got)
		}
		if took := time.Since(start); took != time.Second {
			t.Errorf("took %v", took)
		}

		// Sockets that go away are not waited for.
		start = time.Now()
		go ask(time.Hour)
		for _, c := range clients[:3] {
			c.expect(`51-2["q",{"_placeholder":true,"num":0}]`, "bin:b")
		}
		clients[0].send(`32[]`)
		clients[1].send("1")
		clients[2].conn.Abort()
		got = await(t, results)
		if got.n != 1 || !errors.As(got.err, &partial) || partial.Expected != 3 || time.Since(start) > time.Minute {
			t.Fatalf("%+v after %v", got, time.Since(start))
		}

		// Nobody is asked.
		list, err := ns.To("empty").EmitAck(context.Background(), "q")
		if len(list) != 0 || err != nil {
			t.Error(list, err)
		}
		if _, err := ns.EmitAck(context.Background(), "disconnect"); !errors.Is(err, socketio.ErrReservedEvent) {
			t.Error(err)
		}
	})
}

// SEC-56: what a client learns of a failing handler.
func TestAck_HandlerErrors(t *testing.T) {
	bubble(t, socketio.Config{}, func(t *testing.T, r *rig) {
		ns := r.io.Of("/")
		var failed []string
		ns.OnError(func(e *socketio.Event, err error) { failed = append(failed, e.Name()) })
		socketio.On(ns, "int", func(context.Context, *socketio.Socket, int) error { return nil })
		socketio.OnCall(ns, "double", func(_ context.Context, _ *socketio.Socket, n int) (int, error) { return 2 * n, nil })
		socketio.OnCall(ns, "secret", func(context.Context, *socketio.Socket, struct{}) (int, error) {
			return 0, errors.New("password is 1234")
		})
		socketio.OnCall(ns, "told", func(context.Context, *socketio.Socket, socketio.Args) (int, error) {
			return 0, &socketio.EventError{Message: "not now", Data: []int{1}}
		})
		socketio.OnCall(ns, "broken", func(context.Context, *socketio.Socket, socketio.Args) (any, error) {
			return make(chan int), nil
		})
		socketio.OnCall(ns, "brokenData", func(context.Context, *socketio.Socket, socketio.Args) (any, error) {
			return nil, &socketio.EventError{Message: "m", Data: make(chan int)}
		})
		ns.HandleFunc("panic", func(context.Context, *socketio.Event) error { panic("boom") })
		c := r.join()
		c.send(`21["double",4]`)
		c.expect(`31[8]`)
		c.send(`22["double","x"]`)
		c.expect(`32[{"error":{"message":"invalid arguments"}}]`)
		c.send(`23["double"]`)
		c.expect(`33[{"error":{"message":"invalid arguments"}}]`)
		c.send(`24["secret"]`)
		c.expect(`34[{"error":{"message":"internal error"}}]`)
		c.send(`25["told"]`)
		c.expect(`35[{"error":{"message":"not now","data":[1]}}]`)
		c.send(`26["panic"]`)
		c.expect(`36[{"error":{"message":"internal error"}}]`)
		c.send(`27["broken"]`)
		c.expect(`37[{"error":{"message":"internal error"}}]`)
		c.send(`28["brokenData"]`)
		c.expect(`38[{"error":{"message":"m"}}]`)
		c.send(`2["panic"]`, `2["int",{}]`, `2["int"]`, `2["double",1]`, `29["double",5]`)
		c.expect(`39[10]`)
		equal(t, failed, []string{"double", "double", "secret", "told", "panic", "broken", "brokenData", "panic", "int", "int"})
		equal(t, r.io.Stats().Panics, 2)
	})
}
