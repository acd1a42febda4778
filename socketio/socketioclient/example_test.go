package socketioclient_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"time"

	"github.com/go-sails/sails/socketio"
	"github.com/go-sails/sails/socketio/socketioclient"
)

// A server to talk to.
func startServer() (url string, stop func()) {
	io, err := socketio.NewServer(socketio.Config{})
	if err != nil {
		panic(err)
	}
	chat := io.Of("/chat")
	chat.HandleFunc("say", func(ctx context.Context, e *socketio.Event) error {
		return chat.Emit(ctx, "said", "alice", e.Args())
	})
	socketio.OnCall(chat, "sum", func(_ context.Context, _ *socketio.Socket, numbers []int) (int, error) {
		sum := 0
		for _, n := range numbers {
			sum += n
		}
		return sum, nil
	})
	server := httptest.NewServer(io)
	return server.URL, func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = io.Shutdown(ctx)
		server.Close()
	}
}

func Example() {
	url, stop := startServer()
	defer stop()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()

	client, err := socketioclient.New(url, socketioclient.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()

	chat := client.Of("/chat", map[string]any{"token": "secret"})
	said := make(chan string, 1)
	chat.On("said", func(_ context.Context, e *socketioclient.Event) {
		var who, text string
		if err := e.Decode(&who, &text); err == nil {
			said <- who + " says " + text
		}
	})
	if err := chat.Connect(ctx); err != nil {
		fmt.Println(err)
		return
	}
	if err := chat.Emit("say", "hello"); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(<-said)
	// Output: alice says hello
}

func ExampleSocket_EmitAck() {
	url, stop := startServer()
	defer stop()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()

	client, err := socketioclient.New(url, socketioclient.Options{
		Transports: []socketioclient.Transport{socketioclient.WebSocket},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()
	chat := client.Of("/chat", nil)
	if err := chat.Connect(ctx); err != nil {
		fmt.Println(err)
		return
	}
	answer, err := chat.EmitAck(ctx, "sum", []int{1, 2, 3})
	if err != nil {
		fmt.Println(err)
		return
	}
	var sum int
	fmt.Println(answer.Decode(&sum), sum)
	// Output: <nil> 6
}

func ExampleClient_Close() {
	url, stop := startServer()
	defer stop()
	client, err := socketioclient.New(url, socketioclient.Options{
		Revision:         3, // a server of version 2, or one that allows such clients
		DisableReconnect: true,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	s := client.Of("/chat", nil)
	s.OnDisconnect(func(_ context.Context, reason socketioclient.DisconnectReason) { fmt.Println(reason) })
	if err := s.Connect(context.Background()); err != nil {
		fmt.Println(err)
		return
	}
	client.Close()
	<-client.Done()
	fmt.Println(s.Emit("say", "anyone?"))
	// Output:
	// forced close
	// socketioclient: client is closed
}
