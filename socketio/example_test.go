package socketio_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net/http"
	"regexp"
	"time"

	"github.com/go-sails/sails/socketio"
)

// A chat in a room: what one client says, all of them hear.
func Example() {
	io, err := socketio.NewServer(socketio.Config{})
	if err != nil {
		log.Fatal(err)
	}
	lobby := io.Of("/")
	lobby.OnConnect(func(_ context.Context, s *socketio.Socket) error {
		return s.Join("lobby")
	})
	socketio.On(lobby, "say", func(ctx context.Context, s *socketio.Socket, text string) error {
		return lobby.To("lobby").Emit(ctx, "said", s.ID(), text)
	})
	mux := http.NewServeMux()
	mux.Handle("/socket.io/", io)
	fmt.Println("serving", io.Path())
	// Output: serving /socket.io
}

// Middleware lets clients in, or refuses them with data.
func ExampleNamespace_Use() {
	io, err := socketio.NewServer(socketio.Config{})
	if err != nil {
		log.Fatal(err)
	}
	type userKey struct{}
	admin := io.Of("/admin")
	admin.Use(func(next socketio.ConnectFunc) socketio.ConnectFunc {
		return func(ctx context.Context, s *socketio.Socket) error {
			var auth struct{ Token string }
			if err := s.Handshake().DecodeAuth(&auth); err != nil || auth.Token != "sesame" {
				return &socketio.ConnectError{Message: "not authorized", Data: map[string]any{"code": "E1"}}
			}
			return next(context.WithValue(ctx, userKey{}, "ali"), s)
		}
	})
	admin.OnConnect(func(ctx context.Context, s *socketio.Socket) error {
		return s.Emit("hello", ctx.Value(userKey{}))
	})
	fmt.Println(admin.Name())
	// Output: /admin
}

// Namespaces are created as clients ask for them.
func ExampleServer_OfRegexp() {
	io, err := socketio.NewServer(socketio.Config{CleanupEmptyChildNamespaces: true})
	if err != nil {
		log.Fatal(err)
	}
	rooms := io.OfRegexp(regexp.MustCompile(`^/room-[0-9]+$`))
	rooms.OnConnect(func(_ context.Context, s *socketio.Socket) error {
		return s.Emit("welcome", s.Namespace().Name())
	})
}

// A typed call: what the function returns is the acknowledgement.
func ExampleOnCall() {
	io, err := socketio.NewServer(socketio.Config{})
	if err != nil {
		log.Fatal(err)
	}
	type sum struct{ A, B int }
	socketio.OnCall(io.Of("/"), "add", func(_ context.Context, _ *socketio.Socket, in sum) (int, error) {
		if in.A < 0 {
			return 0, &socketio.EventError{Message: "no negative numbers"}
		}
		return in.A + in.B, nil
	})
}

// Ask one client, and everybody in a room, with a deadline.
func ExampleSocket_EmitAck() {
	ask := func(ctx context.Context, s *socketio.Socket) error {
		ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
		defer cancel()
		answer, err := s.EmitAck(ctx, "ready?")
		if errors.Is(err, socketio.ErrAckTimeout) {
			return nil // never mind
		} else if err != nil {
			return err
		}
		var ready bool
		if err := answer.Decode(&ready); err != nil {
			return err
		}
		all, err := s.Namespace().To("players").EmitAck(ctx, "start?")
		var partial *socketio.PartialError
		if errors.As(err, &partial) {
			log.Printf("%d of %d answered", len(all), partial.Expected)
		}
		return nil
	}
	_ = ask
}

// Ask the client of an event and go on, as socket.emit with a callback does.
func ExampleSocket_EmitAckFunc() {
	handler := func(ctx context.Context, e *socketio.Event) error {
		err := e.Socket().EmitAckFunc(ctx, func(answer socketio.Args, err error) {
			if err != nil {
				log.Printf("no answer: %v", err)
				return
			}
			log.Printf("the client says %v", answer)
		}, "sure?")
		if err != nil {
			return err
		}
		return e.Socket().Emit("asked")
	}
	_ = handler
}

// Values are encoded as package encoding/json does, with byte slices as attachments;
// arguments received are sent on bit for bit.
func ExampleNewArgs() {
	args, err := socketio.NewArgs("text", json.RawMessage(`{"b":1, "a":2}`), []byte{1, 2, 3})
	if err != nil {
		log.Fatal(err)
	}
	var text string
	var bin []byte
	if err := args.Decode(&text, nil, &bin); err != nil {
		log.Fatal(err)
	}
	fmt.Println(text, string(args.Raw(1)), bin)
	// Output: text {"b":1, "a":2} [1 2 3]
}

// Sockets of all nodes, wherever they are connected.
func ExampleBroadcastOperator_FetchSockets() {
	kick := func(ctx context.Context, ns *socketio.Namespace) error {
		sockets, err := ns.In("banned").FetchSockets(ctx)
		if err != nil {
			return err
		}
		for _, s := range sockets {
			log.Println("disconnecting", s.ID, s.Handshake.Address)
		}
		return ns.In("banned").DisconnectSockets(ctx, true)
	}
	_ = kick
}

// Clients that lose their connection come back to their rooms and to what they missed.
func ExampleRecovery() {
	io, err := socketio.NewServer(socketio.Config{Recovery: &socketio.Recovery{MaxDisconnection: time.Minute}})
	if err != nil {
		log.Fatal(err)
	}
	io.Of("/").OnConnect(func(_ context.Context, s *socketio.Socket) error {
		if s.Recovered() {
			return nil // it is in its rooms already
		}
		return s.Join("news")
	})
}
