// Command client-suite is the server that the tests of socket.io-client talk to.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/go-sails/sails/compat_test/internal/serve"
	"github.com/go-sails/sails/engineio"
	"github.com/go-sails/sails/socketio"
)

// delay of every handshake: the tests see a client's connection time-out.
const delay = 10 * time.Millisecond

func main() {
	io, err := socketio.NewServer(socketio.Config{
		Recovery: &socketio.Recovery{},
		Engine: engineio.Config{
			PingInterval: 2 * time.Second,
			AllowOrigins: []string{"*"},
			AllowRequest: func(r *http.Request) error {
				late := time.NewTimer(delay)
				defer late.Stop()
				select {
				case <-late.C:
				case <-r.Context().Done():
				}
				return nil
			},
		},
	})
	if err != nil {
		serve.Exit(err)
	}
	namespaces(io)
	root := io.Of("/")
	values(root)
	binaries(root)
	questions(root)
	serve.Main(io, io.Shutdown)
}

// namespaces registers who may join what.
func namespaces(io *socketio.Server) {
	io.Of("/foo").HandleFunc("getId", getID)
	for _, name := range []string{"/timeout_socket", "/valid", "/asd"} {
		io.Of(name)
	}
	io.Of("/abc").OnConnect(func(_ context.Context, s *socketio.Socket) error {
		return s.Emit("handshake", s.Handshake())
	})
	io.Of("/").Use(func(next socketio.ConnectFunc) socketio.ConnectFunc {
		return func(ctx context.Context, s *socketio.Socket) error {
			if s.Handshake().Query.Get("fail") != "" {
				//lint:ignore ST1005 the client's tests expect this text
				return errors.New("Auth failed (main namespace)")
			}
			return next(ctx, s)
		}
	})
	io.Of("/no").Use(func(socketio.ConnectFunc) socketio.ConnectFunc {
		return func(context.Context, *socketio.Socket) error {
			//lint:ignore ST1005 the client's tests expect this text
			return errors.New("Auth failed (custom namespace)")
		}
	})
}

func getID(_ context.Context, e *socketio.Event) error { return e.Ack(e.Socket().ID()) }

// on answers an event with other events.
func on(n *socketio.Namespace, event string, answer func(s *socketio.Socket) error) {
	n.HandleFunc(event, func(_ context.Context, e *socketio.Event) error { return answer(e.Socket()) })
}

// now is the time as JavaScript writes a Date.
func now() string { return time.Now().UTC().Format("2006-01-02T15:04:05.000Z") }

func values(root *socketio.Namespace) {
	on(root, "hi", func(s *socketio.Socket) error { return s.Emit("hi") })
	on(root, "false", func(s *socketio.Socket) error { return s.Emit("false", false) })
	on(root, "getDate", func(s *socketio.Socket) error { return s.Emit("takeDate", now()) })
	on(root, "getDateObj", func(s *socketio.Socket) error {
		return s.Emit("takeDateObj", map[string]string{"date": now()})
	})
	on(root, "getUtf8", func(s *socketio.Socket) error {
		for _, text := range []string{"てすと", "Я Б Г Д Ж Й", "Ä ä Ü ü ß", "utf8 — string", "utf8 — string"} {
			if err := s.Emit("takeUtf8", text); err != nil {
				return err
			}
		}
		return nil
	})
}

// binaries registers what expects buffers, alone, in objects and in order.
func binaries(root *socketio.Namespace) {
	on(root, "doge", func(s *socketio.Socket) error { return s.Emit("doge", []byte("asdfasdf")) })
	on(root, "getbin", func(s *socketio.Socket) error { return s.Emit("takebin", []byte("asdfasdf")) })
	answerBuffer := func(event, answer string) {
		root.HandleFunc(event, func(_ context.Context, e *socketio.Event) error {
			if _, ok := e.Args().Binary(0); !ok {
				return errors.New("client-suite: no buffer")
			}
			if answer == "" {
				return nil
			}
			return e.Socket().Emit(answer)
		})
	}
	answerBuffer("buffa", "buffack")
	answerBuffer("abuff1", "")
	on(root, "abuff2", func(s *socketio.Socket) error { return s.Emit("abuff2-ack") })
	answerBuffer("blob", "back")
	answerBuffer("blob1", "")
	answerBuffer("blob3", "blob3-ack")
	for _, event := range []string{"jsonbuff", "jsonblob"} {
		root.HandleFunc(event, func(_ context.Context, e *socketio.Event) error {
			var mixed struct {
				Hello, Goodbye string
				Message        []byte
			}
			if err := e.Decode(&mixed); err != nil {
				return err
			}
			if mixed.Hello != "lol" || mixed.Goodbye != "gotcha" || len(mixed.Message) == 0 {
				return errors.New("client-suite: another object was expected")
			}
			return e.Socket().Emit(event + "-ack")
		})
	}
}

// questions registers what answers or asks.
func questions(root *socketio.Namespace) {
	root.HandleFunc("echo", func(_ context.Context, e *socketio.Event) error { return e.Ack(e.Args().Slice(0, 1)) })
	root.HandleFunc("getAckDate", func(_ context.Context, e *socketio.Event) error { return e.Ack(now()) })
	root.HandleFunc("getHandshake", func(_ context.Context, e *socketio.Event) error {
		return e.Ack(e.Socket().Handshake())
	})
	root.HandleFunc("getId", getID)
	root.HandleFunc("ack", func(ctx context.Context, e *socketio.Event) error {
		s := e.Socket()
		return s.EmitAckFunc(ctx, func(answer socketio.Args, err error) {
			var number float64
			var object struct {
				Test json.RawMessage `json:"test"`
			}
			if err == nil && answer.Decode(&number, &object) == nil && number == 5 && object.Test != nil {
				_ = s.Emit("got it") // or it has gone
			}
		}, "ack")
	})
}
