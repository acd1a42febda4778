// Package serve is what all servers under test have in common: they listen on
// 127.0.0.1:$PORT, print "listening", end on SIGTERM, and show net/http/pprof when
// PPROF=1. DIRECT=1 serves /socket.io/, or DIRECT=PATH another path, by package
// engineio/direct; DIRECT=0, or nothing, leaves everything to net/http.
package serve

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/pprof"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/go-sails/sails/engineio"
	"github.com/go-sails/sails/engineio/direct"
)

// stopLimit is what requests in flight and clients get after SIGTERM; a second
// signal ends the process at once (SEC-91).
const stopLimit = 5 * time.Second

// Main serves h until the process is told to end. shutdown ends what h has
// running; it may be nil. A failure ends the process with code 1.
func Main(h http.Handler, shutdown func(context.Context) error) {
	if err := run(h, shutdown); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(h http.Handler, shutdown func(context.Context) error) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	port := os.Getenv("PORT")
	if port == "" {
		port = "1337"
	}
	l, err := net.Listen("tcp4", net.JoinHostPort("127.0.0.1", port))
	if err != nil {
		return err
	}
	if os.Getenv("PPROF") == "1" {
		h = withProfiles(h)
	}
	fmt.Println("listening")
	context.AfterFunc(ctx, stop)
	srv := &http.Server{Handler: h}
	if path := os.Getenv("DIRECT"); path != "" && path != "0" {
		if path == "1" {
			path = "/socket.io/"
		}
		if l, err = direct.Listen(l, srv, path); err != nil {
			return err
		}
	}
	err = engineio.Serve(ctx, l, srv, shutdown, stopLimit)
	if errors.Is(err, context.DeadlineExceeded) { // requests that never end are part of some tests
		return nil
	}
	return err
}

func withProfiles(h http.Handler) http.Handler {
	profiles := http.NewServeMux()
	profiles.HandleFunc("/debug/pprof/", pprof.Index)
	profiles.HandleFunc("/debug/pprof/profile", pprof.Profile)
	profiles.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
	profiles.HandleFunc("/debug/pprof/trace", pprof.Trace)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/debug/pprof/") {
			profiles.ServeHTTP(w, r)
			return
		}
		h.ServeHTTP(w, r)
	})
}

// Exit ends the process because it cannot start.
func Exit(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
