package session_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-sails/sails/sailsio/session"
)

// eachStore runs a test over a store with and one without compare and swap.
func eachStore(t *testing.T, test func(t *testing.T, store session.Store)) {
	t.Run("swap", func(t *testing.T) {
		store, err := session.NewMemoryStore(session.MemoryConfig{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { store.Close() })
		test(t, store)
	})
	t.Run("plain", func(t *testing.T) { test(t, newFailingStore(t)) })
}

// late is a request that is still running while others come and go: it has
// loaded its session when start returns, runs change when finish is called, and
// is over when finish returns.
type late struct {
	proceed chan func(*session.Session)
	done    chan *http.Response
}

func start(t *testing.T, m *session.Manager, c *client) *late {
	l := &late{make(chan func(*session.Session)), make(chan *http.Response)}
	loaded := make(chan struct{})
	h := m.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		s := mustSession(r)
		close(loaded)
		(<-l.proceed)(s)
	}))
	inner := &client{h: h, cookie: c.cookie}
	go func() { l.done <- inner.do(t, "GET", "/") }()
	<-loaded
	return l
}

func (l *late) finish(change func(*session.Session)) *http.Response {
	l.proceed <- change
	return <-l.done
}

func set(t *testing.T, key string, v any) func(*session.Session) {
	return func(s *session.Session) {
		if err := s.Set(key, v); err != nil {
			t.Errorf("Set(%s): %v", key, err)
		}
	}
}

func handler(f func(s *session.Session, r *http.Request)) http.Handler {
	return http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { f(mustSession(r), r) })
}

func login(t *testing.T, m *session.Manager) *client {
	c := &client{h: m.Handler(handler(func(s *session.Session, _ *http.Request) {
		set(t, "userId", 5)(s)
		set(t, "n", 1)(s)
	}))}
	c.do(t, "GET", "/login")
	return c
}

// Issue 4, SE-14: a request that began before the logout and ends after it does
// not bring the user back, whatever it changes and however the user logged out.
func TestOrder_LateRequestCannotUndoLogout(t *testing.T) {
	logouts := map[string]func(s *session.Session, r *http.Request) error{
		"delete":  func(s *session.Session, _ *http.Request) error { s.Delete("userId"); return nil },
		"clear":   func(s *session.Session, _ *http.Request) error { s.Clear(); return nil },
		"destroy": func(s *session.Session, r *http.Request) error { return s.Destroy(r.Context()) },
		"regenerate": func(s *session.Session, r *http.Request) error {
			return s.Regenerate(r.Context())
		},
	}
	for name, logout := range logouts {
		t.Run(name, func(t *testing.T) {
			eachStore(t, func(t *testing.T, store session.Store) {
				m, _ := newManager(t, session.Config{Store: store})
				c := login(t, m)
				sid := sidOf(t, c.cookie)
				slow := start(t, m, c)
				idle := start(t, m, c)
				leaver := &client{cookie: c.cookie, h: m.Handler(handler(func(s *session.Session, r *http.Request) {
					if err := logout(s, r); err != nil {
						t.Error(err)
					}
				}))}
				leaver.do(t, "GET", "/logout")
				if res := slow.finish(set(t, "n", 2)); res.StatusCode != 200 {
					t.Errorf("late request: %d", res.StatusCode)
				}
				idle.finish(func(*session.Session) {}) // only renews the life time
				after := stored(t, store, sid)
				if strings.Contains(after, "userId") {
					t.Errorf("the user is back: %s", after)
				}
				if name == "destroy" || name == "regenerate" {
					if after != "" {
						t.Errorf("the session is back: %s", after)
					}
				} else if !strings.Contains(after, `"n":2`) {
					t.Errorf("the late request's own change is lost: %s", after)
				}
				if m.Busy() != 0 {
					t.Errorf("%d ids still in use", m.Busy())
				}
			})
		})
	}
}

// The same when another process destroyed the session.
func TestOrder_DestroyedElsewhere(t *testing.T) {
	eachStore(t, func(t *testing.T, store session.Store) {
		m, _ := newManager(t, session.Config{Store: store})
		other, _ := newManager(t, session.Config{Store: store})
		c := login(t, m)
		sid := sidOf(t, c.cookie)
		slow := start(t, m, c)
		if err := other.Destroy(t.Context(), sid); err != nil {
			t.Fatal(err)
		}
		slow.finish(func(s *session.Session) {
			set(t, "n", 2)(s)
			if err := s.Save(context.Background()); !errors.Is(err, session.ErrEnded) {
				t.Errorf("Save: %v", err)
			}
		})
		if got := stored(t, store, sid); got != "" {
			t.Errorf("the session is back: %s", got)
		}
	})
}

// Requests that change different keys both keep their work, also between
// processes; of two that change the same key the last wins.
func TestOrder_Merge(t *testing.T) {
	eachStore(t, func(t *testing.T, store session.Store) {
		m, _ := newManager(t, session.Config{Store: store})
		other, _ := newManager(t, session.Config{Store: store})
		c := login(t, m)
		one, two, three := start(t, m, c), start(t, other, c), start(t, m, c)
		one.finish(func(s *session.Session) { set(t, "one", 1)(s); set(t, "n", 10)(s) })
		two.finish(func(s *session.Session) { set(t, "two", 2)(s); set(t, "n", 20)(s); s.Delete("one") })
		three.finish(func(s *session.Session) { s.Delete("userId"); set(t, "n", 1)(s) }) // n as loaded: no change
		want := `"n":20,"one":1,"two":2}`
		if got := stored(t, store, sidOf(t, c.cookie)); !strings.HasSuffix(got, want) || strings.Contains(got, "userId") {
			t.Errorf("stored %s, want …%s", got, want)
		}
	})
}

// SEC-77: login gives a new id; the old one is worth nothing.
func TestOrder_Regenerate(t *testing.T) {
	eachStore(t, func(t *testing.T, store session.Store) {
		m, _ := newManager(t, session.Config{Store: store})
		c := login(t, m)
		before := sidOf(t, c.cookie)
		old := c.cookie
		c.h = m.Handler(handler(func(s *session.Session, r *http.Request) {
			if err := s.Regenerate(r.Context()); err != nil {
				t.Error(err)
			}
			if len(s.Keys()) != 0 || !s.IsNew() || s.ID() == before {
				t.Error("not a new session")
			}
			set(t, "userId", 6)(s)
		}))
		res := c.do(t, "GET", "/login")
		after := sidOf(t, c.cookie)
		if len(res.Header["Set-Cookie"]) != 1 || after == before || stored(t, store, before) != "" || !strings.Contains(stored(t, store, after), `"userId":6`) {
			t.Errorf("cookies %q, old %q, new %q", res.Header["Set-Cookie"], stored(t, store, before), stored(t, store, after))
		}
		thief := &client{h: m.Handler(count), cookie: old}
		if got := text(t, thief.do(t, "GET", "/")); got != "1" || sidOf(t, thief.cookie) == before {
			t.Errorf("old cookie: count %s", got)
		}
	})
}

func TestOrder_Destroy(t *testing.T) {
	m, store := newManager(t, session.Config{})
	c := login(t, m)
	sid := sidOf(t, c.cookie)
	c.h = m.Handler(handler(func(s *session.Session, r *http.Request) {
		for range 2 {
			if err := s.Destroy(r.Context()); err != nil {
				t.Error(err)
			}
		}
		if err := s.Set("x", 1); !errors.Is(err, session.ErrEnded) {
			t.Errorf("Set: %v", err)
		}
		if err := s.Save(r.Context()); !errors.Is(err, session.ErrEnded) {
			t.Errorf("Save: %v", err)
		}
		if err := s.Touch(r.Context()); err != nil {
			t.Errorf("Touch: %v", err)
		}
	}))
	if res := c.do(t, "GET", "/logout"); res.Header["Set-Cookie"] != nil || stored(t, store, sid) != "" {
		t.Errorf("sets %q, stored %q", res.Header["Set-Cookie"], stored(t, store, sid))
	}
}

func TestSession_SaveAndTouch(t *testing.T) {
	m, store := newManager(t, session.Config{})
	c := &client{h: m.Handler(handler(func(s *session.Session, r *http.Request) {
		if err := errors.Join(s.Touch(r.Context()), s.Save(r.Context())); err != nil || stored(t, store, s.ID()) != "" {
			t.Errorf("nothing to save: %v, %q", err, stored(t, store, s.ID()))
		}
		set(t, "a", 1)(s)
		if err := errors.Join(s.Save(r.Context()), s.Touch(r.Context())); err != nil || s.IsNew() || !strings.Contains(stored(t, store, s.ID()), `"a":1`) {
			t.Errorf("saved: %v, %q", err, stored(t, store, s.ID()))
		}
		set(t, "b", 1)(s)
	}))}
	c.do(t, "GET", "/")
	if got := stored(t, store, sidOf(t, c.cookie)); !strings.Contains(got, `"a":1,"b":1`) {
		t.Errorf("stored %s", got)
	}
}

// busySwapper loses a number of swaps to "other processes".
type busySwapper struct {
	*session.MemoryStore
	lose int
	t    *testing.T
}

func (b *busySwapper) Swap(ctx context.Context, sid string, old, next []byte, ttl time.Duration) (bool, error) {
	if b.lose > 0 && old != nil {
		b.lose--
		other := strings.Replace(string(old), "}", "} ", 1)
		if err := b.Set(ctx, sid, []byte(other), 0); err != nil {
			b.t.Error(err)
		}
	}
	return b.MemoryStore.Swap(ctx, sid, old, next, ttl)
}

func TestOrder_SwapStartsOver(t *testing.T) {
	memory, err := session.NewMemoryStore(session.MemoryConfig{})
	if err != nil {
		t.Fatal(err)
	}
	defer memory.Close()
	store := &busySwapper{MemoryStore: memory, t: t}
	m, _ := newManager(t, session.Config{Store: store})
	c := login(t, m)
	c.h = m.Handler(count)
	store.lose = 3
	if got := text(t, c.do(t, "GET", "/")); got != "2" || !strings.Contains(stored(t, store, sidOf(t, c.cookie)), `"n":2`) {
		t.Errorf("count %s, stored %s", got, stored(t, store, sidOf(t, c.cookie)))
	}
	store.lose = 1000
	if res := c.do(t, "GET", "/"); res.StatusCode != 500 {
		t.Errorf("a save that never succeeds: %d", res.StatusCode)
	}
}

// SEC-80, -race: many concurrent requests of many sessions; no key is lost and
// none appears in another session.
func TestOrder_ManyAtOnce(t *testing.T) {
	eachStore(t, func(t *testing.T, store session.Store) {
		const clients, requests = 10, 50
		m, _ := newManager(t, session.Config{Store: store})
		h := m.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			s := mustSession(r)
			if owner := session.Value[string](s, "owner"); owner != r.URL.Query().Get("owner") {
				t.Errorf("session of %q, request of %q", owner, r.URL.Query().Get("owner"))
			}
			set(t, r.URL.Query().Get("key"), true)(s)
		}))
		var wg sync.WaitGroup
		for i := range clients {
			owner := strconv.Itoa(i)
			c := &client{h: m.Handler(handler(func(s *session.Session, _ *http.Request) { set(t, "owner", owner)(s) }))}
			c.do(t, "GET", "/")
			for k := range requests {
				wg.Go(func() {
					r := httptest.NewRequest("GET", fmt.Sprintf("/?owner=%s&key=k%d", owner, k), nil)
					r.Header.Set("Cookie", c.cookie)
					h.ServeHTTP(httptest.NewRecorder(), r)
				})
			}
			t.Cleanup(func() {
				got := stored(t, store, sidOf(t, c.cookie))
				for k := range requests {
					if !strings.Contains(got, fmt.Sprintf(`"k%d":true`, k)) {
						t.Errorf("client %d lost k%d", i, k)
					}
				}
			})
		}
		wg.Wait()
		if m.Busy() != 0 {
			t.Errorf("%d ids still in use", m.Busy())
		}
	})
}

// -race: logout against a storm of late requests; the user never comes back.
func TestOrder_LogoutStorm(t *testing.T) {
	eachStore(t, func(t *testing.T, store session.Store) {
		m, _ := newManager(t, session.Config{Store: store})
		for round := range 30 {
			c := login(t, m)
			var wg sync.WaitGroup
			for i := range 8 {
				busy := &client{cookie: c.cookie, h: m.Handler(handler(func(s *session.Session, _ *http.Request) {
					set(t, "n", i+round)(s)
				}))}
				wg.Go(func() { busy.do(t, "GET", "/") })
			}
			leaver := &client{cookie: c.cookie, h: m.Handler(handler(func(s *session.Session, r *http.Request) {
				if round%2 == 0 {
					s.Delete("userId")
				} else if err := s.Destroy(r.Context()); err != nil {
					t.Error(err)
				}
			}))}
			wg.Go(func() { leaver.do(t, "GET", "/") })
			wg.Wait()
			if got := stored(t, store, sidOf(t, c.cookie)); strings.Contains(got, "userId") || round%2 == 1 && got != "" {
				t.Fatalf("round %d: %s", round, got)
			}
		}
	})
}
