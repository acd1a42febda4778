package sailsio

import (
	"net/http"

	"github.com/go-sails/sails/sailsio/model"
)

// Option modifies one Broadcast, Blast or publish call.
type Option func(*options)

type options struct {
	omit        []string
	requester   string // the socket that asked; omitted and, by PublishAdd, subscribed
	previous    any
	noReverse   bool
	noIntroduce bool
}

func newOptions(opts []Option) *options {
	o := &options{}
	for _, apply := range opts {
		apply(o)
	}
	return o
}

// Omit leaves out sockets (SK-7). Empty ids are ignored, so the id of a request
// may be passed without asking whether it came over a socket (SK-4).
func Omit(socketIDs ...string) Option {
	return func(o *options) {
		for _, id := range socketIDs {
			if id != "" {
				o.omit = append(o.omit, id)
			}
		}
	}
}

// By names the request on whose behalf something is sent: its socket is left out,
// and PublishAdd subscribes it to the added record (PS-23). A request that came
// over plain HTTP has no effect.
func By(r *http.Request) Option {
	return func(o *options) {
		if id := SocketID(r); id != "" {
			o.omit = append(o.omit, id)
			o.requester = id
		}
	}
}

// Previous gives PublishUpdate and PublishDestroy the record as it was before: it
// is part of the message, and what tells which other records are concerned. Nil, a
// nil map too, is as if it was not given.
func Previous(record any) Option {
	return func(o *options) { o.previous = given(record) }
}

// given turns a map that is nil into nil itself, so that it is left out of messages.
func given(v any) any {
	if r, ok := v.(model.Record); ok && r == nil {
		return nil
	}
	return v
}

// NoReverse sends no notifications to the other side of associations.
func NoReverse() Option { return func(o *options) { o.noReverse = true } }

// NoIntroduce stops PublishCreate from subscribing the watchers of the model to
// the new record.
func NoIntroduce() Option { return func(o *options) { o.noIntroduce = true } }
