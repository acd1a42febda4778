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
		Exchange: func(_ context.Context, batch []*outbox.Item[int]) {
			if m.hold != nil {
				<-m.hold
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
