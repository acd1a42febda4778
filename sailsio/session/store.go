package session

import (
	"context"
	"errors"
	"time"
)

// ErrNotFound is what a Store's Get answers for a session it does not have or
// no longer has.
var ErrNotFound = errors.New("session: not found")

// Store keeps sessions as JSON text under their id. Its methods are called
// concurrently, for one id as well as for many, and must give up when ctx ends.
// The text it gets and the text it hands out are not modified by either side
// afterwards.
//
// A ttl of 0 means "no limit of its own": the store's default life time, a day
// in the stores Sails uses (SE-22). A ttl is never negative.
type Store interface {
	// Get returns the stored text, or ErrNotFound when there is none or its
	// time is over.
	Get(ctx context.Context, sid string) ([]byte, error)
	// Set stores data and starts its life time anew.
	Set(ctx context.Context, sid string, data []byte, ttl time.Duration) error
	// Touch starts the life time anew. A session that is not stored is no error.
	Touch(ctx context.Context, sid string, ttl time.Duration) error
	// Destroy removes a session. One that is not stored is no error.
	Destroy(ctx context.Context, sid string) error
}

// Swapper is an optional ability of a Store: compare and swap. With it the
// order described in the package comment holds between processes too; without
// it only inside one.
type Swapper interface {
	// Swap stores next and reports true if what is stored under sid is exactly
	// old; old == nil means that nothing is stored. Otherwise it changes
	// nothing and reports false.
	Swap(ctx context.Context, sid string, old, next []byte, ttl time.Duration) (bool, error)
}
