package main

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"regexp"
	"strings"
	"sync"

	"github.com/go-sails/sails/socketio"
)

// keptReasons is how many disconnect reasons are remembered.
const keptReasons = 10_000

// extended is the application of the extended contract. What concerns one socket is
// in personal.go, what concerns many in broadcast.go.
type extended struct {
	root, custom *socketio.Namespace

	mu      sync.Mutex
	reasons map[string]*departure // by socket id; guarded by mu
	order   []string              // ids, oldest first; guarded by mu
}

// departure is why a socket went, once it has gone.
type departure struct {
	gone    chan struct{} // closed when reason is known
	reason  socketio.DisconnectReason
	earlier any // the reason before the socket was recovered
}

func extend(io *socketio.Server) {
	x := &extended{
		root: io.Of("/"), custom: io.Of("/custom"),
		reasons: map[string]*departure{},
	}
	for _, ns := range []*socketio.Namespace{x.root, x.custom} {
		ns.HandleFunc("who", who)
		ns.OnConnect(x.expect)
		ns.OnDisconnect(x.remember)
	}
	x.root.HandleFunc("reason-of", x.reasonOf)
	x.personal()
	x.broadcasts()

	io.Of("/locked").Use(admit(func(s *socketio.Socket) error {
		var auth struct {
			Token any `json:"token"`
		}
		if s.Handshake().DecodeAuth(&auth) == nil && auth.Token == "sesame" {
			return nil
		}
		return &socketio.ConnectError{Message: "not authorized", Data: refusal{Code: "E1", N: 1}}
	}))
	io.Of("/locked-plain").Use(admit(func(*socketio.Socket) error { return errors.New("no entry") }))
	io.OfRegexp(regexp.MustCompile(`^/dyn-[0-9]+$`)).OnConnect(func(_ context.Context, s *socketio.Socket) error {
		return s.Emit("nsp", s.Namespace().Name())
	})
}

type refusal struct {
	Code string `json:"code"`
	N    int    `json:"n"`
}

func admit(check func(*socketio.Socket) error) socketio.Middleware {
	return func(next socketio.ConnectFunc) socketio.ConnectFunc {
		return func(ctx context.Context, s *socketio.Socket) error {
			if err := check(s); err != nil {
				return err
			}
			return next(ctx, s)
		}
	}
}

func who(_ context.Context, e *socketio.Event) error {
	s := e.Socket()
	hs := s.Handshake()
	data := s.Data()
	if data == nil {
		data = struct{}{}
	}
	return e.Ack(description{
		ID: s.ID(), Recovered: s.Recovered(), Rooms: s.Rooms(), Transport: string(s.Session().Transport()),
		Query: single(hs.Query), Auth: hs.Auth, XDomain: hs.XDomain, Secure: hs.Secure, URL: hs.URL,
		Header: strings.Join(hs.Header["X-Test"], ", "), Data: data,
	})
}

// description is the answer of "who".
type description struct {
	ID        string            `json:"id"`
	Recovered bool              `json:"recovered"`
	Rooms     []string          `json:"rooms"`
	Transport string            `json:"transport"`
	Query     map[string]string `json:"query"`
	Auth      json.RawMessage   `json:"auth"`
	XDomain   bool              `json:"xdomain"`
	Secure    bool              `json:"secure"`
	URL       string            `json:"url"`
	Header    string            `json:"header"`
	Data      any               `json:"data"`
}

// single has the last value of each name.
func single(query url.Values) map[string]string {
	out := map[string]string{}
	for name, values := range query {
		out[name] = values[len(values)-1]
	}
	return out
}

// expect makes room for the reason of a socket's departure.
func (x *extended) expect(_ context.Context, s *socketio.Socket) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	d := &departure{gone: make(chan struct{})}
	if last := x.reasons[s.ID()]; last != nil && last.reason != "" {
		d.earlier = last.reason
	}
	x.reasons[s.ID()] = d
	x.order = append(x.order, s.ID())
	if len(x.order) > keptReasons {
		delete(x.reasons, x.order[0])
		x.order = x.order[1:]
	}
	return nil
}

func (x *extended) remember(s *socketio.Socket, reason socketio.DisconnectReason) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if d := x.reasons[s.ID()]; d != nil && d.reason == "" {
		d.reason = reason
		close(d.gone)
	}
}

// reasonOf answers null for a socket that is unknown or was never disconnected. One
// that is gone may still have handlers running before its OnDisconnect: that is
// waited for.
func (x *extended) reasonOf(ctx context.Context, e *socketio.Event) error {
	var id string
	if err := e.Decode(&id); err != nil {
		return e.Ack(nil)
	}
	x.mu.Lock()
	d := x.reasons[id]
	x.mu.Unlock()
	switch {
	case d == nil:
		return e.Ack(nil)
	case x.connected(id):
		return e.Ack(d.earlier)
	}
	select {
	case <-d.gone:
		return e.Ack(string(d.reason))
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (x *extended) connected(id string) bool {
	_, onRoot := x.root.Socket(id)
	_, onCustom := x.custom.Socket(id)
	return onRoot || onCustom
}
