//go:build linux

package eventloop_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-sails/sails/internal/eventloop"
)

// patience bounds every wait of the tests.
const patience = 10 * time.Second

func await[T any](t testing.TB, c <-chan T, what string) T {
	t.Helper()
	late := time.NewTimer(patience)
	defer late.Stop()
	select {
	case v := <-c:
		return v
	case <-late.C:
		t.Fatalf("no %s in %v", what, patience)
		panic("unreachable")
	}
}

// rig accepts connections into a Group.
type rig struct {
	addr    string
	panics  atomic.Int32
	readers func(*eventloop.Conn) eventloop.Reader
}

func start(t testing.TB, loops int, readers func(*eventloop.Conn) eventloop.Reader) *rig {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{addr: l.Addr().String(), readers: readers}
	group, err := eventloop.NewGroup(loops, func(any, []byte) { r.panics.Add(1) })
	if err != nil {
		t.Fatal(err)
	}
	acceptor, err := eventloop.NewAcceptor(l.(*net.TCPListener))
	if err != nil {
		t.Fatal(err)
	}
	accepting := make(chan struct{})
	go func() {
		defer close(accepting)
		for {
			fd, _, err := acceptor.Accept()
			if err != nil {
				return
			}
			_ = group.Add(fd, r.readers)
		}
	}()
	t.Cleanup(func() {
		l.Close()
		acceptor.Close()
		<-accepting
		group.Close()
	})
	return r
}

func (r *rig) dial(t testing.TB) *net.TCPConn {
	t.Helper()
	c, err := net.Dial("tcp", r.addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	_ = c.SetDeadline(time.Now().Add(patience))
	return c.(*net.TCPConn)
}

// whim is a Reader that pauses, resumes, postpones and closes as dice tell it, and
// checks that it is treated as promised.
type whim struct {
	conn  *eventloop.Conn
	dice  *rand.Rand
	calls atomic.Int32 // under way: at most one
	ended atomic.Int32
	got   []byte
	end   chan string // what went wrong, or nothing
	shuts bool        // may close on its own
}

func (w *whim) Input(p []byte, mayWait bool) eventloop.Verdict {
	if w.calls.Add(1) != 1 || w.ended.Load() != 0 {
		panic("two at once, or after the end")
	}
	if !mayWait && w.dice.IntN(4) == 0 {
		w.calls.Add(-1)
		return eventloop.Later
	}
	w.got = append(w.got, p...)
	n, pause := w.dice.IntN(60), time.Duration(w.dice.IntN(1000))*time.Microsecond
	w.calls.Add(-1) // whoever is resumed may be called before this returns
	switch {
	case n < 10:
		time.AfterFunc(pause, w.conn.Resume)
		return eventloop.Paused
	case n < 15:
		go w.conn.Resume()
		return eventloop.Paused
	case n == 15 && w.shuts:
		_ = w.conn.Close()
	case n == 16 && w.shuts:
		go w.conn.Close()
	}
	return eventloop.More
}

func (w *whim) Hangup() {}

func (w *whim) End(err error) {
	switch {
	case w.ended.Add(1) != 1 || w.calls.Load() != 0:
		w.end <- "ended twice, or while reading"
	case !errors.Is(err, io.EOF) && !w.shuts:
		w.end <- fmt.Sprint("ended with ", err)
	default:
		w.end <- ""
	}
}

// Model: whatever a Reader answers and whenever it is resumed, it is handed every
// byte once and in order, by one goroutine at a time, and its end once, last.
func TestReader_Whims(t *testing.T) {
	t.Parallel()
	for _, shuts := range []bool{false, true} {
		t.Run(fmt.Sprintf("shuts=%v", shuts), func(t *testing.T) {
			t.Parallel()
			made := make(chan *whim, 1)
			var seed atomic.Uint64
			r := start(t, 2, func(c *eventloop.Conn) eventloop.Reader {
				w := &whim{conn: c, dice: rand.New(rand.NewPCG(seed.Add(1), 1)), end: make(chan string, 3), shuts: shuts}
				made <- w
				return w
			})
			var running sync.WaitGroup
			for i := range 40 {
				conn := r.dial(t)
				w := await(t, made, "Reader")
				running.Go(func() {
					dice := rand.New(rand.NewPCG(uint64(i), 2))
					var sent []byte
					for range 100 {
						p := make([]byte, 1+dice.IntN(1<<dice.IntN(17)))
						for j := range p {
							p[j] = byte(dice.Uint32())
						}
						n, err := conn.Write(p)
						sent = append(sent, p[:n]...)
						if err != nil {
							break
						}
					}
					_ = conn.CloseWrite()
					if problem := await(t, w.end, "end"); problem != "" {
						t.Error(problem)
					}
					if !shuts && !bytes.Equal(w.got, sent) || !bytes.HasPrefix(sent, w.got) {
						t.Errorf("%d bytes arrived of %d, or others", len(w.got), len(sent))
					}
				})
			}
			running.Wait()
			if n := r.panics.Load(); n != 0 {
				t.Errorf("%d panics", n)
			}
		})
	}
}

// told is a Reader of functions.
type told struct {
	input  func(p []byte, mayWait bool) eventloop.Verdict
	hangup func()
	end    func(error)
}

func (r *told) Input(p []byte, mayWait bool) eventloop.Verdict { return r.input(p, mayWait) }
func (r *told) Hangup()                                        { r.hangup() }
func (r *told) End(err error)                                  { r.end(err) }

// A Reader that panics loses its connection, and nobody else his (SEC-1).
func TestReader_Panics(t *testing.T) {
	t.Parallel()
	ends := make(chan error, 10)
	r := start(t, 1, func(c *eventloop.Conn) eventloop.Reader {
		return &told{
			input: func(p []byte, mayWait bool) eventloop.Verdict {
				switch {
				case p[0] == 'l' && !mayWait:
					return eventloop.Later
				case p[0] != 'e':
					panic("reader")
				}
				_, _ = c.Write(p)
				return eventloop.More
			},
			end: func(err error) {
				ends <- err
				panic("end")
			},
		}
	})
	honest := r.dial(t)
	for i, s := range []string{"panic", "later"} {
		c := r.dial(t)
		_, _ = io.WriteString(c, s)
		if _, err := c.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
			t.Fatalf("%s: %v", s, err)
		}
		if err := await(t, ends, "end"); !errors.Is(err, net.ErrClosed) {
			t.Fatalf("%s: %v", s, err)
		}
		if n := r.panics.Load(); n != int32(i+1) {
			t.Fatalf("%d panics told", n)
		}
		_, _ = io.WriteString(honest, "echo")
		if _, err := io.ReadFull(honest, make([]byte, 4)); err != nil {
			t.Fatal(err)
		}
	}
}

// The end of the stream is told although nobody reads.
func TestReader_Hangup(t *testing.T) {
	t.Parallel()
	hung, ends := make(chan *eventloop.Conn, 10), make(chan error, 1)
	r := start(t, 1, func(c *eventloop.Conn) eventloop.Reader {
		return &told{
			input:  func([]byte, bool) eventloop.Verdict { return eventloop.Paused },
			hangup: func() { hung <- c },
			end:    func(err error) { ends <- err },
		}
	})
	conn := r.dial(t)
	_, _ = io.WriteString(conn, "x")
	_ = conn.CloseWrite()
	c := await(t, hung, "hang-up")
	c.Resume()
	if err := await(t, ends, "end"); !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
}

// Close may come from anywhere, also while others write and wait.
func TestConn_Close(t *testing.T) {
	t.Parallel()
	made := make(chan *eventloop.Conn, 1)
	ends := make(chan error, 1)
	r := start(t, 1, func(c *eventloop.Conn) eventloop.Reader {
		made <- c
		return &told{
			input: func([]byte, bool) eventloop.Verdict { return eventloop.Paused },
			end:   func(err error) { ends <- err },
		}
	})
	r.dial(t)
	c := await(t, made, "connection")
	stuck := make(chan error, 1)
	go func() {
		_, err := c.Write(make([]byte, 64<<20))
		stuck <- err
	}()
	var closing sync.WaitGroup
	var first atomic.Int32
	for range 10 {
		closing.Go(func() {
			if c.Close() == nil {
				first.Add(1)
			}
		})
	}
	closing.Wait()
	if n := first.Load(); n != 1 {
		t.Fatalf("closed %d times", n)
	}
	if err := await(t, stuck, "end of the write"); err == nil {
		t.Fatal("64 MiB were written")
	}
	if err := await(t, ends, "end"); !errors.Is(err, net.ErrClosed) {
		t.Fatal(err)
	}
	for what, err := range map[string]error{
		"linger": c.SetLinger(0), "half": c.CloseWrite(), "write": second(c.TryWrite(nil)), "read": second(c.Read(make([]byte, 1))),
	} {
		if !errors.Is(err, net.ErrClosed) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if a := c.RemoteAddr().String(); a == "" {
		t.Error("no address")
	}
}

func second(_ int, err error) error { return err }

// A write that has to wait keeps its deadline, also one that is moved meanwhile.
func TestConn_WriteDeadline(t *testing.T) {
	t.Parallel()
	made := make(chan *eventloop.Conn, 1)
	r := start(t, 1, func(c *eventloop.Conn) eventloop.Reader {
		made <- c
		return &told{input: func([]byte, bool) eventloop.Verdict { return eventloop.More }, end: func(error) {}}
	})
	conn := r.dial(t)
	c := await(t, made, "connection")
	_ = c.SetWriteDeadline(time.Now().Add(time.Hour))
	stuck := make(chan error, 1)
	go func() {
		_, err := c.Write(make([]byte, 64<<20))
		stuck <- err
	}()
	_ = c.SetWriteDeadline(time.Now().Add(20 * time.Millisecond))
	var late net.Error
	if err := await(t, stuck, "end of the write"); !errors.As(err, &late) || !late.Timeout() {
		t.Fatal(err)
	}
	conn.Close()
}

// CloseAfter ends a connection nobody reads to the end.
func TestConn_CloseAfter(t *testing.T) {
	t.Parallel()
	ends := make(chan error, 1)
	r := start(t, 1, func(c *eventloop.Conn) eventloop.Reader {
		return &told{
			input: func([]byte, bool) eventloop.Verdict {
				c.CloseAfter(10 * time.Millisecond)
				return eventloop.More
			},
			end: func(err error) { ends <- err },
		}
	})
	conn := r.dial(t)
	_, _ = io.WriteString(conn, "x")
	if err := await(t, ends, "end"); !errors.Is(err, net.ErrClosed) {
		t.Fatal(err)
	}
}
