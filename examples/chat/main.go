// Command chat is a small chat for browsers: pages talk to it with an unmodified
// sails.io.js, everything else with plain HTTP, and one set of routes answers both.
//
//	make run-chat   # or: npm ci --prefix examples/chat && go run ./examples/chat
//
// PORT chooses the port, 1337 by default. It listens on the loopback interface.
package main

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	client := flag.String("client", "examples/chat/node_modules/sails.io.js/dist/sails.io.js", "the sails.io.js to serve to browsers, installed from npm")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process
	if err := run(ctx, *client); err != nil {
		fmt.Fprintln(os.Stderr, "chat:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, client string) error {
	port := os.Getenv("PORT")
	if port == "" {
		port = "1337"
	}
	c, err := newChat(client, slog.New(slog.NewTextHandler(os.Stderr, nil)))
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", net.JoinHostPort("localhost", port))
	if err != nil {
		return fmt.Errorf("%w (PORT=… chooses another port)", err)
	}
	fmt.Printf("\n  Chat demo listening at http://localhost:%s\n  Open it in two tabs. The same routes answer curl:\n\n    curl http://localhost:%s/rooms/blue\n\n", port, port)
	if _, err := os.Stat(client); err != nil {
		fmt.Printf("  The browser client is missing (%s): run \"make run-chat\", or \"npm ci\" in examples/chat.\n\n", client)
	}
	return c.app.Serve(ctx, l)
}
