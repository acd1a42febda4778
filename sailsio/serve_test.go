package sailsio_test

import (
	"context"
	"net"
	"net/http"
	"testing"

	"github.com/go-sails/sails/sailsio"
	"github.com/go-sails/sails/socketio/socketioclient"
)

// SEC-91: Serve ends with ctx, and tells the clients.
func TestApp_Serve(t *testing.T) {
	app, err := sailsio.New(sailsio.Config{Handler: http.NotFoundHandler(), AllowPlainClients: true})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	over := make(chan error, 1)
	go func() { over <- app.Serve(ctx, l) }()
	client, err := socketioclient.New("http://"+l.Addr().String(), socketioclient.Options{DisableReconnect: true, Transports: []socketioclient.Transport{socketioclient.WebSocket}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = client.Close()
		<-client.Done()
	}()
	told := make(chan socketioclient.DisconnectReason, 1)
	socket := client.Of("/", nil)
	socket.OnDisconnect(func(_ context.Context, reason socketioclient.DisconnectReason) { told <- reason })
	if err := socket.Connect(t.Context()); err != nil {
		t.Fatal(err)
	}
	stop()
	if err := <-over; err != nil {
		t.Error(err)
	}
	if reason := <-told; reason != socketioclient.ServerDisconnect && reason != socketioclient.TransportClose {
		t.Error(reason)
	}
}
