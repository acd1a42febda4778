// Package attach lets middleware of this module add a value to a request's context
// without a copy of the request, which net/http's way costs each time: a quarter
// of what a virtual request allocated was such copies.
//
// Only the contexts of virtual requests take values; all others get the copy.
package attach

import (
	"context"
	"net/http"
)

// Key is the key under which a context that takes values returns its Holder.
type Key struct{}

// Holder is a request's context that takes values.
type Holder interface {
	// Attach makes value what the context returns for key, unless it has no room:
	// then it returns false. It may be called concurrently with the context's methods.
	Attach(key, value any) bool
}

// With returns a request whose context has value under key: r itself, when its
// context takes values and has none under key. Then everybody who holds the
// context sees it, also who got the request before; a value that must end with
// the caller has to say so itself.
func With(r *http.Request, key, value any) *http.Request {
	ctx := r.Context()
	if h, ok := ctx.Value(Key{}).(Holder); ok && ctx.Value(key) == nil && h.Attach(key, value) {
		return r
	}
	return r.WithContext(context.WithValue(ctx, key, value))
}
