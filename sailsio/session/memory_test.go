package session_test

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-sails/sails/sailsio/session"
)

// SE-23 and SEC-76: sessions end when their time is over, and leave the memory
// even when nobody asks for them.
func TestMemoryStore_TTL(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, err := session.NewMemoryStore(session.MemoryConfig{TTL: time.Hour})
		if err != nil {
			t.Fatal(err)
		}
		ctx := t.Context()
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		must(store.Set(ctx, "default", []byte("1"), 0))
		must(store.Set(ctx, "short", []byte("2"), time.Minute))
		must(store.Set(ctx, "touched", []byte("3"), time.Minute))
		time.Sleep(50 * time.Second)
		must(store.Touch(ctx, "touched", time.Minute))
		must(store.Touch(ctx, "unknown", time.Minute))
		time.Sleep(10 * time.Second)
		if _, err := store.Get(ctx, "short"); !errors.Is(err, session.ErrNotFound) {
			t.Errorf("short: %v", err)
		}
		if ok, err := store.Swap(ctx, "short", []byte("2"), []byte("x"), 0); ok || err != nil {
			t.Errorf("swap of what is over: %v %v", ok, err)
		}
		if got, err := store.Get(ctx, "touched"); string(got) != "3" || err != nil {
			t.Errorf("touched: %q %v", got, err)
		}
		time.Sleep(2 * time.Hour)
		synctest.Wait() // the timer has swept; and with nothing left it is gone
		if n := store.Len(); n != 0 {
			t.Errorf("%d sessions past their time", n)
		}
	})
}

func TestMemoryStore_Swap(t *testing.T) {
	store, err := session.NewMemoryStore(session.MemoryConfig{})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	ctx := t.Context()
	for i, c := range []struct {
		old, next string
		want      bool
	}{
		{"x", "a", false}, // nothing there
		{"", "a", true},
		{"", "b", false}, // something there
		{"x", "b", false},
		{"a", "b", true},
	} {
		var old []byte
		if c.old != "" {
			old = []byte(c.old)
		}
		if got, err := store.Swap(ctx, "s", old, []byte(c.next), 0); got != c.want || err != nil {
			t.Errorf("step %d: %v %v", i, got, err)
		}
	}
	if err := store.Destroy(ctx, "s"); err != nil || store.Len() != 0 {
		t.Errorf("destroy: %v", err)
	}
	if err := store.Destroy(ctx, "s"); err != nil {
		t.Errorf("destroy again: %v", err)
	}
}

// SEC-76: a full store gives up the session that would end first, so visitors
// who only looked in cannot drive out those who are logged in.
func TestMemoryStore_Bounds(t *testing.T) {
	store, err := session.NewMemoryStore(session.MemoryConfig{MaxSessions: 10})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	ctx := t.Context()
	for i := range 5 {
		if err := store.Set(ctx, fmt.Sprint("user", i), []byte("{}"), 24*time.Hour); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 1000 {
		if err := store.Set(ctx, fmt.Sprint("visitor", i), []byte("{}"), 12*time.Hour); err != nil {
			t.Fatal(err)
		}
	}
	if n := store.Len(); n != 10 {
		t.Errorf("%d sessions", n)
	}
	for i := range 5 {
		if _, err := store.Get(ctx, fmt.Sprint("user", i)); err != nil {
			t.Errorf("user %d driven out", i)
		}
	}

	small, err := session.NewMemoryStore(session.MemoryConfig{MaxBytes: 2000})
	if err != nil {
		t.Fatal(err)
	}
	defer small.Close()
	for i := range 100 {
		if err := small.Set(ctx, fmt.Sprint(i), make([]byte, 300), 0); err != nil {
			t.Fatal(err)
		}
	}
	if n := small.Len(); n != 3 {
		t.Errorf("%d sessions of 500 bytes in 2,000", n)
	}
	if err := small.Set(ctx, "big", make([]byte, 3000), 0); !errors.Is(err, session.ErrTooLarge) || small.Len() != 3 {
		t.Errorf("too big for the store: %v, %d left", err, small.Len())
	}
	if ok, err := small.Swap(ctx, "big", nil, make([]byte, 3000), 0); ok || !errors.Is(err, session.ErrTooLarge) {
		t.Errorf("too big to swap: %v %v", ok, err)
	}
	for _, cfg := range []session.MemoryConfig{{TTL: -1}, {MaxSessions: -1}, {MaxBytes: -1}} {
		if _, err := session.NewMemoryStore(cfg); err == nil {
			t.Errorf("%+v accepted", cfg)
		}
	}
}

func TestMemoryStore_Close(t *testing.T) {
	store, err := session.NewMemoryStore(session.MemoryConfig{})
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	if err := errors.Join(store.Set(ctx, "a", []byte("{}"), 0), store.Close(), store.Close()); err != nil {
		t.Fatal(err)
	}
	_, getErr := store.Get(ctx, "a")
	_, swapErr := store.Swap(ctx, "a", nil, nil, 0)
	for name, err := range map[string]error{"get": getErr, "swap": swapErr, "set": store.Set(ctx, "a", nil, 0), "touch": store.Touch(ctx, "a", 0), "destroy": store.Destroy(ctx, "a")} {
		if err == nil {
			t.Errorf("%s on a closed store", name)
		}
	}
	if store.Len() != 0 {
		t.Error("sessions left")
	}
}
