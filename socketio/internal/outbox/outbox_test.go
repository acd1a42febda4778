package outbox_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-sails/sails/internal/leakcheck"
	"github.com/go-sails/sails/socketio/internal/outbox"
)

func TestMain(m *testing.M) { leakcheck.Main(m) }

var errs = outbox.Errors{
	Down: errors.New("down"), Full: errors.New("full"), TooLarge: errors.New("too large"), Closed: errors.New("closed"), Waiting: "waiting",
}

// medium is one that can be lost.
type medium struct {
	mu              sync.Mutex
	got             []int
	largest         int // batch
	lost            error
	hold            chan struct{}
	probes          int
	changes         []error
	unheard         []error
	published, fail atomic.Uint64
}

var errRefused = errors.New("refused")

func (m *medium) queue() *outbox.Queue[int] {
	return outbox.New(outbox.Config[int]{
		MaxItem: 10, MaxBytes: 100, BatchItems: 4, BatchBytes: 30, Timeout: time.Second, Errors: errs,
		Published: &m.published, Lost: &m.fail,
		Exchange: func(ctx context.Context, batch []*outbox.Item[int]) {
			if m.hold != nil {
				select {
				case <-m.hold:
				case <-ctx.Done():
					for _, x := range batch {
						x.Err = ctx.Err()
					}
					return
				}
			}
			m.mu.Lock()
			defer m.mu.Unlock()
			m.largest = max(m.largest, len(batch))
			for _, x := range batch {
				switch {
				case m.lost != nil:
					x.Err = m.lost
				case x.Value < 0:
					x.Err = errRefused
				default:
					m.got = append(m.got, x.Value)
					x.Result = "ok"
				}
			}
		},
		Refused: func(err error) error {
			if errors.Is(err, errRefused) {
				return err
			}
			return nil
		},
		Probe: func(context.Context) error {
			m.mu.Lock()
			defer m.mu.Unlock()
			m.probes++
			return m.lost
		},
		Unheard: func(err error) {
			m.mu.Lock()
			defer m.mu.Unlock()
			m.unheard = append(m.unheard, err)
		},
		Changed: func(err error) {
			m.mu.Lock()
			defer m.mu.Unlock()
			m.changes = append(m.changes, err)
		},
	})
}

func run(t *testing.T, q *outbox.Queue[int]) (ctx context.Context, stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); q.Run(ctx) }()
	stop = func() { cancel(); <-ended }
	return ctx, stop
}

// Messages leave in their order, several at once; one that is refused harms no other.
func TestOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &medium{hold: make(chan struct{})}
		q := m.queue()
		_, stop := run(t, q)
		var results []string
		for i := range 20 {
			value := i
			if i == 7 {
				value = -1
			}
			if err := q.Add(value, 5, func(r string, err error) {
				if (err != nil) != (i == 7) {
					t.Errorf("%d: %v", i, err)
				}
				results = append(results, r)
			}); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
		}
		close(m.hold)
		synctest.Wait()
		if len(m.got) != 19 || !slices.IsSorted(m.got) || m.largest != 4 || len(results) != 20 {
			t.Errorf("got %v in batches of %d, %q", m.got, m.largest, results)
		}
		if m.published.Load() != 19 || m.fail.Load() != 1 {
			t.Errorf("%d published, %d lost", m.published.Load(), m.fail.Load())
		}
		stop()
		if _, err := q.Send(t.Context(), 1, 1); !errors.Is(err, errs.Closed) || !errors.Is(q.Available(), errs.Closed) {
			t.Errorf("after the end: %v", err)
		}
	})
}

func TestBounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &medium{hold: make(chan struct{})}
		q := m.queue()
		_, stop := run(t, q)
		done := func(string, error) {}
		if err := q.Add(1, 11, done); !errors.Is(err, errs.TooLarge) {
			t.Error(err)
		}
		accepted := 0
		for q.Add(1, 10, done) == nil {
			accepted++
			synctest.Wait()
		}
		if err := q.Add(1, 10, done); !errors.Is(err, errs.Full) || accepted != 11 { // one is on its way
			t.Errorf("%v after %d", err, accepted)
		}
		ctx, cancel := context.WithCancelCause(t.Context())
		cause := errors.New("enough")
		cancel(cause)
		close(m.hold)
		synctest.Wait()
		m.hold = make(chan struct{})
		if _, err := q.Send(ctx, 1, 1); !errors.Is(err, cause) && err != nil {
			t.Error(err)
		}
		close(m.hold)
		stop()
	})
}

// Reliability: ten minutes without the medium. Everything fails at once and is counted,
// attempts are at most 2 s apart, nothing is sent late.
func TestOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &medium{lost: errors.New("no route")}
		q := m.queue()
		ctx, stop := run(t, q)
		begin := time.Now()
		sent := 0
		for time.Since(begin) < 10*time.Minute {
			at := time.Now()
			if _, err := q.Send(ctx, sent, 5); !errors.Is(err, errs.Down) || !errors.Is(err, m.lost) {
				t.Fatal(err)
			}
			if time.Since(at) > 0 {
				t.Fatalf("an error took %v", time.Since(at))
			}
			sent++
			<-time.After(100 * time.Millisecond)
		}
		m.mu.Lock()
		probes := m.probes
		m.lost = nil
		m.mu.Unlock()
		if probes < 300 || probes > 610 {
			t.Errorf("%d attempts in ten minutes", probes)
		}
		if m.fail.Load() != uint64(sent) {
			t.Errorf("%d of %d counted as lost", m.fail.Load(), sent)
		}
		<-time.After(2 * time.Second)
		if r, err := q.Send(ctx, 7, 5); err != nil || r != "ok" || q.Available() != nil {
			t.Errorf("%q, %v", r, err)
		}
		if !slices.Equal(m.got, []int{7}) || len(m.changes) != 2 || m.changes[1] != nil {
			t.Errorf("got %v, changes %v", m.got, m.changes)
		}
		stop()
	})
}

// Who posts goes on at once, until Ahead messages are on their way; then it waits for its
// own. Order is that of the calls, of Post and Send alike.
func TestPost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &medium{hold: make(chan struct{})}
		q := m.queue()
		ctx, stop := run(t, q)
		for i := range outbox.Ahead {
			if err := q.Post(ctx, i, 0); err != nil {
				t.Fatal(err)
			}
			if i%100 == 0 {
				synctest.Wait() // some are in an exchange already
			}
		}
		late, cancel := context.WithCancelCause(ctx)
		cause := errors.New("enough")
		waited := make(chan error, 2)
		go func() { waited <- q.Post(late, outbox.Ahead, 0) }()
		synctest.Wait()
		go func() { waited <- q.Post(ctx, outbox.Ahead+1, 0) }()
		synctest.Wait()
		if len(waited) > 0 || len(m.got) > 0 {
			t.Fatalf("%d did not wait, %d were published", len(waited), len(m.got))
		}
		cancel(cause)
		if err := <-waited; !errors.Is(err, cause) {
			t.Errorf("after its context ended: %v", err)
		}
		close(m.hold)
		if err := <-waited; err != nil {
			t.Errorf("when the medium went on: %v", err)
		}
		if len(m.got) != outbox.Ahead+2 || !slices.IsSorted(m.got) {
			t.Errorf("published %v", m.got)
		}
		stop()
		if err := q.Post(ctx, 1, 0); !errors.Is(err, errs.Closed) {
			t.Errorf("after the end: %v", err)
		}
	})
}

// A posted message that is refused is reported, one that is lost with the medium is
// counted, and then Post fails at once.
func TestPost_Loss(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &medium{}
		q := m.queue()
		ctx, stop := run(t, q)
		if err := errors.Join(q.Post(ctx, -1, 1), q.Post(ctx, 1, 1)); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if len(m.unheard) != 1 || !errors.Is(m.unheard[0], errRefused) || !slices.Equal(m.got, []int{1}) || m.fail.Load() != 1 {
			t.Errorf("reported %v, published %v, %d lost", m.unheard, m.got, m.fail.Load())
		}
		m.lost = errors.New("no route")
		for range 3 {
			if err := q.Post(ctx, 2, 1); err != nil {
				t.Error(err)
			}
		}
		synctest.Wait()
		if err := q.Post(ctx, 2, 1); !errors.Is(err, errs.Down) || !errors.Is(err, m.lost) {
			t.Errorf("without the medium: %v", err)
		}
		if m.fail.Load() != 5 || len(m.unheard) != 1 || len(m.changes) != 1 {
			t.Errorf("%d lost, reported %v, changes %v", m.fail.Load(), m.unheard, m.changes)
		}
		stop()
	})
}

// What was accepted goes out before the end, unless the medium does not take it: then the
// end comes after Timeout.
func TestEnd(t *testing.T) {
	for _, taken := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			m := &medium{hold: make(chan struct{})}
			q := m.queue()
			ctx, cancel := context.WithCancel(t.Context())
			ended := make(chan struct{})
			go func() { defer close(ended); q.Run(ctx) }()
			for i := range 20 {
				if err := q.Post(ctx, i, 5); err != nil {
					t.Fatal(err)
				}
				synctest.Wait()
			}
			begin := time.Now()
			cancel()
			synctest.Wait()
			if taken {
				close(m.hold)
			}
			<-ended
			if d := time.Since(begin); taken && d > 0 || d > 2*time.Second {
				t.Errorf("taken %v: ended after %v", taken, d)
			}
			if n := int(m.published.Load()); n != len(m.got) || (n == 20) != taken || n+int(m.fail.Load()) != 20 {
				t.Errorf("taken %v: %d published, %d lost", taken, n, m.fail.Load())
			}
		})
	}
}
