package socketio_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-sails/sails/socketio"
)

// answered records the calls of functions that wait for answers.
func answered(into chan<- string, name string) func(socketio.Args, error) {
	return func(args socketio.Args, err error) { into <- fmt.Sprint(name, ": ", args, " ", err) }
}

// A handler asks its own client twice and goes on; what was asked first leaves first,
// answers and events are served in the order they came, never beside a handler.
func TestEmitAckFunc_InsideHandler(t *testing.T) {
	bubble(t, socketio.Config{}, func(t *testing.T, r *rig) {
		ns := r.io.Of("/")
		served := make(chan string, 10)
		busy := 0 // only touched by handlers and functions of one socket: -race would tell
		ns.HandleFunc("go", func(ctx context.Context, e *socketio.Event) error {
			busy++
			for _, q := range []string{"q1", "q2"} {
				if err := e.Socket().EmitAckFunc(ctx, func(args socketio.Args, err error) {
					busy++
					answered(served, q)(args, err)
				}, q, 1); err != nil {
					return err
				}
			}
			return e.Socket().Emit("gone on")
		})
		ns.HandleFunc("note", func(_ context.Context, e *socketio.Event) error {
			busy++
			served <- "note"
			return nil
		})
		c := r.join()
		c.send(`2["go"]`)
		c.expect(`20["q1",1]`, `21["q2",1]`, `2["gone on"]`)
		c.send(`31["b",[1]]`, `2["note"]`, `30["a"]`, `30["again"]`, `31[]`)
		equal(t, await(t, served), `q2: "b", [1] <nil>`)
		equal(t, await(t, served), "note")
		equal(t, await(t, served), `q1: "a" <nil>`)
		<-time.After(time.Hour) // no time-out after the answer
		equal(t, len(served), 0)
	})
}

// SEC-55: the function is called once whatever happens first: time-out, end of the
// context, end of the socket; it is bounded by MaxAcks and not called after an error.
func TestEmitAckFunc_Ends(t *testing.T) {
	bubble(t, socketio.Config{MaxAcks: 3}, func(t *testing.T, r *rig) {
		ns := r.io.Of("/")
		syncing(ns)
		c := r.join()
		s, _ := ns.Socket(c.sid)
		errs := make(chan error, 10)
		ask := func(ctx context.Context) error {
			return s.EmitAckFunc(ctx, func(_ socketio.Args, err error) { errs <- err }, "q")
		}
		start := time.Now()
		must(t, ask(context.Background()))
		c.expect(`20["q"]`)
		if err := await(t, errs); !errors.Is(err, socketio.ErrAckTimeout) || time.Since(start) != 30*time.Second {
			t.Fatalf("%v after %v", err, time.Since(start))
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		must(t, ask(ctx))
		c.expect(`21["q"]`)
		if err := await(t, errs); !errors.Is(err, socketio.ErrAckTimeout) || !errors.Is(err, context.DeadlineExceeded) {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(context.Background())
		stop()
		must(t, ask(ctx))
		if err := await(t, errs); !errors.Is(err, context.Canceled) || errors.Is(err, socketio.ErrAckTimeout) {
			t.Fatal(err)
		}
		c.expect(`22["q"]`)
		c.send(`30["late"]`, `31["late"]`, `32["late"]`)
		c.sync()
		gone := make(chan string, 3)
		for i := range 3 {
			must(t, s.EmitAckFunc(s.Context(), answered(gone, fmt.Sprint(i)), "q"))
		}
		if err := ask(context.Background()); !errors.Is(err, socketio.ErrTooManyAcks) {
			t.Fatal(err)
		}
		s.Disconnect(false)
		for i := range 3 {
			equal(t, await(t, gone), fmt.Sprintf("%d:  %v", i, socketio.ErrClosed))
		}
		for event, want := range map[string]error{"q": socketio.ErrClosed, "connect": socketio.ErrReservedEvent} {
			if err := s.EmitAckFunc(context.Background(), func(_ socketio.Args, err error) { errs <- err }, event); !errors.Is(err, want) {
				t.Fatal(err)
			}
		}
		if err := s.EmitAckFunc(context.Background(), func(_ socketio.Args, err error) { errs <- err }, "q", make(chan int)); err == nil {
			t.Fatal("a channel was encoded")
		}
		<-time.After(time.Hour)
		equal(t, len(errs), 0)
	})
}

// A panic of the function ends nothing else (SEC-1).
func TestEmitAckFunc_Panic(t *testing.T) {
	bubble(t, socketio.Config{Logger: discard}, func(t *testing.T, r *rig) {
		ns := r.io.Of("/")
		syncing(ns)
		c := r.join()
		s, _ := ns.Socket(c.sid)
		must(t, s.EmitAckFunc(context.Background(), func(socketio.Args, error) { panic("oh") }, "q"))
		c.expect(`20["q"]`)
		c.send("30[]")
		c.sync()
		equal(t, r.io.Stats().Panics, 1)
	})
}

// The same for broadcasts: queued when it returns, bounded, called once.
func TestEmitAckFunc_Broadcast(t *testing.T) {
	bubble(t, socketio.Config{MaxAcks: 2}, func(t *testing.T, r *rig) {
		ns := r.io.Of("/")
		ctx := context.Background()
		a, b := r.join(), r.join()
		results := make(chan string, 10)
		ask := func() error {
			return ns.EmitAckFunc(ctx, func(answers []socketio.Args, err error) { results <- fmt.Sprint(answers, " ", err) }, "q")
		}
		must(t, ask())
		must(t, ask())
		if err := ask(); !errors.Is(err, socketio.ErrTooManyAcks) {
			t.Fatal(err)
		}
		a.expect(`20["q"]`, `21["q"]`)
		b.expect(`20["q"]`, `21["q"]`)
		a.send("31[1]")
		synctest.Wait()
		b.send("31[2]")
		equal(t, await(t, results), "[1 2] <nil>")
		a.send("30[3]")
		equal(t, await(t, results), "[3] socketio: operation has timed out: 1 of 2 answers")
		if err := ns.EmitAckFunc(ctx, nil, "connect"); !errors.Is(err, socketio.ErrReservedEvent) {
			t.Fatal(err)
		}
		must(t, ask())
		a.conn.Abort()
		b.conn.Abort()
		equal(t, await(t, results), "[] socketio: operation has timed out: 0 of 2 answers")
	})
}
