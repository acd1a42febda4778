package attach_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/go-sails/sails/internal/attach"
)

type key string

// holder takes one value.
type holder struct {
	context.Context
	key, value any
}

func (h *holder) Attach(key, value any) bool {
	if h.key != nil {
		return false
	}
	h.key, h.value = key, value
	return true
}

func (h *holder) Value(key any) any {
	switch key {
	case attach.Key{}:
		return h
	case h.key:
		return h.value
	}
	return h.Context.Value(key)
}

func TestWith(t *testing.T) {
	plain := httptest.NewRequest(http.MethodGet, "/", nil)
	if r := attach.With(plain, key("a"), 1); r == plain || r.Context().Value(key("a")) != 1 || plain.Context().Value(key("a")) != nil {
		t.Error("a request whose context takes no values must be copied")
	}
	r := plain.WithContext(&holder{Context: context.Background()})
	if got := attach.With(r, key("a"), 1); got != r || r.Context().Value(key("a")) != 1 {
		t.Error("the value was not attached")
	}
	for k, v := range map[key]int{"a": 2, "b": 3} { // taken, and no room
		got := attach.With(r, k, v)
		if got == r || got.Context().Value(k) != v || r.Context().Value(key("a")) != 1 || r.Context().Value(key("b")) != nil {
			t.Errorf("%s: the inner value must hide the outer one, for the inner request only", k)
		}
	}
	// A value set the usual way between the two stays hidden by the new one.
	wrapped := plain.WithContext(context.WithValue(&holder{Context: context.Background()}, key("a"), 1))
	if got := attach.With(wrapped, key("a"), 2); got.Context().Value(key("a")) != 2 || wrapped.Context().Value(key("a")) != 1 {
		t.Error("an attached value was hidden by an outer one")
	}
}
